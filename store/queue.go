package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

type itemRow struct {
	ID         id.Item `gorm:"primaryKey"`
	PartyID    id.Party
	Title      string
	Kind       party.Kind
	URL        string
	Thumbnail  string
	DurationMs int64
	MediaID    *id.Media
	AddedBy    id.User
	Position   int
}

func (itemRow) TableName() string { return "party_items" }

func (r itemRow) item() party.Item {
	return party.Item{
		ID: r.ID, Party: r.PartyID, Title: r.Title, Kind: r.Kind, URL: r.URL, Thumbnail: r.Thumbnail,
		Duration: time.Duration(r.DurationMs) * time.Millisecond, Media: orEmpty(r.MediaID), AddedBy: r.AddedBy, Position: r.Position,
	}
}

func itemsOf(db *gorm.DB, p id.Party) ([]party.Item, error) {
	var rows []itemRow
	if err := db.Where("party_id = ?", p).Order("position, id").Find(&rows).Error; err != nil {
		return nil, known(err)
	}
	out := make([]party.Item, len(rows))
	for i, r := range rows {
		out[i] = r.item()
	}
	return out, nil
}

// Items gives a queue in order.
func (ps Parties) Items(ctx context.Context, p id.Party) ([]party.Item, error) {
	return itemsOf(ps.s.read(ctx), p)
}

// ItemsOf is Items within the transaction.
func (t partyTx) ItemsOf(p id.Party) ([]party.Item, error) { return itemsOf(t.db, p) }

// AddItem adds an item at its position.
func (t partyTx) AddItem(i party.Item) error {
	return t.db.Create(&itemRow{
		ID: i.ID, PartyID: i.Party, Title: i.Title, Kind: i.Kind, URL: i.URL, Thumbnail: i.Thumbnail,
		DurationMs: i.Duration.Milliseconds(), MediaID: orNull(i.Media), AddedBy: i.AddedBy, Position: i.Position,
	}).Error
}

// one says whether a statement met the one row that it is about.
func one(done *gorm.DB) error {
	if done.Error == nil && done.RowsAffected == 0 {
		return fault.ErrNotFound
	}
	return done.Error
}

func (t partyTx) theItem(p id.Party, i id.Item) *gorm.DB {
	return t.db.Model(&itemRow{}).Where("id = ? AND party_id = ?", i, p)
}

// SetTitle renames an item of this party.
func (t partyTx) SetTitle(p id.Party, i id.Item, title string) error {
	return one(t.theItem(p, i).UpdateColumn("title", title))
}

// SetDuration keeps the length of an item of this party.
func (t partyTx) SetDuration(p id.Party, i id.Item, d time.Duration) error {
	return one(t.theItem(p, i).UpdateColumn("duration_ms", d.Milliseconds()))
}

// RemoveItem takes an item of this party out.
func (t partyTx) RemoveItem(p id.Party, i id.Item) error {
	return one(t.db.Where("id = ? AND party_id = ?", i, p).Delete(&itemRow{}))
}

// SetCurrent keeps what plays: an item of this party, or none.
func (t partyTx) SetCurrent(p id.Party, i id.Item) error {
	db := t.db.Model(&partyRow{}).Where("id = ?", p)
	if i != "" {
		db = db.Where("EXISTS (SELECT 1 FROM party_items WHERE id = ? AND party_id = ?)", i, p)
	}
	return one(db.UpdateColumn("current_item", orNull(i)))
}

// Reorder gives every item of the party its place in order, in one statement.
func (t partyTx) Reorder(p id.Party, order []id.Item) error {
	if len(order) == 0 {
		return nil
	}
	var b strings.Builder
	args := make([]any, len(order))
	b.WriteString("CASE id")
	for n, i := range order {
		b.WriteString(" WHEN ? THEN " + strconv.Itoa(n))
		args[n] = i
	}
	b.WriteString(" ELSE position END")
	return t.db.Model(&itemRow{}).Where("party_id = ?", p).UpdateColumn("position", gorm.Expr(b.String(), args...)).Error
}
