package hub

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/chat"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/internal/picture"
)

const (
	typingHolds = 5 * time.Second
	typingGap   = 100 * time.Millisecond
)

var (
	errOpReused        = fault.New(fault.Conflict, "op.reused", "That op id belongs to another command.")
	errPictureBySocket = fault.New(fault.Invalid, "chat.picture", "A picture is sent by REST, where its bytes are.")
)

func (r *room) chatSend(c *call, v wire.Send) error {
	if err := r.budget(c.user()).chat.take(r.now()); err != nil {
		return err
	}
	text, err := chat.Clean(v.Text)
	if err != nil {
		return err
	}
	if _, ours := picture.Of(r.id, v.Image); v.Image != "" && (c.spot != nil || !ours) {
		return errPictureBySocket
	}
	if err := chat.MayWrite(r.party.AllowChat, r.party.SlowMode, c.member.Role, r.spoke[c.user()], r.now()); err != nil {
		return err
	}
	v.Text = text
	if v.ReplyTo == "" {
		return r.write(c, v, nil)
	}
	return r.withLine(c, v.ReplyTo, func(m chat.Message) error {
		if m.Deleted {
			return chat.ErrDeleted
		}
		return r.write(c, v, chat.Quoted(m))
	})
}

// write puts a line into the journal; it is shown and acknowledged once it is
// committed.
func (r *room) write(c *call, v wire.Send, reply *chat.Quote) error {
	m := chat.Message{
		ID: id.New[id.Message](), Party: r.id, Author: chat.Author(c.member.Person), Role: c.member.Role.String(),
		Color: c.member.Color, Type: chat.Text, Text: v.Text, Image: v.Image, ReplyTo: reply,
		Mentions: chat.Mentions(v.Text, r.username), CreatedAt: clock.Millis(r.now()), Op: c.op,
	}
	if v.FilmAt != nil {
		at := *v.FilmAt
		m.FilmAt, m.Item = &at, r.show.Vector().Item
	}
	e, err := entryOf(c, wire.ChatMessage.Name, m.ID, wire.MessageOf(m))
	if err != nil {
		return err
	}
	e.Put = &m
	err = r.append(e, func(d chat.Done, err error) {
		if err == nil && d.Again && d.Type != wire.ChatMessage.Name {
			err = errOpReused
		}
		if err != nil {
			c.reply(wire.Result{}, err)
			return
		}
		res := wire.Result{Ack: wire.Ack{ID: string(d.Ref), Seq: d.Seq}}
		if d.Again {
			r.replyStored(c, d.Ref, res)
			return
		}
		m.Seq = d.Seq
		w := wire.MessageOf(m)
		res.Message = &w
		c.reply(res, nil)
	})
	if err != nil {
		return err
	}
	c.later = true
	r.spoke[c.user()] = r.now()
	r.stopTyping(c.user())
	return nil
}

// replyStored answers a repeated command with what it made the first time.
func (r *room) replyStored(c *call, ref id.Message, res wire.Result) {
	if c.spot != nil {
		c.reply(res, nil)
		return
	}
	r.aside(func(ctx context.Context) func() {
		m, err := r.hub.Store.Message(ctx, r.id, ref)
		return func() {
			if err == nil {
				w := wire.MessageOf(m)
				res.Message = &w
			}
			c.reply(res, err)
		}
	})
}

// entryOf makes the journal's entry of a command.
func entryOf(c *call, kind string, ref id.Message, data any) (chat.Entry, error) {
	b, err := json.Marshal(data)
	return chat.Entry{Type: kind, By: c.user(), Op: c.op, Ref: ref, Data: b}, err
}

// username finds a seated member by name, for mentions.
func (r *room) username(name string) (id.User, bool) {
	for u, m := range r.members {
		if m.Seated() && strings.EqualFold(m.Person.Username, name) {
			return u, true
		}
	}
	return "", false
}

// withLine runs fn in the loop with a line of this room: one that is at hand
// at once, an older one when it was read.
func (r *room) withLine(c *call, ref id.Message, fn func(chat.Message) error) error {
	ref, err := id.Parse[id.Message](string(ref))
	if err != nil {
		return err
	}
	for _, m := range r.lines {
		if m.ID == ref {
			return fn(m)
		}
	}
	c.later = true
	r.aside(func(ctx context.Context) func() {
		m, err := r.hub.Store.Message(ctx, r.id, ref)
		return func() {
			if err == nil {
				c.later = false
				err = fn(m)
			}
			switch {
			case err != nil:
				c.reply(wire.Result{}, err)
			case !c.later:
				c.reply(wire.Result{}, nil)
			}
		}
	})
	return nil
}

func (r *room) chatEdit(c *call, v wire.Edit) error {
	if err := r.budget(c.user()).chat.take(r.now()); err != nil {
		return err
	}
	if err := chat.MayWrite(r.party.AllowChat, 0, c.member.Role, time.Time{}, r.now()); err != nil {
		return err
	}
	return r.withLine(c, v.Message, func(m chat.Message) error {
		now := clock.Millis(r.now())
		m, err := m.Edit(c.user(), v.Text, chat.Mentions(v.Text, r.username), now)
		if err != nil {
			return err
		}
		return r.amend(c, wire.ChatEdited.Name, m, wire.Edited{
			Message: m.ID, Text: m.Text, Mentions: m.Mentions, EditedAt: wire.Time(now),
		})
	})
}

