package dialect_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"watchparty/hub/dialect"
	"watchparty/hub/wire"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

func vector(seq uint64, by id.User, why string, v float64, more func(*wire.Vector)) wire.Playback {
	x := wire.Vector{Seq: seq, Item: film, P: 30, V: v, Rate: 1, T: now, By: by, Why: why, Plays: v != 0}
	if more != nil {
		more(&x)
	}
	return wire.Playback{Vector: x}
}

func line(by id.User, text string) wire.Message {
	return wire.Message{ID: poll, User: person(by, map[id.User]string{mara: "mara", jun: "jun"}[by]), Type: "text", Text: text}
}

// TestWhatOlderClientsAreTold plays one frame of ours after a welcome.
func TestWhatOlderClientsAreTold(t *testing.T) {
	t.Parallel()
	arming := vector(5, jun, "seek", 0, func(v *wire.Vector) { v.Arming, v.Plays = true, true })
	tests := map[string]struct {
		route string
		frame func(*testing.T, *dialect.Speaker) dialect.Turn
		paths []string
		want  []string
		up    []string
	}{
		"W6 reactions of others": {"/ws/interactive/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.ReactBurst, "", wire.Reactions{Items: []wire.Reaction{{Emoji: "😂", X: 0.1, By: jun, N: 1, FilmAt: 3}, {Emoji: "🎉", N: 12}}})
		}, []string{"data.reaction", "data.user.username", "data.video_timestamp", "data.count"}, []string{
			"live_reaction data.reaction=laugh data.user.username=jun data.video_timestamp=3 data.count=1",
			"live_reaction data.reaction=🎉 data.video_timestamp=0 data.count=12",
		}, nil},
		"W6 a name that only the database knows": {"/ws/interactive/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.ReactBurst, "", wire.Reactions{Items: []wire.Reaction{{Emoji: "😂", By: late, N: 1}}})
		}, []string{"data.user.username"}, []string{"live_reaction data.user.username=late"}, nil},
		"W6 what has no word is not told": {"/ws/interactive/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.QueueState, "", wire.Queue{})
		}, nil, nil, nil},
		"W1 somebody plays": {"/ws/party/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.PlaybackState, "", vector(5, jun, "play", 1, nil))
		}, []string{"action", "timestamp", "video_time", "username", "is_playing", "current_timestamp", "video_duration"}, []string{
			"video_control action=play timestamp=30 video_time=30 username=jun", "sync_state timestamp=2027-01-15T08:00:00.000Z is_playing=true current_timestamp=30 video_duration=90",
		}, nil},
		"W1 one's own pause is not repeated": {"/ws/party/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.PlaybackState, "", vector(5, mara, "pause", 0, nil))
		}, []string{"is_playing"}, []string{"sync_state is_playing=false"}, nil},
		"W1 the same vector again is nothing": {"/ws/party/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.PlaybackState, "", vector(4, jun, "pause", 0, nil))
		}, nil, nil, nil},
		"W1 a barrier is answered for the client": {"/ws/party/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.PlaybackState, "", arming)
		}, []string{"action", "is_playing"}, []string{"video_control action=seek", "sync_state is_playing=false"}, []string{`playback.ready {"seq":5}`}},
		"W1 people": {"/ws/party/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.PresenceChanged, "", wire.PresenceDiff{
				Joined: []wire.Presence{{User: person(late, "late"), Role: "guest"}, {User: person(mara, "mara")}}, Left: []id.User{jun}, Count: 2,
			})
		}, []string{"user.username", "user_id", "participant_count"}, []string{
			"user_left user.username=jun user_id=" + string(jun) + " participant_count=2", "user_joined user.username=late user_id=" + string(late) + " participant_count=2",
		}, nil},
		"W1 who is known already has not come": {"/ws/party/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.PresenceChanged, "", wire.PresenceDiff{Joined: []wire.Presence{{User: person(jun, "jun")}}, Count: 2})
		}, nil, nil, nil},
		"W1 a line is nested": {"/ws/party/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.ChatMessage, "", line(jun, "hi"))
		}, []string{"message.content", "message.user.username", "content", "user.username"}, []string{"chat_message message.content=hi message.user.username=jun content=hi user.username=jun"}, nil},
		"W1 a line is flat": {"/ws/party/p/#m", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.ChatMessage, "", line(mara, "hi"))
		}, []string{"message", "username", "content"}, []string{"chat_message message=hi username=mara content=hi"}, nil},
		"W1 who types": {"/ws/party/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.ChatTypers, "", wire.Typing{Users: []id.User{jun, mara}})
		}, []string{"is_typing", "username", "user.id"}, []string{"typing is_typing=true username=jun user.id=" + string(jun)}, nil},
		"W1 roles": {"/ws/party/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.MemberRole, "", wire.RoleChanged{User: jun, Role: "co-host"})
		}, []string{"username", "role"}, []string{"user_role_updated username=jun role=co-host"}, nil},
		"W1 the party changes": {"/ws/party/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.PartyState, "", wire.Party{ID: party, Title: "Other", Status: "ended"})
		}, []string{"update.title", "update.status"}, []string{"party_update update.title=Other update.status=ended"}, nil},
		"W1 a reaction": {"/ws/party/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.ReactBurst, "", wire.Reactions{Items: []wire.Reaction{{Emoji: "👍", By: jun, N: 1, X: 0.5, FilmAt: 2}}})
		}, []string{"reaction.emoji", "emoji", "username", "position.x"}, []string{"reaction reaction.emoji=👍 emoji=👍 username=jun position.x=0.5"}, nil},
		"W2 the party starts": {"/ws/party/p/lobby/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			tell(t, s, wire.PartyWelcome, "", welcome("scheduled"))
			return tell(t, s, wire.PartyState, "", wire.Party{ID: party, Status: "live"})
		}, []string{"redirect_url"}, []string{"party_started redirect_url=/watch/" + party}, nil},
		"W2 somebody is ready": {"/ws/party/p/lobby/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.PresenceChanged, "", wire.PresenceDiff{Changed: []wire.Presence{{User: person(jun, "jun"), Ready: true}}, Count: 2})
		}, []string{"user.username", "is_ready"}, []string{"ready_status user.username=jun is_ready=true"}, nil},
		"W3 the sender hears of his own pause, too": {"/ws/party/p/sync/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.PlaybackState, "", vector(5, mara, "pause", 0, nil))
		}, []string{"sync_state.isPlaying", "sync_state.currentTime", "is_playing"}, []string{"sync_state sync_state.isPlaying=false sync_state.currentTime=30 is_playing=false"}, nil},
		"W3 one's own line is not repeated": {"/ws/party/p/sync/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.ChatMessage, "", line(mara, "hi"))
		}, nil, nil, nil},
		"W3 a line of another": {"/ws/party/p/sync/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.ChatMessage, "", line(jun, "hi"))
		}, []string{"message.message", "message.type", "message.user.firstName"}, []string{"chat_message message.message=hi message.type=text message.user.firstName=jun"}, nil},
		"W3 somebody leaves": {"/ws/party/p/sync/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.PresenceChanged, "", wire.PresenceDiff{Left: []id.User{jun}, Count: 1})
		}, []string{"participant_id", "username"}, []string{"participant_left participant_id=" + string(jun) + " username=jun"}, nil},
		"W3 the original's words go to who speaks them": {"/ws/party/p/sync/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			if _, err := s.Up([]byte(`{"type":"pause"}`)); err != nil {
				t.Fatal(err)
			}
			return tell(t, s, wire.PlaybackState, "", arming)
		}, []string{"seek_time", "was_playing", "user.username"}, []string{"sync_state", "seek seek_time=30 was_playing=true user.username=jun"}, []string{`playback.ready {"seq":5}`}},
		"W4 everything lies in envelopes": {"/ws/party/p/enhanced/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.ChatTypers, "", wire.Typing{Users: []id.User{jun}})
		}, []string{"data.is_typing", "data.type", "timestamp"}, []string{"typing_indicator data.is_typing=true timestamp=2027-01-15T08:00:00.000Z"}, nil},
		"W4 another film": {"/ws/party/p/enhanced/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.PlaybackState, "", vector(5, jun, "item", 0, func(v *wire.Vector) { v.Item = poll }))
		}, []string{"data.video_id", "data.state.is_playing"}, []string{"video_change data.video_id=" + poll + " data.state.is_playing=false"}, nil},
		"W4 an error lies in one as well": {"/ws/party/p/enhanced/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.ErrorDown, "", wire.Failed{Problem: fault.ProblemOf(fault.ErrForbidden, "")})
		}, []string{"data.code", "data.message"}, []string{"error data.code=access.forbidden data.message=You are not allowed to do that here."}, nil},
		"W5 one's own line is repeated": {"/ws/chat/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.ChatMessage, "", line(mara, "hi"))
		}, []string{"message.content", "message.message_type"}, []string{"chat_message message.content=hi message.message_type=text"}, nil},
		"W5 a line is deleted": {"/ws/chat/p/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.ChatDeleted, "", wire.Deleted{Message: poll, By: jun})
		}, []string{"action", "message_id", "moderator.username"}, []string{"moderation action=delete_message message_id=" + poll + " moderator.username=jun"}, nil},
		"W9 one is let in": {"/ws/notifications/", func(t *testing.T, s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.PartyAdmitted, "", wire.PartyRef{Party: party})
		}, []string{"notification.type", "notification.action_data.partyId"}, []string{"notification notification.type=party_approved notification.action_data.partyId=" + party}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			turn := tt.frame(t, in(t, tt.route))
			if diff := cmp.Diff(tt.want, messages(turn, tt.paths...)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.up, frames(turn.Up)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatOlderClientsGetWhenTheyCome(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		paths []string
		want  []string
		again []string // when the room moved meanwhile, and jun went
	}{
		"/ws/interactive/p/":    {[]string{"user_id", "is_host", "participant_count"}, []string{"connection_established user_id=" + string(mara) + " is_host=true participant_count=2"}, nil},
		"/ws/party/p/":          {[]string{"state.current_timestamp", "state.movie_title", "is_playing"}, []string{"party_state state.current_timestamp=15 state.movie_title=First light", "sync_state is_playing=true"}, []string{"sync_state is_playing=true", "user_left"}},
		"/ws/party/p/sync/":     {[]string{"participant.user.username", "participant.role"}, []string{"sync_state", "participant_joined participant.user.username=mara participant.role=host", "participant_joined participant.user.username=jun participant.role=participant"}, []string{"sync_state", "participant_left"}},
		"/ws/party/p/enhanced/": {[]string{"data.is_host", "data.participant_count"}, []string{"connection_established data.is_host=true", "party_state data.participant_count=2"}, []string{"party_state data.participant_count=2", "user_left data.is_host=false data.participant_count=2"}},
		"/ws/party/p/lobby/":    {[]string{"state.party.status"}, []string{"lobby_state state.party.status=live"}, []string{"lobby_state state.party.status=live", "user_left"}},
		"/ws/chat/p/":           {nil, nil, []string{"user_left"}},
	}
	for route, tt := range tests {
		s := speaker(t, route)
		if diff := cmp.Diff(tt.want, messages(tell(t, s, wire.PartyWelcome, "join", welcome("live")), tt.paths...)); diff != "" {
			t.Errorf("%s: %s", route, diff)
		}
		w := welcome("live")
		w.Here = w.Here[:1]
		if diff := cmp.Diff(tt.again, messages(tell(t, s, wire.PartyWelcome, "", w), tt.paths...)); diff != "" {
			t.Errorf("%s again: %s", route, diff)
		}
	}
}

