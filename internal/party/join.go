package party

import (
	"context"
	"errors"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
)

// Asking is how somebody asks to come in.
type Asking struct {
	Note   string // for the host, where the party asks
	Invite string // code of a link, if he came by one
	Device string // what the browser is known by; may be empty
}

// Joined is what became of asking.
type Joined struct {
	Card    Card
	Already bool // he was in, or had knocked, before
}

// Join takes a seat in a party that the actor may see or has a link to, or
// knocks where the party asks. The same again changes nothing.
func (s *Service) Join(ctx context.Context, who account.Identity, ref Ref, a Asking) (Joined, error) {
	return s.join(ctx, who, ref, BySight, a)
}

// JoinByCode is Join by the room code, of any party that allows it.
func (s *Service) JoinByCode(ctx context.Context, who account.Identity, code string, a Asking) (Joined, error) {
	ref, err := refByCode(code)
	if err != nil {
		return Joined{}, err
	}
	return s.join(ctx, who, ref, ByCode, a)
}

func (s *Service) join(ctx context.Context, who account.Identity, ref Ref, via Via, a Asking) (Joined, error) {
	if err := access.Check(who.Site, access.None, access.PartyJoin, nil); err != nil {
		return Joined{}, err
	}
	if err := text("message", a.Note, MaxNote); err != nil {
		return Joined{}, err
	}
	if a.Invite != "" {
		via = ByInvite
	}
	var out Joined
	err := s.Store.Write(ctx, func(tx Tx) error {
		c, link, err := s.door(tx, who, ref, via, a)
		if err != nil {
			return err
		}
		now := s.Now()
		c.Mine = c.Mine.At(now)
		if c.Mine.ID == "" {
			c.Mine.Person = personOf(who)
		}
		if a.Device != "" {
			a.Device = hash("device", a.Device)
		}
		out, err = s.enter(tx, c, via, link, a, now)
		return err
	})
	if err != nil {
		return Joined{}, err
	}
	out.Card, err = s.Get(ctx, who, Ref{ID: out.Card.ID})
	return out, err
}

// door opens the party that the actor stands before, and the link that he
// shows.
func (s *Service) door(tx Tx, who account.Identity, ref Ref, via Via, a Asking) (Card, Invite, error) {
	switch via {
	case ByCode:
		c, err := tx.OpenCalled(ref, who.User)
		return c, Invite{}, err
	case ByInvite:
	default:
		c, err := tx.Open(ref, who.User)
		return c, Invite{}, err
	}
	link, err := tx.InviteByCode(hash("invite", a.Invite))
	if errors.Is(err, fault.ErrNotFound) {
		return Card{}, link, ErrInviteUnknown
	}
	if err != nil {
		return Card{}, link, err
	}
	c, err := tx.OpenCalled(Ref{ID: link.Party}, who.User)
	switch {
	case err == nil && ref != (Ref{}) && ref.ID != c.ID && ref.Code != c.RoomCode, errors.Is(err, fault.ErrNotFound):
		return Card{}, link, ErrInviteUnknown
	}
	return c, link, err
}

// enter seats the viewer of c, or has him wait.
func (s *Service) enter(tx Tx, c Card, via Via, link Invite, a Asking, now time.Time) (Joined, error) {
	was := c.Mine
	m, err := c.Join(was, via, now)
	if err != nil {
		return Joined{}, err
	}
	already := was.Standing == m.Standing
	if !already {
		if err := s.fresh(tx, c, &m, via, link, a, now); err != nil {
			return Joined{}, err
		}
	}
	noted := m.Standing == Pending && a.Note != "" && m.Note != a.Note
	moved := already && a.Device != "" && m.Device != a.Device
	if noted {
		m.Note = a.Note
	}
	if a.Device != "" {
		m.Device = a.Device
	}
	if !already || noted || moved {
		if err := tx.Put(m); err != nil {
			return Joined{}, err
		}
	}
	c.Mine = m
	told := Changed{User: m.Person.ID}
	switch {
	case m.Standing == Pending && (!already || noted):
		told.What = []string{"knocks"}
	case !already && was.Standing == Pending:
		told.What = []string{"members", "knocks"}
	case !already:
		told.What = []string{"members"}
	}
	return Joined{Card: c, Already: already}, tell(tx, c.ID, m.Person.ID, told)
}

// fresh is what somebody costs who was not in: a use of his link, a seat, a
// colour.
func (s *Service) fresh(tx Tx, c Card, m *Member, via Via, link Invite, a Asking, now time.Time) error {
	if err := unwelcome(tx, *m, a.Device, now); err != nil {
		return err
	}
	if via == ByInvite {
		if err := spend(tx, m, link, now); err != nil {
			return err
		}
	}
	if m.Standing == Approved {
		if err := tx.TakeSeat(c.ID); err != nil {
			return err
		}
	}
	if c.Mine.ID != "" {
		return nil // he keeps his colour
	}
	others, err := tx.MembersOf(c.ID, Approved)
	m.Color = freshColor(others)
	return err
}

// unwelcome refuses who comes as somebody else from the device of a person who
// was banned or sent out.
func unwelcome(tx Tx, m Member, device string, now time.Time) error {
	if device == "" {
		return nil
	}
	others, err := tx.FromDevice(m.Party, device)
	if err != nil {
		return err
	}
	for _, o := range others {
		if o = o.At(now); o.Person.ID != m.Person.ID && o.Standing != Rejected {
			if err := o.Barred(now); err != nil {
				return err
			}
		}
	}
	return nil
}

// spend counts a use of a link.
func spend(tx Tx, m *Member, link Invite, now time.Time) error {
	if err := link.For(*m, now); err != nil || m.Invite == link.ID {
		return err
	}
	ok, err := tx.SpendInvite(link.ID, now)
	switch {
	case err != nil:
		return err
	case !ok:
		return ErrInviteUsedUp
	}
	m.Invite = link.ID
	return nil
}

// Leave gives the actor's seat up, or takes his knock back. A host leaves the
// party to the next in line; where nobody remains, it is over.
func (s *Service) Leave(ctx context.Context, who account.Identity, ref Ref) error {
	return s.Store.Write(ctx, func(tx Tx) error {
		c, err := tx.Open(ref, who.User)
		if err != nil {
			return err
		}
		if err := access.Check(who.Site, access.None, access.PartyJoin, nil); err != nil {
			return err
		}
		now := s.Now()
		was := c.Mine.At(now)
		var heir *Member
		if was.Acting() == access.Host {
			others, err := tx.MembersOf(c.ID, Approved)
			if err != nil {
				return err
			}
			heir = Heir(others, who.User)
		}
		p, left, host := c.Party.Leave(was, heir, now)
		told := Changed{User: who.User}
		switch {
		case p.Status != c.Status:
			_, err = tx.Save(p)
			told.What = []string{"status"}
		case left.Standing == was.Standing:
			return nil
		default:
			told.What, err = s.unseat(tx, p, was, left, host)
		}
		if err != nil {
			return err
		}
		return tell(tx, c.ID, who.User, told)
	})
}

// unseat keeps a member who gave up his place, and the new host if there is
// one. The old host's row goes first: there is room for one host only.
func (s *Service) unseat(tx Tx, p Party, was, now Member, host *Member) (what []string, err error) {
	if err := tx.Put(now); err != nil {
		return nil, err
	}
	if host != nil {
		if err := errors.Join(tx.Put(*host), tx.Pass(p)); err != nil {
			return nil, err
		}
	}
	if was.Standing == Pending {
		return []string{"knocks"}, nil
	}
	return []string{"members"}, tx.FreeSeat(p.ID)
}
