package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"watchparty/internal/fault"
)

// ErrDumpIt tells that the database has better ways of its own.
var ErrDumpIt = fault.New(fault.Unsupported, "backup.postgres", "Back Postgres up with pg_dump or point-in-time recovery.")

// Backup writes a copy of the database to a new file while work goes on: all
// that was committed before it began, and nothing of a transaction that is
// open. The copy is complete when this returns, also after a power cut. Films
// are files beside the database and not part of it.
func (s *Store) Backup(ctx context.Context, path string) (err error) {
	if s.pg {
		return ErrDumpIt
	}
	switch _, err := os.Stat(path); {
	case err == nil:
		return fmt.Errorf("backup: %s is there already", path)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("backup: %w", err)
	}
	defer func() {
		if err != nil { // half a copy looks like a whole one
			_ = os.Remove(path)
		}
	}()
	// A connection of its own reads a snapshot: the writer is not held up, and
	// the readers of the pool may not write anywhere.
	var file string
	if err := s.sr.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	db, err := sql.Open("sqlite", sqliteDSN(file, false))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return syncFile(path)
}

// syncFile makes a file and its name durable.
func syncFile(path string) error {
	for _, name := range []string{path, filepath.Dir(path)} {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	return nil
}
