package hub

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"runtime/debug"
	"sync"

	"github.com/coder/websocket"

	"watchparty/hub/dialect"
	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

// socket is the way to and from one browser, message by message.
type socket interface {
	Read(ctx context.Context) (websocket.MessageType, []byte, error)
	Write(ctx context.Context, kind websocket.MessageType, b []byte) error
	Ping(ctx context.Context) error
	Close(code websocket.StatusCode, reason string) error
	CloseNow() error
	SetReadLimit(n int64)
}

// Finder finds the party that an address of the original names: by a room
// code, by the id of its voice room or of one of its shares. What who may not
// see is not found.
type Finder interface {
	FindParty(ctx context.Context, who account.Identity, target dialect.Target, name string) (id.Party, error)
}

var errForeignOver = errors.New("hub: the party is over for a client of an old route")

// foreign is the socket of a client that speaks an old route's words. All that
// the connection writes is translated on its way out, what the client sends on
// its way in; in between it is a connection like any other.
type foreign struct {
	*websocket.Conn
	route dialect.Route
	conn  *conn // set before anybody writes

	mu      sync.Mutex
	speaker *dialect.Speaker // nil until the party is known
}

// foreignRoute finds the dialect of a request; ours is nil.
func foreignRoute(r *http.Request) (*dialect.Route, bool) {
	if r.URL.Path == "/ws" || r.URL.Path == "/ws/" {
		return nil, true
	}
	route, ok := dialect.ParseRoute(r.URL.Path)
	if !ok {
		return nil, false
	}
	flavour := r.URL.Query().Get("dialect")
	if flavour == "" {
		flavour = r.Header.Get("X-Client-Dialect")
	}
	route.Flat = flavour == "m"
	return &route, true
}

// enter finds the party and joins it in the client's name. Whoever may not, and
// whoever asks for what is not there, is sent away in the same words.
func (f *foreign) enter() {
	c := f.conn
	if f.route.Target == dialect.ByNobody {
		f.speak("")
		return
	}
	p, err := f.find()
	if err == nil {
		f.speak(p)
		err = c.route(f.speaker.Join(), c.hub.time.ms())
	}
	if err != nil && !f.waits(err) {
		f.refuse(err)
	}
}

// speak begins to translate.
func (f *foreign) speak(p id.Party) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.speaker = dialect.New(f.route, userOf(f.conn.who), p, f.conn.hub.time.ms, func() []wire.User { return f.members(p) })
}

// waits keeps a connection whose person has knocked, where the route is for
// those who wait.
func (f *foreign) waits(err error) bool {
	if !errors.Is(err, party.ErrPending) {
		return false
	}
	f.mu.Lock()
	told, here := f.speaker.Wait()
	f.mu.Unlock()
	if here {
		ctx, cancel := context.WithTimeout(f.conn.ctx, writeWithin)
		defer cancel()
		here = f.send(ctx, websocket.MessageText, told) == nil
	}
	return here
}

func (f *foreign) refuse(err error) {
	c := f.conn
	switch kind := fault.Of(err).Kind; kind {
	case fault.Unavailable, fault.TooMany:
		c.shut(wire.CloseBusy)
	case fault.Internal:
		c.hub.Log.Error("a client of an old route could not join", "conn", c.id, "err", err)
		c.shut(wire.CloseFailure)
	default:
		c.shut(wire.CloseNoAccess)
	}
}

// members reads who is in the party, for a name that was not told yet. It runs
// where frames are written, so it may wait.
func (f *foreign) members(p id.Party) []wire.User {
	ctx, cancel := context.WithTimeout(f.conn.ctx, storeWithin)
	defer cancel()
	_, all, _, err := f.conn.hub.Parties.Load(ctx, p)
	if err != nil {
		f.conn.hub.Log.Warn("the names of a party could not be read", "party", p, "err", err)
	}
	out := make([]wire.User, len(all))
	for i, m := range all {
		out[i] = wire.UserOf(m.Person)
	}
	return out
}

