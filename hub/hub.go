// Package hub is the live side: connections, the rooms of parties, and all
// that happens in them while people watch together. A room is one goroutine;
// nothing in it locks, waits or speaks to a database.
package hub

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/bus"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Times and bounds that clients are promised.
const (
	heartbeat     = 20 * time.Second
	pongWithin    = 10 * time.Second
	writeWithin   = 10 * time.Second
	authWithin    = 5 * time.Second
	storeWithin   = 5 * time.Second
	readLimit     = 96 << 10
	dataLimit     = 60 << 10 // of frames without an offer
	personConns   = 10
	maxHandshakes = 128
	maxConnRooms  = 8
	flooded       = 500 * time.Millisecond
)

var (
	errDraining  = fault.New(fault.Unavailable, "server.draining", "This server is going down; another one takes over.")
	errBusy      = fault.New(fault.Unavailable, "server.busy", "Too much is going on right now; try again in a moment.")
	errNotJoined = fault.New(fault.Conflict, "room.not_joined", "Join the party first.")
	errRooms     = fault.New(fault.TooMany, "room.too_many", "One connection holds at most eight rooms.")
	errTooLong   = fault.New(fault.Invalid, "frame.too_long", "The data of this frame has more than 60 KiB.")
	errUnknown   = fault.New(fault.Invalid, "frame.unknown", "There is no such frame.")
)

// Config is what a hub works with.
type Config struct {
	Auth    Auth
	Parties Parties
	Store   Store
	Bus     bus.Bus
	// Origins are the origins, besides the own host, whose pages may connect.
	Origins []string
	// Directory says where rooms are, Peers reaches other nodes. Nil is a single
	// node.
	Directory Directory
	Peers     Peers
	// Media carries voices and screens; nil: this server has none.
	Media Media
	// Finder finds parties for the original's routes. Nil knows them by their id
	// only.
	Finder  Finder
	Now     clock.Now
	Log     *slog.Logger
	Metrics Metrics
	// MaxConns bounds the connections of this node; 0 is 20,000.
	MaxConns int
	// Plain lets the WebSocket library write the data frames, one call each. It
	// is what tests compare with.
	Plain bool
}

// Hub holds this node's connections and rooms.
type Hub struct {
	Config
	time   timeline
	boot   string
	routes routes
	ctx    context.Context
	stop   context.CancelFunc
	hands  chan struct{} // handshakes under way
	flight singleflight.Group
	work   sync.WaitGroup // goroutines of connections and rooms
	peers  func()         // stops serving other nodes

	mu       sync.Mutex
	draining bool
	conns    map[*conn]struct{}
	users    map[id.User][]*conn // the oldest first
	rooms    map[id.Party]*room
}

// New makes a hub, which works until ctx ends or Drain. It refuses to start
// when a frame of the catalogue has no handler or no line in the access table.
func New(ctx context.Context, c Config) (*Hub, error) {
	if c.Auth == nil || c.Parties == nil || c.Store == nil || c.Bus == nil {
		return nil, errors.New("hub: Auth, Parties, Store and Bus are needed")
	}
	if c.Now == nil {
		c.Now = clock.System
	}
	if c.Log == nil {
		c.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if c.Metrics == nil {
		c.Metrics = quiet{}
	}
	if c.Directory == nil {
		c.Directory = Solo{Node: "solo"}
	}
	c.MaxConns = cmp.Or(c.MaxConns, 20000)
	rs := handlers()
	if err := rs.check(wire.Catalogue()); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	h := &Hub{
		Config: c, time: newTimeline(c.Now), boot: id.Token()[:16], routes: rs, ctx: ctx, stop: stop,
		hands: make(chan struct{}, maxHandshakes), conns: map[*conn]struct{}{},
		users: map[id.User][]*conn{}, rooms: map[id.Party]*room{},
	}
	if c.Peers != nil {
		h.peers = c.Peers.serve(h)
	}
	return h, nil
}

// MS is this node's clock on the wire: server milliseconds.
func (h *Hub) MS() float64 { return h.time.ms() }

// Boot names this run of the clock.
func (h *Hub) Boot() string { return h.boot }

// place finds where p's room runs, and opens it here if nobody has it.
func (h *Hub) place(ctx context.Context, p id.Party) (place, error) {
	h.mu.Lock()
	r := h.rooms[p]
	h.mu.Unlock()
	if r != nil {
		return r, nil
	}
	owner, err := h.Directory.Acquire(ctx, p)
	if err != nil {
		return nil, fault.ErrUnavailable.Because(err).After(time.Second)
	}
	if owner != h.Directory.Self() && h.Peers != nil {
		return h.Peers.at(owner, p), nil
	}
	return h.open(ctx, p)
}

// open starts p's room. Callers that come together open it once.
func (h *Hub) open(ctx context.Context, p id.Party) (place, error) {
	v, err, _ := h.flight.Do(string(p), func() (any, error) {
		h.mu.Lock()
		r, draining := h.rooms[p], h.draining
		h.mu.Unlock()
		switch {
		case draining:
			return nil, errDraining.After(time.Second)
		case r != nil:
			return r, nil
		}
		// The first caller's leaving must not fail the others.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
		defer cancel()
		return h.start(ctx, p)
	})
	if err != nil {
		return nil, err
	}
	return v.(*room), nil
}

// forget takes a stopped room off the map.
func (h *Hub) forget(r *room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rooms[r.id] == r {
		delete(h.rooms, r.id)
		h.Metrics.Rooms(-1)
	}
}

// tries is how often a room that stopped in between is looked for again.
const tries = 4

// Do runs a command of REST in p's room, as the same frame would. The answer
// comes after the commit where the command writes.
func (h *Hub) Do(ctx context.Context, p id.Party, actor account.Identity, cmd wire.Command) (wire.Result, error) {
	for range tries {
		pl, err := h.place(ctx, p)
		if err != nil {
			return wire.Result{}, err
		}
		if res, err := pl.do(ctx, actor, cmd); !errors.Is(err, errStopped) {
			return res, err
		}
	}
	return wire.Result{}, errBusy.After(time.Second)
}

// Playback tells where p's film is.
func (h *Hub) Playback(ctx context.Context, p id.Party) (wire.Playback, error) {
	for range tries {
		pl, err := h.place(ctx, p)
		if err != nil {
			return wire.Playback{}, err
		}
		if v, err := pl.playback(ctx); !errors.Is(err, errStopped) {
			return v, err
		}
	}
	return wire.Playback{}, errBusy.After(time.Second)
}

// Online counts the people in p's room, as far as this node knows. It opens
// nothing.
func (h *Hub) Online(p id.Party) int {
	h.mu.Lock()
	r := h.rooms[p]
	h.mu.Unlock()
	switch {
	case r != nil:
		return r.online()
	case h.Peers != nil:
		return h.Peers.online(p)
	}
	return 0
}

// OnlineUser says whether the person has a connection to this node.
func (h *Hub) OnlineUser(u id.User) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.users[u]) > 0
}
