package hub

import (
	"encoding/json"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

const (
	pendingMost = 64              // frames of one connection that may wait for an answer
	pendingFor  = 5 * time.Second // then a frame that waits for a room is refused
	onceFor     = time.Second     // the same for one that must not come late
	enterWithin = 3 * time.Second // then a seat that nothing is heard of is asked for anew
)

// away is a room of another node. It is place.
type away struct {
	nodes *Nodes
	node  string
	party id.Party
}

func (n *Nodes) at(node string, p id.Party) place { return away{n, node, p} }

// online counts the people in p's room, as far as this node has heard.
func (n *Nodes) online(p id.Party) int {
	v, _ := n.heads.Load(p)
	heads, _ := v.(int)
	return heads
}

func (a away) enter(l link, e entrance) seat {
	s := &relaySeat{nodes: a.nodes, party: a.party, link: l, e: e, asked: a.nodes.hub.Now()}
	if !a.nodes.mail.put(func() { a.nodes.join(s, a.node) }) {
		return nil
	}
	return s
}

// relay is one party that runs elsewhere, with this node's connections in it.
type relay struct {
	party  id.Party
	owner  string
	seats  map[*relaySeat]struct{}
	moving bool // the owner is looked for
	tries  int
}

// relaySeat is the place of one of our connections in a room of another node,
// and stays it when the room moves, also when it moves here. All but the first
// four fields are the loop's.
type relaySeat struct {
	nodes *Nodes
	party id.Party
	link  link
	asked time.Time // when the client asked to come in

	e       entrance  // its Join says what the client has got so far
	num     uint64    // names the seat at the owner; 0 while there is none
	since   time.Time // of num
	heard   bool      // the owner has answered to num
	known   bool      // the client has got a welcome
	gone    bool
	here    seat // the room is on this node now
	pending []pending
}

// pending is a frame of the client without an answer so far.
type pending struct {
	a    arrival
	at   time.Time
	sent bool
}

// join takes a new seat to its room.
func (n *Nodes) join(s *relaySeat, node string) {
	r := n.relays[s.party]
	if r == nil {
		r = &relay{party: s.party, owner: node, seats: map[*relaySeat]struct{}{}}
		n.relays[s.party] = r
	}
	if s.gone {
		return
	}
	r.seats[s] = struct{}{}
	switch {
	case r.moving:
	case r.owner != node:
		n.move(r)
	default:
		n.enter(r, s)
	}
}

// enter asks the owner for a seat. What has no answer yet goes behind it.
func (n *Nodes) enter(r *relay, s *relaySeat) {
	p := n.peer(r.owner)
	now := n.hub.Now()
	p.patience(now)
	s.num, s.since, s.heard = n.nums.Add(1), now, false
	p.seats[s.num] = s
	p.out.add(letter{Enter: &enterLetter{s.num, s.link.key(), s.e}}, 0)
	s.resend(func(a arrival) { n.tell(p, s, a) })
}

func (n *Nodes) tell(p *peer, s *relaySeat, a arrival) {
	a.At -= p.clocks.ahead(n.hub.time.ms())
	p.out.add(letter{Say: &sayLetter{s.num, a}}, len(a.Up.Data))
}

// resend sends what waits for a room, and what went to the last one without an
// answer: with an op it has no second effect.
func (s *relaySeat) resend(send func(arrival)) {
	now := s.nodes.hub.Now()
	all := s.pending
	s.pending = nil
	for _, w := range all {
		if w.a.Up.Op == "" && (w.sent || now.Sub(w.at) > onceFor) {
			s.refuse(w.a.Up, fault.ErrUnavailable.After(time.Second))
			continue
		}
		send(w.a)
		if w.a.Up.ID != "" && s.here == nil {
			s.pending = append(s.pending, pending{w.a, now, true})
		}
	}
}

func (s *relaySeat) frame(a arrival) { s.nodes.mail.put(func() { s.nodes.say(s, a) }) }

func (s *relaySeat) leave(clean bool) { s.nodes.mail.put(func() { s.nodes.part(s, clean) }) }

// retire is for a seat in whose place another one of the same connection came.
func (s *relaySeat) retire() { s.leave(false) }

func (n *Nodes) say(s *relaySeat, a arrival) {
	if s.gone {
		return
	}
	if s.here != nil {
		s.here.frame(a)
		return
	}
	if len(s.pending) >= pendingMost {
		s.refuse(a.Up, errBusy.After(flooded))
		return
	}
	w := pending{a: a, at: n.hub.Now(), sent: s.num != 0}
	if w.sent {
		n.tell(n.peer(n.relays[s.party].owner), s, a)
	}
	if a.Up.ID != "" || !w.sent {
		s.pending = append(s.pending, w)
	}
}

// refuse answers a frame in the owner's place.
func (s *relaySeat) refuse(up wire.Up, err error) {
	if up.ID == "" {
		return
	}
	h := s.nodes.hub
	s.link.hold(encode(wire.ErrorDown, wire.Down{Re: up.ID, Room: wire.PartyRoom(string(s.party)), ST: h.time.ms()},
		wire.Failed{Problem: fault.ProblemOf(err, s.e.Session)}))
	s.link.flush()
}

// part gives a seat up.
func (n *Nodes) part(s *relaySeat, clean bool) {
	if s.gone {
		return
	}
	s.gone = true
	if s.here != nil {
		s.here.leave(clean)
		return
	}
	r := n.relays[s.party]
	if r == nil {
		return
	}
	if s.num != 0 {
		n.peer(r.owner).out.add(letter{Leave: &leaveLetter{s.num, clean}}, 0)
	}
	n.forget(r, s)
}

// forget takes a seat out of its relay.
func (n *Nodes) forget(r *relay, s *relaySeat) {
	if p := n.peers[r.owner]; p != nil {
		delete(p.seats, s.num)
	}
	s.num = 0
	delete(r.seats, s)
	if len(r.seats) == 0 && !r.moving {
		delete(n.relays, r.party)
		n.heads.Delete(r.party)
	}
}

// given hands a frame of the owner to those that it is for.
func (n *Nodes) given(p *peer, g giveLetter) {
	f := g.frame(p.clocks.ahead(n.hub.time.ms()))
	head := f.look()
	for _, num := range g.To {
		if s := p.seats[num]; s != nil {
			n.take(s, f, head)
		}
	}
}

func (g giveLetter) frame(ahead float64) *frame {
	f := newFrame(g.Class, inOurTime(g.Body, ahead))
	f.key, f.seq, f.refusal = g.Key, g.Seq, g.Refusal
	return f
}

// heading is what a relay wants to know of some frames.
type heading struct {
	Type string `json:"type"`
	Re   string `json:"re"`
	Data struct {
		Mode  string `json:"mode"`
		Epoch string `json:"epoch"`
		Seq   int64  `json:"seq"`
		Count *int   `json:"count"`
	} `json:"data"`
}

// look reads the heading of those frames that have something of interest in it.
func (f *frame) look() (h heading) {
	if f.class == wire.Direct && f.seq == 0 || f.class == wire.Arrival {
		// Data of other frames may be of another shape; what was read stands.
		_ = json.Unmarshal(f.body, &h)
	}
	return h
}

// take notes what the connection gets, and passes it on.
func (n *Nodes) take(s *relaySeat, f *frame, h heading) {
	s.heard = true
	join := &s.e.Join
	if f.seq > 0 {
		switch {
		case f.seq <= join.Seq:
			return // it has it
		case f.seq > join.Seq+1:
			n.move(n.relays[s.party]) // something is missing: enter anew and resume
			return
		}
		join.Seq = f.seq
	}
	if h.Data.Count != nil {
		n.heads.Store(s.party, *h.Data.Count)
	}
	if h.Type == wire.PartyWelcome.Name {
		s.known, s.e.Re, join.Epoch = true, "", h.Data.Epoch
		if h.Data.Mode != resumed {
			join.Seq = h.Data.Seq
		}
	}
	if h.Re != "" {
		s.answered(h.Re)
	}
	s.link.hold(f)
	s.link.flush()
}

func (s *relaySeat) answered(re string) {
	for i, w := range s.pending {
		if w.a.Up.ID == re {
			s.pending = append(s.pending[:i:i], s.pending[i+1:]...)
			return
		}
	}
}

func (n *Nodes) closed(p *peer, l closeLetter) {
	s := p.seats[l.Seat]
	if s == nil {
		return
	}
	s.gone = true
	n.forget(n.relays[s.party], s)
	reason := wire.CloseMoved
	for _, r := range wire.CloseReasons {
		if r.Code == l.Code {
			reason = r
		}
	}
	s.link.close(reason)
}

func (n *Nodes) unseated(p *peer, l unseatLetter) {
	if s := p.seats[l.Seat]; s != nil {
		n.dismiss(n.relays[s.party], s, l.Frame.frame(p.clocks.ahead(n.hub.time.ms())))
	}
}

// dismiss takes the seat from a connection, which is told why by f.
func (n *Nodes) dismiss(r *relay, s *relaySeat, f *frame) {
	s.gone = true
	n.forget(r, s)
	s.link.unseat(s.party, f)
}
