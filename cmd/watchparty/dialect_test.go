package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"watchparty/hub/hubtest"
)

// old connects c to one of the original's socket routes, with its cookies.
func (c *client) old(name, path string) *hubtest.Old {
	c.t.Helper()
	ws, _, err := websocket.Dial(c.t.Context(), "ws"+strings.TrimPrefix(c.base, "http")+path, &websocket.DialOptions{
		HTTPClient: &c.http, HTTPHeader: http.Header{"Origin": {c.base}},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return hubtest.NewOld(c.t, name, ws)
}

// at reads a place in a message.
func at(m map[string]any, path ...string) any {
	var v any = m
	for _, p := range path {
		x, _ := v.(map[string]any)
		v = x[p]
	}
	return v
}

// TestInteractiveBySocket plays a party in the original's message names on a
// real server: a host, a member, and a stranger for whom there is nothing.
func TestInteractiveBySocket(t *testing.T) {
	t.Parallel()
	server, _ := binaries(t)
	_, url := start(t, server, "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--rtc-port", "0")
	host, member, stranger := newClient(t, url), newClient(t, url), newClient(t, url)
	host.register("mara")
	member.register("jun")
	stranger.register("eve")
	party := host.call("POST", "/api/parties/", `{"title":"Film Club","film":{"kind":"sample"},"visibility":"private","require_approval":true}`, 201)
	id, code := party["id"].(string), party["room_code"].(string)
	path := "/ws/interactive/" + id + "/"
	for _, name := range []string{id, code, "00000000-0000-7000-8000-000000000000", "nonsense"} {
		if c := stranger.old("eve", "/ws/interactive/"+name+"/").Closed(); c != 4003 {
			t.Errorf("a stranger at %s: %d", name, c)
		}
	}
	if c := newClient(t, url).old("nobody", path).Closed(); c != 4001 {
		t.Errorf("nobody: %d", c)
	}

	// The lobby admits who has knocked; the party's own routes do not.
	member.call("POST", "/api/parties/join-by-code/", fmt.Sprintf(`{"room_code":%q}`, code), 200)
	if c := member.old("jun", path).Closed(); c != 4003 {
		t.Errorf("a knock opened the party: %d", c)
	}
	lobby := member.old("jun", "/ws/party/"+id+"/lobby/")
	if m := lobby.Hear("lobby_state"); at(m, "state", "waiting") != true {
		t.Errorf("waiting %v", m)
	}
	notes := member.old("jun", "/ws/notifications/")
	notes.Say(`{"type":"ping"}`)
	notes.Hear("pong")
	knocks := host.call("GET", "/api/parties/"+id+"/join-requests/", "", 200)
	knock := knocks["results"].([]any)[0].(map[string]any)["member"].(string)
	host.call("POST", "/api/parties/"+id+"/join-requests/"+knock+"/approve/", "", 200)
	if m := lobby.Hear("lobby_state"); at(m, "state", "waiting") != false || at(m, "state", "party", "title") != "Film Club" {
		t.Errorf("let in: %v", m)
	}
	if m := notes.Hear("notification"); at(m, "notification", "action_data", "partyId") != id {
		t.Errorf("notification %v", m)
	}

	h, m := host.old("mara", path), member.old("jun", "/ws/interactive/"+code+"/")
	h.Hear("connection_established")
	m.Hear("connection_established")
	t.Run("reactions", func(t *testing.T) { playReactions(t, h, m) })
	t.Run("polls", func(t *testing.T) { playPolls(t, h, m) })
	t.Run("annotations", func(t *testing.T) { playAnnotations(t, h, m) })
	t.Run("voice", func(t *testing.T) { playVoice(t, h, m) })
	t.Run("shares", func(t *testing.T) {
		share := playShares(t, h, m)
		if c := stranger.old("eve", "/ws/screen-share/"+share+"/").Closed(); c != 4003 {
			t.Errorf("a stranger at a share: %d", c)
		}
		member.old("jun", "/ws/screen-share/"+share+"/").Hear("connection_established")
		member.old("jun", "/ws/voice-chat/room/"+id+"/").Hear("connection_established")
	})
	in := "/api/interactive/parties/" + id
	if list := host.call("GET", in+"/polls/", "", 200); list["total_count"] != 1.0 || at(list["polls"].([]any)[0].(map[string]any), "total_responses") != 2.0 {
		t.Errorf("polls that are kept: %v", list)
	}
	if list := host.call("GET", in+"/reactions/", "", 200); list["total_count"] != 1.0 {
		t.Errorf("reactions that are kept: %v", list)
	}
	if list := host.call("GET", in+"/annotations/", "", 200); list["total_count"] != 0.0 {
		t.Errorf("annotations that are kept: %v", list)
	}
	t.Run("drop", func(t *testing.T) {
		room := host.old("mara", "/ws/party/"+id+"/")
		room.Hear("party_state")
		host.call("POST", "/api/parties/"+id+"/kick/", fmt.Sprintf(`{"user_id":%q}`, at(member.call("GET", "/api/auth/profile/", "", 200), "id")), 200)
		if e := m.Hear("error"); e["code"] != "kicked" {
			t.Errorf("told %v", e)
		}
		if c := m.Closed(); c != 4008 {
			t.Errorf("closed with %d", c)
		}
		room.Hear("user_left", func(x hubtest.OldMessage) bool { return x["username"] == "jun" })
	})
}

func playReactions(t *testing.T, host, member *hubtest.Old) {
	member.Say(`{"type":"live_reaction","reaction":"laugh","video_timestamp":12.5,"position_x":0.25,"position_y":0.75}`)
	got := host.Hear("live_reaction")
	if at(got, "data", "reaction") != "laugh" || at(got, "data", "user", "username") != "jun" || at(got, "data", "video_timestamp") != 12.5 {
		t.Errorf("reaction %v", got)
	}
	member.Hear("live_reaction")
	for bad, field := range map[string]string{
		`{"type":"live_reaction","reaction":"bogus"}`: "reaction", `{"type":"live_reaction","reaction":"laugh","position_x":2}`: "position_x",
		`{"type":"live_reaction"}`: "reaction", `{"type":"live_reaction","reaction":7}`: "reaction", `hello`: "body", `{}`: "type",
	} {
		if e := member.Refused(bad); at(e, "errors", field) == nil || e["message"] == "" {
			t.Errorf("%s: %v", bad, e)
		}
	}
}

func playPolls(t *testing.T, host, member *hubtest.Old) {
	if e := member.Refused(`{"type":"poll_create","question":"Who?","poll_type":"yes_no"}`); e["status"] != 403.0 {
		t.Errorf("a member's poll: %v", e)
	}
	host.Say(`{"type":"poll_create","question":"Snack?","poll_type":"multiple_choice","options":["Popcorn","Nachos"],"duration":60}`)
	ref := at(member.Hear("poll_created"), "poll", "poll_id")
	for _, c := range []*hubtest.Old{member, host} {
		c.Say(fmt.Sprintf(`{"type":"poll_response","poll_id":%q,"selected_option":1}`, ref))
		got := host.Hear("poll_response_submitted")
		if at(got, "poll_id") != ref || at(got, "results") == nil {
			t.Errorf("answer %v", got)
		}
	}
	if e := member.Refused(fmt.Sprintf(`{"type":"poll_response","poll_id":%q,"selected_option":0}`, ref)); e["status"] != 409.0 {
		t.Errorf("a second answer: %v", e)
	}
	host.Say(fmt.Sprintf(`{"type":"poll_close","poll_id":%q}`, ref))
	if got := member.Hear("poll_closed"); at(got, "poll", "response_counts", "1") != 2.0 || at(got, "poll", "response_counts", "0") != 0.0 {
		t.Errorf("closed %v", got)
	}
	if e := member.Refused(`{"type":"poll_response","poll_id":"` + fmt.Sprint(ref) + `","selected_option":0}`); e["status"] != 409.0 {
		t.Errorf("a late answer: %v", e)
	}
}

func playAnnotations(t *testing.T, host, member *hubtest.Old) {
	member.Say(`{"type":"annotation_create","annotation_type":"rectangle","position_x":0.25,"position_y":0.5,"width":0.5,"height":0.25,"video_timestamp":3}`)
	made := host.Hear("annotation_created")
	ref := at(made, "annotation", "annotation_id")
	if at(made, "annotation", "width") != 0.5 || at(made, "annotation", "user", "username") != "jun" {
		t.Errorf("made %v", made)
	}
	member.Hear("annotation_created")
	member.Say(fmt.Sprintf(`{"type":"annotation_update","annotation_id":%q,"position_x":0.1}`, ref))
	if got := host.Hear("annotation_updated"); at(got, "annotation", "annotation_id") != ref || at(got, "annotation", "position_x") != 0.1 {
		t.Errorf("updated %v", got)
	}
	member.Hear("annotation_updated")
	member.Say(fmt.Sprintf(`{"type":"annotation_delete","annotation_id":%q}`, ref))
	if got := host.Hear("annotation_deleted"); got["annotation_id"] != ref {
		t.Errorf("deleted %v", got)
	}
	member.Hear("annotation_deleted")
}
