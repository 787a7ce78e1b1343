package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"watchparty/hub/hubtest"
)

// playVoice joins, mutes and leaves, first without media, as the original's
// rows do, then with a peer whose offer goes both ways on one line.
func playVoice(t *testing.T, host, member *hubtest.Old) {
	member.Say(`{"type":"voice_chat_join","peer_id":"jun-1","ice_servers":[{"urls":"turn:evil.example"}]}`)
	if m := member.Hear("voice_chat_joined"); at(m, "sfu", "target_user") != "sfu" || m["ice_servers"] == nil {
		t.Errorf("joined %v", m)
	}
	who := at(host.Hear("voice_chat_participant_joined", named("jun")), "participant", "user_id")
	member.Hear("voice_chat_participant_joined", named("jun"))
	host.Say(`{"type":"voice_chat_join"}`)
	host.Hear("voice_chat_joined")
	host.Hear("voice_chat_participant_joined", named("jun")) // the roster
	member.Hear("voice_chat_participant_joined", named("mara"))

	muted := func(on bool) func(hubtest.OldMessage) bool {
		return func(m hubtest.OldMessage) bool { return m["user_id"] == who && m["is_muted"] == on }
	}
	member.Say(`{"type":"voice_chat_mute","is_muted":true}`)
	host.Hear("voice_chat_participant_muted", muted(true))
	if e := host.Refused(fmt.Sprintf(`{"type":"voice_chat_mute","is_muted":false,"user_id":%q}`, who)); e["code"] != "voice.self_muted" {
		t.Errorf("the host lifts another's own mute: %v", e)
	}
	member.Say(`{"type":"voice_chat_mute","is_muted":false}`)
	host.Hear("voice_chat_participant_muted", muted(false))
	host.Say(fmt.Sprintf(`{"type":"voice_chat_mute","is_muted":true,"user_id":%q}`, who))
	host.Hear("voice_chat_participant_muted", muted(true))
	if e := member.Refused(`{"type":"voice_chat_mute","is_muted":true,"user_id":"00000000-0000-7000-8000-000000000000"}`); e["status"] != 403.0 {
		t.Errorf("a member mutes another: %v", e)
	}
	if e := member.Refused(`{"type":"webrtc_signal","target_user":"sfu","signal_type":"offer","signal":{"sdp":"nonsense"}}`); e["code"] != "rtc.bad_offer" {
		t.Errorf("nonsense as an offer: %v", e)
	}

	pc, connected := peer(t)
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-gathered
	b, err := json.Marshal(map[string]any{"type": "webrtc_signal", "target_user": "sfu", "signal_type": "offer", "signal": pc.LocalDescription()})
	if err != nil {
		t.Fatal(err)
	}
	member.Say(string(b))
	answer := member.Hear("webrtc_signal", func(m hubtest.OldMessage) bool { return m["signal_type"] == "answer" && m["from_user"] == "sfu" })
	sdp, _ := at(answer, "signal", "sdp").(string)
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp}); err != nil {
		t.Fatalf("%v in %s", err, sdp)
	}
	select {
	case <-connected:
	case <-time.After(time.Minute):
		t.Fatal("the peer does not connect")
	}

	member.Say(`{"type":"voice_chat_leave"}`)
	host.Hear("voice_chat_participant_left", func(m hubtest.OldMessage) bool { return m["username"] == "jun" })
	host.Say(`{"type":"voice_chat_leave"}`)
	member.Hear("voice_chat_participant_left", func(m hubtest.OldMessage) bool { return m["username"] == "mara" })
}

func named(name string) func(hubtest.OldMessage) bool {
	return func(m hubtest.OldMessage) bool { return at(m, "participant", "username") == name }
}

// peer is an older client's: one line of sound, both ways.
func peer(t *testing.T) (*webrtc.PeerConnection, <-chan struct{}) {
	var e webrtc.SettingEngine
	e.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(e)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	mic, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "mic", "mic")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pc.AddTrack(mic); err != nil {
		t.Fatal(err)
	}
	connected := make(chan struct{})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			close(connected)
		}
	})
	return pc, connected
}

// playShares begins, changes and ends a share, and gives the id of another that
// runs.
func playShares(t *testing.T, host, member *hubtest.Old) string {
	for bad, field := range map[string]string{
		`{"type":"screen_share_start","share_type":"bogus"}`: "share_type", `{"type":"screen_share_start","frame_rate":900}`: "frame_rate",
		`{"type":"screen_share_start","resolution":"tiny"}`: "resolution", `{"type":"screen_share_stop"}`: "share_id",
	} {
		if e := member.Refused(bad); at(e, "errors", field) == nil {
			t.Errorf("%s: %v", bad, e)
		}
	}
	begin := func(message string) string {
		member.Say(message)
		m := host.Hear("screen_share_started")
		member.Hear("screen_share_started")
		if at(m, "share", "username") != "jun" || at(m, "share", "resolution") != "1280x720" {
			t.Errorf("started %v", m)
		}
		ref, _ := at(m, "share", "share_id").(string)
		return ref
	}
	first := begin(`{"type":"screen_share_start","title":"Slides","share_type":"full_screen","resolution":"720p","frame_rate":15}`)
	if e := host.Refused(fmt.Sprintf(`{"type":"screen_share_update","share_id":%q,"title":"Mine"}`, first)); e["status"] != 403.0 {
		t.Errorf("another's share: %v", e)
	}
	member.Say(fmt.Sprintf(`{"type":"screen_share_update","share_id":%q,"viewers_can_annotate":true}`, first))
	host.Hear("screen_share_updated", func(m hubtest.OldMessage) bool { return at(m, "share", "viewers_can_annotate") == true })
	member.Say(`{"type":"screen_share_stop"}`)
	stopped := func(m hubtest.OldMessage) bool { return m["share_id"] == first }
	host.Hear("screen_share_stopped", stopped)
	member.Hear("screen_share_stopped", stopped)
	if e := member.Refused(fmt.Sprintf(`{"type":"screen_share_stop","share_id":%q}`, first)); e["status"] != 404.0 {
		t.Errorf("a share ends twice: %v", e)
	}
	return begin(`{"type":"screen_share_start","share_type":"window","resolution":"1280x720"}`)
}
