package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/id"
	"watchparty/internal/react"
	"watchparty/internal/session"
	"watchparty/store"
	"watchparty/store/storetest"
)

// throw keeps a reaction as a room would.
func (r *room) throw(ctx context.Context, p id.Party, u id.User, cmd wire.Command) (wire.Result, error) {
	var v wire.React
	if err := json.Unmarshal(cmd.Data, &v); err != nil {
		return wire.Result{}, err
	}
	x := react.Thrown{ID: id.New[id.Reaction](), Party: p, Item: film, User: u, Emoji: v.Emoji, X: v.X, Y: v.Y, FilmAt: 42, At: time.Now()}
	if v.FilmAt != nil {
		x.FilmAt = *v.FilmAt
	}
	return wire.Result{Ack: wire.Ack{ID: string(x.ID)}}, r.s.Rooms().Throw(ctx, []react.Thrown{x})
}

// show is what stands at path, as text.
func (r reply) show(path string) string { return fmt.Sprint(r.at(path)) }

func (r reply) number(path string) int { n, _ := r.at(path).(float64); return int(n) }

const film id.Item = "0198f000-0000-7000-8000-00000000000f"

// guests is a site with a party, its host, a member and a stranger.
type guests struct {
	*site
	host, member, stranger string // tokens
	hostID, memberID       string
	party                  string
}

func newGuests(t *testing.T, db *store.Store) guests {
	t.Helper()
	g := guests{site: newSiteOn(t, db)}
	g.host, _, g.hostID = g.signUp("ada")
	g.member, _, g.memberID = g.signUp("bob")
	g.stranger, _, _ = g.signUp("eve")
	made := g.want(201, g.host, "POST", "/api/parties/", `{"title":"Film night","allow_join_by_code":true}`)
	g.party = made.text("id")
	g.want(200, g.member, "POST", "/api/parties/join-by-code/", `{"code":"`+made.text("room_code")+`"}`)
	return g
}

func TestReactionsAreThrownAndFoundByTheSecondOfFilm(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.Store) {
		t.Parallel()
		g := newGuests(t, db)
		at := "/api/interactive/parties/" + g.party + "/reactions/"
		// The host may react, too; a word and an emoji are the same.
		one := g.want(201, g.host, "POST", at, `{"reaction":"laugh","position_x":0.25,"position_y":1,"video_timestamp":61.5}`)
		if one.text("emoji") != "😂" || one.text("reaction") != "laugh" || one.text("user.name") != "ada" || one.text("party") != g.party {
			t.Errorf("answered %s", one.raw)
		}
		two := g.want(201, g.member, "POST", at+"create/", `{"emoji":"❤","timestamp":5,"animation_type":"float_up","duration":3.0}`)
		if two.text("reaction") != "love" || !strings.Contains(two.raw, `"video_timestamp":5,`) {
			t.Errorf("answered %s", two.raw)
		}
		g.want(201, g.member, "POST", "/api/interactive/reactions/", `{"party_id":"`+g.party+`","emoji":"🍿"}`)

		for query, want := range map[string]int{
			"": 3, "?video_timestamp=70": 1, "?from=5&to=60": 2, "?from=61.5": 1, "?type=love": 0, "?type=laugh": 1, "?type=🍿": 1,
			"?since=2020-01-01T00:00:00Z": 3, "?since=2199-01-01T00:00:00Z": 0, "?item=" + string(film): 3,
			"?item=0198f000-0000-7000-8000-000000000000": 0,
		} {
			r := g.want(200, g.member, "GET", at+query, "")
			if got := r.number("count"); got != want || r.number("total_count") != want {
				t.Errorf("%q finds %d: %s", query, got, r.raw)
			}
		}
		short := g.want(200, g.member, "GET", "/api/interactive/reactions/?party="+g.party+"&order=film&page_size=2", "")
		if short.text("reactions.0.emoji") != "❤" || short.text("results.1.emoji") != "🍿" || short.text("next") == "" {
			t.Errorf("in the film's order: %s", short.raw)
		}
		for range 3 {
			g.want(201, g.member, "POST", at, `{"reaction":"laugh","video_timestamp":62}`)
		}
		heat := g.want(200, g.member, "GET", at+"heat/", "")
		if heat.number("total") != 6 || heat.text("moments.0.emoji") != "😂" || heat.number("moments.0.count") != 4 ||
			!strings.Contains(heat.raw, `"seconds":[[5,1],[42,1],[61,1],[62,3]]`) {
			t.Errorf("heat %s", heat.raw)
		}
	})
}

