package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gorm.io/gorm/clause"

	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/poll"
)

type pollRow struct {
	ID         id.Poll `gorm:"primaryKey"`
	PartyID    id.Party
	ByID       id.User
	Kind       poll.Kind
	Question   string
	Options    string
	Least      int
	Most       int
	Correct    string
	Visibility poll.Visibility
	Anonymous  bool
	Moderated  bool
	TimerMS    int64
	FilmAt     *float64
	ItemID     *id.Item
	State      poll.State
	Voters     int64
	CreatedAt  millis `gorm:"autoCreateTime:false"`
	OpenedAt   *millis
	ClosesAt   *millis
	ClosedAt   *millis
	Version    int
}

func (pollRow) TableName() string { return "polls" }

type pollVoteRow struct {
	PollID  id.Poll `gorm:"primaryKey"`
	UserID  id.User `gorm:"primaryKey"`
	ID      id.Vote
	Choices string
	Rating  int
	Text    string
	Words   string
	Hidden  bool
	At      millis
}

func (pollVoteRow) TableName() string { return "poll_votes" }

type pollCountRow struct {
	PollID id.Poll `gorm:"primaryKey"`
	Slot   string  `gorm:"primaryKey"`
	N      int64
}

func (pollCountRow) TableName() string { return "poll_counts" }

type pollLikeRow struct {
	VoteID id.Vote `gorm:"primaryKey"`
	UserID id.User `gorm:"primaryKey"`
}

func (pollLikeRow) TableName() string { return "poll_likes" }

func list(v any) string {
	b, _ := json.Marshal(v) // numbers and texts always marshal
	return string(b)
}

func pollRowOf(p poll.Poll) pollRow {
	return pollRow{
		ID: p.ID, PartyID: p.Party, ByID: p.By, Kind: p.Kind, Question: p.Question, Options: list(p.Options),
		Least: p.Min, Most: p.Max, Correct: list(p.Right), Visibility: p.Visibility, Anonymous: p.Anonymous,
		Moderated: p.Moderated, TimerMS: p.Timer.Milliseconds(), FilmAt: p.FilmAt, ItemID: orNull(p.Item), State: p.State,
		CreatedAt: ms(p.CreatedAt), OpenedAt: msPtr(p.OpenedAt), ClosesAt: msPtr(p.ClosesAt), ClosedAt: msPtr(p.ClosedAt),
		Version: p.Version,
	}
}

func (r pollRow) poll() (poll.Poll, error) {
	p := poll.Poll{
		ID: r.ID, Party: r.PartyID, By: r.ByID, Kind: r.Kind, Question: r.Question, Min: r.Least, Max: r.Most,
		Visibility: r.Visibility, Anonymous: r.Anonymous, Moderated: r.Moderated, Timer: time.Duration(r.TimerMS) * time.Millisecond,
		FilmAt: r.FilmAt, Item: value(r.ItemID), State: r.State, CreatedAt: r.CreatedAt.time(), OpenedAt: r.OpenedAt.timePtr(),
		ClosesAt: r.ClosesAt.timePtr(), ClosedAt: r.ClosedAt.timePtr(), Version: r.Version,
	}
	return p, errors.Join(json.Unmarshal([]byte(r.Options), &p.Options), json.Unmarshal([]byte(r.Correct), &p.Right))
}

func voteRowOf(b poll.Ballot) pollVoteRow {
	v := b.Vote
	return pollVoteRow{
		PollID: b.Poll, UserID: b.User, ID: v.ID, Choices: list(v.Choices), Rating: v.Rating, Text: v.Text,
		Words: list(v.Words), Hidden: v.Hidden, At: ms(v.At),
	}
}

func (r pollVoteRow) vote() (poll.Vote, error) {
	v := poll.Vote{ID: r.ID, Rating: r.Rating, Text: r.Text, Hidden: r.Hidden, At: r.At.time()}
	return v, errors.Join(json.Unmarshal([]byte(r.Choices), &v.Choices), json.Unmarshal([]byte(r.Words), &v.Words))
}

