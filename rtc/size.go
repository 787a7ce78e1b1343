package rtc

import "encoding/binary"

// pictureSize reads how large a picture is from the first packet of one that
// needs no other; zeros where that is not said in a way that is read here, or
// the picture is encrypted end to end.
func pictureSize(mime string, b []byte) (width, height int) {
	switch mime {
	case "video/vp8":
		return vp8Size(b)
	case "video/vp9":
		return vp9Size(b)
	case "video/h264":
		return h264Size(b)
	}
	return 0, 0
}

// vp8Size reads the header of a key frame (RFC 6386, section 9.1).
func vp8Size(b []byte) (int, int) {
	n := vp8Start(b)
	if n < 0 || len(b) < n+10 || b[n+3] != 0x9d || b[n+4] != 0x01 || b[n+5] != 0x2a {
		return 0, 0
	}
	return int(binary.LittleEndian.Uint16(b[n+6:])) & 0x3fff, int(binary.LittleEndian.Uint16(b[n+8:])) & 0x3fff
}

// vp9Size reads the scalability structure, of which the last layer is the
// largest (RFC 9628, section 4.2.1).
func vp9Size(b []byte) (width, height int) {
	const (
		hasID, hasLayer, flexible, hasStructure = 0x80, 0x20, 0x10, 0x02
	)
	if len(b) == 0 || b[0]&hasStructure == 0 {
		return 0, 0
	}
	i := 1
	if b[0]&hasID != 0 {
		if len(b) > i && b[i]&0x80 != 0 {
			i++
		}
		i++
	}
	if b[0]&hasLayer != 0 {
		i++
		if b[0]&flexible == 0 {
			i++
		}
	}
	if len(b) <= i || b[i]&0x10 == 0 {
		return 0, 0 // it gives no sizes
	}
	last := i + 1 + 4*int(b[i]>>5)
	if len(b) < last+4 {
		return 0, 0
	}
	return int(binary.BigEndian.Uint16(b[last:])), int(binary.BigEndian.Uint16(b[last+2:]))
}

// h264Size reads a sequence parameter set, alone or at the head of an
// aggregation (RFC 6184, section 5.7.1; ITU-T H.264, section 7.3.2.1.1).
func h264Size(b []byte) (int, int) {
	if len(b) > 3 && b[0]&0x1f == 24 {
		n := int(binary.BigEndian.Uint16(b[1:]))
		b = b[3:min(len(b), 3+n)]
	}
	if len(b) < 4 || b[0]&0x1f != 7 {
		return 0, 0
	}
	r := bits{b: b[4:]}
	profile := b[1]
	r.ue() // id
	chroma := uint32(1)
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128:
		chroma = r.ue()
		if chroma == 3 {
			r.bit()
		}
		r.ue()
		r.ue()
		r.bit()
		if r.bit() == 1 {
			return 0, 0 // scaling lists: nobody who shares a screen sends them
		}
	}
	r.ue()
	switch r.ue() { // picture order
	case 0:
		r.ue()
	case 1:
		return 0, 0
	}
	r.ue()
	r.bit()
	w, h := int(r.ue())+1, int(r.ue())+1
	fields := 2 - int(r.bit()) // two where frames may be interlaced
	if fields == 2 {
		r.bit()
	}
	r.bit()
	var left, right, top, bottom int
	if r.bit() == 1 {
		left, right, top, bottom = int(r.ue()), int(r.ue()), int(r.ue()), int(r.ue())
	}
	x, y := 1, fields
	if chroma == 1 || chroma == 2 {
		x = 2
	}
	if chroma == 1 {
		y *= 2
	}
	w, h = w*16-x*(left+right), h*16*fields-y*(top+bottom)
	if r.over || w <= 0 || h <= 0 || w > 1<<14 || h > 1<<14 {
		return 0, 0
	}
	return w, h
}

// bits reads bits from the highest.
type bits struct {
	b    []byte
	at   int
	over bool
}

func (r *bits) bit() uint32 {
	if r.at >= 8*len(r.b) {
		r.over = true
		return 0
	}
	x := r.b[r.at/8] >> (7 - r.at%8) & 1
	r.at++
	return uint32(x)
}

// ue reads a number of variable length (ITU-T H.264, section 9.1).
func (r *bits) ue() uint32 {
	zeros := 0
	for r.bit() == 0 {
		if zeros++; r.over || zeros > 16 {
			r.over = true
			return 0
		}
	}
	x := uint32(1)
	for range zeros {
		x = x<<1 | r.bit()
	}
	return x - 1
}
