// Package storetest opens migrated, empty stores for tests, and runs one test
// on every engine.
package storetest

import (
	"path/filepath"
	"testing"

	"watchparty/internal/testenv"
	"watchparty/store"
)

// Each runs test on SQLite and on Postgres.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t, store.Options{})) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t, store.Options{})) })
}

// SQLite opens a store on a new file.
func SQLite(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	o.DSN = filepath.Join(t.TempDir(), "watchparty.db")
	return open(t, o)
}

// Postgres opens a store on a new database.
func Postgres(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	o.DSN = testenv.Postgres(t)
	return open(t, o)
}

func open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}