// say gives a message of the client to a translator; it must become one frame,
// whose id is given.
func say(t *testing.T, s *dialect.Speaker, message string) string {
	t.Helper()
	ups, err := s.Up([]byte(message))
	if err != nil || len(ups) != 1 {
		t.Fatalf("%s: %v %v", message, ups, err)
	}
	return ups[0].ID
}

func TestAnAnswerToAPollIsToldOnceWithTheCount(t *testing.T) {
	t.Parallel()
	s := in(t, "/ws/interactive/p/")
	open := wire.Poll{ID: poll, Kind: "yes_no", State: "open", Options: []string{"Yes", "No"}, By: jun}
	if got := messages(tell(t, s, wire.PollOpened, "", open), "poll.poll_type", "poll.creator.username"); got[0] != "poll_created poll.poll_type=yes_no poll.creator.username=jun" {
		t.Fatal(got)
	}
	answer := `{"type":"poll_response","poll_id":"` + poll + `","selected_option":0}`
	re := say(t, s, answer)
	if _, err := s.Up([]byte(answer)); fault.Of(err).Code != "poll.answered" {
		t.Errorf("while the first is on its way: %v", err)
	}
	// Refused, it does not count.
	turn := tell(t, s, wire.ErrorDown, re, wire.Failed{Problem: fault.ProblemOf(fault.ErrInvalid.At("choices", "bad"), "")})
	if got := messages(turn, "errors.selected_option", "request"); got[0] != "error errors.selected_option=[bad] request=poll_response" {
		t.Error(got)
	}
	re = say(t, s, answer)
	if turn := tell(t, s, wire.AckDown, re, wire.Ack{}); len(turn.Out) != 0 {
		t.Errorf("the ack: %v", turn.Out)
	}
	if _, err := s.Up([]byte(answer)); fault.Of(err).Code != "poll.answered" {
		t.Errorf("after it: %v", err)
	}
	tally := func(who ...id.User) dialect.Turn {
		return tell(t, s, wire.PollTallied, "", wire.PollTallies{Items: []wire.PollTally{{
			Poll: poll, Voters: len(who), Results: &wire.PollResults{Counts: []int64{int64(len(who)), 0}, Who: [][]id.User{who, {}}},
		}}})
	}
	paths := []string{"response.user_id", "total_responses", "response_counts.0"}
	submitted := func(u id.User, n int) string {
		return fmt.Sprintf("poll_response_submitted response.user_id=%s total_responses=%d response_counts.0=%d", u, n, n)
	}
	if diff := cmp.Diff([]string{submitted(mara, 2), submitted(jun, 2)}, messages(tally(jun, mara), paths...)); diff != "" {
		t.Error(diff)
	}
	if got := messages(tally(jun, mara)); got != nil {
		t.Errorf("the same again: %v", got)
	}
	over := wire.PollOver{Card: wire.PollCard{Poll: open, Voters: 3, Results: &wire.PollResults{Counts: []int64{3, 0}, Who: [][]id.User{{jun, mara, late}, {}}}}}
	over.Card.Poll.State = "closed"
	if diff := cmp.Diff([]string{submitted(late, 3), "poll_closed"}, messages(tell(t, s, wire.PollClosed, "", over), paths...)); diff != "" {
		t.Error(diff)
	}
}

