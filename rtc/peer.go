package rtc

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"watchparty/internal/fault"
)

// peer is one person's connection.
type peer struct {
	room  *Room
	name  string
	epoch uint64
	pc    *webrtc.PeerConnection
	mic   atomic.Pointer[mic]

	muted, deaf, priority, mayShare, gone atomic.Bool

	// answering is held while an offer is answered; it guards what follows.
	answering sync.Mutex
	legs      map[string]*leg // lines that we send, by mid
	sends     map[string]bool // lines that it sends, by mid
	intakes   []*intake       // of its share
	offer     Offer           // the last one that was answered
	budget    float64         // of offers
	offered   time.Time

	views sync.Mutex // guards what legs show

	wide    sync.Mutex // guards carries
	carries congestion
	quality quality
	way     atomic.Pointer[string] // that was told
}

func newPeer(r *Room, name string, epoch uint64) *peer {
	return &peer{room: r, name: name, epoch: epoch, legs: map[string]*leg{}, sends: map[string]bool{}}
}

func (p *peer) flag(f Flags) {
	p.muted.Store(f.Muted)
	p.deaf.Store(f.Deaf)
	p.priority.Store(f.Priority)
	p.mayShare.Store(f.Share)
}

// open makes the connection.
func (p *peer) open() error {
	s := p.room.sfu
	pc, err := s.api.NewPeerConnection(webrtc.Configuration{Certificates: s.certificates})
	if err != nil {
		return fault.ErrInternal.Because(err)
	}
	p.pc = pc
	p.budget, p.offered = offersAtOnce, s.now()
	pc.OnTrack(p.track)
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			p.arrived()
		case webrtc.PeerConnectionStateFailed:
			p.lose("lost")
		case webrtc.PeerConnectionStateClosed:
			p.lose("closed")
		}
	})
	p.ice().OnSelectedCandidatePairChange(func(*webrtc.ICECandidatePair) {
		if p.way.Load() != nil {
			p.arrived()
		}
	})
	s.metrics.Peers(1)
	return nil
}

func (p *peer) ice() *webrtc.ICETransport { return p.pc.SCTP().Transport().ICETransport() }

// arrived tells by which way the media comes, when that is news.
func (p *peer) arrived() {
	way := p.path()
	if way == "" || p.gone.Load() {
		return
	}
	if old := p.way.Swap(&way); old == nil || *old != way {
		p.room.tell(func(h Handler) { h.Connected(p.name, p.epoch, way) })
	}
}

// lose tells that the peer is gone, unless we ended it ourselves.
func (p *peer) lose(reason string) {
	if p.gone.Load() {
		return
	}
	p.room.tell(func(h Handler) { h.Lost(p.name, p.epoch, reason) })
	p.room.drop(p)
}

// close ends the connection. First nothing is forwarded any more, to it or
// from it; the farewell of the protocols goes on beside.
func (p *peer) close() {
	if p.pc == nil || p.gone.Swap(true) {
		return
	}
	r := p.room
	for _, s := range r.slots {
		s.leave(p)
	}
	if m := p.mic.Load(); m != nil {
		r.silence(m)
	}
	r.leaveShares(p)
	r.sfu.metrics.Peers(-1)
	r.sfu.work.Go(func() { _ = p.pc.Close() })
}

// track is called when the peer begins to send a line.
func (p *peer) track(t *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	mid := ""
	for _, x := range p.pc.GetTransceivers() {
		if x.Receiver() == receiver {
			mid = x.Mid()
		}
	}
	p.answering.Lock()
	o := p.offer
	p.answering.Unlock()
	switch {
	case p.gone.Load():
	case mid == o.Mic && mid != "":
		m := &mic{peer: p, track: t, level: extension(receiver, levelURI)}
		if old := p.mic.Swap(m); old != nil {
			p.room.silence(old)
		}
		m.read()
	default:
		if in := (&intake{peer: p, mid: mid, track: t, receiver: receiver}); p.take(in) {
			in.read()
		}
	}
}

func extension(r *webrtc.RTPReceiver, uri string) uint8 {
	for _, e := range r.GetParameters().HeaderExtensions {
		if e.URI == uri {
			return uint8(e.ID)
		}
	}
	return 0
}

// path says how the media of a peer comes.
func (p *peer) path() string {
	pair, err := p.ice().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return ""
	}
	return p.room.sfu.pathOf(pair)
}

// number gives a packet its place among all that are sent to the peer.
func (p *peer) number(size int, now time.Time) uint16 {
	p.wide.Lock()
	defer p.wide.Unlock()
	return p.carries.sent(size, now)
}

func (p *peer) receipt(r *rtcp.TransportLayerCC, now time.Time) {
	p.wide.Lock()
	defer p.wide.Unlock()
	p.carries.receipt(r, now)
}

func (p *peer) overloaded(now time.Time) (bool, int) {
	p.wide.Lock()
	defer p.wide.Unlock()
	return p.carries.overloaded(now)
}
