package react

import (
	"maps"
	"slices"
	"time"

	"watchparty/internal/id"
)

const (
	// FlushMS is how long reactions are gathered before they are shown.
	FlushMS   = 100
	windowMS  = 400
	mostAlone = 6    // of one emoji in the window; more become one
	mostShown = 16   // in one flush: beyond it all of one emoji are one, and what is left waits for the next
	byteRate  = 1500 // a second, to one client
	longest   = time.Second
)

// Pause is how long to gather after a flush of so many bytes, so that a flood
// does not take the line from everything else.
func Pause(bytes int) time.Duration {
	d := time.Duration(bytes) * time.Second / byteRate
	return min(max(d, FlushMS*time.Millisecond), longest)
}

// Reaction is one emoji on the picture, or several that were merged.
type Reaction struct {
	Emoji  string
	X, Y   float64 // fractions of the picture
	FilmAt float64
	By     id.User // empty when merged
	N      int
	Own    map[id.User]int // merged only: how many were whose
}

// Burst gathers reactions and merges floods. The zero value is ready.
type Burst struct {
	waiting []Reaction
	recent  map[string][]float64 // emoji to when it was thrown, within the window
}

// Add takes a reaction.
func (b *Burst) Add(now float64, r Reaction) {
	r.N = 1
	b.waiting = append(b.waiting, r)
	if b.recent == nil {
		b.recent = map[string][]float64{}
	}
	b.recent[r.Emoji] = append(b.recent[r.Emoji], now)
}

// Waits says whether there is something to flush.
func (b *Burst) Waits() bool { return len(b.waiting) > 0 }

// Flush gives what is to be shown now, in the order of its first throw. More
// than six of one emoji within 400 ms are one, at their middle, with a count.
func (b *Burst) Flush(now float64) []Reaction {
	count := map[string]int{}
	for emoji, at := range b.recent {
		at = slices.DeleteFunc(at, func(t float64) bool { return t <= now-windowMS })
		count[emoji] = len(at)
		if len(at) == 0 {
			delete(b.recent, emoji)
		} else {
			b.recent[emoji] = at
		}
	}
	flood := len(b.waiting) > mostShown
	merged := map[string]int{} // emoji to its place in out
	out := make([]Reaction, 0, min(len(b.waiting), mostShown))
	for _, r := range b.waiting {
		if !flood && count[r.Emoji] <= mostAlone {
			out = append(out, r)
			continue
		}
		if i, ok := merged[r.Emoji]; ok {
			out[i].join(r)
			continue
		}
		merged[r.Emoji] = len(out)
		out = append(out, r.alone())
	}
	b.waiting = nil
	if len(out) > mostShown {
		b.waiting = out[mostShown:]
		out = out[:mostShown:mostShown]
	}
	return out
}

// alone is r as the first of what is merged.
func (r Reaction) alone() Reaction {
	if r.Own == nil {
		r.Own = map[id.User]int{r.By: r.N}
	} else {
		r.Own = maps.Clone(r.Own)
	}
	r.By = ""
	return r
}

// join merges o into r.
func (r *Reaction) join(o Reaction) {
	r.N += o.N
	if o.Own == nil {
		r.Own[o.By] += o.N
	}
	for u, n := range o.Own {
		r.Own[u] += n
	}
	part := float64(o.N) / float64(r.N)
	r.X += (o.X - r.X) * part
	r.Y += (o.Y - r.Y) * part
}

// For gives of a flush what user is to see: his own are on his screen already.
func For(user id.User, flushed []Reaction) []Reaction {
	out := make([]Reaction, 0, len(flushed))
	for _, r := range flushed {
		switch {
		case r.Own == nil && r.By == user:
			continue
		case r.Own != nil:
			if r.N -= r.Own[user]; r.N == 0 {
				continue
			}
		}
		out = append(out, r)
	}
	return out
}
