package dialect_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"watchparty/hub/dialect"
	"watchparty/hub/wire"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

const (
	party = "01900000-0000-7000-8000-000000000001"
	mara  = id.User("01900000-0000-7000-8000-00000000000a")
	jun   = id.User("01900000-0000-7000-8000-00000000000b")
	late  = id.User("01900000-0000-7000-8000-00000000000c")
	poll  = "01900000-0000-7000-8000-0000000000f1"
	mark  = "01900000-0000-7000-8000-0000000000d1"
	film  = "01900000-0000-7000-8000-0000000000e1"
	now   = 1_800_000_000_000.0
)

func person(u id.User, name string) wire.User {
	return wire.User{ID: u, Username: name, Name: strings.ToUpper(name), FirstName: name, LastName: "x"}
}

// speaker is mara's, who has joined a party with jun in it. late came a moment
// ago, and only the database knows the name.
func speaker(t testing.TB, route string) *dialect.Speaker {
	t.Helper()
	path, flavour, _ := strings.Cut(route, "#")
	r, ok := dialect.ParseRoute(path)
	if !ok {
		t.Fatalf("no route %s", route)
	}
	r.Flat = flavour == "m"
	return dialect.New(r, person(mara, "mara"), party, func() float64 { return now }, func() []wire.User { return []wire.User{person(late, "late")} })
}

func welcome(status string) wire.Welcome {
	return wire.Welcome{
		Mode: "fresh", Count: 2, Me: wire.Member{User: person(mara, "mara"), Role: "host"},
		Party:    wire.Party{ID: party, Title: "Film club", Status: status, Host: person(mara, "mara"), AllowChat: true},
		Here:     []wire.Presence{{User: person(mara, "mara"), Role: "host"}, {User: person(jun, "jun"), Role: "member"}},
		Queue:    []wire.Item{{ID: film, Title: "First light", Duration: 90}},
		Playback: wire.Playback{Vector: wire.Vector{Seq: 4, Item: film, P: 10, V: 1, Rate: 1, T: now - 5000, Plays: true}},
	}
}

// tell gives a frame of ours to a translator.
func tell[T any](t testing.TB, s *dialect.Speaker, f wire.Frame[T], re string, v T) dialect.Turn {
	t.Helper()
	b, err := json.Marshal(wire.Down{Type: f.Name, Re: re, ST: now, Data: v})
	if err != nil {
		t.Fatal(err)
	}
	turn, err := s.Down(b)
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return turn
}

// in gives a translator whose person is in the room.
func in(t testing.TB, route string) *dialect.Speaker {
	s := speaker(t, route)
	tell(t, s, wire.PartyWelcome, "join", welcome("live"))
	return s
}

// frames shows what a message became: the frames' names and data.
func frames(ups []wire.Up) []string {
	var out []string
	for _, u := range ups {
		out = append(out, u.Type+" "+string(u.Data))
	}
	return out
}

// messages shows what the client got, each as its type and the fields named.
func messages(turn dialect.Turn, paths ...string) []string {
	var out []string
	for _, m := range turn.Out {
		b, _ := json.Marshal(m)
		var x map[string]any
		_ = json.Unmarshal(b, &x)
		line := fmt.Sprint(x["type"])
		for _, p := range paths {
			var v any = x
			for _, k := range strings.Split(p, ".") {
				o, _ := v.(map[string]any)
				v = o[k]
			}
			if v != nil {
				line += fmt.Sprintf(" %s=%v", p, v)
			}
		}
		out = append(out, line)
	}
	return out
}

