package store_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/jobs"
	"watchparty/internal/media"
	"watchparty/store"
)

func TestAWriteIsAllOrNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, _ *dial) {
		stop := errors.New("stop")
		for name, end := range map[string]func() error{
			"an error": func() error { return stop },
			"a fault":  func() error { return fault.ErrConflict },
		} {
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				must(t, tx.Enqueue(jobs.Draft{Kind: "mail"}))
				return end()
			})
			if want := end(); !errors.Is(err, want) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		func() {
			defer func() { _ = recover() }()
			_ = s.Write(t.Context(), func(tx *store.Tx) error {
				must(t, tx.Enqueue(jobs.Draft{Kind: "mail"}))
				panic("in the middle")
			})
		}()
		if got := claim(t, s, "w", 10); len(got) != 0 {
			t.Errorf("%d rows are left of writes that failed", len(got))
		}
		must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.Enqueue(jobs.Draft{Kind: "mail"}) }))
		if got := claim(t, s, "w", 10); len(got) != 1 {
			t.Errorf("%d rows of a write that did not fail", len(got))
		}
	})
}

func TestATransactionsMomentIsTheClocksToTheMillisecond(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, d *dial) {
		d.turn(1234567 * time.Nanosecond)
		must(t, s.Write(t.Context(), func(tx *store.Tx) error {
			if got, want := tx.Now(), time.Date(2026, 12, 1, 12, 0, 0, 1_000_000, time.UTC); !got.Equal(want) || got.Location() != time.UTC {
				t.Errorf("now is %v, want %v", got, want)
			}
			return nil
		}))
		f := upload(d, id.New[id.User](), 1)
		f.CreatedAt = time.Date(1969, 7, 20, 20, 17, 40, 5_000_000, time.FixedZone("x", 3600))
		must(t, s.AddMedia(t.Context(), f, media.DefaultQuota))
		got, err := s.Media(t.Context(), f.ID)
		must(t, err)
		if !got.CreatedAt.Equal(f.CreatedAt) || got.CreatedAt.Location() != time.UTC {
			t.Errorf("%v came back as %v", f.CreatedAt, got.CreatedAt)
		}
	})
}

func TestTheDatabasesErrorsBecomeFaults(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, d *dial) {
		f := upload(d, id.New[id.User](), 1)
		must(t, s.AddMedia(t.Context(), f, media.DefaultQuota))
		_, missing := s.Media(t.Context(), id.New[id.Media]())
		bad := upload(d, f.Owner, 1)
		bad.Duration = -time.Second
		late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
		defer cancel()
		_, tooLate := s.Media(late, f.ID)
		for name, x := range map[string]struct{ got, want error }{
			"a row that is not there":  {missing, fault.ErrNotFound},
			"a key that is taken":      {s.AddMedia(t.Context(), f, media.DefaultQuota), fault.ErrConflict},
			"a check that says no":     {s.AddMedia(t.Context(), bad, media.DefaultQuota), fault.ErrInvalid},
			"a deadline that is gone":  {tooLate, fault.ErrUnavailable},
			"a rule's own fault":       {s.Write(t.Context(), func(*store.Tx) error { return media.ErrQuota }), media.ErrQuota},
			"an error of no one's":     {s.Write(t.Context(), func(*store.Tx) error { return os.ErrClosed }), os.ErrClosed},
			"a wrapped missing record": {s.Write(t.Context(), func(*store.Tx) error { return fmt.Errorf("x: %w", missing) }), fault.ErrNotFound},
		} {
			if !errors.Is(x.got, x.want) {
				t.Errorf("%s: got %v, want %v", name, x.got, x.want)
			}
		}
		if f := fault.Of(tooLate); f.RetryAfter == 0 {
			t.Error("nothing says when to come back")
		}
	})
}

// TestWritersThatCollideBothSucceed makes two transactions take two rows in
// opposite orders. On Postgres they deadlock, and the loser runs again; on
// SQLite they take turns.
func TestWritersThatCollideBothSucceed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, d *dial) {
		a, b := upload(d, id.New[id.User](), 1), upload(d, id.New[id.User](), 1)
		for _, f := range []media.Film{a, b} {
			must(t, s.AddMedia(t.Context(), f, media.DefaultQuota))
		}
		var runs atomic.Int64
		var both, wg sync.WaitGroup
		both.Add(2)
		for _, order := range [][2]id.Media{{a.ID, b.ID}, {b.ID, a.ID}} {
			wg.Go(func() {
				first := sync.OnceFunc(func() {
					both.Done()
					both.Wait()
				})
				err := s.Write(t.Context(), func(tx *store.Tx) error {
					runs.Add(1)
					if err := tx.Lengthen(order[0]); err != nil {
						return err
					}
					if s.Postgres() {
						first()
					}
					return tx.Lengthen(order[1])
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if s.Postgres() && runs.Load() < 3 {
			t.Errorf("%d runs: they did not collide", runs.Load())
		}
		for _, f := range []media.Film{a, b} {
			got, err := s.Media(t.Context(), f.ID)
			must(t, err)
			if got.Width != 2 {
				t.Errorf("two writes made it %d", got.Width)
			}
		}
	})
}

func TestADatabaseThatIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := l.Addr().String()
	must(t, l.Close())
	_, err = store.Open(t.Context(), store.Options{DSN: "postgres://nobody@" + address + "/none?connect_timeout=2"})
	if err == nil {
		t.Fatal("opened a database that is not there")
	}
	_, err = store.Open(t.Context(), store.Options{DSN: filepath.Join(t.TempDir(), "no", "such", "folder", "x.db")})
	if err == nil {
		t.Fatal("opened a file in a folder that is not there")
	}
}
