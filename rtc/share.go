package rtc

import (
	"slices"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// maxShares bounds the names of shares that a room knows at once.
const maxShares = 64

// share is a screen, and the sound that comes with it. It may have viewers
// before it is sent.
type share struct {
	room  *Room
	name  string
	video *stream
	audio *stream

	mu     sync.Mutex
	peer   *peer // who sends it; nil: nobody yet
	live   bool  // it was told that its picture flows
	info   ShareInfo
	offset uint64 // from the sharer's clock to ours, in NTP's fractions of seconds
	timed  bool
}

// share gives the share of a name; nil when there are too many.
func (r *Room) share(name string) *share {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.shares[name]
	if s == nil && len(r.shares) < maxShares {
		s = &share{room: r, name: name}
		s.video = &stream{share: s, kind: webrtc.RTPCodecTypeVideo, rate: 90000}
		s.audio = &stream{share: s, kind: webrtc.RTPCodecTypeAudio, rate: opusRate}
		r.shares[name] = s
	}
	return s
}

func (r *Room) allShares() []*share {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*share, 0, len(r.shares))
	for _, s := range r.shares {
		all = append(all, s)
	}
	return all
}

// reap forgets a share that nobody sends and nobody sees.
func (r *Room) reap(s *share) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peer == nil && s.video.idle() && s.audio.idle() && r.shares[s.name] == s {
		delete(r.shares, s.name)
	}
}

func (s *share) streams() [2]*stream { return [2]*stream{s.video, s.audio} }

// publish makes p the one who sends a share, and nothing else. The lock of
// answering is held.
func (p *peer) publish(o Publish) error {
	s := p.room.share(o.Share)
	if s == nil {
		return ErrTooLarge.At("share", "There are too many screens in this room.")
	}
	p.room.endShares(func(x *share) bool { return x != s && x.peer == p })
	s.mu.Lock()
	old := s.peer
	s.peer = p
	s.mu.Unlock()
	if old != nil && old != p {
		s.silence()
	}
	p.attachAll(o)
	return nil
}

// unpublish ends all that p shows.
func (r *Room) unpublish(p *peer) { r.endShares(func(s *share) bool { return s.peer == p }) }

// Unshare ends a share: what still comes of it is dropped, and its viewers see
// nothing more of it.
func (r *Room) Unshare(name string) { r.endShares(func(s *share) bool { return s.name == name }) }

// endShares ends some shares. which is asked with their locks held. When it has
// returned, no packet of them passes.
func (r *Room) endShares(which func(*share) bool) {
	for _, s := range r.allShares() {
		s.mu.Lock()
		ends := which(s)
		if ends {
			s.peer = nil
		}
		s.mu.Unlock()
		if ends {
			s.silence()
			r.reap(s)
		}
	}
}

// silence drops all that is still read. When it has returned, no packet of who
// sent the share passes.
func (s *share) silence() {
	for _, st := range s.streams() {
		st.clear()
	}
	s.mu.Lock()
	s.timed = false
	s.mu.Unlock()
	s.tell(false, ShareInfo{})
}

// tell says whether the picture flows, and what it is, when that is news.
func (s *share) tell(on bool, info ShareInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == on && (!on || s.info == info) {
		return
	}
	s.live, s.info = on, info
	s.room.tell(func(h Handler) { h.ShareLive(s.name, on, info) })
}

// clocks notes what a sharer says about its clock, the first time; both of its
// lines are on the same one.
func (s *share) clocks(ntp uint64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.timed {
		s.timed, s.offset = true, ntpTime(now)-ntp
	}
}

func (s *share) clockOffset() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.offset
}

// show adds a viewer.
func (s *share) show(l *leg, maxHeight int) {
	st := s.audio
	if l.kind == webrtc.RTPCodecTypeVideo {
		st = s.video
	}
	st.show(l, maxHeight)
}

func (s *share) hide(l *leg) {
	for _, st := range s.streams() {
		st.hide(func(x *leg) bool { return x == l })
	}
	s.room.reap(s)
}

// leaveShares takes a peer out of all shares: as a viewer and as the sharer.
func (r *Room) leaveShares(p *peer) {
	for _, s := range r.allShares() {
		for _, st := range s.streams() {
			st.hide(func(l *leg) bool { return l.peer == p })
		}
		r.reap(s)
	}
	r.unpublish(p)
}

// wishes reads what a peer says about a line that we send, until it ends.
func (r *Room) wishes(l *leg) {
	for {
		packets, _, err := l.sender.ReadRTCP()
		if err != nil {
			return
		}
		now := r.sfu.now()
		for _, p := range packets {
			switch k := p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				if s := l.peer.shown(l); s != nil {
					s.video.lost(l)
				}
			case *rtcp.TransportLayerNack:
				if s := l.peer.shown(l); s != nil && l.out.Load() != nil && k.MediaSSRC == l.out.Load().ssrc {
					s.video.again(l, k.Nacks, now)
				}
			case *rtcp.TransportLayerCC:
				l.peer.receipt(k, now)
				if s := l.peer.shown(l); s != nil {
					s.video.consider(l, now)
				}
			case *rtcp.ReceiverReport:
				l.peer.quality.reported(l, k.Reports, now)
			case *rtcp.SenderReport:
				l.peer.quality.reported(l, k.Reports, now)
			}
		}
	}
}

// shown gives the share that a leg shows.
func (p *peer) shown(l *leg) *share {
	p.views.Lock()
	defer p.views.Unlock()
	return l.shows
}

// bind changes which share a line shows.
func (p *peer) bind(views []View) error {
	p.answering.Lock()
	defer p.answering.Unlock()
	if len(views) > maxViews {
		return ErrTooLarge.At("views", "At most 32 lines.")
	}
	return p.bindAll(views)
}

func (p *peer) bindAll(views []View) error {
	for _, v := range views {
		l := p.legs[v.Mid]
		if l == nil || slices.Contains(p.offer.Voice, v.Mid) {
			return ErrBadOffer.At("views", "Line "+v.Mid+" is not one that shows a screen.")
		}
		var s *share
		if v.Share != "" {
			if s = p.room.share(v.Share); s == nil || len(v.Share) > maxName {
				return ErrTooLarge.At("views", "There are too many screens in this room.")
			}
		}
		p.views.Lock()
		old := l.shows
		l.shows = s
		p.views.Unlock()
		if old != nil && old != s {
			old.hide(l)
		}
		if s != nil {
			s.show(l, v.MaxHeight)
		}
	}
	return nil
}
