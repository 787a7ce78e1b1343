package hub_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"watchparty/hub"
	"watchparty/hub/hubtest"
	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/bus"
	"watchparty/internal/party"
	"watchparty/store"
	"watchparty/store/storetest"
)

// real is a hub on the real parties and a real database.
type real struct {
	*hubtest.World
	store   *store.Store
	service *party.Service
}

func newReal(t testing.TB, open func(testing.TB, store.Options) *store.Store) *real {
	t.Helper()
	b := bus.NewMem()
	r := &real{store: open(t, store.Options{Bus: b})}
	var err error
	r.service, err = party.New(party.Config{
		Store: r.store.Parties(), Key: []byte(strings.Repeat("k", 32)), Now: time.Now,
		Sample: party.Film{Kind: party.Sample, Title: "First light", URL: "/sample/first-light.mp4", Duration: 90 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.World = r.start(t, b, hubtest.NewPeople())
	return r
}

func (r *real) start(t testing.TB, b bus.Bus, people *hubtest.People) *hubtest.World {
	return hubtest.New(t, hubtest.Options{Bus: b, People: people, Config: func(c *hub.Config) {
		c.Parties, c.Store = r.service, r.store.Rooms()
	}})
}

// restart kills the hub and starts the next on the same database.
func (r *real) restart(t *testing.T) {
	r.World.Stop()
	r.World = r.start(t, r.Bus, r.People)
}

func (r *real) person(t testing.TB, who account.Identity) account.Identity {
	t.Helper()
	u := account.User{ID: who.User, Site: who.Site, Name: who.Name, Username: who.Username, CreatedAt: time.Now(), Version: 1}
	if who.Site > access.Guest {
		u.Email = who.Username + "@example.com"
	}
	if err := r.store.Accounts().Create(t.Context(), u, nil); err != nil {
		t.Fatal(err)
	}
	return who
}

func eachReal(t *testing.T, test func(t *testing.T, r *real)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, store.Options) *store.Store{
		"sqlite": storetest.SQLite, "postgres": storetest.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newReal(t, open))
		})
	}
}

func (r *real) party(t testing.TB, host account.Identity, others ...account.Identity) party.Card {
	t.Helper()
	title := "Film night"
	card, err := r.service.Create(t.Context(), host, party.Patch{Title: &title}, &party.Choice{Kind: party.Sample})
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range others {
		if _, err := r.service.JoinByCode(t.Context(), who, card.RoomCode, party.Asking{}); err != nil {
			t.Fatal(err)
		}
	}
	return card
}

func TestNothingAcknowledgedIsLostOrDoubledByACrash(t *testing.T) {
	t.Parallel()
	eachReal(t, func(t *testing.T, r *real) {
		ada, bob := r.person(t, r.People.Account("ada")), r.person(t, r.People.Guest("bob"))
		p := r.party(t, ada, bob).ID
		watcher := r.Dial(t, bob)
		epoch := watcher.Join(p).Epoch
		acked := map[string]int64{}
		for round := range 3 {
			talker := r.Dial(t, ada)
			talker.Join(p)
			var sent []string
			for i := range 8 {
				op := fmt.Sprintf("%d-%d", round, i)
				sent = append(sent, op)
				re := talker.SendOp("chat.send", op, wire.Send{Text: op})
				if i < 6 {
					acked[op] = talker.Ack(re).Seq
				}
			}
			// The last two are on their way when the hub is cut off.
			r.restart(t)
			talker = r.Dial(t, ada)
			talker.Join(p)
			for _, op := range sent {
				got := talker.Ack(talker.SendOp("chat.send", op, wire.Send{Text: op}))
				if was, ok := acked[op]; ok && was != got.Seq {
					t.Errorf("%s was acknowledged at %d, and again at %d", op, was, got.Seq)
				}
				acked[op] = got.Seq
				time.Sleep(150 * time.Millisecond) // keeps within the limits
			}
		}
		seen := watcher.Seqs()
		watcher.Cut()
		back := r.Dial(t, bob)
		var last int64
		if len(seen) > 0 {
			last = seen[len(seen)-1]
		}
		if got := back.Resume(p, epoch, last); got.Mode != "resumed" || got.Seq != 24 {
			t.Fatalf("%s at %d", got.Mode, got.Seq)
		}
		back.Until("the last line", func(f hubtest.Frame) bool { return f.Seq == 24 })
		rising(t, append(seen, back.Seqs()...), 1, 24)
		lines, more, err := r.store.Rooms().Page(t.Context(), p, 0, 100)
		if err != nil || more || len(lines) != 24 {
			t.Fatalf("%d lines kept, %v", len(lines), err)
		}
		for _, m := range lines {
			if acked[m.Text] != m.Seq {
				t.Errorf("%q is kept at %d and was acknowledged at %d", m.Text, m.Seq, acked[m.Text])
			}
		}
	})
}

