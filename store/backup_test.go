package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"watchparty/internal/jobs"
	"watchparty/store"
	"watchparty/store/storetest"
)

// TestABackupUnderLoadOpensAndHasWhatWasAcknowledgedBefore writes while the
// copy is made, opens the copy, and looks for every row that was acknowledged
// before the copy began.
func TestABackupUnderLoadOpensAndHasWhatWasAcknowledgedBefore(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t, store.Options{})
	ctx, stop := context.WithCancel(t.Context())
	var acked atomic.Int64
	enough := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			err := s.Write(ctx, func(tx *store.Tx) error {
				return tx.Enqueue(jobs.Draft{Kind: "mail", Payload: i, Dedupe: fmt.Sprint("a", i)}, jobs.Draft{Kind: "mail", Payload: i, Dedupe: fmt.Sprint("b", i)})
			})
			if err == nil && acked.Add(1) == 50 {
				close(enough)
			}
		}
	})
	<-enough
	before := acked.Load()
	path := filepath.Join(t.TempDir(), "copy with 'quotes'.db")
	must(t, s.Backup(t.Context(), path))
	stop()
	wg.Wait()

	copied, err := store.Open(t.Context(), store.Options{DSN: path})
	must(t, err)
	defer func() { must(t, copied.Close()) }()
	if n, err := copied.Migrate(t.Context()); n != 0 || err != nil {
		t.Errorf("the copy's schema is behind by %d, %v", n, err)
	}
	got, err := copied.Jobs().Claim(t.Context(), "w", []string{"mail"}, 1_000_000, farLease)
	must(t, err)
	if n := int64(len(got)); n < 2*before || n%2 != 0 {
		t.Errorf("the copy has %d rows, %d were acknowledged in pairs before it began", n, 2*before)
	}
	if err := s.Backup(t.Context(), path); err == nil {
		t.Error("a copy was written over another")
	}
}

func TestABackupThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t, store.Options{})
	path := filepath.Join(t.TempDir(), "copy.db")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(ctx, path); err == nil {
		t.Error("a cancelled copy succeeded")
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a copy is left: %v", err)
	}
}

func TestPostgresIsBackedUpByItsOwnTools(t *testing.T) {
	t.Parallel()
	s := storetest.Postgres(t, store.Options{})
	if err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "copy.db")); !errors.Is(err, store.ErrDumpIt) {
		t.Errorf("got %v", err)
	}
}