func TestAnAnonymousPollNamesNobody(t *testing.T) {
	t.Parallel()
	s := in(t, "/ws/interactive/p/")
	tell(t, s, wire.PollOpened, "", wire.Poll{ID: poll, Kind: "yes_no", State: "open", Anonymous: true})
	tell(t, s, wire.AckDown, say(t, s, `{"type":"poll_response","poll_id":"`+poll+`","selected_option":0}`), wire.Ack{})
	got := messages(tell(t, s, wire.PollTallied, "", wire.PollTallies{Items: []wire.PollTally{{Poll: poll, Voters: 2}}}), "response.user_id", "total_responses")
	if len(got) != 1 || got[0] != "poll_response_submitted total_responses=2" {
		t.Error(got)
	}
}

func TestAnAnnotationKeepsItsNameThroughChanges(t *testing.T) {
	t.Parallel()
	drawn := func(m id.Mark, by id.User, stroke string, x float64) wire.Mark {
		return wire.Mark{ID: m, By: by, Tool: "rectangle", Points: [][]float64{{x, 0}, {x + 0.25, 0.5}}, Stroke: stroke}
	}
	const second, third = mark + "2", mark + "3"
	author, other := in(t, "/ws/interactive/p/"), in(t, "/ws/interactive/p/")
	both := func(f func(*dialect.Speaker) dialect.Turn) []string {
		a, b := messages(f(author), "annotation.annotation_id", "annotation.position_x"), messages(f(other), "annotation.annotation_id", "annotation.position_x")
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("they differ: %s", diff)
		}
		return a
	}
	put := func(m wire.Mark) []string {
		return both(func(s *dialect.Speaker) dialect.Turn { return tell(t, s, wire.DrawMark, "", m) })
	}
	gone := func(m id.Mark) []string {
		return both(func(s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.DrawGone, "", wire.MarksGone{Marks: []id.Mark{m}})
		})
	}
	put(drawn(mark, mara, "", 0.25))
	ups, err := author.Up([]byte(`{"type":"annotation_update","annotation_id":"` + mark + `","position_x":0.5}`))
	if want := []string{`draw.put {"tool":"rectangle","points":[[0.5,0],[0.75,0.5]],"film_at":0,"stroke":"was:` + mark + `"}`}; err != nil || cmp.Diff(want, frames(ups)) != "" {
		t.Fatal(frames(ups), err)
	}
	turn := tell(t, author, wire.AckDown, ups[0].ID, wire.Ack{ID: second})
	if diff := cmp.Diff([]string{`draw.undo {"mark":"` + mark + `"}`}, frames(turn.Up)); diff != "" {
		t.Error(diff)
	}
	if got := put(drawn(second, mara, "was:"+mark, 0.5)); got[0] != "annotation_updated annotation.annotation_id="+mark+" annotation.position_x=0.5" {
		t.Error(got)
	}
	if got := gone(mark); got != nil {
		t.Errorf("the old look: %v", got)
	}
	// Somebody else's mark that claims to be it is one of its own.
	if got := put(drawn(third, jun, "was:"+mark, 0.1)); !strings.HasPrefix(got[0], "annotation_created annotation.annotation_id="+third) {
		t.Error(got)
	}
	ups, err = author.Up([]byte(`{"type":"annotation_delete","annotation_id":"` + mark + `"}`))
	if want := []string{`draw.undo {"mark":"` + second + `"}`}; err != nil || cmp.Diff(want, frames(ups)) != "" {
		t.Error(frames(ups), err)
	}
	if got := gone(second); len(got) != 1 || !strings.HasPrefix(got[0], "annotation_deleted annotation.annotation_id="+mark) {
		t.Error(got)
	}
	if _, err := author.Up([]byte(`{"type":"annotation_delete","annotation_id":"` + mark + `"}`)); fault.Of(err).Code != "not_found" {
		t.Error(err)
	}
}

