package hubtest

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/bus"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

// Parties keeps parties in memory and tells of changes as the real ones do.
type Parties struct {
	ctx context.Context
	bus bus.Bus
	mu  sync.Mutex
	all map[id.Party]*whole
}

type whole struct {
	party   party.Party
	members []party.Member
	items   []party.Item
}

// NewParties makes a world without parties.
func NewParties(ctx context.Context, b bus.Bus) *Parties {
	return &Parties{ctx: ctx, bus: b, all: map[id.Party]*whole{}}
}

// Create makes a live party with one film of 90 s, and seats everybody; the
// first is the host.
func (w *Parties) Create(people ...account.Identity) id.Party {
	now := clock.System()
	p := id.New[id.Party]()
	item := party.Item{ID: id.New[id.Item](), Party: p, Title: "First light", Kind: party.Sample, URL: "/sample/first-light.mp4", Duration: 90 * time.Second}
	x := &whole{items: []party.Item{item}, party: party.Party{
		ID: p, RoomCode: id.RoomCode(), Title: "Film club", Visibility: party.Private, Status: party.Live,
		Host: people[0].User, MaxParticipants: 50, AllowChat: true, AllowReactions: true, WaitForSlow: true,
		Control: party.ControlEveryone, Current: item.ID, CreatedAt: now, UpdatedAt: now, Version: 1,
	}}
	for i, who := range people {
		m := Seat(p, who)
		if i == 0 {
			m.Role = access.Host
		}
		m.Color = i % 12
		x.members = append(x.members, m)
	}
	x.party.Seats = len(people)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[p] = x
	return p
}

// Seat makes a seated member of somebody.
func Seat(p id.Party, who account.Identity) party.Member {
	role := access.Member
	if who.Guest() {
		role = access.Viewer
	}
	return party.Member{
		ID: id.New[id.Member](), Party: p, Role: role, Standing: party.Approved, JoinedAt: clock.System(),
		Person: party.Person{ID: who.User, Username: who.Username, Name: who.Name, Guest: who.Guest()},
	}
}

// Change changes a party and tells of it.
func (w *Parties) Change(p id.Party, told party.Changed, fn func(*party.Party, *[]party.Member, *[]party.Item)) {
	w.mu.Lock()
	x := w.all[p]
	fn(&x.party, &x.members, &x.items)
	x.party.Version++
	w.mu.Unlock()
	told.Party = p
	Tell(w.ctx, w.bus, party.Topic(p), party.FactChanged, told)
}

// Member changes one member and tells of it.
func (w *Parties) Member(p id.Party, u id.User, told party.Changed, fn func(*party.Member)) {
	w.Change(p, told, func(_ *party.Party, ms *[]party.Member, _ *[]party.Item) {
		for i := range *ms {
			if (*ms)[i].Person.ID == u {
				fn(&(*ms)[i])
			}
		}
	})
}

// Kick sends somebody out.
func (w *Parties) Kick(p id.Party, by, u id.User) {
	back := clock.System().Add(time.Minute)
	w.Member(p, u, party.Changed{What: []string{"members"}, User: u, By: by, Removed: true}, func(m *party.Member) {
		m.Standing, m.BackAt = party.Left, &back
	})
}

// Delete removes a party.
func (w *Parties) Delete(p id.Party) {
	w.mu.Lock()
	delete(w.all, p)
	w.mu.Unlock()
	Tell(w.ctx, w.bus, party.Topic(p), party.FactChanged, party.Changed{Party: p, What: []string{"deleted"}})
}

// Tell publishes a fact.
func Tell(ctx context.Context, b bus.Bus, topic, kind string, data any) {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	m, err := bus.Fact{ID: id.New[id.Fact](), Topic: topic, Kind: kind, At: clock.System(), Data: raw}.Message()
	if err != nil {
		panic(err)
	}
	_ = b.Publish(ctx, m)
}

// Get gives a party as it is.
func (w *Parties) Get(p id.Party) (party.Party, []party.Item) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all[p].party, slices.Clone(w.all[p].items)
}

// Enter gives somebody's seat.
func (w *Parties) Enter(_ context.Context, p id.Party, who account.Identity) (party.Party, party.Member, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.all[p]
	if x == nil {
		return party.Party{}, party.Member{}, fault.ErrNotFound
	}
	for _, m := range x.members {
		if m.Person.ID == who.User && m.Seated() {
			return x.party, m, nil
		}
	}
	return party.Party{}, party.Member{}, fault.ErrNotFound
}

// Load gives a whole party.
func (w *Parties) Load(_ context.Context, p id.Party) (party.Party, []party.Member, []party.Item, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.all[p]
	if x == nil {
		return party.Party{}, nil, nil, fault.ErrNotFound
	}
	return x.party, slices.Clone(x.members), slices.Clone(x.items), nil
}

// SetCurrent keeps what plays.
func (w *Parties) SetCurrent(_ context.Context, p id.Party, item id.Item) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[p].party.Current = item
	return nil
}

// SetDuration keeps a film's length.
func (w *Parties) SetDuration(_ context.Context, p id.Party, item id.Item, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.all[p].items {
		if w.all[p].items[i].ID == item {
			w.all[p].items[i].Duration = d
		}
	}
	return nil
}

// Succeed makes somebody the host.
func (w *Parties) Succeed(_ context.Context, p id.Party, from, to id.User) error {
	w.mu.Lock()
	x := w.all[p]
	if x.party.Host != from {
		w.mu.Unlock()
		return fault.ErrConflict
	}
	x.party.Host = to
	for i := range x.members {
		switch x.members[i].Person.ID {
		case from:
			x.members[i].Role = access.CoHost
		case to:
			x.members[i].Role = access.Host
		}
	}
	w.mu.Unlock()
	Tell(w.ctx, w.bus, party.Topic(p), party.FactChanged, party.Changed{Party: p, What: []string{"members"}})
	return nil
}
