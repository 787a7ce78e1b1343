package rtc

import (
	"slices"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// maxLayers bounds the encodings of one picture.
const maxLayers = 3

// stream is the picture of a share, in one or several encodings, or its sound.
type stream struct {
	share *share
	kind  webrtc.RTPCodecType
	rate  int // of its timestamps

	mu     sync.Mutex
	layers []*layer // from the smallest
	legs   []*leg
	began  bool
	last   uint32 // timestamp that was sent last, as viewers see it
	at     time.Time
	pass   packet // under way
	twice  [2 + mtu]byte
}

func (st *stream) idle() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return len(st.legs) == 0 && len(st.layers) == 0
}

func (st *stream) has(l *layer) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return slices.Contains(st.layers, l)
}

// enter adds an encoding, or refuses it.
func (st *stream) enter(l *layer) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	// A line that began anew replaces what it sent before.
	st.layers = slices.DeleteFunc(st.layers, func(x *layer) bool { return x.rid == l.rid })
	if len(st.layers) >= maxLayers {
		return false
	}
	st.layers = append(st.layers, l)
	slices.SortFunc(st.layers, bySize)
	return true
}

// leave takes an encoding out, and says whether it was the last.
func (st *stream) leave(l *layer) (last bool) {
	l.end()
	st.mu.Lock()
	defer st.mu.Unlock()
	i := slices.Index(st.layers, l)
	if i < 0 {
		return false
	}
	st.layers = slices.Delete(st.layers, i, i+1)
	st.forget()
	return len(st.layers) == 0
}

// clear takes all encodings out.
func (st *stream) clear() {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, l := range st.layers {
		l.end()
	}
	st.layers = nil
	st.forget()
}

// forget makes viewers begin anew whose encoding is not there any more. The
// lock is held.
func (st *stream) forget() {
	for _, g := range st.legs {
		if g.view.layer != nil && !slices.Contains(st.layers, g.view.layer) {
			g.view.layer = nil
		}
		if g.view.want != nil && !slices.Contains(st.layers, g.view.want) {
			g.view.want = nil
		}
	}
}

// forward sends a packet of an encoding to all who get that one. Timestamps are
// the same for everybody, so that a drawing can name a frame. news is what the
// picture is, when that changed or this is its first packet.
func (st *stream) forward(l *layer, h *rtp.Header, payload []byte, now time.Time) (n int, news *ShareInfo) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !slices.Contains(st.layers, l) {
		return 0, nil
	}
	whole := false
	if st.kind == webrtc.RTPCodecTypeVideo {
		if l.past.get(h.SequenceNumber) != nil {
			return 0, nil // it came twice: as lost, and again
		}
		if whole = beginsWhole(l.mime, payload); whole || l.heard.IsZero() {
			news = st.describe(l, payload)
		}
		l.past.add(h, payload, whole)
	}
	l.heard = now
	l.meter.add(len(payload), now)
	if !st.settle(l, h, now) {
		return 0, news
	}
	p := &st.pass
	*p = packet{seq: h.SequenceNumber, ts: h.Timestamp + l.shift, marker: h.Marker, at: now, payload: payload}
	if !st.began || int32(p.ts-st.last) > 0 {
		st.began, st.last, st.at = true, p.ts, now
	}
	for _, g := range st.legs {
		if st.send(g, l, p, whole) {
			n++
		}
	}
	return n, news
}

// describe reads what a whole picture says about itself, and gives what the
// largest encoding is.
func (st *stream) describe(l *layer, payload []byte) *ShareInfo {
	l.info.Codec = l.mime[len("video/"):]
	if w, h := pictureSize(l.mime, payload); w > 0 && h > 0 && (l.info.Width != w || l.info.Height != h) {
		l.info.Width, l.info.Height = w, h
		slices.SortFunc(st.layers, bySize)
	}
	news := st.layers[len(st.layers)-1].info
	return &news
}

// settle finds how the time of an encoding relates to what viewers see. The
// first one gives the time; the others follow by what the sharer says about its
// clock, so that the same moment has the same timestamp in all of them.
func (st *stream) settle(l *layer, h *rtp.Header, now time.Time) bool {
	if l.timed {
		return true
	}
	goesOn := func() uint32 {
		return st.last + uint32(int64(now.Sub(st.at))*int64(st.rate)/int64(time.Second)) - h.Timestamp
	}
	i := slices.IndexFunc(st.layers, func(x *layer) bool { return x.timed })
	switch {
	case i < 0:
		if st.began { // another sender, or the same again
			l.shift = goesOn()
		}
	case l.report.ok && st.layers[i].report.ok:
		a, b := st.layers[i], l
		between := int64(b.report.ntp-a.report.ntp) * int64(st.rate) >> 32
		l.shift = a.shift + a.report.rtp + uint32(between) - b.report.rtp
	case now.Sub(l.since) > clockPatience:
		l.shift = goesOn()
	default:
		return false
	}
	l.timed = true
	for _, g := range st.legs {
		st.choose(g, now)
	}
	return true
}

// clock notes what the sharer said about an encoding's time.
func (st *stream) clock(l *layer, r clockReport) {
	st.mu.Lock()
	defer st.mu.Unlock()
	l.report = r
}

// show adds a viewer, or changes what it wants.
func (st *stream) show(g *leg, maxHeight int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if g.peer.gone.Load() {
		return
	}
	if !slices.Contains(st.legs, g) {
		g.run, g.view = 0, &view{}
		st.legs = append(st.legs, g)
	}
	g.view.maxHeight = maxHeight
	st.choose(g, st.share.room.sfu.now())
}

// hide takes viewers out. When it has returned, nothing more is sent to them.
func (st *stream) hide(which func(*leg) bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.legs = slices.DeleteFunc(st.legs, which)
}

// lost answers a viewer who cannot go on: with a new whole picture.
func (st *stream) lost(g *leg) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !slices.Contains(st.legs, g) {
		return
	}
	if l := g.view.layer; l != nil {
		l.keyframe()
	} else if g.view.want != nil {
		g.view.want.keyframe()
	}
}

// again sends what a viewer lost once more (RFC 4588).
func (st *stream) again(g *leg, nacks []rtcp.NackPair, now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	o := g.out.Load()
	if o == nil || o.again == 0 || g.peer.gone.Load() || !slices.Contains(st.legs, g) {
		return
	}
	st.share.room.sfu.flush.begin()
	defer st.share.room.sfu.flush.end()
	for i := range nacks {
		nacks[i].Range(func(seq uint16) bool {
			st.repeat(g, o, seq, now)
			return true
		})
	}
}
