package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"watchparty/internal/chat"
	"watchparty/internal/draw"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/poll"
)

// Rooms keeps the journals of live rooms and the chat. It is hub.Store.
type Rooms struct{ s *Store }

// Rooms is the part of the store that knows live rooms.
func (s *Store) Rooms() Rooms { return Rooms{s} }

type roomRow struct {
	PartyID  id.Party `gorm:"primaryKey"`
	Epoch    string
	Seq      int64
	Fence    int64
	Owner    string
	Playback *string
	PinnedID *id.Message
	Draw     *string
	OpenedAt millis
}

func (roomRow) TableName() string { return "rooms" }

type eventRow struct {
	PartyID id.Party `gorm:"primaryKey"`
	Seq     int64    `gorm:"primaryKey;autoIncrement:false"`
	Type    string
	ByID    *id.User
	Op      *string
	Ref     *id.Message
	Data    string
	At      millis
}

func (eventRow) TableName() string { return "room_events" }

// Open makes node the owner of a room: writes with a lower fence are refused
// from now on. A party that does not exist is not found.
func (rs Rooms) Open(ctx context.Context, p id.Party, node string) (chat.Room, error) {
	var row roomRow
	err := rs.s.Write(ctx, func(t *Tx) error {
		fresh := roomRow{PartyID: p, Epoch: id.Token()[:16], OpenedAt: ms(t.Now())}
		if err := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&fresh).Error; err != nil {
			if errors.Is(err, gorm.ErrForeignKeyViolated) {
				return fault.ErrNotFound
			}
			return err
		}
		return t.db.Raw(`UPDATE rooms SET fence = fence + 1, owner = ?, opened_at = ? WHERE party_id = ? RETURNING *`,
			node, ms(t.Now()), p).Scan(&row).Error
	})
	room := chat.Room{Epoch: row.Epoch, Seq: row.Seq, Fence: row.Fence}
	if row.Playback != nil {
		room.Playback = []byte(*row.Playback)
	}
	if row.Draw != nil {
		room.Draw = []byte(*row.Draw)
	}
	if row.PinnedID != nil {
		room.Pinned = *row.PinnedID
	}
	return room, err
}

// Append commits entries in their order, each with the next seq, together with
// the changes of the chat that they tell of. A command that was appended before
// is answered with its first place. A stale fence writes nothing and answers
// chat.ErrFenced.
func (rs Rooms) Append(ctx context.Context, p id.Party, fence int64, entries []chat.Entry) ([]chat.Done, error) {
	var done []chat.Done
	err := rs.s.Write(ctx, func(t *Tx) error {
		a := appending{tx: t, party: p, done: make([]chat.Done, len(entries)), first: map[command]int{}}
		if err := a.sort(entries); err != nil {
			return err
		}
		var seq []int64
		err := t.db.Raw(`UPDATE rooms SET seq = seq + ? WHERE party_id = ? AND fence = ? RETURNING seq`,
			len(a.fresh), p, fence).Scan(&seq).Error
		switch {
		case err != nil:
			return err
		case len(seq) == 0:
			return chat.ErrFenced
		}
		done = a.done
		return a.write(entries, seq[0]-int64(len(a.fresh)))
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

// command names what somebody asked for.
type command struct {
	by id.User
	op string
}

// appending is one call of Append inside its transaction.
type appending struct {
	tx    *Tx
	party id.Party
	done  []chat.Done
	fresh []int           // entries to append, by their place in the call
	first map[command]int // where in the call a command comes first
}

// sort tells new entries from those that were appended before.
func (a *appending) sort(entries []chat.Entry) error {
	var ops []string
	for _, e := range entries {
		if e.Op != "" && e.By != "" {
			ops = append(ops, e.Op)
		}
	}
	before := map[command]chat.Done{}
	if len(ops) > 0 {
		var rows []eventRow
		err := a.tx.db.Select("seq", "type", "by_id", "op", "ref").Where("party_id = ? AND op IN ?", a.party, ops).Find(&rows).Error
		if err != nil {
			return err
		}
		for _, r := range rows {
			before[command{*r.ByID, *r.Op}] = chat.Done{Type: r.Type, Ref: value(r.Ref), Seq: r.Seq, Again: true}
		}
	}
	for i, e := range entries {
		c := command{e.By, e.Op}
		named := e.Op != "" && e.By != ""
		if d, ok := before[c]; ok && named {
			a.done[i] = d
			continue
		}
		if _, ok := a.first[c]; ok && named {
			continue // write answers it with the first one's place
		}
		if named {
			a.first[c] = i
		}
		a.fresh = append(a.fresh, i)
	}
	return nil
}

// write inserts the new entries behind seq.
func (a *appending) write(entries []chat.Entry, seq int64) error {
	rows := make([]eventRow, 0, len(a.fresh))
	for _, i := range a.fresh {
		e := entries[i]
		seq++
		a.done[i] = chat.Done{Type: e.Type, Ref: e.Ref, Seq: seq}
		r := eventRow{PartyID: a.party, Seq: seq, Type: e.Type, ByID: orNull(e.By), Ref: orNull(e.Ref), Data: string(e.Data), At: ms(a.tx.Now())}
		if e.Op != "" && e.By != "" {
			r.Op = &e.Op
		}
		rows = append(rows, r)
	}
	for i, e := range entries {
		if a.done[i].Seq == 0 {
			a.done[i] = a.done[a.first[command{e.By, e.Op}]]
			a.done[i].Again = true
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := a.tx.db.Create(&rows).Error; err != nil {
		return err
	}
	for _, i := range a.fresh {
		e := entries[i]
		if e.Put != nil {
			if err := a.tx.putMessage(*e.Put, a.done[i].Seq); err != nil {
				return err
			}
		}
		if err := a.keep(e.With, a.done[i].Seq); err != nil {
			return err
		}
		if e.Pin != nil {
			err := a.tx.db.Model(&roomRow{}).Where("party_id = ?", a.party).Update("pinned_id", orNull(*e.Pin)).Error
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// keep keeps what a feature puts with the entry at seq.
func (a *appending) keep(with any, seq int64) error {
	switch v := with.(type) {
	case nil:
		return nil
	case poll.Poll:
		return a.tx.putPoll(v)
	case draw.Change:
		return a.tx.changeMarks(a.party, v, seq)
	}
	return fmt.Errorf("store: an entry carries a %T", with)
}

// EventsAfter gives at most limit entries after seq, in order, without holes.
func (rs Rooms) EventsAfter(ctx context.Context, p id.Party, seq int64, limit int) ([]chat.Event, error) {
	var rows []eventRow
	err := rs.s.read(ctx).Select("seq", "type", "data").Where("party_id = ? AND seq > ?", p, seq).
		Order("seq").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, known(err)
	}
	out := make([]chat.Event, len(rows))
	for i, r := range rows {
		out[i] = chat.Event{Seq: r.Seq, Type: r.Type, Data: json.RawMessage(r.Data)}
	}
	return out, nil
}

// SavePlayback keeps a checkpoint of the film, for the owner only.
func (rs Rooms) SavePlayback(ctx context.Context, p id.Party, fence int64, state []byte) error {
	return rs.s.Write(ctx, func(t *Tx) error {
		res := t.db.Model(&roomRow{}).Where("party_id = ? AND fence = ?", p, fence).Update("playback", string(state))
		if res.Error == nil && res.RowsAffected == 0 {
			return chat.ErrFenced
		}
		return res.Error
	})
}

// value reads what may be NULL.
func value[T any](p *T) T {
	var v T
	if p != nil {
		v = *p
	}
	return v
}
