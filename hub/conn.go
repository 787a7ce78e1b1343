package hub

import (
	"context"
	"errors"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"watchparty/hub/splice"
	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// conn is one browser: a loop that reads, a pump that writes, and a seat in
// each room that it joined.
type conn struct {
	hub     *Hub
	id      string
	session string
	who     account.Identity
	ws      socket
	spliced *splice.Conn // what data frames go through; nil: through ws
	out     *queue
	side    sync.WaitGroup // its goroutines
	bye     sync.Once      // the close frame
	ctx     context.Context
	cancel  context.CancelFunc
	limit   connLimit
	// unsubscribe ends the listening to the person's topic.
	unsubscribe func()

	mu    sync.Mutex
	meter meter
	seats map[id.Party]seat
	over  bool // nothing more begins
}

// serve runs the connection to its end.
func (c *conn) serve() {
	if c.spliced == nil {
		c.side.Go(c.pump)
	}
	c.side.Go(c.beat)
	c.deliver(encode(wire.HelloDown, wire.Down{ST: c.hub.time.ms()}, wire.Hello{
		Session: c.session, Boot: c.hub.boot, Heartbeat: int(heartbeat / time.Second), User: userOf(c.who), Now: c.hub.time.ms(),
	}))
	if f, ok := c.ws.(*foreign); ok {
		f.enter()
	}
	c.read()
	c.cancel()
	for _, s := range c.takeSeats() {
		s.leave(false)
	}
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	c.side.Wait()
	_ = c.ws.CloseNow()
	c.unsubscribe()
	c.hub.dismiss(c)
}

func userOf(who account.Identity) wire.User {
	return wire.User{ID: who.User, Username: who.Username, Name: who.Name, Avatar: who.Avatar, IsGuest: who.Guest()}
}

// read takes frames until the connection ends.
func (c *conn) read() {
	for {
		kind, b, err := c.ws.Read(c.ctx)
		at := c.hub.time.ms()
		if err != nil {
			return
		}
		if kind != websocket.MessageText || !utf8.Valid(b) {
			c.shut(wire.CloseProtocol)
			// The pump says goodbye; what still comes is not looked at.
			c.discard()
			return
		}
		c.take(b, at)
	}
}

func (c *conn) discard() {
	for {
		if _, _, err := c.ws.Read(c.ctx); err != nil {
			return
		}
	}
}

// take runs one frame. at is when it was read, in server milliseconds.
func (c *conn) take(b []byte, at float64) {
	defer func() {
		if x := recover(); x != nil {
			c.hub.Log.Error("panic in a connection", "conn", c.id, "panic", x, "stack", string(debug.Stack()))
			c.shut(wire.CloseFailure)
		}
	}()
	if f, ok := c.ws.(*foreign); ok {
		f.take(b, at)
		return
	}
	up, err := parse(b)
	if err == nil {
		err = c.route(up, at)
	}
	if err != nil {
		c.refuse(up, err)
	}
}

func (c *conn) route(up wire.Up, at float64) error {
	route, known := c.hub.routes[up.Type]
	if !known {
		return errUnknown
	}
	c.hub.Metrics.Received(up.Type)
	if len(up.Data) > dataLimit && up.Type != wire.VoiceJoinUp.Name && up.Type != wire.VoiceOfferUp.Name {
		return errTooLong
	}
	bucket := c.limit.all
	if up.Type == wire.PingUp.Name {
		bucket = c.limit.pings
	}
	if err := bucket.take(c.hub.Now()); err != nil {
		return err
	}
	c.mu.Lock()
	if up.C1 != 0 {
		c.meter.sample(up.C1, at)
	}
	a := arrival{Up: up, At: at, Quality: c.meter.quality()}
	c.mu.Unlock()
	if route.conn != nil {
		if err := access.Check(c.who.Site, access.None, route.needs, nil); err != nil {
			return err
		}
		return route.conn(c, a)
	}
	s, err := c.seatFor(up.Room)
	if err != nil {
		return err
	}
	s.frame(a)
	return nil
}

// refuse answers a frame with what is wrong with it.
func (c *conn) refuse(up wire.Up, err error) {
	p := fault.ProblemOf(err, c.id)
	if p.Status >= 500 && fault.Of(err).Kind == fault.Internal {
		c.hub.Log.Error("frame failed", "type", up.Type, "conn", c.id, "err", err)
	}
	f := encode(wire.ErrorDown, wire.Down{Re: up.ID, Room: up.Room, ST: c.hub.time.ms()}, wire.Failed{Problem: p})
	f.refusal = true
	c.deliver(f)
}

// seatFor finds the seat that a frame's room means; without a room, the only
// one that there is.
func (c *conn) seatFor(room string) (seat, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if room == "" && len(c.seats) == 1 {
		for _, s := range c.seats {
			return s, nil
		}
	}
	p, ok := strings.CutPrefix(room, "party:")
	if s := c.seats[id.Party(p)]; ok && s != nil {
		return s, nil
	}
	return nil, errNotJoined
}

func (c *conn) takeSeats() []seat {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]seat, 0, len(c.seats))
	for _, s := range c.seats {
		all = append(all, s)
	}
	clear(c.seats)
	return all
}

