package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
)

// client is somebody who calls REST, with cookies.
type client struct {
	t    *testing.T
	base string
	http http.Client
}

func newClient(t *testing.T, base string) *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, base: base, http: http.Client{Jar: jar}}
}

// call sends body and wants status; it gives what came.
func (c *client) call(method, path, body string, status int) map[string]any {
	c.t.Helper()
	b := c.raw(method, path, body, status)
	out := map[string]any{}
	if len(b) > 0 {
		if err := json.Unmarshal(b, &out); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, b)
		}
	}
	return out
}

func (c *client) raw(method, path, body string, status int) []byte {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Origin", c.base)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if res.StatusCode != status {
		c.t.Fatalf("%s %s %s: %d, want %d: %s", method, path, body, res.StatusCode, status, b)
	}
	return b
}

func (c *client) register(name string) {
	c.t.Helper()
	c.call("POST", "/api/auth/register/", fmt.Sprintf(`{"email":"%s@example.test","password":"a long enough phrase","name":%q}`, name, name), 201)
}

// evening is a party on a real server: a host, a member, and a stranger for
// whom there is nothing.
type evening struct {
	host, member, stranger *client
	id                     string
	in                     string // where its interactive paths begin
}

func newEvening(t *testing.T) evening {
	server, _ := binaries(t)
	_, url := start(t, server, "--listen", "127.0.0.1:0", "--data", t.TempDir())
	e := evening{host: newClient(t, url), member: newClient(t, url), stranger: newClient(t, url)}
	e.host.register("mara")
	e.member.register("jun")
	e.stranger.register("eve")
	party := e.host.call("POST", "/api/parties/", `{"title":"Film Club","film":{"kind":"sample"},"visibility":"private"}`, 201)
	e.id = party["id"].(string)
	e.member.call("POST", "/api/parties/join-by-code/", fmt.Sprintf(`{"room_code":%q}`, party["room_code"]), 200)
	e.in = "/api/interactive/parties/" + e.id
	return e
}

// at gives the same people for a part of a test, which fails by itself.
func (e evening) at(t *testing.T) evening {
	for _, c := range []**client{&e.host, &e.member, &e.stranger} {
		own := **c
		own.t = t
		*c = &own
	}
	return e
}

// TestInteractiveByREST plays the interactive rows of the contract.
func TestInteractiveByREST(t *testing.T) {
	t.Parallel()
	e := newEvening(t)
	for _, part := range []struct {
		rows string
		play func(*testing.T, evening)
	}{
		{"I11-I14 polls", pollRows},
		{"I16-I19 polls below the party", partyPollRows},
		{"I09, I10 annotations", annotationRows},
		{"I01, I02, I15 reactions and the report", reactionRows},
		{"I20, I21 reactions counted below the party", countRows},
		{"I03-I05 the voice room", voiceRows},
		{"I06-I08 shared screens", shareRows},
	} {
		t.Run(part.rows, func(t *testing.T) { part.play(t, e.at(t)) })
	}
}

func pollRows(t *testing.T, e evening) {
	e.stranger.call("GET", e.in+"/polls/", "", 404)
	e.member.call("POST", e.in+"/polls/create/", `{"question":"Who?","poll_type":"yes_no"}`, 403)
	e.host.call("POST", e.in+"/polls/create/", `{"question":"Who?","poll_type":"multiple_choice","options":["a"]}`, 400)
	p := e.host.call("POST", e.in+"/polls/create/", `{"question":"Who?","poll_type":"multiple_choice","options":["a","b"],"duration":60}`, 201)
	if p["poll_type"] != "multiple_choice" || p["is_published"] != false || p["poll_id"] != p["id"] {
		t.Fatalf("poll %v", p)
	}
	one := "/api/interactive/polls/" + p["id"].(string)
	e.member.call("GET", one+"/", "", 404)
	e.member.call("POST", one+"/respond/", `{"selected_option":0}`, 404)
	e.host.call("POST", one+"/publish/", "", 200)
	e.host.call("POST", one+"/publish/", "", 409)
	e.stranger.call("POST", one+"/respond/", `{"selected_option":0}`, 404)
	for _, bad := range []string{`{"selected_option":99}`, `{}`, `{"text_response":"x"}`, `{"selected_options":[0,1]}`, `{"selected_option":-1}`, `{"selected_option":"0"}`} {
		e.member.call("POST", one+"/respond/", bad, 400)
	}
	r := e.member.call("POST", one+"/respond/", `{"option_index":1}`, 201)
	if r["selected_option"] != 1.0 || r["results"] == nil {
		t.Fatalf("response %v", r)
	}
	e.host.call("POST", one+"/respond/", `{"selected_options":[0]}`, 201)
	e.member.call("POST", one+"/respond/", `{"selected_option":0}`, 201) // a change, not a second vote
	list := e.member.call("GET", e.in+"/polls/?active_only=true", "", 200)
	first := list["polls"].([]any)[0].(map[string]any)
	if list["total_count"] != 1.0 || first["total_responses"] != 2.0 || fmt.Sprint(first["response_counts"]) != "map[0:2 1:0]" {
		t.Fatalf("list %v", first)
	}
	e.host.call("GET", one+"/export/", "", 409)
	e.host.call("POST", one+"/close/", "", 200)
	if late := e.member.call("POST", one+"/respond/", `{"selected_option":0}`, 409); late["code"] != "poll.not_open" {
		t.Errorf("a late answer: %v", late)
	}
	e.member.call("GET", one+"/export/", "", 403)
	if csv := e.host.raw("GET", one+"/export/", "", 200); bytes.Count(csv, []byte("\n")) != 3 || !bytes.Contains(csv, []byte("jun,a,")) {
		t.Errorf("export %s", csv)
	}
}

