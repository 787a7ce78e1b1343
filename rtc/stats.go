package rtc

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtcp"
)

// PeerStats says how a peer's media is.
type PeerStats struct {
	Peer     string
	Epoch    uint64
	Path     string        // udp, tcp, relay; empty while there is none
	Loss     float64       // the worse of both ways, 0 to 1
	Jitter   time.Duration // of its microphone
	RTT      time.Duration // 0: not known
	Received int64         // packets of its microphone
}

// Stats tells about everybody in the room. Loss and jitter are of the time since
// the last call.
func (r *Room) Stats() []PeerStats {
	r.mu.Lock()
	peers := make([]*peer, 0, len(r.peers))
	for _, p := range r.peers {
		peers = append(peers, p)
	}
	r.mu.Unlock()
	all := make([]PeerStats, 0, len(peers))
	for _, p := range peers {
		s := PeerStats{Peer: p.name, Epoch: p.epoch, Path: p.path()}
		s.Loss, s.RTT = p.quality.take()
		if m := p.mic.Load(); m != nil {
			loss, jitter, n := m.comes.take(opusRate)
			s.Loss, s.Jitter, s.Received = max(s.Loss, loss), jitter, n
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b PeerStats) int { return strings.Compare(a.Peer, b.Peer) })
	return all
}

// arrivals counts what comes and what is missing, and how unevenly it comes (RFC
// 3550, appendix A).
type arrivals struct {
	mu       sync.Mutex
	begun    bool
	last     uint16
	expected int64
	got      int64
	jitter   float64 // in units of the timestamps
	transit  uint32
	born     time.Time
	// when take was called last
	expectedThen, gotThen int64
}

func (a *arrivals) add(seq uint16, ts uint32, rate int, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got++
	if !a.begun {
		a.begun, a.last, a.expected, a.born = true, seq, 1, now
		a.transit = -ts
		return
	}
	if ahead := int16(seq - a.last); ahead > 0 {
		a.expected += int64(ahead)
		a.last = seq
	}
	transit := ticks(now.Sub(a.born), rate) - ts
	d := int32(transit - a.transit)
	a.transit = transit
	if d < 0 {
		d = -d
	}
	if int(d) < rate { // a second is a silence, and no unevenness
		a.jitter += (float64(d) - a.jitter) / 16
	}
}

func (a *arrivals) take(rate int) (loss float64, jitter time.Duration, got int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	expected, came := a.expected-a.expectedThen, a.got-a.gotThen
	a.expectedThen, a.gotThen = a.expected, a.got
	if expected > 0 && came < expected {
		loss = float64(expected-came) / float64(expected)
	}
	return loss, time.Duration(a.jitter / float64(rate) * float64(time.Second)), a.got
}

// quality is what a peer says about what we send it.
type quality struct {
	mu   sync.Mutex
	loss float64
	rtt  time.Duration
}

func (q *quality) reported(l *leg, reports []rtcp.ReceptionReport, now time.Time) {
	o := l.out.Load()
	if o == nil {
		return
	}
	for _, r := range reports {
		if r.SSRC != o.ssrc {
			continue
		}
		q.mu.Lock()
		q.loss = max(q.loss, float64(r.FractionLost)/256)
		if span := uint32(ntpTime(now)>>16) - r.LastSenderReport - r.Delay; r.LastSenderReport != 0 && span < 1<<20 {
			q.rtt = time.Duration(span) * time.Second >> 16
		}
		q.mu.Unlock()
	}
}

// take gives the worst loss since the last call, and the newest round trip.
func (q *quality) take() (float64, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	loss := q.loss
	q.loss = 0
	return loss, q.rtt
}
