package store

import (
	"context"
	"encoding/json"

	"watchparty/internal/draw"
	"watchparty/internal/id"
)

type markRow struct {
	ID      id.Mark `gorm:"primaryKey"`
	PartyID id.Party
	Seq     int64
	UserID  id.User
	ItemID  *id.Item
	Color   int
	Tool    string
	Points  string
	Text    string
	Number  int
	FilmAt  float64
	At      int64
	Until   int64
}

func (markRow) TableName() string { return "marks" }

func (r markRow) mark() (draw.Mark, error) {
	m := draw.Mark{
		ID: r.ID, Party: r.PartyID, Item: value(r.ItemID), By: r.UserID, Color: r.Color, Tool: draw.Tool(r.Tool),
		Text: r.Text, Number: r.Number, FilmAt: r.FilmAt, At: r.At, Until: r.Until,
	}
	var pairs [][2]float64
	err := json.Unmarshal([]byte(r.Points), &pairs)
	for _, p := range pairs {
		m.Points = append(m.Points, draw.Point{X: p[0], Y: p[1]})
	}
	return m, err
}

// changeMarks does what an entry says of drawing.
func (t *Tx) changeMarks(p id.Party, c draw.Change, seq int64) error {
	if c.Put != nil {
		if err := t.putMark(p, *c.Put, seq); err != nil {
			return err
		}
	}
	if len(c.Drop) > 0 {
		if err := t.db.Where("party_id = ? AND id IN ?", p, c.Drop).Delete(&markRow{}).Error; err != nil {
			return err
		}
	}
	if c.Settings != nil {
		b, err := json.Marshal(c.Settings)
		if err != nil {
			return err
		}
		return t.db.Model(&roomRow{}).Where("party_id = ?", p).Update("draw", string(b)).Error
	}
	return nil
}

// putMark keeps a mark. What has faded in the same party goes meanwhile.
func (t *Tx) putMark(p id.Party, m draw.Mark, seq int64) error {
	pairs := make([][2]float64, len(m.Points))
	for i, x := range m.Points {
		pairs[i] = [2]float64{x.X, x.Y}
	}
	points, err := json.Marshal(pairs)
	if err != nil {
		return err
	}
	err = t.db.Where("party_id = ? AND until > 0 AND until <= ?", p, t.Now().UnixMilli()).Delete(&markRow{}).Error
	if err != nil {
		return err
	}
	return t.db.Create(&markRow{
		ID: m.ID, PartyID: p, Seq: seq, UserID: m.By, ItemID: orNull(m.Item), Color: m.Color, Tool: string(m.Tool),
		Points: string(points), Text: m.Text, Number: m.Number, FilmAt: m.FilmAt, At: m.At, Until: m.Until,
	}).Error
}

// Marks lists what is drawn in a party and has not faded, oldest first.
func (rs Rooms) Marks(ctx context.Context, p id.Party) ([]draw.Mark, error) {
	var rows []markRow
	err := rs.s.read(ctx).Where("party_id = ? AND (until = 0 OR until > ?)", p, rs.s.now().UnixMilli()).Order("seq").Find(&rows).Error
	if err != nil {
		return nil, known(err)
	}
	out := make([]draw.Mark, len(rows))
	for i, r := range rows {
		if out[i], err = r.mark(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
