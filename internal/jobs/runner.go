package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"watchparty/internal/clock"
	"watchparty/internal/id"
)

// Handler does the work of one kind. Its context ends before the lease does.
type Handler func(ctx context.Context, j Job) error

// Options say how a runner works. Zero fields take the defaults.
type Options struct {
	Workers int           // jobs at once; 4
	Poll    time.Duration // how often to look for due jobs; 1 s
	Lease   time.Duration // how long a job may take; 1 min
	Keep    time.Duration // how long done and dead jobs are remembered; 7 days
	Grace   time.Duration // how long jobs in flight may go on after Run's context ended; 10 s
	Now     clock.Now
	Log     *slog.Logger
}

// Runner claims jobs and runs them. Register everything before Run.
type Runner struct {
	q        Queue
	o        Options
	name     string
	handlers map[string]Handler
	kinds    []string
	every    []recurring
	wake     chan struct{}
	enqueued map[string]int64 // recurring kind to the newest slot that is in the table
}

type recurring struct {
	kind string
	span time.Duration
}

// sweepKind is the runner's own job.
const sweepKind = "jobs.sweep"

// NewRunner makes a runner over a queue.
func NewRunner(q Queue, o Options) *Runner {
	o.Workers = orElse(o.Workers, 4)
	o.Poll, o.Lease, o.Keep = orElse(o.Poll, time.Second), orElse(o.Lease, time.Minute), orElse(o.Keep, 7*24*time.Hour)
	o.Grace = orElse(o.Grace, 10*time.Second)
	if o.Now == nil {
		o.Now = clock.System
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	r := &Runner{
		q: q, o: o, name: string(id.New[id.Job]()), handlers: map[string]Handler{},
		wake: make(chan struct{}, 1), enqueued: map[string]int64{},
	}
	r.Every(sweepKind, time.Hour, func(ctx context.Context, _ Job) error {
		_, err := q.Sweep(ctx, r.o.Now().Add(-r.o.Keep))
		return err
	})
	return r
}

func orElse[T ~int | ~int64](v, other T) T {
	if v <= 0 {
		return other
	}
	return v
}

// Handle says who does the jobs of a kind. Jobs of unknown kinds are left for
// nodes that know them.
func (r *Runner) Handle(kind string, h Handler) {
	if _, twice := r.handlers[kind]; twice {
		panic("jobs: two handlers for " + kind)
	}
	r.handlers[kind] = h
	r.kinds = append(r.kinds, kind)
}

// Every runs a job once in each span of time, on one of all nodes. A span that
// nobody was awake in is left out.
func (r *Runner) Every(kind string, span time.Duration, h Handler) {
	r.Handle(kind, h)
	r.every = append(r.every, recurring{kind, span})
}

// Wake makes the runner look for jobs at once, as after enqueueing one.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Run works until ctx ends, gives the jobs in flight the grace to finish, and
// returns. None of its goroutines is left then.
func (r *Runner) Run(ctx context.Context) {
	var busy sync.WaitGroup
	defer busy.Wait()
	free := make(chan struct{}, r.o.Workers)
	for range r.o.Workers {
		free <- struct{}{}
	}
	tick := time.NewTicker(r.o.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		r.schedule(ctx)
		for r.round(ctx, free, &busy) {
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-r.wake:
		}
	}
}

// round claims as many jobs as there are free workers and starts them. It says
// whether there may be more to do at once.
func (r *Runner) round(ctx context.Context, free chan struct{}, busy *sync.WaitGroup) bool {
	n := len(free)
	if n == 0 || ctx.Err() != nil {
		return false // a worker that gets free wakes us
	}
	jobs, err := r.q.Claim(ctx, r.name, r.kinds, n, r.o.Lease)
	if err != nil {
		if ctx.Err() == nil {
			r.o.Log.WarnContext(ctx, "jobs cannot be claimed", "err", err)
		}
		return false
	}
	for _, j := range jobs {
		<-free
		busy.Go(func() {
			r.do(ctx, j)
			free <- struct{}{}
			r.Wake()
		})
	}
	return len(jobs) == n
}

// schedule puts the recurring jobs of the present span into the table. Their
// name holds the span's number, so that all nodes together add one.
func (r *Runner) schedule(ctx context.Context) {
	now := r.o.Now()
	for _, e := range r.every {
		slot := now.UnixNano() / int64(e.span)
		if r.enqueued[e.kind] == slot {
			continue
		}
		err := r.q.Enqueue(ctx, Draft{Kind: e.kind, Dedupe: fmt.Sprintf("%s@%d", e.kind, slot), MaxAttempts: 3})
		if err == nil {
			r.enqueued[e.kind] = slot
		} else if ctx.Err() == nil {
			r.o.Log.WarnContext(ctx, "recurring job delayed", "kind", e.kind, "err", err)
		}
	}
}

// do runs one job and writes down how it ended.
func (r *Runner) do(ctx context.Context, j Job) {
	// The lease bounds the work; its last tenth is for writing down the end.
	kept := context.WithoutCancel(ctx)
	left := j.LeaseUntil.Sub(r.o.Now())
	work, cancel := context.WithTimeout(kept, left-r.o.Lease/10)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(r.o.Grace, cancel) })
	err := r.attempt(work, j)
	stop()
	cancel()
	end, done := context.WithTimeout(kept, r.o.Lease)
	defer done()
	if err := r.settle(end, j, err); err != nil {
		// The lease runs out and the job is tried again.
		r.o.Log.WarnContext(ctx, "end of a job not written", "kind", j.Kind, "job", j.ID, "err", err)
	}
}

func (r *Runner) settle(ctx context.Context, j Job, err error) error {
	var h hopeless
	switch {
	case err == nil:
		return r.q.Finish(ctx, j)
	case errors.As(err, &h), j.Attempt >= j.MaxAttempts:
		r.o.Log.ErrorContext(ctx, "job given up", "kind", j.Kind, "job", j.ID, "attempt", j.Attempt, "err", err)
		return r.q.Bury(ctx, j, err.Error())
	}
	r.o.Log.WarnContext(ctx, "job failed", "kind", j.Kind, "job", j.ID, "attempt", j.Attempt, "err", err)
	return r.q.Retry(ctx, j, r.o.Now().Add(Backoff(j.Attempt)), err.Error())
}

// attempt calls the handler. A panic is a failure like any other. A job that
// took its workers down as often as it may be tried is not tried once more.
func (r *Runner) attempt(ctx context.Context, j Job) (err error) {
	if j.Attempt > j.MaxAttempts {
		return Hopeless(errors.New("its workers ended before it did"))
	}
	defer func() {
		if p := recover(); p != nil {
			r.o.Log.ErrorContext(ctx, "panic in a job", "kind", j.Kind, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return r.handlers[j.Kind](ctx, j)
}

// Kinds lists what the runner does.
func (r *Runner) Kinds() []string { return slices.Sorted(slices.Values(r.kinds)) }
