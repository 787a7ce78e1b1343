package rtc

import (
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
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

// publish makes p the one who sends a share.
func (r *Room) publish(p *peer, o Publish) error {
	s := r.share(o.Share)
	if s == nil {
		return ErrTooLarge.At("share", "There are too many screens in this room.")
	}
	s.mu.Lock()
	old := s.peer
	s.peer = p
	s.mu.Unlock()
	if old != nil && old != p {
		s.silence()
	}
	return nil
}

// unpublish ends all that p shows.
func (r *Room) unpublish(p *peer) {
	for _, s := range r.allShares() {
		s.mu.Lock()
		mine := s.peer == p
		if mine {
			s.peer = nil
		}
		s.mu.Unlock()
		if mine {
			s.silence()
			r.reap(s)
		}
	}
}

// Unshare ends a share: what still comes of it is dropped, and its viewers see
// nothing more of it.
func (r *Room) Unshare(name string) {
	r.mu.Lock()
	s := r.shares[name]
	r.mu.Unlock()
	if s == nil {
		return
	}
	s.mu.Lock()
	s.peer = nil
	s.mu.Unlock()
	s.silence()
	r.reap(s)
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

// read forwards a line of the share, or one encoding of it, until it ends.
func (s *share) read(p *peer, t *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	st := s.audio
	if t.Kind() == webrtc.RTPCodecTypeVideo {
		st = s.video
	}
	l := newLayer(st, p, t)
	s.mu.Lock()
	ok := s.peer == p && !p.gone.Load() && st.enter(l)
	s.mu.Unlock()
	if !ok {
		return
	}
	go l.listen(receiver)
	buf := make([]byte, mtu)
	var h rtp.Header
	for {
		n, _, err := t.Read(buf)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				s.room.sfu.log.Debug("a share ended", "room", s.room.name, "share", s.name, "err", err)
			}
			break
		}
		if payload := payloadOf(&h, buf[:n]); payload != nil && !p.gone.Load() {
			l.packet(&h, payload)
		}
	}
	if st.leave(l) && st == s.video {
		s.tell(false, ShareInfo{})
	}
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
