package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"watchparty/internal/id"
	"watchparty/internal/jobs"
	"watchparty/store"
	"watchparty/store/storetest"
)

// dial is a clock that a test turns.
type dial struct{ ns atomic.Int64 }

func newDial() *dial {
	d := &dial{}
	d.ns.Store(time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return d
}

func (d *dial) now() time.Time       { return time.Unix(0, d.ns.Load()).UTC() }
func (d *dial) turn(x time.Duration) { d.ns.Add(int64(x)) }

// onBoth runs a test on both engines with a clock of its own.
func onBoth(t *testing.T, test func(t *testing.T, s *store.Store, d *dial)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, store.Options) *store.Store{
		"sqlite": storetest.SQLite, "postgres": storetest.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDial()
			test(t, open(t, store.Options{Now: d.now}), d)
		})
	}
}

func claim(t *testing.T, s *store.Store, worker string, n int) []jobs.Job {
	t.Helper()
	got, err := s.Jobs().Claim(t.Context(), worker, []string{"mail"}, n, time.Minute)
	must(t, err)
	return got
}

func TestAJobIsClaimedWithItsPayloadWhenItIsDue(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, d *dial) {
		must(t, s.Jobs().Enqueue(t.Context(),
			jobs.Draft{Kind: "mail", Payload: map[string]string{"to": "a"}, RunAt: d.now().Add(time.Hour)},
			jobs.Draft{Kind: "sms", Payload: 1}))
		if got := claim(t, s, "w", 10); len(got) != 0 {
			t.Fatalf("claimed %v before it is due", got)
		}
		d.turn(time.Hour)
		got := claim(t, s, "w", 10)
		if len(got) != 1 || string(got[0].Payload) != `{"to":"a"}` || got[0].Attempt != 1 || got[0].Kind != "mail" ||
			got[0].MaxAttempts != jobs.DefaultAttempts || !got[0].LeaseUntil.Equal(d.now().Add(time.Minute)) {
			t.Fatalf("claimed %+v", got)
		}
		var to struct{ To string }
		if err := got[0].Into(&to); err != nil || to.To != "a" {
			t.Errorf("payload %+v, %v", to, err)
		}
		if more := claim(t, s, "x", 10); len(more) != 0 {
			t.Errorf("a second worker got %v", more)
		}
		must(t, s.Jobs().Finish(t.Context(), got[0]))
		d.turn(time.Hour)
		if more := claim(t, s, "x", 10); len(more) != 0 {
			t.Errorf("a done job was claimed: %v", more)
		}
	})
}

func TestAJobIsThereOnlyIfItsTransactionIs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, _ *dial) {
		stop := errors.New("stop")
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			must(t, tx.Enqueue(jobs.Draft{Kind: "mail"}))
			return stop
		})
		if !errors.Is(err, stop) || len(claim(t, s, "w", 1)) != 0 {
			t.Errorf("err %v", err)
		}
	})
}

func TestOfJobsWithOneNameTheFirstIsKept(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, d *dial) {
		q := s.Jobs()
		must(t, q.Enqueue(t.Context(), jobs.Draft{Kind: "mail", Dedupe: "a", Payload: 1}, jobs.Draft{Kind: "mail", Dedupe: "b", Payload: 2}))
		must(t, q.Enqueue(t.Context(), jobs.Draft{Kind: "mail", Dedupe: "a", Payload: 3}))
		must(t, q.Enqueue(t.Context(), jobs.Draft{Kind: "mail", Payload: 4}, jobs.Draft{Kind: "mail", Payload: 5}))
		got := claim(t, s, "w", 10)
		if len(got) != 4 {
			t.Fatalf("claimed %d jobs", len(got))
		}
		for _, j := range got {
			must(t, q.Finish(t.Context(), j))
		}
		must(t, q.Enqueue(t.Context(), jobs.Draft{Kind: "mail", Dedupe: "a"}))
		if more := claim(t, s, "w", 10); len(more) != 0 {
			t.Error("the same work came again after it was done")
		}
		if n, err := q.Sweep(t.Context(), d.now().Add(time.Second)); n != 4 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
		must(t, q.Enqueue(t.Context(), jobs.Draft{Kind: "mail", Dedupe: "a"}))
		if more := claim(t, s, "w", 10); len(more) != 1 {
			t.Error("a forgotten name is not free")
		}
	})
}

func TestAKilledWorkersJobGoesToAnotherAndTheDeadOneIsFencedOff(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, d *dial) {
		q := s.Jobs()
		must(t, q.Enqueue(t.Context(), jobs.Draft{Kind: "mail", MaxAttempts: 2}))
		first := claim(t, s, "one", 1)[0]
		d.turn(time.Minute - time.Millisecond)
		if got := claim(t, s, "two", 1); len(got) != 0 {
			t.Fatal("a live lease was broken")
		}
		d.turn(time.Millisecond)
		second := claim(t, s, "two", 1)
		if len(second) != 1 || second[0].ID != first.ID || second[0].Attempt != 2 {
			t.Fatalf("after the lease ran out: %+v", second)
		}
		for name, err := range map[string]error{
			"finish": q.Finish(t.Context(), first),
			"retry":  q.Retry(t.Context(), first, d.now(), "late"),
			"bury":   q.Bury(t.Context(), first, "late"),
		} {
			if !errors.Is(err, jobs.ErrLost) {
				t.Errorf("%s by a worker without a lease: %v", name, err)
			}
		}
		must(t, q.Finish(t.Context(), second[0]))
		if err := q.Finish(t.Context(), second[0]); !errors.Is(err, jobs.ErrLost) {
			t.Errorf("finished twice: %v", err)
		}
	})
}