// ping answers with the server's clock. The pump stamps s3.
func (c *conn) ping(a arrival, v wire.Ping) error {
	c.mu.Lock()
	if a.Up.C1 == 0 {
		c.meter.sample(v.C1, a.At)
	}
	u := c.meter.uplink()
	c.mu.Unlock()
	c.out.pong(pong{re: a.Up.ID, data: wire.Pong{N: v.N, C1: v.C1, S2: a.At, U: u}})
	c.flush()
	return nil
}

// join asks the party's rules for leave and the room for a seat.
func (c *conn) join(a arrival, v wire.Join) error {
	p, err := id.Parse[id.Party](string(v.Party))
	if err != nil {
		return err
	}
	v.Party = p
	c.mu.Lock()
	full := c.seats[p] == nil && len(c.seats) >= maxConnRooms
	c.mu.Unlock()
	if full {
		return errRooms
	}
	ctx, cancel := context.WithTimeout(c.ctx, storeWithin)
	defer cancel()
	_, m, err := c.hub.Parties.Enter(ctx, p, c.who)
	if err != nil {
		return err
	}
	e := entrance{Who: c.who, Member: m, Session: c.session, Re: a.Up.ID, Join: v, Quality: a.Quality}
	for range tries {
		pl, err := c.hub.place(ctx, p)
		if err != nil {
			return err
		}
		if s := pl.enter(c, e); s != nil {
			c.mu.Lock()
			old := c.seats[p]
			c.seats[p] = s
			c.mu.Unlock()
			if r, ok := old.(*relaySeat); ok {
				r.retire()
			}
			return nil
		}
	}
	return errBusy.After(time.Second)
}

// part leaves a room on purpose.
func (c *conn) part(a arrival, _ wire.Empty) error {
	s, err := c.seatFor(a.Up.Room)
	if err != nil {
		return err
	}
	c.mu.Lock()
	for p, x := range c.seats {
		if x == s {
			delete(c.seats, p)
		}
	}
	c.mu.Unlock()
	s.leave(true)
	if a.Up.ID != "" {
		c.deliver(encode(wire.AckDown, wire.Down{Re: a.Up.ID, Room: a.Up.Room, ST: c.hub.time.ms()}, wire.Ack{}))
	}
	return nil
}

func (c *conn) key() string { return c.id }

func (c *conn) hold(f *frame) {
	if f.refusal && c.limit.abuse.take(c.hub.Now()) != nil {
		c.out.close(wire.CloseRate, false)
		return
	}
	c.out.push(f)
}

// deliver sends one frame.
func (c *conn) deliver(f *frame) {
	c.hold(f)
	c.flush()
}

func (c *conn) close(reason wire.CloseReason) { c.shut(reason) }

func (c *conn) unseat(p id.Party, f *frame) {
	c.mu.Lock()
	delete(c.seats, p)
	c.mu.Unlock()
	c.deliver(f)
}

// shut ends the connection after what is queued was written.
func (c *conn) shut(reason wire.CloseReason) {
	c.out.close(reason, false)
	c.flush()
}

// beat pings, which also measures the round trip. A browser that does not
// answer is cut.
func (c *conn) beat() {
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(c.ctx, pongWithin)
		sent := c.hub.time.ms()
		err := c.ws.Ping(ctx)
		cancel()
		if err != nil {
			if errors.Is(err, context.DeadlineExceeded) && c.ctx.Err() == nil {
				c.hub.Log.Debug("no pong", "conn", c.id)
			}
			c.cancel()
			return
		}
		c.mu.Lock()
		c.meter.trip(c.hub.time.ms() - sent)
		c.mu.Unlock()
		tick.Reset(heartbeat)
	}
}
