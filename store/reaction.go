package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/internal/react"
)

type reactionRow struct {
	ID      id.Reaction `gorm:"primaryKey"`
	PartyID id.Party
	ItemID  *id.Item
	UserID  id.User
	Emoji   string
	X, Y    float64
	FilmAt  float64
	At      millis
}

func (reactionRow) TableName() string { return "reactions" }

func (r reactionRow) thrown() react.Thrown {
	return react.Thrown{
		ID: r.ID, Party: r.PartyID, Item: value(r.ItemID), User: r.UserID, Emoji: r.Emoji,
		X: r.X, Y: r.Y, FilmAt: r.FilmAt, At: r.At.time(),
	}
}

// Throw keeps reactions, in one statement. One that is kept already is left as
// it is, so the same batch may come again.
func (rs Rooms) Throw(ctx context.Context, list []react.Thrown) error {
	rows := make([]reactionRow, len(list))
	for i, x := range list {
		rows[i] = reactionRow{
			ID: x.ID, PartyID: x.Party, ItemID: orNull(x.Item), UserID: x.User, Emoji: x.Emoji,
			X: x.X, Y: x.Y, FilmAt: x.FilmAt, At: ms(x.At),
		}
	}
	return rs.s.Write(ctx, func(t *Tx) error {
		return t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error
	})
}

// chosen is a query of a party's reactions.
func (rs Rooms) chosen(ctx context.Context, p id.Party, f react.Filter) *gorm.DB {
	q := rs.s.read(ctx).Table("reactions AS r").Where("r.party_id = ?", p)
	if f.Item != "" {
		q = q.Where("r.item_id = ?", f.Item)
	}
	if f.User != "" {
		q = q.Where("r.user_id = ?", f.User)
	}
	if f.Emoji != "" {
		q = q.Where("r.emoji = ?", f.Emoji)
	}
	if f.From != nil {
		q = q.Where("r.film_at >= ?", *f.From)
	}
	if f.To != nil {
		q = q.Where("r.film_at <= ?", *f.To)
	}
	if f.Since != nil {
		q = q.Where("r.at >= ?", ms(*f.Since))
	}
	return q
}

func thrown(q *gorm.DB) ([]react.Thrown, error) {
	var rows []reactionRow
	if err := q.Select("r.*").Scan(&rows).Error; err != nil {
		return nil, known(err)
	}
	out := make([]react.Thrown, len(rows))
	for i, r := range rows {
		out[i] = r.thrown()
	}
	return out, nil
}

// Reactions gives a page of a party's reactions and how many there are in all:
// in the order of the film, or the newest first.
func (rs Rooms) Reactions(ctx context.Context, p id.Party, f react.Filter, newest bool, limit, offset int) ([]react.Thrown, int, error) {
	var n int64
	if err := rs.chosen(ctx, p, f).Count(&n).Error; err != nil {
		return nil, 0, known(err)
	}
	order := "r.item_id, r.film_at, r.id"
	if newest {
		order = "r.id DESC"
	}
	list, err := thrown(rs.chosen(ctx, p, f).Order(order).Limit(limit).Offset(offset))
	return list, int(n), err
}

// Reaction gives one reaction of a party.
func (rs Rooms) Reaction(ctx context.Context, p id.Party, r id.Reaction) (react.Thrown, error) {
	list, err := thrown(rs.chosen(ctx, p, react.Filter{}).Where("r.id = ?", r).Limit(1))
	if err != nil {
		return react.Thrown{}, err
	}
	if len(list) == 0 {
		return react.Thrown{}, fault.ErrNotFound
	}
	return list[0], nil
}

// Tallies counts a party's reactions by film, second and emoji.
func (rs Rooms) Tallies(ctx context.Context, p id.Party) ([]react.Tally, error) {
	var rows []struct {
		ItemID *id.Item
		Second int
		Emoji  string
		N      int
	}
	second := "CAST(r.film_at AS INTEGER)"
	if rs.s.pg {
		second = "CAST(floor(r.film_at) AS INTEGER)" // its cast rounds
	}
	err := rs.chosen(ctx, p, react.Filter{}).Select("r.item_id, " + second + " AS second, r.emoji, COUNT(*) AS n").
		Group("r.item_id, " + second + ", r.emoji").Order("r.item_id, second, r.emoji").Scan(&rows).Error
	out := make([]react.Tally, len(rows))
	for i, r := range rows {
		out[i] = react.Tally{Item: value(r.ItemID), Second: r.Second, Emoji: r.Emoji, N: r.N}
	}
	return out, known(err)
}

// Throwers tells who threw which emoji at a party how often, the first to throw
// it first.
func (rs Rooms) Throwers(ctx context.Context, p id.Party) ([]react.Thrower, error) {
	var rows []struct {
		Emoji  string
		UserID id.User
		N      int
		First  id.Reaction
	}
	err := rs.chosen(ctx, p, react.Filter{}).Select("r.emoji, r.user_id, COUNT(*) AS n, MIN(CAST(r.id AS TEXT)) AS first").
		Group("r.emoji, r.user_id").Order("first").Scan(&rows).Error
	out := make([]react.Thrower, len(rows))
	for i, r := range rows {
		out[i] = react.Thrower{Emoji: r.Emoji, User: r.UserID, N: r.N, First: r.First}
	}
	return out, known(err)
}

// Unthrow takes a person's reactions back, of one emoji or all, and says how
// many there were.
func (rs Rooms) Unthrow(ctx context.Context, p id.Party, u id.User, emoji string) (int, error) {
	var n int64
	err := rs.s.Write(ctx, func(t *Tx) error {
		q := t.db.Where("party_id = ? AND user_id = ?", p, u)
		if emoji != "" {
			q = q.Where("emoji = ?", emoji)
		}
		res := q.Delete(&reactionRow{})
		n = res.RowsAffected
		return res.Error
	})
	return int(n), err
}

// Faces gives people as a party shows them.
func (rs Rooms) Faces(ctx context.Context, users []id.User) (map[id.User]party.Person, error) {
	out := map[id.User]party.Person{}
	if len(users) == 0 {
		return out, nil
	}
	var rows []struct {
		Who personRow `gorm:"embedded;embeddedPrefix:u_"`
	}
	err := rs.s.read(ctx).Table("users AS u").Select(columns("u", "u", "''", personColumns...)).Where("u.id IN ?", users).Scan(&rows).Error
	for _, r := range rows {
		p := r.Who.person()
		out[p.ID] = p
	}
	return out, known(err)
}
