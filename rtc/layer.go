package rtc

import (
	"cmp"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

const (
	// keyframeEvery bounds how often a sharer is asked for a whole picture,
	// however many come to see it.
	keyframeEvery = 500 * time.Millisecond
	// layerSilent is how long an encoding may send nothing and still count as
	// one that a viewer could have.
	layerSilent = 2 * time.Second
	// clockPatience is how long an encoding waits for the sharer to say how its
	// time relates to that of the others.
	clockPatience = 3 * time.Second
)

// layer is one encoding of a share's picture, or its sound.
type layer struct {
	stream *stream
	peer   *peer
	rid    string
	ssrc   uint32
	run    uint64
	mime   string
	key    string // of the codec

	// Guarded by the stream.
	shift  uint32 // added to the timestamps: the same for all viewers
	timed  bool   // shift is settled
	since  time.Time
	heard  time.Time
	past   history
	info   ShareInfo
	report clockReport
	meter  meter

	asks   sync.Mutex
	asked  time.Time
	asking *time.Timer
}

// clockReport is what the sharer said last about the time of an encoding.
type clockReport struct {
	ok  bool
	at  time.Time
	ntp uint64
	rtp uint32
}

// meter counts bits a second.
type meter struct {
	since time.Time
	bytes int
	rate  int
}

func (m *meter) add(n int, now time.Time) {
	if span := now.Sub(m.since); span >= time.Second {
		if !m.since.IsZero() {
			m.rate = int(float64(m.bytes*8) / span.Seconds())
		}
		m.since, m.bytes = now, 0
	}
	m.bytes += n
}

func newLayer(st *stream, p *peer, t *webrtc.TrackRemote) *layer {
	c := t.Codec()
	return &layer{
		stream: st, peer: p, rid: t.RID(), ssrc: uint32(t.SSRC()), run: st.share.room.runs.Add(1),
		mime: strings.ToLower(c.MimeType), key: codecKey(c.RTPCodecCapability), since: st.share.room.sfu.now(),
	}
}

// packet forwards one packet.
func (l *layer) packet(h *rtp.Header, payload []byte) {
	s := l.stream.share
	r := s.room
	now := r.sfu.now()
	r.sfu.flush.begin()
	n, news := l.stream.forward(l, h, payload, now)
	r.sfu.flush.end()
	r.sfu.metrics.Forwarded(n)
	if news != nil {
		s.tell(true, *news)
	}
}

// keyframe asks the sharer for a whole picture, at most every half second; who
// asks in between gets the next one.
func (l *layer) keyframe() {
	if l.stream.kind != webrtc.RTPCodecTypeVideo {
		return
	}
	l.asks.Lock()
	defer l.asks.Unlock()
	if l.asking != nil || l.peer.gone.Load() {
		return
	}
	now := l.peer.room.sfu.now()
	if wait := keyframeEvery - now.Sub(l.asked); wait > 0 {
		l.asking = time.AfterFunc(wait, func() {
			l.asks.Lock()
			l.asking = nil
			l.asks.Unlock()
			l.keyframe()
		})
		return
	}
	l.asked = now
	_ = l.peer.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: l.ssrc}})
}

// end lets nothing be asked any more.
func (l *layer) end() {
	l.asks.Lock()
	defer l.asks.Unlock()
	if l.asking != nil {
		l.asking.Stop()
	}
}

// bySize orders encodings from the smallest.
func bySize(a, b *layer) int {
	return cmp.Or(cmp.Compare(a.info.Height, b.info.Height), cmp.Compare(a.meter.rate, b.meter.rate), cmp.Compare(a.run, b.run))
}
