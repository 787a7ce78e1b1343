package dialect

import (
	"encoding/json"

	"watchparty/hub/wire"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// sfu is the name of the server where clients signal to one another.
const sfu = "sfu"

// talks is what a translator knows of the voice room and the shares.
type talks struct {
	room     wire.VoiceRoom
	members  map[id.User]wire.VoiceMember
	speaking map[id.User]bool
	shares   map[id.Share]wire.Share
	peer     string // what the client calls itself
	answer   wire.VoiceAnswer
	epoch    uint64 // of the client's own media; 0: it has none
}

// change is something that happened in the voice room or to a share.
type change struct {
	what   string // joined, left, muted, unmuted; started, stopped, updated
	member wire.VoiceMember
	share  *wire.Share
}

type (
	voiceJoin struct {
		Peer  string `json:"peer_id,omitempty" maxLength:"255"`
		Muted *bool  `json:"is_muted,omitempty"`
	}
	voiceMute struct {
		Muted *bool   `json:"is_muted,omitempty"`
		User  id.User `json:"user_id,omitempty" format:"uuid"`
	}
	signalled struct {
		Target string          `json:"target_user,omitempty" maxLength:"64"`
		Kind   string          `json:"signal_type,omitempty" maxLength:"32"`
		Signal json.RawMessage `json:"signal,omitempty"`
	}
	shared struct {
		Share     id.Share `json:"share_id,omitempty" format:"uuid"`
		Title     *string  `json:"title,omitempty" maxLength:"200"`
		Type      *string  `json:"share_type,omitempty" maxLength:"20"`
		Size      *string  `json:"resolution,omitempty" maxLength:"12"`
		Frames    *int     `json:"frame_rate,omitempty" minimum:"1" maximum:"60"`
		FPS       *int     `json:"fps,omitempty" minimum:"1" maximum:"60"`
		Quality   *string  `json:"quality,omitempty" maxLength:"10"`
		Audio     *bool    `json:"has_audio,omitempty"`
		Sound     *bool    `json:"audio_enabled,omitempty"`
		Annotate  *bool    `json:"viewers_can_annotate,omitempty"`
		Remote    *bool    `json:"allow_remote_control,omitempty"`
		Recording *bool    `json:"is_recording,omitempty"`
	}
)

var (
	voiceNames = map[string]string{"muted": "is_muted", "user": "user_id", "sdp": "signal", "mic": "signal", "voice": "signal", "views": "signal"}
	shareNames = map[string]string{"share": "share_id"}
	// oldTypes and oldSizes are the original's words.
	oldTypes = map[string]string{"full_screen": "screen", "application": "window", "browser_tab": "tab"}
	oldSizes = map[string]string{"480p": "854x480", "720p": "1280x720", "1080p": "1920x1080", "1440p": "2560x1440", "4k": "3840x2160"}
)

// voice is the voice room and the shares, in the words of the interactive route.
func (s *Speaker) voice() {
	hear(s, "voice_chat_join", func(j voiceJoin) ([]wire.Up, error) { return s.voiceJoin("voice_chat_join", j) })
	hear(s, "voice_chat_leave", func(struct{}) ([]wire.Up, error) { return s.voiceLeave("voice_chat_leave"), nil })
	hear(s, "voice_chat_mute", s.voiceMute)
	hear(s, "voice_chat_speaking", func(struct{}) ([]wire.Up, error) { return nil, nil }) // the SFU hears for itself
	hear(s, "webrtc_signal", func(x signalled) ([]wire.Up, error) { return s.signal("webrtc_signal", x) })
	hear(s, "screen_share_start", func(x shared) ([]wire.Up, error) { return s.shareStart("screen_share_start", x) })
	hear(s, "screen_share_stop", func(x shared) ([]wire.Up, error) { return s.shareStop("screen_share_stop", x) })
	hear(s, "screen_share_update", s.shareUpdate)
	s.listen(s.voiceMessage)
	tell(s, wire.VoiceSpeakingDown, func(_ frame, v wire.VoiceSpeaking) []Message {
		now, out := map[id.User]bool{}, []Message(nil)
		spoken := func(u id.User, on bool) {
			out = append(out, Message{"type": "voice_chat_speaking_update", "user_id": u, "is_speaking": on})
		}
		for _, u := range v.Users {
			now[u] = true
			if !s.talks.speaking[u] {
				spoken(u, true)
			}
		}
		for u := range s.talks.speaking {
			if !now[u] {
				spoken(u, false)
			}
		}
		s.talks.speaking = now
		return out
	})
}

// listen ties the frames of the voice room; told is asked for what the client
// gets of each change.
func (s *Speaker) listen(told func(change) Message) {
	tell(s, wire.VoiceRoomDown, func(_ frame, v wire.VoiceRoom) (out []Message) {
		for _, c := range s.learnVoice(v) {
			out = append(out, told(c))
		}
		return out
	})
	tell(s, wire.ShareListDown, func(_ frame, l wire.ShareList) (out []Message) {
		for _, c := range s.learnShares(l.Shares) {
			out = append(out, told(c))
		}
		return out
	})
	tell(s, wire.VoiceAnswerDown, func(_ frame, a wire.VoiceAnswer) []Message {
		s.talks.answer = a
		return nil
	})
	tell(s, wire.VoicePreparedDown, func(_ frame, p wire.VoicePrepared) []Message {
		out := []Message{{"type": "voice_chat_joined", "ice_servers": p.ICEServers, "settings": p.Settings, "sfu": Message{"target_user": sfu, "last_n": p.LastN}}}
		for _, m := range s.talks.room.Members {
			if m.User != s.me.ID {
				out = append(out, told(change{what: "joined", member: m}))
			}
		}
		return out
	})
	tell(s, wire.VoiceGoneDown, func(_ frame, g wire.VoiceGone) []Message {
		s.talks.epoch = 0
		return []Message{{"type": "voice_chat_ended", "reason": g.Reason}}
	})
}

// learnVoice takes over the voice room, and gives what is different.
func (s *Speaker) learnVoice(v wire.VoiceRoom) (out []change) {
	t := &s.talks
	if v.Epoch != t.room.Epoch {
		t.epoch = 0 // its media was another room's
	}
	was := t.members
	t.room, t.members = v, map[id.User]wire.VoiceMember{}
	for _, m := range v.Members {
		t.members[m.User] = m
		old, here := was[m.User]
		quiet := m.Muted || m.ServerMuted
		switch {
		case !here:
			out = append(out, change{what: "joined", member: m})
		case quiet != (old.Muted || old.ServerMuted):
			out = append(out, change{what: map[bool]string{true: "muted", false: "unmuted"}[quiet], member: m})
		}
	}
	for _, m := range sorted(was) {
		if _, here := t.members[m.User]; !here {
			out = append(out, change{what: "left", member: m})
		}
	}
	return out
}

// learnShares takes over the shares, and gives what is different.
func (s *Speaker) learnShares(list []wire.Share) (out []change) {
	was := s.talks.shares
	s.talks.shares = map[id.Share]wire.Share{}
	for _, x := range list {
		s.talks.shares[x.ID] = x
		s.people[x.User.ID] = x.User
		old, here := was[x.ID]
		switch {
		case !here:
			out = append(out, change{what: "started", share: &x})
		case old != x:
			out = append(out, change{what: "updated", share: &x})
		}
	}
	for _, x := range sorted(was) {
		if _, here := s.talks.shares[x.ID]; !here {
			out = append(out, change{what: "stopped", share: &x})
		}
	}
	return out
}

// greetVoice takes over what a welcome shows. Coming again, the client is told
// what is different.
func (s *Speaker) greetVoice(w wire.Welcome, again bool, told func(change) Message) (out []Message) {
	v := wire.VoiceRoom{Epoch: s.talks.room.Epoch}
	if w.Voice != nil {
		v = *w.Voice
	}
	for _, c := range append(s.learnVoice(v), s.learnShares(w.Shares)...) {
		if again {
			out = append(out, told(c))
		}
	}
	return out
}

// voiceMessage tells of a change in the words of the interactive route.
func (s *Speaker) voiceMessage(c change) Message {
	switch c.what {
	case "joined":
		return Message{"type": "voice_chat_participant_joined", "participant": s.participant(c.member)}
	case "left":
		return Message{"type": "voice_chat_participant_left", "user_id": c.member.User, "username": s.person(c.member.User).Username}
	case "muted", "unmuted":
		return Message{"type": "voice_chat_participant_muted", "user_id": c.member.User, "is_muted": c.what == "muted"}
	case "stopped":
		return Message{"type": "screen_share_stopped", "user_id": c.share.User.ID, "share_id": c.share.ID}
	}
	return Message{"type": "screen_share_" + c.what, "share": shareView(*c.share)}
}

func (s *Speaker) participant(m wire.VoiceMember) Message {
	peer := string(m.User)
	if m.User == s.me.ID && s.talks.peer != "" {
		peer = s.talks.peer
	}
	return Message{
		"id": m.User, "user_id": m.User, "user": s.user(m.User), "username": s.person(m.User).Username, "peer_id": peer,
		"is_connected": m.Connected, "is_muted": m.Muted || m.ServerMuted, "volume_level": 1.0, "joined_at": m.JoinedAt,
	}
}

// voiceView shows the voice room as a whole.
func (s *Speaker) voiceView() Message {
	people := []Message{}
	for _, m := range s.talks.room.Members {
		people = append(people, s.participant(m))
	}
	return Message{"is_active": s.talks.room.Settings.Active, "settings": s.talks.room.Settings, "participants": people, "participant_count": len(people)}
}

func (s *Speaker) shareViews() []Message {
	out := []Message{}
	for _, x := range sorted(s.talks.shares) {
		out = append(out, shareView(x))
	}
	return out
}

func shareView(x wire.Share) Message {
	return Message{
		"id": x.ID, "share_id": x.ID, "user": userOf(x.User), "user_id": x.User.ID, "username": x.User.Username, "title": x.Title,
		"share_type": x.Type, "resolution": x.Resolution, "frame_rate": x.FrameRate, "quality": x.Quality, "audio_enabled": x.Audio,
		"viewer_count": x.ViewerCount, "viewers_can_annotate": x.Annotate, "allow_remote_control": x.RemoteControl, "is_recording": x.Recording,
		"is_active": x.Active, "live": x.Live, "started_at": x.StartedAt,
	}
}

// voiceJoin takes a place in the voice room. The client's media follows with a
// signal; until then an offer of no media keeps the place, as long as the room
// waits for media at all. ICE servers of the client are not looked at.
func (s *Speaker) voiceJoin(kind string, j voiceJoin) ([]wire.Up, error) {
	s.talks.peer = j.Peer
	return ask(s, wire.VoicePrepareUp, wire.Empty{}, asked{kind: kind, done: func(wire.Ack) Turn {
		if _, in := s.talks.members[s.me.ID]; in {
			return Turn{} // from another window, whose media must not go
		}
		join := wire.VoiceJoin{VoiceLines: wire.VoiceLines{SDP: silence}, Muted: or(j.Muted, false)}
		return Turn{Up: ask(s, wire.VoiceJoinUp, join, asked{kind: kind, names: voiceNames})}
	}}), nil
}

func (s *Speaker) voiceLeave(kind string) []wire.Up {
	s.talks.epoch = 0
	return ask(s, wire.VoiceLeaveUp, wire.Empty{}, asked{kind: kind})
}

func (s *Speaker) voiceMute(m voiceMute) ([]wire.Up, error) {
	if m.Muted == nil {
		return nil, fault.ErrInvalid.At("is_muted", "is needed")
	}
	return s.mute("voice_chat_mute", m.User, *m.Muted), nil
}

// mute is one's own, or as a host somebody's.
func (s *Speaker) mute(kind string, u id.User, on bool) []wire.Up {
	a := asked{kind: kind, names: voiceNames}
	if u == "" || u == s.me.ID {
		return ask(s, wire.VoiceSetUp, wire.VoiceSet{Muted: &on}, a)
	}
	return ask(s, wire.VoiceModerateUp, wire.VoiceModerate{User: u, Muted: &on}, a)
}

// signal takes an offer to the SFU, which answers it. What concerns candidates
// is not needed: the server learns where the client is from what comes.
func (s *Speaker) signal(kind string, x signalled) ([]wire.Up, error) {
	if x.Target != "" && x.Target != sfu {
		return nil, errElsewhere.Saying("Voices and screens go over the server: leave target_user out, or say sfu.")
	}
	var description struct {
		Type string `json:"type"`
		SDP  string `json:"sdp"`
	}
	if json.Unmarshal(x.Signal, &description.SDP) != nil {
		if err := json.Unmarshal(x.Signal, &description); err != nil && x.Kind != "ice-candidate" {
			return nil, fault.ErrInvalid.At("signal", "must be a session description")
		}
	}
	switch what := x.Kind; {
	case what == "ice-candidate" || what == "candidate":
		return nil, nil
	case what == "offer" || what == "" && description.Type == "offer":
	default:
		return nil, fault.ErrInvalid.At("signal_type", "is offer or ice-candidate; only clients offer")
	}
	return s.offer(kind, description.SDP)
}

// offer joins with media, or changes the media that is there.
func (s *Speaker) offer(kind, sdp string) ([]wire.Up, error) {
	if sdp == "" {
		return nil, fault.ErrInvalid.At("signal", "has no sdp")
	}
	lines, publish := s.lines(sdp)
	a := asked{kind: kind, names: voiceNames, done: func(wire.Ack) Turn {
		answer := s.talks.answer
		s.talks.epoch = max(s.talks.epoch, answer.Epoch)
		return Turn{Out: []Message{{
			"type": kind, "signal": Message{"type": "answer", "sdp": answer.SDP}, "signal_type": "answer", "from_user": sfu,
		}}}
	}}
	if s.talks.epoch == 0 {
		join := wire.VoiceJoin{VoiceLines: lines}
		if me, in := s.talks.members[s.me.ID]; in {
			join.Muted, join.Deafened = me.Muted, me.Deafened
		}
		join.Views = nil // those are bound when it is in
		return ask(s, wire.VoiceJoinUp, join, a), nil
	}
	return ask(s, wire.VoiceOfferUp, wire.VoiceOffer{VoiceLines: lines, Share: publish, Epoch: s.talks.epoch}, a), nil
}

func (x shared) start() wire.ShareStart {
	w := wire.ShareStart{
		Title: x.Title, Type: x.Type, Resolution: x.Size, FrameRate: first(x.Frames, x.FPS), Audio: first(x.Audio, x.Sound),
		Annotate: x.Annotate, RemoteControl: x.Remote, Quality: x.Quality,
	}
	if x.Type != nil {
		if t, ok := oldTypes[*x.Type]; ok {
			w.Type = &t
		}
	}
	if x.Size != nil {
		if size, ok := oldSizes[*x.Size]; ok {
			w.Resolution = &size
		}
	}
	return w
}

func (s *Speaker) shareStart(kind string, x shared) ([]wire.Up, error) {
	return ask(s, wire.ShareStartUp, x.start(), asked{kind: kind, names: shareNames}), nil
}

func (s *Speaker) shareUpdate(x shared) ([]wire.Up, error) {
	if x.Share == "" {
		return nil, fault.ErrInvalid.At("share_id", "is needed")
	}
	u := wire.ShareUpdate{Share: x.Share, ShareStart: x.start(), Recording: x.Recording}
	return ask(s, wire.ShareUpdateUp, u, asked{kind: "screen_share_update", names: shareNames}), nil
}

// shareStop ends the share that is named, or one's own.
func (s *Speaker) shareStop(kind string, x shared) ([]wire.Up, error) {
	which := x.Share
	if which == "" {
		own := s.ownShare()
		if own == nil {
			return nil, fault.ErrInvalid.At("share_id", "is needed")
		}
		which = own.ID
	}
	return ask(s, wire.ShareStopUp, wire.ShareRef{Share: which}, asked{kind: kind, names: shareNames}), nil
}

func (s *Speaker) ownShare() *wire.Share {
	for _, x := range sorted(s.talks.shares) {
		if x.User.ID == s.me.ID {
			return &x
		}
	}
	return nil
}
