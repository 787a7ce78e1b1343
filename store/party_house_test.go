package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/bus"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/store"
	"watchparty/store/storetest"
)

// house is the service of parties on a real store, with a clock to turn.
type house struct {
	*party.Service
	t     testing.TB
	s     *store.Store
	facts *keptFacts

	mu  sync.Mutex
	now time.Time
}

// keptFacts is a bus that remembers.
type keptFacts struct {
	mu  sync.Mutex
	all []bus.Fact
}

func (k *keptFacts) Publish(_ context.Context, msgs ...bus.Message) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range msgs {
		f, err := bus.ParseFact(m)
		if err != nil {
			return err
		}
		k.all = append(k.all, f)
	}
	return nil
}

// take gives what was told on topic since the last time.
func (k *keptFacts) take(topic string) []bus.Fact {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out, rest []bus.Fact
	for _, f := range k.all {
		if f.Topic == topic {
			out = append(out, f)
		} else {
			rest = append(rest, f)
		}
	}
	k.all = rest
	return out
}

// eachHouse runs a test on both engines.
func eachHouse(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, store.Options) *store.Store{
		"sqlite": storetest.SQLite, "postgres": storetest.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newHouse(t, open))
		})
	}
}

// swift opens a store whose disk is memory, where there is such a one: for
// tests of rules that commit thousands of times.
func swift(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "watchparty-test-")
	if err != nil {
		return storetest.SQLite(t, o)
	}
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	o.DSN = filepath.Join(dir, "watchparty.db")
	s, err := store.Open(t.Context(), o)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	_, err = s.Migrate(t.Context())
	must(t, err)
	return s
}

func newHouse(t testing.TB, open func(testing.TB, store.Options) *store.Store) *house {
	h := &house{t: t, facts: &keptFacts{}, now: time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)}
	h.s = open(t, store.Options{Bus: h.facts})
	var err error
	h.Service, err = party.New(party.Config{
		Store: h.s.Parties(), Films: shelf{}, Sample: party.Film{Title: "First light", URL: "/sample/first-light.mp4", Duration: 90 * time.Second},
		Key: []byte(strings.Repeat("k", 32)), Now: h.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// shelf has films at every address that says so.
type shelf struct{}

func (shelf) Check(_ context.Context, url string) (party.Film, error) {
	if !strings.HasPrefix(url, "https://films.example/") {
		return party.Film{}, fault.ErrInvalid.At("url", "no film")
	}
	kind := party.URL
	if strings.HasSuffix(url, ".m3u8") {
		kind = party.HLS
	}
	return party.Film{Kind: kind, Title: "Found", URL: url}, nil
}

func (shelf) Ready(_ context.Context, by id.User, m id.Media) (party.Film, error) {
	return party.Film{Kind: party.Upload, Title: "Home movie", URL: "/media/" + string(m), Media: m, Duration: time.Minute}, nil
}

var nobody = account.Identity{}

// person makes an account, or a guest.
func (h *house) person(name string, site access.Site) account.Identity {
	h.t.Helper()
	u := account.User{
		ID: id.New[id.User](), Site: site, Name: name, CreatedAt: h.clock(), Version: 1,
		Username: strings.ToLower(name) + string(id.New[id.User]())[24:],
	}
	if site > access.Guest {
		u.Email = u.Username + "@example.com"
	}
	if err := h.s.Accounts().Create(h.t.Context(), u, nil); err != nil {
		h.t.Fatal(err)
	}
	return account.Identity{User: u.ID, Site: site, Username: u.Username, Name: name}
}

func (h *house) user(name string) account.Identity  { return h.person(name, access.User) }
func (h *house) guest(name string) account.Identity { return h.person(name, access.Guest) }

func (h *house) people(n int) []account.Identity {
	out := make([]account.Identity, n)
	for i := range out {
		out[i] = h.user(fmt.Sprintf("P%d", i))
	}
	return out
}

func ptr[T any](v T) *T { return &v }

// party makes one; patch needs no title.
func (h *house) party(host account.Identity, patch party.Patch) party.Card {
	h.t.Helper()
	if patch.Title == nil {
		patch.Title = ptr("Film night")
	}
	return ok(h.t)(h.Create(h.t.Context(), host, patch, nil))
}

// ok gives a result that must be there.
func ok(t testing.TB) func(party.Card, error) party.Card {
	return func(c party.Card, err error) party.Card {
		t.Helper()
		must(t, err)
		return c
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused fails unless err is want.
func refused(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func ref(c party.Card) party.Ref { return party.Ref{ID: c.ID} }

// join seats somebody.
func (h *house) join(who account.Identity, c party.Card) party.Joined {
	h.t.Helper()
	j, err := h.JoinByCode(h.t.Context(), who, c.RoomCode, party.Asking{})
	must(h.t, err)
	return j
}

func (h *house) get(who account.Identity, c party.Card) party.Card {
	h.t.Helper()
	return ok(h.t)(h.Get(h.t.Context(), who, ref(c)))
}

// whole checks what is true of every party at any time: seats are the approved
// members, within the capacity, and there is one host, who is seated.
func (h *house) whole(p id.Party) (party.Party, map[id.User]party.Member) {
	h.t.Helper()
	row, members, items, err := h.Load(h.t.Context(), p)
	must(h.t, err)
	seated, hosts := 0, 0
	byUser := map[id.User]party.Member{}
	for _, m := range members {
		byUser[m.Person.ID] = m
		if m.Seated() {
			seated++
		}
		if m.Role == access.Host {
			hosts++
			if m.Person.ID != row.Host || !m.Seated() {
				h.t.Fatalf("the host is %s, the row of the host is %+v", row.Host, m)
			}
		}
	}
	if seated != row.Seats || seated > row.MaxParticipants || hosts != 1 {
		h.t.Fatalf("%d seats counted, %d members seated, capacity %d, %d hosts", row.Seats, seated, row.MaxParticipants, hosts)
	}
	current := row.Current == "" && len(items) == 0
	for i, x := range items {
		if x.Position != i {
			h.t.Fatalf("item %d has position %d", i, x.Position)
		}
		current = current || x.ID == row.Current
	}
	if !current {
		h.t.Fatalf("current item %q is not in the queue of %d", row.Current, len(items))
	}
	return row, byUser
}

// together runs n calls at the same time, again where the server is busy, and
// counts their outcomes by code. The connections are open before: while one
// after the other is made, the calls would hardly meet.
func (h *house) together(n int, call func(i int) error) map[string]int {
	h.t.Helper()
	t := h.t
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() { _, _, _ = h.List(t.Context(), nobody, party.Filter{Limit: 1}) })
	}
	wg.Wait()
	start := make(chan struct{})
	codes := make([]string, n)
	for i := range n {
		wg.Go(func() {
			<-start
			for {
				err := call(i)
				if err == nil {
					codes[i] = "ok"
					return
				}
				f := fault.Of(err)
				if codes[i] = f.Code; f.Kind != fault.Unavailable || t.Context().Err() != nil {
					return
				}
			}
		})
	}
	close(start)
	wg.Wait()
	out := map[string]int{}
	for _, c := range codes {
		out[c]++
	}
	return out
}
