package hubtest

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// patience is how long a client waits for a frame: long on a loaded machine,
// nothing in a bubble.
const patience = 20 * time.Second

// Frame is what a client got.
type Frame struct {
	Type string          `json:"type"`
	Re   string          `json:"re"`
	Room string          `json:"room"`
	Seq  int64           `json:"seq"`
	ST   float64         `json:"st"`
	Data json.RawMessage `json:"data"`
}

// Client is one connection of one person.
type Client struct {
	Who   account.Identity
	Hello wire.Hello
	t     testing.TB
	ws    *websocket.Conn
	n     int
	room  string

	mu   sync.Mutex
	got  []Frame // not expected yet
	seqs []int64 // of log frames, as they came
	all  []byte  // every byte that came
	code int     // of the close
	over bool
	wake chan struct{}
}

// Dial connects somebody with an access token.
func (w *World) Dial(t testing.TB, who account.Identity) *Client {
	t.Helper()
	c, _, err := w.Connect(t, "/ws", http.Header{"Authorization": {"Bearer " + Token(who)}}, wire.Subprotocol)
	if err != nil {
		t.Fatal(err)
	}
	c.Who = who
	c.Hello = Expect(c, wire.HelloDown)
	return c
}

// Connect makes any handshake. The client reads from the start.
func (w *World) Connect(t testing.TB, path string, header http.Header, protocols ...string) (*Client, *http.Response, error) {
	t.Helper()
	ws, res, err := w.Raw(t, path, header, protocols...)
	if err != nil {
		return nil, res, err
	}
	c := &Client{t: t, ws: ws, wake: make(chan struct{}, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.read(context.WithoutCancel(t.Context()))
	}()
	t.Cleanup(func() {
		_ = ws.CloseNow()
		<-done
	})
	return c, res, nil
}

// Raw makes a handshake and leaves the reading to the test.
func (w *World) Raw(t testing.TB, path string, header http.Header, protocols ...string) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	tr := &http.Transport{DialContext: w.dial}
	t.Cleanup(tr.CloseIdleConnections)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	ws, res, err := websocket.Dial(ctx, "ws://"+w.Addr+path, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: tr}, HTTPHeader: header, Subprotocols: protocols,
	})
	if err == nil {
		ws.SetReadLimit(8 << 20)
		t.Cleanup(func() { _ = ws.CloseNow() })
	}
	return ws, res, err
}

func (c *Client) read(ctx context.Context) {
	for {
		_, b, err := c.ws.Read(ctx)
		c.mu.Lock()
		if err != nil {
			c.over = true
			c.code = int(websocket.CloseStatus(err))
		} else {
			c.all = append(c.all, b...)
			var f Frame
			if err := json.Unmarshal(b, &f); err != nil {
				c.t.Errorf("a frame that is not JSON: %q", b)
			}
			if f.Seq > 0 {
				c.seqs = append(c.seqs, f.Seq)
			}
			c.got = append(c.got, f)
		}
		c.mu.Unlock()
		select {
		case c.wake <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// Join enters a party's room and gives the welcome.
func (c *Client) Join(p id.Party) wire.Welcome {
	c.t.Helper()
	return c.Resume(p, "", 0)
}

// Resume comes back to a room.
func (c *Client) Resume(p id.Party, epoch string, seq int64) wire.Welcome {
	c.t.Helper()
	c.room = wire.PartyRoom(string(p))
	c.Send("party.join", wire.Join{Party: p, Epoch: epoch, Seq: seq})
	return Expect(c, wire.PartyWelcome)
}

// Send sends a frame and gives its id.
func (c *Client) Send(kind string, data any) string {
	c.t.Helper()
	return c.SendOp(kind, "", data)
}

// SendOp sends a frame with an op id.
func (c *Client) SendOp(kind, op string, data any) string {
	c.t.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		c.t.Fatal(err)
	}
	c.n++
	up := wire.Up{Type: kind, ID: strconv.Itoa(c.n), Op: op, Room: c.room, Data: raw}
	if kind == "party.join" || kind == "ping" {
		up.Room = ""
	}
	b, err := json.Marshal(up)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.Write(b); err != nil {
		c.t.Fatalf("send %s: %v", kind, err)
	}
	return up.ID
}

// Write sends bytes as they are.
func (c *Client) Write(b []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.t.Context()), patience)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageText, b)
}

