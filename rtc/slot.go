package rtc

import (
	"sync"
	"time"

	"github.com/pion/rtp"
)

// opusRate is the clock of Opus in RTP (RFC 7587, section 4.1).
const opusRate = 48000

// slot carries one voice at a time to everybody.
type slot struct {
	mu    sync.Mutex
	owner *mic
	run   uint64 // changes whenever the numbers of the owner begin anew
	fresh bool   // no packet of this run yet
	shift uint32 // added to the timestamps of this run
	last  uint32 // timestamp that was sent last
	at    time.Time
	legs  []*leg
	pass  packet // under way
}

// give hands the slot to m; nil empties it.
func (s *slot) give(m *mic, run uint64) {
	s.mu.Lock()
	s.owner, s.run, s.fresh = m, run, true
	s.mu.Unlock()
}

// add puts a leg into the slot, unless its peer is gone.
func (s *slot) add(l *leg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !l.peer.gone.Load() {
		s.legs = append(s.legs, l)
	}
}

// forward sends a packet of m to everybody but m, if the slot is still his. It
// gives how many got it. When leave or give has returned, nothing of before is
// on its way here any more.
func (s *slot) forward(m *mic, h *rtp.Header, payload []byte, now time.Time) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner != m {
		return 0
	}
	if s.fresh {
		// Time goes on through the change, so that no listener waits or hurries.
		s.shift = s.last + uint32(now.Sub(s.at)*opusRate/time.Second) - h.Timestamp
		s.fresh = false
	}
	p := &s.pass
	*p = packet{seq: h.SequenceNumber, ts: h.Timestamp + s.shift, marker: h.Marker, at: now, payload: payload}
	s.last, s.at = p.ts, now
	for _, l := range s.legs {
		o := l.out.Load()
		if o == nil || l.peer == m.peer || l.peer.deaf.Load() || l.peer.gone.Load() {
			l.run = 0 // what it missed is not to look like loss
			continue
		}
		p.pt = uint8(o.codecs[0].PayloadType)
		if l.write(o, s.run, p) == nil {
			n++
		}
	}
	return n
}

// leave takes a peer's legs out.
func (s *slot) leave(p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.legs[:0]
	for _, l := range s.legs {
		if l.peer != p {
			kept = append(kept, l)
		}
	}
	clear(s.legs[len(kept):])
	s.legs = kept
}
