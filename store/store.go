// Package store remembers. It is the only package that speaks GORM: rows,
// queries, migrations, the outbox and the jobs table, on SQLite and Postgres.
//
// Moments are kept as milliseconds since 1970 in integers, the same on both
// engines (docs/adr/0002). Row structs are unexported and stand beside their
// queries; nothing outside sees them.
package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"watchparty/internal/bus"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Publisher takes facts after their commit.
type Publisher interface {
	Publish(ctx context.Context, msgs ...bus.Message) error
}

// Options say where the data is and what the store works with.
type Options struct {
	// DSN is a postgres:// address, or the path of the SQLite file.
	DSN string
	// Bus gets the facts. Nil keeps them in the outbox.
	Bus Publisher
	Now clock.Now
	Log *slog.Logger
}

// Store is the database.
type Store struct {
	w, r *gorm.DB
	sw   *sql.DB
	sr   *sql.DB
	bus  Publisher
	now  clock.Now
	log  *slog.Logger
	pg   bool
}

// Open connects. It does not migrate: see Migrate.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{bus: o.Bus, now: o.Now, log: o.Log, pg: isPostgres(o.DSN)}
	if s.now == nil {
		s.now = clock.System
	}
	if s.log == nil {
		s.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if err := s.connect(o.DSN); err != nil {
		return nil, err
	}
	if err := s.sw.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("database: %w", err), s.Close())
	}
	return s, nil
}

func (s *Store) connect(dsn string) (err error) {
	if s.pg {
		if s.sw, err = openPostgres(dsn); err != nil {
			return fmt.Errorf("database-url: %w", err)
		}
		s.sr = s.sw
		s.w, err = gorm.Open(postgres.New(postgres.Config{Conn: s.sw}), s.gormConfig())
		s.r = s.w
		return err
	}
	if s.sw, s.sr, err = openSQLite(dsn); err != nil {
		return err
	}
	if s.w, err = gorm.Open(sqliteDialector{s.sw}, s.gormConfig()); err != nil {
		return err
	}
	s.r, err = gorm.Open(sqliteDialector{s.sr}, s.gormConfig())
	return err
}

func (s *Store) gormConfig() *gorm.Config {
	return &gorm.Config{
		TranslateError:         true,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		NowFunc:                func() time.Time { return clock.Millis(s.now()) },
		Logger:                 queryLog{s.log},
	}
}

// Close ends all connections.
func (s *Store) Close() error {
	err := s.sw.Close()
	if s.sr != s.sw {
		err = errors.Join(err, s.sr.Close())
	}
	return err
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return known(s.sr.PingContext(ctx)) }

// Postgres says which of the two engines it is.
func (s *Store) Postgres() bool { return s.pg }

// Engine describes the engine for people.
func (s *Store) Engine(ctx context.Context) (string, error) {
	if !s.pg {
		return versionSQLite(s.sr)
	}
	var v string
	err := s.sr.QueryRowContext(ctx, "SHOW server_version").Scan(&v)
	return "PostgreSQL " + v, err
}

// Tx is one transaction. Feature files hang their methods on it.
type Tx struct {
	db    *gorm.DB
	now   clock.Now
	pg    bool
	facts []bus.Fact
}

// Now is the moment of the transaction's rows, to the millisecond.
func (t *Tx) Now() time.Time { return clock.Millis(t.now()) }

// Record keeps a fact with the rows that make it true. It is published once
// the transaction has committed, and again by the sweeper if that failed.
func (t *Tx) Record(topic, kind string, data any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	t.facts = append(t.facts, bus.Fact{ID: id.New[id.Fact](), Topic: topic, Kind: kind, At: t.Now(), Data: b})
	return nil
}

// writeTries bounds how often a transaction is run when the database says that
// it collided with another. fn must have no effect outside the transaction.
const writeTries = 5

// Write runs fn in a transaction. When it returns nil, all is committed and
// durable.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	var t *Tx
	var err error
	for try := range writeTries {
		err = s.w.WithContext(ctx).Transaction(func(db *gorm.DB) error {
			t = &Tx{db: db, now: s.now, pg: s.pg}
			if err := fn(t); err != nil {
				return err
			}
			return saveFacts(db, t.facts)
		})
		if !retryable(err) || try == writeTries-1 {
			break
		}
	}
	if err != nil {
		return known(err)
	}
	s.publish(ctx, t.facts)
	return nil
}

// read is a handle for queries outside a transaction.
func (s *Store) read(ctx context.Context) *gorm.DB { return s.r.WithContext(ctx) }

// known turns the database's errors into faults. Faults pass as they are.
func known(err error) error {
	var f *fault.Fault
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound), errors.Is(err, sql.ErrNoRows):
		return fault.ErrNotFound
	case errors.Is(err, gorm.ErrDuplicatedKey):
		return fault.ErrConflict.Because(err)
	case errors.Is(err, gorm.ErrForeignKeyViolated), errors.Is(err, gorm.ErrCheckConstraintViolated):
		return fault.ErrInvalid.Because(err)
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded), away(err), retryable(err):
		return fault.ErrUnavailable.Because(err).After(time.Second)
	}
	return err
}

// millis is a moment as the database keeps it.
type millis int64

func ms(t time.Time) millis { return millis(t.UnixMilli()) }

func (m millis) time() time.Time { return time.UnixMilli(int64(m)).UTC() }

func msPtr(t *time.Time) *millis {
	if t == nil {
		return nil
	}
	m := ms(*t)
	return &m
}

func (m *millis) timePtr() *time.Time {
	if m == nil {
		return nil
	}
	t := m.time()
	return &t
}
