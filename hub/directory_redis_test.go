package hub_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"watchparty/hub"
	"watchparty/internal/bus"
	"watchparty/internal/chat"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/testenv"
)

func redisClient(t *testing.T, url string) *redis.Client {
	t.Helper()
	c, err := bus.Client(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func directory(t *testing.T, url, prefix, node string, now clock.Now) *hub.RedisDirectory {
	t.Helper()
	d := hub.NewRedisDirectory(context.WithoutCancel(t.Context()), redisClient(t, url), hub.RedisOptions{Node: node, Prefix: prefix, Now: now})
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// claim is a lease with what the test knows of it.
type claim struct {
	hub.Lease
	asked atomic.Int64 // of the database
	says  atomic.Pointer[error]
	lost  atomic.Int64
}

func hold(t *testing.T, d *hub.RedisDirectory, p id.Party) *claim {
	t.Helper()
	if owner, err := d.Acquire(t.Context(), p); err != nil || owner != d.Self() {
		t.Fatalf("%s has it, %v", owner, err)
	}
	c := &claim{}
	c.Lease = d.Hold(p, func(context.Context) error {
		c.asked.Add(1)
		if e := c.says.Load(); e != nil {
			return *e
		}
		return nil
	}, func() { c.lost.Add(1) })
	return c
}

// good says whether the lease is known to be good within 300 ms.
func (c *claim) good(t *testing.T) bool {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	return c.Await(ctx)
}

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for !so() {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-late:
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

func owner(t *testing.T, d *hub.RedisDirectory, p id.Party) string {
	t.Helper()
	o, err := d.Acquire(t.Context(), p)
	if err != nil && fault.Of(err).Kind != fault.Unavailable {
		t.Fatal(err)
	}
	return o
}

func TestOneOfManyGetsTheRoom(t *testing.T) {
	t.Parallel()
	url, prefix := testenv.Redis(t)
	p := id.New[id.Party]()
	var dirs []*hub.RedisDirectory
	for i := range 8 {
		dirs = append(dirs, directory(t, url, prefix, fmt.Sprint("n", i), nil))
	}
	owners := make([]string, len(dirs))
	var wg sync.WaitGroup
	for i, d := range dirs {
		wg.Go(func() { owners[i], _ = d.Acquire(t.Context(), p) })
	}
	wg.Wait()
	for _, o := range owners {
		if o == "" || o != owners[0] {
			t.Fatalf("the owners are %q", owners)
		}
	}
}

func TestALeaseThatIsGivenBackIsFreeAtOnce(t *testing.T) {
	t.Parallel()
	url, prefix := testenv.Redis(t)
	p := id.New[id.Party]()
	a, b := directory(t, url, prefix, "a", nil), directory(t, url, prefix, "b", nil)
	first := hold(t, a, p)
	if o := owner(t, b, p); o != a.Self() {
		t.Fatalf("the other is told %q", o)
	}
	// The next room of the same node may begin before the last one has let go.
	second := hold(t, a, p)
	first.Release()
	first.Release()
	if o := owner(t, b, p); o != a.Self() || !second.good(t) {
		t.Fatalf("the old room's end took the lease of the new one; %q has it", o)
	}
	second.Release()
	if o := owner(t, b, p); o != b.Self() {
		t.Errorf("given back, and %q has it", o)
	}
}

func TestADeadNodesLeaseRunsOutAndItKnowsFirst(t *testing.T) {
	t.Parallel()
	url, prefix := testenv.Redis(t)
	p := id.New[id.Party]()
	a, b := directory(t, url, prefix, "a", nil), directory(t, url, prefix, "b", nil)
	c := hold(t, a, p)
	time.Sleep(1500 * time.Millisecond) // at least one renewal
	if !c.good(t) {
		t.Fatal("the lease was not renewed")
	}
	_ = a.Close() // renews no more
	began := time.Now()
	eventually(t, "the other takes over", func() bool { return owner(t, b, p) == b.Self() })
	if c.good(t) {
		t.Error("two have it")
	}
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("it took %v", took) // 3 s on a quiet machine
	}
}

func TestTwoNeverRunARoomAtOnce(t *testing.T) {
	t.Parallel()
	url, prefix := testenv.Redis(t)
	p := id.New[id.Party]()
	var running atomic.Int64
	var turns [3]atomic.Int64
	var wg sync.WaitGroup
	end := time.Now().Add(3 * time.Second)
	for i := range turns {
		d := directory(t, url, prefix, fmt.Sprint("n", i), nil)
		wg.Go(func() {
			for time.Now().Before(end) {
				if owner(t, d, p) != d.Self() {
					continue
				}
				l := d.Hold(p, func(context.Context) error { return nil }, func() {})
				if l.Await(t.Context()) {
					if running.Add(1) > 1 {
						t.Error("two run it")
					}
					turns[i].Add(1)
					running.Add(-1)
				}
				l.Release()
			}
		})
	}
	wg.Wait()
	for i := range turns {
		if turns[i].Load() == 0 {
			t.Errorf("node %d never had it", i)
		}
	}
}

func TestWithRedisGoneTheDatabaseSaysWhoseTheRoomIs(t *testing.T) {
	t.Parallel()
	gone := map[string]func(t *testing.T, s *testenv.RedisServer){
		"killed":  func(_ *testing.T, s *testenv.RedisServer) { s.Kill() },
		"stopped": func(t *testing.T, s *testenv.RedisServer) { signal(t, s, syscall.SIGSTOP) },
	}
	back := map[string]func(t *testing.T, s *testenv.RedisServer){
		"killed":  func(_ *testing.T, s *testenv.RedisServer) { s.Start() },
		"stopped": func(t *testing.T, s *testenv.RedisServer) { signal(t, s, syscall.SIGCONT) },
	}
	for name := range gone {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testenv.StartRedis(t)
			a, b := directory(t, server.URL, "", "a", nil), directory(t, server.URL, "", "b", nil)
			p, q := id.New[id.Party](), id.New[id.Party]()
			ours, fenced := hold(t, a, p), hold(t, a, q)
			var e error = chat.ErrFenced
			fenced.says.Store(&e)

			gone[name](t, server)
			eventually(t, "the fenced room is lost", func() bool { return fenced.lost.Load() == 1 })
			for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
				if !ours.good(t) {
					t.Fatal("our room is in doubt")
				}
				if _, err := b.Acquire(t.Context(), p); err == nil {
					t.Fatal("somebody knew whose the room is")
				}
				time.Sleep(200 * time.Millisecond)
			}
			if ours.asked.Load() == 0 || fenced.good(t) {
				t.Error("the database was not asked, or not heard")
			}

			back[name](t, server)
			// Redis may be empty; its last owner has it first.
			eventually(t, "the other hears whose it is", func() bool {
				o := owner(t, b, p)
				if o == b.Self() {
					t.Fatal("the other took the room from a living owner")
				}
				return o == a.Self()
			})
			if !ours.good(t) || ours.lost.Load() != 0 {
				t.Error("our room did not survive")
			}
		})
	}
}

