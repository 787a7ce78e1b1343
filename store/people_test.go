package store_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"watchparty/internal/account"
	"watchparty/store"
	"watchparty/store/storetest"
)

// people is the accounts service over a store, with a clock and a letter box
// of the test's own.
type people struct {
	*account.Service
	t    testing.TB
	seen *recorder

	mu      sync.Mutex
	at      time.Time
	letters []letter
}

type letter struct{ kind, to, name, link string }

// token cuts the token out of a letter's link.
func (l letter) token() string {
	u, err := url.Parse(l.link)
	if err != nil {
		return ""
	}
	return u.Query().Get("token")
}

func (p *people) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

func (p *people) wait(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = p.at.Add(d)
}

// Send takes a letter.
func (p *people) Send(_ context.Context, kind, to, name, link string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters = append(p.letters, letter{kind, to, name, link})
	return nil
}

// last is the newest letter.
func (p *people) last() letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.letters) == 0 {
		p.t.Fatal("no letter came")
	}
	return p.letters[len(p.letters)-1]
}

// told lists the facts of a kind, as their data.
func (p *people) told(kind string) []string {
	p.seen.mu.Lock()
	defer p.seen.mu.Unlock()
	var all []string
	for _, f := range p.seen.seen {
		if f.Kind == kind {
			all = append(all, f.Topic+" "+string(f.Data))
		}
	}
	return all
}

var hasher = sync.OnceValue(func() *account.Hasher {
	return account.NewHasher(account.Params{Memory: 64, Time: 1, Threads: 1}, 4)
})

// eachPeople runs test with a service on each engine.
func eachPeople(t *testing.T, test func(t *testing.T, p *people)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, store.Options) *store.Store{
		"sqlite": storetest.SQLite, "postgres": storetest.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &people{t: t, at: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), seen: &recorder{}}
			s := open(t, store.Options{Bus: p.seen, Now: p.now})
			var err error
			p.Service, err = account.New(account.Config{
				Store: s.Accounts(), Key: []byte(strings.Repeat("k", 32)), Now: p.now, Hasher: hasher(),
				PublicURL: "https://party.example", Post: p,
			})
			if err != nil {
				t.Fatal(err)
			}
			p.Later = p.Deliver
			test(t, p)
		})
	}
}

const password = "two friends, one film"

func (p *people) register(name string) (account.User, account.Tokens) {
	p.t.Helper()
	u, tokens, err := p.Register(p.t.Context(), account.Registration{
		Email: name + "@example.com", Password: password, Name: name,
	}, account.Client{UserAgent: "test", IP: "192.0.2.1"})
	if err != nil {
		p.t.Fatal(err)
	}
	return u, tokens
}

// as is a context in which the holder of an access token calls.
func (p *people) as(access account.Secret) context.Context {
	p.t.Helper()
	who, err := p.Authenticate(p.t.Context(), string(access))
	if err != nil {
		p.t.Fatal(err)
	}
	return account.With(p.t.Context(), who)
}

// out says whether an access token opens nothing.
func (p *people) out(access account.Secret) bool {
	_, err := p.Authenticate(p.t.Context(), string(access))
	return errors.Is(err, account.ErrToken)
}

func want(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got %v, want %v", err, target)
	}
}
