package rtc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"watchparty/internal/fault"
)

// leg is one line that we send on to one peer: a voice slot or a view. It is a
// webrtc.TrackLocal that patches headers and touches nothing else.
type leg struct {
	kind   webrtc.RTPCodecType
	name   string
	stream string // lines with the same one are played in time with each other
	peer   *peer
	out    atomic.Pointer[outlet] // nil while the connection is not there
	sender *webrtc.RTPSender
	shows  *share // of a view; guarded by the peer

	// What follows is of whoever holds the lock of the slot or the stream.
	run   uint64 // what it carries: another run begins without a gap
	shift uint16 // added to the sequence numbers of this run
	first uint16 // sequence number with which it began
	early int    // packets for which it is looked whether they are from before
	last  uint16
	hdr   rtp.Header
	wide  [2]byte // number of the packet on this connection, in hdr's extension
	sent  tally
	view  *view // of pictures: what it shows, and what was sent
}

// earlyMost is how far packets may be out of order.
const earlyMost = 4096

var errEarly = errors.New("a packet from before the run")

// tally is what a line has sent, for its reports.
type tally struct {
	packets, octets uint32
	told            uint32 // packets when it was reported last
	ts              uint32 // of the last packet
	at              time.Time
}

// outlet is a leg's way out.
type outlet struct {
	w      webrtc.TrackLocalWriter
	ssrc   uint32
	again  uint32 // SSRC of what is sent again; 0: nothing can be
	wide   uint8  // id of the header extension for wide numbers; 0: not agreed
	codecs []webrtc.RTPCodecParameters
	names  map[string]number // by codec, as the sharer calls it
}

// number is how a peer knows a codec, and the same sent again.
type number struct{ pt, again uint8 }

// Bind is called when the connection is there.
func (l *leg) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	codecs := slices.DeleteFunc(slices.Clone(c.CodecParameters()), func(p webrtc.RTPCodecParameters) bool {
		return strings.EqualFold(p.MimeType, webrtc.MimeTypeRTX)
	})
	if len(codecs) == 0 {
		return webrtc.RTPCodecParameters{}, fault.ErrInternal.Saying("a line without a codec")
	}
	o := &outlet{w: c.WriteStream(), ssrc: uint32(c.SSRC()), again: uint32(c.SSRCRetransmission()), codecs: codecs, names: map[string]number{}}
	for _, p := range codecs {
		n := number{pt: uint8(p.PayloadType)}
		for _, x := range c.CodecParameters() {
			if x.SDPFmtpLine == fmt.Sprintf("apt=%d", p.PayloadType) {
				n.again = uint8(x.PayloadType)
			}
		}
		for _, key := range []string{codecKey(p.RTPCodecCapability), strings.ToLower(p.MimeType)} {
			if _, ok := o.names[key]; !ok {
				o.names[key] = n
			}
		}
	}
	if l.kind == webrtc.RTPCodecTypeVideo {
		for _, e := range c.HeaderExtensions() {
			if e.URI == wideURI {
				o.wide = uint8(e.ID)
			}
		}
	}
	l.out.Store(o)
	return codecs[0], nil
}

func codecKey(c webrtc.RTPCodecCapability) string {
	return strings.ToLower(c.MimeType) + ";" + c.SDPFmtpLine
}

// Unbind is called when the line ends.
func (l *leg) Unbind(webrtc.TrackLocalContext) error {
	l.out.Store(nil)
	return nil
}

// ID, RID, StreamID and Kind are of webrtc.TrackLocal.
func (l *leg) ID() string                { return l.name }
func (l *leg) RID() string               { return "" }
func (l *leg) StreamID() string          { return l.stream }
func (l *leg) Kind() webrtc.RTPCodecType { return l.kind }

// write sends one packet on. run names what the packet belongs to: within one
// run gaps and order of the sequence numbers stay as they came.
func (l *leg) write(o *outlet, run uint64, p *packet) error {
	switch {
	case l.run != run:
		l.run, l.shift, l.first, l.early = run, l.last+1-p.seq, p.seq, earlyMost
	case l.early > 0:
		// What comes late from before the run has no number: those are taken, and
		// a number must never be used twice under one key.
		if int16(p.seq-l.first) < 0 {
			return errEarly
		}
		l.early--
	}
	seq := p.seq + l.shift
	if int16(seq-l.last) > 0 {
		l.last = seq
	}
	l.sent.packets++
	l.sent.octets += uint32(len(p.payload))
	l.sent.ts, l.sent.at = p.ts, p.at
	return l.put(o, o.ssrc, p.pt, seq, p)
}

// put lets a packet leave with its final numbers.
func (l *leg) put(o *outlet, ssrc uint32, pt uint8, seq uint16, p *packet) error {
	h := &l.hdr
	if o.wide != 0 {
		if !h.Extension {
			_ = h.SetExtension(o.wide, l.wide[:])
		}
		binary.BigEndian.PutUint16(l.wide[:], l.peer.number(len(p.payload), p.at))
	}
	h.Version, h.Marker, h.PayloadType, h.SequenceNumber, h.Timestamp, h.SSRC = 2, p.marker, pt, seq, p.ts, ssrc
	_, err := o.w.WriteRTP(h, p.payload)
	return err
}

// packet is what a leg sends on: numbers of the sender, but for the time and the
// payload type, which are final.
type packet struct {
	seq     uint16
	ts      uint32
	pt      uint8
	marker  bool
	at      time.Time
	payload []byte
}