func TestReactionsAreCountedToggledAndTakenBack(t *testing.T) {
	t.Parallel()
	g := newGuests(t, storetest.SQLite(t, store.Options{}))
	at := "/api/parties/" + g.party + "/reactions/"
	if r := g.want(200, g.member, "GET", at, ""); strings.TrimSpace(r.raw) != "[]" {
		t.Errorf("a party without reactions answers %s", r.raw)
	}
	g.want(200, g.member, "POST", at, `{"emoji":"😂"}`)
	on := g.want(200, g.host, "POST", at, `{"emoji":"laugh"}`)
	if on.number("count") != 2 || on.text("users.0.username") == "" || on.show("user_reacted") != "true" {
		t.Errorf("after two: %s", on.raw)
	}
	off := g.want(200, g.member, "POST", at, `{"emoji":"😂"}`)
	if off.number("count") != 1 || off.show("user_reacted") != "false" {
		t.Errorf("taken back: %s", off.raw)
	}
	g.want(200, g.member, "POST", at, `{"emoji":"🔥"}`)
	g.want(200, g.member, "POST", at, `{"emoji":"👏"}`)
	g.want(204, g.member, "DELETE", at+"?emoji=fire", "")
	if r := g.want(200, g.host, "GET", at, ""); strings.Contains(r.raw, "🔥") || !strings.Contains(r.raw, "👏") {
		t.Errorf("one was taken back: %s", r.raw)
	}
	g.want(204, g.member, "DELETE", at, "")
	if r := g.want(200, g.host, "GET", at, ""); !strings.Contains(r.raw, `"count":1,`) || strings.Contains(r.raw, "👏") {
		t.Errorf("all own were taken back: %s", r.raw)
	}
}

func TestWhatIsNoReactionIsRefused(t *testing.T) {
	t.Parallel()
	g := newGuests(t, storetest.SQLite(t, store.Options{}))
	at := "/api/interactive/parties/" + g.party + "/reactions/"
	for name, body := range map[string]string{
		"nothing":               `{}`,
		"an unknown word":       `{"reaction":"sneeze"}`,
		"text":                  `{"emoji":"hello"}`,
		"two emoji":             `{"emoji":"😂😂"}`,
		"two that differ":       `{"reaction":"laugh","emoji":"🔥"}`,
		"not a number":          `{"emoji":"😂","video_timestamp":NaN}`,
		"before the film":       `{"emoji":"😂","video_timestamp":-1}`,
		"beyond every film":     `{"emoji":"😂","video_timestamp":864001}`,
		"too large a number":    `{"emoji":"😂","video_timestamp":1e400}`,
		"beside the picture":    `{"emoji":"😂","position_x":1.01}`,
		"above the picture":     `{"emoji":"😂","position_y":-0.01}`,
		"a position as text":    `{"emoji":"😂","position_x":"0.5"}`,
		"somebody else's":       `{"emoji":"😂","user":"x"}`,
		"a long emoji":          `{"emoji":"` + strings.Repeat("😂", 20) + `"}`,
		"a key that is not one": `{"emoji":"😂","id":"x"}`,
	} {
		if r := g.call(g.member, "POST", at, body); r.status != http.StatusBadRequest {
			t.Errorf("%s is answered %d: %s", name, r.status, r.raw)
		}
	}
	if r := g.call(g.member, "POST", at, `{"emoji":"`+strings.Repeat("x", 100_000)+`"}`); r.status != http.StatusBadRequest {
		t.Errorf("100 kB are answered %d: %.200s", r.status, r.raw)
	}
	for _, query := range []string{"?from=NaN", "?from=-1", "?to=Inf", "?video_timestamp=x", "?since=yesterday", "?type=sneeze", "?item=x", "?order=best", "?page=0"} {
		if r := g.call(g.member, "GET", at+query, ""); r.status != http.StatusBadRequest {
			t.Errorf("%s is answered %d: %s", query, r.status, r.raw)
		}
	}
	if r := g.call(g.member, "GET", at+"?page=2", ""); r.status != http.StatusNotFound {
		t.Errorf("a page beyond the last is answered %d", r.status)
	}
}

