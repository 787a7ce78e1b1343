package store

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// slowQuery is when a statement is worth a line in the log.
const slowQuery = 300 * time.Millisecond

// queryLog brings GORM's log to slog and counts statements. It never writes
// parameters: they hold what people wrote.
type queryLog struct{ log *slog.Logger }

func (q queryLog) LogMode(logger.LogLevel) logger.Interface { return q }

func (q queryLog) Info(ctx context.Context, msg string, _ ...any) { q.log.DebugContext(ctx, msg) }

func (q queryLog) Warn(ctx context.Context, msg string, _ ...any) { q.log.WarnContext(ctx, msg) }

func (q queryLog) Error(ctx context.Context, msg string, _ ...any) { q.log.ErrorContext(ctx, msg) }

// ParamsFilter keeps values out of every line.
func (q queryLog) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}

func (q queryLog) Trace(ctx context.Context, begin time.Time, fc func() (string, int64), err error) {
	if n, ok := ctx.Value(countKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
	if took := time.Since(begin); took > slowQuery {
		sql, rows := fc()
		q.log.WarnContext(ctx, "slow query", "sql", sql, "rows", rows, "took", took)
	}
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) && !errors.Is(err, gorm.ErrDuplicatedKey) && ctx.Err() == nil {
		sql, _ := fc()
		q.log.DebugContext(ctx, "query failed", "sql", sql, "err", err)
	}
}

type countKey struct{}

// Counted returns a context whose statements are counted, for the tests that
// hold a request to its number of statements.
func Counted(ctx context.Context) (context.Context, *atomic.Int64) {
	n := new(atomic.Int64)
	return context.WithValue(ctx, countKey{}, n), n
}
