package party

import (
	"context"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// What the party's live room asks for.

// Enter gives the party and the actor's seat in it, or says why he has none.
func (s *Service) Enter(ctx context.Context, p id.Party, who account.Identity) (Party, Member, error) {
	if who.Site < access.Guest {
		return Party{}, Member{}, fault.ErrUnauthenticated
	}
	c, err := s.Get(ctx, who, Ref{ID: p})
	if err != nil {
		return Party{}, Member{}, err
	}
	return c.Party, c.Mine, c.Enters(c.Mine, s.Now())
}

// Load gives a party with everybody who stands in any relation to it, and its
// queue in order.
func (s *Service) Load(ctx context.Context, p id.Party) (Party, []Member, []Item, error) {
	party, members, items, err := s.Store.Whole(ctx, p)
	now := s.Now()
	for i := range members {
		members[i] = members[i].At(now)
	}
	return party, members, items, err
}

// SetCurrent keeps what plays. Another party's item is not found. The room
// knows it already, so no fact is told.
func (s *Service) SetCurrent(ctx context.Context, p id.Party, item id.Item) error {
	return s.Store.Write(ctx, func(tx Tx) error { return tx.SetCurrent(p, item) })
}

// SetDuration keeps the length of a film that a player has found out.
func (s *Service) SetDuration(ctx context.Context, p id.Party, item id.Item, d time.Duration) error {
	if d < 0 {
		return fault.ErrInvalid.At("seconds", "From 0.")
	}
	return s.Store.Write(ctx, func(tx Tx) error { return tx.SetDuration(p, item, d) })
}

// Succeed makes to the host because from, who was it, is gone. The founder may
// take the party back. When from is not the host any more or to has no seat,
// nothing changes and the answer is fault.ErrConflict.
func (s *Service) Succeed(ctx context.Context, p id.Party, from, to id.User) error {
	return s.Store.Write(ctx, func(tx Tx) error {
		// The party is opened by the eyes of its host, who sees it.
		c, err := tx.Open(Ref{ID: p}, from)
		if err != nil {
			return err
		}
		is, err := tx.MemberByUser(p, to)
		if err != nil {
			return err
		}
		if c.Host != from || from == to || !is.Seated() || c.Over() {
			return fault.ErrConflict
		}
		party, was, is := c.succeed(c.Mine, is)
		told, err := pass(tx, party, was, is)
		if err != nil {
			return err
		}
		return tell(tx, p, "", told)
	})
}
