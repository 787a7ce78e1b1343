package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"watchparty/internal/id"
	"watchparty/internal/media"
)

type mediaRow struct {
	ID         id.Media `gorm:"primaryKey"`
	OwnerID    id.User
	Token      string
	Name       string
	Title      string
	Size       int64
	Type       media.Type
	Status     media.Status
	Reason     string
	DurationMS int64
	Width      int
	Height     int
	CreatedAt  millis `gorm:"autoCreateTime:false"`
	TouchedAt  millis
}

func (mediaRow) TableName() string { return "media" }

func (r mediaRow) film() media.Film {
	return media.Film{
		ID: r.ID, Owner: r.OwnerID, Token: r.Token, Name: r.Name, Title: r.Title, Size: r.Size, Type: r.Type,
		Status: r.Status, Reason: r.Reason, Duration: time.Duration(r.DurationMS) * time.Millisecond,
		Width: r.Width, Height: r.Height, CreatedAt: r.CreatedAt.time(), TouchedAt: r.TouchedAt.time(),
	}
}

func mediaOf(f media.Film) mediaRow {
	return mediaRow{
		ID: f.ID, OwnerID: f.Owner, Token: f.Token, Name: f.Name, Title: f.Title, Size: f.Size, Type: f.Type,
		Status: f.Status, Reason: f.Reason, DurationMS: f.Duration.Milliseconds(),
		Width: f.Width, Height: f.Height, CreatedAt: ms(f.CreatedAt), TouchedAt: ms(f.TouchedAt),
	}
}

// AddMedia adds a film if its owner's quota has room. On Postgres the owner's
// uploads take turns; SQLite has one writer anyway.
func (s *Store) AddMedia(ctx context.Context, f media.Film, q media.Quota) error {
	return s.Write(ctx, func(t *Tx) error {
		if t.pg {
			if err := t.db.Exec("SELECT pg_advisory_xact_lock(hashtext(?))", "media:"+string(f.Owner)).Error; err != nil {
				return err
			}
		}
		var u media.Usage
		err := t.db.Model(&mediaRow{}).
			Select("COALESCE(SUM(size), 0) AS bytes, COUNT(*) AS films, "+
				"COALESCE(SUM(CASE WHEN status = ? THEN 1 ELSE 0 END), 0) AS open", media.Uploading).
			Where("owner_id = ? AND status <> ?", f.Owner, media.Refused).Scan(&u).Error
		if err != nil {
			return err
		}
		if err := q.Fits(u, f.Size); err != nil {
			return err
		}
		row := mediaOf(f)
		return t.db.Create(&row).Error
	})
}

// Media finds a film.
func (s *Store) Media(ctx context.Context, m id.Media) (media.Film, error) {
	var row mediaRow
	err := s.read(ctx).Where("id = ?", m).Take(&row).Error
	return row.film(), known(err)
}

// SettleMedia writes how an upload ended. An upload that has ended stays so.
func (s *Store) SettleMedia(ctx context.Context, f media.Film) error {
	return s.Write(ctx, func(t *Tx) error {
		r := mediaOf(f)
		done := t.db.Model(&mediaRow{}).Where("id = ? AND status = ?", f.ID, media.Uploading).Updates(map[string]any{
			"status": r.Status, "reason": r.Reason, "type": r.Type, "name": r.Name, "duration_ms": r.DurationMS,
			"width": r.Width, "height": r.Height, "touched_at": r.TouchedAt,
		})
		if done.Error == nil && done.RowsAffected == 0 {
			return gorm.ErrRecordNotFound
		}
		return done.Error
	})
}

// TouchMedia notes that an upload grows.
func (s *Store) TouchMedia(ctx context.Context, m id.Media, at time.Time) error {
	return s.Write(ctx, func(t *Tx) error {
		return t.db.Model(&mediaRow{}).Where("id = ?", m).Update("touched_at", ms(at)).Error
	})
}

// DropMedia forgets a film. One that is gone already is no fault.
func (s *Store) DropMedia(ctx context.Context, m id.Media) error {
	return s.Write(ctx, func(t *Tx) error {
		return t.db.Where("id = ?", m).Delete(&mediaRow{}).Error
	})
}

// IdleMedia lists films that are not ready and were not touched since before.
func (s *Store) IdleMedia(ctx context.Context, before time.Time, limit int) ([]media.Film, error) {
	var rows []mediaRow
	err := s.read(ctx).Where("status IN ? AND touched_at < ?", []media.Status{media.Uploading, media.Refused}, ms(before)).
		Order("touched_at, id").Limit(limit).Find(&rows).Error
	films := make([]media.Film, len(rows))
	for i, r := range rows {
		films[i] = r.film()
	}
	return films, known(err)
}