func TestForStrangersAPartyHasNoReactionsAndNoReport(t *testing.T) {
	t.Parallel()
	g := newGuests(t, storetest.SQLite(t, store.Options{}))
	open := g.want(201, g.host, "POST", "/api/parties/", `{"title":"Open","visibility":"public"}`).text("id")
	for _, p := range []string{g.party, open, string(id.New[id.Party]()), "x"} {
		inside := "/api/interactive/parties/" + p + "/"
		for _, c := range []struct{ method, path, body string }{
			{"GET", inside + "reactions/", ""},
			{"POST", inside + "reactions/", `{"emoji":"😂"}`},
			{"POST", inside + "reactions/create/", `{"emoji":"😂"}`},
			{"GET", "/api/interactive/reactions/?party=" + p, ""},
			{"POST", "/api/interactive/reactions/", `{"emoji":"😂","party_id":"` + p + `"}`},
			{"GET", inside + "reactions/heat/", ""},
			{"GET", "/api/parties/" + p + "/reactions/", ""},
			{"POST", "/api/parties/" + p + "/reactions/", `{"emoji":"😂"}`},
			{"DELETE", "/api/parties/" + p + "/reactions/", ""},
			{"GET", inside + "analytics/", ""},
			{"GET", inside + "analytics/export/", ""},
			{"GET", inside + "recap/", ""},
		} {
			if r := g.call(g.stranger, c.method, c.path, c.body); r.status != http.StatusNotFound {
				t.Errorf("%s %s is answered %d to a stranger: %s", c.method, c.path, r.status, r.raw)
			}
			if r := g.call("", c.method, c.path, c.body); r.status != http.StatusUnauthorized {
				t.Errorf("%s %s is answered %d to nobody", c.method, c.path, r.status)
			}
		}
	}
}

