package party

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"watchparty/internal/access"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Bounds of what a host may say and set.
const (
	MaxTitle       = 200
	MaxDescription = 2000
	MinSeats       = 2
	MaxSeats       = 100
	DefaultSeats   = 50
	MaxSlowMode    = 10 * time.Minute
	MaxNote        = 300
	MaxReason      = 300
	maxAhead       = 366 * 24 * time.Hour // of a scheduled start
	lateBy         = 5 * time.Minute      // how far in the past a start may be set
)

// Patch changes settings. A nil field stays as it is.
type Patch struct {
	Title           *string
	Description     *string
	Visibility      *Visibility
	MaxParticipants *int
	RequireApproval *bool
	AllowChat       *bool
	AllowReactions  *bool
	AllowJoinByCode *bool
	Locked          *bool
	WaitForSlow     *bool
	Control         *Control
	SlowMode        *time.Duration
	Schedule        **time.Time // a pointer to nil takes the time away
}

// Found makes a party of founder's with everything that patch does not say at
// its default. It is scheduled, with the founder in its first seat.
func Found(founder Person, patch Patch, now time.Time) (Party, Member, error) {
	now = clock.Millis(now)
	p := Party{
		ID: id.New[id.Party](), RoomCode: id.RoomCode(), Visibility: Private, Status: Scheduled,
		Host: founder.ID, Founder: founder.ID, MaxParticipants: DefaultSeats, Seats: 1,
		AllowChat: true, AllowReactions: true, AllowJoinByCode: true, WaitForSlow: true, Control: ControlEveryone,
		CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if patch.Title == nil {
		return p, Member{}, fault.ErrInvalid.At("title", "Give the party a title.")
	}
	p, err := p.Edit(patch, now)
	host := Member{
		ID: id.New[id.Member](), Party: p.ID, Person: founder, Role: access.Host, Standing: Approved, JoinedAt: now,
	}
	return p, host, err
}

// Edit gives the party with changed settings.
func (p Party) Edit(c Patch, now time.Time) (Party, error) {
	if p.Over() {
		return p, ErrOver
	}
	if err := p.words(c); err != nil {
		return p, err
	}
	if c.MaxParticipants != nil {
		switch n := *c.MaxParticipants; {
		case n < MinSeats || n > MaxSeats:
			return p, fault.ErrInvalid.At("max_participants", "Between 2 and 100.")
		case n < p.Seats:
			return p, ErrBelowCount.At("max_participants", ErrBelowCount.Detail)
		}
	}
	if c.SlowMode != nil && (*c.SlowMode < 0 || *c.SlowMode > MaxSlowMode) {
		return p, fault.ErrInvalid.At("slow_mode_seconds", "Between 0 and 600.")
	}
	if c.Schedule != nil {
		at, err := p.schedule(*c.Schedule, now)
		if err != nil {
			return p, err
		}
		p.ScheduledStart = at
	}
	if c.Title != nil {
		p.Title = tidy(*c.Title)
	}
	if c.Description != nil {
		p.Description = strings.TrimSpace(*c.Description)
	}
	set(&p.Visibility, c.Visibility)
	set(&p.MaxParticipants, c.MaxParticipants)
	set(&p.RequireApproval, c.RequireApproval)
	set(&p.AllowChat, c.AllowChat)
	set(&p.AllowReactions, c.AllowReactions)
	set(&p.AllowJoinByCode, c.AllowJoinByCode)
	set(&p.Locked, c.Locked)
	set(&p.WaitForSlow, c.WaitForSlow)
	set(&p.Control, c.Control)
	set(&p.SlowMode, c.SlowMode)
	return p, nil
}

// words checks what is text, and words out of a list.
func (p Party) words(c Patch) error {
	if c.Title != nil {
		if err := text("title", tidy(*c.Title), MaxTitle); err != nil {
			return err
		}
		if tidy(*c.Title) == "" {
			return fault.ErrInvalid.At("title", "Give the party a title.")
		}
	}
	if c.Description != nil {
		if err := text("description", *c.Description, MaxDescription); err != nil {
			return err
		}
	}
	if c.Visibility != nil {
		switch *c.Visibility {
		case Public, Friends, Private:
		default:
			return fault.ErrInvalid.At("visibility", "One of public, friends, private.")
		}
	}
	if c.Control != nil {
		switch *c.Control {
		case ControlEveryone, ControlHosts, ControlAsk:
		default:
			return fault.ErrInvalid.At("control", "One of everyone, hosts, ask.")
		}
	}
	return nil
}

func (p Party) schedule(at *time.Time, now time.Time) (*time.Time, error) {
	switch {
	case p.Status != Scheduled:
		return nil, ErrStarted
	case at == nil:
		return nil, nil
	case at.Before(now.Add(-lateBy)):
		return nil, fault.ErrInvalid.At("scheduled_start", "That moment has passed.")
	case at.After(now.Add(maxAhead)):
		return nil, fault.ErrInvalid.At("scheduled_start", "At most a year ahead.")
	}
	t := clock.Millis(*at)
	return &t, nil
}

// Start makes the party live. One that is live stays so; changed says which.
func (p Party) Start(now time.Time) (after Party, changed bool, err error) {
	switch {
	case p.Over():
		return p, false, ErrOver
	case p.Status != Scheduled:
		return p, false, nil
	}
	t := clock.Millis(now)
	p.Status, p.StartedAt = Live, &t
	return p, true, nil
}

// End ends the party; one that never started is cancelled. One that is over
// stays as it is.
func (p Party) End(now time.Time) (after Party, changed bool) {
	if p.Over() {
		return p, false
	}
	t := clock.Millis(now)
	p.EndedAt = &t
	if p.Status == Scheduled {
		p.Status = Cancelled
	} else {
		p.Status = Ended
	}
	return p, true
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// tidy makes a title one line.
func tidy(s string) string { return strings.Join(strings.Fields(s), " ") }

// text refuses what is too long and what cannot be shown.
func text(field, s string, limit int) error {
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, hidden):
		return fault.ErrInvalid.At(field, "Has characters that cannot be shown.")
	case utf8.RuneCountInString(s) > limit:
		return fault.ErrInvalid.At(field, "Is too long.")
	}
	return nil
}

// hidden are characters that draw nothing or turn the direction of what
// follows, but for line breaks and tabs.
func hidden(r rune) bool {
	return r != '\n' && r != '\r' && r != '\t' && unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}
