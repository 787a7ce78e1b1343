package party

import (
	"context"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Invite makes a link into a party. life 0 is a day, uses 0 has no limit.
func (s *Service) Invite(ctx context.Context, who account.Identity, ref Ref, life time.Duration, uses int) (Invite, error) {
	var out Invite
	err := s.change(ctx, who, ref, access.InviteWrite, func(tx Tx, c Card, now time.Time) (Changed, error) {
		n, err := tx.CountInvites(c.ID, now)
		if err != nil {
			return Changed{}, err
		}
		if n >= MaxInvites {
			return Changed{}, ErrInvites
		}
		if out, err = c.invite(who.User, life, uses, now); err != nil {
			return Changed{}, err
		}
		out.Code = inviteCode(s.inviteKey, out.ID)
		return Changed{}, tx.AddInvite(out, hash("invite", out.Code))
	})
	return out, err
}

// Invites lists a party's links that still open something.
func (s *Service) Invites(ctx context.Context, who account.Identity, ref Ref) ([]Invite, error) {
	c, err := s.may(ctx, who, ref, access.InviteRead)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Invites(ctx, c.ID, s.Now())
	for i := range all {
		all[i].Code = inviteCode(s.inviteKey, all[i].ID)
	}
	return all, err
}

// Revoke takes a link back. Another party's is not found.
func (s *Service) Revoke(ctx context.Context, who account.Identity, ref Ref, invite id.Invite) error {
	return s.change(ctx, who, ref, access.InviteWrite, func(tx Tx, c Card, now time.Time) (Changed, error) {
		return Changed{}, tx.RevokeInvite(c.ID, invite, now)
	})
}

// Preview is what a link shows to whoever holds it.
type Preview struct {
	Card Card
	Code string
	// Why is nil when the actor can come in by the link, or is in.
	Why error
}

// Preview says what a link leads to.
func (s *Service) Preview(ctx context.Context, who account.Identity, code string) (Preview, error) {
	link, c, err := s.Store.InviteCard(ctx, hash("invite", code), who.User)
	if fault.Of(err).Kind == fault.NotFound && err != nil {
		err = ErrInviteUnknown
	}
	if err != nil {
		return Preview{}, err
	}
	now := s.Now()
	c.Mine = c.Mine.At(now)
	out := Preview{Card: c, Code: code}
	if after, err := c.Join(c.Mine, ByInvite, now); err != nil {
		out.Why = err
	} else if after.Standing == c.Mine.Standing {
		return out, nil // who is in or has knocked needs no link
	}
	if err := link.For(c.Mine, now); err != nil {
		out.Why = err
	}
	return out, nil
}
