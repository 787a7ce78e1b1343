package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"watchparty/internal/bus"
	"watchparty/internal/fault"
	"watchparty/store"
	"watchparty/store/storetest"
)

// recorder is a bus that can be cut.
type recorder struct {
	mu   sync.Mutex
	cut  bool
	seen []bus.Fact
}

func (r *recorder) Publish(_ context.Context, msgs ...bus.Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cut {
		return errors.New("cut")
	}
	for _, m := range msgs {
		f, err := bus.ParseFact(m)
		if err != nil {
			return err
		}
		r.seen = append(r.seen, f)
	}
	return nil
}

func TestFactsAreToldAfterTheCommitAndOnlyThen(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, store.Options) *store.Store{
		"sqlite": storetest.SQLite, "postgres": storetest.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			later := time.Now().Add(time.Hour)
			r := &recorder{}
			s := open(t, store.Options{Bus: r, Now: func() time.Time { return later }})
			ctx := t.Context()

			refuse := fault.ErrConflict
			err := s.Write(ctx, func(tx *store.Tx) error {
				if err := tx.Record("party:1", "party.changed", "rolled back"); err != nil {
					return err
				}
				return refuse
			})
			if !errors.Is(err, refuse) || len(r.seen) != 0 {
				t.Fatalf("a rolled back transaction told %d facts, err %v", len(r.seen), err)
			}

			tell := func(tx *store.Tx) error { return tx.Record("party:1", "party.changed", map[string]int{"n": 1}) }
			if err := s.Write(ctx, tell); err != nil {
				t.Fatal(err)
			}
			if len(r.seen) != 1 || string(r.seen[0].Data) != `{"n":1}` {
				t.Fatalf("told %v", r.seen)
			}

			r.cut = true
			if err := s.Write(ctx, tell); err != nil {
				t.Fatalf("a cut bus must not fail what is committed: %v", err)
			}
			r.cut = false
			later = later.Add(time.Minute)
			if n, err := s.SweepOutbox(ctx); n != 1 || err != nil {
				t.Fatalf("the sweeper found %d, %v", n, err)
			}
			if len(r.seen) != 2 {
				t.Fatalf("told %d facts in all", len(r.seen))
			}
			if n, err := s.SweepOutbox(ctx); n != 0 || err != nil {
				t.Fatalf("a told fact was found again: %d, %v", n, err)
			}
		})
	}
}
