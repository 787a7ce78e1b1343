package party

import (
	"time"

	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Via is by what somebody came to the door.
type Via uint8

// The ways in.
const (
	BySight  Via = iota // the party is one that the person may see
	ByCode              // the room code
	ByInvite            // an invite link
)

// Cooling is how long somebody who was sent out or turned away has to wait.
const Cooling = 10 * time.Minute

// At is the member as he stands at now: bans and waits that have run out are
// over.
func (m Member) At(now time.Time) Member {
	if m.Standing == Banned && m.BannedUntil != nil && !now.Before(*m.BannedUntil) {
		m.Standing, m.BannedUntil, m.Note = Left, nil, ""
	}
	if m.BackAt != nil && !now.Before(*m.BackAt) {
		m.BackAt = nil
	}
	return m
}

// Barred says why the member may not come to the door at now, if so.
func (m Member) Barred(now time.Time) error {
	m = m.At(now)
	switch {
	case m.Standing == Banned && m.BannedUntil != nil:
		return ErrBanned.Saying("You are banned from this party for a while.").After(m.BannedUntil.Sub(now))
	case m.Standing == Banned:
		return ErrBanned
	case m.Standing == Left && m.BackAt != nil:
		return ErrKicked.After(m.BackAt.Sub(now))
	case m.Standing == Rejected && m.BackAt != nil:
		return ErrRejected.After(m.BackAt.Sub(now))
	}
	return nil
}

// Join says how m stands after asking to come in: Approved, or Pending where
// the party asks. It is the same again for who is in or has knocked already.
// m is zero but for the person when he was never here. Whether a seat is free
// is said here for the answer and by the store for good.
func (p Party) Join(m Member, via Via, now time.Time) (Member, error) {
	m = m.At(now)
	if err := m.Barred(now); err != nil {
		return m, err
	}
	founder := m.Person.ID == p.Founder
	asks := p.RequireApproval && !founder
	switch {
	case p.Over():
		return m, ErrOver
	case m.Standing == Approved, m.Standing == Pending && asks:
		return m, nil
	case via == ByCode && !p.AllowJoinByCode:
		return m, fault.ErrNotFound
	case p.Locked && !founder:
		return m, ErrLocked
	case p.Seats >= p.MaxParticipants:
		return m, ErrFull
	}
	if m.ID == "" {
		m.ID, m.Party = id.New[id.Member](), p.ID
	}
	m.Role, m.Note, m.BackAt, m.JoinedAt = lowest(m.Person), "", nil, clock.Millis(now)
	m.Standing = Approved
	if asks {
		m.Standing = Pending
	}
	return m, nil
}

// CanJoin says whether asking to come in would do anything for m.
func (p Party) CanJoin(m Member, now time.Time) bool {
	after, err := p.Join(m, BySight, now)
	return err == nil && after.Standing != m.Standing
}

// Enters says whether m may be in the room, and why not.
func (p Party) Enters(m Member, now time.Time) error {
	m = m.At(now)
	switch {
	case m.Standing == Banned:
		return m.Barred(now)
	case p.Status == Cancelled:
		return ErrOver
	case m.Standing == Approved:
		return nil
	case m.Standing == Pending:
		return ErrPending
	case m.BackAt != nil:
		return m.Barred(now)
	}
	return ErrNotMember
}
