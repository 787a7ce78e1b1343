package dialect

import "watchparty/hub/wire"

// partyRoute is the route of the film, chat and reactions. Where its two
// clients differ, the route says which one speaks.
func (s *Speaker) partyRoute() {
	hear(s, "video_control", func(c control) ([]wire.Up, error) { return s.steer("video_control", c) })
	hear(s, "sync_request", func(struct{}) ([]wire.Up, error) {
		return s.atOnce("sync_request", func() []Message {
			return []Message{{"type": "sync_response", "state": s.partyState(), "timestamp": s.iso(s.now())}, s.syncState()}
		}), nil
	})
	s.chat(func(m wire.Message) []Message {
		if !s.route.Flat {
			return s.nested(m)
		}
		return []Message{{
			"type": "chat_message", "message": m.Text, "content": m.Text, "id": m.ID, "user": userOf(m.User), "user_id": m.User.ID,
			"username": m.User.Username, "avatar": m.User.Avatar, "timestamp": m.CreatedAt,
		}}
	})
	s.reactions(s.partyReaction)
	s.hearTyping()
	s.typists(s.typed)
	s.roles()
	s.follow(func(was, is wire.Vector) []Message {
		if is.By == s.me.ID {
			return []Message{s.syncState()}
		}
		return []Message{s.controlled(was, is), s.syncState()}
	})
	tell(s, wire.PartyState, func(frame, wire.Party) []Message {
		return []Message{{"type": "party_update", "update": s.partyState(), "timestamp": s.iso(s.now())}}
	})
	s.greet = func(_ wire.Welcome, again bool) []Message {
		out := []Message{{"type": "party_state", "state": s.partyState()}, s.syncState()}
		if again {
			return out[1:]
		}
		return out
	}
	s.visitors(s.joined, s.gone)
}

// partyReaction shows a reaction with its fields both nested and flat.
func (s *Speaker) partyReaction(x flown) Message {
	u := x.by
	m := Message{
		"type": "reaction", "emoji": x.emoji, "timestamp": x.filmAt, "position": Message{"x": x.x, "y": x.y}, "user": s.user(u), "count": x.n,
		"reaction": Message{
			"id": x.id, "emoji": x.emoji, "video_timestamp": x.filmAt, "x_position": x.x, "y_position": x.y, "user": s.user(u),
			"created_at": s.iso(x.at),
		},
	}
	if u != "" {
		m["user_id"], m["username"] = u, s.person(u).Username
	}
	return m
}