func TestARetriedJobComesBackAtItsTimeAndABuriedOneNever(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, d *dial) {
		q := s.Jobs()
		must(t, q.Enqueue(t.Context(), jobs.Draft{Kind: "mail"}))
		j := claim(t, s, "w", 1)[0]
		must(t, q.Retry(t.Context(), j, d.now().Add(10*time.Second), "bad \x00 \xff luck"))
		d.turn(9 * time.Second)
		if len(claim(t, s, "w", 1)) != 0 {
			t.Fatal("came back early")
		}
		d.turn(time.Second)
		again := claim(t, s, "w", 1)
		if len(again) != 1 || again[0].Attempt != 2 {
			t.Fatalf("came back as %+v", again)
		}
		must(t, q.Bury(t.Context(), again[0], "enough"))
		d.turn(24 * time.Hour)
		if len(claim(t, s, "w", 1)) != 0 {
			t.Error("a buried job came back")
		}
	})
}

func TestManyWorkersTakeEachJobOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, _ *dial) {
		const n = 60
		var drafts []jobs.Draft
		for i := range n {
			drafts = append(drafts, jobs.Draft{Kind: "mail", Payload: i})
		}
		must(t, s.Jobs().Enqueue(t.Context(), drafts...))
		var mu sync.Mutex
		taken := map[id.Job]int{}
		var wg sync.WaitGroup
		for w := range 6 {
			wg.Go(func() {
				for {
					got, err := s.Jobs().Claim(t.Context(), fmt.Sprint(w), []string{"mail"}, 3, time.Minute)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for _, j := range got {
						taken[j.ID]++
					}
					all := len(taken)
					mu.Unlock()
					if len(got) == 0 && all == n {
						return
					}
				}
			})
		}
		wg.Wait()
		for j, times := range taken {
			if times != 1 {
				t.Errorf("%s was taken %d times", j, times)
			}
		}
	})
}

// farLease does not run out when a test turns the clock under a running job.
const farLease = 30 * 24 * time.Hour

func TestARunnerDoesRetriesAndGivesUp(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, d *dial) {
		ran := make(chan string, 64)
		r := jobs.NewRunner(s.Jobs(), jobs.Options{Now: d.now, Poll: time.Hour, Lease: farLease, Workers: 2})
		r.Handle("fine", func(context.Context, jobs.Job) error { ran <- "fine"; return nil })
		r.Handle("flaky", func(_ context.Context, j jobs.Job) error {
			ran <- fmt.Sprint("flaky ", j.Attempt)
			if j.Attempt < 3 {
				panic("not yet")
			}
			return nil
		})
		r.Handle("never", func(_ context.Context, j jobs.Job) error {
			ran <- fmt.Sprint("never ", j.Attempt)
			return errors.New("no")
		})
		r.Handle("hopeless", func(context.Context, jobs.Job) error { ran <- "hopeless"; return jobs.Hopeless(errors.New("no")) })
		must(t, s.Jobs().Enqueue(t.Context(), jobs.Draft{Kind: "fine"}, jobs.Draft{Kind: "flaky"},
			jobs.Draft{Kind: "never", MaxAttempts: 2}, jobs.Draft{Kind: "hopeless"}))

		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { r.Run(ctx); close(ended) }()
		got := map[string]int{}
		want := map[string]int{"fine": 1, "flaky 1": 1, "flaky 2": 1, "flaky 3": 1, "never 1": 1, "never 2": 1, "hopeless": 1}
		for len(got) < len(want) {
			// Turn the clock past every backoff and look again, until all has run.
			select {
			case what := <-ran:
				got[what]++
			case <-time.After(20 * time.Millisecond):
				d.turn(10 * time.Second)
				r.Wake()
			}
		}
		cancel()
		<-ended
		close(ran)
		for what := range ran {
			got[what]++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRecurringJobsRunOnceASpanOnAllNodesTogether(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, d *dial) {
		var runs atomic.Int64
		ran := make(chan struct{}, 16)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var nodes []*jobs.Runner
		for range 2 {
			r := jobs.NewRunner(s.Jobs(), jobs.Options{Now: d.now, Poll: time.Hour, Lease: farLease})
			r.Every("tidy", time.Hour, func(context.Context, jobs.Job) error {
				runs.Add(1)
				ran <- struct{}{}
				return nil
			})
			nodes = append(nodes, r)
			wg.Go(func() { r.Run(ctx) })
		}
		for range 3 {
			<-ran
			d.turn(time.Hour)
			for _, r := range nodes {
				r.Wake()
			}
		}
		<-ran
		cancel()
		wg.Wait()
		if n := runs.Load(); n != 4 {
			t.Errorf("ran %d times in 4 spans", n)
		}
	})
}