// Polls gives all polls of a party with what was answered, the oldest first.
func (rs Rooms) Polls(ctx context.Context, p id.Party) ([]*poll.Live, error) {
	var rows []pollRow
	err := rs.s.read(ctx).Where("party_id = ?", p).Order("created_at, id").Limit(2 * poll.MostKept).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, known(err)
	}
	ids := make([]id.Poll, len(rows))
	out := make([]*poll.Live, len(rows))
	at := map[id.Poll]*poll.Live{}
	for i, r := range rows {
		one, err := r.poll()
		if err != nil {
			return nil, err
		}
		out[i] = poll.NewLive(one)
		ids[i], at[r.ID] = r.ID, out[i]
	}
	return out, known(rs.fillPolls(ctx, ids, at))
}

// fillPolls reads the answers and the likes. The counts are those that were
// kept, not a recount: a test holds the two against one another.
func (rs Rooms) fillPolls(ctx context.Context, ids []id.Poll, at map[id.Poll]*poll.Live) error {
	var votes []pollVoteRow
	if err := rs.s.read(ctx).Where("poll_id IN ?", ids).Find(&votes).Error; err != nil {
		return err
	}
	for _, r := range votes {
		v, err := r.vote()
		if err != nil {
			return err
		}
		at[r.PollID].Votes[r.UserID] = v
	}
	var counts []pollCountRow
	if err := rs.s.read(ctx).Where("poll_id IN ? AND n <> 0", ids).Find(&counts).Error; err != nil {
		return err
	}
	for _, r := range counts {
		at[r.PollID].Counts[r.Slot] = r.N
	}
	var likes []struct {
		PollID id.Poll
		VoteID id.Vote
		UserID id.User
	}
	err := rs.s.read(ctx).Table("poll_likes").Select("poll_votes.poll_id, poll_likes.vote_id, poll_likes.user_id").
		Joins("JOIN poll_votes ON poll_votes.id = poll_likes.vote_id").Where("poll_votes.poll_id IN ?", ids).Scan(&likes).Error
	for _, r := range likes {
		at[r.PollID].Like(r.UserID, r.VoteID, true)
	}
	return err
}

// SavePoll keeps a draft, new or changed. A poll that was opened changes only
// with the room's journal.
func (rs Rooms) SavePoll(ctx context.Context, p poll.Poll) error {
	return rs.s.Write(ctx, func(t *Tx) error { return t.putPoll(p) })
}

// DropDraft forgets a draft. A poll that was opened stays.
func (rs Rooms) DropDraft(ctx context.Context, p id.Poll) error {
	return rs.s.Write(ctx, func(t *Tx) error {
		res := t.db.Where("id = ? AND state = ?", p, poll.Draft).Delete(&pollRow{})
		if res.Error == nil && res.RowsAffected == 0 {
			return poll.ErrState
		}
		return res.Error
	})
}

// putPoll inserts a poll, or brings it from its last version to this one.
func (t *Tx) putPoll(p poll.Poll) error {
	row := pollRowOf(p)
	if p.Version == 1 {
		return t.db.Omit("voters").Create(&row).Error
	}
	res := t.db.Model(&pollRow{}).Where("id = ? AND party_id = ? AND version = ?", p.ID, p.Party, p.Version-1).
		Select("*").Omit("id", "party_id", "by_id", "voters", "created_at").Updates(&row)
	if res.Error == nil && res.RowsAffected == 0 {
		// Made and opened at once: there was no earlier version.
		made := t.db.Omit("voters").Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if made.Error == nil && made.RowsAffected == 0 {
			return fault.ErrConflict
		}
		return made.Error
	}
	return res.Error
}

// PollParty gives the party of a poll.
func (rs Rooms) PollParty(ctx context.Context, p id.Poll) (id.Party, error) {
	var row pollRow
	err := rs.s.read(ctx).Select("party_id").Where("id = ?", p).Take(&row).Error
	return row.PartyID, known(err)
}
