package bus_test

import (
	"encoding/json"
	"errors"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"watchparty/internal/bus"
	"watchparty/internal/bus/bustest"
	"watchparty/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var key = []byte("the key of all nodes")

func node(t *testing.T, address, prefix, name string, k []byte) *bus.Redis {
	t.Helper()
	c, err := bus.Client(address)
	if err != nil {
		t.Fatal(err)
	}
	b := bus.NewRedis(c, bus.RedisOptions{Node: name, Key: k, Prefix: prefix})
	t.Cleanup(func() {
		if err := errors.Join(b.Close(), c.Close()); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestMem(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(*testing.T) (bus.Bus, bus.Bus) { b := bus.NewMem(); return b, b })
}

func TestRedisWithOneNode(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(t *testing.T) (bus.Bus, bus.Bus) {
		address, prefix := testenv.Redis(t)
		b := node(t, address, prefix, "a", key)
		return b, b
	})
}

func TestRedisWithTwoNodes(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(t *testing.T) (bus.Bus, bus.Bus) {
		address, prefix := testenv.Redis(t)
		return node(t, address, prefix, "a", key), node(t, address, prefix, "b", key)
	})
}

// A name given twice by mistake must not make two nodes deaf to one another.
func TestRedisWithTwoNodesOfOneName(t *testing.T) {
	t.Parallel()
	address, prefix := testenv.Redis(t)
	from, to := node(t, address, prefix, "a", key), node(t, address, prefix, "a", key)
	in, _ := bustest.Listen(t, to, "x")
	publish(t, from, "hello")
	in.Wait(1)
}

func publish(t *testing.T, b bus.Bus, text string) {
	t.Helper()
	if err := b.Publish(t.Context(), bus.Message{Topic: "x", Data: []byte(text)}); err != nil {
		t.Fatal(err)
	}
}

func TestForgedMessagesAreIgnoredAndCounted(t *testing.T) {
	t.Parallel()
	address, prefix := testenv.Redis(t)
	b, other := node(t, address, prefix, "a", key), node(t, address, prefix, "b", key)
	stranger := node(t, address, prefix, "c", []byte("another key"))
	in, _ := bustest.Listen(t, b, "x")
	c, err := bus.Client(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()

	// Somebody records what goes by and says it again, here and on another topic.
	tap := c.Subscribe(t.Context(), prefix+"x")
	defer func() { _ = tap.Close() }()
	if _, err := tap.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	publish(t, other, "real")
	in.Wait(1)
	heard, err := tap.ReceiveMessage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, _ := bustest.Listen(t, b, "y")
	say := func(topic, raw string) {
		if err := c.Publish(t.Context(), prefix+topic, raw).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, raw := range []string{"", "x", "\x01", "\x01\xff", "\x02" + heard.Payload[1:], heard.Payload[:len(heard.Payload)-1], heard.Payload + "!"} {
		say("x", raw)
	}
	say("y", heard.Payload)
	publish(t, stranger, "from a stranger")
	say("x", heard.Payload)
	publish(t, other, "the end")
	if diff := cmp.Diff([]string{"real", "the end"}, in.Wait(2)); diff != "" {
		t.Error(diff)
	}
	if got := elsewhere.Got(); len(got) != 0 {
		t.Errorf("on the other topic came %q", got)
	}
	if s := b.Stats(); s.Forged != 9 || s.Stale != 1 || s.Taken != 2 {
		t.Errorf("counted %+v", s)
	}
}

func TestWithRedisGoneTheOwnNodeIsServedAndLaterAllAre(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	a, b := node(t, server.URL, "", "a", key), node(t, server.URL, "", "b", key)
	own, _ := bustest.Listen(t, a, "x")
	far, _ := bustest.Listen(t, b, "x")
	publish(t, a, "before")
	far.Wait(1)

	server.Kill()
	alone(t, a)
	if got := own.Got(); len(got) != 2 {
		t.Errorf("the own node heard %q", got)
	}
	// Whoever comes now hears at once what happens here, and later the rest.
	late := make(chan bus.Message, 64)
	ready, stop := b.Subscribe("late", func(m bus.Message) { late <- m })
	defer stop()
	_ = b.Publish(t.Context(), bus.Message{Topic: "late"})
	<-late

	server.Start()
	far.Until("word of the gap", func() bool { return far.Gaps() > 0 })
	<-ready
	again(t, a, far)
}

// alone publishes while Redis is out of reach.
func alone(t *testing.T, a bus.Bus) {
	t.Helper()
	began := time.Now()
	if err := a.Publish(t.Context(), bus.Message{Topic: "x", Data: []byte("alone")}); !errors.Is(err, bus.ErrAway) {
		t.Errorf("the publisher was told %v", err)
	}
	// 250 ms are promised; the rest is for a machine that is busy.
	if took := time.Since(began); took > time.Second {
		t.Errorf("the publisher waited %v", took)
	}
}

// again publishes until it goes through, as the sweeper of the outbox does.
func again(t *testing.T, a bus.Bus, far *bustest.Inbox) {
	t.Helper()
	n := len(far.Got())
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for a.Publish(t.Context(), bus.Message{Topic: "x", Data: []byte("after")}) != nil {
		<-tick.C
	}
	far.Wait(n + 1)
}

func TestAStoppedRedisIsNoticedAndWhatWasGivenUpDoesNotComeLate(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	a, b := node(t, server.URL, "", "a", key), node(t, server.URL, "", "b", key)
	far, _ := bustest.Listen(t, b, "x")
	publish(t, a, "before")
	far.Wait(1)

	signal(t, server, syscall.SIGSTOP)
	alone(t, a)
	eventually(t, "the subscription is given up", func() bool { return b.Stats().Cuts > 0 })
	signal(t, server, syscall.SIGCONT)
	far.Until("word of the gap", func() bool { return far.Gaps() > 0 })
	again(t, a, far)
	got := far.Got()
	for i, s := range got {
		if s == "alone" && i > 1 {
			t.Errorf("an old message came after newer ones: %q", got)
		}
	}
}

func signal(t *testing.T, s *testenv.RedisServer, sig syscall.Signal) {
	t.Helper()
	if err := s.Process().Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// eventually looks again and again where nothing tells of the event.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for !so() {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-late:
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

// A hole in the network: what is sent disappears and nobody says so.
func TestABlackHoleIsNoticedByItsSilence(t *testing.T) {
	t.Parallel()
	address, prefix := testenv.Redis(t)
	hole := newHole(t, address[len("redis://"):])
	a, b := node(t, address, prefix, "a", key), node(t, "redis://"+hole.addr, prefix, "b", key)
	far, _ := bustest.Listen(t, b, "x")
	publish(t, a, "before")
	far.Wait(1)
	hole.swallow()
	far.Until("word of the gap", func() bool { return far.Gaps() > 0 })
	again(t, a, far)
}

// hole passes connections on. After swallow the ones that there are pass
// nothing on any more, without ending; new ones do.
type hole struct {
	addr  string
	mu    sync.Mutex
	conns []*holed
}

type holed struct {
	net.Conn
	mu   sync.Mutex
	dead bool
}

func (h *holed) Write(b []byte) (int, error) {
	h.mu.Lock()
	dead := h.dead
	h.mu.Unlock()
	if dead {
		return len(b), nil
	}
	return h.Conn.Write(b)
}

func newHole(t *testing.T, to string) *hole {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hole{addr: l.Addr().String()}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				t.Error(err)
				return
			}
			a, b := &holed{Conn: in}, &holed{Conn: out}
			h.mu.Lock()
			h.conns = append(h.conns, a, b)
			h.mu.Unlock()
			wg.Go(func() { pipe(a, b) })
			wg.Go(func() { pipe(b, a) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		h.mu.Lock()
		for _, c := range h.conns {
			_ = c.Close()
		}
		h.mu.Unlock()
		wg.Wait()
	})
	return h
}

func pipe(to, from *holed) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			_ = to.Close()
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			_ = from.Close()
			return
		}
	}
}

func (h *hole) swallow() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		c.mu.Lock()
		c.dead = true
		c.mu.Unlock()
	}
}

func TestAnAddressThatIsNoneIsRefusedWithoutShowingIt(t *testing.T) {
	t.Parallel()
	_, err := bus.Client("redis://user:s3cret@[bad")
	if err == nil {
		t.Fatal("it was taken")
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the secret is shown: %v", err)
	}
}

func TestAFactSurvivesTheWay(t *testing.T) {
	t.Parallel()
	f := bus.Fact{ID: "1", Topic: "party:1", Kind: "party.changed", At: time.Unix(5, 0).UTC(), Data: json.RawMessage(`{"a":1}`)}
	m, err := f.Message()
	if err != nil {
		t.Fatal(err)
	}
	got, err := bus.ParseFact(m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f, got); diff != "" {
		t.Error(diff)
	}
	if _, err := bus.ParseFact(bus.Message{Topic: "x", Data: []byte("{")}); err == nil {
		t.Error("a broken fact was read")
	}
}
