package dialect

import (
	"watchparty/hub/wire"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// said is a line of chat as older clients send it.
type said struct {
	Content string     `json:"content,omitempty" maxLength:"2000"`
	Message string     `json:"message,omitempty" maxLength:"2000"`
	ReplyTo id.Message `json:"reply_to,omitempty" format:"uuid"`
}

var chatNames = map[string]string{"text": "content", "message": "message_id"}

// chat has lines sent and shown.
func (s *Speaker) chat(show func(wire.Message) []Message) {
	hear(s, "chat_message", func(x said) ([]wire.Up, error) {
		text := x.Content
		if text == "" {
			text = x.Message
		}
		if text == "" {
			return nil, fault.ErrInvalid.At("content", "must not be empty")
		}
		return ask(s, wire.ChatSend, wire.Send{Text: text, ReplyTo: x.ReplyTo}, asked{kind: "chat_message", names: chatNames}), nil
	})
	tell(s, wire.ChatMessage, func(_ frame, m wire.Message) []Message { return show(m) })
}

type typingFlag struct {
	On *bool `json:"is_typing,omitempty"`
}

func (s *Speaker) sayTyping(kind string, on bool) []wire.Up {
	return ask(s, wire.ChatTyping, wire.SetTyping{On: on}, asked{kind: kind})
}

// hearTyping takes the message by which a client says that it types.
func (s *Speaker) hearTyping() {
	hear(s, "typing", func(x typingFlag) ([]wire.Up, error) { return s.sayTyping("typing", or(x.On, true)), nil })
}

// lineView shows a line in the union of the originals' fields.
func (s *Speaker) lineView(m wire.Message) Message {
	kind := m.Type
	v := Message{
		"id": m.ID, "user": userOf(m.User), "content": m.Text, "message": m.Text, "message_type": kind, "type": kind,
		"is_system": kind == "system", "reply_to": nil, "replyTo": nil, "moderation_status": "active", "metadata": Message{},
		"reactions": []any{}, "isEdited": m.EditedAt != nil, "created_at": m.CreatedAt, "updated_at": m.CreatedAt, "timestamp": m.CreatedAt,
	}
	if m.EditedAt != nil {
		v["updated_at"] = *m.EditedAt
	}
	if m.Deleted {
		v["moderation_status"] = "deleted"
	}
	if q := m.ReplyTo; q != nil {
		v["reply_to"], v["replyTo"] = q.ID, Message{"id": q.ID, "user": userOf(q.User), "message": q.Text, "content": q.Text}
	}
	return v
}

// nested shows a line with its fields in message.
func (s *Speaker) nested(m wire.Message) []Message {
	return []Message{{
		"type": "chat_message", "message": s.lineView(m), "id": m.ID, "content": m.Text, "user": userOf(m.User), "timestamp": m.CreatedAt,
	}}
}
