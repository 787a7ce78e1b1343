package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"watchparty/internal/chat"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/internal/react"
	"watchparty/internal/session"
)

func TestReactionsAreKeptOnceAndFoundByTheFilm(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ada, bob := h.user("ada"), h.user("bob")
		p, other := h.party(ada, party.Patch{}).ID, h.party(ada, party.Patch{}).ID
		rooms, ctx := h.s.Rooms(), t.Context()
		film := id.New[id.Item]()
		throw := func(u id.User, emoji string, at float64) react.Thrown {
			return react.Thrown{ID: id.New[id.Reaction](), Party: p, Item: film, User: u, Emoji: emoji, X: 0.25, Y: 1, FilmAt: at, At: h.clock()}
		}
		batch := []react.Thrown{
			throw(ada.User, "😂", 61.75), throw(bob.User, "😂", 61.2), throw(bob.User, "🔥", 5), throw(bob.User, "😂", 62),
			{ID: id.New[id.Reaction](), Party: p, User: ada.User, Emoji: "👏", At: h.clock()},
		}
		for range 2 { // the answer to the first one was lost
			must(t, rooms.Throw(ctx, batch))
		}
		all, n, err := rooms.Reactions(ctx, p, react.Filter{}, false, 10, 0)
		must(t, err)
		if n != len(batch) || len(all) != n {
			t.Fatalf("%d kept, %d given", n, len(all))
		}
		from, to := 61.2, 61.9
		some, n, err := rooms.Reactions(ctx, p, react.Filter{Item: film, Emoji: "😂", From: &from, To: &to}, false, 1, 1)
		must(t, err)
		if n != 2 || len(some) != 1 || some[0].User != ada.User {
			t.Fatalf("the second of two is %+v of %d", some, n)
		}
		if d := cmp.Diff(batch[0], some[0]); d != "" {
			t.Error(d)
		}
		newest, _, err := rooms.Reactions(ctx, p, react.Filter{User: bob.User}, true, 1, 0)
		must(t, err)
		if len(newest) != 1 || newest[0].ID != batch[3].ID {
			t.Errorf("bob's newest is %+v", newest)
		}
		tallies, err := rooms.Tallies(ctx, p)
		must(t, err)
		if got := react.Counts(tallies); len(got) != 3 || got[0] != (react.Count{Emoji: "😂", N: 3}) {
			t.Errorf("counts %+v", got)
		}
		if got := react.Moments(tallies, 5); len(got) != 1 || got[0].From != 61 || got[0].To != 62 || got[0].N != 3 {
			t.Errorf("moments %+v", got)
		}
		who, err := rooms.Throwers(ctx, p)
		must(t, err)
		faces, err := rooms.Faces(ctx, []id.User{bob.User, id.New[id.User]()})
		must(t, err)
		if len(faces) != 1 || faces[bob.User].Name != "bob" {
			t.Errorf("faces %+v", faces)
		}
		if len(who) != 4 || who[0].First != batch[0].ID || who[1].N != 2 || who[1].User != bob.User {
			t.Errorf("throwers %+v", who)
		}
		_, err = rooms.Reaction(ctx, p, batch[0].ID)
		must(t, err)
		if _, err := rooms.Reaction(ctx, other, batch[0].ID); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a reaction was read through another party: %v", err)
		}
		for emoji, want := range map[string]int{"😂": 2} {
			gone, err := rooms.Unthrow(ctx, p, bob.User, emoji)
			must(t, err)
			if gone != want {
				t.Errorf("%d of %s were taken back", gone, emoji)
			}
		}
		gone, err := rooms.Unthrow(ctx, p, bob.User, "")
		must(t, err)
		if _, n, err = rooms.Reactions(ctx, p, react.Filter{}, false, 10, 0); err != nil || gone != 1 || n != 2 {
			t.Errorf("%d taken back, %d left, %v", gone, n, err)
		}
		bad := throw(id.New[id.User](), "😂", 1)
		if err := rooms.Throw(ctx, []react.Thrown{bad}); fault.Of(err).Kind != fault.Invalid {
			t.Errorf("nobody's reaction: %v", err)
		}
	})
}

func TestWhatPeopleDidIsKeptByTheOwnerOnly(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ada, bob := h.user("ada"), h.user("bob")
		p := h.party(ada, party.Patch{}).ID
		rooms, ctx := h.s.Rooms(), t.Context()
		_, err := rooms.Open(ctx, p, "a")
		must(t, err)
		film, now := id.New[id.Item](), h.clock()
		k := session.NewKeeper(session.Kept{}, now)
		for _, u := range []id.User{ada.User, bob.User} {
			k.Here(0, now, u, true)
			k.Turn(0, now, u, session.Watching, true)
		}
		k.Film(0, session.Film{Item: film, P: 30, V: 1})
		k.Add(now, bob.User, session.Reactions, 4)
		k.Here(40_000, now.Add(40*time.Second), bob.User, false)
		c := k.Take(100_000)
		for range 2 {
			must(t, rooms.Keep(ctx, p, 1, c))
		}
		kept, err := rooms.Kept(ctx, p)
		must(t, err)
		back := map[id.User]session.Session{}
		for _, s := range kept.Sessions {
			back[s.User] = s
		}
		for _, s := range c.Sessions {
			if d := cmp.Diff(s, back[s.User]); d != "" {
				t.Error(d)
			}
		}
		if d := cmp.Diff(*c.Stats, kept.Stats); d != "" {
			t.Error(d)
		}
		curve, err := rooms.Viewers(ctx, p)
		must(t, err)
		if d := cmp.Diff([]session.Viewers{{Item: film, Minute: 0, N: 2}, {Item: film, Minute: 1, N: 2}, {Item: film, Minute: 2, N: 1}}, curve); d != "" {
			t.Error(d)
		}
		list, err := rooms.Sittings(ctx, p)
		must(t, err)
		if len(list) != 2 || list[0].User != ada.User || list[0].Watched() != 100*time.Second || list[1].Reactions() != 4 {
			t.Errorf("sittings %+v", list)
		}
		_, err = rooms.Open(ctx, p, "b")
		must(t, err)
		if err := rooms.Keep(ctx, p, 1, c); !errors.Is(err, chat.ErrFenced) {
			t.Errorf("a stale owner wrote: %v", err)
		}
		at := 125.0
		for i := range 3 {
			m := chat.Message{
				ID: id.New[id.Message](), Party: p, Author: chat.Author{ID: ada.User}, Role: "host", Type: chat.Text, Text: "x",
				Mentions: []id.User{}, CreatedAt: now,
			}
			if i > 0 {
				m.FilmAt, m.Item = &at, film
			}
			_, err := rooms.Append(ctx, p, 2, []chat.Entry{{Type: "chat.message", By: ada.User, Ref: m.ID, Data: []byte(`{}`), Put: &m}})
			must(t, err)
		}
		lines, n, err := rooms.Lines(ctx, p)
		must(t, err)
		if d := cmp.Diff([]session.Viewers{{Item: film, Minute: 2, N: 2}}, lines); d != "" || n != 3 {
			t.Errorf("%d lines, %s", n, d)
		}
		must(t, h.Delete(ctx, ada, party.Ref{ID: p}, 0))
		if kept, err := rooms.Kept(ctx, p); err != nil || len(kept.Sessions) != 0 || kept.Stats.Peak != 0 {
			t.Errorf("after the party's end: %+v, %v", kept, err)
		}
	})
}
