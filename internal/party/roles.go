package party

import (
	"cmp"
	"slices"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// lowest is the role of somebody who has just come.
func lowest(p Person) access.Role {
	if p.Guest {
		return access.Viewer
	}
	return access.Member
}

// Acting is the role in which the member acts: none without a seat.
func (m Member) Acting() access.Role {
	if !m.Seated() {
		return access.None
	}
	return m.Role
}

// above says whether by may send target out: strictly by rank, and nobody
// sends the founder out of his own party.
func (p Party) above(by, target Member) error {
	if target.Person.ID == p.Founder || target.Acting() >= by.Acting() {
		return ErrRank
	}
	return nil
}

// Kick sends target out for a while. Who has no seat and has not knocked stays
// as he is.
func (p Party) Kick(by, target Member, now time.Time) (Member, error) {
	if err := p.above(by, target); err != nil {
		return target, err
	}
	target = target.At(now)
	if target.Standing != Approved && target.Standing != Pending {
		return target, nil
	}
	back := clock.Millis(now.Add(Cooling))
	target.Standing, target.Role, target.BackAt = Left, lowest(target.Person), &back
	return target, nil
}

// MaxBan is the longest ban that ends.
const MaxBan = 365 * 24 * time.Hour

// Ban shuts target out for span, or for good when it is zero.
func (p Party) Ban(by, target Member, span time.Duration, reason string, now time.Time) (Member, error) {
	if err := p.above(by, target); err != nil {
		return target, err
	}
	if span < 0 || span > MaxBan {
		return target, fault.ErrInvalid.At("hours", "Between 1 hour and a year; leave it out for good.")
	}
	if err := text("reason", reason, MaxReason); err != nil {
		return target, err
	}
	target.Standing, target.Role, target.Note = Banned, lowest(target.Person), tidy(reason)
	target.BannedUntil, target.BackAt = nil, nil
	if span > 0 {
		until := clock.Millis(now.Add(span))
		target.BannedUntil = &until
	}
	return target, nil
}

// Unban lifts a ban. The person is not in again by that.
func (m Member) Unban() Member {
	if m.Standing == Banned {
		m.Standing, m.BannedUntil, m.Note = Left, nil, ""
	}
	return m
}

// Admit lets somebody in who knocked, or who was turned away lately. Who is in
// stays in.
func (m Member) Admit(p Party, now time.Time) (Member, error) {
	switch {
	case p.Over():
		return m, ErrOver
	case m.Standing == Approved:
		return m, nil
	case m.Standing != Pending && m.Standing != Rejected:
		return m, fault.ErrNotFound
	}
	m.Standing, m.BackAt, m.Note, m.JoinedAt = Approved, nil, "", clock.Millis(now)
	return m, nil
}

// TurnAway refuses somebody who knocked; he may knock again a while later.
func (m Member) TurnAway(now time.Time) (Member, error) {
	switch m.Standing {
	case Rejected:
		return m, nil
	case Pending:
	default:
		return m, fault.ErrNotFound
	}
	back := clock.Millis(now.Add(Cooling))
	m.Standing, m.BackAt = Rejected, &back
	return m, nil
}

// SetRole makes target a co-host, or no more one. The host is made by handing
// over only.
func (p Party) SetRole(by, target Member, role access.Role) (Member, error) {
	switch {
	case role != access.Member && role != access.CoHost:
		return target, fault.ErrInvalid.At("role", "One of member, co-host.")
	case target.Acting() >= by.Acting():
		return target, ErrRank
	case !target.Seated():
		return target, ErrNotSeated
	case role == access.Member:
		role = lowest(target.Person)
	}
	target.Role = role
	return target, nil
}

// HandOver makes to the host in place of host, who stays as a co-host. The
// host gives the party away for good; the founder may take it back when it
// came to another only because he was gone.
func (p Party) HandOver(by, host, to Member) (after Party, was, is Member, err error) {
	switch {
	case by.Person.ID == to.Person.ID && by.Person.ID == p.Founder && by.Seated():
	case by.Acting() != access.Host:
		return p, host, to, fault.ErrForbidden
	case !to.Seated():
		return p, host, to, ErrNotSeated
	default:
		p.Founder = to.Person.ID
	}
	p, was, is = p.succeed(host, to)
	return p, was, is, nil
}

// succeed makes to the host; the founder stays who he is.
func (p Party) succeed(host, to Member) (after Party, was, is Member) {
	if host.Person.ID == to.Person.ID {
		return p, host, to
	}
	if host.Role == access.Host {
		host.Role = access.CoHost
	}
	to.Role, p.Host = access.Host, to.Person.ID
	return p, host, to
}

// Leave gives up m's seat, or takes his knock back. A host leaves the party to
// heir, if there is one; otherwise he keeps his seat and the party is over.
func (p Party) Leave(m Member, heir *Member, now time.Time) (after Party, left Member, host *Member) {
	if m.Standing != Approved && m.Standing != Pending {
		return p, m, nil
	}
	if m.Acting() == access.Host {
		if heir == nil || p.Over() {
			p, _ = p.End(now)
			return p, m, nil
		}
		next := *heir
		p, m, next = p.succeed(m, next)
		host = &next
	}
	m.Standing, m.Role, m.Note = Left, lowest(m.Person), ""
	return p, m, host
}

// Heir is who the party falls to when leaving goes: the highest role, then
// whoever came first.
func Heir(members []Member, leaving id.User) *Member {
	var heir *Member
	for i, m := range members {
		if !m.Seated() || m.Person.ID == leaving {
			continue
		}
		if heir == nil || before(m, *heir) < 0 {
			heir = &members[i]
		}
	}
	return heir
}

func before(a, b Member) int {
	return cmp.Or(cmp.Compare(b.Role, a.Role), a.JoinedAt.Compare(b.JoinedAt), cmp.Compare(a.ID, b.ID))
}

// Colors is how many colours members have.
const Colors = 12

// freshColor picks the colour that the fewest of the others have.
func freshColor(members []Member) int {
	var used [Colors]int
	for _, m := range members {
		if m.Seated() {
			used[m.Color%Colors]++
		}
	}
	return slices.Index(used[:], slices.Min(used[:]))
}
