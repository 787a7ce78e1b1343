package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

type onceRow struct {
	Hash      string `gorm:"primaryKey"`
	Purpose   account.Purpose
	UserID    id.User
	SessionID *id.Session
	Email     string
	ExpiresAt millis
}

func (onceRow) TableName() string { return "one_time_tokens" }

// SaveOnce keeps a token that works once.
func (a Accounts) SaveOnce(ctx context.Context, o account.Once) error {
	row := onceRow{Hash: o.Hash, Purpose: o.Purpose, UserID: o.User, Email: o.Email, ExpiresAt: ms(o.ExpiresAt)}
	if o.Session != "" {
		row.SessionID = &o.Session
	}
	return a.s.Write(ctx, func(t *Tx) error { return t.db.Create(&row).Error })
}

// Spend takes a token: of any number of callers, one gets it.
func (a Accounts) Spend(ctx context.Context, p account.Purpose, hash string) (o account.Once, err error) {
	err = a.s.Write(ctx, func(t *Tx) error {
		o, err = spend(t, p, hash)
		return err
	})
	return o, err
}

func spend(t *Tx, p account.Purpose, hash string) (account.Once, error) {
	var rows []onceRow
	err := t.db.Clauses(clause.Returning{}).
		Where("hash = ? AND purpose = ? AND expires_at > ?", hash, p, ms(t.Now())).Delete(&rows).Error
	if err != nil {
		return account.Once{}, err
	}
	if len(rows) == 0 {
		return account.Once{}, fault.ErrNotFound
	}
	r := rows[0]
	o := account.Once{Hash: r.Hash, Purpose: r.Purpose, User: r.UserID, Email: r.Email, ExpiresAt: r.ExpiresAt.time()}
	if r.SessionID != nil {
		o.Session = *r.SessionID
	}
	return o, nil
}

// Reset sets a password by a link and ends every session.
func (a Accounts) Reset(ctx context.Context, tokenHash string, hash account.Secret) (u account.User, err error) {
	err = a.s.Write(ctx, func(t *Tx) error {
		o, err := spend(t, account.ForReset, tokenHash)
		if err != nil {
			return err
		}
		now := t.Now()
		if err := setPassword(t, o.User, hash, &now); err != nil {
			return err
		}
		if err := endAll(t, o.User); err != nil {
			return err
		}
		u, err = oneUser(t.db.Where("id = ?", o.User))
		return err
	})
	return u, err
}

// Verify marks an address as read by its owner.
func (a Accounts) Verify(ctx context.Context, tokenHash string) error {
	return a.s.Write(ctx, func(t *Tx) error {
		o, err := spend(t, account.ForVerify, tokenHash)
		if err != nil {
			return err
		}
		done := t.db.Model(&userRow{}).Where("id = ? AND email = ?", o.User, o.Email).Updates(map[string]any{
			"verified_at": gorm.Expr("COALESCE(verified_at, ?)", ms(t.Now())),
			"updated_at":  ms(t.Now()), "version": gorm.Expr("version + 1"),
		})
		if done.Error == nil && done.RowsAffected == 0 {
			return fault.ErrNotFound
		}
		return done.Error
	})
}

const (
	keepEnded   = 30 * 24 * time.Hour // ended sessions, so that a stolen token is still recognised
	keepReplies = 24 * time.Hour
)

// Sweep forgets what is of no more use: late tokens, long ended sessions, old
// replies. It says how many rows went.
func (a Accounts) Sweep(ctx context.Context) (int, error) {
	var n int64
	err := a.s.Write(ctx, func(t *Tx) error {
		n = 0
		now := t.Now()
		for _, old := range []*gorm.DB{
			t.db.Where("expires_at < ?", ms(now)).Delete(&onceRow{}),
			t.db.Where("expires_at < ? OR revoked_at < ?", ms(now.Add(-keepEnded)), ms(now.Add(-keepEnded))).Delete(&sessionRow{}),
			t.db.Where("created_at < ?", ms(now.Add(-keepReplies))).Delete(&replyRow{}),
		} {
			if old.Error != nil {
				return old.Error
			}
			n += old.RowsAffected
		}
		return nil
	})
	return int(n), err
}
