package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"watchparty/internal/id"
	"watchparty/internal/jobs"
)

type jobRow struct {
	ID          id.Job `gorm:"primaryKey"`
	Kind        string
	Dedupe      *string
	Payload     string
	State       string
	RunAt       millis
	Attempt     int
	MaxAttempts int
	LeaseUntil  millis
	LeaseBy     string
	LastError   string
	CreatedAt   millis `gorm:"autoCreateTime:false"`
	DoneAt      *millis
}

func (jobRow) TableName() string { return "jobs" }

const (
	jobReady = "ready"
	jobDone  = "done"
	jobDead  = "dead"
)

// maxJobError bounds what is kept of why a job failed.
const maxJobError = 500

// Enqueue adds jobs with the rows that make them necessary.
func (t *Tx) Enqueue(drafts ...jobs.Draft) error {
	for _, d := range drafts {
		payload, err := json.Marshal(d.Payload)
		if err != nil {
			return err
		}
		row := jobRow{
			ID: id.New[id.Job](), Kind: d.Kind, Payload: string(payload), State: jobReady, RunAt: ms(t.Now()),
			MaxAttempts: d.MaxAttempts, CreatedAt: ms(t.Now()),
		}
		if d.MaxAttempts == 0 {
			row.MaxAttempts = jobs.DefaultAttempts
		}
		if !d.RunAt.IsZero() {
			row.RunAt = ms(d.RunAt)
		}
		if d.Dedupe != "" {
			row.Dedupe = &d.Dedupe
		}
		same := clause.OnConflict{Columns: []clause.Column{{Name: "dedupe"}}, DoNothing: true}
		if err := t.db.Clauses(same).Create(&row).Error; err != nil {
			return err
		}
	}
	return nil
}

// Jobs is the queue that a runner works on.
type Jobs struct{ s *Store }

// Jobs gives the queue.
func (s *Store) Jobs() Jobs { return Jobs{s} }

// Enqueue adds jobs by themselves.
func (q Jobs) Enqueue(ctx context.Context, drafts ...jobs.Draft) error {
	return q.s.Write(ctx, func(t *Tx) error { return t.Enqueue(drafts...) })
}

// Claim takes due jobs. It is one statement: SQLite has one writer, and on
// Postgres workers skip the rows that another is taking.
func (q Jobs) Claim(ctx context.Context, worker string, kinds []string, n int, lease time.Duration) ([]jobs.Job, error) {
	var rows []jobRow
	err := q.s.Write(ctx, func(t *Tx) error {
		now := t.Now()
		due := t.db.Model(&jobRow{}).Select("id").
			Where("state = ? AND run_at <= ? AND lease_until <= ? AND kind IN ?", jobReady, ms(now), ms(now), kinds).
			Order("run_at, id").Limit(n).Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
		rows = nil
		return t.db.Model(&rows).Clauses(clause.Returning{}).Where("id IN (?)", due).Updates(map[string]any{
			"lease_until": ms(now.Add(lease)), "lease_by": worker, "attempt": gorm.Expr("attempt + 1"),
		}).Error
	})
	if err != nil {
		return nil, err
	}
	out := make([]jobs.Job, len(rows))
	for i, r := range rows {
		out[i] = jobs.Job{
			ID: r.ID, Kind: r.Kind, Payload: json.RawMessage(r.Payload), Attempt: r.Attempt,
			MaxAttempts: r.MaxAttempts, Worker: r.LeaseBy, LeaseUntil: r.LeaseUntil.time(),
		}
	}
	return out, nil
}

// Finish says that a job is done.
func (q Jobs) Finish(ctx context.Context, j jobs.Job) error {
	return q.end(ctx, j, func(now time.Time) map[string]any {
		return map[string]any{"state": jobDone, "done_at": ms(now)}
	})
}

// Retry gives a job back for another attempt.
func (q Jobs) Retry(ctx context.Context, j jobs.Job, at time.Time, why string) error {
	return q.end(ctx, j, func(time.Time) map[string]any {
		return map[string]any{"run_at": ms(at), "last_error": short(why)}
	})
}

// Bury gives a job up. It stays to be looked at until it is swept.
func (q Jobs) Bury(ctx context.Context, j jobs.Job, why string) error {
	return q.end(ctx, j, func(now time.Time) map[string]any {
		return map[string]any{"state": jobDead, "done_at": ms(now), "last_error": short(why)}
	})
}

// end writes how a claim ended, if it is still the job's own.
func (q Jobs) end(ctx context.Context, j jobs.Job, how func(now time.Time) map[string]any) error {
	return q.s.Write(ctx, func(t *Tx) error {
		set := how(t.Now())
		set["lease_until"], set["lease_by"] = millis(0), ""
		done := t.db.Model(&jobRow{}).
			Where("id = ? AND state = ? AND lease_by = ? AND attempt = ?", j.ID, jobReady, j.Worker, j.Attempt).Updates(set)
		if done.Error == nil && done.RowsAffected == 0 {
			return jobs.ErrLost
		}
		return done.Error
	})
}

// Sweep forgets the jobs that ended before.
func (q Jobs) Sweep(ctx context.Context, before time.Time) (int, error) {
	var n int64
	err := q.s.Write(ctx, func(t *Tx) error {
		done := t.db.Where("state IN ? AND done_at < ?", []string{jobDone, jobDead}, ms(before)).Delete(&jobRow{})
		n = done.RowsAffected
		return done.Error
	})
	return int(n), err
}

// short makes text of an error that both engines take.
func short(s string) string {
	r := []rune(strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", ""))
	return string(r[:min(len(r), maxJobError)])
}
