package hub

import (
	"context"
	"sync/atomic"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/id"
)

// guest is a connection of another node in a room of this one. To the room it
// is a link like any other.
type guest struct {
	nodes *Nodes
	peer  *peer
	num   uint64
	name  string
	party id.Party
	out   *outlet
	gone  atomic.Bool // nothing goes to it any more

	// The loop's.
	opened  chan struct{} // closed when the room has answered
	room    *room
	seat    seat
	queue   []arrival // while the room opens
	left    *bool     // it left meanwhile, clean or not
	doubted time.Time // since when it may not be there any more
}

func (g *guest) key() string { return g.name }

// hold needs no flush: the outlet gathers by itself.
func (g *guest) hold(f *frame) {
	if !g.gone.Load() {
		g.out.give(f, g.num)
	}
}

func (g *guest) flush() {}

// close ends the connection on its own node. When only the room moves, the
// connection stays and enters anew.
func (g *guest) close(reason wire.CloseReason) {
	if g.gone.Swap(true) {
		return
	}
	if reason == wire.CloseMoved {
		g.out.add(letter{Moved: []uint64{g.num}}, 0)
	} else {
		g.out.add(letter{Close: &closeLetter{g.num, reason.Code}}, 0)
	}
	g.nodes.mail.put(func() { g.nodes.dismissGuest(g.peer, g, false) })
}

func (g *guest) unseat(p id.Party, f *frame) {
	if g.gone.Swap(true) {
		return
	}
	g.out.add(letter{Unseat: &unseatLetter{g.num, p, packFrame(f)}}, len(f.body))
	g.nodes.mail.put(func() { g.nodes.dismissGuest(g.peer, g, false) })
}

// enters seats a connection of another node. When it has a seat already, this
// one takes its place.
func (n *Nodes) enters(p *peer, l enterLetter) {
	g := &guest{
		nodes: n, peer: p, num: l.Seat, name: l.Key, party: l.Entrance.Join.Party, out: p.out, opened: make(chan struct{}),
	}
	var before chan struct{}
	for num, old := range p.guests {
		if old.name == g.name && old.party == g.party {
			old.gone.Store(true)
			delete(p.guests, num)
			before = old.opened // the room must see them in this order
		}
	}
	p.guests[g.num] = g
	n.work.Go(func() {
		defer close(g.opened)
		if before != nil {
			<-before
		}
		ctx, cancel := context.WithTimeout(n.ctx, storeWithin)
		defer cancel()
		r, s := n.openFor(ctx, g, l.Entrance)
		n.mail.put(func() { n.seated(p, g, r, s) })
	})
}

// openFor finds the room here and enters it; nil is that it is not here.
func (n *Nodes) openFor(ctx context.Context, g *guest, e entrance) (*room, seat) {
	for range tries {
		r := n.here(ctx, g.party)
		if r == nil || g.gone.Load() {
			return nil, nil
		}
		if s := r.enter(g, e); s != nil {
			return r, s
		}
	}
	return nil, nil
}

// here gives a party's room if it is this node's, and opens it if need be.
func (n *Nodes) here(ctx context.Context, p id.Party) *room {
	pl, err := n.hub.place(ctx, p)
	if err != nil {
		n.hub.Log.Info("a room that another node asks for cannot be opened", "party", p, "err", err)
		return nil
	}
	r, _ := pl.(*room)
	return r
}

func (n *Nodes) seated(p *peer, g *guest, r *room, s seat) {
	if s == nil {
		if p.guests[g.num] == g && !g.gone.Swap(true) {
			delete(p.guests, g.num)
			p.out.add(letter{Moved: []uint64{g.num}}, 0)
		}
		return
	}
	g.room, g.seat = r, s
	n.watch(r)
	for _, a := range g.queue {
		s.frame(a)
	}
	g.queue = nil
	if g.left != nil {
		s.leave(*g.left)
	}
}

// watch tells the other nodes when a room ends: their connections look for it
// anew at once.
func (n *Nodes) watch(r *room) {
	if n.rooms[r] {
		return
	}
	n.rooms[r] = true
	n.work.Go(func() {
		select {
		case <-r.done:
			n.mail.put(func() { n.roomEnded(r) })
		case <-n.ctx.Done():
		}
	})
}

func (n *Nodes) roomEnded(r *room) {
	delete(n.rooms, r)
	for _, p := range n.peers {
		p.sendAway(func(g *guest) bool { return g.room == r })
	}
}

// farewell is for a node that goes down: its rooms have ended.
func (n *Nodes) farewell() {
	for _, p := range n.peers {
		p.sendAway(func(*guest) bool { return true })
	}
}

func (p *peer) sendAway(who func(*guest) bool) {
	var moved []uint64
	for num, g := range p.guests {
		if who(g) {
			delete(p.guests, num)
			if !g.gone.Swap(true) {
				moved = append(moved, num)
			}
		}
	}
	if len(moved) > 0 {
		p.out.add(letter{Moved: moved}, 8*len(moved))
	}
}

func (n *Nodes) says(p *peer, l sayLetter) {
	g := p.guests[l.Seat]
	switch {
	case g == nil:
		// It believes in a seat that is not there.
		p.out.add(letter{Moved: []uint64{l.Seat}}, 0)
	case g.seat != nil:
		g.seat.frame(l.Arrival)
	case len(g.queue) < pendingMost:
		g.queue = append(g.queue, l.Arrival)
	}
}

func (n *Nodes) leaves(p *peer, l leaveLetter) {
	if g := p.guests[l.Seat]; g != nil {
		n.dismissGuest(p, g, l.Clean)
	}
}

// dismissGuest forgets a connection and gives its seat up.
func (n *Nodes) dismissGuest(p *peer, g *guest, clean bool) {
	g.gone.Store(true)
	if p.guests[g.num] != g {
		return
	}
	delete(p.guests, g.num)
	if g.seat != nil {
		g.seat.leave(clean)
	} else {
		g.left = &clean
	}
}
