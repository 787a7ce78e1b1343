package rtc

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"watchparty/internal/fault"
)

// leg is one line that we send on to one peer: a voice slot or a view. It is a
// webrtc.TrackLocal that patches headers and touches nothing else.
type leg struct {
	kind   webrtc.RTPCodecType
	name   string
	peer   *peer
	out    atomic.Pointer[outlet] // nil while the connection is not there
	sender *webrtc.RTPSender
	shows  *share // of a view; guarded by the peer

	// What follows is of whoever holds the lock of the slot or the share.
	run   uint64 // what it carries: another run begins without a gap
	shift uint16 // added to the sequence numbers of this run
	last  uint16
	hdr   rtp.Header
}

// outlet is a leg's way out.
type outlet struct {
	w      webrtc.TrackLocalWriter
	ssrc   uint32
	codecs []webrtc.RTPCodecParameters
}

// Bind is called when the connection is there.
func (l *leg) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	codecs := slices.DeleteFunc(slices.Clone(c.CodecParameters()), func(p webrtc.RTPCodecParameters) bool {
		return strings.EqualFold(p.MimeType, webrtc.MimeTypeRTX)
	})
	if len(codecs) == 0 {
		return webrtc.RTPCodecParameters{}, fault.ErrInternal.Saying("a line without a codec")
	}
	l.out.Store(&outlet{c.WriteStream(), uint32(c.SSRC()), codecs})
	return codecs[0], nil
}

// Unbind is called when the line ends.
func (l *leg) Unbind(webrtc.TrackLocalContext) error {
	l.out.Store(nil)
	return nil
}

// ID, RID, StreamID and Kind are of webrtc.TrackLocal.
func (l *leg) ID() string                { return l.name }
func (l *leg) RID() string               { return "" }
func (l *leg) StreamID() string          { return l.name }
func (l *leg) Kind() webrtc.RTPCodecType { return l.kind }

// payload gives the number under which the peer knows a codec.
func (o *outlet) payload(mime, fmtp string) (uint8, bool) {
	best := -1
	for i, c := range o.codecs {
		if !strings.EqualFold(c.MimeType, mime) {
			continue
		}
		if c.SDPFmtpLine == fmtp {
			return uint8(c.PayloadType), true
		}
		if best < 0 {
			best = i
		}
	}
	if best < 0 {
		return 0, false
	}
	return uint8(o.codecs[best].PayloadType), true
}

// write sends one packet on. run names what the packet belongs to: within one
// run gaps and order of the sequence numbers stay as they came.
func (l *leg) write(run uint64, in *rtp.Header, ts uint32, pt uint8, o *outlet, payload []byte) error {
	if l.run != run {
		l.run, l.shift = run, l.last+1-in.SequenceNumber
	}
	seq := in.SequenceNumber + l.shift
	if int16(seq-l.last) > 0 {
		l.last = seq
	}
	l.hdr = rtp.Header{
		Version: 2, Marker: in.Marker, PayloadType: pt, SequenceNumber: seq, Timestamp: ts, SSRC: o.ssrc,
	}
	_, err := o.w.WriteRTP(&l.hdr, payload)
	return err
}
