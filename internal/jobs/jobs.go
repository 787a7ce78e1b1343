// Package jobs runs work later: once, after a commit, again when it failed, or
// every so often. The queue is a table, so a job is enqueued in the transaction
// that makes it necessary and survives every crash; it may run twice, so
// handlers must not mind that.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"watchparty/internal/id"
)

// Draft is a job to be.
type Draft struct {
	Kind    string
	Payload any
	// RunAt is when it may run first; zero is at once.
	RunAt time.Time
	// Dedupe names the work: of several jobs with one name only the first is
	// kept, also after it has run, for as long as done jobs are remembered.
	Dedupe string
	// MaxAttempts is how often it is tried; zero is DefaultAttempts.
	MaxAttempts int
}

// DefaultAttempts with Backoff is about a day of trying.
const DefaultAttempts = 12

// Job is a job that a worker has claimed.
type Job struct {
	ID          id.Job
	Kind        string
	Payload     json.RawMessage
	Attempt     int // 1 the first time
	MaxAttempts int
	// Worker and LeaseUntil say whose it is: with Attempt they fence off whoever
	// had it before.
	Worker     string
	LeaseUntil time.Time
}

// Into decodes the payload.
func (j Job) Into(v any) error {
	if err := json.Unmarshal(j.Payload, v); err != nil {
		return Hopeless(fmt.Errorf("payload of %s: %w", j.Kind, err))
	}
	return nil
}

// ErrLost says that a job's lease ran out and somebody else may have it.
var ErrLost = errors.New("jobs: the lease is lost")

// Queue is the table.
type Queue interface {
	Enqueue(ctx context.Context, drafts ...Draft) error
	// Claim takes up to n due jobs of the kinds for worker until lease has gone
	// by. No job is claimed twice while its lease runs.
	Claim(ctx context.Context, worker string, kinds []string, n int, lease time.Duration) ([]Job, error)
	// Finish, Retry and Bury end a claim: done, to be tried again at a moment, or
	// given up. They fail with ErrLost when the claim is not the job's own any
	// more.
	Finish(ctx context.Context, j Job) error
	Retry(ctx context.Context, j Job, at time.Time, why string) error
	Bury(ctx context.Context, j Job, why string) error
	// Sweep forgets the jobs that were done or given up before.
	Sweep(ctx context.Context, before time.Time) (int, error)
}

// hopeless is an error that trying again does not mend.
type hopeless struct{ error }

func (h hopeless) Unwrap() error { return h.error }

// Hopeless marks an error that trying again does not mend: the job is given up
// at once.
func Hopeless(err error) error {
	if err == nil {
		return nil
	}
	return hopeless{err}
}

// Backoff is how long to wait after a failed attempt: 2 s, 4 s, 8 s and so on
// up to 4 hours.
func Backoff(attempt int) time.Duration {
	const longest = 4 * time.Hour
	if attempt > 13 {
		return longest
	}
	return min(time.Second<<max(attempt, 1), longest)
}
