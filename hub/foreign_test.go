package hub_test

import (
	"fmt"
	"net/http"
	"testing"

	"watchparty/hub/hubtest"
	"watchparty/internal/id"
)

// at reads a place in a message, such as data.user.id.
func at(m hubtest.OldMessage, path ...string) any {
	var v any = m
	for _, p := range path {
		x, _ := v.(map[string]any)
		v = x[p]
	}
	return v
}

func TestAPartyIsPlayedOnTheInteractiveRoute(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, hubtest.Options{})
	mara, jun, eve := w.People.Account("mara"), w.People.Account("jun"), w.People.Account("eve")
	p := w.Parties.Create(mara, jun)
	path := "/ws/interactive/" + string(p) + "/"
	host, member := w.DialOld(t, mara, path), w.DialOld(t, jun, "/ws"+path)
	if m := host.Hear("connection_established"); m["is_host"] != true || m["user_id"] != string(mara.User) {
		t.Errorf("host: %v", m)
	}
	if m := member.Hear("connection_established"); m["is_host"] != false || m["party_id"] != string(p) {
		t.Errorf("member: %v", m)
	}
	for _, bad := range []string{path, "/ws/interactive/" + string(id.New[id.Party]()) + "/", "/ws/interactive/nonsense/"} {
		if code := w.DialOld(t, eve, bad).Closed(); code != 4003 {
			t.Errorf("a stranger at %s: %d", bad, code)
		}
	}

	t.Run("reactions", func(t *testing.T) {
		member.Say(`{"type":"live_reaction","reaction":"laugh","video_timestamp":"00:00:12","position_x":0.25,"position_y":0.75,"animation_type":"float_up","duration":3.0}`)
		m := host.Hear("live_reaction")
		if at(m, "data", "reaction") != "laugh" || at(m, "data", "video_timestamp") != 12.0 || at(m, "data", "user", "username") != "jun" || at(m, "data", "position_y") != 0.75 {
			t.Errorf("host got %v", m)
		}
		if m := member.Hear("live_reaction"); at(m, "data", "user", "id") != string(jun.User) || at(m, "data", "id") == "" {
			t.Errorf("his own: %v", m)
		}
		if kept, _ := w.Journal.Thrown(); len(kept) != 1 || kept[0].Emoji != "😂" {
			t.Errorf("kept %v", kept)
		}
		if e := member.Refused(`{"type":"live_reaction","reaction":"bogus"}`); at(e, "errors", "reaction") == nil || e["code"] != "react.emoji" || e["request"] != "live_reaction" {
			t.Errorf("bogus: %v", e)
		}
	})

	t.Run("polls", func(t *testing.T) {
		if e := member.Refused(`{"type":"poll_create","question":"Who?","poll_type":"yes_no"}`); e["status"] != 403.0 {
			t.Errorf("a member's poll: %v", e)
		}
		host.Say(`{"type":"poll_create","question":"Who did it?","poll_type":"multiple_choice","options":["Anna","Harry"],"duration":60}`)
		poll, _ := member.Hear("poll_created")["poll"].(map[string]any)
		if poll["question"] != "Who did it?" || poll["is_published"] != true || at(poll, "creator", "username") != "mara" {
			t.Fatalf("poll %v", poll)
		}
		host.Hear("poll_created")
		ref := poll["poll_id"]
		member.Say(fmt.Sprintf(`{"type":"poll_response","poll_id":%q,"selected_option":1,"response_time":2.5}`, ref))
		for _, c := range []*hubtest.Old{host, member} {
			m := c.Hear("poll_response_submitted")
			if at(m, "response", "user_id") != string(jun.User) || at(m, "response_counts", "1") != 1.0 || m["total_responses"] != 1.0 {
				t.Errorf("answer %v", m)
			}
		}
		e := member.Refused(fmt.Sprintf(`{"type":"poll_response","poll_id":%q,"selected_option":0}`, ref))
		if e["code"] != "poll.answered" || e["status"] != 409.0 {
			t.Errorf("a second answer: %v", e)
		}
		if e := host.Refused(fmt.Sprintf(`{"type":"poll_response","poll_id":%q,"selected_option":99}`, ref)); at(e, "errors", "selected_option") == nil {
			t.Errorf("option 99: %v", e)
		}
		host.Say(fmt.Sprintf(`{"type":"poll_response","poll_id":%q,"option_index":1}`, ref)) // a refused one does not count
		member.Hear("poll_response_submitted", func(m hubtest.OldMessage) bool { return m["total_responses"] == 2.0 })
		if e := member.Refused(fmt.Sprintf(`{"type":"poll_close","poll_id":%q}`, ref)); e["status"] != 403.0 {
			t.Errorf("a member closes: %v", e)
		}
		host.Say(fmt.Sprintf(`{"type":"poll_close","poll_id":%q}`, ref))
		closed := member.Hear("poll_closed")
		if at(closed, "poll", "response_counts", "1") != 2.0 || at(closed, "poll", "is_active") != false || at(closed, "poll", "total_responses") != 2.0 {
			t.Errorf("closed %v", closed)
		}
	})

	t.Run("annotations", func(t *testing.T) {
		member.Say(`{"type":"annotation_create","share_id":"x","annotation_type":"circle","position_x":0.25,"position_y":0.5,"width":0.5,"height":0.25}`)
		a, _ := host.Hear("annotation_created")["annotation"].(map[string]any)
		if a["annotation_type"] != "ellipse" || a["width"] != 0.5 || at(a, "user", "username") != "jun" {
			t.Fatalf("annotation %v", a)
		}
		member.Hear("annotation_created")
		ref := a["annotation_id"]
		for _, x := range []float64{0.3, 0.35} {
			member.Say(fmt.Sprintf(`{"type":"annotation_update","annotation_id":%q,"position_x":%v}`, ref, x))
			u := host.Hear("annotation_updated")
			if at(u, "annotation", "annotation_id") != ref || at(u, "annotation", "position_x") != x || at(u, "annotation", "width") != 0.5 {
				t.Errorf("updated %v", u)
			}
			member.Hear("annotation_updated")
		}
		if e := host.Refused(fmt.Sprintf(`{"type":"annotation_update","annotation_id":%q,"position_x":0.1}`, ref)); e["status"] != 403.0 {
			t.Errorf("another's: %v", e)
		}
		if e := member.Refused(fmt.Sprintf(`{"type":"annotation_update","annotation_id":%q,"position_x":7}`, ref)); e["status"] != 400.0 {
			t.Errorf("far outside: %v", e)
		}
		member.Say(fmt.Sprintf(`{"type":"annotation_delete","annotation_id":%q}`, ref))
		if d := host.Hear("annotation_deleted"); d["annotation_id"] != ref {
			t.Errorf("deleted %v", d)
		}
		member.Hear("annotation_deleted")
		if n := host.Left("annotation_deleted") + member.Left("annotation_deleted"); n != 0 {
			t.Errorf("%d updates looked like a deletion", n)
		}
		if marks, _ := w.Journal.Marks(t.Context(), p); len(marks) != 0 {
			t.Errorf("left over: %v", marks)
		}
	})

	t.Run("a member who is sent out is told and closed", func(t *testing.T) {
		w.Parties.Kick(p, mara.User, jun.User)
		if e := member.Hear("error"); e["code"] != "kicked" {
			t.Errorf("told %v", e)
		}
		if code := member.Closed(); code != 4008 {
			t.Errorf("closed with %d", code)
		}
	})
}