func signal(t *testing.T, s *testenv.RedisServer, sig syscall.Signal) {
	t.Helper()
	if err := s.Process().Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// A node that was asleep for long: by its own clock the lease has run out, and
// whatever others did meanwhile, it does nothing before it knows.
func TestANodeThatWakesUpAsksBeforeItActs(t *testing.T) {
	t.Parallel()
	url, prefix := testenv.Redis(t)
	var slept atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(slept.Load())) }
	a, b := directory(t, url, prefix, "a", now), directory(t, url, prefix, "b", nil)
	p, q, r := id.New[id.Party](), id.New[id.Party](), id.New[id.Party]()
	taken, free, still := hold(t, a, p), hold(t, a, q), hold(t, a, r)
	c := redisClient(t, url)
	// Asleep it would not have renewed: others took one, one has run out.
	if err := errors.Join(
		c.Set(t.Context(), prefix+"room:"+string(p), b.Self()+"#1", time.Minute).Err(),
		c.Del(t.Context(), prefix+"room:"+string(q)).Err(),
	); err != nil {
		t.Fatal(err)
	}
	slept.Store(int64(10 * time.Second))
	if taken.Await(t.Context()) {
		t.Error("a room that another node has was ours for a moment")
	}
	if !free.Await(t.Context()) || free.asked.Load() == 0 {
		t.Error("a room that had run out was taken on without asking the database")
	}
	if !still.Await(t.Context()) || still.asked.Load() != 0 {
		t.Error("a lease that Redis has was not simply renewed")
	}
	eventually(t, "the end of the lost one is told", func() bool { return taken.lost.Load() == 1 })
}

// Redis that was away may come back empty: who owned a room has it first.
func TestAfterRedisWasAwayFreeRoomsAreLeftToTheirOwnersForAMoment(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	var later atomic.Int64
	b := directory(t, server.URL, "", "b", func() time.Time { return time.Now().Add(time.Duration(later.Load())) })
	p := id.New[id.Party]()
	server.Kill()
	if _, err := b.Acquire(t.Context(), p); err == nil {
		t.Fatal("it knew without Redis")
	}
	server.Start()
	var err error
	eventually(t, "Redis is heard again", func() bool {
		_, err = b.Acquire(t.Context(), p)
		return err == nil || fault.Of(err).Code == "room.unsettled"
	})
	if err == nil {
		t.Fatal("the room was taken at once")
	}
	later.Store(int64(5 * time.Second))
	if o := owner(t, b, p); o != b.Self() {
		t.Errorf("%q has it in the end", o)
	}
}

func TestAnswersAboutARoomComeSoonWhateverRedisDoes(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	a := directory(t, server.URL, "", "a", nil)
	signal(t, server, syscall.SIGSTOP)
	began := time.Now()
	if _, err := a.Acquire(t.Context(), id.New[id.Party]()); fault.Of(err).Kind != fault.Unavailable {
		t.Errorf("told %v", err)
	}
	// 250 ms are promised; the rest is for a machine that is busy.
	if took := time.Since(began); took > time.Second {
		t.Errorf("it waited %v", took)
	}
}
