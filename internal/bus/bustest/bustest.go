// Package bustest holds every bus to the contract of bus.Bus.
package bustest

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"watchparty/internal/bus"
)

// patience is how long a test waits on a loaded machine.
const patience = 20 * time.Second

// Inbox collects what a subscriber gets and lets a test wait for it.
type Inbox struct {
	t    testing.TB
	mu   sync.Mutex
	got  []string
	gaps int
	wake chan struct{}
}

// Listen subscribes and waits until that is in force.
func Listen(t testing.TB, b bus.Bus, topic string) (*Inbox, func()) {
	t.Helper()
	in := &Inbox{t: t, wake: make(chan struct{}, 1)}
	ready, stop := b.Subscribe(topic, in.take)
	t.Cleanup(stop)
	select {
	case <-ready:
	case <-time.After(patience):
		t.Fatal("the subscription never came into force")
	}
	return in, stop
}

func (in *Inbox) take(m bus.Message) {
	in.mu.Lock()
	if m.Gap {
		in.gaps++
	} else {
		in.got = append(in.got, string(m.Data))
	}
	in.mu.Unlock()
	select {
	case in.wake <- struct{}{}:
	default:
	}
}

// Got gives what has come so far.
func (in *Inbox) Got() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.got)
}

// Gaps counts how often it was told that something may be missing.
func (in *Inbox) Gaps() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.gaps
}

// Until waits until enough says so.
func (in *Inbox) Until(what string, enough func() bool) {
	in.t.Helper()
	late := time.After(patience)
	for !enough() {
		select {
		case <-in.wake:
		case <-late:
			in.t.Fatalf("waited for %s in vain; %d messages came", what, len(in.Got()))
		}
	}
}

// Wait waits for n messages.
func (in *Inbox) Wait(n int) []string {
	in.t.Helper()
	in.Until(fmt.Sprint(n, " messages"), func() bool { return len(in.Got()) >= n })
	return in.Got()
}

// Run holds a kind of bus to the contract. open gives the bus to publish on and
// the bus to listen on, which may be the same.
func Run(t *testing.T, open func(t *testing.T) (from, to bus.Bus)) {
	for name, test := range map[string]func(t *testing.T, from, to bus.Bus){
		"messages arrive once and in order":               inOrder,
		"publishers in parallel each keep their order":    parallel,
		"one publication to several topics":               several,
		"nobody hears after stop":                         stopped,
		"what was published before is not heard":          before,
		"all subscribers of a topic hear":                 all,
		"a topic can be left and joined again":            rejoined,
		"subscribers of the own node are served at once":  atOnce,
		"a subscriber may publish on other topics":        chained,
		"any bytes go through, and large ones":            anyBytes,
		"one subscriber gets one call at a time":          oneAtATime,
		"many topics come and go while others are in use": churn,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := open(t)
			test(t, from, to)
		})
	}
}

func say(t testing.TB, b bus.Bus, topic, text string) {
	t.Helper()
	if err := b.Publish(t.Context(), bus.Message{Topic: topic, Data: []byte(text)}); err != nil {
		t.Errorf("publish: %v", err)
	}
}

