package rtc

import (
	"strings"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// Bounds of what is kept of a share, for those who come later.
const (
	pastPackets = 600
	pastBytes   = 768 << 10
)

// pictures keeps what was sent since the last whole picture, so that who comes
// sees something at once.
type pictures struct {
	codec string
	whole bool // the first packet begins a whole picture
	bytes int
	kept  []keptPacket
}

type keptPacket struct {
	h       rtp.Header
	payload []byte
}

// add keeps a packet.
func (p *pictures) add(h *rtp.Header, payload []byte) {
	if beginsWhole(p.codec, payload) && (len(p.kept) == 0 || p.kept[0].h.Timestamp != h.Timestamp) {
		p.whole, p.bytes = true, 0
		clear(p.kept)
		p.kept = p.kept[:0]
	}
	if !p.whole {
		return
	}
	if len(p.kept) == pastPackets || p.bytes+len(payload) > pastBytes {
		// Too long ago to be of use: the next whole picture begins anew.
		p.whole, p.bytes = false, 0
		clear(p.kept)
		p.kept = p.kept[:0]
		return
	}
	p.bytes += len(payload)
	p.kept = append(p.kept, keptPacket{
		rtp.Header{Marker: h.Marker, SequenceNumber: h.SequenceNumber, Timestamp: h.Timestamp}, append([]byte(nil), payload...),
	})
}

// replay sends a leg that begins all but the newest packet, which follows by
// itself. It says whether the leg can go on from there.
func (p *pictures) replay(l *leg, st *stream, o *outlet) bool {
	if st.from.Kind() != webrtc.RTPCodecTypeVideo {
		return true
	}
	if !p.whole || len(p.kept) == 0 {
		return false
	}
	c := st.from.Codec()
	pt, ok := o.payload(c.MimeType, c.SDPFmtpLine)
	if !ok {
		return false
	}
	for i := range p.kept[:len(p.kept)-1] {
		k := &p.kept[i]
		if l.write(st.run, &k.h, k.h.Timestamp, pt, o, k.payload) != nil {
			return false
		}
	}
	return true
}

// beginsWhole says whether a packet begins a picture that needs no other, by
// the first bytes of its payload: VP8 (RFC 7741, section 4), VP9 (RFC 9628,
// section 4), H.264 (RFC 6184, section 5), AV1 (its RTP specification, section
// 4.4).
func beginsWhole(codec string, b []byte) bool {
	switch strings.ToLower(codec) {
	case "video/vp8":
		return vp8Whole(b)
	case "video/vp9":
		// No inter-picture prediction, begin of a frame, base layer.
		return len(b) > 0 && b[0]&0x40 == 0 && b[0]&0x08 != 0 && !vp9Above(b)
	case "video/h264":
		return h264Whole(b)
	case "video/av1":
		return len(b) > 0 && b[0]&0x08 != 0
	}
	return false
}

func vp8Whole(b []byte) bool {
	if len(b) < 1 || b[0]&0x10 == 0 || b[0]&0x07 != 0 {
		return false // not the start of the first partition
	}
	i := 1
	if b[0]&0x80 != 0 {
		if len(b) < 2 {
			return false
		}
		x := b[1]
		i = 2
		if x&0x80 != 0 {
			if len(b) <= i {
				return false
			}
			if b[i]&0x80 != 0 {
				i++
			}
			i++
		}
		if x&0x40 != 0 {
			i++
		}
		if x&0x30 != 0 {
			i++
		}
	}
	return len(b) > i && b[i]&0x01 == 0
}

// vp9Above says that a packet belongs to a spatial layer above the lowest.
func vp9Above(b []byte) bool {
	if b[0]&0x20 == 0 {
		return false // no layer indices
	}
	i := 1
	if b[0]&0x80 != 0 {
		if len(b) <= i {
			return true
		}
		if b[i]&0x80 != 0 {
			i++
		}
		i++
	}
	return len(b) <= i || b[i]>>1&0x07 != 0
}

func h264Whole(b []byte) bool {
	const idr, sps, stapA, fuA = 5, 7, 24, 28
	if len(b) < 1 {
		return false
	}
	switch b[0] & 0x1f {
	case idr, sps:
		return true
	case stapA:
		return len(b) > 3 && (b[3]&0x1f == sps || b[3]&0x1f == idr)
	case fuA:
		return len(b) > 1 && b[1]&0x80 != 0 && b[1]&0x1f == idr
	}
	return false
}
