package store

import (
	"database/sql"
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresConns bounds the pool of one node.
const postgresConns = 20

// openPostgres opens the one pool. A statement that waits for more than two
// seconds is given up: the caller answers 503 instead of hanging.
func openPostgres(dsn string) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	for key, value := range map[string]string{
		"timezone": "UTC", "statement_timeout": "5000", "lock_timeout": "2000",
		"idle_in_transaction_session_timeout": "10000", "application_name": "watchparty",
	} {
		if _, set := cfg.RuntimeParams[key]; !set {
			cfg.RuntimeParams[key] = value
		}
	}
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresConns / 2)
	return db, nil
}

// isPostgres tells a Postgres address from a file name.
func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// retryable says whether the transaction may be run again as it is.
func retryable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	return sqliteBusy(err)
}

// away says whether the database is out of reach or refuses work for now.
func away(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "57014", "55P03", "57P01", "57P02", "57P03", "53300", "25006", "53100":
			return true
		}
		return strings.HasPrefix(pg.Code, "08")
	}
	var ne net.Error
	var ce *pgconn.ConnectError
	return errors.As(err, &ce) || errors.As(err, &ne) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, net.ErrClosed) ||
		pgconn.SafeToRetry(err) || sqliteBusy(err) || sqliteFull(err)
}
