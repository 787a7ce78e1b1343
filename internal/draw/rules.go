package draw

import (
	"slices"

	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Mode says who may draw in a party.
type Mode string

// The modes. With Asked the hosts let people draw one by one.
const (
	Nobody    Mode = "nobody"
	Presenter Mode = "presenter"
	Asked     Mode = "asked"
	All       Mode = "all"
)

// mostGrants bounds whom a party lets draw by name.
const mostGrants = 200

var errGrants = fault.New(fault.Conflict, "draw.too_many_grants", "So many cannot be let draw by name; let all draw instead.")

// Settings are who may draw. The zero value lets all draw.
type Settings struct {
	Mode    Mode      `json:"mode"`
	Granted []id.User `json:"granted"`
}

// With gives settings with another mode.
func (s Settings) With(m Mode) Settings {
	s.Mode = m
	return s
}

// Grant gives settings in which u may draw in mode Asked, or may no more.
func (s Settings) Grant(u id.User, on bool) (Settings, error) {
	has := slices.Contains(s.Granted, u)
	switch {
	case has == on:
		return s, nil
	case !on:
		s.Granted = slices.DeleteFunc(slices.Clone(s.Granted), func(x id.User) bool { return x == u })
	case len(s.Granted) >= mostGrants:
		return s, errGrants
	default:
		s.Granted = append(slices.Clone(s.Granted), u)
	}
	return s, nil
}

// Now gives the mode that holds.
func (s Settings) Now() Mode {
	if s.Mode == "" {
		return All
	}
	return s.Mode
}

// MayDraw says whether somebody may draw at this moment. A mode that is not
// known lets nobody draw.
func (s Settings) MayDraw(u id.User, role access.Role) bool {
	switch s.Now() {
	case Presenter:
		return role >= access.CoHost
	case Asked:
		return role >= access.CoHost || role >= access.Viewer && slices.Contains(s.Granted, u)
	case All:
		return role >= access.Viewer
	}
	return false
}

// Undo finds the mark that somebody takes back: one of his own, by default his
// newest. The newest come last in marks.
func Undo(marks []Mark, by id.User, want id.Mark) (id.Mark, error) {
	for _, m := range slices.Backward(marks) {
		if m.By == by && (want == "" || m.ID == want) {
			return m.ID, nil
		}
	}
	return "", ErrNothing
}

// Of lists the marks of one person; of everybody, when by is empty.
func Of(marks []Mark, by id.User) []id.Mark {
	out := []id.Mark{}
	for _, m := range marks {
		if by == "" || m.By == by {
			out = append(out, m.ID)
		}
	}
	return out
}

// Room says whether another mark fits beside those that are there.
func Room(marks []Mark, more Mark) error {
	points := len(more.Points)
	for _, m := range marks {
		points += len(m.Points)
	}
	if len(marks) >= MaxMarks || points > MaxLasting {
		return ErrFull
	}
	return nil
}

// NextNumber gives the number of a new pin: one more than the highest.
func NextNumber(marks []Mark) int {
	n := 0
	for _, m := range marks {
		n = max(n, m.Number)
	}
	return n + 1
}