func (r *room) chatDelete(c *call, v wire.MessageRef) error {
	moderates := access.Check(c.who.Site, c.member.Role, access.ChatModerate, r.party.Bars()) == nil
	return r.withLine(c, v.Message, func(m chat.Message) error {
		gone := m.Deleted
		m, err := m.Delete(c.user(), moderates)
		if err != nil || gone {
			return err
		}
		if err := r.amend(c, wire.ChatDeleted.Name, m, wire.Deleted{Message: m.ID, By: c.user()}); err != nil {
			return err
		}
		if r.pinned != nil && r.pinned.ID == m.ID {
			return r.pin(nil, c.user(), nil)
		}
		return nil
	})
}

// amend keeps a changed line and tells of it.
func (r *room) amend(c *call, kind string, m chat.Message, data any) error {
	e, err := entryOf(c, kind, m.ID, data)
	if err != nil {
		return err
	}
	e.Put = &m
	if err := r.append(e, r.acknowledge(c, kind, &m)); err != nil {
		return err
	}
	c.later = true
	return nil
}

// acknowledge answers a command with the place of its entry.
func (r *room) acknowledge(c *call, kind string, m *chat.Message) func(chat.Done, error) {
	return func(d chat.Done, err error) {
		if err == nil && d.Type != kind {
			err = errOpReused
		}
		res := wire.Result{Ack: wire.Ack{ID: string(d.Ref), Seq: d.Seq}}
		if m != nil {
			w := wire.MessageOf(*m)
			res.Message = &w
		}
		c.reply(res, err)
	}
}

func (r *room) chatPin(c *call, v wire.Pin) error {
	if v.Message == "" {
		return r.pin(nil, c.user(), c)
	}
	return r.withLine(c, v.Message, func(m chat.Message) error {
		if m.Deleted {
			return chat.ErrDeleted
		}
		return r.pin(&m, c.user(), c)
	})
}

// pin pins a line, or none.
func (r *room) pin(m *chat.Message, by id.User, c *call) error {
	data := wire.Pinned{By: by}
	var ref id.Message
	if m != nil {
		w := wire.MessageOf(*m)
		data.Message, ref = &w, m.ID
	}
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	e := chat.Entry{Type: wire.ChatPinned.Name, By: by, Ref: ref, Data: b, Pin: &ref}
	if c == nil {
		return r.append(e, nil)
	}
	e.Op = c.op
	if err := r.append(e, r.acknowledge(c, e.Type, nil)); err != nil {
		return err
	}
	c.later = true
	return nil
}

// remember keeps the last lines as the journal tells of them.
func (r *room) remember(ev chat.Event) {
	switch ev.Type {
	case wire.ChatMessage.Name:
		var w wire.Message
		if json.Unmarshal(ev.Data, &w) == nil {
			w.Seq = ev.Seq
			r.lines = append(r.lines, lineOf(w, r.id))
			if n := len(r.lines) - snapshotLines; n > 0 {
				r.lines = slices.Delete(r.lines, 0, n)
			}
		}
	case wire.ChatEdited.Name:
		var d wire.Edited
		if json.Unmarshal(ev.Data, &d) == nil {
			at := time.Time(d.EditedAt)
			r.touch(d.Message, func(m *chat.Message) { m.Text, m.Mentions, m.EditedAt = d.Text, d.Mentions, &at })
		}
	case wire.ChatDeleted.Name:
		var d wire.Deleted
		if json.Unmarshal(ev.Data, &d) == nil {
			r.touch(d.Message, func(m *chat.Message) { *m, _ = m.Delete(d.By, true) })
		}
	case wire.ChatPinned.Name:
		var d wire.Pinned
		if json.Unmarshal(ev.Data, &d) == nil {
			r.pinned = nil
			if d.Message != nil {
				m := lineOf(*d.Message, r.id)
				r.pinned = &m
			}
		}
	}
}

// touch changes a line wherever it is at hand, quotes of it included.
func (r *room) touch(ref id.Message, fn func(*chat.Message)) {
	for i := range r.lines {
		m := &r.lines[i]
		if m.ID == ref {
			fn(m)
		}
		if m.ReplyTo != nil && m.ReplyTo.ID == ref {
			was := chat.Message{ID: ref, Author: m.ReplyTo.Author, Text: m.ReplyTo.Text}
			fn(&was)
			m.ReplyTo = chat.Quoted(was)
		}
	}
	if r.pinned != nil && r.pinned.ID == ref {
		fn(r.pinned)
	}
}

func authorOf(u wire.User) chat.Author {
	return chat.Author(party.Person{
		ID: u.ID, Username: u.Username, Name: u.Name, FirstName: u.FirstName,
		LastName: u.LastName, Avatar: u.Avatar, Guest: u.IsGuest,
	})
}

func lineOf(w wire.Message, p id.Party) chat.Message {
	m := chat.Message{
		ID: w.ID, Party: p, Seq: w.Seq, Author: authorOf(w.User), Role: w.Role, Color: w.Color, Type: w.Type,
		Text: w.Text, Image: w.Image, Mentions: w.Mentions, FilmAt: w.FilmAt, Item: w.ItemID,
		CreatedAt: time.Time(w.CreatedAt), Deleted: w.Deleted, Op: w.Op,
	}
	if w.EditedAt != nil {
		at := time.Time(*w.EditedAt)
		m.EditedAt = &at
	}
	if q := w.ReplyTo; q != nil {
		m.ReplyTo = &chat.Quote{ID: q.ID, Author: authorOf(q.User), Text: q.Text}
	}
	return m
}
