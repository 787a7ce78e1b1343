package rtc

import (
	"slices"
	"time"
)

// Who is heard. Levels are those of RFC 6464: 0 is the loudest, 127 silence.
const (
	speech     = 50                     // louder than this is speech
	quietAfter = 400 * time.Millisecond // without speech one is not speaking any more
	holds      = time.Second            // a speaker keeps his slot so long against other speakers
	louderBy   = 6                      // decibels, to take the slot of somebody who speaks
	onset      = 2                      // packets of speech in a row, to be taken for speaking
	plain      = 40                     // louder than this, and
	abovefloor = 12                     // so many decibels above one's own noise, is speech beyond doubt
	guesses    = 4                      // slots that may go at once to what is in doubt; one more each second
)

// voice is one microphone, as the choice of the loudest sees it.
type voice struct {
	slot     int // -1: none
	since    time.Time
	spoke    time.Time // the last packet of speech
	level    float64   // of speech, smoothed
	floor    float64   // of one's own noise: falls quickly, rises slowly
	clear    int       // packets of speech beyond doubt in a row
	run      int       // packets of speech in a row
	ring     bool
	priority bool
}

func (v *voice) speaks(now time.Time) bool { return now.Sub(v.spoke) < quietAfter }

// loudest chooses whose voices are forwarded: at most as many as there are
// slots. A slot that nobody has is anybody's; one whose holder is quiet goes to
// who begins to speak, with his second packet. What might be noise takes slots
// not more often than once a second, and so does the louder among those who
// speak. It does no I/O and is not safe for concurrent use.
type loudest[K comparable] struct {
	voices map[K]*voice
	slots  []K       // the zero K: empty
	swaps  time.Time // the last time that somebody lost a slot
	doubts float64   // swaps in doubt that are left
	filled time.Time
	rang   int // how many spoke when it was asked last
}

func newLoudest[K comparable](slots int) *loudest[K] {
	return &loudest[K]{voices: map[K]*voice{}, slots: make([]K, slots), doubts: guesses}
}

// hear takes a packet with its level and says whether the slots changed.
func (l *loudest[K]) hear(k K, level uint8, now time.Time) bool {
	v := l.voices[k]
	if v == nil {
		v = &voice{slot: -1, level: 127, floor: 127}
		l.voices[k] = v
	}
	v.note(level, now)
	if v.slot >= 0 {
		return false
	}
	i := l.place(v, now)
	if i < 0 {
		return false
	}
	var none K
	if old := l.slots[i]; old != none {
		l.voices[old].slot = -1
		l.swaps = now
	}
	l.slots[i], v.slot, v.since = k, i, now
	return true
}

// note takes the level of a packet.
func (v *voice) note(level uint8, now time.Time) {
	x := float64(level)
	switch {
	case level >= speech:
		v.run, v.clear = 0, 0
	case level < plain && x+abovefloor <= v.floor:
		v.run, v.clear, v.spoke = v.run+1, v.clear+1, now
	default:
		v.run, v.clear, v.spoke = v.run+1, 0, now
	}
	switch {
	case level >= speech: // a pause says nothing about how loud one speaks
	case x < v.level:
		v.level += (x - v.level) / 2
	default:
		v.level += (x - v.level) / 16
	}
	if x > v.floor {
		v.floor += (x - v.floor) / 4
	} else {
		v.floor += (x - v.floor) / 128
	}
}

// doubtful spends one of the swaps that might be for noise.
func (l *loudest[K]) doubtful(now time.Time) bool {
	if !l.filled.IsZero() {
		l.doubts = min(guesses, l.doubts+now.Sub(l.filled).Seconds())
	}
	l.filled = now
	if l.doubts < 1 {
		return false
	}
	l.doubts--
	return true
}

// place finds the slot for a voice that has none.
func (l *loudest[K]) place(v *voice, now time.Time) int {
	var none K
	if i := slices.Index(l.slots, none); i >= 0 {
		return i
	}
	if v.run < onset {
		return -1
	}
	weakest := -1
	var w *voice
	for i, k := range l.slots {
		h := l.voices[k]
		if h.priority && !v.priority {
			continue
		}
		if w == nil || weaker(h, w, now) {
			weakest, w = i, h
		}
	}
	switch {
	case w == nil:
		return -1
	case v.priority && !w.priority:
		return weakest
	case !w.speaks(now):
		if v.clear >= onset || l.doubtful(now) {
			return weakest
		}
	case v.level+louderBy <= w.level && now.Sub(w.since) >= holds && now.Sub(l.swaps) >= holds && l.doubtful(now):
		return weakest
	}
	return -1
}

// weaker orders holders: the quiet before the speaking, among the quiet who
// spoke longest ago, among the speaking the softest.
func weaker(a, b *voice, now time.Time) bool {
	x, y := a.speaks(now), b.speaks(now)
	switch {
	case x != y:
		return y
	case !x:
		return a.spoke.Before(b.spoke)
	}
	return a.level > b.level
}

// drop forgets a voice, and says whether it had a slot.
func (l *loudest[K]) drop(k K) bool {
	v := l.voices[k]
	delete(l.voices, k)
	if v == nil || v.slot < 0 {
		return false
	}
	var none K
	l.slots[v.slot] = none
	return true
}

// prefer makes a voice a priority speaker, or not any more.
func (l *loudest[K]) prefer(k K, on bool) {
	if v := l.voices[k]; v != nil {
		v.priority = on
	}
}

// resize changes how many slots there are; who was in one that is gone may get
// another with his next packet.
func (l *loudest[K]) resize(n int) {
	var none K
	for i := n; i < len(l.slots); i++ {
		if k := l.slots[i]; k != none {
			l.voices[k].slot = -1
		}
	}
	if n <= len(l.slots) {
		l.slots = l.slots[:n]
		return
	}
	l.slots = append(l.slots, make([]K, n-len(l.slots))...)
}

// speaking says who speaks now, and whether that is news. more says that
// somebody does, so it is to be asked again.
func (l *loudest[K]) speaking(now time.Time) (who []K, news, more bool) {
	for k, v := range l.voices {
		on := v.speaks(now) && (v.ring || v.run >= onset)
		if on != v.ring {
			v.ring, news = on, true
		}
		if on {
			who = append(who, k)
		}
		more = more || v.speaks(now)
	}
	// Who was dropped while speaking is not among the voices any more.
	news = news || len(who) != l.rang
	l.rang = len(who)
	return who, news, more
}