func partyPollRows(t *testing.T, e evening) {
	at := "/api/parties/" + e.id + "/polls/"
	p := e.host.call("POST", at, `{"question":"Snack?","options":["Popcorn","Nachos"],"type":"single","duration":5}`, 201)
	options := p["options"].([]any)
	if p["isActive"] != true || options[0].(map[string]any)["id"] != "1" {
		t.Fatalf("poll %v", p)
	}
	one := at + p["id"].(string)
	v := e.member.call("POST", one+"/vote/", `{"option_id":"2"}`, 200)
	if v["user_vote"] != "2" || v["totalVotes"] != 1.0 {
		t.Fatalf("vote %v", v)
	}
	e.member.call("POST", one+"/vote/", `{"optionIds":["7"]}`, 400)
	e.member.call("POST", one+"/end/", "", 403)
	e.host.call("DELETE", one+"/", "", 200)
	e.stranger.call("GET", at, "", 404)
}

func annotationRows(t *testing.T, e evening) {
	e.stranger.call("GET", e.in+"/annotations/", "", 404)
	for _, bad := range []string{
		`{"annotation_type":"arrow","position_x":2,"position_y":0.5}`, `{"annotation_type":"arrow"}`,
		`{"annotation_type":"cursor","position_x":0.5,"position_y":0.5}`, `{"annotation_type":"text","position_x":0.5,"position_y":0.5}`,
	} {
		e.member.call("POST", e.in+"/annotations/", bad, 400)
	}
	a := e.member.call("POST", e.in+"/annotations/", `{"annotation_type":"circle","position_x":0.25,"position_y":0.5,"width":0.5,"height":0.25}`, 201)
	if a["annotation_type"] != "ellipse" || a["width"] != 0.5 || a["is_visible"] != true || a["expires_at"] != nil {
		t.Fatalf("annotation %v", a)
	}
	e.host.call("DELETE", e.in+"/annotations/"+a["id"].(string)+"/", "", 409) // another's is not the host's to undo
	if list := e.host.call("GET", e.in+"/annotations/", "", 200); list["total_count"] != 1.0 {
		t.Fatalf("list %v", list)
	}
	e.host.call("POST", e.in+"/annotations/clear/", `{"who":"all"}`, 200)
	if list := e.member.call("GET", e.in+"/annotations/", "", 200); list["total_count"] != 0.0 {
		t.Fatalf("after clearing %v", list)
	}
}

func reactionRows(t *testing.T, e evening) {
	e.stranger.call("POST", e.in+"/reactions/create/", `{"reaction":"laugh"}`, 404)
	r := e.host.call("POST", e.in+"/reactions/create/", `{"reaction":"laugh","video_timestamp":12.5}`, 201)
	if r["emoji"] != "😂" || r["video_timestamp"] != 12.5 {
		t.Fatalf("reaction %v", r)
	}
	e.member.call("POST", e.in+"/reactions/create/", `{"reaction":"bogus"}`, 400)
	if list := e.member.call("GET", e.in+"/reactions/", "", 200); list["total_count"] != 1.0 {
		t.Fatalf("list %v", list)
	}
	e.member.call("GET", e.in+"/analytics/", "", 403)
	e.host.call("GET", e.in+"/analytics/", "", 200)
}

