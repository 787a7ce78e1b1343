package dialect_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"watchparty/hub/dialect"
	"watchparty/hub/wire"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

const (
	ours   = "01900000-0000-7000-8000-0000000000c1"
	theirs = "01900000-0000-7000-8000-0000000000c2"
)

func room(members ...wire.VoiceMember) wire.VoiceRoom {
	return wire.VoiceRoom{Epoch: 1, Members: members}
}

func TestWhatOlderClientsSayOfVoicesAndShares(t *testing.T) {
	t.Parallel()
	w6, w4 := "/ws/interactive/p/", "/ws/party/p/enhanced/"
	tests := map[string]struct {
		route, say string
		want       []string
	}{
		"a join asks for what it needs first":     {w6, `{"type":"voice_chat_join","peer_id":"x","ice_servers":[{"urls":"turn:evil.example"}]}`, []string{"voice.prepare {}"}},
		"a leave":                                 {w6, `{"type":"voice_chat_leave"}`, []string{"voice.leave {}"}},
		"one's own mute":                          {w6, `{"type":"voice_chat_mute","is_muted":true}`, []string{`voice.set {"muted":true}`}},
		"one's own mute by name":                  {w6, `{"type":"voice_chat_mute","is_muted":false,"user_id":"` + string(mara) + `"}`, []string{`voice.set {"muted":false}`}},
		"a host's mute":                           {w6, `{"type":"voice_chat_mute","is_muted":true,"user_id":"` + string(jun) + `"}`, []string{`voice.moderate {"user":"` + string(jun) + `","muted":true}`}},
		"a mute that says nothing":                {w6, `{"type":"voice_chat_mute"}`, []string{"input.invalid is_muted"}},
		"a mute that is a word":                   {w6, `{"type":"voice_chat_mute","is_muted":"yes"}`, []string{"input.invalid is_muted"}},
		"a hint of speaking is not looked at":     {w6, `{"type":"voice_chat_speaking","is_speaking":true}`, nil},
		"a candidate is not needed":               {w6, `{"type":"webrtc_signal","target_user":"sfu","signal_type":"ice-candidate","signal":{"candidate":"x"}}`, nil},
		"a signal to another":                     {w6, `{"type":"webrtc_signal","target_user":"` + string(jun) + `","signal_type":"offer","signal":{"sdp":"x"}}`, []string{"dialect.elsewhere"}},
		"an answer":                               {w6, `{"type":"webrtc_signal","signal_type":"answer","signal":{"sdp":"x"}}`, []string{"input.invalid signal_type"}},
		"an offer of nothing":                     {w6, `{"type":"webrtc_signal","target_user":"sfu","signal_type":"offer","signal":{}}`, []string{"input.invalid signal"}},
		"an offer that is a number":               {w6, `{"type":"webrtc_signal","signal_type":"offer","signal":5}`, []string{"input.invalid signal"}},
		"an offer without a type of its own":      {w6, `{"type":"webrtc_signal","signal":{"type":"offer","sdp":"m=audio 9 x\r\na=mid:a\r\na=sendonly\r\n"}}`, []string{`voice.join {"sdp":"m=audio 9 x\r\na=mid:a\r\na=sendonly\r\n","mic":"a"}`}},
		"an offer as a text":                      {w6, `{"type":"webrtc_signal","signal_type":"offer","signal":"m=audio 9 x\r\na=mid:a\r\na=recvonly\r\n"}`, []string{`voice.join {"sdp":"m=audio 9 x\r\na=mid:a\r\na=recvonly\r\n","voice":["a"]}`}},
		"a line both ways is the client's":        {w6, `{"type":"webrtc_signal","signal_type":"offer","signal":{"sdp":"v=0\nm=audio 9 x\na=mid:0\na=sendrecv\nm=audio 9 x\na=recvonly\na=mid:1\n"}}`, []string{`voice.join {"sdp":"v=0\nm=audio 9 x\na=mid:0\na=sendonly\nm=audio 9 x\na=recvonly\na=mid:1\n","mic":"0","voice":["1"]}`}},
		"a line that does not say goes both ways": {w6, `{"type":"webrtc_signal","signal_type":"offer","signal":{"sdp":"m=audio 9 x\r\na=mid:0\r\nm=video 9 x\r\na=mid:1\r\na=inactive\r\n"}}`, []string{`voice.join {"sdp":"m=audio 9 x\r\na=mid:0\r\na=sendonly\r\nm=video 9 x\r\na=mid:1\r\na=inactive\r\n","mic":"0"}`}},
		"a share in the original's words":         {w6, `{"type":"screen_share_start","title":"Slides","share_type":"full_screen","resolution":"1080p","frame_rate":30,"bitrate":5,"viewers_can_annotate":true}`, []string{`share.start {"title":"Slides","share_type":"screen","resolution":"1920x1080","frame_rate":30,"viewers_can_annotate":true}`}},
		"a share of 200 frames":                   {w6, `{"type":"screen_share_start","frame_rate":200}`, []string{"input.invalid frame_rate"}},
		"a share ends":                            {w6, `{"type":"screen_share_stop","share_id":"` + theirs + `"}`, []string{`share.stop {"share":"` + theirs + `"}`}},
		"no share of one's own ends":              {w6, `{"type":"screen_share_stop"}`, []string{"input.invalid share_id"}},
		"a share changes":                         {w6, `{"type":"screen_share_update","share_id":"` + ours + `","fps":15,"is_recording":true}`, []string{`share.update {"share":"` + ours + `","frame_rate":15,"is_recording":true}`}},
		"no share changes":                        {w6, `{"type":"screen_share_update","fps":15}`, []string{"input.invalid share_id"}},
		"W4 a join":                               {w4, `{"type":"voice_join"}`, []string{"voice.prepare {}"}},
		"W4 a mute":                               {w4, `{"type":"voice_mute"}`, []string{`voice.set {"muted":true}`}},
		"W4 no mute":                              {w4, `{"type":"voice_unmute","data":{"user_id":"` + string(jun) + `"}}`, []string{`voice.moderate {"user":"` + string(jun) + `","muted":false}`}},
		"W4 a share":                              {w4, `{"type":"screen_share_start","data":{"share_type":"window"}}`, []string{`share.start {"share_type":"window"}`}},
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

func TestVoicesAndSharesAreToldAsTheyChange(t *testing.T) {
	t.Parallel()
	share := wire.Share{ID: theirs, ShareID: theirs, User: person(jun, "jun"), Type: "screen", Active: true}
	steps := []struct {
		frame  func(*dialect.Speaker) dialect.Turn
		w6, w4 []string
	}{
		{func(s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.VoiceRoomDown, "", room(wire.VoiceMember{User: jun}))
		},
			[]string{"voice_chat_participant_joined participant.username=jun participant.is_muted=false"}, []string{"voice_chat_update data.action=joined data.user.username=jun"}},
		{func(s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.VoiceRoomDown, "", room(wire.VoiceMember{User: jun, Connected: true}))
		}, nil, nil},
		{func(s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.VoiceRoomDown, "", room(wire.VoiceMember{User: jun, ServerMuted: true}))
		},
			[]string{"voice_chat_participant_muted user_id=" + string(jun) + " is_muted=true"}, []string{"voice_chat_update data.action=muted data.user.username=jun"}},
		{func(s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.VoiceRoomDown, "", room(wire.VoiceMember{User: jun, ServerMuted: true, Muted: true}))
		}, nil, nil},
		{func(s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.VoiceSpeakingDown, "", wire.VoiceSpeaking{Users: []id.User{jun}})
		},
			[]string{"voice_chat_speaking_update user_id=" + string(jun) + " is_speaking=true"}, nil},
		{func(s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.VoiceSpeakingDown, "", wire.VoiceSpeaking{})
		},
			[]string{"voice_chat_speaking_update user_id=" + string(jun) + " is_speaking=false"}, nil},
		{func(s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.ShareListDown, "", wire.ShareList{Shares: []wire.Share{share}})
		},
			[]string{"screen_share_started share.username=jun share.share_id=" + theirs}, []string{"screen_share_update data.action=started data.user.username=jun"}},
		{func(s *dialect.Speaker) dialect.Turn {
			live := share
			live.Live = true
			return tell(t, s, wire.ShareListDown, "", wire.ShareList{Shares: []wire.Share{live}})
		}, []string{"screen_share_updated share.username=jun share.share_id=" + theirs}, []string{"screen_share_update data.action=updated data.user.username=jun"}},
		{func(s *dialect.Speaker) dialect.Turn { return tell(t, s, wire.ShareListDown, "", wire.ShareList{}) },
			[]string{"screen_share_stopped user_id=" + string(jun) + " share_id=" + theirs}, []string{"screen_share_update data.action=stopped data.user.username=jun"}},
		{func(s *dialect.Speaker) dialect.Turn { return tell(t, s, wire.VoiceRoomDown, "", room()) },
			[]string{"voice_chat_participant_left user_id=" + string(jun) + " username=jun"}, []string{"voice_chat_update data.action=left data.user.username=jun"}},
		{func(s *dialect.Speaker) dialect.Turn {
			return tell(t, s, wire.VoiceGoneDown, "", wire.VoiceGone{Reason: "removed"})
		},
			[]string{"voice_chat_ended"}, []string{"voice_chat_ended"}},
	}
	w6, w4 := in(t, "/ws/interactive/p/"), in(t, "/ws/party/p/enhanced/")
	for i, step := range steps {
		got := messages(step.frame(w6), "participant.username", "participant.is_muted", "user_id", "username", "is_muted", "is_speaking", "share.username", "share.share_id", "share_id")
		if diff := cmp.Diff(step.w6, got); diff != "" {
			t.Errorf("step %d: %s", i, diff)
		}
		if diff := cmp.Diff(step.w4, messages(step.frame(w4), "data.action", "data.user.username")); diff != "" {
			t.Errorf("step %d enveloped: %s", i, diff)
		}
	}
}

