package party

import (
	"context"
	"slices"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// may finds a party for a read that needs action.
func (s *Service) may(ctx context.Context, who account.Identity, ref Ref, action access.Action) (Card, error) {
	c, err := s.Get(ctx, who, ref)
	if err != nil {
		return c, err
	}
	return c, access.Check(who.Site, c.Mine.Acting(), action, c.Bars())
}

// Members lists who has a seat. The hosts may ask for the other standings, too.
func (s *Service) Members(ctx context.Context, who account.Identity, ref Ref, standings ...Standing) (Card, []Member, error) {
	if len(standings) == 0 {
		standings = []Standing{Approved}
	}
	action := access.MemberRead
	for _, st := range standings {
		switch st {
		case Approved:
		case Pending, Rejected, Left, Banned:
			action = access.MemberAdmit
		default:
			return Card{}, nil, fault.ErrInvalid.At("status", "One of approved, pending, rejected, left, banned.")
		}
	}
	c, err := s.may(ctx, who, ref, action)
	if err != nil {
		return c, nil, err
	}
	all, err := s.Store.Members(ctx, c.ID, standings...)
	now := s.Now()
	for i := range all {
		all[i] = all[i].At(now)
	}
	// A ban that has run out is no ban.
	return c, slices.DeleteFunc(all, func(m Member) bool { return !slices.Contains(standings, m.Standing) }), err
}

// Bans lists who is banned.
func (s *Service) Bans(ctx context.Context, who account.Identity, ref Ref) ([]Member, error) {
	if _, err := s.may(ctx, who, ref, access.MemberBan); err != nil {
		return nil, err
	}
	_, all, err := s.Members(ctx, who, ref, Banned)
	return all, err
}

// Admit lets somebody in who knocked, if a seat is free.
func (s *Service) Admit(ctx context.Context, who account.Identity, ref Ref, member id.Member) (Member, error) {
	var out Member
	err := s.change(ctx, who, ref, access.MemberAdmit, func(tx Tx, c Card, now time.Time) (Changed, error) {
		m, err := tx.MemberByID(c.ID, member)
		if err != nil {
			return Changed{}, err
		}
		was := m.Standing
		if out, err = m.Admit(c.Party, now); err != nil || was == Approved {
			return Changed{}, err
		}
		if err := tx.TakeSeat(c.ID); err != nil {
			return Changed{}, err
		}
		if err := tx.Put(out); err != nil {
			return Changed{}, err
		}
		told := Changed{What: []string{"members", "knocks"}, User: out.Person.ID}
		return told, tx.Record(UserTopic(out.Person.ID), FactAdmitted, Decided{Party: c.ID})
	})
	return out, err
}

// TurnAway refuses somebody who knocked.
func (s *Service) TurnAway(ctx context.Context, who account.Identity, ref Ref, member id.Member) (Member, error) {
	var out Member
	err := s.change(ctx, who, ref, access.MemberAdmit, func(tx Tx, c Card, now time.Time) (Changed, error) {
		m, err := tx.MemberByID(c.ID, member)
		if err != nil {
			return Changed{}, err
		}
		was := m.Standing
		if out, err = m.TurnAway(now); err != nil || was == out.Standing {
			return Changed{}, err
		}
		if err := tx.Put(out); err != nil {
			return Changed{}, err
		}
		told := Changed{What: []string{"knocks"}, User: out.Person.ID}
		return told, tx.Record(UserTopic(out.Person.ID), FactRefused, Decided{Party: c.ID})
	})
	return out, err
}

// Kick sends somebody out; he may not come back for Cooling.
func (s *Service) Kick(ctx context.Context, who account.Identity, ref Ref, user id.User) error {
	return s.out(ctx, who, ref, access.MemberKick, user, func(c Card, m Member, now time.Time) (Member, error) {
		return c.Kick(c.Mine, m, now)
	})
}

// Ban shuts somebody out, for span or for good, on all his devices that the
// party has seen.
func (s *Service) Ban(ctx context.Context, who account.Identity, ref Ref, user id.User, span time.Duration, reason string) error {
	return s.out(ctx, who, ref, access.MemberBan, user, func(c Card, m Member, now time.Time) (Member, error) {
		return c.Ban(c.Mine, m, span, reason, now)
	})
}

func (s *Service) out(ctx context.Context, who account.Identity, ref Ref, action access.Action, user id.User,
	rule func(c Card, m Member, now time.Time) (Member, error),
) error {
	return s.change(ctx, who, ref, action, func(tx Tx, c Card, now time.Time) (Changed, error) {
		was, err := tx.MemberByUser(c.ID, user)
		if err != nil {
			return Changed{}, err
		}
		m, err := rule(c, was, now)
		if err != nil {
			return Changed{}, err
		}
		if action == access.MemberKick && m.Standing == was.Standing {
			return Changed{}, nil // he was out already
		}
		if err := tx.Put(m); err != nil {
			return Changed{}, err
		}
		told := Changed{User: user, Removed: true, Banned: m.Standing == Banned, What: []string{"members"}}
		switch was.Standing {
		case Approved:
			return told, tx.FreeSeat(c.ID)
		case Pending:
			told.What = []string{"knocks"}
		}
		return told, nil
	})
}

// Unban lifts a ban. Who is not banned stays as he is.
func (s *Service) Unban(ctx context.Context, who account.Identity, ref Ref, user id.User) error {
	return s.change(ctx, who, ref, access.MemberBan, func(tx Tx, c Card, _ time.Time) (Changed, error) {
		m, err := tx.MemberByUser(c.ID, user)
		if err != nil || m.Standing != Banned {
			return Changed{}, err
		}
		return Changed{What: []string{"members"}, User: user}, tx.Put(m.Unban())
	})
}

// SetRole makes somebody a co-host, or no more one.
func (s *Service) SetRole(ctx context.Context, who account.Identity, ref Ref, user id.User, role access.Role) (Member, error) {
	var out Member
	err := s.change(ctx, who, ref, access.MemberRole, func(tx Tx, c Card, _ time.Time) (Changed, error) {
		m, err := tx.MemberByUser(c.ID, user)
		if err != nil {
			return Changed{}, err
		}
		was := m.Role
		if out, err = c.SetRole(c.Mine, m, role); err != nil || was == out.Role {
			return Changed{}, err
		}
		return Changed{What: []string{"members"}, User: user}, tx.Put(out)
	})
	return out, err
}

// HandOver makes somebody the host. The founder may take a party back that
// fell to another while he was gone; that is why any seat may ask.
func (s *Service) HandOver(ctx context.Context, who account.Identity, ref Ref, user id.User) (Card, error) {
	err := s.change(ctx, who, ref, access.MemberRead, func(tx Tx, c Card, _ time.Time) (Changed, error) {
		if c.Mine.Person.ID != c.Founder || user != who.User {
			if err := access.Check(who.Site, c.Mine.Acting(), access.HostHandOver, nil); err != nil {
				return Changed{}, err
			}
		}
		host, err := tx.MemberByUser(c.ID, c.Host)
		if err != nil {
			return Changed{}, err
		}
		to, err := tx.MemberByUser(c.ID, user)
		if err != nil {
			return Changed{}, err
		}
		p, was, is, err := c.Party.HandOver(c.Mine, host, to)
		if err != nil {
			return Changed{}, err
		}
		return pass(tx, p, was, is)
	})
	if err != nil {
		return Card{}, err
	}
	return s.Get(ctx, who, ref)
}

// pass keeps a change of host. The old one's row goes first: there is room for
// one host only.
func pass(tx Tx, p Party, was, is Member) (Changed, error) {
	told := Changed{What: []string{"settings", "members"}, User: is.Person.ID}
	if was.ID == is.ID {
		return Changed{}, tx.Pass(p)
	}
	if err := tx.Put(was); err != nil {
		return told, err
	}
	if err := tx.Put(is); err != nil {
		return told, err
	}
	return told, tx.Pass(p)
}
