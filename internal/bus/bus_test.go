package bus_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"watchparty/internal/bus"
	"watchparty/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func client(t *testing.T, address string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	o.DialTimeout, o.ReadTimeout, o.MaxRetries = 250*time.Millisecond, 250*time.Millisecond, -1
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func node(t *testing.T, address, prefix, name string) *bus.Redis {
	t.Helper()
	b := bus.NewRedis(client(t, address), bus.RedisOptions{Node: name, Key: []byte("the key of all nodes"), Prefix: prefix})
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// pair gives a bus to publish on and one to listen on.
var pairs = map[string]func(t *testing.T) (from, to bus.Bus){
	"memory": func(*testing.T) (bus.Bus, bus.Bus) { b := bus.NewMem(); return b, b },
	"redis, one node": func(t *testing.T) (bus.Bus, bus.Bus) {
		address, prefix := testenv.Redis(t)
		b := node(t, address, prefix, "a")
		return b, b
	},
	"redis, two nodes": func(t *testing.T) (bus.Bus, bus.Bus) {
		address, prefix := testenv.Redis(t)
		return node(t, address, prefix, "a"), node(t, address, prefix, "b")
	},
}

// inbox collects messages and lets a test wait for them.
type inbox struct {
	mu  sync.Mutex
	got []string
	new chan struct{}
}

func listen(t *testing.T, b bus.Bus, topic string) (*inbox, func()) {
	t.Helper()
	in := &inbox{new: make(chan struct{}, 1)}
	ready, stop := b.Subscribe(topic, func(m bus.Message) {
		in.mu.Lock()
		in.got = append(in.got, string(m.Data))
		in.mu.Unlock()
		select {
		case in.new <- struct{}{}:
		default:
		}
	})
	t.Cleanup(stop)
	select {
	case <-ready:
	case <-time.After(10 * time.Second):
		t.Fatal("the subscription never came into force")
	}
	return in, stop
}

func (in *inbox) until(t *testing.T, n int) []string {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		in.mu.Lock()
		got := append([]string(nil), in.got...)
		in.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-in.new:
		case <-late:
			t.Fatalf("only %d of %d messages came", len(got), n)
		}
	}
}

func TestMessagesArriveOnceAndInOrder(t *testing.T) {
	t.Parallel()
	for name, make := range pairs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := make(t)
			a, _ := listen(t, to, "a")
			other, _ := listen(t, to, "b")
			var want []string
			for i := range 500 {
				want = append(want, strconv.Itoa(i))
				msgs := []bus.Message{{Topic: "a", Data: []byte(want[i])}}
				if i == 250 {
					msgs = append(msgs, bus.Message{Topic: "b", Data: []byte("x")})
				}
				if err := from.Publish(t.Context(), msgs...); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(want, a.until(t, 500)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"x"}, other.until(t, 1)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPublishersInParallelKeepTheirOwnOrder(t *testing.T) {
	t.Parallel()
	for name, make := range pairs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := make(t)
			in, _ := listen(t, to, "a")
			var wg sync.WaitGroup
			for p := range 8 {
				wg.Go(func() {
					for i := range 100 {
						_ = from.Publish(t.Context(), bus.Message{Topic: "a", Data: fmt.Appendf(nil, "%d %d", p, i)})
					}
				})
			}
			wg.Wait()
			next := [8]int{}
			for _, s := range in.until(t, 800) {
				var p, i int
				if _, err := fmt.Sscan(s, &p, &i); err != nil {
					t.Fatal(err)
				}
				if i != next[p] {
					t.Fatalf("publisher %d: %d came instead of %d", p, i, next[p])
				}
				next[p]++
			}
		})
	}
}

func TestNobodyHearsAfterStop(t *testing.T) {
	t.Parallel()
	for name, make := range pairs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := make(t)
			gone, stop := listen(t, to, "a")
			stays, _ := listen(t, to, "a")
			stop()
			stop() // again is nothing
			if err := from.Publish(t.Context(), bus.Message{Topic: "a", Data: []byte("x")}); err != nil {
				t.Fatal(err)
			}
			stays.until(t, 1)
			if len(gone.got) != 0 {
				t.Error("a message came after stop")
			}
		})
	}
}

func TestForgedMessagesAreIgnoredAndCounted(t *testing.T) {
	t.Parallel()
	address, prefix := testenv.Redis(t)
	b := node(t, address, prefix, "a")
	in, _ := listen(t, b, "a")
	c := client(t, address)
	for _, raw := range []string{"", "x", "\x01b" + string(make([]byte, 32)) + `{"kind":"session.revoked"}`, "\xff"} {
		if err := c.Publish(t.Context(), prefix+"a", raw).Err(); err != nil {
			t.Fatal(err)
		}
	}
	other := node(t, address, prefix, "b")
	if err := other.Publish(t.Context(), bus.Message{Topic: "a", Data: []byte("real")}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"real"}, in.until(t, 1)); diff != "" {
		t.Error(diff)
	}
	if b.Forged() != 4 {
		t.Errorf("%d forged messages were counted", b.Forged())
	}
}

func TestWithRedisGoneTheOwnNodeIsServedAndLaterAllAre(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	a, b := node(t, server.URL, "", "a"), node(t, server.URL, "", "b")
	own, _ := listen(t, a, "x")
	far, _ := listen(t, b, "x")
	say := func(s string) error {
		return a.Publish(t.Context(), bus.Message{Topic: "x", Data: []byte(s)})
	}
	if err := say("before"); err != nil {
		t.Fatal(err)
	}
	far.until(t, 1)

	server.Kill()
	began := time.Now()
	if err := say("alone"); err == nil {
		t.Error("nobody said that Redis is away")
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the publisher waited %v", took)
	}
	own.until(t, 2)

	server.Start()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	for i := 0; ; i++ { // whoever publishes again and again gets through
		_ = say("after")
		far.mu.Lock()
		n := len(far.got)
		far.mu.Unlock()
		if n > 1 {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatal("after the restart nothing came through")
		case <-far.new:
		case <-time.After(100 * time.Millisecond):
		}
	}
}