func same(t testing.TB, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func inOrder(t *testing.T, from, to bus.Bus) {
	in, _ := Listen(t, to, "a")
	var want []string
	for i := range 500 {
		want = append(want, strconv.Itoa(i))
		say(t, from, "a", want[i])
	}
	same(t, want, in.Wait(500))
}

func parallel(t *testing.T, from, to bus.Bus) {
	in, _ := Listen(t, to, "a")
	var wg sync.WaitGroup
	for p := range 8 {
		wg.Go(func() {
			for i := range 100 {
				say(t, from, "a", fmt.Sprint(p, i))
			}
		})
	}
	wg.Wait()
	next := [8]int{}
	for _, s := range in.Wait(800) {
		var p, i int
		if _, err := fmt.Sscan(s, &p, &i); err != nil {
			t.Fatal(err)
		}
		if i != next[p] {
			t.Fatalf("publisher %d: %d came instead of %d", p, i, next[p])
		}
		next[p]++
	}
}

func several(t *testing.T, from, to bus.Bus) {
	a, _ := Listen(t, to, "a")
	b, _ := Listen(t, to, "b")
	err := from.Publish(t.Context(),
		bus.Message{Topic: "a", Data: []byte("1")}, bus.Message{Topic: "b", Data: []byte("2")}, bus.Message{Topic: "a", Data: []byte("3")})
	if err != nil {
		t.Fatal(err)
	}
	same(t, []string{"1", "3"}, a.Wait(2))
	same(t, []string{"2"}, b.Wait(1))
}

func stopped(t *testing.T, from, to bus.Bus) {
	gone, stop := Listen(t, to, "a")
	stays, _ := Listen(t, to, "a")
	stop()
	stop() // again is nothing
	say(t, from, "a", "x")
	stays.Wait(1)
	same(t, nil, gone.Got())
}

func before(t *testing.T, from, to bus.Bus) {
	say(t, from, "a", "early")
	in, _ := Listen(t, to, "a")
	say(t, from, "a", "late")
	same(t, []string{"late"}, in.Wait(1))
}

func all(t *testing.T, from, to bus.Bus) {
	var ins []*Inbox
	for range 5 {
		in, _ := Listen(t, to, "a")
		ins = append(ins, in)
	}
	say(t, from, "a", "x")
	for _, in := range ins {
		same(t, []string{"x"}, in.Wait(1))
	}
}

func rejoined(t *testing.T, from, to bus.Bus) {
	for range 20 {
		in, stop := Listen(t, to, "a")
		say(t, from, "a", "x")
		same(t, []string{"x"}, in.Wait(1))
		stop()
	}
}

func atOnce(t *testing.T, from, _ bus.Bus) {
	in, _ := Listen(t, from, "a")
	say(t, from, "a", "x")
	same(t, []string{"x"}, in.Got())
}

func chained(t *testing.T, from, to bus.Bus) {
	in, _ := Listen(t, to, "b")
	var wg sync.WaitGroup
	wg.Add(1)
	ready, stop := to.Subscribe("a", func(m bus.Message) {
		go func() {
			defer wg.Done()
			say(t, to, "b", string(m.Data)+" passed on")
		}()
	})
	t.Cleanup(stop)
	<-ready
	say(t, from, "a", "x")
	same(t, []string{"x passed on"}, in.Wait(1))
	wg.Wait()
}

func anyBytes(t *testing.T, from, to bus.Bus) {
	in, _ := Listen(t, to, "ü / \r\n")
	big := make([]byte, 1<<20)
	for i := range big {
		big[i] = byte(i * 7)
	}
	want := []string{"", "\x00\xff\r\n", string(big)}
	for _, s := range want {
		say(t, from, "ü / \r\n", s)
	}
	if !slices.Equal(want, in.Wait(3)) {
		t.Error("other bytes came than were sent")
	}
}

func oneAtATime(t *testing.T, from, to bus.Bus) {
	var mu sync.Mutex // never waited for: TryLock finds a second call
	done := make(chan struct{}, 64)
	ready, stop := to.Subscribe("a", func(bus.Message) {
		if !mu.TryLock() {
			t.Error("two calls at a time")
		} else {
			mu.Unlock()
		}
		done <- struct{}{}
	})
	t.Cleanup(stop)
	<-ready
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 16 {
				say(t, from, "a", "x")
			}
		})
	}
	wg.Wait()
	for range 64 {
		<-done
	}
}

func churn(t *testing.T, from, to bus.Bus) {
	in, _ := Listen(t, to, "steady")
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 25 {
				ready, stop := to.Subscribe(fmt.Sprint("short ", g, " ", i%3), func(bus.Message) {})
				if i%2 == 0 {
					<-ready
				}
				stop()
			}
		})
	}
	var want []string
	for i := range 200 {
		want = append(want, strconv.Itoa(i))
		say(t, from, "steady", want[i])
	}
	wg.Wait()
	same(t, want, in.Wait(200))
}
