package hub_test

import (
	"testing"
	"time"

	"watchparty/hub/hubtest"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

func TestAFilmIsSteeredOnThePartyRouteAndTheWatchPage(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, hubtest.Options{})
	mara, jun, ada := w.People.Account("mara"), w.People.Account("jun"), w.People.Account("ada")
	p := w.Parties.Create(mara, jun, ada)
	at1 := "/ws/party/" + string(p) + "/"
	a, b, ours := w.DialOld(t, mara, at1), w.DialOld(t, jun, at1+"sync/"), w.Dial(t, ada)
	a.Hear("party_state")
	a.Hear("sync_state")
	b.Hear("sync_state")
	ours.Join(p)
	b.Hear("participant_joined", func(m hubtest.OldMessage) bool { return at(m, "participant", "user", "username") == "ada" })
	a.Hear("user_joined", func(m hubtest.OldMessage) bool { return m["username"] == "ada" })

	a.Say(`{"type":"video_control","action":"pause","timestamp":0.5}`)
	b.Hear("sync_state", func(m hubtest.OldMessage) bool { return at(m, "sync_state", "isPlaying") == false })
	a.Hear("sync_state", func(m hubtest.OldMessage) bool { return m["is_playing"] == false })
	b.Say(`{"type":"video_control","action":"seek","value":42}`)
	a.Hear("video_control", func(m hubtest.OldMessage) bool {
		return m["action"] == "seek" && m["timestamp"] == 42.0 && m["username"] == "jun"
	})
	b.Say(`{"type":"video_control","action":"play"}`)
	a.Hear("video_control", func(m hubtest.OldMessage) bool { return m["action"] == "play" })
	a.Hear("sync_state", func(m hubtest.OldMessage) bool { return m["is_playing"] == true })
	a.Say(`{"type":"sync_request"}`)
	a.Hear("sync_response")
	if e := a.Refused(`{"type":"video_control","action":"banana"}`); at(e, "errors", "action") == nil {
		t.Errorf("a banana: %v", e)
	}
	w.Parties.Change(p, changed("settings"), setControl(party.ControlHosts))
	a.Hear("party_update")
	if e := b.Refused(`{"type":"video_control","action":"pause"}`); e["status"] != 403.0 {
		t.Errorf("jun may not: %v", e)
	}

	a.Say(`{"type":"chat_message","content":"hello"}`)
	b.Hear("chat_message", func(m hubtest.OldMessage) bool { return at(m, "message", "message") == "hello" })
	a.Hear("chat_message", func(m hubtest.OldMessage) bool { return at(m, "message", "content") == "hello" })
	b.Say(`{"type":"reaction","reaction":"heart"}`)
	a.Hear("reaction", func(m hubtest.OldMessage) bool { return m["emoji"] == "❤️" && m["username"] == "jun" })
	b.Say(`{"type":"chat_message","message":"and back"}`)
	a.Hear("chat_message", func(m hubtest.OldMessage) bool { return m["content"] == "and back" })
	a.Say(`{"type":"chat_message","content":"bye"}`)
	b.Hear("chat_message", func(m hubtest.OldMessage) bool { return at(m, "message", "message") == "bye" })
	if b.Left("chat_message") != 0 {
		t.Error("the watch page got its own line")
	}
	w.Parties.Member(p, jun.User, changed("members"), func(m *party.Member) { m.Role = access.CoHost })
	a.Hear("user_role_updated", func(m hubtest.OldMessage) bool { return m["role"] == "co-host" && m["username"] == "jun" })
}

