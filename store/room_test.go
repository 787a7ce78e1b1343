package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"watchparty/internal/chat"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

func TestTheJournalGivesEachEntryOnePlaceWithoutHoles(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ada := h.user("ada")
		p := h.party(ada, party.Patch{}).ID
		rooms, ctx := h.s.Rooms(), t.Context()
		room, err := rooms.Open(ctx, p, "a")
		must(t, err)
		if room.Seq != 0 || room.Fence != 1 || room.Epoch == "" || room.Playback != nil {
			t.Fatalf("a new room is %+v", room)
		}
		line := func(op, text string) chat.Entry {
			m := chat.Message{
				ID: id.New[id.Message](), Party: p, Author: chat.Author{ID: ada.User}, Role: "host", Type: chat.Text,
				Text: text, Mentions: []id.User{ada.User}, CreatedAt: h.clock(), Op: op,
			}
			return chat.Entry{Type: "chat.message", By: ada.User, Op: op, Ref: m.ID, Data: json.RawMessage(`{"text":"` + text + `"}`), Put: &m}
		}
		one, two, three := line("op-1", "one"), line("op-2", "two"), line("", "three")
		first, err := rooms.Append(ctx, p, 1, []chat.Entry{one, two, line("op-1", "one again"), three})
		must(t, err)
		want := []chat.Done{
			{Type: "chat.message", Ref: one.Ref, Seq: 1},
			{Type: "chat.message", Ref: two.Ref, Seq: 2},
			{Type: "chat.message", Ref: one.Ref, Seq: 1, Again: true},
			{Type: "chat.message", Ref: three.Ref, Seq: 3},
		}
		if d := cmp.Diff(want, first); d != "" {
			t.Fatal(d)
		}

		// Another owner knows the commands of the first one, and ends its writing.
		next, err := rooms.Open(ctx, p, "b")
		must(t, err)
		if next.Epoch != room.Epoch || next.Seq != 3 || next.Fence != 2 {
			t.Fatalf("the next owner finds %+v", next)
		}
		again, err := rooms.Append(ctx, p, 2, []chat.Entry{line("op-2", "two again")})
		must(t, err)
		if d := cmp.Diff([]chat.Done{{Type: "chat.message", Ref: two.Ref, Seq: 2, Again: true}}, again); d != "" {
			t.Fatal(d)
		}
		if _, err := rooms.Append(ctx, p, 1, []chat.Entry{line("op-9", "stale")}); !errors.Is(err, chat.ErrFenced) {
			t.Fatalf("a stale owner's append: %v", err)
		}
		if err := rooms.SavePlayback(ctx, p, 1, []byte("{}")); !errors.Is(err, chat.ErrFenced) {
			t.Fatalf("a stale owner's checkpoint: %v", err)
		}
		must(t, rooms.SavePlayback(ctx, p, 2, []byte(`{"wall":1}`)))

		events, err := rooms.EventsAfter(ctx, p, 1, 10)
		must(t, err)
		wantEvents := []chat.Event{
			{Seq: 2, Type: "chat.message", Data: json.RawMessage(`{"text":"two"}`)},
			{Seq: 3, Type: "chat.message", Data: json.RawMessage(`{"text":"three"}`)},
		}
		if d := cmp.Diff(wantEvents, events); d != "" {
			t.Fatal(d)
		}
		last, err := rooms.Open(ctx, p, "c")
		must(t, err)
		if string(last.Playback) != `{"wall":1}` {
			t.Fatalf("checkpoint %q", last.Playback)
		}
		if _, err := rooms.Open(ctx, id.New[id.Party](), "c"); !errors.Is(err, fault.ErrNotFound) {
			t.Fatalf("a room of no party: %v", err)
		}
	})
}

func TestPicturesAreThoseOfLinesThatAreThere(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ada := h.user("ada")
		p, other := h.party(ada, party.Patch{}).ID, h.party(ada, party.Patch{}).ID
		rooms, ctx := h.s.Rooms(), t.Context()
		_, err := rooms.Open(ctx, p, "a")
		must(t, err)
		m := chat.Message{
			ID: id.New[id.Message](), Party: p, Author: chat.Author{ID: ada.User}, Role: "host", Type: chat.Text,
			Text: "look", Image: "/x/", CreatedAt: h.clock(),
		}
		_, err = rooms.Append(ctx, p, 1, []chat.Entry{{Type: "chat.message", By: ada.User, Ref: m.ID, Data: json.RawMessage(`{}`), Put: &m}})
		must(t, err)
		list, err := rooms.Recent(ctx, p, 5)
		must(t, err)
		if len(list) != 1 || list[0].Image != "/x/" {
			t.Fatalf("read back %+v", list)
		}
		shows := func(p id.Party, path string) bool {
			t.Helper()
			yes, err := rooms.ShowsPicture(ctx, p, path)
			must(t, err)
			return yes
		}
		if !shows(p, "/x/") || shows(p, "/y/") || shows(other, "/x/") {
			t.Error("the wrong pictures are shown")
		}
		paths, err := rooms.Pictures(ctx, p)
		must(t, err)
		if d := cmp.Diff([]string{"/x/"}, paths); d != "" {
			t.Error(d)
		}
		gone, err := list[0].Delete(ada.User, true)
		must(t, err)
		_, err = rooms.Append(ctx, p, 1, []chat.Entry{{Type: "chat.deleted", By: ada.User, Ref: m.ID, Data: json.RawMessage(`{}`), Put: &gone}})
		must(t, err)
		if paths, err := rooms.Pictures(ctx, p); err != nil || len(paths) != 0 || shows(p, "/x/") {
			t.Errorf("after the line is gone: %v, %v", paths, err)
		}
	})
}