func TestTheReportIsForTheHostsAndTheRecapForAll(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.Store) {
		t.Parallel()
		g := newGuests(t, db)
		inside := "/api/interactive/parties/" + g.party + "/"

		empty := g.want(200, g.host, "GET", inside+"analytics/", "")
		if empty.number("live_reactions.total_reactions") != 0 || empty.text("party_name") != "Film night" || empty.show("participation_rate") != "0" {
			t.Errorf("before anything happened: %s", empty.raw)
		}
		g.want(403, g.member, "GET", inside+"analytics/", "")

		p, ctx := id.Party(g.party), t.Context()
		rooms := db.Rooms()
		room, err := rooms.Open(ctx, p, "a")
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
		k := session.NewKeeper(session.Kept{}, now)
		for _, u := range []string{g.hostID, g.memberID} {
			k.Here(0, now, id.User(u), true)
			k.Turn(0, now, id.User(u), session.Watching, true)
		}
		k.Turn(0, now, id.User(g.hostID), session.Talking, true)
		k.Film(0, session.Film{Item: film, V: 1})
		k.Add(now, id.User(g.hostID), session.Reactions, 3)
		k.Here(60_000, now.Add(time.Minute), id.User(g.memberID), false)
		if err := rooms.Keep(ctx, p, room.Fence, k.Take(90_000)); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			g.want(201, g.host, "POST", inside+"reactions/", fmt.Sprintf(`{"emoji":"🔥","video_timestamp":%d}`, 70+i/2))
		}

		r := g.want(200, g.host, "GET", inside+"analytics/", "")
		for path, want := range map[string]string{
			"reactions_count": "3", "live_reactions.total_reactions": "3", "live_reactions.unique_reactors": "1",
			"live_reactions.most_popular_reactions.0.reaction": "fire", "live_reactions.most_popular_reactions.0.count": "3",
			"voice_chat.total_participants": "1", "voice_chat_duration": "90", "sessions.total_sessions": "2", "sessions.active_sessions": "1",
			"sessions.total_watch_time": "150", "participation_rate": "50", "together_seconds": "60", "peak.count": "2",
			"people.0.user.name": "ada", "people.0.watch_seconds": "90", "people.0.reactions_sent": "3", "people.1.watch_seconds": "60",
			"people.1.ended_at": "2026-11-23T20:01:00.000Z", "reaction_hotspots.0.from": "70", "reaction_hotspots.0.count": "3",
		} {
			if got := r.show(path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
		if !strings.Contains(r.raw, `"retention":[[0,2],[1,2]],"reactions":[[1,3]],"chat":[]`) {
			t.Errorf("films: %s", r.raw)
		}

		g.want(403, g.member, "GET", inside+"analytics/export/", "")
		g.want(400, g.host, "GET", inside+"analytics/export/?of=secrets", "")
		people := g.want(200, g.host, "GET", inside+"analytics/export/", "").raw
		for _, want := range []string{"user,name,watch_seconds,", g.hostID + ",ada,90.0,3,0,0,90.0,0.0,2026-11-23T20:00:00Z,\n", ",60.0,0,0,0,0.0,0.0,2026-11-23T20:00:00Z,2026-11-23T20:01:00Z\n"} {
			if !strings.Contains(people, want) {
				t.Errorf("people as CSV without %q:\n%s", want, people)
			}
		}
		minutes := g.want(200, g.host, "GET", inside+"analytics/export/?of=minutes", "").raw
		if !strings.HasPrefix(minutes, "item,film,minute,watching,reactions,chat\n") || !strings.Contains(minutes, ",0,2,0,0\n") || !strings.Contains(minutes, ",1,2,3,0\n") {
			t.Errorf("minutes as CSV:\n%s", minutes)
		}

		recap := g.want(200, g.member, "GET", inside+"recap/", "")
		for path, want := range map[string]string{
			"together_seconds": "60", "my_watch_seconds": "60", "reactions_count": "3", "my_reactions": "0", "people": "2",
			"moments.0.emoji": "🔥", "moments.0.at": "70", "top_reactions.0.count": "3", "can_see_report": "false",
		} {
			if got := recap.show(path); got != want {
				t.Errorf("recap: %s is %q, want %q", path, got, want)
			}
		}
		if got := g.want(200, g.host, "GET", inside+"recap/", "").show("can_see_report"); got != "true" {
			t.Errorf("the host's way to the report: %s", got)
		}
	})
}

func TestCoHostsAndAdminsOfTheSiteSeeTheReport(t *testing.T) {
	t.Parallel()
	f := newFace(t, nil)
	f.person("Mara", access.User)
	f.person("Root", access.Admin)
	f.person("Eve", access.Agent)
	jun := f.person("Jun", access.User)
	made := f.want(201, "Mara", "POST", "/api/parties/", `{"title":"Film night"}`)
	p := made.text("id")
	at := "/api/interactive/parties/" + p + "/analytics/"
	f.want(404, "Jun", "GET", at, "")
	f.want(200, "Jun", "POST", "/api/parties/join-by-code/", `{"code":"`+made.text("room_code")+`"}`)
	f.want(403, "Jun", "GET", at, "")
	f.want(200, "Mara", "POST", "/api/parties/"+p+"/promote/", `{"user_id":"`+string(jun.User)+`","role":"co-host"}`)
	f.want(200, "Jun", "GET", at, "")
	f.want(200, "Root", "GET", at, "")
	f.want(404, "Eve", "GET", at, "")
	f.want(404, "Root", "GET", "/api/interactive/parties/"+string(id.New[id.Party]())+"/analytics/", "")
	// An admin reads the report, and has no seat for all that.
	f.want(404, "Root", "GET", "/api/interactive/parties/"+p+"/recap/", "")
}
