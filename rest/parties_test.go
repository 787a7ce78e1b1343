package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/chat"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/internal/picture"
	"watchparty/rest"
	"watchparty/store"
	"watchparty/store/storetest"
)

// face is the HTTP face over the real service and a real database; only the
// live rooms stand in.
type face struct {
	t    *testing.T
	s    *store.Store
	url  string
	room *room

	mu     sync.Mutex
	people map[string]account.Identity
}

// room stands in for the live rooms and remembers what it was asked.
type room struct {
	mu    sync.Mutex
	asked []wire.Command
	lines []chat.Message
	s     *store.Store // of reactions
}

func (r *room) Do(ctx context.Context, p id.Party, actor account.Identity, cmd wire.Command) (wire.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, cmd)
	if cmd.Type == wire.ChatSend.Name {
		return wire.Result{Message: &wire.Message{Text: string(cmd.Data), User: wire.User{ID: actor.User}}}, nil
	}
	if strings.HasPrefix(cmd.Type, "poll.") {
		return wire.Result{Poll: &wire.PollCard{Mine: &wire.PollMine{}}}, nil
	}
	if cmd.Type == wire.ReactSend.Name && r.s != nil {
		return r.throw(ctx, p, actor.User, cmd)
	}
	return wire.Result{Playback: &wire.Playback{Vector: wire.Vector{Seq: 8}}}, nil
}

func (r *room) Playback(context.Context, id.Party) (wire.Playback, error) {
	return wire.Playback{Vector: wire.Vector{Seq: 7, P: 10, V: 2, T: 1000, Rate: 2}}, nil
}

func (r *room) History(_ context.Context, p id.Party, before int64, limit int) ([]chat.Message, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []chat.Message
	for i := len(r.lines) - 1; i >= 0 && len(out) < limit; i-- {
		if before == 0 || r.lines[i].Seq < before {
			out = append(out, r.lines[i])
		}
	}
	return out, nil
}

func (r *room) Online(id.Party) int     { return 1 }
func (r *room) OnlineUser(id.User) bool { return true }
func (r *room) MS() float64             { return 3000 }
func (r *room) last() wire.Command      { r.mu.Lock(); defer r.mu.Unlock(); return r.asked[len(r.asked)-1] }
func (f *face) Authenticate(_ context.Context, token string) (account.Identity, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	who, ok := f.people[token]
	if !ok {
		return who, account.ErrToken
	}
	return who, nil
}

// counter is a limiter with one budget for each key.
type counter struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counter) Allow(_ context.Context, key string, n int, _ time.Duration) (bool, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[key]++
	return c.n[key] <= n, time.Minute
}