func TestManyWhoTalkAtOnceGetOneOrder(t *testing.T) {
	t.Parallel()
	eachReal(t, func(t *testing.T, r *real) {
		var people []account.Identity
		for i := range 6 {
			people = append(people, r.person(t, r.People.Account(fmt.Sprint("p", i))))
		}
		p := r.party(t, people[0], people[1:]...).ID
		var all []*hubtest.Client
		for _, who := range people {
			c := r.Dial(t, who)
			c.Join(p)
			all = append(all, c)
		}
		var wg sync.WaitGroup
		for _, c := range all {
			wg.Go(func() {
				for i := range 10 {
					c.Ack(c.Send("chat.send", wire.Send{Text: fmt.Sprint(c.Who.Name, i)}))
				}
			})
		}
		wg.Wait()
		var first []string
		for _, c := range all {
			var texts []string
			for range 60 {
				m := hubtest.Expect(c, wire.ChatMessage)
				texts = append(texts, fmt.Sprint(m.Seq, m.Text))
			}
			rising(t, c.Seqs(), 1, 60)
			if first == nil {
				first = texts
			}
			if strings.Join(first, "|") != strings.Join(texts, "|") {
				t.Errorf("%s saw another order", c.Who.Name)
			}
		}
	})
}

func TestTheHouseAndTheRoomAgree(t *testing.T) {
	t.Parallel()
	eachReal(t, func(t *testing.T, r *real) {
		ada, bob, eve := r.person(t, r.People.Account("ada")), r.person(t, r.People.Account("bob")), r.person(t, r.People.Guest("eve"))
		card := r.party(t, ada, bob, eve)
		ref := party.Ref{ID: card.ID}
		a, b, e := r.Dial(t, ada), r.Dial(t, bob), r.Dial(t, eve)
		if got := a.Join(card.ID); got.Me.Role != "host" || got.Party.Video == nil || got.Playback.Vector.Item != got.Party.Video.ID {
			t.Fatalf("welcome %+v", got)
		}
		b.Join(card.ID)
		if got := e.Join(card.ID); got.Me.Role != "guest" || got.Count != 3 {
			t.Fatalf("welcome %+v", got)
		}
		if _, err := r.service.Start(t.Context(), ada, ref); err != nil {
			t.Fatal(err)
		}
		state(b, func(v wire.Vector) bool { return v.Why == "start" && v.V == 1 && v.By == ada.User })
		if _, err := r.service.SetRole(t.Context(), ada, ref, bob.User, access.CoHost); err != nil {
			t.Fatal(err)
		}
		hubtest.ExpectThat(e, wire.MemberRole, func(m wire.RoleChanged) bool {
			return m.User == bob.User && m.Role == "co-host" && m.By == ada.User
		})
		if _, err := r.service.Enqueue(t.Context(), bob, ref, party.Choice{Kind: party.Sample, Title: "Again"}); err != nil {
			t.Fatal(err)
		}
		q := hubtest.ExpectThat(e, wire.QueueState, func(q wire.Queue) bool { return len(q.Items) == 2 })
		b.Ack(b.Send("playback.item", wire.PlayItem{Item: q.Items[1].ID}))
		state(e, func(v wire.Vector) bool { return v.Item == q.Items[1].ID })
		hubtest.ExpectThat(e, wire.PartyState, func(p wire.Party) bool { return p.Video != nil && p.Video.ID == q.Items[1].ID })
		if err := r.service.Kick(t.Context(), bob, ref, eve.User); err != nil {
			t.Fatal(err)
		}
		if got := hubtest.Expect(e, wire.PartyClosed); got.Code != "kicked" {
			t.Errorf("told %+v", got)
		}
		hubtest.ExpectThat(a, wire.MemberOut, func(m wire.MemberRemoved) bool { return m.User.ID == eve.User && m.By == bob.User })
		e.Send("party.join", wire.Join{Party: card.ID})
		if got := hubtest.Expect(e, wire.ErrorDown); got.Problem.Status < 400 {
			t.Errorf("let in again: %+v", got)
		}
		if _, err := r.service.End(t.Context(), ada, ref); err != nil {
			t.Fatal(err)
		}
		hubtest.ExpectThat(b, wire.PartyState, func(p wire.Party) bool { return p.Status == "ended" })
		if err := r.service.Delete(t.Context(), ada, ref, 0); err != nil {
			t.Fatal(err)
		}
		if got := hubtest.Expect(b, wire.PartyClosed); got.Code != "deleted" {
			t.Errorf("told %+v", got)
		}
	})
}

var (
	_ hub.Parties = (*party.Service)(nil)
	_ hub.Store   = store.Rooms{}
)
