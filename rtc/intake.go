package rtc

import (
	"errors"
	"io"
	"slices"
	"sync/atomic"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// intake is a line that a sharer sends, or one encoding of it. One share after
// the other may come over it.
type intake struct {
	peer     *peer
	mid      string
	track    *webrtc.TrackRemote
	receiver *webrtc.RTPReceiver
	layer    atomic.Pointer[layer] // what it is of a share; nil: nothing
}

// take begins to forward a line of a share.
func (p *peer) take(in *intake) bool {
	p.answering.Lock()
	defer p.answering.Unlock()
	o := p.offer.Share
	if o == nil || in.mid == "" || in.mid != o.Video && in.mid != o.Audio {
		return false
	}
	p.intakes = append(p.intakes, in)
	in.attach(*o)
	return true
}

// attachAll gives the lines that flow already to the share that they are named
// for now. The lock of answering is held.
func (p *peer) attachAll(o Publish) {
	for _, in := range p.intakes {
		if in.mid == o.Video || in.mid == o.Audio {
			in.attach(o)
		}
	}
}

func (in *intake) attach(o Publish) {
	s := in.peer.room.share(o.Share)
	if s == nil {
		return
	}
	st := s.audio
	if in.track.Kind() == webrtc.RTPCodecTypeVideo {
		st = s.video
	}
	if l := in.layer.Load(); l != nil && l.stream == st && st.has(l) {
		return
	}
	l := newLayer(st, in.peer, in.track)
	s.mu.Lock()
	ok := s.peer == in.peer && !in.peer.gone.Load() && st.enter(l)
	s.mu.Unlock()
	if ok {
		in.layer.Store(l)
	}
}

// read forwards until the line ends.
func (in *intake) read() {
	r := in.peer.room
	go in.listen()
	buf := make([]byte, mtu)
	var h rtp.Header
	for {
		n, _, err := in.track.Read(buf)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				r.sfu.log.Debug("a line of a share ended", "room", r.name, "peer", in.peer.name, "err", err)
			}
			break
		}
		if payload := payloadOf(&h, buf[:n]); payload != nil && !in.peer.gone.Load() {
			if l := in.layer.Load(); l != nil {
				l.packet(&h, payload)
			}
		}
	}
	in.peer.answering.Lock()
	in.peer.intakes = slices.DeleteFunc(in.peer.intakes, func(x *intake) bool { return x == in })
	in.peer.answering.Unlock()
	if l := in.layer.Load(); l != nil && l.stream.leave(l) && l.stream.kind == webrtc.RTPCodecTypeVideo {
		l.stream.share.tell(false, ShareInfo{})
	}
}

// listen reads what the sharer says about its clock.
func (in *intake) listen() {
	for {
		var all []rtcp.Packet
		var err error
		if rid := in.track.RID(); rid == "" {
			all, _, err = in.receiver.ReadRTCP()
		} else {
			all, _, err = in.receiver.ReadSimulcastRTCP(rid)
		}
		if err != nil {
			return
		}
		now := in.peer.room.sfu.now()
		for _, p := range all {
			l := in.layer.Load()
			if k, ok := p.(*rtcp.SenderReport); ok && l != nil && k.SSRC == l.ssrc {
				l.stream.share.clocks(k.NTPTime, now)
				l.stream.clock(l, clockReport{true, now, k.NTPTime, k.RTPTime})
			}
		}
	}
}
