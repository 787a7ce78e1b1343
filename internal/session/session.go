// Package session counts what people do at a party: how long they watch, talk
// and share, how often they react, and who saw which minute of which film. Its
// rules do no I/O.
package session

import (
	"time"

	"watchparty/internal/id"
)

// Count names something that a person does again and again.
type Count uint8

// The counts.
const (
	Reactions Count = iota
	Polls           // answered
	Marks           // drawn over the film or a shared screen
	counts
)

// Span names something that a person does for a time.
type Span uint8

// The spans.
const (
	Watching Span = iota // while the film moves
	Talking              // is in the voice room
	Sharing              // shares a screen
	spans
)

// Session is what one person did at one party, over all visits.
type Session struct {
	User    id.User
	Counts  [counts]int
	Spans   [spans]time.Duration
	Started time.Time
	Ended   *time.Time // nil while the person is here
}

// Reactions, Polls and Marks read the counts; Watched, Talked and Shared the
// spans.
func (s Session) Reactions() int         { return s.Counts[Reactions] }
func (s Session) Polls() int             { return s.Counts[Polls] }
func (s Session) Marks() int             { return s.Counts[Marks] }
func (s Session) Watched() time.Duration { return s.Spans[Watching] }
func (s Session) Talked() time.Duration  { return s.Spans[Talking] }
func (s Session) Shared() time.Duration  { return s.Spans[Sharing] }

// Minute is one minute of a film that somebody saw, at least in part.
type Minute struct {
	Item id.Item
	At   int
	User id.User
}

// Stats are the numbers of a party as a whole.
type Stats struct {
	Peak     int // most people in the room at once
	PeakAt   time.Time
	Together time.Duration // the film moved for two or more
}

// Kept is what is known of a party from before.
type Kept struct {
	Sessions []Session
	Stats    Stats
}

// Changes are what is new since the last ones, to be kept. Sessions and stats
// are whole, so that keeping them twice changes nothing.
type Changes struct {
	Sessions []Session
	Minutes  []Minute
	Stats    *Stats
}

// Empty says that there is nothing to keep.
func (c Changes) Empty() bool { return len(c.Sessions)+len(c.Minutes) == 0 && c.Stats == nil }

// Totals are the sums over the people of a party.
type Totals struct {
	People    int
	Here      int // now
	Active    int // did more than watch
	Reacted   int
	Answered  int // polls
	Drew      int
	Talkers   int
	Sharers   int
	Reactions int
	Polls     int
	Marks     int
	Watched   time.Duration
	Talked    time.Duration
	Shared    time.Duration
}

// Sum adds sessions up.
func Sum(list []Session) Totals {
	t := Totals{People: len(list)}
	yes := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	for _, s := range list {
		t.Here += yes(s.Ended == nil)
		t.Active += yes(s.Reactions()+s.Polls()+s.Marks() > 0 || s.Talked()+s.Shared() > 0)
		t.Reacted += yes(s.Reactions() > 0)
		t.Answered += yes(s.Polls() > 0)
		t.Drew += yes(s.Marks() > 0)
		t.Talkers += yes(s.Talked() > 0)
		t.Sharers += yes(s.Shared() > 0)
		t.Reactions += s.Reactions()
		t.Polls += s.Polls()
		t.Marks += s.Marks()
		t.Watched += s.Watched()
		t.Talked += s.Talked()
		t.Shared += s.Shared()
	}
	return t
}

// Viewers is how many people saw a minute of a film.
type Viewers struct {
	Item   id.Item
	Minute int
	N      int
}
