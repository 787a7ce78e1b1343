package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

func (s *Store) goose() (*goose.Provider, error) {
	dialect, dir := goose.DialectSQLite3, "migrations/sqlite"
	var opts []goose.ProviderOption
	if s.pg {
		dialect, dir = goose.DialectPostgres, "migrations/postgres"
		// Nodes that start together take turns.
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, err
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	sub, err := fs.Sub(migrations, dir)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, s.sw, sub, opts...)
}

// Migrate brings the schema to this program's version and says how many steps
// that took. A schema newer than the program is left alone if it only adds.
func (s *Store) Migrate(ctx context.Context) (int, error) {
	p, err := s.goose()
	if err != nil {
		return 0, err
	}
	done, err := p.Up(ctx)
	if err != nil {
		return len(done), fmt.Errorf("migrate: %w", err)
	}
	return len(done), nil
}

// Rollback takes the newest migration back.
func (s *Store) Rollback(ctx context.Context) error {
	p, err := s.goose()
	if err != nil {
		return err
	}
	_, err = p.Down(ctx)
	return err
}

// Versions gives the schema's version and the newest that the program knows.
func (s *Store) Versions(ctx context.Context) (have, want int64, err error) {
	p, err := s.goose()
	if err != nil {
		return 0, 0, err
	}
	return p.GetVersions(ctx)
}
