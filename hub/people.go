package hub

import (
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/internal/playback"
)

const (
	offlineAfter = 2 * time.Second  // then a cut shows
	grace        = 15 * time.Second // then it is a leave
	presenceGap  = 250 * time.Millisecond
	crowdSize    = 200 // above it only counts and hosts are told
	driftStep    = 5.0 // milliseconds; smaller changes are not worth a frame
)

// spot is one connection's place in the room.
type spot struct {
	room     *room
	link     link
	session  string
	person   *person
	quality  quality
	welcomed bool
	held     bool // there is something to flush
}

// hold hands a frame to the connection; it goes with the others of this turn of
// the room's loop.
func (s *spot) hold(f *frame) {
	s.link.hold(f)
	if !s.held {
		s.held = true
		s.room.held = append(s.room.held, s)
	}
}

// flush sends what the connections hold.
func (r *room) flush() {
	for i, s := range r.held {
		s.held = false
		r.held[i] = nil
		s.link.flush()
	}
	r.held = r.held[:0]
}

// person is somebody in the room, over all of his connections. For a while he
// is still here without any.
type person struct {
	who     account.Identity
	spots   map[*spot]struct{}
	since   time.Time
	ready   bool
	state   string
	drift   float64
	rtt     float64 // as reported; 0 is not known
	offline bool
	dim     *time.Timer // then the cut shows
	gone    *time.Timer // then it is a leave
}

func (p *person) stopTimers() {
	for _, t := range []*time.Timer{p.dim, p.gone} {
		if t != nil {
			t.Stop()
		}
	}
	p.dim, p.gone = nil, nil
}

// enter asks for a seat; nil says that the room has just stopped.
func (r *room) enter(l link, e entrance) seat {
	s := &spot{room: r, link: l, session: e.Session, quality: e.Quality}
	if !r.mail.put(func() { r.admit(s, e) }) {
		<-r.done
		return nil
	}
	return s
}

// leave gives the seat up.
func (s *spot) leave(clean bool) {
	s.room.mail.put(func() {
		if s.room.spots[s.link.key()] == s {
			s.room.vacate(s, clean)
		}
	})
}

// admit seats a connection whose right was checked a moment ago.
func (r *room) admit(s *spot, e entrance) {
	if r.final {
		s.link.close(wire.CloseMoved)
		return
	}
	if r.stopping {
		r.stopping = false // somebody came while it was about to stop
	}
	u := e.Who.User
	known, ok := r.members[u]
	if !ok || !known.Seated() || known.Role != e.Member.Role {
		// One of the two is older than the other: ask again who is who.
		r.members[u] = e.Member
		r.reload()
	}
	if old := r.spots[s.link.key()]; old != nil {
		delete(old.person.spots, old)
	}
	p := r.people[u]
	if p == nil {
		p = &person{spots: map[*spot]struct{}{}, since: r.now(), state: "watching"}
		if r.party.Status == party.Scheduled {
			p.state = "lobby"
		}
		r.people[u] = p
		r.heads.Store(int64(len(r.people)))
		r.changed(u)
	}
	p.who = e.Who
	p.stopTimers()
	r.voiceBack(u)
	if p.offline {
		p.offline = false
		r.changed(u)
	}
	s.person = p
	p.spots[s] = struct{}{}
	r.spots[s.link.key()] = s
	if r.hold != nil {
		r.hold.Stop()
		r.hold = nil
	}
	r.peer(u, p)
	r.attend(u)
	r.watchHost()
	r.welcome(s, e)
	r.firstLight()
}

// vacate takes a connection out. A person whose last one was cut has a grace
// in which nobody is told of a leave.
func (r *room) vacate(s *spot, clean bool) {
	delete(r.spots, s.link.key())
	p := s.person
	delete(p.spots, s)
	if len(p.spots) > 0 {
		return
	}
	u := p.who.User
	if clean {
		r.voiceOut(u, "")
		r.remove(u)
		return
	}
	r.show.Gone(r.ms(), u)
	r.attend(u)
	r.noteEmpty()
	p.stopTimers()
	p.dim = r.after(offlineAfter, func() {
		if len(p.spots) == 0 && r.people[u] == p {
			p.offline = true
			r.changed(u)
		}
	})
	p.gone = r.after(grace, func() {
		if len(p.spots) == 0 && r.people[u] == p {
			r.remove(u)
			r.voiceStays(u)
		}
	})
	r.watchHost()
}

