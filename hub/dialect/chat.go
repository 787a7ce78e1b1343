package dialect

import (
	"watchparty/hub/wire"
	"watchparty/internal/id"
)

// chatRoute is the route of the chat alone.
func (s *Speaker) chatRoute() {
	s.chat(func(m wire.Message) []Message { return []Message{{"type": "chat_message", "message": s.lineView(m)}} })
	s.hearTyping()
	hear(s, "stop_typing", func(struct{}) ([]wire.Up, error) { return s.sayTyping("stop_typing", false), nil })
	s.typists(s.typed)
	s.reactions(func(x flown) Message {
		return Message{"type": "reaction", "user": s.user(x.by), "emoji": x.emoji, "timestamp": s.iso(x.at), "video_timestamp": x.filmAt, "count": x.n}
	})
	moderated := func(action string, m id.Message, by id.User, more Message) []Message {
		out := Message{"type": "moderation", "action": action, "message_id": m, "moderator": s.user(by), "reason": "", "timestamp": s.iso(s.now())}
		for k, v := range more {
			out[k] = v
		}
		return []Message{out}
	}
	tell(s, wire.ChatDeleted, func(_ frame, d wire.Deleted) []Message { return moderated("delete_message", d.Message, d.By, nil) })
	tell(s, wire.ChatEdited, func(_ frame, d wire.Edited) []Message {
		return moderated("edit_message", d.Message, "", Message{"content": d.Text})
	})
	tell(s, wire.MemberOut, func(_ frame, d wire.MemberRemoved) []Message {
		action := map[bool]string{true: "ban_user", false: "kick_user"}[d.Banned]
		return moderated(action, "", d.By, Message{"user": userOf(d.User), "user_id": d.User.ID})
	})
	s.visitors(s.joined, s.gone)
}
