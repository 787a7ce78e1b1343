package media

import (
	"encoding/binary"
	"io"
	"time"
)

// box is one box of an MP4: what is between body and end belongs to it.
type box struct {
	name      string
	body, end int64
}

// boxes reads the boxes of a file in order.
type boxes struct {
	r    io.ReaderAt
	left int // how many may still be looked at
}

// at reads the header of the box at off, which must end before limit. A box
// that does not is not there.
func (b *boxes) at(off, limit int64) (box, bool) {
	var h [16]byte
	if b.left--; b.left < 0 || limit-off < 8 {
		return box{}, false
	}
	if n, _ := b.r.ReadAt(h[:min(16, limit-off)], off); n < 8 {
		return box{}, false
	}
	size, head := int64(binary.BigEndian.Uint32(h[:4])), int64(8)
	switch size {
	case 0: // to the end
		size = limit - off
	case 1:
		size, head = int64(binary.BigEndian.Uint64(h[8:])), 16
	}
	if size < head || size > limit-off {
		return box{}, false
	}
	return box{name: string(h[4:8]), body: off + head, end: off + size}, true
}

// each calls fn for the boxes inside from..to.
func (b *boxes) each(from, to int64, fn func(box)) {
	for from < to {
		x, ok := b.at(from, to)
		if !ok {
			return
		}
		fn(x)
		from = x.end
	}
}

// inspectMP4 finds the index. A file without one, such as a recording that was
// cut off, cannot be played.
func inspectMP4(r io.ReaderAt, size int64) (info Info, whole bool) {
	b := &boxes{r: r, left: steps}
	for off := int64(0); off < size; {
		x, ok := b.at(off, size)
		if !ok {
			return Info{}, false
		}
		if x.name == "moov" {
			return b.movie(x).believed(), true
		}
		off = x.end
	}
	return Info{}, false
}

func (b *boxes) movie(moov box) (info Info) {
	var scale uint32
	var fragments time.Duration
	b.each(moov.body, moov.end, func(x box) {
		switch x.name {
		case "mvhd":
			var length uint64
			scale, length = b.timing(x)
			info.Duration = seconds(length, scale)
		case "trak":
			if w, h, video := b.track(x); video && !info.Video {
				info.Width, info.Height, info.Video = w, h, true
			}
		case "mvex":
			b.each(x.body, x.end, func(y box) {
				if h, ok := b.head(y, 8); y.name == "mehd" && ok {
					length := uint64(binary.BigEndian.Uint32(h[4:]))
					if h[0] == 1 {
						length = binary.BigEndian.Uint64(h[4:])
					}
					fragments = seconds(length, scale)
				}
			})
		}
	})
	if info.Duration == 0 {
		info.Duration = fragments
	}
	return info
}

// timing reads the scale and length of a movie header of either version.
func (b *boxes) timing(x box) (scale uint32, length uint64) {
	h, ok := b.head(x, 32)
	if !ok {
		return 0, 0
	}
	if h[0] == 1 {
		return binary.BigEndian.Uint32(h[20:]), binary.BigEndian.Uint64(h[24:])
	}
	scale, length = binary.BigEndian.Uint32(h[12:]), uint64(binary.BigEndian.Uint32(h[16:]))
	if length == 1<<32-1 { // not known
		length = 0
	}
	return scale, length
}

// track says how large a track's picture is, and whether it is one.
func (b *boxes) track(trak box) (width, height int, video bool) {
	b.each(trak.body, trak.end, func(x box) {
		switch x.name {
		case "tkhd":
			// The size is the last 8 bytes, in sixteenths of 16 bits.
			if h, ok := b.head(box{body: x.end - 8, end: x.end}, 8); ok && x.end-x.body >= 84 {
				width, height = int(binary.BigEndian.Uint32(h[:])>>16), int(binary.BigEndian.Uint32(h[4:])>>16)
			}
		case "mdia":
			b.each(x.body, x.end, func(y box) {
				if h, ok := b.head(y, 12); y.name == "hdlr" && ok {
					video = video || string(h[8:12]) == "vide"
				}
			})
		}
	})
	return width, height, video
}

// head reads the first bytes of a box, and says whether it has at least n.
func (b *boxes) head(x box, n int) (h [32]byte, ok bool) {
	k, _ := b.r.ReadAt(h[:min(int64(len(h)), max(x.end-x.body, 0))], x.body)
	return h, k >= n
}
