package hub

import (
	"watchparty/hub/wire"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

// maxAsks bounds the requests that wait for a host; each person has one.
const maxAsks = 32

var (
	errNobody = fault.New(fault.Conflict, "playback.nobody_to_ask", "No host is here to ask.")
	errNoAsk  = fault.New(fault.NotFound, "playback.no_ask", "That request is answered already.")
)

// ask is somebody's wish for a change of the film.
type ask struct {
	user     id.User
	op       string
	position float64
}

func (r *room) ask(c *call, v wire.Ask) error {
	if err := r.mayMove(c); err != nil {
		return err
	}
	if r.party.Control == party.ControlHosts {
		return fault.ErrForbidden
	}
	if v.Op != "play" && v.Op != "pause" && v.Op != "seek" {
		return fault.ErrInvalid.At("op", "must be play, pause or seek")
	}
	hosts := r.hosts()
	if len(hosts) == 0 {
		return errNobody
	}
	for name, a := range r.asks {
		if a.user == c.user() {
			delete(r.asks, name)
		}
	}
	if len(r.asks) >= maxAsks {
		return errBusy.After(flooded)
	}
	name := id.Token()[:12]
	r.asks[name] = ask{c.user(), v.Op, v.Position}
	f := encode(wire.PlaybackAsked, r.head(), wire.Asked{
		Ask: name, User: wire.UserOf(c.member.Person), Op: v.Op, Position: v.Position,
	})
	for _, u := range hosts {
		r.sendTo(u, f)
	}
	return nil
}

// hosts are those in the room who may answer a request.
func (r *room) hosts() []id.User {
	var out []id.User
	for u, p := range r.people {
		if len(p.spots) > 0 && leads(r.members[u].Role) {
			out = append(out, u)
		}
	}
	return out
}

func (r *room) answerAsk(c *call, v wire.AnswerAsk) error {
	a, ok := r.asks[v.Ask]
	if !ok {
		return errNoAsk
	}
	delete(r.asks, v.Ask)
	if v.Grant {
		if err := r.grant(a); err != nil {
			return err
		}
	}
	r.sendTo(a.user, encode(wire.PlaybackAnswered, r.head(), wire.AskAnswered{Ask: v.Ask, Granted: v.Grant}))
	return nil
}

// grant makes the change in the asker's name, on the film as it is now.
func (r *room) grant(a ask) error {
	now, base := r.ms(), r.show.Vector().Seq
	switch a.op {
	case "play":
		return r.show.Play(now, a.user, base)
	case "pause":
		return r.show.Pause(now, a.user, base, r.show.Position(now))
	}
	return r.show.Seek(now, a.user, a.position)
}