// Until waits until a frame that fits has come, and takes it and none else.
func (c *Client) Until(what string, fits func(Frame) bool) Frame {
	c.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		c.mu.Lock()
		for i, f := range c.got {
			if fits(f) {
				c.got = append(c.got[:i:i], c.got[i+1:]...)
				c.mu.Unlock()
				return f
			}
		}
		over, code, had := c.over, c.code, len(c.got)
		c.mu.Unlock()
		if over {
			c.t.Fatalf("%s waited for %s, but the connection ended with %d", c.Who.Name, what, code)
		}
		select {
		case <-c.wake:
		case <-limit.C:
			c.t.Fatalf("%s waited for %s in vain; %d others came: %v", c.Who.Name, what, had, c.Types())
		}
	}
}

// Within is Until for what may not come in d.
func (c *Client) Within(d time.Duration, fits func(Frame) bool) (Frame, bool) {
	c.t.Helper()
	limit := time.NewTimer(d)
	defer limit.Stop()
	for {
		c.mu.Lock()
		for i, f := range c.got {
			if fits(f) {
				c.got = append(c.got[:i:i], c.got[i+1:]...)
				c.mu.Unlock()
				return f, true
			}
		}
		c.mu.Unlock()
		select {
		case <-c.wake:
		case <-limit.C:
			return Frame{}, false
		}
	}
}

// Data reads what a frame carries.
func Data[T any](c *Client, f Frame) T {
	c.t.Helper()
	var v T
	if err := json.Unmarshal(f.Data, &v); err != nil {
		c.t.Fatalf("%s: %v: %s", f.Type, err, f.Data)
	}
	return v
}

// Expect takes the next frame of a kind. Frames of other kinds wait.
func Expect[T any](c *Client, kind wire.Frame[T]) T {
	c.t.Helper()
	return ExpectThat(c, kind, func(T) bool { return true })
}

// ExpectThat takes the next frame of a kind that fits.
func ExpectThat[T any](c *Client, kind wire.Frame[T], fits func(T) bool) T {
	c.t.Helper()
	var v T
	c.Until(kind.Name, func(f Frame) bool {
		if f.Type != kind.Name {
			return false
		}
		var x T
		if err := json.Unmarshal(f.Data, &x); err != nil {
			c.t.Fatalf("%s: %v: %s", f.Type, err, f.Data)
		}
		if !fits(x) {
			return false
		}
		v = x
		return true
	})
	return v
}

// Ack takes the answer to a frame, which must not be an error.
func (c *Client) Ack(re string) wire.Ack {
	c.t.Helper()
	f := c.Until("answer to "+re, func(f Frame) bool { return f.Re == re })
	if f.Type != "ack" {
		c.t.Fatalf("the answer to %s is %s %s", re, f.Type, f.Data)
	}
	var a wire.Ack
	if err := json.Unmarshal(f.Data, &a); err != nil {
		c.t.Fatal(err)
	}
	return a
}

// Refused takes the answer to a frame, which must be an error.
func (c *Client) Refused(re string) fault.Problem {
	c.t.Helper()
	f := c.Until("refusal of "+re, func(f Frame) bool { return f.Re == re })
	var x wire.Failed
	if err := json.Unmarshal(f.Data, &x); err != nil || f.Type != "error" {
		c.t.Fatalf("the answer to %q is %s %s", re, f.Type, f.Data)
	}
	return x.Problem
}

// Closed waits for the end of the connection and gives its code.
func (c *Client) Closed() int {
	c.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		c.mu.Lock()
		over, code := c.over, c.code
		c.mu.Unlock()
		if over {
			return code
		}
		select {
		case <-c.wake:
		case <-limit.C:
			c.t.Fatalf("the connection of %s does not end", c.Who.Name)
		}
	}
}

// Cut ends the connection without a word.
func (c *Client) Cut() { _ = c.ws.CloseNow() }

// Types lists the kinds of the frames that nobody expected so far.
func (c *Client) Types() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, f := range c.got {
		out = append(out, f.Type)
	}
	return out
}

// Bytes gives every byte that came, frame after frame.
func (c *Client) Bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

// Seqs lists the places of the log frames that came, in their order.
func (c *Client) Seqs() []int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]int64(nil), c.seqs...)
}
