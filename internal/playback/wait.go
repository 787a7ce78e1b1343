package playback

import (
	"math"

	"watchparty/internal/id"
)

// arm stops everybody at v.P until the players are ready there.
func (s *Show) arm(now float64, v Vector) {
	s.hold = nil
	s.forgetStalls()
	s.set(Vector{
		Item: s.vec.Item, P: v.P, T: now, Rate: s.vec.Rate, Arming: true, Plays: true,
		By: v.By, Why: v.Why, From: v.From,
	})
	s.barrier = &barrier{since: now, seq: s.vec.Seq, ready: map[id.User]bool{}}
	for u, p := range s.peers {
		if p.required() {
			s.barrier.ready[u] = false
		}
	}
	s.settle(now)
}

func (p *peer) required() bool { return p.Watches && !p.slow && p.RTT <= healthyRTT }

// Ready says that a member's player stands at the barrier. It is heard for the
// present barrier only; late, it still shows that the player can keep up.
func (s *Show) Ready(now float64, user id.User, seq uint64) {
	p := s.peers[user]
	if p == nil {
		return
	}
	b := s.barrier
	if b == nil {
		// Too late for the start, in time to be counted the next time.
		if seq <= s.vec.Seq && s.vec.Why != WhyRestore {
			p.slow = false
		}
		return
	}
	if seq < b.seq || seq > s.vec.Seq {
		return
	}
	p.slow = false
	if ready, required := b.ready[user]; required && !ready {
		b.ready[user] = true
		s.rev++
	}
	s.settle(now)
}

// StartNow ends a wait without waiting further.
func (s *Show) StartNow(now float64) {
	switch {
	case s.barrier != nil:
		s.commit(now)
	case s.hold != nil:
		s.resume(now)
	}
}

// settle ends the barrier if it is time.
func (s *Show) settle(now float64) {
	b := s.barrier
	if b == nil {
		return
	}
	ready := 0
	for _, is := range b.ready {
		if is {
			ready++
		}
	}
	// The same sums as in Next, for they round.
	switch {
	case ready == len(b.ready), now >= b.since+barrierCeiling:
	case now >= b.since+barrierMost && ready*5 >= len(b.ready)*4:
	default:
		return
	}
	s.commit(now)
}

// commit ends the barrier: everybody goes from the same place at one moment.
func (s *Show) commit(now float64) {
	for u, ready := range s.barrier.ready {
		if p := s.peers[u]; p != nil && !ready {
			p.slow = true
		}
	}
	s.run(now, now+s.lead(), s.vec)
}

// SetPeer tells that a member is in the room and how it does. It never moves
// the film by itself; somebody who stops watching is no longer waited for.
func (s *Show) SetPeer(now float64, user id.User, as Peer) {
	p := s.peers[user]
	if p == nil {
		p = &peer{}
		s.peers[user] = p
	}
	p.Peer = as
	if !p.Watches {
		s.release(now, user)
	}
}

// Gone tells that a member has left the room.
func (s *Show) Gone(now float64, user id.User) {
	delete(s.peers, user)
	s.release(now, user)
}

// release stops waiting for a member.
func (s *Show) release(now float64, user id.User) {
	if p := s.peers[user]; p != nil {
		p.stalled = false
	}
	if b := s.barrier; b != nil {
		if _, required := b.ready[user]; required {
			delete(b.ready, user)
			s.rev++
		}
		s.settle(now)
	}
	s.recover(now, user)
}

// Stall says that a member's player ran dry, or runs again. A small room waits
// for it a little; a large one never does.
func (s *Show) Stall(now float64, user id.User, seq uint64, on bool) {
	p := s.peers[user]
	if p == nil || seq > s.vec.Seq {
		return
	}
	if !on {
		p.stalled = false
		s.recover(now, user)
		return
	}
	if !p.stalled {
		p.stalled, p.stalledAt = true, now
	}
}

// forgetStalls starts anew where the players are about to be moved.
func (s *Show) forgetStalls() {
	for _, p := range s.peers {
		p.stalled = false
	}
}

func (s *Show) recover(now float64, user id.User) {
	if s.hold == nil {
		return
	}
	if _, held := s.hold.users[user]; !held {
		return
	}
	delete(s.hold.users, user)
	s.rev++
	if len(s.hold.users) == 0 {
		s.resume(now)
	}
}

func (s *Show) resume(now float64) {
	s.run(now, now+s.lead(), Vector{P: s.vec.P, Why: WhyStall, From: s.vec.P})
}

// dueStall says when the room is to wait for p, or +Inf.
func (s *Show) dueStall(p *peer) float64 {
	switch {
	case !p.stalled, !p.Watches, !s.waitSlow, !s.vec.Plays, s.barrier != nil, len(s.peers) > stallRoom:
		return math.Inf(1)
	case p.waited && p.stalledAt+stallPatience < p.waitedAt+stallPause:
		return math.Inf(1)
	}
	return p.stalledAt + stallPatience
}

func (s *Show) startHolds(now float64) {
	for u, p := range s.peers {
		if now < s.dueStall(p) {
			continue
		}
		p.waited, p.waitedAt = true, now
		if s.hold == nil {
			pos := s.Position(now)
			s.set(Vector{Item: s.vec.Item, P: pos, T: now, Rate: s.vec.Rate, Plays: true, By: u, Why: WhyStall, From: pos})
			s.hold = &hold{since: now, seq: s.vec.Seq, users: map[id.User]float64{}}
		}
		s.hold.users[u] = now
		s.rev++
	}
}

// Next is the moment at which Tick has something to do, or +Inf.
func (s *Show) Next() float64 {
	next := s.vec.EndsAt(s.duration)
	if s.pending != nil {
		next = min(next, s.pending.at)
	}
	if b := s.barrier; b != nil {
		at := b.since + barrierMost
		if b.checked {
			at = b.since + barrierCeiling
		}
		next = min(next, at)
	}
	if s.hold != nil {
		next = min(next, s.hold.since+stallCeiling)
	}
	for _, p := range s.peers {
		next = min(next, s.dueStall(p))
	}
	return next
}

// Tick does what is due at now and says whether the film has just ended.
func (s *Show) Tick(now float64) (ended bool) {
	if s.pending != nil && now >= s.pending.at {
		s.jump(now, s.pending.by, s.pending.to)
	}
	if b := s.barrier; b != nil {
		b.checked = now >= b.since+barrierMost
		s.settle(now)
	}
	if s.hold != nil && now >= s.hold.since+stallCeiling {
		for u := range s.hold.users {
			s.peers[u].stalled = false
		}
		s.resume(now)
	}
	s.startHolds(now)
	if now >= s.vec.EndsAt(s.duration) {
		s.undo = nil
		s.stand(now, Vector{P: s.duration, Why: WhyEnd, From: s.duration})
		s.flip("")
		return true
	}
	return false
}