func TestSomebodyAtTheDoorIsLetInOrSentAway(t *testing.T) {
	t.Parallel()
	s := speaker(t, "/ws/party/p/lobby/")
	if told, here := s.Wait(); !here || told[0]["type"] != "lobby_state" {
		t.Fatal(told)
	}
	if turn := tell(t, s, wire.PartyAdmitted, "", wire.PartyRef{Party: id.New[id.Party]()}); len(turn.Up) != 0 {
		t.Errorf("another party's: %v", turn.Up)
	}
	turn := tell(t, s, wire.PartyAdmitted, "", wire.PartyRef{Party: party})
	if diff := cmp.Diff([]string{`party.join {"party":"` + party + `"}`}, frames(turn.Up)); diff != "" {
		t.Error(diff)
	}
	if turn := tell(t, s, wire.PartyRefused, "", wire.PartyRef{Party: party}); turn.End == nil || turn.End.Code != 4003 {
		t.Errorf("refused: %+v", turn)
	}
	if _, here := speaker(t, "/ws/party/p/").Wait(); here {
		t.Error("the party's own route lets people wait")
	}
}

func TestACorrectionComesOnlyToWhoIsFarOff(t *testing.T) {
	t.Parallel()
	for at, want := range map[string][]string{
		"15.5": nil, "12": {"sync_correction correct_time=15 drift=-3"}, `"00:00:20"`: {"sync_correction correct_time=15 drift=5"},
	} {
		s := in(t, "/ws/party/p/sync/")
		re := say(t, s, `{"type":"heartbeat","client_time":`+at+`,"is_playing":true}`)
		if diff := cmp.Diff(want, messages(tell(t, s, wire.PongDown, re, wire.Pong{}), "correct_time", "drift")); diff != "" {
			t.Errorf("%s: %s", at, diff)
		}
	}
}

func TestTheBeatBeginsInTheRoom(t *testing.T) {
	t.Parallel()
	s := speaker(t, "/ws/party/p/enhanced/")
	if got := s.Beat(); got != nil {
		t.Error(got)
	}
	tell(t, s, wire.PartyWelcome, "join", welcome("live"))
	if got := messages(dialect.Turn{Out: s.Beat()}, "data.server_time"); len(got) != 1 || got[0] != "heartbeat data.server_time=2027-01-15T08:00:00.000Z" {
		t.Error(got)
	}
}

func TestWhatWaitsForAnswersIsBounded(t *testing.T) {
	t.Parallel()
	s := in(t, "/ws/chat/p/")
	for range 1000 {
		if _, err := s.Up([]byte(`{"type":"chat_message","content":"x"}`)); err != nil {
			if code := fault.Of(err).Code; code != "dialect.too_many" {
				t.Fatal(code)
			}
			return
		}
	}
	t.Error("a thousand were taken")
}
