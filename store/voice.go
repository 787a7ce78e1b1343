package store

import (
	"context"
	"encoding/json"

	"gorm.io/gorm/clause"

	"watchparty/internal/chat"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/voice"
)

type voiceRoomRow struct {
	PartyID   id.Party `gorm:"primaryKey"`
	Settings  string
	CreatedAt millis `gorm:"autoCreateTime:false"`
}

func (voiceRoomRow) TableName() string { return "voice_rooms" }

type talkRow struct {
	ID       id.Talk `gorm:"primaryKey"`
	PartyID  id.Party
	UserID   id.User
	JoinedAt millis
	LeftAt   *millis
}

func (talkRow) TableName() string { return "voice_sessions" }

type shareRow struct {
	ID            id.Share `gorm:"primaryKey"`
	PartyID       id.Party
	UserID        id.User
	Title         string
	ShareType     string
	Resolution    string
	FrameRate     int
	Annotate      bool
	RemoteControl bool
	Recording     bool
	Quality       string
	Audio         bool
	Viewers       int
	StartedAt     millis
	EndedAt       *millis
}

func (shareRow) TableName() string { return "screen_shares" }

func (r shareRow) share() voice.Share {
	return voice.Share{
		ID: r.ID, Party: r.PartyID, User: r.UserID, Title: r.Title, Type: r.ShareType, Resolution: r.Resolution,
		FrameRate: r.FrameRate, Annotate: r.Annotate, RemoteControl: r.RemoteControl, Recording: r.Recording,
		Quality: r.Quality, Audio: r.Audio, Viewers: r.Viewers, Started: r.StartedAt.time(), Ended: r.EndedAt.timePtr(),
	}
}

func rowOfShare(s voice.Share) shareRow {
	return shareRow{
		ID: s.ID, PartyID: s.Party, UserID: s.User, Title: s.Title, ShareType: s.Type, Resolution: s.Resolution,
		FrameRate: s.FrameRate, Annotate: s.Annotate, RemoteControl: s.RemoteControl, Recording: s.Recording,
		Quality: s.Quality, Audio: s.Audio, Viewers: s.Viewers, StartedAt: ms(s.Started), EndedAt: msPtr(s.Ended),
	}
}

// Voice gives how a party's voice room is set, and the shares that run.
func (rs Rooms) Voice(ctx context.Context, p id.Party) (voice.Kept, error) {
	k := voice.Kept{Settings: voice.Default()}
	var rooms []voiceRoomRow
	if err := rs.s.read(ctx).Where("party_id = ?", p).Limit(1).Find(&rooms).Error; err != nil {
		return k, known(err)
	}
	if len(rooms) > 0 {
		k.Made = true
		if err := json.Unmarshal([]byte(rooms[0].Settings), &k.Settings); err != nil {
			return k, err
		}
	}
	var err error
	k.Shares, err = rs.Shares(ctx, p, true, -1)
	return k, err
}

// OpenVoice is Voice for a room's new owner: stays that the last one could not
// end are ended.
func (rs Rooms) OpenVoice(ctx context.Context, p id.Party) (voice.Kept, error) {
	err := rs.s.Write(ctx, func(t *Tx) error {
		return t.db.Model(&talkRow{}).Where("party_id = ? AND left_at IS NULL", p).Update("left_at", ms(t.Now())).Error
	})
	if err != nil {
		return voice.Kept{}, err
	}
	return rs.Voice(ctx, p)
}

// KeepVoice writes what changed, for the room's owner only: with a stale fence
// it writes nothing and answers chat.ErrFenced.
func (rs Rooms) KeepVoice(ctx context.Context, p id.Party, fence int64, c voice.Changes) error {
	return rs.s.Write(ctx, func(t *Tx) error {
		res := t.db.Exec("UPDATE rooms SET fence = fence WHERE party_id = ? AND fence = ?", p, fence)
		switch {
		case res.Error != nil:
			return res.Error
		case res.RowsAffected == 0:
			return chat.ErrFenced
		}
		if c.Settings != nil {
			b, err := json.Marshal(c.Settings)
			if err != nil {
				return err
			}
			row := voiceRoomRow{PartyID: p, Settings: string(b), CreatedAt: ms(t.Now())}
			only := clause.OnConflict{Columns: []clause.Column{{Name: "party_id"}}, DoUpdates: clause.AssignmentColumns([]string{"settings"})}
			if err := t.db.Clauses(only).Create(&row).Error; err != nil {
				return err
			}
		}
		for _, s := range c.Shares {
			row := rowOfShare(s)
			if err := t.db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
				return err
			}
		}
		for _, x := range c.Talks {
			row := talkRow{ID: x.ID, PartyID: p, UserID: x.User, JoinedAt: ms(x.Joined), LeftAt: msPtr(x.Left)}
			if err := t.db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

// Shares lists a party's shares, the newest first; active leaves out those that
// have ended, and a negative limit is none.
func (rs Rooms) Shares(ctx context.Context, p id.Party, active bool, limit int) ([]voice.Share, error) {
	q := rs.s.read(ctx).Where("party_id = ?", p)
	if active {
		q = q.Where("ended_at IS NULL")
	}
	var rows []shareRow
	if err := q.Order("started_at DESC, id DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, known(err)
	}
	out := make([]voice.Share, len(rows))
	for i, r := range rows {
		out[i] = r.share()
	}
	return out, nil
}

// Share gives one share, whichever party it is of.
func (rs Rooms) Share(ctx context.Context, s id.Share) (voice.Share, error) {
	var rows []shareRow
	if err := rs.s.read(ctx).Where("id = ?", s).Limit(1).Find(&rows).Error; err != nil {
		return voice.Share{}, known(err)
	}
	if len(rows) == 0 {
		return voice.Share{}, fault.ErrNotFound
	}
	return rows[0].share(), nil
}

// Talks lists who was in a party's voice room, the newest first.
func (rs Rooms) Talks(ctx context.Context, p id.Party, limit int) ([]voice.Talk, error) {
	var rows []talkRow
	err := rs.s.read(ctx).Where("party_id = ?", p).Order("joined_at DESC, id DESC").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, known(err)
	}
	out := make([]voice.Talk, len(rows))
	for i, r := range rows {
		out[i] = voice.Talk{ID: r.ID, User: r.UserID, Joined: r.JoinedAt.time(), Left: r.LeftAt.timePtr()}
	}
	return out, nil
}
