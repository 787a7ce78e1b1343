package store

import (
	"context"
	"encoding/json"
	"slices"

	"gorm.io/gorm"

	"watchparty/internal/chat"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

type messageRow struct {
	ID        id.Message `gorm:"primaryKey"`
	PartyID   id.Party
	Seq       int64
	UserID    id.User
	Role      string
	Color     int
	Type      string
	Text      string
	Image     string
	ReplyID   *id.Message
	Mentions  string
	FilmAt    *float64
	ItemID    *id.Item
	Op        string
	CreatedAt millis `gorm:"autoCreateTime:false"`
	EditedAt  *millis
	Deleted   bool
}

func (messageRow) TableName() string { return "messages" }

func messageRowOf(m chat.Message, seq int64) (messageRow, error) {
	mentions, err := json.Marshal(m.Mentions)
	r := messageRow{
		ID: m.ID, PartyID: m.Party, Seq: seq, UserID: m.Author.ID, Role: m.Role, Color: m.Color, Type: m.Type, Text: m.Text, Image: m.Image,
		Mentions: string(mentions), FilmAt: m.FilmAt, ItemID: orNull(m.Item), Op: m.Op,
		CreatedAt: ms(m.CreatedAt), EditedAt: msPtr(m.EditedAt), Deleted: m.Deleted,
	}
	if m.ReplyTo != nil {
		r.ReplyID = &m.ReplyTo.ID
	}
	return r, err
}

// putMessage inserts a new line, or keeps how an old one is now. A line that is
// gone stays gone.
func (t *Tx) putMessage(m chat.Message, seq int64) error {
	row, err := messageRowOf(m, seq)
	if err != nil {
		return err
	}
	if m.Seq == 0 {
		return t.db.Create(&row).Error
	}
	res := t.db.Model(&messageRow{}).Where("id = ? AND party_id = ? AND NOT deleted", m.ID, m.Party).
		Updates(map[string]any{
			"text": row.Text, "image": row.Image, "mentions": row.Mentions, "reply_id": row.ReplyID,
			"edited_at": row.EditedAt, "deleted": row.Deleted,
		})
	if res.Error == nil && res.RowsAffected == 0 {
		return chat.ErrDeleted
	}
	return res.Error
}

// lineRow is a line with its author, and with what it answers.
type lineRow struct {
	Line      messageRow `gorm:"embedded"`
	Who       personRow  `gorm:"embedded;embeddedPrefix:u_"`
	ReplyWho  personRow  `gorm:"embedded;embeddedPrefix:q_"`
	ReplyText *string
}

func (l lineRow) message() (chat.Message, error) {
	r := l.Line
	m := chat.Message{
		ID: r.ID, Party: r.PartyID, Seq: r.Seq, Author: chat.Author(l.Who.person()), Role: r.Role, Color: r.Color,
		Type: r.Type, Text: r.Text, Image: r.Image, FilmAt: r.FilmAt, Item: value(r.ItemID), CreatedAt: r.CreatedAt.time(),
		EditedAt: r.EditedAt.timePtr(), Deleted: r.Deleted, Op: r.Op,
	}
	if r.ReplyID != nil && l.ReplyText != nil {
		m.ReplyTo = chat.Quoted(chat.Message{ID: *r.ReplyID, Author: chat.Author(l.ReplyWho.person()), Text: *l.ReplyText})
	}
	return m, json.Unmarshal([]byte(r.Mentions), &m.Mentions)
}

// lines starts a query of a party's lines.
func (rs Rooms) lines(ctx context.Context, p id.Party) *gorm.DB {
	return rs.s.read(ctx).Table("messages AS m").
		Select("m.*, q.text AS reply_text, "+
			columns("u", "u", "''", personColumns...)+", "+columns("qu", "q", "''", personColumns...)).
		Joins("JOIN users u ON u.id = m.user_id").
		Joins("LEFT JOIN messages q ON q.id = m.reply_id").
		Joins("LEFT JOIN users qu ON qu.id = q.user_id").
		Where("m.party_id = ?", p)
}

func scanLines(q *gorm.DB) ([]chat.Message, error) {
	var rows []lineRow
	if err := q.Scan(&rows).Error; err != nil {
		return nil, known(err)
	}
	out := make([]chat.Message, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.message(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Recent gives the last lines of a party, oldest first.
func (rs Rooms) Recent(ctx context.Context, p id.Party, limit int) ([]chat.Message, error) {
	list, err := scanLines(rs.lines(ctx, p).Order("m.seq DESC").Limit(limit))
	slices.Reverse(list)
	return list, err
}

// Page gives lines before a place, newest first, and whether there are older
// ones. A place of 0 starts at the newest line.
func (rs Rooms) Page(ctx context.Context, p id.Party, before int64, limit int) (list []chat.Message, more bool, err error) {
	q := rs.lines(ctx, p).Order("m.seq DESC").Limit(limit + 1)
	if before > 0 {
		q = q.Where("m.seq < ?", before)
	}
	if list, err = scanLines(q); err != nil {
		return nil, false, err
	}
	if len(list) > limit {
		return list[:limit], true, nil
	}
	return list, false, nil
}

// Message gives one line of a party.
func (rs Rooms) Message(ctx context.Context, p id.Party, m id.Message) (chat.Message, error) {
	list, err := scanLines(rs.lines(ctx, p).Where("m.id = ?", m).Limit(1))
	if err != nil {
		return chat.Message{}, err
	}
	if len(list) == 0 {
		return chat.Message{}, fault.ErrNotFound
	}
	return list[0], nil
}

// Pictures gives the addresses of all pictures that a party's lines show.
func (rs Rooms) Pictures(ctx context.Context, p id.Party) ([]string, error) {
	var out []string
	err := rs.s.read(ctx).Model(&messageRow{}).Where("party_id = ? AND image <> ''", p).Pluck("image", &out).Error
	return out, known(err)
}

// ShowsPicture says whether a line of the party shows the picture of that address.
func (rs Rooms) ShowsPicture(ctx context.Context, p id.Party, path string) (bool, error) {
	var n int64
	err := rs.s.read(ctx).Model(&messageRow{}).Where("party_id = ? AND image = ?", p, path).Limit(1).Count(&n).Error
	return n > 0, known(err)
}