func TestLinesAreReadAsTheyAreNow(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ada := h.user("ada")
		p := h.party(ada, party.Patch{}).ID
		rooms, ctx := h.s.Rooms(), t.Context()
		_, err := rooms.Open(ctx, p, "a")
		must(t, err)
		at := 12.5
		put := func(kind string, m chat.Message, pin *id.Message) {
			t.Helper()
			_, err := rooms.Append(ctx, p, 1, []chat.Entry{{Type: kind, By: ada.User, Ref: m.ID, Data: json.RawMessage(`{}`), Put: &m, Pin: pin}})
			must(t, err)
		}
		get := func(ref id.Message) chat.Message {
			t.Helper()
			m, err := rooms.Message(ctx, p, ref)
			must(t, err)
			return m
		}
		var lines []chat.Message
		for i := range 5 {
			m := chat.Message{
				ID: id.New[id.Message](), Party: p, Author: chat.Author{ID: ada.User}, Role: "host", Color: 3, Type: chat.Text,
				Text: fmt.Sprint("line ", i), Mentions: []id.User{}, FilmAt: &at, Item: id.New[id.Item](), CreatedAt: h.clock(),
			}
			if i == 1 {
				m.ReplyTo = chat.Quoted(lines[0])
			}
			put("chat.message", m, nil)
			lines = append(lines, get(m.ID))
		}
		if got := lines[1]; got.ReplyTo == nil || got.ReplyTo.Text != "line 0" || got.ReplyTo.Author.Name != "ada" ||
			*got.FilmAt != at || got.Author.Name != "ada" || got.Seq != 2 || !got.CreatedAt.Equal(h.clock()) {
			t.Fatalf("line %+v, reply %+v", got, got.ReplyTo)
		}

		gone, err := lines[0].Delete(ada.User, false)
		must(t, err)
		put("chat.deleted", gone, nil)
		if got := get(lines[1].ID); got.ReplyTo == nil || got.ReplyTo.Text != "" {
			t.Errorf("a reply shows what was deleted: %+v", got.ReplyTo)
		}
		_, err = rooms.Append(ctx, p, 1, []chat.Entry{{Type: "chat.edited", Ref: lines[0].ID, Data: json.RawMessage(`{}`), Put: &lines[0]}})
		if !errors.Is(err, chat.ErrDeleted) {
			t.Errorf("a line came back from the dead: %v", err)
		}
		put("chat.pinned", lines[2], &lines[2].ID)
		room, err := rooms.Open(ctx, p, "a")
		must(t, err)
		if room.Pinned != lines[2].ID || room.Seq != 7 {
			t.Errorf("room %+v", room)
		}

		page, more, err := rooms.Page(ctx, p, 0, 2)
		must(t, err)
		if !more || len(page) != 2 || page[0].ID != lines[4].ID {
			t.Fatalf("first page %v, more %v", page, more)
		}
		page, more, err = rooms.Page(ctx, p, page[1].Seq, 3)
		must(t, err)
		if more || len(page) != 3 || page[2].ID != lines[0].ID || !page[2].Deleted {
			t.Fatalf("last page %v, more %v", page, more)
		}
		recent, err := rooms.Recent(ctx, p, 3)
		must(t, err)
		if len(recent) != 3 || recent[0].ID != lines[2].ID {
			t.Fatalf("recent %v", recent)
		}
		if _, err := rooms.Message(ctx, id.New[id.Party](), lines[1].ID); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a line was read through another party: %v", err)
		}
	})
}

func TestOwnersWhoWriteAtOnceNeverShareAPlace(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		p := h.party(h.user("ada"), party.Patch{}).ID
		rooms, ctx := h.s.Rooms(), t.Context()
		var wg sync.WaitGroup
		var mu sync.Mutex
		seen := map[int64]bool{}
		for node := range 4 {
			wg.Go(func() {
				for range 5 {
					room, err := rooms.Open(ctx, p, fmt.Sprint(node))
					if err != nil {
						t.Error(err)
						return
					}
					for range 5 {
						done, err := rooms.Append(ctx, p, room.Fence, []chat.Entry{{Type: "x", Data: json.RawMessage(`{}`)}})
						if errors.Is(err, chat.ErrFenced) {
							break
						}
						if err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						if seen[done[0].Seq] {
							t.Errorf("place %d was given twice", done[0].Seq)
						}
						seen[done[0].Seq] = true
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		events, err := rooms.EventsAfter(ctx, p, 0, 1000)
		must(t, err)
		for i, ev := range events {
			if ev.Seq != int64(i+1) {
				t.Fatalf("entry %d has place %d", i, ev.Seq)
			}
		}
		if len(events) != len(seen) {
			t.Fatalf("%d entries, %d answers", len(events), len(seen))
		}
	})
}
