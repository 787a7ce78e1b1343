package rtc

import "strings"

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
	n := vp8Start(b)
	return n >= 0 && len(b) > n && b[n]&0x01 == 0
}

// vp8Start says where the first partition of a picture begins; -1: it does not
// begin here.
func vp8Start(b []byte) int {
	if len(b) < 1 || b[0]&0x10 == 0 || b[0]&0x07 != 0 {
		return -1
	}
	if b[0]&0x80 == 0 {
		return 1
	}
	if len(b) < 2 {
		return -1
	}
	x, i := b[1], 2
	if x&0x80 != 0 {
		if len(b) <= i {
			return -1
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
	return i
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