func TestBadMessagesOfOldClientsAreAnsweredAndKeepNothing(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, hubtest.Options{})
	mara := w.People.Account("mara")
	p := w.Parties.Create(mara)
	c := w.DialOld(t, mara, "/ws/interactive/"+string(p)+"/")
	c.Hear("connection_established")
	tests := map[string]struct{ say, field string }{
		"not JSON":                 {`hello`, "body"},
		"a list":                   {`[1]`, "body"},
		"no type":                  {`{"reaction":"laugh"}`, "type"},
		"a number as type":         {`{"type":5}`, "type"},
		"a key twice":              {`{"type":"ping","type":"ping"}`, ""},
		"an unknown type":          {`{"type":"sell_party"}`, ""},
		"one of our own frames":    {`{"type":"party.leave"}`, ""},
		"a list as reaction":       {`{"type":"live_reaction","reaction":["laugh"]}`, "reaction"},
		"a place outside":          {`{"type":"live_reaction","reaction":"laugh","position_x":2}`, "position_x"},
		"a time that is none":      {`{"type":"live_reaction","reaction":"laugh","video_timestamp":"soon"}`, "video_timestamp"},
		"a poll without options":   {`{"type":"poll_create","question":"Who?"}`, "options"},
		"a poll of no kind":        {`{"type":"poll_create","question":"Who?","poll_type":"bogus"}`, "poll_type"},
		"an expired poll":          {`{"type":"poll_create","question":"Who?","poll_type":"yes_no","expires_at":"2001-01-01T00:00:00Z"}`, "expires_at"},
		"an answer to no poll":     {`{"type":"poll_response","poll_id":"7","selected_option":0}`, "poll_id"},
		"an unknown poll":          {`{"type":"poll_response","poll_id":"01900000-0000-7000-8000-000000000000","selected_option":0}`, ""},
		"an annotation nowhere":    {`{"type":"annotation_create","annotation_type":"arrow"}`, "position_x"},
		"an annotation of no tool": {`{"type":"annotation_create","annotation_type":"cursor","position_x":0.5,"position_y":0.5}`, "annotation_type"},
		"a text that says nothing": {`{"type":"annotation_create","annotation_type":"text","position_x":0.5,"position_y":0.5}`, "content"},
		"an unknown annotation":    {`{"type":"annotation_delete","annotation_id":"01900000-0000-7000-8000-000000000000"}`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := c.Refused(tt.say)
			if e["message"] == "" || e["code"] == "" || tt.field != "" && at(e, "errors", tt.field) == nil {
				t.Errorf("%s: %v", tt.say, e)
			}
		})
	}
	polls, _ := w.Journal.Polls(t.Context(), p)
	marks, _ := w.Journal.Marks(t.Context(), p)
	if thrown, _ := w.Journal.Thrown(); len(polls)+len(marks)+len(thrown) != 0 {
		t.Errorf("kept %v %v %v", polls, marks, thrown)
	}
}