func TestTheChatRouteAndTheEnvelopedOneMeet(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, hubtest.Options{})
	mara, jun := w.People.Account("mara"), w.People.Account("jun")
	p := w.Parties.Create(mara, jun)
	a := w.DialOld(t, mara, "/ws/party/"+string(p)+"/enhanced/")
	a.Hear("connection_established")
	a.Hear("party_state")
	b := w.DialOld(t, jun, "/ws/chat/"+string(p)+"/")
	a.Hear("user_joined")
	b.Say(`{"type":"typing","is_typing":true}`)
	a.Hear("typing_indicator", func(m hubtest.OldMessage) bool { return at(m, "data", "is_typing") == true })
	b.Say(`{"type":"chat_message","content":"hi"}`)
	line := a.Hear("chat_message")
	b.Hear("chat_message")
	a.Say(`{"type":"chat_delete_message","data":{"message_id":"` + at(line, "data", "message", "id").(string) + `"}}`)
	b.Hear("moderation", func(m hubtest.OldMessage) bool {
		return m["action"] == "delete_message" && at(m, "moderator", "username") == "mara"
	})
	a.Say(`{"type":"poll_create","data":{"question":"Who?","poll_type":"yes_no"}}`)
	poll := a.Hear("poll_created")
	a.Say(`{"type":"poll_vote","data":{"poll_id":"` + at(poll, "data", "poll", "id").(string) + `","selected_option":0}}`)
	a.Hear("poll_response_submitted")
	a.Say(`{"type":"heartbeat"}`)
	a.Hear("heartbeat_response")
	if e := a.Refused(`{"type":"voice_sing"}`); at(e, "data", "code") != "dialect.unknown" {
		t.Errorf("an unknown type: %v", e)
	}
}

func TestALobbyShowsWhoIsReadyAndTellsOfTheStart(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, hubtest.Options{})
	mara, jun := w.People.Account("mara"), w.People.Account("jun")
	p := w.Parties.Create(mara, jun)
	w.Parties.Change(p, changed("status"), func(p *party.Party, _ *[]party.Member, _ *[]party.Item) { p.Status = party.Scheduled })
	path := "/ws/party/" + string(p) + "/lobby/"
	a := w.DialOld(t, mara, path)
	a.Hear("lobby_state")
	a.Say(`{"type":"ready_status","is_ready":true}`)
	a.Hear("ready_status")
	b := w.DialOld(t, jun, path)
	people, _ := at(b.Hear("lobby_state"), "state", "participants").([]any)
	ready := false
	for _, x := range people {
		ready = ready || at(x.(map[string]any), "username") == "mara" && at(x.(map[string]any), "is_ready") == true
	}
	if !ready {
		t.Errorf("who comes later cannot see who is ready: %v", people)
	}
	w.Parties.Change(p, changed("status"), func(p *party.Party, _ *[]party.Member, _ *[]party.Item) { p.Status = party.Live })
	for _, c := range []*hubtest.Old{a, b} {
		if m := c.Hear("party_started"); m["redirect_url"] != "/watch/"+string(p) {
			t.Errorf("started %v", m)
		}
	}
}

func TestWhoIsCutOffAnOldRouteIsNoGhost(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		path := "/ws/party/" + string(p) + "/"
		a := w.DialOld(t, people[0], path)
		a.Hear("party_state")
		b := w.DialOld(t, people[1], path)
		b.Hear("party_state")
		a.Hear("user_joined")
		b.Cut()
		time.Sleep(20 * time.Second) // turned time: the grace is over
		if m := a.Hear("user_left"); m["user_id"] != string(people[1].User) || m["participant_count"] != 1.0 {
			t.Errorf("left %v", m)
		}
	})
}

func TestFloodsOnAnOldRouteEndIt(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, hubtest.Options{})
	mara := w.People.Account("mara")
	p := w.Parties.Create(mara)
	for name, message := range map[string]string{"nonsense": `{"type":"x"}`, "pings": `{"type":"ping"}`, "nothings": `{"type":"pong"}`} {
		t.Run(name, func(t *testing.T) {
			a := w.DialOld(t, mara, "/ws/interactive/"+string(p)+"/")
			a.Hear("connection_established")
			a.Flood(message)
			if code := a.Closed(); code != 4029 {
				t.Errorf("closed with %d", code)
			}
		})
	}
}
