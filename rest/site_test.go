package rest_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"watchparty/internal/account"
	"watchparty/internal/media"
	"watchparty/internal/media/mediatest"
	"watchparty/internal/netguard"
	"watchparty/internal/party"
	"watchparty/rest"
	"watchparty/store"
	"watchparty/store/storetest"
)

// site is the whole face over a real store.
type site struct {
	*face
	handler http.Handler
	log     *logBook

	mu      sync.Mutex
	letters []string // links, in the order of sending
}

// logBook is a log that can be read while it is written.
type logBook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Send takes a letter.
func (s *site) Send(_ context.Context, _, _, _, link string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letters = append(s.letters, link)
	return nil
}

// linkToken is the token of the newest letter.
func (s *site) linkToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.letters) == 0 {
		s.t.Fatal("no letter came")
	}
	u, err := url.Parse(s.letters[len(s.letters)-1])
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Query().Get("token")
}

const home = "https://party.example"

func newSite(t *testing.T, change ...func(*rest.Config)) *site {
	t.Helper()
	return newSiteOn(t, storetest.SQLite(t, store.Options{}), change...)
}

func newSiteOn(t *testing.T, db *store.Store, change ...func(*rest.Config)) *site {
	t.Helper()
	s := &site{log: &logBook{}}
	key := []byte(strings.Repeat("k", 32))
	accounts, err := account.New(account.Config{
		Store: db.Accounts(), Key: key, Now: time.Now, PublicURL: home, Post: s,
		Hasher: account.NewHasher(account.Params{Memory: 64, Time: 1, Threads: 1}, 4),
	})
	if err != nil {
		t.Fatal(err)
	}
	accounts.Later = accounts.Deliver
	parties, err := party.New(party.Config{
		Store: db.Parties(), Key: key, Now: time.Now,
		Sample: party.Film{Title: "First light", URL: "/sample/first-light.mp4", Duration: 90 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	folder, err := media.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	films := media.NewService(mediatest.NewShelf(), folder, media.Quota{Film: 1 << 20, Bytes: 4 << 20, Films: 50, Open: 50},
		time.Now, media.Prober{Client: netguard.Client(netguard.Options{})})
	live := &room{s: db}
	cfg := rest.Config{
		Features: []rest.Feature{
			rest.Site(rest.SiteConfig{Version: "test", PublicURL: home, AsyncAPI: []byte(`{}`), Ready: db.Ping}),
			rest.Accounts(accounts), rest.People(accounts, live), rest.Parties(parties, live), rest.Chat(parties, live, live),
			rest.Polls(parties, db.Rooms(), live), rest.Annotations(parties, db.Rooms(), live), rest.Reactions(parties, db.Rooms(), live), rest.Analytics(parties, db.Rooms()),
			rest.Media(films), rest.Sample(mediatest.MP4(1000), []byte("still")),
		},
		Auth: accounts, Replies: db.Accounts(), PublicURL: home, Origins: []string{"https://app.example"},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Log:            slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&cfg)
	}
	if s.handler, err = rest.New(cfg); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	s.face = &face{t: t, s: db, url: server.URL}
	return s
}

const phrase = "two friends, one film"

// signUp makes an account and gives its tokens.
func (s *site) signUp(name string) (access, refresh, id string) {
	s.t.Helper()
	r := s.want(http.StatusCreated, "", "POST", "/api/auth/register/",
		`{"email":"`+name+`@example.com","password":"`+phrase+`","name":"`+name+`"}`)
	return r.text("access"), r.text("refresh"), r.text("user.id")
}

func (r reply) cookie(name string) *http.Cookie {
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// browser is the headers of a page of ours that holds cookies.
func browser(cookies string) []string {
	return []string{"Cookie", cookies, "Sec-Fetch-Site", "same-origin"}
}
