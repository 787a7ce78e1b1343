package store_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"watchparty/internal/chat"
	"watchparty/internal/draw"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

func TestMarksAreKeptWithTheirEntry(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ada := h.user("ada")
		p, other := h.party(ada, party.Patch{}).ID, h.party(ada, party.Patch{}).ID
		rooms, ctx := h.s.Rooms(), t.Context()
		for _, x := range []id.Party{p, other} {
			if room, err := rooms.Open(ctx, x, "a"); err != nil || room.Draw != nil {
				t.Fatalf("a new room is %+v, %v", room, err)
			}
		}
		entry := func(op string, c draw.Change) chat.Entry {
			return chat.Entry{Type: "draw.mark", By: ada.User, Op: op, Data: json.RawMessage(`{}`), With: c}
		}
		put := func(op string, m draw.Mark) draw.Mark {
			t.Helper()
			m.ID, m.Party, m.By = id.New[id.Mark](), p, ada.User
			_, err := rooms.Append(ctx, p, 1, []chat.Entry{entry(op, draw.Change{Put: &m})})
			must(t, err)
			return m
		}
		list := func(want ...draw.Mark) {
			t.Helper()
			got, err := rooms.Marks(ctx, p)
			must(t, err)
			if d := cmp.Diff(want, got); d != "" {
				t.Fatal(d)
			}
		}
		now := h.clock().UnixMilli()
		pen := put("op-1", draw.Mark{
			Item: id.New[id.Item](), Color: 7, Tool: draw.Pen, Points: []draw.Point{{X: 0.1234, Y: 1}, {X: 0, Y: 0.5}}, FilmAt: 42.125, At: now,
		})
		put("op-1", draw.Mark{Tool: draw.Pen, Points: []draw.Point{{X: 1, Y: 1}}}) // the same command again
		text := put("op-2", draw.Mark{Tool: draw.Text, Points: []draw.Point{{X: 1, Y: 1}}, Text: "<b>ä</b>", At: now})
		const never = 1 << 50 // milliseconds
		short := put("", draw.Mark{Tool: draw.Pin, Points: []draw.Point{{X: 1, Y: 1}}, Number: 3, At: 1, Until: 2})
		list(pen, text)
		long := put("", draw.Mark{Tool: draw.Pin, Points: []draw.Point{{X: 1, Y: 1}}, Number: 4, At: now, Until: never})
		list(pen, text, long)

		// Another party's room takes nothing away here.
		_, err := rooms.Append(ctx, other, 1, []chat.Entry{entry("", draw.Change{Drop: []id.Mark{pen.ID, text.ID}})})
		must(t, err)
		list(pen, text, long)
		_, err = rooms.Append(ctx, p, 1, []chat.Entry{
			entry("", draw.Change{Drop: []id.Mark{text.ID, short.ID, long.ID}, Settings: &draw.Settings{Mode: draw.Asked, Granted: []id.User{ada.User}}}),
		})
		must(t, err)
		list(pen)

		room, err := rooms.Open(ctx, p, "b")
		must(t, err)
		var s draw.Settings
		must(t, json.Unmarshal(room.Draw, &s))
		if s.Mode != draw.Asked || len(s.Granted) != 1 {
			t.Errorf("who may draw: %s", room.Draw)
		}
		late := draw.Mark{ID: id.New[id.Mark](), By: ada.User, Tool: draw.Pen, Points: pen.Points}
		if _, err := rooms.Append(ctx, p, 1, []chat.Entry{entry("", draw.Change{Put: &late})}); err == nil {
			t.Error("a stale owner's mark was kept")
		}
		list(pen)
	})
}