func (f *foreign) find() (id.Party, error) {
	if f.route.Target == dialect.ByParty {
		if p, err := id.Parse[id.Party](f.route.Name); err == nil {
			return p, nil
		}
	}
	h := f.conn.hub
	if h.Finder == nil {
		return "", fault.ErrNotFound
	}
	ctx, cancel := context.WithTimeout(f.conn.ctx, storeWithin)
	defer cancel()
	return h.Finder.FindParty(ctx, f.conn.who, f.route.Target, f.route.Name)
}

// take runs one message of the client.
func (f *foreign) take(b []byte, at float64) {
	c := f.conn
	f.mu.Lock()
	if f.speaker == nil {
		f.mu.Unlock()
		return // it is being sent away
	}
	ups, err := f.speaker.Up(b)
	f.mu.Unlock()
	switch {
	case err != nil:
		c.refuse(ups[0], err)
	case len(ups) == 0:
		if err := c.limit.all.take(c.hub.Now()); err != nil {
			c.refuse(wire.Up{}, err)
		}
	}
	if err == nil {
		f.run(ups, at)
	}
}

// run runs frames in the client's name.
func (f *foreign) run(ups []wire.Up, at float64) {
	for _, up := range ups {
		if err := f.conn.route(up, at); err != nil {
			f.conn.refuse(up, err)
		}
	}
}

// Write translates a frame of ours and sends what the client is to know of it.
func (f *foreign) Write(ctx context.Context, kind websocket.MessageType, b []byte) error {
	t, err := f.translate(b)
	if err != nil {
		return err
	}
	if err := f.send(ctx, kind, t.Out); err != nil {
		return err
	}
	f.run(t.Up, f.conn.hub.time.ms())
	if t.End != nil {
		f.conn.hub.Metrics.Closed(t.End.Code)
		_ = f.Conn.Close(websocket.StatusCode(t.End.Code), t.End.Word)
		return errForeignOver
	}
	return nil
}

// translate keeps a mistake of a translator from ending more than its own
// connection.
func (f *foreign) translate(b []byte) (t dialect.Turn, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer func() {
		if x := recover(); x != nil {
			f.conn.hub.Log.Error("panic in a translator", "conn", f.conn.id, "panic", x, "stack", string(debug.Stack()))
			end := dialect.EndFor(wire.CloseFailure.Code, wire.CloseFailure.Word)
			t, err = dialect.Turn{End: &end}, nil
		}
	}()
	if f.speaker == nil {
		return t, nil
	}
	t, err = f.speaker.Down(b)
	if err != nil {
		f.conn.hub.Log.Error("a frame cannot be translated", "conn", f.conn.id, "err", err)
	}
	return t, err
}

func (f *foreign) send(ctx context.Context, kind websocket.MessageType, out []dialect.Message) error {
	for _, m := range out {
		b, err := json.Marshal(m)
		if err != nil {
			f.conn.hub.Log.Error("a message cannot be encoded", "conn", f.conn.id, "err", err)
			continue
		}
		if err := f.Conn.Write(ctx, kind, b); err != nil {
			return err
		}
	}
	return nil
}

// Ping also sends the beat that older clients wait for.
func (f *foreign) Ping(ctx context.Context) error {
	f.mu.Lock()
	var beat []dialect.Message
	if f.speaker != nil {
		beat = f.speaker.Beat()
	}
	f.mu.Unlock()
	if err := f.send(ctx, websocket.MessageText, beat); err != nil {
		return err
	}
	return f.Conn.Ping(ctx)
}

// Close ends the connection in the original's numbers.
func (f *foreign) Close(code websocket.StatusCode, reason string) error {
	end := dialect.EndFor(int(code), reason)
	return f.Conn.Close(websocket.StatusCode(end.Code), end.Word)
}
