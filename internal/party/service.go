package party

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Config says what the service works with.
type Config struct {
	Store  Store
	Films  Films  // nil: only the sample film
	Sample Film   // the film that comes with the program
	Key    []byte // 32 bytes or more; all nodes share it
	Now    clock.Now
}

// Service is what people can do with parties. Every call names its actor; what
// the actor may not see is fault.ErrNotFound.
type Service struct {
	Config
	inviteKey []byte
}

// New makes the service.
func New(c Config) (*Service, error) {
	if len(c.Key) < 32 {
		return nil, errors.New("party: the key must have 32 bytes or more")
	}
	key, err := hkdf.Key(sha256.New, c.Key, nil, "watchparty invite", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("party: %w", err)
	}
	return &Service{Config: c, inviteKey: key}, nil
}

// Create makes a party with the actor in its first seat, and film, if given,
// as the first of its queue.
func (s *Service) Create(ctx context.Context, who account.Identity, patch Patch, film *Choice) (Card, error) {
	if err := access.Check(who.Site, access.None, access.PartyCreate, nil); err != nil {
		return Card{}, err
	}
	p, host, err := Found(personOf(who), patch, s.Now())
	if err != nil {
		return Card{}, err
	}
	var first *Item
	if film != nil {
		f, err := s.film(ctx, who.User, *film)
		if err != nil {
			return Card{}, inFilm(err)
		}
		item := f.item(p.ID, who.User, 0)
		first, p.Current = &item, item.ID
	}
	// A room code that is taken is one in a billion; five are not.
	for range 5 {
		err = s.Store.Write(ctx, func(tx Tx) error {
			if err := tx.Add(p, host); err != nil || first == nil {
				return err
			}
			return tx.AddItem(*first)
		})
		if !errors.Is(err, ErrCodes) {
			break
		}
		p.RoomCode = id.RoomCode()
	}
	if err != nil {
		return Card{}, err
	}
	return s.Store.Card(ctx, Ref{ID: p.ID}, who.User)
}

// inFilm names fields as they stand in a body that has the film inside.
func inFilm(err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Fields) == 0 {
		return err
	}
	c := *f
	c.Fields = nil
	for _, x := range f.Fields {
		c.Fields = append(c.Fields, fault.Field{Name: "film." + x.Name, Detail: x.Detail})
	}
	return &c
}

func personOf(who account.Identity) Person {
	return Person{ID: who.User, Username: who.Username, Name: who.Name, Avatar: who.Avatar, Guest: who.Guest()}
}

// maxSearch bounds a search text, in characters.
const maxSearch = 100

// List gives a page of the parties that the actor may see and the number of
// those on all pages.
func (s *Service) List(ctx context.Context, who account.Identity, f Filter) ([]Card, int, error) {
	switch f.Scope {
	case All, PublicScope:
	case Mine, JoinedScope, Hosted:
		if who.Site == access.Anyone {
			return nil, 0, fault.ErrUnauthenticated
		}
	default:
		return nil, 0, fault.ErrInvalid.At("scope", "One of mine, joined, hosted, public.")
	}
	switch f.Order {
	case "", "created_at", "-created_at", "title", "-title", "scheduled_start", "-scheduled_start":
	default:
		return nil, 0, fault.ErrInvalid.At("ordering", "One of created_at, title, scheduled_start, with - in front for descending.")
	}
	for _, st := range f.Statuses {
		switch st {
		case Scheduled, Live, Paused, Ended, Cancelled:
		default:
			return nil, 0, fault.ErrInvalid.At("status", "Some of scheduled, live, paused, ended, cancelled.")
		}
	}
	if err := text("search", f.Search, maxSearch); err != nil {
		return nil, 0, err
	}
	cards, n, err := s.Store.List(ctx, who.User, f)
	now := s.Now()
	for i := range cards {
		cards[i].Mine = cards[i].Mine.At(now)
	}
	return cards, n, err
}