// remove takes a person out of the room.
func (r *room) remove(u id.User) {
	p := r.people[u]
	if p == nil {
		return
	}
	p.stopTimers()
	for s := range p.spots {
		delete(r.spots, s.link.key())
	}
	delete(r.people, u)
	r.heads.Store(int64(len(r.people)))
	r.show.Gone(r.ms(), u)
	r.attend(u)
	r.stopTyping(u)
	r.changed(u)
	r.watchHost()
	r.noteEmpty()
	if len(r.people) == 0 {
		r.idle.Reset(idleAfter)
	}
}

// expel closes a person's seats and tells him why.
func (r *room) expel(u id.User, why wire.Closed) {
	r.voiceOut(u, "")
	p := r.people[u]
	if p == nil {
		return
	}
	f := encode(wire.PartyClosed, r.head(), why)
	for s := range p.spots {
		s.link.unseat(r.id, f)
	}
	r.remove(u)
}

// peer tells the film how a person does.
func (r *room) peer(u id.User, p *person) {
	if len(p.spots) == 0 {
		return
	}
	var q quality
	for s := range p.spots {
		q.RTT = max(q.RTT, s.quality.RTT)
		q.OneWay = max(q.OneWay, s.quality.OneWay)
	}
	// The client asks for the clock often, so it knows the best round trip better.
	if p.rtt > 0 && (q.RTT == 0 || p.rtt < q.RTT) {
		q = quality{RTT: p.rtt, OneWay: q.OneWay + (p.rtt-q.RTT)/2}
	}
	r.show.SetPeer(r.ms(), u, playback.Peer{RTT: q.RTT, OneWay: q.OneWay, Watches: p.watches()})
}

// watches says whether the film runs before a person.
func (p *person) watches() bool {
	return p.state == "watching" || p.state == "loading" || p.state == "catching_up"
}

// presenceOf shows a person in the room.
func (r *room) presenceOf(u id.User) wire.Presence {
	p, m := r.people[u], r.members[u]
	state := p.state
	if p.offline {
		state = "offline"
	}
	return wire.Presence{
		User: wire.UserOf(m.Person), Role: m.Role.String(), Color: m.Color,
		Ready: p.ready, State: state, DriftMS: p.drift,
	}
}

// here lists who is in the room, as far as everybody is told.
func (r *room) here() []wire.Presence {
	out := make([]wire.Presence, 0, min(len(r.people), crowdSize))
	for u := range r.people {
		if r.public(u) {
			out = append(out, r.presenceOf(u))
		}
	}
	return out
}

// public says whether a person's coming and going is told by name.
func (r *room) public(u id.User) bool {
	if len(r.people) <= crowdSize || leads(r.members[u].Role) {
		return true
	}
	_, told := r.told[u]
	return told
}

// changed marks a person whose presence is to be told, soon and with others.
func (r *room) changed(u id.User) {
	r.dirty[u] = struct{}{}
	if r.presence == nil {
		r.presence = r.after(presenceGap, r.tellPresence)
	}
}

// tellPresence sends what came together since the last time.
func (r *room) tellPresence() {
	r.presence = nil
	d := wire.PresenceDiff{Joined: []wire.Presence{}, Changed: []wire.Presence{}, Left: []id.User{}, Count: len(r.people)}
	for u := range r.dirty {
		was, told := r.told[u]
		if r.people[u] == nil {
			if told {
				delete(r.told, u)
				d.Left = append(d.Left, u)
			}
			continue
		}
		if !r.public(u) {
			continue
		}
		is := r.presenceOf(u)
		switch {
		case !told:
			d.Joined = append(d.Joined, is)
		case is != was:
			d.Changed = append(d.Changed, is)
		}
		r.told[u] = is
	}
	clear(r.dirty)
	if len(d.Joined)+len(d.Changed)+len(d.Left) == 0 && r.toldN == d.Count {
		return
	}
	r.toldN = d.Count
	r.send(encode(wire.PresenceChanged, r.head(), d))
}

// states are what a person may say of himself.
var states = map[string]bool{
	"lobby": true, "watching": true, "loading": true, "catching_up": true, "away": true, "stepped_out": true,
}

var errState = fault.New(fault.Invalid, "presence.state", "There is no such state.")

func (r *room) setPresence(c *call, v wire.SetPresence) error {
	p := r.people[c.user()]
	if p == nil {
		return errNotJoined
	}
	if v.State != nil {
		if !states[*v.State] {
			return errState.At("state", "is not one of those that there are")
		}
		p.state = *v.State
	}
	if v.Ready != nil {
		p.ready = *v.Ready
	}
	r.peer(c.user(), p)
	r.attend(c.user())
	r.changed(c.user())
	return nil
}