func TestOldRoutesHaveTheSameDoor(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, hubtest.Options{})
	ada := w.People.Account("ada")
	p := w.Parties.Create(ada)
	path := "/ws/interactive/" + string(p) + "/"
	here, token := "http://"+w.Addr, hubtest.Token(ada)
	tests := map[string]struct {
		path      string
		header    http.Header
		protocols []string
		status    int
		code      int
	}{
		"bearer":                       {path: path, header: bearer(ada)},
		"a token in the query":         {path: path + "?token=" + token},
		"a ticket":                     {path: path + "?ticket=" + w.People.Ticket(ada)},
		"a token as subprotocol":       {path: path, protocols: []string{"auth.token." + token}},
		"a cookie of the own page":     {path: path, header: http.Header{"Cookie": {"access_token=" + token}, "Origin": {here}}},
		"no slash at the end":          {path: "/ws/interactive/" + string(p), header: bearer(ada)},
		"a cookie of an evil page":     {path: path, header: http.Header{"Cookie": {"access_token=" + token}, "Origin": {"https://evil.example"}}, status: 403},
		"nobody":                       {path: path, header: http.Header{"Origin": {here}}, code: 4001},
		"a bad token":                  {path: path + "?token=bad", code: 4001},
		"an address that there is not": {path: "/ws/interactive/", header: bearer(ada), status: 404},
		"an echo of anything":          {path: "/ws/test/", header: bearer(ada), status: 404},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ws, res, err := w.Raw(t, tt.path, tt.header, tt.protocols...)
			if tt.status != 0 {
				if err == nil || res == nil || res.StatusCode != tt.status {
					t.Fatalf("response %v, err %v", res, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			o := hubtest.NewOld(t, name, ws)
			if tt.code != 0 {
				if code := o.Closed(); code != tt.code {
					t.Errorf("closed with %d", code)
				}
				return
			}
			o.Hear("connection_established")
		})
	}
	t.Run("a party that is deleted ends with 4010", func(t *testing.T) {
		o := w.DialOld(t, ada, path)
		o.Hear("connection_established")
		w.Parties.Delete(p)
		if code := o.Closed(); code != 4010 {
			t.Errorf("closed with %d", code)
		}
	})
}
