package react

import (
	"slices"

	"watchparty/internal/id"
)

const (
	// FlushMS is how long reactions are gathered before they are shown.
	FlushMS   = 80
	windowMS  = 400
	mostAlone = 6  // of one emoji in the window; more become one
	mostShown = 48 // single reactions in one flush; more are merged as well
)

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

// Add takes a reaction and says whether it is the first since the last Flush.
func (b *Burst) Add(now float64, r Reaction) (first bool) {
	r.N = 1
	b.waiting = append(b.waiting, r)
	if b.recent == nil {
		b.recent = map[string][]float64{}
	}
	b.recent[r.Emoji] = append(b.recent[r.Emoji], now)
	return len(b.waiting) == 1
}

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
	out := make([]Reaction, 0, len(b.waiting))
	for _, r := range b.waiting {
		if !flood && count[r.Emoji] <= mostAlone {
			out = append(out, r)
			continue
		}
		i, ok := merged[r.Emoji]
		if !ok {
			merged[r.Emoji] = len(out)
			out = append(out, Reaction{Emoji: r.Emoji, X: r.X, Y: r.Y, FilmAt: r.FilmAt, N: 1, Own: map[id.User]int{r.By: 1}})
			continue
		}
		m := &out[i]
		m.N++
		m.Own[r.By]++
		m.X += (r.X - m.X) / float64(m.N)
		m.Y += (r.Y - m.Y) / float64(m.N)
	}
	b.waiting = nil
	return out
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
