package rtc

import (
	"slices"
	"time"
)

// lookEvery is how often it is looked who speaks, while somebody does.
const lookEvery = 100 * time.Millisecond

// hear notes how loud a voice is, and gives it a slot if it deserves one.
func (r *Room) hear(m *mic, level uint8, now time.Time) {
	r.voices.Lock()
	defer r.voices.Unlock()
	if m.peer.muted.Load() || m.peer.gone.Load() || m != m.peer.mic.Load() {
		return // it was silenced a moment ago
	}
	if r.loud.hear(m, level, now) {
		r.loud.prefer(m, m.peer.priority.Load())
		r.hand()
	}
	if level < speech && !r.looking {
		r.looking = true
		time.AfterFunc(lookEvery, r.look)
	}
}

// hand gives the slots to whom they were assigned. The lock of voices is held.
func (r *Room) hand() {
	names := make([]string, len(r.loud.slots))
	for i, s := range r.slots {
		var m *mic
		if i < len(r.loud.slots) {
			m = r.loud.slots[i]
		}
		if m != nil {
			names[i] = m.peer.name
		}
		s.mu.Lock()
		old := s.owner
		s.mu.Unlock()
		if old == m {
			continue
		}
		if old != nil {
			old.slot.CompareAndSwap(s, nil)
		}
		s.give(m, r.runs.Add(1))
		if m != nil {
			m.slot.Store(s)
		}
	}
	r.tell(func(h Handler) { h.Slots(names) })
}

// silence takes a voice out of its slot; when it has returned, no packet of it
// passes until it is heard again.
func (r *Room) silence(m *mic) {
	r.voices.Lock()
	defer r.voices.Unlock()
	if r.loud.drop(m) {
		r.hand()
	}
	if !r.looking {
		r.looking = true
		time.AfterFunc(lookEvery, r.look)
	}
}

// look tells who speaks.
func (r *Room) look() {
	r.voices.Lock()
	who, news, more := r.loud.speaking(r.sfu.now())
	r.looking = more
	if more {
		time.AfterFunc(lookEvery, r.look)
	}
	r.voices.Unlock()
	if !news {
		return
	}
	names := make([]string, 0, len(who))
	for _, m := range who {
		names = append(names, m.peer.name)
	}
	slices.Sort(names)
	r.tell(func(h Handler) { h.Speaking(names) })
}
