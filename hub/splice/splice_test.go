package splice_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"watchparty/hub/splice"
	"watchparty/internal/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ends is a connection with both its ends.
type ends struct {
	client *websocket.Conn
	server *websocket.Conn
	room   *splice.Conn
	ready  chan struct{}
}

// dial connects a client to a server that was spliced.
func dial(t testing.TB, within time.Duration, mode websocket.CompressionMode) ends {
	t.Helper()
	e := ends{ready: make(chan struct{}, 64)}
	got := make(chan struct{})
	over := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := splice.Wrap(w, splice.Options{Now: clock.System, Within: within, Ready: func() { e.ready <- struct{}{} }})
		ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{CompressionMode: mode})
		if err != nil {
			t.Error(err)
			close(got)
			return
		}
		e.server, e.room = ws, h.Conn()
		close(got)
		<-over
		_ = ws.CloseNow()
	}))
	var err error
	e.client, _, err = websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http"), &websocket.DialOptions{CompressionMode: mode})
	if err != nil {
		t.Fatal(err)
	}
	e.client.SetReadLimit(32 << 20)
	<-got
	if e.room == nil {
		t.Fatal("not spliced")
	}
	t.Cleanup(func() {
		close(over)
		_ = e.client.CloseNow()
		s.Close()
	})
	return e
}

func text(t *testing.T, c *websocket.Conn) string {
	t.Helper()
	kind, b, err := c.Read(t.Context())
	if err != nil || kind != websocket.MessageText {
		t.Fatalf("%v %v", kind, err)
	}
	return string(b)
}

func TestFramesOfEverySizeArriveWholeAndInOrder(t *testing.T) {
	t.Parallel()
	for _, mode := range []websocket.CompressionMode{websocket.CompressionDisabled, websocket.CompressionNoContextTakeover} {
		e := dial(t, 10*time.Second, mode)
		make := splice.Text
		if mode != websocket.CompressionDisabled {
			make = splice.Deflated
		}
		for _, n := range []int{0, 1, 125, 126, 127, 65535, 65536, 1 << 20} {
			want := strings.Repeat("ü€x", n)[:n]
			if err := e.room.Send(make([]byte(want))); err != nil {
				t.Fatal(err)
			}
			if got := text(t, e.client); got != want {
				t.Fatalf("%v: %d bytes came, want %d", mode, len(got), n)
			}
		}
	}
}

func TestSeveralFramesGoInOneCall(t *testing.T) {
	t.Parallel()
	e := dial(t, time.Second, websocket.CompressionDisabled)
	var all []byte
	for n := range 64 {
		all = append(all, splice.Text(fmt.Appendf(nil, `{"n":%d}`, n))...)
	}
	if err := e.room.Send(all); err != nil {
		t.Fatal(err)
	}
	for n := range 64 {
		if got, want := text(t, e.client), fmt.Sprintf(`{"n":%d}`, n); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
}

func TestASlowReaderMissesNothingAndPingsTearNoFrame(t *testing.T) {
	t.Parallel()
	e := dial(t, time.Minute, websocket.CompressionDisabled)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	// The server reads, so that pongs are taken, and pings all the time.
	go func() { _, _, _ = e.server.Read(ctx) }()
	pings := make(chan int)
	go func() {
		n := 0
		for ctx.Err() == nil {
			if e.server.Ping(ctx) == nil {
				n++
			}
		}
		pings <- n
	}()
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<10)
	const frames = 2000
	busy := 0
	wrote := make(chan error, 1)
	began := make(chan struct{})
	go func() {
		for n := range frames {
			if err := e.room.Send(splice.Text(append(fmt.Appendf(nil, "%d ", n), body...))); err != nil {
				wrote <- err
				return
			}
			if e.room.Busy() {
				if busy++; busy == 1 {
					close(began) // only now the client reads
				}
				<-e.ready
			}
		}
		wrote <- nil
	}()
	<-began
	for n := range frames {
		got := text(t, e.client)
		if head, rest, _ := strings.Cut(got, " "); head != fmt.Sprint(n) || rest != string(body) {
			t.Fatalf("frame %d is %.20q of %d bytes", n, got, len(got))
		}
	}
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	stop()
	_, _, _ = e.client.Read(ctx) // answers what is under way
	if n := <-pings; n == 0 || busy == 0 {
		t.Errorf("%d pings, busy %d times: nothing was tried", n, busy)
	}
}

