package session

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"watchparty/internal/id"
)

// maxMinute bounds the minutes of a film that are told apart.
const maxMinute = 10 * 24 * 60

// Film is where a film is: at second P from server millisecond T on, moving at
// rate V.
type Film struct {
	Item id.Item
	P    float64
	V    float64
	T    float64
}

// at is the second of film at now.
func (f Film) at(now float64) float64 { return f.P + max(0, now-f.T)/1000*f.V }

// Keeper counts for one party while its room runs. Moments are in milliseconds
// of the server's clock; wall is the time that is written down. Only one
// goroutine may use it.
type Keeper struct {
	people map[id.User]*one
	film   Film
	pair   float64 // since when two or more watch; -1 when not
	active int     // who watches
	stats  Stats
	told   bool // stats are as they were kept
	here   int

	seen map[Minute]bool
	news []Minute
}

// one is a person as the keeper knows him.
type one struct {
	Session
	here  bool
	since [spans]float64 // -1 when not
	dirty bool
}

// NewKeeper goes on where an earlier one ended. Who was here then is not until
// he comes again: the earlier one may have broken off.
func NewKeeper(k Kept, wall time.Time) *Keeper {
	p := &Keeper{people: map[id.User]*one{}, pair: -1, stats: k.Stats, told: true, seen: map[Minute]bool{}}
	for _, s := range k.Sessions {
		open := s.Ended == nil
		if open {
			s.Ended = &wall
		}
		p.people[s.User] = &one{Session: s, since: [spans]float64{-1, -1, -1}, dirty: open}
	}
	return p
}

func (k *Keeper) person(u id.User, wall time.Time) *one {
	p := k.people[u]
	if p == nil {
		p = &one{Session: Session{User: u, Started: wall}, since: [spans]float64{-1, -1, -1}, dirty: true}
		k.people[u] = p
	}
	return p
}

// Here says that a person is in the room, or is not any more. A leave ends all
// that he did.
func (k *Keeper) Here(now float64, wall time.Time, u id.User, on bool) {
	if !on && k.people[u] == nil {
		return
	}
	p := k.person(u, wall)
	if p.here == on {
		return
	}
	p.here, p.dirty = on, true
	if on {
		p.Ended = nil
		k.here++
		if k.here > k.stats.Peak {
			k.stats.Peak, k.stats.PeakAt, k.told = k.here, wall, false
		}
		return
	}
	k.here--
	for s := range spans {
		k.Turn(now, wall, u, s, false)
	}
	p.Ended = &wall
}

// Turn begins or ends a span.
func (k *Keeper) Turn(now float64, wall time.Time, u id.User, s Span, on bool) {
	if !on && k.people[u] == nil {
		return
	}
	p := k.person(u, wall)
	if on == (p.since[s] >= 0) {
		return
	}
	if s == Watching {
		k.together(now)
	}
	if on {
		p.since[s] = now
	} else {
		k.settle(p, s, now)
		p.since[s] = -1
	}
	if s == Watching {
		if on {
			k.active++
		} else {
			k.active--
		}
		k.together(now)
	}
}

// Add counts n more of what a person did. Who is not in the room, because he
// uses no socket, was here for that moment.
func (k *Keeper) Add(wall time.Time, u id.User, c Count, n int) {
	p := k.person(u, wall)
	if !p.here {
		p.Ended = &wall
	}
	p.Counts[c] += n
	p.dirty = true
}

// Film says where the film is from now on.
func (k *Keeper) Film(now float64, f Film) {
	k.bring(now)
	k.film = f
}

// bring adds up all that runs until now.
func (k *Keeper) bring(now float64) {
	for _, p := range k.people {
		for s := range spans {
			if p.since[s] >= 0 {
				k.settle(p, s, now)
				p.since[s] = now
			}
		}
	}
	k.together(now)
}

// moved is when within two moments the film began to move, and whether it did.
func (k *Keeper) moved(from, to float64) (float64, bool) {
	from = max(from, k.film.T)
	return from, k.film.V > 0 && to > from
}

// settle adds what a person did of a span until now.
func (k *Keeper) settle(p *one, s Span, now float64) {
	from := p.since[s]
	if s == Watching {
		var moves bool
		if from, moves = k.moved(from, now); !moves {
			return
		}
		k.saw(p.User, from, now)
	}
	if now <= from {
		return
	}
	p.Spans[s] += ms(now - from)
	p.dirty = true
}

// saw notes the minutes of film that passed before a person.
func (k *Keeper) saw(u id.User, from, to float64) {
	if k.film.Item == "" {
		return
	}
	first, last := int(k.film.at(from)/60), int(k.film.at(to)/60)
	for at := max(first, 0); at <= min(last, maxMinute); at++ {
		m := Minute{k.film.Item, at, u}
		if !k.seen[m] {
			k.seen[m] = true
			k.news = append(k.news, m)
		}
	}
}

// together adds the time since the last call in which the film moved for two
// or more.
func (k *Keeper) together(now float64) {
	if k.pair >= 0 {
		if from, moves := k.moved(k.pair, now); moves {
			k.stats.Together += ms(now - from)
			k.told = false
		}
	}
	k.pair = -1
	if k.active >= 2 {
		k.pair = now
	}
}

func ms(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }

// Take gives what is new until now. What could not be kept is handed back to
// Again.
func (k *Keeper) Take(now float64) Changes {
	k.bring(now)
	var c Changes
	for _, u := range slices.Sorted(maps.Keys(k.people)) {
		if p := k.people[u]; p.dirty {
			p.dirty = false
			c.Sessions = append(c.Sessions, p.Session)
		}
	}
	c.Minutes, k.news = k.news, nil
	slices.SortFunc(c.Minutes, func(a, b Minute) int {
		return cmp.Or(cmp.Compare(a.Item, b.Item), cmp.Compare(a.At, b.At), cmp.Compare(a.User, b.User))
	})
	if !k.told {
		k.told = true
		s := k.stats
		c.Stats = &s
	}
	return c
}

// Again makes c part of the next changes.
func (k *Keeper) Again(c Changes) {
	for _, s := range c.Sessions {
		k.people[s.User].dirty = true
	}
	k.news = append(k.news, c.Minutes...)
	if c.Stats != nil {
		k.told = false
	}
}

// Close ends all that runs: the room stops.
func (k *Keeper) Close(now float64, wall time.Time) {
	for u, p := range k.people {
		if p.here {
			k.Here(now, wall, u, false)
		}
	}
}
