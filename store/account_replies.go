package store

import (
	"context"

	"gorm.io/gorm/clause"

	"watchparty/internal/account"
	"watchparty/internal/id"
)

type replyRow struct {
	UserID      id.User `gorm:"primaryKey"`
	Key         string  `gorm:"primaryKey"`
	Fingerprint string
	Status      int
	Response    string
	CreatedAt   millis `gorm:"autoCreateTime:false"`
}

func (replyRow) TableName() string { return "idempotency" }

// Claim takes a key for a call, or gives what is kept under it. A call whose
// process died keeps its claim until it is swept: nobody knows how far it got,
// and running it again might do it twice.
func (a Accounts) Claim(ctx context.Context, who id.User, key, fingerprint string) (kept account.Reply, first bool, err error) {
	err = a.s.Write(ctx, func(t *Tx) error {
		row := replyRow{UserID: who, Key: key, Fingerprint: fingerprint, CreatedAt: ms(t.Now())}
		done := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if done.Error != nil {
			return done.Error
		}
		if first = done.RowsAffected == 1; first {
			return nil
		}
		var old replyRow
		if err := t.db.Where("user_id = ? AND key = ?", who, key).Take(&old).Error; err != nil {
			return err
		}
		kept = account.Reply{Fingerprint: old.Fingerprint, Status: old.Status, Body: old.Response}
		return nil
	})
	return kept, first, err
}

// Keep stores the answer of a claimed call.
func (a Accounts) Keep(ctx context.Context, who id.User, key string, r account.Reply) error {
	return a.s.Write(ctx, func(t *Tx) error {
		return t.db.Model(&replyRow{}).Where("user_id = ? AND key = ?", who, key).
			Updates(map[string]any{"status": r.Status, "response": r.Body}).Error
	})
}

// Drop forgets a claim whose call failed.
func (a Accounts) Drop(ctx context.Context, who id.User, key string) error {
	return a.s.Write(ctx, func(t *Tx) error {
		return t.db.Where("user_id = ? AND key = ? AND status = 0", who, key).Delete(&replyRow{}).Error
	})
}