func TestAReaderThatNeverReadsIsCutAfterItsTime(t *testing.T) {
	t.Parallel()
	e := dial(t, 100*time.Millisecond, websocket.CompressionDisabled)
	body := splice.Text(bytes.Repeat([]byte("x"), 1<<20))
	for {
		if err := e.room.Send(body); errors.Is(err, splice.ErrShut) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if e.room.Busy() {
			<-e.ready
		}
	}
	if _, err := e.room.Write([]byte{0x89, 0}); !errors.Is(err, splice.ErrShut) {
		t.Errorf("a ping: %v", err)
	}
}

func TestNothingFollowsACloseFrame(t *testing.T) {
	t.Parallel()
	e := dial(t, time.Second, websocket.CompressionDisabled)
	if err := e.room.Send(splice.Text([]byte("last"))); err != nil {
		t.Fatal(err)
	}
	go func() { _ = e.server.Close(4200, "moved") }()
	if got := text(t, e.client); got != "last" {
		t.Fatal(got)
	}
	_, _, err := e.client.Read(t.Context())
	if websocket.CloseStatus(err) != 4200 {
		t.Fatal(err)
	}
	if err := e.room.Send(splice.Text([]byte("more"))); !errors.Is(err, splice.ErrShut) {
		t.Fatal(err)
	}
}

func TestWhatCameWithTheHandshakeIsRead(t *testing.T) {
	t.Parallel()
	read := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := splice.Wrap(w, splice.Options{Now: clock.System, Within: time.Second, Ready: func() {}})
		ws, err := websocket.Accept(h, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		_, b, err := ws.Read(r.Context())
		if err != nil {
			t.Error(err)
		}
		read <- string(b)
		_ = ws.CloseNow()
	}))
	defer s.Close()
	long := strings.Repeat("y", 2000) // more than the library's buffer
	frame := append([]byte{0x81, 0x80 | 126, 2000 >> 8, 2000 & 0xff, 0, 0, 0, 0}, long...)
	knock(t, s, frame...)
	if got := <-read; got != long {
		t.Fatalf("%d bytes", len(got))
	}
}

func TestSendingAllocatesNothing(t *testing.T) {
	got := make(chan *splice.Conn, 1)
	over := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := splice.Wrap(w, splice.Options{Now: clock.System, Within: time.Second, Ready: func() {}})
		ws, err := websocket.Accept(h, r, nil)
		if err != nil {
			t.Error(err)
		}
		got <- h.Conn()
		<-over
		_ = ws.CloseNow()
	}))
	defer s.Close()
	defer close(over)
	// All allocations of the process are counted, so this client makes none.
	nc := knock(t, s)
	room := <-got
	go func() {
		b := make([]byte, 64<<10)
		for {
			if _, err := nc.Read(b); err != nil {
				return
			}
		}
	}()
	f := splice.Text(bytes.Repeat([]byte("x"), 128))
	n := testing.AllocsPerRun(500, func() {
		if room.Busy() {
			return
		}
		if err := room.Send(f); err != nil {
			t.Fatal(err)
		}
	})
	if n >= 1 {
		t.Errorf("%.1f allocations a call", n)
	}
}

// knock asks for an upgrade by hand; what more is given goes in the same packet.
func knock(t *testing.T, s *httptest.Server, more ...byte) net.Conn {
	t.Helper()
	nc, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	head := "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	if _, err := nc.Write(append([]byte(head), more...)); err != nil {
		t.Fatal(err)
	}
	return nc
}

// BenchmarkAway is one call to one member by each way, in CPU of both ends.
func BenchmarkAway(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 128)
	run := func(b *testing.B, write func(e ends) error) {
		e := dial(b, time.Minute, websocket.CompressionDisabled)
		go func() {
			for {
				if _, _, err := e.client.Read(b.Context()); err != nil {
					return
				}
			}
		}()
		b.ReportAllocs()
		for b.Loop() {
			if err := write(e); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("library", func(b *testing.B) {
		run(b, func(e ends) error {
			ctx, cancel := context.WithTimeout(b.Context(), time.Second)
			defer cancel()
			return e.server.Write(ctx, websocket.MessageText, body)
		})
	})
	send := func(f []byte) func(ends) error {
		return func(e ends) error {
			if e.room.Busy() {
				<-e.ready
			}
			return e.room.Send(f)
		}
	}
	one := splice.Text(body)
	b.Run("one frame", func(b *testing.B) { run(b, send(one)) })
	b.Run("sixteen frames", func(b *testing.B) { run(b, send(bytes.Repeat(one, 16))) })
}