func countRows(t *testing.T, e evening) {
	at := "/api/parties/" + e.id + "/reactions/"
	e.stranger.call("GET", at, "", 404)
	e.stranger.call("POST", at, `{"emoji":"🔥"}`, 404)
	e.member.call("POST", at, `{"emoji":"no such"}`, 400)
	if r := e.member.call("POST", at, `{"emoji":"🔥"}`, 200); r["count"] != 1.0 || r["user_reacted"] != true {
		t.Fatalf("thrown %v", r)
	}
	if r := e.host.call("POST", at, `{"emoji":"fire"}`, 200); r["count"] != 2.0 {
		t.Fatalf("thrown by the host %v", r)
	}
	if r := e.member.call("POST", at, `{"emoji":"🔥"}`, 200); r["count"] != 1.0 || r["user_reacted"] != false {
		t.Fatalf("taken back %v", r)
	}
	e.host.call("DELETE", at, "", 204)
	var left []map[string]any
	if err := json.Unmarshal(e.host.raw("GET", at, "", 200), &left); err != nil {
		t.Fatal(err)
	}
	for _, r := range left {
		if r["emoji"] == "🔥" {
			t.Errorf("left %v", left)
		}
	}
}

func voiceRows(t *testing.T, e evening) {
	at := e.in + "/voice-chat/"
	e.stranger.call("GET", at, "", 404)
	e.stranger.call("POST", at+"join/", `{}`, 404)
	v := e.member.call("GET", at, "", 200)
	room := v["room"].(map[string]any)
	if v["is_active"] != true || room["max_participants"] != 50.0 || room["audio_quality"] != "medium" || v["participant_count"] != 0.0 {
		t.Fatalf("voice room %v", v)
	}
	for _, bad := range []string{`{"max_participants":-5}`, `{"max_participants":101}`, `{"audio_quality":"bogus"}`, `{"action":"dance"}`, `{"require_permission":"yes"}`} {
		e.host.call("POST", at+"manage/", bad, 400)
	}
	e.member.call("POST", at+"manage/", `{"max_participants":3}`, 403)
	if v := e.host.call("POST", at+"manage/", `{"max_participants":3,"require_permission":true}`, 201); v["room"].(map[string]any)["max_participants"] != 3.0 {
		t.Fatalf("set %v", v)
	}
	e.host.call("PUT", at, `{"audio_quality":"high"}`, 200)
	e.host.call("POST", at+"manage/", `{"action":"mute"}`, 400)
	e.host.call("POST", at+"manage/", `{"action":"stop"}`, 200)
	e.member.call("POST", at+"join/", `{}`, 409)
	e.host.call("POST", at+"manage/", `{"action":"start"}`, 200)
	if j := e.member.call("POST", at+"join/", `{"peer_id":"x"}`, 200); j["sfu"].(map[string]any)["frame"] != "voice.join" || j["ice_servers"] == nil {
		t.Fatalf("join %v", j)
	}
	e.member.call("POST", at+"leave/", "", 200)
	if v := e.member.call("GET", "/api/interactive/voice-chat/?party="+e.id, "", 200); v["room"].(map[string]any)["audio_quality"] != "high" {
		t.Fatalf("short path %v", v)
	}
}

func shareRows(t *testing.T, e evening) {
	at := e.in + "/screen-shares/"
	e.stranger.call("GET", at, "", 404)
	e.stranger.call("POST", at+"start/", `{}`, 404)
	for _, bad := range []string{
		`{"share_type":"full_screen"}`, `{"resolution":"1080p"}`, `{"resolution":"9999x9999"}`, `{"frame_rate":0}`, `{"frame_rate":61}`, `{"quality":"bogus"}`,
	} {
		e.member.call("POST", at+"start/", bad, 400)
	}
	s := e.member.call("POST", at+"start/", `{"title":"Slides","share_type":"window","resolution":"1280x720","frame_rate":15}`, 201)
	if s["share_type"] != "window" || s["is_active"] != true || s["fps"] != 15.0 || s["share_id"] != s["id"] {
		t.Fatalf("share %v", s)
	}
	e.host.call("POST", at+"start/", `{}`, 409) // one at a time
	one := "/api/interactive/screen-shares/" + s["id"].(string)
	e.host.call("PUT", one+"/update/", `{"viewers_can_annotate":true}`, 403)
	e.stranger.call("PUT", one+"/update/", `{"viewers_can_annotate":true}`, 404)
	e.member.call("PUT", one+"/update/", `{"viewers_can_annotate":"maybe"}`, 400)
	if s := e.member.call("PUT", one+"/update/", `{"viewers_can_annotate":true,"fps":20,"quality":"low"}`, 200); s["viewers_can_annotate"] != true || s["fps"] != 20.0 {
		t.Fatalf("updated %v", s)
	}
	e.stranger.call("POST", one+"/stop/", "", 404)
	e.host.call("POST", one+"/stop/", "", 200)
	e.member.call("POST", one+"/stop/", "", 409)
	if list := e.member.call("GET", at+"?active=true", "", 200); list["total_count"] != 0.0 {
		t.Fatalf("active %v", list)
	}
	if list := e.member.call("GET", at, "", 200); list["total_count"] != 1.0 {
		t.Fatalf("all %v", list)
	}
}
