package react

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"watchparty/internal/id"
)

// MaxFilm is the last second of film that a reaction may name.
const MaxFilm = 10 * 24 * 3600

// Thrown is a reaction as it is kept.
type Thrown struct {
	ID     id.Reaction
	Party  id.Party
	Item   id.Item // the film that was on; empty when there was none
	User   id.User
	Emoji  string
	X, Y   float64
	FilmAt float64
	At     time.Time
}

// Thrower is one person's share of what was thrown of an emoji.
type Thrower struct {
	Emoji string
	User  id.User
	N     int
	First id.Reaction
}

// Filter chooses reactions of a party. What is zero does not choose.
type Filter struct {
	Item  id.Item
	User  id.User
	Emoji string
	From  *float64 // second of film
	To    *float64
	Since *time.Time
}

// Tally counts one emoji in one second of a film.
type Tally struct {
	Item   id.Item
	Second int
	Emoji  string
	N      int
}

// Second is one second of a film and how many reactions it got.
type Second struct {
	At int
	N  int
}

// Heat is how a film was felt, second by second. Seconds without a reaction
// are left out.
type Heat struct {
	Item    id.Item
	Total   int
	Most    int // in one second
	Seconds []Second
}

// HeatOf adds up the tallies of each film.
func HeatOf(tallies []Tally) []Heat {
	films := map[id.Item]map[int]int{}
	for _, t := range tallies {
		if films[t.Item] == nil {
			films[t.Item] = map[int]int{}
		}
		films[t.Item][t.Second] += t.N
	}
	out := make([]Heat, 0, len(films))
	for _, item := range slices.Sorted(maps.Keys(films)) {
		h := Heat{Item: item}
		for _, at := range slices.Sorted(maps.Keys(films[item])) {
			n := films[item][at]
			h.Seconds = append(h.Seconds, Second{at, n})
			h.Total += n
			h.Most = max(h.Most, n)
		}
		out = append(out, h)
	}
	return out
}

const (
	momentMin  = 3 // reactions
	momentSpan = 2 // seconds of film
)

// Moment is a stretch of film at which several reacted at once.
type Moment struct {
	Item  id.Item
	From  int // seconds of film
	To    int // the last second of it
	At    int // its fullest second
	N     int
	Emoji string // the one thrown most
}

// Moments gives the stretches in which within any two seconds there were three
// reactions or more, those that touch as one. At most most are given, the
// fullest first; 0 gives all.
func Moments(tallies []Tally, most int) []Moment {
	var all []Moment
	for _, h := range HeatOf(tallies) {
		all = append(all, stretches(h)...)
	}
	for i := range all {
		all[i].Emoji = loudest(tallies, all[i])
	}
	slices.SortStableFunc(all, func(a, b Moment) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Item, b.Item), cmp.Compare(a.From, b.From))
	})
	if most > 0 && len(all) > most {
		all = all[:most]
	}
	return all
}

func stretches(h Heat) []Moment {
	n := make(map[int]int, len(h.Seconds))
	for _, s := range h.Seconds {
		n[s.At] = s.N
	}
	var out []Moment
	for _, s := range h.Seconds {
		near := s.N
		for d := 1; d < momentSpan; d++ {
			near = max(near, s.N+n[s.At+d], s.N+n[s.At-d])
		}
		if near < momentMin {
			continue
		}
		if last := len(out) - 1; last >= 0 && out[last].To == s.At-1 {
			m := &out[last]
			if s.N > n[m.At] {
				m.At = s.At
			}
			m.To, m.N = s.At, m.N+s.N
			continue
		}
		out = append(out, Moment{Item: h.Item, From: s.At, To: s.At, At: s.At, N: s.N})
	}
	return out
}

// loudest is the emoji thrown most in a moment.
func loudest(tallies []Tally, m Moment) string {
	n := map[string]int{}
	for _, t := range tallies {
		if t.Item == m.Item && t.Second >= m.From && t.Second <= m.To {
			n[t.Emoji] += t.N
		}
	}
	best := ""
	for _, e := range slices.Sorted(maps.Keys(n)) {
		if best == "" || n[e] > n[best] {
			best = e
		}
	}
	return best
}

// Count is how often an emoji was thrown.
type Count struct {
	Emoji string
	N     int
}

// Counts adds tallies up by emoji, the most thrown first.
func Counts(tallies []Tally) []Count {
	n := map[string]int{}
	for _, t := range tallies {
		n[t.Emoji] += t.N
	}
	out := make([]Count, 0, len(n))
	for e, k := range n {
		out = append(out, Count{e, k})
	}
	slices.SortFunc(out, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Emoji, b.Emoji))
	})
	return out
}
