package hub

import (
	"context"
	"errors"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/fault"
)

const (
	firstTry = 50 * time.Millisecond
	mostTry  = time.Second
	// joinWithin is how long somebody who is not in yet waits for an owner.
	joinWithin = 5 * time.Second
)

// moved hears that seats are not at the node that was asked.
func (n *Nodes) moved(p *peer, seats []uint64) {
	for _, num := range seats {
		if s := p.seats[num]; s != nil {
			n.move(n.relays[s.party])
		}
	}
}

// moveAll begins anew with all that we have at a node.
func (n *Nodes) moveAll(p *peer) {
	for _, s := range p.seats {
		n.move(n.relays[s.party])
	}
}

// move looks for the room's owner anew, which may be this node, and takes all
// connections there. They resume: nobody notices more than a pause.
func (n *Nodes) move(r *relay) {
	if r.moving {
		return
	}
	p := n.peers[r.owner]
	for s := range r.seats {
		if p != nil && s.num != 0 {
			delete(p.seats, s.num)
			// Should the owner be there after all, the old seat is not to linger.
			p.out.add(letter{Leave: &leaveLetter{Seat: s.num}}, 0)
		}
		s.num = 0
		for i := range s.pending {
			s.pending[i].at = n.hub.Now()
		}
	}
	r.moving, r.tries, r.owner = true, 0, ""
	n.search(r)
}

// found is where a relay's connections go.
type found struct {
	place place
	err   error
	seats []newcomer
}

// newcomer is a connection on its way into the room's new place.
type newcomer struct {
	s    *relaySeat
	e    entrance
	err  error // it has no right to the seat any more
	seat seat  // in the room on this node
}

// search asks beside the loop where the room is.
func (n *Nodes) search(r *relay) {
	f := found{}
	for s := range r.seats {
		f.seats = append(f.seats, newcomer{s: s, e: s.e})
	}
	n.work.Go(func() {
		ctx, cancel := context.WithTimeout(n.ctx, storeWithin)
		defer cancel()
		f.place, f.err = n.hub.place(ctx, r.party)
		if f.err == nil {
			n.checkRights(ctx, f.seats)
			n.comeHere(&f)
		}
		n.mail.put(func() { n.arrive(r, f) })
	})
}

// checkRights asks who may be in the room still: while it moves nobody hears
// when somebody is sent out.
func (n *Nodes) checkRights(ctx context.Context, all []newcomer) {
	for i := range all {
		c := &all[i]
		_, m, err := n.hub.Parties.Enter(ctx, c.e.Join.Party, c.e.Who)
		switch f := fault.Of(err); {
		case err == nil:
			c.e.Member = m
		case f.Kind != fault.Unavailable && f.Kind != fault.Internal:
			c.err = err
		}
	}
}

// comeHere enters the room when it is on this node.
func (n *Nodes) comeHere(f *found) {
	r, here := f.place.(*room)
	if !here {
		return
	}
	for i := range f.seats {
		c := &f.seats[i]
		if c.err != nil {
			continue
		}
		if c.seat = r.enter(c.s.link, c.e); c.seat == nil {
			f.err = errStopped // and now it is not; look again
			return
		}
	}
}

// arrive settles a relay at its room's new place.
func (n *Nodes) arrive(r *relay, f found) {
	for _, c := range f.seats {
		n.settleHere(r, c)
	}
	switch {
	case errors.Is(f.err, fault.ErrNotFound):
		for s := range r.seats {
			n.dismiss(r, s, n.goodbye(s, wire.Closed{Code: "deleted", Reason: "The party was deleted."}))
		}
	case f.err != nil:
		n.again(r)
		return
	}
	r.moving = false
	if len(r.seats) == 0 {
		delete(n.relays, r.party)
		n.heads.Delete(r.party)
		return
	}
	a, far := f.place.(away)
	if !far {
		// Some came while the others entered the room here.
		r.moving = true
		n.search(r)
		return
	}
	r.owner = a.node
	for s := range r.seats {
		n.enter(r, s)
	}
}

// settleHere brings one connection to its seat in the room on this node, or out
// of the room.
func (n *Nodes) settleHere(r *relay, c newcomer) {
	s := c.s
	switch {
	case s.gone:
		if c.seat != nil {
			c.seat.leave(false)
		}
	case c.err != nil:
		n.dismiss(r, s, n.goodbye(s, wire.Closed{Code: "kicked", Reason: "You have no seat in this party any more."}))
	case c.seat != nil:
		s.here = c.seat
		n.forget(r, s)
		s.resend(c.seat.frame)
	default:
		s.e.Member = c.e.Member
	}
}

func (n *Nodes) goodbye(s *relaySeat, why wire.Closed) *frame {
	return encode(wire.PartyClosed, wire.Down{Room: wire.PartyRoom(string(s.party)), ST: n.hub.time.ms()}, why)
}

// again tries once more, after a pause that grows.
func (n *Nodes) again(r *relay) {
	pause := min(firstTry<<min(r.tries, 10), mostTry)
	r.tries++
	time.AfterFunc(pause, func() {
		n.mail.put(func() {
			if len(r.seats) == 0 {
				r.moving = false
				delete(n.relays, r.party)
				return
			}
			n.search(r)
		})
	})
}

// lookAt finds seats that nothing is heard of, and frames that have waited for
// too long.
func (n *Nodes) lookAt(r *relay, now time.Time) {
	for s := range r.seats {
		if !r.moving {
			if s.num != 0 && !s.heard && now.Sub(s.since) > enterWithin {
				n.move(r)
			}
			continue
		}
		if !s.known && now.Sub(s.asked) > joinWithin {
			n.dismiss(r, s, encode(wire.ErrorDown, wire.Down{Re: s.e.Re, Room: wire.PartyRoom(string(s.party)), ST: n.hub.time.ms()},
				wire.Failed{Problem: fault.ProblemOf(errNoOwner.After(time.Second), s.e.Session)}))
			continue
		}
		s.expire(now)
	}
}

// expire refuses what has waited for a room for too long; the client tries
// again when it likes.
func (s *relaySeat) expire(now time.Time) {
	left := s.pending[:0]
	for _, w := range s.pending {
		if now.Sub(w.at) > pendingFor {
			s.refuse(w.a.Up, fault.ErrUnavailable.After(time.Second))
			continue
		}
		left = append(left, w)
	}
	s.pending = left
}