func TestMediaFollowsAJoin(t *testing.T) {
	t.Parallel()
	s := in(t, "/ws/interactive/p/")
	tell(t, s, wire.VoiceRoomDown, "", room(wire.VoiceMember{User: jun}))
	re := say(t, s, `{"type":"voice_chat_join","is_muted":true,"peer_id":"me"}`)
	turn := tell(t, s, wire.VoicePreparedDown, re, wire.VoicePrepared{ICEServers: []wire.ICEServer{}})
	if diff := cmp.Diff([]string{"voice_chat_joined", "voice_chat_participant_joined participant.username=jun"}, messages(turn, "participant.username")); diff != "" {
		t.Error(diff)
	}
	var place wire.VoiceJoin
	if len(turn.Up) != 1 || turn.Up[0].Type != "voice.join" || json.Unmarshal(turn.Up[0].Data, &place) != nil || !place.Muted || !strings.Contains(place.SDP, "a=inactive") {
		t.Fatalf("a place: %v", frames(turn.Up))
	}
	if turn := tell(t, s, wire.VoiceAnswerDown, turn.Up[0].ID, wire.VoiceAnswer{SDP: "for the place", Epoch: 1}); len(turn.Out) != 0 {
		t.Errorf("the place's answer is told: %v", turn.Out)
	}
	me := wire.VoiceMember{User: mara, Muted: true}
	if got := messages(tell(t, s, wire.VoiceRoomDown, "", room(wire.VoiceMember{User: jun}, me)), "participant.peer_id"); len(got) != 1 || got[0] != "voice_chat_participant_joined participant.peer_id=me" {
		t.Error(got)
	}

	offer := `{"type":"webrtc_signal","target_user":"sfu","signal_type":"offer","signal":{"sdp":"m=audio 9 x\r\na=mid:0\r\na=sendonly\r\n"}}`
	ups, err := s.Up([]byte(offer))
	if want := []string{`voice.join {"sdp":"m=audio 9 x\r\na=mid:0\r\na=sendonly\r\n","mic":"0","muted":true}`}; err != nil || cmp.Diff(want, frames(ups)) != "" {
		t.Fatal(frames(ups), err)
	}
	turn = tell(t, s, wire.VoiceAnswerDown, ups[0].ID, wire.VoiceAnswer{SDP: "answer", Epoch: 2})
	if got := messages(turn, "signal.sdp", "signal_type", "from_user"); got[0] != "webrtc_signal signal.sdp=answer signal_type=answer from_user=sfu" {
		t.Error(got)
	}

	tell(t, s, wire.ShareListDown, "", wire.ShareList{Shares: []wire.Share{{ID: ours, User: person(mara, "mara")}, {ID: theirs, User: person(jun, "jun")}}})
	more := `m=audio 9 x\r\na=mid:0\r\na=sendonly\r\nm=video 9 x\r\na=mid:1\r\na=sendrecv\r\nm=audio 9 x\r\na=mid:2\r\na=sendonly\r\nm=video 9 x\r\na=mid:3\r\na=recvonly\r\n`
	ups, err = s.Up([]byte(`{"type":"webrtc_signal","signal_type":"offer","signal":{"sdp":"` + more + `"}}`))
	var o wire.VoiceOffer
	if err != nil || len(ups) != 1 || ups[0].Type != "voice.offer" || json.Unmarshal(ups[0].Data, &o) != nil {
		t.Fatal(frames(ups), err)
	}
	if o.Epoch != 2 || o.Mic != "0" || *o.Share != (wire.SharePublish{Share: ours, Video: "1", Audio: "2"}) || o.Views[0] != (wire.VoiceView{Mid: "3", Share: theirs}) {
		t.Errorf("offer %+v, share %+v", o, o.Share)
	}
	// Under another owner the media begins anew.
	w := room(me)
	w.Epoch = 2
	tell(t, s, wire.VoiceRoomDown, "", w)
	if ups, err = s.Up([]byte(offer)); err != nil || ups[0].Type != "voice.join" {
		t.Error(frames(ups), err)
	}
	// Where another window has the place, its media stays.
	re = say(t, s, `{"type":"voice_chat_join"}`)
	if turn := tell(t, s, wire.VoicePreparedDown, re, wire.VoicePrepared{}); len(turn.Up) != 0 {
		t.Errorf("another window's place is taken: %v", frames(turn.Up))
	}
}
