// Package hubtest runs a hub for tests: in-memory parties, people and journals,
// and clients that speak the protocol over real sockets, or over pipes where
// the test runs in a synctest bubble.
package hubtest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"watchparty/hub"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/bus"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// World is a hub with all that it needs.
type World struct {
	Hub     *hub.Hub
	Bus     bus.Bus
	Parties *Parties
	Journal *Journal // nil when the options brought another store
	People  *People
	Addr    string
	dial    func(ctx context.Context, network, addr string) (net.Conn, error)
	server  *http.Server
	served  chan struct{}
}

// Options change what a world is made of. What is nil is made anew.
type Options struct {
	// Pipes connects clients without the network, so that time can be turned in
	// a synctest bubble.
	Pipes   bool
	Bus     bus.Bus
	Parties *Parties
	Journal *Journal
	People  *People
	Config  func(*hub.Config)
}

// New starts a world, which ends with the test.
func New(t testing.TB, o Options) *World {
	t.Helper()
	w := &World{Bus: o.Bus, Parties: o.Parties, Journal: o.Journal, People: o.People, served: make(chan struct{})}
	if w.Bus == nil {
		w.Bus = bus.NewMem()
	}
	if w.Parties == nil {
		w.Parties = NewParties(context.WithoutCancel(t.Context()), w.Bus)
	}
	if w.Journal == nil {
		w.Journal = NewJournal()
	}
	if w.People == nil {
		w.People = NewPeople()
	}
	c := hub.Config{
		Auth: w.People, Parties: w.Parties, Store: w.Journal, Bus: w.Bus,
		Log: slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if o.Config != nil {
		o.Config(&c)
	}
	h, err := hub.New(context.WithoutCancel(t.Context()), c)
	if err != nil {
		t.Fatal(err)
	}
	w.Hub = h
	w.listen(t, o.Pipes)
	t.Cleanup(w.Stop)
	return w
}

func (w *World) listen(t testing.TB, pipes bool) {
	var l net.Listener
	if pipes {
		p := newPipes()
		l, w.dial, w.Addr = p, p.dial, "pipe.test"
	} else {
		var err error
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		w.dial, w.Addr = (&net.Dialer{}).DialContext, l.Addr().String()
	}
	mux := http.NewServeMux()
	mux.Handle("GET /ws", w.Hub)
	mux.Handle("GET /ws/", w.Hub)
	w.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		defer close(w.served)
		_ = w.server.Serve(l)
	}()
}

// Stop cuts the hub off, as a crash would.
func (w *World) Stop() {
	w.Hub.Close()
	_ = w.server.Close()
	<-w.served
}

// testLog writes to the test's log.
type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Logf("%s", b)
	return len(b), nil
}

// People knows tokens.
type People struct {
	mu      sync.Mutex
	tokens  map[string]account.Identity
	tickets map[string]account.Identity
}

// NewPeople makes an empty world.
func NewPeople() *People {
	return &People{tokens: map[string]account.Identity{}, tickets: map[string]account.Identity{}}
}

// Account makes somebody with an account.
func (p *People) Account(name string) account.Identity { return p.add(name, access.User) }

// Guest makes somebody without one.
func (p *People) Guest(name string) account.Identity { return p.add(name, access.Guest) }

func (p *People) add(name string, site access.Site) account.Identity {
	who := account.Identity{User: id.New[id.User](), Session: id.New[id.Session](), Site: site, Username: name, Name: name}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens[Token(who)] = who
	return who
}

// Token is somebody's access token.
func Token(who account.Identity) string { return "access." + string(who.Session) }

// Ticket makes a ticket.
func (p *People) Ticket(who account.Identity) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := id.Token()
	p.tickets[t] = who
	return t
}

// Authenticate knows whose token it is.
func (p *People) Authenticate(_ context.Context, token string) (account.Identity, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	who, ok := p.tokens[token]
	if !ok {
		return who, fault.ErrUnauthenticated
	}
	return who, nil
}

// RedeemTicket takes a ticket once.
func (p *People) RedeemTicket(_ context.Context, ticket string) (account.Identity, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	who, ok := p.tickets[ticket]
	delete(p.tickets, ticket)
	if !ok {
		return who, fault.ErrUnauthenticated
	}
	return who, nil
}

// pipes is a listener whose connections are pipes in memory.
type pipes struct {
	next chan net.Conn
	done chan struct{}
	once sync.Once
}

func newPipes() *pipes { return &pipes{next: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.next <- there:
		return here, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.next:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
