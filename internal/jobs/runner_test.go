package jobs_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"watchparty/internal/id"
	"watchparty/internal/jobs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// line is a queue in memory, without leases; the conformance of the real one
// is store's.
type line struct {
	mu    sync.Mutex
	due   []jobs.Job
	ends  []string
	retry []time.Duration
	away  bool
}

func (l *line) Enqueue(context.Context, ...jobs.Draft) error { return nil }

func (l *line) Claim(_ context.Context, worker string, _ []string, n int, lease time.Duration) ([]jobs.Job, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away {
		return nil, errors.New("away")
	}
	n = min(n, len(l.due))
	got := l.due[:n:n]
	l.due = l.due[n:]
	for i := range got {
		got[i].Worker, got[i].LeaseUntil, got[i].Attempt = worker, time.Now().Add(lease), got[i].Attempt+1
	}
	return got, nil
}

func (l *line) end(how string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends = append(l.ends, how)
	return nil
}

func (l *line) Finish(context.Context, jobs.Job) error { return l.end("done") }

func (l *line) Retry(_ context.Context, _ jobs.Job, at time.Time, why string) error {
	l.retry = append(l.retry, time.Until(at))
	return l.end("retry: " + why)
}

func (l *line) Bury(_ context.Context, _ jobs.Job, why string) error { return l.end("dead: " + why) }

func (l *line) Sweep(context.Context, time.Time) (int, error) { return 0, nil }

func job(kind string, max int) jobs.Job {
	return jobs.Job{ID: id.New[id.Job](), Kind: kind, MaxAttempts: max}
}

// run starts a runner and gives the way to stop it.
func run(t *testing.T, r *jobs.Runner) (stop func() time.Duration) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { r.Run(ctx); close(ended) }()
	return func() time.Duration {
		cancel()
		asked := time.Now()
		<-ended
		return time.Since(asked)
	}
}

func TestNoMoreJobsRunAtOnceThanThereAreWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &line{}
		for range 10 {
			q.due = append(q.due, job("slow", 1))
		}
		var mu sync.Mutex
		now, most := 0, 0
		r := jobs.NewRunner(q, jobs.Options{Workers: 3, Now: time.Now})
		r.Handle("slow", func(context.Context, jobs.Job) error {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(10 * time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			return nil
		})
		stop := run(t, r)
		time.Sleep(41 * time.Second)
		stop()
		if most != 3 || len(q.ends) != 10 {
			t.Errorf("%d at once, %d ended", most, len(q.ends))
		}
	})
}

func TestAJobIsStoppedBeforeItsLeaseEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &line{due: []jobs.Job{job("hangs", 1)}}
		r := jobs.NewRunner(q, jobs.Options{Lease: time.Minute, Now: time.Now})
		var took time.Duration
		r.Handle("hangs", func(ctx context.Context, _ jobs.Job) error {
			start := time.Now()
			<-ctx.Done()
			took = time.Since(start)
			return ctx.Err()
		})
		stop := run(t, r)
		time.Sleep(2 * time.Minute)
		stop()
		if took != 54*time.Second || len(q.ends) != 1 {
			t.Errorf("stopped after %v, %v", took, q.ends)
		}
	})
}

func TestStoppingLetsJobsFinishWithinTheGrace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		needs, took time.Duration
		end         string
	}{
		"a quick one is done":       {5 * time.Second, 5 * time.Second, "done"},
		"a slow one is tried later": {50 * time.Second, 10 * time.Second, "retry: context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := &line{due: []jobs.Job{job("work", 2)}}
				r := jobs.NewRunner(q, jobs.Options{Now: time.Now})
				r.Handle("work", func(ctx context.Context, _ jobs.Job) error {
					select {
					case <-ctx.Done():
						return ctx.Err()
					case <-time.After(c.needs):
						return nil
					}
				})
				stop := run(t, r)
				synctest.Wait()
				if took := stop(); took != c.took || len(q.ends) != 1 || q.ends[0] != c.end {
					t.Errorf("took %v, %v", took, q.ends)
				}
			})
		})
	}
}

func TestAJobThatTookItsWorkersDownIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		killer := job("killer", 2)
		killer.Attempt = 2
		q := &line{due: []jobs.Job{killer}}
		r := jobs.NewRunner(q, jobs.Options{Now: time.Now})
		r.Handle("killer", func(context.Context, jobs.Job) error { t.Error("it ran"); return nil })
		stop := run(t, r)
		synctest.Wait()
		stop()
		if len(q.ends) != 1 || q.ends[0] != "dead: its workers ended before it did" {
			t.Errorf("%v", q.ends)
		}
	})
}

func TestADatabaseThatIsAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &line{due: []jobs.Job{job("work", 1)}, away: true}
		r := jobs.NewRunner(q, jobs.Options{Now: time.Now})
		r.Handle("work", func(context.Context, jobs.Job) error { return nil })
		stop := run(t, r)
		time.Sleep(time.Minute)
		q.mu.Lock()
		q.away = false
		q.mu.Unlock()
		time.Sleep(2 * time.Second)
		stop()
		if len(q.ends) != 1 || q.ends[0] != "done" {
			t.Errorf("%v", q.ends)
		}
	})
}

func TestBackoffGrowsToHours(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]time.Duration{
		0: 2 * time.Second, 1: 2 * time.Second, 2: 4 * time.Second, 10: 1024 * time.Second,
		13: 8192 * time.Second, 14: 4 * time.Hour, 1000: 4 * time.Hour,
	} {
		if got := jobs.Backoff(attempt); got != want {
			t.Errorf("Backoff(%d) = %v", attempt, got)
		}
	}
}
