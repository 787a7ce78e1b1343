package dialect

import (
	"watchparty/hub/wire"
	"watchparty/internal/id"
)

type lineRef struct {
	Message id.Message `json:"message_id" format:"uuid"`
	Content string     `json:"content,omitempty" maxLength:"2000"`
}

type filmRef struct {
	Film id.Item `json:"video_id" format:"uuid"`
}

// enhanced is the route whose messages all lie in envelopes.
func (s *Speaker) enhanced() {
	s.enhancedControls()
	s.chat(s.nested)
	hear(s, "chat_edit_message", func(r lineRef) ([]wire.Up, error) {
		return ask(s, wire.ChatEdit, wire.Edit{Message: r.Message, Text: r.Content}, asked{kind: "chat_edit_message", names: chatNames}), nil
	})
	hear(s, "chat_delete_message", func(r lineRef) ([]wire.Up, error) {
		return ask(s, wire.ChatDelete, wire.MessageRef{Message: r.Message}, asked{kind: "chat_delete_message", names: chatNames}), nil
	})
	tell(s, wire.ChatEdited, func(_ frame, e wire.Edited) []Message {
		return []Message{{"type": "chat_message_edited", "message_id": e.Message, "content": e.Text}}
	})
	tell(s, wire.ChatDeleted, func(_ frame, d wire.Deleted) []Message {
		return []Message{{"type": "chat_message_deleted", "message_id": d.Message, "user": s.user(d.By)}}
	})
	hear(s, "chat_typing_start", func(struct{}) ([]wire.Up, error) { return s.sayTyping("chat_typing_start", true), nil })
	hear(s, "chat_typing_stop", func(struct{}) ([]wire.Up, error) { return s.sayTyping("chat_typing_stop", false), nil })
	s.typists(func(u id.User, on bool) Message {
		m := s.typed(u, on)
		m["type"] = "typing_indicator"
		return m
	})
	s.reactions(s.partyReaction)
	s.polls()
	hear(s, "poll_vote", s.pollAnswer)
	s.enhancedVoice()
	s.follow(func(was, is wire.Vector) []Message {
		m := s.controlled(was, is)
		m["state"] = s.videoState()
		if was.Item != is.Item {
			m["type"], m["video_id"] = "video_change", is.Item
		}
		return []Message{m}
	})
	s.greet = func(w wire.Welcome, again bool) []Message {
		s.learnPolls(w)
		s.greetVoice(w, again, s.enhancedChange)
		if again {
			return []Message{s.enhancedState()}
		}
		return []Message{{
			"type": "connection_established", "party_id": s.party, "user_id": s.me.ID, "is_host": s.myRole == "host", "server_time": s.iso(s.now()),
		}, s.enhancedState()}
	}
	s.visitors(s.joined, s.gone)
}

func (s *Speaker) enhancedControls() {
	hear(s, "video_control", func(c control) ([]wire.Up, error) { return s.steer("video_control", c) })
	for kind, action := range map[string]string{"video_play": "play", "video_pause": "pause", "video_seek": "seek"} {
		hear(s, kind, func(c control) ([]wire.Up, error) {
			c.Action = action
			return s.steer(kind, c)
		})
	}
	hear(s, "video_change", func(r filmRef) ([]wire.Up, error) {
		return ask(s, wire.PlaybackItem, wire.PlayItem{Item: r.Film}, asked{kind: "video_change", names: map[string]string{"item": "video_id"}}), nil
	})
	hear(s, "video_quality_change", func(struct{}) ([]wire.Up, error) {
		return nil, errElsewhere.Saying("The quality is each player's own here.")
	})
	for _, kind := range []string{"request_party_state", "video_sync_request"} {
		hear(s, kind, func(struct{}) ([]wire.Up, error) {
			return s.atOnce(kind, func() []Message { return []Message{s.enhancedState()} }), nil
		})
	}
	hear(s, "heartbeat", func(struct{}) ([]wire.Up, error) {
		return s.atOnce("heartbeat", func() []Message {
			return []Message{{"type": "heartbeat_response", "server_time": s.iso(s.now())}}
		}), nil
	})
}

func (s *Speaker) enhancedVoice() {
	hear(s, "voice_join", func(j voiceJoin) ([]wire.Up, error) { return s.voiceJoin("voice_join", j) })
	hear(s, "voice_leave", func(struct{}) ([]wire.Up, error) { return s.voiceLeave("voice_leave"), nil })
	hear(s, "voice_mute", func(m voiceMute) ([]wire.Up, error) { return s.mute("voice_mute", m.User, true), nil })
	hear(s, "voice_unmute", func(m voiceMute) ([]wire.Up, error) { return s.mute("voice_unmute", m.User, false), nil })
	hear(s, "screen_share_start", func(x shared) ([]wire.Up, error) { return s.shareStart("screen_share_start", x) })
	hear(s, "screen_share_stop", func(x shared) ([]wire.Up, error) { return s.shareStop("screen_share_stop", x) })
	hear(s, "screen_share_signal", func(x signalled) ([]wire.Up, error) { return s.signal("screen_share_signal", x) })
	s.listen(s.enhancedChange)
}

// enhancedChange tells of voices and shares with an action and a person.
func (s *Speaker) enhancedChange(c change) Message {
	if c.share != nil {
		return Message{"type": "screen_share_update", "action": c.what, "user": userOf(c.share.User), "share": shareView(*c.share)}
	}
	return Message{"type": "voice_chat_update", "action": c.what, "user": s.user(c.member.User), "participant": s.participant(c.member)}
}

func (s *Speaker) videoState() Message {
	m := s.syncState()
	delete(m, "type")
	return m
}

func (s *Speaker) enhancedState() Message {
	typing := s.typing
	if typing == nil {
		typing = []id.User{}
	}
	return Message{
		"type": "party_state", "video_state": s.videoState(), "voice_participants": s.voiceView()["participants"],
		"screen_share_active": len(s.talks.shares) > 0, "screen_shares": s.shareViews(),
		"typing_users": typing, "participant_count": s.count, "party": s.partyState(),
	}
}