func TestWhatOlderClientsSayBecomesOurFrames(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		route, say string
		want       []string // of an error its code and field
	}{
		"W6 a reaction by its word":        {"/ws/interactive/p/", `{"type":"live_reaction","reaction":"love","video_timestamp":3.5,"party":"x"}`, []string{`react.send {"emoji":"❤️","x":0.5,"y":0.5,"film_at":3.5}`}},
		"W6 a reaction by its emoji":       {"/ws/interactive/p/", `{"type":"live_reaction","emoji":"🔥","position_x":0,"position_y":1,"video_timestamp":null}`, []string{`react.send {"emoji":"🔥","x":0,"y":1}`}},
		"W6 hours, minutes, seconds":       {"/ws/interactive/p/", `{"type":"live_reaction","emoji":"🔥","video_timestamp":"01:02:03.5"}`, []string{`react.send {"emoji":"🔥","x":0.5,"y":0.5,"film_at":3723.5}`}},
		"W6 a number in quotes":            {"/ws/interactive/p/", `{"type":"live_reaction","emoji":"🔥","video_timestamp":"7"}`, []string{`react.send {"emoji":"🔥","x":0.5,"y":0.5,"film_at":7}`}},
		"W6 a time below zero":             {"/ws/interactive/p/", `{"type":"live_reaction","emoji":"🔥","video_timestamp":-1}`, []string{"input.invalid video_timestamp"}},
		"W6 a time of 70 minutes":          {"/ws/interactive/p/", `{"type":"live_reaction","emoji":"🔥","video_timestamp":"1:70:00"}`, []string{"input.invalid video_timestamp"}},
		"W6 a poll":                        {"/ws/interactive/p/", `{"type":"poll_create","question":"Q","poll_type":"multiple_choice","options":["a","b"],"allows_multiple":true,"duration":30}`, []string{`poll.create {"kind":"multiple_choice","question":"Q","options":["a","b"],"min":1,"max":2,"duration":30,"publish":true}`}},
		"W6 a rating as a draft":           {"/ws/interactive/p/", `{"type":"poll_create","question":"Q","poll_type":"rating","min_rating":0,"max_rating":4,"publish_immediately":false}`, []string{`poll.create {"kind":"rating","question":"Q","max":4}`}},
		"W6 a poll until a time":           {"/ws/interactive/p/", `{"type":"poll_create","question":"Q","poll_type":"text","expires_at":"2027-01-15T08:01:00Z","anonymous":true}`, []string{`poll.create {"kind":"text","question":"Q","anonymous":true,"duration":60,"publish":true}`}},
		"W6 an option":                     {"/ws/interactive/p/", `{"type":"poll_response","poll_id":"` + poll + `","selected_option":1,"emoji_reaction":"x"}`, []string{`poll.vote {"poll":"` + poll + `","choices":[1]}`}},
		"W6 several options":               {"/ws/interactive/p/", `{"type":"poll_response","poll_id":"` + poll + `","selected_options":[0,2]}`, []string{`poll.vote {"poll":"` + poll + `","choices":[0,2]}`}},
		"W6 a rating of zero":              {"/ws/interactive/p/", `{"type":"poll_response","poll_id":"` + poll + `","rating_value":0}`, []string{`poll.vote {"poll":"` + poll + `","rating":0}`}},
		"W6 a text":                        {"/ws/interactive/p/", `{"type":"poll_response","poll_id":"` + poll + `","text_response":"so"}`, []string{`poll.vote {"poll":"` + poll + `","text":"so"}`}},
		"W6 an option in words":            {"/ws/interactive/p/", `{"type":"poll_response","poll_id":"` + poll + `","selected_option":"1"}`, []string{"input.invalid selected_option"}},
		"W6 a poll is opened":              {"/ws/interactive/p/", `{"type":"poll_publish","poll_id":"` + poll + `"}`, []string{`poll.publish {"poll":"` + poll + `"}`}},
		"W6 a poll is closed":              {"/ws/interactive/p/", `{"type":"poll_close","poll_id":"` + poll + `"}`, []string{`poll.close {"poll":"` + poll + `"}`}},
		"W6 an arrow where the film is":    {"/ws/interactive/p/", `{"type":"annotation_create","annotation_type":"arrow","position_x":0.5,"position_y":0.5}`, []string{`draw.put {"tool":"arrow","points":[[0.5,0.5],[0.6,0.6]],"film_at":15}`}},
		"W6 a text at a second":            {"/ws/interactive/p/", `{"type":"annotation_create","annotation_type":"text","position_x":0.5,"position_y":0.5,"content":"hm","video_timestamp":2,"duration":9}`, []string{`draw.put {"tool":"text","points":[[0.5,0.5]],"text":"hm","film_at":2,"lasts":9}`}},
		"W6 a line by hand":                {"/ws/interactive/p/", `{"type":"annotation_create","annotation_type":"freehand","points":[[0,0],[0.1,0.2]],"video_timestamp":2}`, []string{`draw.put {"tool":"pen","points":[[0,0],[0.1,0.2]],"film_at":2}`}},
		"W6 a ping":                        {"/ws/interactive/p/", `{"type":"ping"}`, []string{`ping {"n":0,"c1":1800000000000}`}},
		"W6 a pong":                        {"/ws/interactive/p/", `{"type":"pong"}`, nil},
		"W6 a message of another route":    {"/ws/interactive/p/", `{"type":"ready_status"}`, []string{"dialect.unknown"}},
		"W1 play":                          {"/ws/party/p/", `{"type":"video_control","action":"play","video_time":15.5,"timestamp":"2026-01-01T00:00:00Z"}`, []string{`playback.play {"base":4}`}},
		"W1 play from elsewhere":           {"/ws/party/p/", `{"type":"video_control","action":"play","timestamp":40}`, []string{`playback.seek {"base":4,"position":40}`, `playback.play {"base":4}`}},
		"W1 pause":                         {"/ws/party/p/", `{"type":"video_control","action":"pause","timestamp":14.9,"playback_rate":1}`, []string{`playback.pause {"base":4,"position":14.9}`}},
		"W1 pause at another speed":        {"/ws/party/p/", `{"type":"video_control","action":"pause","playback_rate":1.5}`, []string{`playback.pause {"base":4,"position":15}`, `playback.rate {"base":4,"rate":1.5}`}},
		"W1 seek":                          {"/ws/party/p/", `{"type":"video_control","action":"seek","video_time":"00:01:00"}`, []string{`playback.seek {"base":4,"position":60}`}},
		"W1 seek to nowhere":               {"/ws/party/p/", `{"type":"video_control","action":"seek"}`, []string{"input.invalid video_time"}},
		"W1 a banana":                      {"/ws/party/p/", `{"type":"video_control","action":"banana"}`, []string{"input.invalid action"}},
		"W1 an unheard speed":              {"/ws/party/p/", `{"type":"video_control","action":"rate","playback_rate":16}`, []string{"input.invalid playback_rate"}},
		"W1 a line":                        {"/ws/party/p/", `{"type":"chat_message","content":"hi"}`, []string{`chat.send {"text":"hi"}`}},
		"W1 a line with a borrowed name":   {"/ws/party/p/", `{"type":"chat_message","message":"hi","user_id":"someone","username":"x","timestamp":1}`, []string{`chat.send {"text":"hi"}`}},
		"W1 an empty line":                 {"/ws/party/p/", `{"type":"chat_message","content":""}`, []string{"input.invalid content"}},
		"W1 a long line":                   {"/ws/party/p/", `{"type":"chat_message","content":"` + strings.Repeat("a", 2001) + `"}`, []string{"input.invalid content"}},
		"W1 a reaction":                    {"/ws/party/p/", `{"type":"reaction","emoji":"👍","timestamp":1800000000000,"x_position":0.1,"y_position":0.2}`, []string{`react.send {"emoji":"👍","x":0.1,"y":0.2}`}},
		"W1 an emoji of 5000 characters":   {"/ws/party/p/", `{"type":"reaction","emoji":"` + strings.Repeat("a", 5000) + `"}`, []string{"input.invalid emoji"}},
		"W1 typing":                        {"/ws/party/p/", `{"type":"typing","is_typing":true}`, []string{`chat.typing {"on":true}`}},
		"W2 ready":                         {"/ws/party/p/lobby/", `{"type":"ready_status","is_ready":false}`, []string{`presence.set {"ready":false}`}},
		"W3 play has no place":             {"/ws/party/p/sync/", `{"type":"video_control","action":"play"}`, []string{`playback.play {"base":4}`}},
		"W3 seek has a value":              {"/ws/party/p/sync/", `{"type":"video_control","action":"seek","value":33}`, []string{`playback.seek {"base":4,"position":33}`}},
		"W3 a heart":                       {"/ws/party/p/sync/", `{"type":"reaction","reaction":"heart"}`, []string{`react.send {"emoji":"❤️","x":0.5,"y":0.5}`}},
		"W3 the original's pause":          {"/ws/party/p/sync/", `{"type":"pause","current_time":12}`, []string{`playback.pause {"base":4,"position":12}`}},
		"W3 the original's seek":           {"/ws/party/p/sync/", `{"type":"seek","seek_time":12}`, []string{`playback.seek {"base":4,"position":12}`}},
		"W3 the original's speed":          {"/ws/party/p/sync/", `{"type":"playback_rate","rate":1.25}`, []string{`playback.rate {"base":4,"rate":1.25}`}},
		"W3 a whole update":                {"/ws/party/p/sync/", `{"type":"sync_update","current_time":50,"is_playing":true,"playback_rate":1}`, []string{`playback.seek {"base":4,"position":50}`, `playback.play {"base":4}`}},
		"W3 sending somebody out":          {"/ws/party/p/sync/", `{"type":"kick_participant","participant_id":"x"}`, []string{"dialect.elsewhere"}},
		"W4 an envelope":                   {"/ws/party/p/enhanced/", `{"type":"video_seek","data":{"current_time":5},"timestamp":"now"}`, []string{`playback.seek {"base":4,"position":5}`}},
		"W4 fields beside the envelope":    {"/ws/party/p/enhanced/", `{"type":"video_seek","current_time":5}`, []string{"input.invalid video_time"}},
		"W4 an envelope that is a list":    {"/ws/party/p/enhanced/", `{"type":"video_seek","data":[5]}`, []string{"input.invalid data"}},
		"W4 a line is changed":             {"/ws/party/p/enhanced/", `{"type":"chat_edit_message","data":{"message_id":"` + poll + `","content":"so"}}`, []string{`chat.edit {"message":"` + poll + `","text":"so"}`}},
		"W4 a line is deleted":             {"/ws/party/p/enhanced/", `{"type":"chat_delete_message","data":{"message_id":"` + poll + `"}}`, []string{`chat.delete {"message":"` + poll + `"}`}},
		"W4 a vote":                        {"/ws/party/p/enhanced/", `{"type":"poll_vote","data":{"poll_id":"` + poll + `","option_index":0}}`, []string{`poll.vote {"poll":"` + poll + `","choices":[0]}`}},
		"W4 another film":                  {"/ws/party/p/enhanced/", `{"type":"video_change","data":{"video_id":"` + film + `"}}`, []string{`playback.item {"item":"` + film + `"}`}},
		"W4 typing":                        {"/ws/party/p/enhanced/", `{"type":"chat_typing_stop"}`, []string{`chat.typing {"on":false}`}},
		"W5 an answer to a line":           {"/ws/chat/p/", `{"type":"chat_message","content":"yes","message_type":"text","reply_to":"` + poll + `"}`, []string{`chat.send {"text":"yes","reply_to":"` + poll + `"}`}},
		"W5 an answer to nothing":          {"/ws/chat/p/", `{"type":"chat_message","content":"yes","reply_to":"5"}`, []string{"input.invalid reply_to"}},
		"W5 no more typing":                {"/ws/chat/p/", `{"type":"stop_typing"}`, []string{`chat.typing {"on":false}`}},
		"W9 a mark":                        {"/ws/notifications/", `{"type":"mark_read","notification_id":"x"}`, []string{"dialect.elsewhere"}},
		"a type in another case is none":   {"/ws/chat/p/", `{"Type":"ping"}`, []string{"input.invalid type"}},
		"a field in another case is none":  {"/ws/chat/p/", `{"type":"chat_message","Content":"hi"}`, []string{"input.invalid content"}},
		"a type with a long name":          {"/ws/chat/p/", `{"type":"` + strings.Repeat("x", 65) + `"}`, []string{"input.invalid type"}},
		"one of our own frames is unknown": {"/ws/party/p/", `{"type":"playback.play"}`, []string{"dialect.unknown"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ups, err := in(t, tt.route).Up([]byte(tt.say))
			got := frames(ups)
			if err != nil {
				f := fault.Of(err)
				got = []string{f.Code}
				for _, x := range f.Fields {
					got[0] += " " + x.Name
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheRoutesOfTheOriginal(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/ws/interactive/K7N2FQ/": "interactive party K7N2FQ",
		"/ws/ws/interactive/x":    "interactive party x",
		"/ws/voice-chat/room/x/":  "interactive voice room x",
		"/ws/screen-share/x/":     "interactive share x",
		"/ws/party/x/":            "party party x",
		"/ws/party/x/lobby/":      "lobby party x",
		"/ws/party/x/sync/":       "sync party x",
		"/ws/party/x/enhanced":    "enhanced party x",
		"/ws/chat/x/":             "chat party x",
		"/ws/notifications/":      "notifications  ",
		"/ws/party//":             "",
		"/ws/party/x/sync/more/":  "",
		"/ws/party/x/other/":      "",
		"/ws/test/":               "",
		"/ws/":                    "",
		"/ws/ws/ws/party/x/":      "",
	} {
		got := ""
		if r, ok := dialect.ParseRoute(path); ok {
			got = fmt.Sprintf("%s %s %s", r.Kind, r.Target, r.Name)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestTheEndsOfAConnectionInTheOriginalsNumbers(t *testing.T) {
	t.Parallel()
	want := map[string]int{
		"failure": 4000, "signed_out": 4001, "protocol": 1003, "no_access": 4003, "replaced": 4009, "rate": 4029,
		"busy": 1013, "slow": 1001, "drain": 1001, "moved": 1001, "renewed": 1001,
	}
	for _, r := range wire.CloseReasons {
		if end := dialect.EndFor(r.Code, r.Word); end.Code != want[r.Word] || end.Word != r.Word {
			t.Errorf("%d %s: %+v", r.Code, r.Word, end)
		}
	}
	for code, want := range map[string]int{"kicked": 4008, "banned": 4008, "deleted": 4010, "left": 1000, "replaced": 1001} {
		turn := tell(t, in(t, "/ws/party/p/"), wire.PartyClosed, "", wire.Closed{Code: code, Reason: "So."})
		if turn.End == nil || turn.End.Code != want || messages(turn, "code", "message")[0] != "error code="+code+" message=So." {
			t.Errorf("%s: %+v", code, turn)
		}
	}
	for status, want := range map[int]int{404: 4003, 403: 4003, 503: 1013, 500: 4000} {
		turn := tell(t, speaker(t, "/ws/party/p/"), wire.ErrorDown, "join", wire.Failed{Problem: fault.Problem{Status: status}})
		if turn.End == nil || turn.End.Code != want || len(turn.Out) != 0 {
			t.Errorf("%d: %+v", status, turn)
		}
	}
}

func FuzzWhatOlderClientsSay(f *testing.F) {
	routes := []string{
		"/ws/interactive/p/", "/ws/party/p/", "/ws/party/p/lobby/", "/ws/party/p/sync/", "/ws/party/p/enhanced/", "/ws/chat/p/", "/ws/notifications/",
	}
	for i := range routes {
		for _, s := range []string{
			`{"type":"live_reaction","reaction":"love","video_timestamp":"01:02:03.5"}`, `{"type":"video_control","action":"seek","video_time":1e308}`,
			`{"type":"poll_create","question":"Q","options":["a","b"],"expires_at":"2027-01-15T08:01:00Z"}`,
			`{"type":"annotation_update","annotation_id":"` + mark + `","position_x":1e308,"width":-1e308}`, `{"type":"heartbeat","client_time":9}`,
			`{"type":"poll_response","poll_id":"` + poll + `","selected_options":[0,2]}`, `{"type":"video_seek","data":{"current_time":"5"}}`, `{"type":null}`, `[]`,
			`{"type":"webrtc_signal","signal_type":"offer","signal":{"sdp":"m=audio 9 x\r\na=mid:0\r\nm=video 9 x\r\na=recvonly\r\n"}}`,
			`{"type":"screen_share_start","share_type":"full_screen","resolution":"1080p"}`, `{"type":"voice_chat_mute","is_muted":true}`,
		} {
			f.Add(i, []byte(s))
		}
	}
	known := map[string]bool{}
	for _, e := range wire.Catalogue() {
		known[e.Name] = e.Up && e.Name != wire.PartyJoin.Name && e.Name != wire.PartyLeave.Name
	}
	f.Fuzz(func(t *testing.T, i int, raw []byte) {
		s := in(t, routes[uint(i)%uint(len(routes))])
		tell(t, s, wire.DrawMark, "", wire.Mark{ID: mark, By: mara, Tool: "arrow", Points: [][]float64{{0, 0}, {1, 1}}})
		ups, err := s.Up(raw)
		if err != nil {
			if k := fault.Of(err).Kind; len(ups) != 1 || k == fault.Internal {
				t.Fatalf("%q: %v, %v", raw, ups, err)
			}
			return
		}
		for _, u := range ups {
			if !known[u.Type] || u.Room != "" || len(u.Data) > 0 && !json.Valid(u.Data) {
				t.Fatalf("%q became %+v", raw, u)
			}
			if u.ID == "" {
				continue
			}
			// Whatever the room answers has a translation.
			tell(t, s, wire.AckDown, u.ID, wire.Ack{ID: "x"})
			if turn := tell(t, s, wire.ErrorDown, u.ID, wire.Failed{Problem: fault.ProblemOf(fault.ErrConflict, "")}); len(turn.Out) != 1 {
				t.Fatalf("a refusal of %q became %v", raw, turn)
			}
		}
	})
}