func newFace(t *testing.T, limiter rest.Limiter) *face {
	t.Helper()
	f := &face{t: t, s: storetest.SQLite(t, store.Options{}), people: map[string]account.Identity{}, room: &room{}}
	svc, err := party.New(party.Config{
		Store: f.s.Parties(), Key: []byte(strings.Repeat("k", 32)), Now: time.Now,
		Sample: party.Film{Title: "First light", URL: "/sample/first-light.mp4", Duration: 90 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	pictures, err := picture.OpenFolder(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pictures.Close() })
	h, err := rest.New(rest.Config{
		Features: []rest.Feature{
			rest.Parties(svc, f.room), rest.Chat(svc, f.room, f.room), rest.Pictures(svc, pictures, f.room, f.room), rest.Polls(svc, f.s.Rooms(), f.room), rest.Annotations(svc, f.s.Rooms(), f.room),
			rest.Analytics(svc, f.s.Rooms()),
		},
		Auth: f, Limiter: limiter, PublicURL: "https://party.example",
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// person makes somebody whose token is his name.
func (f *face) person(name string, site access.Site) account.Identity {
	f.t.Helper()
	u := account.User{ID: id.New[id.User](), Site: site, Name: name, Username: strings.ToLower(name), CreatedAt: time.Now(), Version: 1}
	if site > access.Guest {
		u.Email = u.Username + "@example.com"
	}
	if err := f.s.Accounts().Create(f.t.Context(), u, nil); err != nil {
		f.t.Fatal(err)
	}
	who := account.Identity{User: u.ID, Site: site, Name: name, Username: u.Username}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.people[name] = who
	return who
}

type reply struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

// at walks into the answer by dotted names.
func (r reply) at(path string) any {
	var v any = r.body
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (r reply) text(path string) string { s, _ := r.at(path).(string); return s }

// call sends one request as token, with more headers as pairs.
func (f *face) call(token, method, path, body string, headers ...string) reply {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	r := reply{status: res.StatusCode, header: res.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &r.body) // some answers have none
	return r
}

// want calls and fails on another status.
func (f *face) want(status int, token, method, path, body string, headers ...string) reply {
	f.t.Helper()
	r := f.call(token, method, path, body, headers...)
	if r.status != status {
		f.t.Fatalf("%s %s as %q: %d, want %d: %s", method, path, token, r.status, status, r.raw)
	}
	return r
}

func TestAPartyFromItsMakingToItsEnd(t *testing.T) {
	t.Parallel()
	f := newFace(t, nil)
	f.person("Mara", access.User)
	f.person("Jun", access.User)
	f.person("Sam", access.Guest)

	made := f.want(201, "Mara", "POST", "/api/parties/", `{"title":" Film  night ","film":{"kind":"sample"},"max_participants":3}`)
	want := map[string]any{
		"title": "Film night", "visibility": "private", "status": "scheduled", "my_role": "host", "my_status": "approved",
		"participant_count": 1.0, "max_participants": 3.0, "is_full": false, "can_edit": true, "can_join": false,
		"scheduled_start": nil, "version": 1.0,
	}
	got := map[string]any{}
	for k := range want {
		got[k] = made.body[k]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if made.text("video.url") != "/sample/first-light.mp4" || made.at("video.duration") != 90.0 || made.text("host.name") != "Mara" {
		t.Errorf("%s", made.raw)
	}
	p, code := "/api/parties/"+made.text("id"), made.text("room_code")

	f.want(404, "Jun", "GET", p, "")
	f.want(404, "Jun", "POST", p+"/join/", "")
	in := f.want(200, "Jun", "POST", "/api/parties/join-by-code", `{"code":"`+strings.ToLower(code[:3])+"-"+code[3:]+`"}`)
	if in.text("status") != "approved" || in.at("already_member") != false || in.text("redirect_url") != "/watch/"+made.text("id") {
		t.Errorf("%s", in.raw)
	}
	if again := f.want(200, "Jun", "POST", "/api/parties/"+code+"/join/", ""); again.at("already_member") != true {
		t.Errorf("joining again: %s", again.raw)
	}

	link := f.want(201, "Mara", "POST", p+"/generate-invite/", "")
	if link.text("url") != "https://party.example/i/"+link.text("code") {
		t.Errorf("%s", link.raw)
	}
	card := f.want(200, "", "GET", "/api/parties/invite/"+link.text("code")+"/", "")
	if card.at("usable") != true || card.text("party.room_code") != "" || card.text("party.video.url") != "" || card.text("party.title") != "Film night" {
		t.Errorf("a stranger's preview: %s", card.raw)
	}
	f.want(200, "Sam", "POST", p+"/join/", `{"invite":"`+link.text("code")+`"}`)
	if full := f.want(200, "", "GET", "/api/parties/invite/"+link.text("code")+"/", ""); full.text("reason") != "full" || full.at("usable") != false {
		t.Errorf("%s", full.raw)
	}
	people := f.want(200, "Sam", "GET", p+"/participants/", "")
	if people.at("count") != 3.0 || people.text("participants.2.role") != "guest" || people.text("results.0.role") != "host" {
		t.Errorf("%s", people.raw)
	}

	f.want(403, "Jun", "POST", p+"/start/", "")
	f.want(200, "Mara", "POST", p+"/promote/", `{"user_id":"`+people.text("results.1.user.id")+`","role":"moderator"}`)
	if live := f.want(200, "Jun", "POST", p+"/start/", ""); live.text("party.status") != "live" || live.at("success") != true {
		t.Errorf("%s", live.raw)
	}
	f.want(403, "Jun", "POST", p+"/end/", "")
	if over := f.want(200, "Mara", "POST", p+"/end/", ""); over.text("party.status") != "ended" {
		t.Errorf("%s", over.raw)
	}
	f.want(204, "Mara", "DELETE", p+"/", "")
	f.want(404, "Mara", "GET", p+"/", "")
}

func TestSettingsAreEditedByVersionAndPart(t *testing.T) {
	t.Parallel()
	f := newFace(t, nil)
	f.person("Mara", access.User)
	start := time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
	made := f.want(201, "Mara", "POST", "/api/parties/", `{"title":"A","scheduled_start":"`+start+`","slow_mode_seconds":5}`)
	p := "/api/parties/" + made.text("id") + "/"
	if made.text("scheduled_start") != start || made.header.Get("ETag") != `"1"` {
		t.Errorf("%s %v", made.raw, made.header)
	}
	put := f.want(200, "Mara", "PUT", p, `{"title":"B"}`, "If-Match", `"1"`)
	if put.text("scheduled_start") != start || put.at("slow_mode_seconds") != 5.0 || put.text("title") != "B" || put.at("version") != 2.0 {
		t.Errorf("PUT of a part: %s", put.raw)
	}
	if stale := f.want(412, "Mara", "PATCH", p, `{"title":"C"}`, "If-Match", `"1"`); stale.text("code") != "version.stale" {
		t.Errorf("%s", stale.raw)
	}
	if none := f.want(200, "Mara", "PATCH", p, `{"scheduled_start":null}`); none.at("scheduled_start") != nil {
		t.Errorf("%s", none.raw)
	}
	for body, field := range map[string]string{
		`{"title":""}`: "title", `{"title":"   "}`: "title", `{"max_participants":1}`: "max_participants",
		`{"max_participants":"9"}`: "max_participants", `{"visibility":"secret"}`: "visibility", `{"control":"me"}`: "control",
		`{"scheduled_start":"soon"}`: "scheduled_start", `{"scheduled_start":"2001-01-01T00:00:00Z"}`: "scheduled_start",
		`{"slow_mode_seconds":-1}`: "slow_mode_seconds", `{"host":"x"}`: "host", `{"version":9}`: "version", `{"seats":0}`: "seats",
		`{"status":"live"}`: "status", `{"room_code":"AAAAAA"}`: "room_code", `{"Title":"x"}`: "Title", `{"allow_chat":1}`: "allow_chat",
	} {
		r := f.call("Mara", "PATCH", p, body)
		errs, _ := r.at("errors").(map[string]any)
		if r.status != 400 || errs[field] == nil {
			t.Errorf("%s: %d %s", body, r.status, r.raw)
		}
	}
}

func TestCodeGuessingIsLimitedByPersonAndInAll(t *testing.T) {
	t.Parallel()
	f := newFace(t, &counter{n: map[string]int{}})
	f.person("Mara", access.User)
	for i := range 30 {
		if r := f.call("Mara", "POST", "/api/parties/join-by-code/", `{"room_code":"AAAAA`+string(rune('A'+i%24))+`"}`); r.status != 404 {
			t.Fatalf("%d: %s", i, r.raw)
		}
	}
	r := f.want(429, "Mara", "POST", "/api/parties/join-by-code/", `{"room_code":"AAAAAA"}`)
	if r.header.Get("Retry-After") == "" || r.text("code") != "rate_limited" {
		t.Errorf("%s", r.raw)
	}
}

func TestABanHoldsForTheNextGuestOfTheSameBrowser(t *testing.T) {
	t.Parallel()
	f := newFace(t, nil)
	f.person("Mara", access.User)
	sam := f.person("Sam", access.Guest)
	f.person("Max", access.Guest)
	made := f.want(201, "Mara", "POST", "/api/parties/", `{"title":"A","visibility":"public"}`)
	p := "/api/parties/" + made.text("id")
	in := f.want(200, "Sam", "POST", p+"/join/", "")
	cookie, _, _ := strings.Cut(in.header.Get("Set-Cookie"), ";")
	if !strings.HasPrefix(cookie, "device=") || !strings.Contains(in.header.Get("Set-Cookie"), "HttpOnly") {
		t.Fatalf("the browser was given %q", in.header.Get("Set-Cookie"))
	}
	f.want(200, "Mara", "POST", p+"/ban/", `{"user_id":"`+string(sam.User)+`","reason":"spoilers","hours":2}`)
	if bans := f.want(200, "Mara", "GET", p+"/bans/", ""); bans.text("results.0.reason") != "spoilers" || bans.text("results.0.until") == "" {
		t.Errorf("%s", bans.raw)
	}
	if r := f.want(403, "Sam", "POST", p+"/join/", ""); r.text("code") != "party.banned" {
		t.Errorf("%s", r.raw)
	}
	if r := f.want(403, "Max", "POST", p+"/join/", "", "Cookie", cookie); r.text("code") != "party.banned" {
		t.Errorf("a new guest of the same browser: %s", r.raw)
	}
	f.want(200, "Max", "POST", p+"/join/", "")
}

func TestTheQueueIsEditedAndPlayed(t *testing.T) {
	t.Parallel()
	f := newFace(t, nil)
	f.person("Mara", access.User)
	f.person("Jun", access.User)
	made := f.want(201, "Mara", "POST", "/api/parties/", `{"title":"A","visibility":"public"}`)
	p := "/api/parties/" + made.text("id")
	f.want(200, "Jun", "POST", p+"/join/", "")
	var items []string
	for _, title := range []string{"one", "two", "three"} {
		items = append(items, f.want(201, "Mara", "POST", p+"/queue/", `{"kind":"sample","title":"`+title+`"}`).text("id"))
	}
	f.want(403, "Jun", "POST", p+"/queue/", `{"kind":"sample"}`)
	f.want(400, "Mara", "POST", p+"/queue/", `{"kind":"upload"}`)
	f.want(200, "Mara", "POST", p+"/queue/"+items[2]+"/next/", "")
	f.want(200, "Mara", "PATCH", p+"/queue/"+items[1]+"/", `{"position":0,"title":"second"}`)
	q := f.want(200, "Jun", "GET", p+"/queue/", "")
	if q.text("results.0.title") != "second" || q.text("results.1.title") != "one" || q.text("results.2.title") != "three" || q.text("current") != items[0] {
		t.Errorf("%s", q.raw)
	}
	f.want(200, "Mara", "POST", p+"/queue/"+items[1]+"/play/", "")
	if got := f.room.last(); got.Type != "playback.item" || string(got.Data) != `{"item":"`+items[1]+`"}` {
		t.Errorf("the room was asked %s %s", got.Type, got.Data)
	}
	f.want(204, "Mara", "DELETE", p+"/queue/"+items[0]+"/", "")
	f.want(404, "Mara", "DELETE", p+"/queue/"+items[0]+"/", "")
}

func TestControlGoesToTheRoomAsTheFrameWould(t *testing.T) {
	t.Parallel()
	f := newFace(t, nil)
	f.person("Mara", access.User)
	f.person("Jun", access.User)
	made := f.want(201, "Mara", "POST", "/api/parties/", `{"title":"A","visibility":"public"}`)
	p := "/api/parties/" + made.text("id")
	for body, want := range map[string]string{
		`{"action":"play"}`:                     `playback.play {"base":7}`,
		`{"action":"pause"}`:                    `playback.pause {"base":7,"position":14}`,
		`{"action":"pause","timestamp":13.9}`:   `playback.pause {"base":7,"position":13.9}`,
		`{"action":"seek","timestamp":60}`:      `playback.seek {"base":7,"position":60}`,
		`{"action":"rate","playback_rate":1.5}`: `playback.rate {"base":7,"rate":1.5}`,
	} {
		r := f.want(200, "Mara", "POST", p+"/control/", body)
		if got := f.room.last(); got.Type+" "+string(got.Data) != want || r.at("state.vector.seq") != 8.0 {
			t.Errorf("%s: the room was asked %s %s, the answer is %s", body, got.Type, got.Data, r.raw)
		}
	}
	f.want(400, "Mara", "POST", p+"/control/", `{"action":"seek"}`)
	f.want(400, "Mara", "POST", p+"/control/", `{"action":"stop"}`)
	if r := f.want(403, "Jun", "POST", p+"/control/", `{"action":"play"}`); r.text("code") != "party.not_member" {
		t.Errorf("%s", r.raw)
	}
	state := f.want(200, "Mara", "GET", p+"/sync_state/", "")
	if state.at("is_playing") != true || state.at("current_timestamp") != 14.0 || state.at("playback_rate") != 2.0 {
		t.Errorf("%s", state.raw)
	}
}

func TestTheChatIsReadBackwardsByThoseInTheRoom(t *testing.T) {
	t.Parallel()
	f := newFace(t, nil)
	f.person("Mara", access.User)
	f.person("Jun", access.User)
	made := f.want(201, "Mara", "POST", "/api/parties/", `{"title":"A","visibility":"public"}`)
	for i := range 5 {
		f.room.lines = append(f.room.lines, chat.Message{ID: id.New[id.Message](), Seq: int64(i + 1), Text: fmt.Sprint(i + 1)})
	}
	path := "/api/chat/" + made.text("room_code") + "/messages/?limit=2"
	var seen []string
	for path != "" {
		r := f.want(200, "Mara", "GET", path, "")
		for i := range r.at("results").([]any) {
			seen = append(seen, r.text(fmt.Sprintf("results.%d.text", i)))
		}
		path = strings.TrimPrefix(r.text("next"), "https://party.example")
	}
	if diff := cmp.Diff([]string{"5", "4", "3", "2", "1"}, seen); diff != "" {
		t.Error(diff)
	}
	f.want(400, "Mara", "GET", "/api/chat/"+made.text("id")+"/messages/?cursor=x", "")
	f.want(403, "Jun", "GET", "/api/chat/"+made.text("id")+"/messages/", "")
	f.want(201, "Mara", "POST", "/api/chat/"+made.text("id")+"/messages/send/", `{"content":"hi"}`, "Idempotency-Key", "k1")
	if got := f.room.last(); got.Type != "chat.send" || got.Op != "k1" || string(got.Data) != `{"text":"hi"}` {
		t.Errorf("the room was asked %+v", got)
	}
}

// What belongs to another party is not there, whatever it is called.
func TestNamesOfAnotherPartyAreNotFound(t *testing.T) {
	t.Parallel()
	f := newFace(t, nil)
	f.person("Mara", access.User)
	f.person("Ines", access.User)
	jun := f.person("Jun", access.User)
	mine := f.want(201, "Mara", "POST", "/api/parties/", `{"title":"A","film":{"kind":"sample"}}`)
	other := f.want(201, "Ines", "POST", "/api/parties/", `{"title":"B","film":{"kind":"sample"},"require_approval":true,"visibility":"public"}`)
	theirs := "/api/parties/" + other.text("id")
	item := other.text("video.id")
	link := f.want(201, "Ines", "POST", theirs+"/invites/", `{"max_uses":3}`)
	knock := f.want(200, "Jun", "POST", theirs+"/join/", `{"message":"please"}`).text("member.id")
	p := "/api/parties/" + mine.text("id")

	names := map[string]string{
		"another party's": "", "a random": string(id.New[id.Item]()), "a number": "0", "a negative number": "-1",
		"a huge": strings.Repeat("9", 60), "a user's": string(jun.User), "an odd": "%00%ff'--",
	}
	calls := []struct{ method, path, body, own string }{
		{"PATCH", p + "/queue/%s/", `{"title":"x"}`, item}, {"DELETE", p + "/queue/%s/", "", item},
		{"POST", p + "/queue/%s/next/", "", item}, {"DELETE", p + "/invites/%s/", "", link.text("id")},
		{"POST", p + "/join-requests/%s/approve/", "", knock}, {"POST", p + "/join-requests/%s/reject/", "", knock},
		{"GET", "/api/parties/%s/", "", mine.text("id")[:35] + "x"}, {"POST", "/api/parties/%s/start/", "", item},
		{"GET", "/api/parties/public/%s/", "", mine.text("room_code")}, {"GET", "/api/chat/%s/messages/", "", item},
	}
	for _, c := range calls {
		for what, name := range names {
			if name == "" {
				name = c.own
			}
			r := f.call("Mara", c.method, fmt.Sprintf(c.path, name), c.body)
			if r.status != 404 || r.text("code") != "not_found" {
				t.Errorf("%s %s with %s name: %d %s", c.method, c.path, what, r.status, r.raw)
			}
		}
	}
	for _, who := range []string{string(jun.User), string(id.New[id.User]())} {
		for _, verb := range []string{"kick", "ban", "unban", "hand-over"} {
			if r := f.call("Mara", "POST", p+"/"+verb+"/", `{"user_id":"`+who+`"}`); r.status != 404 {
				t.Errorf("%s of somebody who is not here: %d %s", verb, r.status, r.raw)
			}
		}
	}
	if r := f.want(404, "Jun", "POST", p+"/join/", `{"invite":"`+link.text("code")+`"}`); r.text("code") != "invite.unknown" {
		t.Errorf("another party's link: %s", r.raw)
	}
	if r := f.want(200, "Ines", "GET", theirs+"/join-requests/", ""); r.text("results.0.message") != "please" || r.text("results.0.member") != knock {
		t.Errorf("%s", r.raw)
	}
}
