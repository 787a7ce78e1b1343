package limit

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"watchparty/internal/bus"
	"watchparty/internal/testenv"
)

// In any window of the span no more than twice n calls pass (a burst and what
// is earned meanwhile), and waiting as long as it was told always helps.
func TestStepKeepsItsPromise(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 50).Draw(t, "n")
		per := time.Duration(rapid.IntRange(1, 10_000).Draw(t, "per")) * time.Millisecond
		now := time.Unix(1_000_000, 0)
		var tat time.Time
		var passed []time.Time
		for range rapid.IntRange(1, 300).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(per)/int64(n)*2).Draw(t, "gap")))
			next, wait := Step(tat, now, n, per)
			if wait > 0 {
				if _, again := Step(tat, now.Add(wait), n, per); again > 0 {
					t.Fatalf("told to wait %v, and then refused for %v more", wait, again)
				}
				continue
			}
			tat = next
			passed = append(passed, now)
			first := 0
			for passed[first].Before(now.Add(-per)) {
				first++
			}
			if in := len(passed) - first; in > 2*n+1 {
				t.Fatalf("%d calls in %v with a limit of %d", in, per, n)
			}
		}
	})
}

type limiter interface {
	Allow(ctx context.Context, key string, n int, per time.Duration) (bool, time.Duration)
}

func TestCounters(t *testing.T) {
	t.Parallel()
	counters := map[string]func(t *testing.T) limiter{
		"on one node": func(*testing.T) limiter { return NewMem(time.Now) },
		"over all nodes": func(t *testing.T) limiter {
			address, prefix := testenv.Redis(t)
			return NewRedis(client(t, address), prefix, time.Now)
		},
	}
	for name, make := range counters {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := make(t)
			for i := range 5 {
				if ok, _ := l.Allow(t.Context(), "a", 5, time.Hour); !ok {
					t.Fatalf("call %d of 5 was refused", i+1)
				}
			}
			ok, wait := l.Allow(t.Context(), "a", 5, time.Hour)
			if ok || wait < 11*time.Minute || wait > 12*time.Minute {
				t.Errorf("the sixth: %v, wait %v", ok, wait)
			}
			if ok, _ := l.Allow(t.Context(), "b", 5, time.Hour); !ok {
				t.Error("another key was refused")
			}
		})
	}
}

func TestNodesCountTogether(t *testing.T) {
	t.Parallel()
	address, prefix := testenv.Redis(t)
	a, b := NewRedis(client(t, address), prefix, time.Now), NewRedis(client(t, address), prefix, time.Now)
	passed := 0
	for range 6 {
		for _, l := range []limiter{a, b} {
			if ok, _ := l.Allow(t.Context(), "x", 6, time.Hour); ok {
				passed++
			}
		}
	}
	if passed != 6 {
		t.Errorf("%d calls passed two nodes with a limit of 6", passed)
	}
}

func TestWithoutRedisEachNodeKeepsToTheLimit(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	l := NewRedis(client(t, server.URL), "", time.Now)
	if ok, _ := l.Allow(t.Context(), "x", 9, time.Hour); !ok {
		t.Fatal("the first call was refused")
	}
	// It answers nothing any more, and does not say so either.
	if err := server.Process().Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	passed := 1
	for range 20 {
		if ok, _ := l.Allow(t.Context(), "x", 9, time.Hour); ok {
			passed++
		}
	}
	if passed != 9 {
		t.Errorf("%d calls passed a limit of 9", passed)
	}
	// One call waits 250 ms, the others not at all; the rest is for a busy machine.
	if took := time.Since(began); took > time.Second {
		t.Errorf("the calls waited %v", took)
	}
}

// Step and the script are the same sum: whatever the order of calls, both let
// the same ones through.
func TestTheScriptIsStep(t *testing.T) {
	t.Parallel()
	address, prefix := testenv.Redis(t)
	c := client(t, address)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		n := rapid.IntRange(1, 20).Draw(rt, "n")
		calls := rapid.IntRange(1, 30).Draw(rt, "calls")
		over := NewRedis(c, fmt.Sprint(prefix, run, ":"), time.Now)
		mem := NewMem(time.Now)
		for i := range calls {
			// An hour is so long that the time between the two calls is nothing.
			want, far := mem.Allow(t.Context(), "x", n, time.Hour)
			ms, err := script.Run(t.Context(), over.client, []string{over.prefix + "x"}, n, time.Hour.Milliseconds()).Int64()
			got, near := ms == 0, time.Duration(ms)*time.Millisecond
			if err != nil || got != want || (near-far).Abs() > 5*time.Second {
				rt.Fatalf("call %d of %d: %v and wait %v here, %v and %v there, %v", i+1, n, want, far, got, near, err)
			}
		}
	})
}

func TestAFloodOfKeysIsForgotten(t *testing.T) {
	t.Parallel()
	m := NewMem(time.Now)
	for i := range maxKeys + 10 {
		m.Allow(t.Context(), fmt.Sprint(i), 1, time.Hour)
	}
	if len(m.owed) > maxKeys {
		t.Errorf("%d keys are kept", len(m.owed))
	}
}

func client(t *testing.T, address string) *redis.Client {
	t.Helper()
	c, err := bus.Client(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
