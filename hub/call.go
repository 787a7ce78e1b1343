package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

// call is one command on its way through the room, from a frame or from REST.
type call struct {
	who    account.Identity
	member party.Member
	spot   *spot // nil from REST
	name   string
	op     string
	data   json.RawMessage
	at     float64
	later  bool // the handler answers by itself, after a commit
	reply  func(wire.Result, error)
}

func (c *call) user() id.User { return c.who.User }

// handle runs one call and answers it.
func (r *room) handle(c *call) {
	defer func() {
		if x := recover(); x != nil {
			r.log.Error("panic in a handler", "frame", c.name, "panic", x, "stack", string(debug.Stack()))
			if c.spot != nil {
				c.spot.link.close(wire.CloseFailure)
			} else {
				c.reply(wire.Result{}, fault.ErrInternal.Because(fmt.Errorf("panic: %v", x)))
			}
		}
	}()
	route := r.hub.routes[c.name]
	if route.room == nil {
		c.reply(wire.Result{}, errUnknown)
		return
	}
	if c.op != "" && r.repeated(c) {
		return
	}
	switch err := route.room(r, c); {
	case err != nil:
		c.reply(wire.Result{}, err)
	case !c.later:
		c.reply(wire.Result{}, nil)
	}
}

// repeated answers a command that was done already. Another one is remembered
// once it is done.
func (r *room) repeated(c *call) bool {
	b := r.budget(c.user())
	if d, ok := b.done(c.op); ok {
		if d.name != c.name {
			c.reply(wire.Result{}, errOpReused)
		} else {
			c.reply(d.res, nil)
		}
		return true
	}
	reply := c.reply
	c.reply = func(res wire.Result, err error) {
		if err == nil {
			b.remember(opDone{c.op, c.name, res})
		}
		reply(res, err)
	}
	return false
}

// frame runs what a connection sent.
func (s *spot) frame(a arrival) {
	r := s.room
	took := r.mail.offer(func() {
		if r.spots[s.link.key()] != s {
			s.answer(a.Up, wire.Result{}, errNotJoined)
			return
		}
		if r.final {
			s.answer(a.Up, wire.Result{}, errDraining.After(flooded))
			return
		}
		s.quality = a.Quality
		m, ok := r.members[s.person.who.User]
		if !ok || !m.Seated() {
			s.answer(a.Up, wire.Result{}, fault.ErrNotFound)
			return
		}
		r.handle(&call{
			who: s.person.who, member: m, spot: s, name: a.Up.Type, op: a.Up.Op, data: a.Up.Data, at: a.At,
			reply: func(res wire.Result, err error) { s.answer(a.Up, res, err) },
		})
	})
	if !took {
		// Not in the room's loop: nothing of the spot may be touched.
		s.link.hold(s.answerFrame(a.Up, wire.Result{}, errBusy.After(flooded)))
		s.link.flush()
	}
}

// answer acknowledges a frame, if it asked for that, or says why not.
func (s *spot) answer(up wire.Up, res wire.Result, err error) {
	if f := s.answerFrame(up, res, err); f != nil {
		s.hold(f)
	}
}

func (s *spot) answerFrame(up wire.Up, res wire.Result, err error) *frame {
	head := wire.Down{Re: up.ID, Room: s.room.name, ST: s.room.ms()}
	if err == nil {
		if up.ID == "" {
			return nil
		}
		switch {
		case res.Voice != nil:
			return encode(wire.VoiceAnswerDown, head, *res.Voice)
		case res.Prepared != nil:
			return encode(wire.VoicePreparedDown, head, *res.Prepared)
		}
		return encode(wire.AckDown, head, res.Ack)
	}
	p := fault.ProblemOf(err, s.session)
	if fault.Of(err).Kind == fault.Internal {
		s.room.log.Error("frame failed", "type", up.Type, "session", s.session, "err", err)
	}
	f := encode(wire.ErrorDown, head, wire.Failed{Problem: p})
	f.refusal = true
	return f
}

// do runs a command of REST.
func (r *room) do(ctx context.Context, actor account.Identity, cmd wire.Command) (wire.Result, error) {
	type answer struct {
		res wire.Result
		err error
	}
	got := make(chan answer, 1)
	took := r.mail.offer(func() {
		m, ok := r.members[actor.User]
		switch {
		case r.final:
			got <- answer{err: errStopped}
			return
		case !ok || !m.Seated():
			got <- answer{err: fault.ErrNotFound}
			return
		}
		if err := r.budget(actor.User).rest.take(r.now()); err != nil {
			got <- answer{err: err}
			return
		}
		r.handle(&call{
			who: actor, member: m, name: cmd.Type, op: cmd.Op, data: cmd.Data, at: r.ms(),
			reply: func(res wire.Result, err error) {
				if err == nil && res.Message == nil {
					v := r.playbackNow()
					res.Playback = &v
				}
				select {
				case got <- answer{res, err}:
				default:
				}
			},
		})
	})
	if !took {
		return wire.Result{}, r.refused()
	}
	select {
	case a := <-got:
		return a.res, a.err
	case <-r.done:
		// The answer may have come with the end.
		select {
		case a := <-got:
			return a.res, a.err
		default:
			return wire.Result{}, errStopped
		}
	case <-ctx.Done():
		return wire.Result{}, ctx.Err()
	}
}

// refused tells a flooded room from a stopped one.
func (r *room) refused() error {
	select {
	case <-r.done:
		return errStopped
	case <-r.ctx.Done():
		<-r.done
		return errStopped
	default:
		return errBusy.After(flooded)
	}
}

func (r *room) playback(ctx context.Context) (wire.Playback, error) {
	got := make(chan wire.Playback, 1)
	if !r.mail.offer(func() { got <- r.playbackNow() }) {
		return wire.Playback{}, r.refused()
	}
	select {
	case v := <-got:
		return v, nil
	case <-r.done:
		return wire.Playback{}, errStopped
	case <-ctx.Done():
		return wire.Playback{}, ctx.Err()
	}
}

func (r *room) budget(u id.User) *budget {
	b := r.budgets[u]
	if b == nil {
		b = newBudget()
		r.budgets[u] = b
	}
	return b
}