// Get gives a party that the actor may see.
func (s *Service) Get(ctx context.Context, who account.Identity, ref Ref) (Card, error) {
	c, err := s.Store.Card(ctx, ref, who.User)
	c.Mine = c.Mine.At(s.Now())
	return c, err
}

// PublicCard gives a public party by its room code, to anybody.
func (s *Service) PublicCard(ctx context.Context, who account.Identity, code string) (Card, error) {
	ref, err := refByCode(code)
	if err != nil {
		return Card{}, err
	}
	c, err := s.Store.PublicCard(ctx, ref.Code, who.User)
	c.Mine = c.Mine.At(s.Now())
	return c, err
}

// change is one change of a party by a member who may do action: it opens the
// party, asks, lets fn do it, and tells what changed.
func (s *Service) change(ctx context.Context, who account.Identity, ref Ref, action access.Action,
	fn func(tx Tx, c Card, now time.Time) (Changed, error),
) error {
	return s.Store.Write(ctx, func(tx Tx) error {
		c, err := tx.Open(ref, who.User)
		if err != nil {
			return err
		}
		now := s.Now()
		c.Mine = c.Mine.At(now)
		if err := access.Check(who.Site, c.Mine.Acting(), action, c.Bars()); err != nil {
			return err
		}
		told, err := fn(tx, c, now)
		if err != nil {
			return err
		}
		return tell(tx, c.ID, who.User, told)
	})
}

// tell records that a party changed, unless nothing did.
func tell(tx Tx, p id.Party, by id.User, told Changed) error {
	if len(told.What) == 0 {
		return nil
	}
	told.Party, told.By = p, by
	return tx.Record(Topic(p), FactChanged, told)
}

// Edit changes settings. version is what the actor saw, 0 when he did not say.
func (s *Service) Edit(ctx context.Context, who account.Identity, ref Ref, patch Patch, version int) (Card, error) {
	err := s.change(ctx, who, ref, access.PartyEdit, func(tx Tx, c Card, now time.Time) (Changed, error) {
		if version != 0 && version != c.Version {
			return Changed{}, fault.ErrStale
		}
		p, err := c.Party.Edit(patch, now)
		if err != nil {
			return Changed{}, err
		}
		_, err = tx.Save(p)
		return Changed{What: []string{"settings"}}, err
	})
	if err != nil {
		return Card{}, err
	}
	return s.Get(ctx, who, ref)
}

// Start makes a party live. One that is live already stays so.
func (s *Service) Start(ctx context.Context, who account.Identity, ref Ref) (Card, error) {
	return s.status(ctx, who, ref, access.PartyStart, Party.Start)
}

// End ends a party, or calls it off when it has not started.
func (s *Service) End(ctx context.Context, who account.Identity, ref Ref) (Card, error) {
	return s.status(ctx, who, ref, access.PartyEnd, func(p Party, now time.Time) (Party, bool, error) {
		p, changed := p.End(now)
		return p, changed, nil
	})
}

func (s *Service) status(ctx context.Context, who account.Identity, ref Ref, action access.Action,
	turn func(Party, time.Time) (Party, bool, error),
) (Card, error) {
	err := s.change(ctx, who, ref, action, func(tx Tx, c Card, now time.Time) (Changed, error) {
		p, changed, err := turn(c.Party, now)
		if err != nil || !changed {
			return Changed{}, err
		}
		_, err = tx.Save(p)
		return Changed{What: []string{"status"}}, err
	})
	if err != nil {
		return Card{}, err
	}
	return s.Get(ctx, who, ref)
}

// Delete removes a party with all that belongs to it.
func (s *Service) Delete(ctx context.Context, who account.Identity, ref Ref, version int) error {
	return s.change(ctx, who, ref, access.PartyDelete, func(tx Tx, c Card, _ time.Time) (Changed, error) {
		if version != 0 && version != c.Version {
			return Changed{}, fault.ErrStale
		}
		return Changed{What: []string{"deleted"}}, tx.Remove(c.ID)
	})
}
