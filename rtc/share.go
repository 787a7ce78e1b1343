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

// keyframeEvery bounds how often a sharer is asked for a whole picture,
// however many come to see it.
const keyframeEvery = 500 * time.Millisecond

// share is a screen, and the sound that comes with it.
type share struct {
	room  *Room
	name  string
	video stream
	audio stream

	mu     sync.Mutex
	peer   *peer // who sends it; nil: nobody yet
	asked  time.Time
	asking *time.Timer
	ssrc   uint32 // of the video
}

// stream is one of the two.
type stream struct {
	mu   sync.Mutex
	run  uint64
	from *webrtc.TrackRemote
	legs []*leg
	past pictures // video only
}

// share gives the share of a name, which may have viewers before it is sent.
func (r *Room) share(name string) *share {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.shares[name]
	if s == nil {
		s = &share{room: r, name: name}
		r.shares[name] = s
	}
	return s
}

// publish makes p the one who sends a share.
func (r *Room) publish(p *peer, o Publish) {
	s := r.share(o.Share)
	s.mu.Lock()
	s.peer = p
	s.mu.Unlock()
}

// read forwards a line of the share until it ends.
func (s *share) read(p *peer, t *webrtc.TrackRemote) {
	s.mu.Lock()
	if s.peer != p {
		s.mu.Unlock()
		return
	}
	st := &s.audio
	video := t.Kind() == webrtc.RTPCodecTypeVideo
	if video {
		st, s.ssrc = &s.video, uint32(t.SSRC())
	}
	s.mu.Unlock()
	st.mu.Lock()
	st.run, st.from = s.room.runs.Add(1), t
	st.past = pictures{codec: t.Codec().MimeType}
	st.mu.Unlock()
	live := false
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
		size, err := h.Unmarshal(buf[:n])
		if err != nil || size >= n || p.gone.Load() {
			continue
		}
		if h.Padding {
			n -= min(int(buf[n-1]), n-size)
		}
		if n <= size {
			continue
		}
		if video && !live {
			live = true
			s.room.tell(func(h Handler) { h.ShareLive(s.name, true) })
		}
		s.room.sfu.flush.begin()
		sent := st.forward(t, &h, buf[size:n])
		s.room.sfu.flush.end()
		s.room.sfu.metrics.Forwarded(sent)
	}
	st.mu.Lock()
	mine := st.from == t
	if mine {
		st.from, st.past = nil, pictures{}
	}
	st.mu.Unlock()
	if live && mine {
		s.room.tell(func(h Handler) { h.ShareLive(s.name, false) })
	}
}

// forward sends a packet to all viewers. Timestamps stay as the sharer made
// them, the same for everybody, so that a drawing can name a frame.
func (st *stream) forward(t *webrtc.TrackRemote, h *rtp.Header, payload []byte) (n int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.from != t {
		return 0
	}
	if t.Kind() == webrtc.RTPCodecTypeVideo {
		st.past.add(h, payload)
	}
	for _, l := range st.legs {
		if st.send(l, h, payload) {
			n++
		}
	}
	return n
}

func (st *stream) send(l *leg, h *rtp.Header, payload []byte) bool {
	o := l.out.Load()
	if o == nil || l.peer.gone.Load() {
		l.run = 0
		return false
	}
	if l.run != st.run && !st.past.replay(l, st, o) {
		return false // its first picture has not begun
	}
	c := st.from.Codec()
	pt, ok := o.payload(c.MimeType, c.SDPFmtpLine)
	return ok && l.write(st.run, h, h.Timestamp, pt, o, payload) == nil
}

// show adds a viewer, who needs a whole picture to begin with.
func (s *share) show(l *leg) {
	st := &s.audio
	if l.kind == webrtc.RTPCodecTypeVideo {
		st = &s.video
	}
	st.mu.Lock()
	l.run = 0
	st.legs = append(st.legs, l)
	st.mu.Unlock()
	if l.kind == webrtc.RTPCodecTypeVideo {
		s.keyframe()
	}
}

func (s *share) hide(l *leg) {
	for _, st := range []*stream{&s.video, &s.audio} {
		st.mu.Lock()
		if i := slices.Index(st.legs, l); i >= 0 {
			st.legs = slices.Delete(st.legs, i, i+1)
		}
		st.mu.Unlock()
	}
}

// keyframe asks the sharer for a whole picture, at most every half second; who
// asks in between gets the next one.
func (s *share) keyframe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peer == nil || s.ssrc == 0 || s.asking != nil {
		return
	}
	now := s.room.sfu.now()
	if wait := keyframeEvery - now.Sub(s.asked); wait > 0 {
		s.asking = time.AfterFunc(wait, func() {
			s.mu.Lock()
			s.asking = nil
			s.mu.Unlock()
			s.keyframe()
		})
		return
	}
	s.asked = now
	_ = s.peer.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: s.ssrc}})
}

// wishes reads what a viewer says about a picture, until its line ends. The
// library repeats lost packets by itself as it reads.
func (r *Room) wishes(l *leg) {
	for {
		packets, _, err := l.sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			switch p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				if s := r.shown(l); s != nil {
					s.keyframe()
				}
			}
		}
	}
}

// shown gives the share that a leg shows.
func (r *Room) shown(l *leg) *share {
	l.peer.views.Lock()
	defer l.peer.views.Unlock()
	return l.shows
}

// bind changes which share a line shows.
func (p *peer) bind(views []View) error {
	p.answering.Lock()
	defer p.answering.Unlock()
	return p.bindAll(views)
}

func (p *peer) bindAll(views []View) error {
	for _, v := range views {
		l := p.legs[v.Mid]
		if l == nil {
			return ErrBadOffer.At("views", "Line "+v.Mid+" is not one that receives.")
		}
		var s *share
		if v.Share != "" {
			s = p.room.share(v.Share)
		}
		p.views.Lock()
		old := l.shows
		l.shows = s
		p.views.Unlock()
		if old == s {
			continue
		}
		if old != nil {
			old.hide(l)
		}
		if s != nil && !p.gone.Load() {
			s.show(l)
		}
	}
	return nil
}

// leaveShares takes a peer out of all shares: as a viewer and as the sharer.
func (r *Room) leaveShares(p *peer) {
	r.mu.Lock()
	all := make([]*share, 0, len(r.shares))
	for _, s := range r.shares {
		all = append(all, s)
	}
	r.mu.Unlock()
	for _, s := range all {
		for _, st := range []*stream{&s.video, &s.audio} {
			st.mu.Lock()
			st.legs = slices.DeleteFunc(st.legs, func(l *leg) bool { return l.peer == p })
			st.mu.Unlock()
		}
		s.mu.Lock()
		mine := s.peer == p
		if mine {
			s.peer, s.ssrc = nil, 0
		}
		s.mu.Unlock()
		if !mine {
			continue
		}
		for _, st := range []*stream{&s.video, &s.audio} {
			st.mu.Lock()
			st.from = nil // nothing that is still read is forwarded
			st.mu.Unlock()
		}
		r.tell(func(h Handler) { h.ShareLive(s.name, false) })
	}
}

// Unshare ends a share: what still comes of it is dropped.
func (r *Room) Unshare(name string) {
	r.mu.Lock()
	s := r.shares[name]
	delete(r.shares, name)
	r.mu.Unlock()
	if s == nil {
		return
	}
	for _, st := range []*stream{&s.video, &s.audio} {
		st.mu.Lock()
		st.from, st.legs = nil, nil
		st.mu.Unlock()
	}
	s.mu.Lock()
	s.peer, s.ssrc = nil, 0
	s.mu.Unlock()
}
