package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"watchparty/internal/chat"
	"watchparty/internal/id"
	"watchparty/internal/session"
)

type sittingRow struct {
	PartyID   id.Party `gorm:"primaryKey"`
	UserID    id.User  `gorm:"primaryKey"`
	Reactions int
	Polls     int
	Marks     int
	WatchMS   int64 `gorm:"column:watch_ms"`
	VoiceMS   int64 `gorm:"column:voice_ms"`
	ShareMS   int64 `gorm:"column:share_ms"`
	StartedAt millis
	EndedAt   *millis
}

func (sittingRow) TableName() string { return "party_sessions" }

func span(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

func (r sittingRow) session() session.Session {
	s := session.Session{User: r.UserID, Started: r.StartedAt.time(), Ended: r.EndedAt.timePtr()}
	s.Counts[session.Reactions], s.Counts[session.Polls], s.Counts[session.Marks] = r.Reactions, r.Polls, r.Marks
	s.Spans[session.Watching], s.Spans[session.Talking], s.Spans[session.Sharing] = span(r.WatchMS), span(r.VoiceMS), span(r.ShareMS)
	return s
}

type minuteRow struct {
	PartyID id.Party `gorm:"primaryKey"`
	ItemID  id.Item  `gorm:"primaryKey"`
	Minute  int      `gorm:"primaryKey;autoIncrement:false"`
	UserID  id.User  `gorm:"primaryKey"`
}

func (minuteRow) TableName() string { return "party_minutes" }

type statsRow struct {
	PartyID    id.Party `gorm:"primaryKey"`
	Peak       int
	PeakAt     *millis
	TogetherMS int64 `gorm:"column:together_ms"`
}

func (statsRow) TableName() string { return "party_stats" }

func (r statsRow) stats() session.Stats {
	s := session.Stats{Peak: r.Peak, Together: span(r.TogetherMS)}
	if r.PeakAt != nil {
		s.PeakAt = r.PeakAt.time()
	}
	return s
}

// Kept gives what is known of the people of a party.
func (rs Rooms) Kept(ctx context.Context, p id.Party) (session.Kept, error) {
	var k session.Kept
	var err error
	if k.Sessions, err = rs.Sittings(ctx, p); err != nil {
		return k, err
	}
	k.Stats, err = rs.Stats(ctx, p)
	return k, err
}

// Stats gives the numbers of a party as a whole.
func (rs Rooms) Stats(ctx context.Context, p id.Party) (session.Stats, error) {
	var rows []statsRow
	err := rs.s.read(ctx).Where("party_id = ?", p).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return session.Stats{}, known(err)
	}
	return rows[0].stats(), nil
}

// minuteBatch bounds the rows of one statement.
const minuteBatch = 1000

// Keep writes what people did, for the room's owner only: with a stale fence it
// writes nothing and answers chat.ErrFenced. The same changes may come again.
func (rs Rooms) Keep(ctx context.Context, p id.Party, fence int64, c session.Changes) error {
	var rows []sittingRow
	for _, s := range c.Sessions {
		rows = append(rows, sittingRow{
			PartyID: p, UserID: s.User, Reactions: s.Reactions(), Polls: s.Polls(), Marks: s.Marks(),
			WatchMS: s.Watched().Milliseconds(), VoiceMS: s.Talked().Milliseconds(), ShareMS: s.Shared().Milliseconds(),
			StartedAt: ms(s.Started), EndedAt: msPtr(s.Ended),
		})
	}
	var minutes []minuteRow
	for _, m := range c.Minutes {
		minutes = append(minutes, minuteRow{p, m.Item, m.At, m.User})
	}
	return rs.s.Write(ctx, func(t *Tx) error {
		// Takes the row, so that an owner who comes now waits for the end of this.
		res := t.db.Exec("UPDATE rooms SET fence = fence WHERE party_id = ? AND fence = ?", p, fence)
		switch {
		case res.Error != nil:
			return res.Error
		case res.RowsAffected == 0:
			return chat.ErrFenced
		}
		if len(rows) > 0 {
			if err := t.db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&rows).Error; err != nil {
				return err
			}
		}
		if len(minutes) > 0 {
			if err := t.db.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(&minutes, minuteBatch).Error; err != nil {
				return err
			}
		}
		if c.Stats == nil {
			return nil
		}
		row := statsRow{PartyID: p, Peak: c.Stats.Peak, TogetherMS: c.Stats.Together.Milliseconds()}
		if !c.Stats.PeakAt.IsZero() {
			row.PeakAt = msPtr(&c.Stats.PeakAt)
		}
		return t.db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}

// Sittings gives the sessions of a party, who watched longest first.
func (rs Rooms) Sittings(ctx context.Context, p id.Party) ([]session.Session, error) {
	var rows []sittingRow
	err := rs.s.read(ctx).Where("party_id = ?", p).Order("watch_ms DESC, started_at, user_id").Find(&rows).Error
	out := make([]session.Session, len(rows))
	for i, r := range rows {
		out[i] = r.session()
	}
	return out, known(err)
}

// Viewers counts who saw each minute of each film.
func (rs Rooms) Viewers(ctx context.Context, p id.Party) ([]session.Viewers, error) {
	var rows []session.Viewers
	err := rs.s.read(ctx).Raw(`SELECT CAST(item_id AS TEXT) AS item, minute, COUNT(*) AS n FROM party_minutes
		WHERE party_id = ? GROUP BY item_id, minute ORDER BY item_id, minute`, p).Scan(&rows).Error
	return rows, known(err)
}

// Lines counts the lines of the chat by film and minute of it. Those without a
// film are left out; all is how many there are with them.
func (rs Rooms) Lines(ctx context.Context, p id.Party) (list []session.Viewers, all int, err error) {
	minute := "CAST(film_at / 60 AS INTEGER)"
	if rs.s.pg {
		minute = "CAST(floor(film_at / 60) AS INTEGER)"
	}
	err = rs.s.read(ctx).Raw(`SELECT CAST(item_id AS TEXT) AS item, `+minute+` AS minute, COUNT(*) AS n FROM messages
		WHERE party_id = ? AND NOT deleted AND item_id IS NOT NULL AND film_at IS NOT NULL GROUP BY item_id, `+minute+`
		ORDER BY item_id, minute`, p).Scan(&list).Error
	if err != nil {
		return nil, 0, known(err)
	}
	var n int64
	err = rs.s.read(ctx).Model(&messageRow{}).Where("party_id = ? AND NOT deleted", p).Count(&n).Error
	return list, int(n), known(err)
}
