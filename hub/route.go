package hub

import (
	"fmt"

	"watchparty/hub/wire"
	"watchparty/internal/access"
)

// route is how one kind of frame is run: by the connection itself or by the
// room that it names.
type route struct {
	needs access.Action
	conn  func(*conn, arrival) error
	room  func(*room, *call) error
}

type routes map[string]route

// handlers ties every frame of the catalogue to what it does.
func handlers() routes {
	rs := routes{}
	onConn(rs, wire.PingUp, (*conn).ping)
	onConn(rs, wire.PartyJoin, (*conn).join)
	onConn(rs, wire.PartyLeave, (*conn).part)

	onRoom(rs, wire.PresenceSet, (*room).setPresence)

	onRoom(rs, wire.PlaybackPlay, (*room).play)
	onRoom(rs, wire.PlaybackPause, (*room).pause)
	onRoom(rs, wire.PlaybackSeek, (*room).seek)
	onRoom(rs, wire.PlaybackRate, (*room).setRate)
	onRoom(rs, wire.PlaybackUndo, (*room).undo)
	onRoom(rs, wire.PlaybackItem, (*room).playItem)
	onRoom(rs, wire.PlaybackReady, (*room).ready)
	onRoom(rs, wire.PlaybackStall, (*room).stall)
	onRoom(rs, wire.PlaybackDuration, (*room).setDuration)
	onRoom(rs, wire.PlaybackReport, (*room).report)
	onRoom(rs, wire.PlaybackNow, (*room).startNow)
	onRoom(rs, wire.PlaybackAsk, (*room).ask)
	onRoom(rs, wire.PlaybackAnswer, (*room).answerAsk)

	onRoom(rs, wire.ChatSend, (*room).chatSend)
	onRoom(rs, wire.ChatEdit, (*room).chatEdit)
	onRoom(rs, wire.ChatDelete, (*room).chatDelete)
	onRoom(rs, wire.ChatPin, (*room).chatPin)
	onRoom(rs, wire.ChatTyping, (*room).chatTyping)

	onRoom(rs, wire.ReactSend, (*room).react)

	onRoom(rs, wire.PollCreate, (*room).pollCreate)
	onRoom(rs, wire.PollEdit, (*room).pollEdit)
	onRoom(rs, wire.PollDelete, (*room).pollDelete)
	onRoom(rs, wire.PollPublish, (*room).pollPublish)
	onRoom(rs, wire.PollClose, (*room).pollClose)
	onRoom(rs, wire.PollResolve, (*room).pollResolve)
	onRoom(rs, wire.PollCast, (*room).pollVote)
	onRoom(rs, wire.PollRetract, (*room).pollRetract)
	onRoom(rs, wire.PollLike, (*room).pollLike)
	onRoom(rs, wire.PollHide, (*room).pollHide)
	drawRoutes(rs)
	voiceRoutes(rs)
	return rs
}

func onConn[T any](rs routes, f wire.Frame[T], fn func(*conn, arrival, T) error) {
	rs[f.Name] = route{needs: f.Needs, conn: func(c *conn, a arrival) error {
		v, err := decode[T](a.Up.Data)
		if err != nil {
			return err
		}
		return fn(c, a, v)
	}}
}

// onRoom wraps a handler with the steps that none can forget: permission with
// the role of this moment, strict decoding, then the rule.
func onRoom[T any](rs routes, f wire.Frame[T], fn func(*room, *call, T) error) {
	rs[f.Name] = route{needs: f.Needs, room: func(r *room, c *call) error {
		if err := access.Check(c.who.Site, c.member.Role, f.Needs, r.party.Bars()); err != nil {
			return err
		}
		v, err := decode[T](c.data)
		if err != nil {
			return err
		}
		return fn(r, c, v)
	}}
}

// check holds the catalogue against the handlers and the access table.
func (rs routes) check(catalogue []wire.Entry) error {
	for _, e := range catalogue {
		if !e.Up {
			continue
		}
		if _, ok := rs[e.Name]; !ok {
			return fmt.Errorf("hub: frame %s has no handler", e.Name)
		}
		if _, ok := access.Lookup(e.Needs); !ok {
			return fmt.Errorf("hub: frame %s needs %q, which is not in the access table", e.Name, e.Needs)
		}
	}
	return nil
}
