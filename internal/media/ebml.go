package media

import (
	"encoding/binary"
	"io"
	"math"
)

var ebmlMagic = []byte{0x1a, 0x45, 0xdf, 0xa3}

// Names of the elements of WebM and Matroska that we read.
const (
	ebmlDocType       = 0x4282
	ebmlSegment       = 0x18538067
	ebmlInfo          = 0x1549a966
	ebmlTimecodeScale = 0x2ad7b1
	ebmlDuration      = 0x4489
	ebmlTracks        = 0x1654ae6b
	ebmlTrack         = 0xae
	ebmlTrackType     = 0x83
	ebmlVideo         = 0xe0
	ebmlWidth         = 0xb0
	ebmlHeight        = 0xba
	ebmlCluster       = 0x1f43b675
)

// endless is the size of an element that does not know its own.
const endless = int64(math.MaxInt64 / 2)

// element reads the head of the element at off: its name, the size of its
// body, and where the body starts. A body at 0 says that there is none.
func element(r io.ReaderAt, off int64) (name uint32, size, body int64) {
	var h [12]byte
	n, _ := r.ReadAt(h[:], off)
	nameLen := leading(h[0])
	if nameLen > 4 || n < nameLen+1 {
		return 0, 0, 0
	}
	for _, c := range h[:nameLen] {
		name = name<<8 | uint32(c)
	}
	sizeLen := leading(h[nameLen])
	if sizeLen > 8 || n < nameLen+sizeLen {
		return 0, 0, 0
	}
	v := uint64(h[nameLen]) & (1<<(8-sizeLen) - 1)
	for _, c := range h[nameLen+1 : nameLen+sizeLen] {
		v = v<<8 | uint64(c)
	}
	size = endless
	if v != 1<<(7*sizeLen)-1 && v < uint64(endless) {
		size = int64(v)
	}
	return name, size, off + int64(nameLen+sizeLen)
}

// leading is the length of a number by its first byte; 9 is none.
func leading(b byte) int {
	n := 1
	for ; n <= 8 && b&0x80 == 0; n++ {
		b <<= 1
	}
	return n
}

// elements reads the elements of a file in order.
type elements struct {
	r    io.ReaderAt
	left int // how many may still be looked at
}

// each calls fn for the elements between from and to, until it says stop.
func (e *elements) each(from, to int64, fn func(name uint32, body, end int64) (stop bool)) {
	for from < to {
		if e.left--; e.left < 0 {
			return
		}
		name, size, body := element(e.r, from)
		if body == 0 || body > to {
			return
		}
		end := to
		if size < to-body {
			end = body + size
		}
		if fn(name, body, end) {
			return
		}
		from = end
	}
}

// uint reads a number of at most 8 bytes.
func (e *elements) uint(body, end int64) (v uint64) {
	var b [8]byte
	if end-body > 8 {
		return 0
	}
	n, _ := e.r.ReadAt(b[:end-body], body)
	for _, c := range b[:n] {
		v = v<<8 | uint64(c)
	}
	return v
}

// float reads a number of 4 or 8 bytes.
func (e *elements) float(body, end int64) float64 {
	var b [8]byte
	n, _ := e.r.ReadAt(b[:min(end-body, 8)], body)
	switch {
	case end-body == 4 && n == 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b[:])))
	case end-body == 8 && n == 8:
		return math.Float64frombits(binary.BigEndian.Uint64(b[:]))
	}
	return 0
}

// inspectEBML reads what stands before the first cluster of pictures.
func inspectEBML(r io.ReaderAt, size int64) (info Info, whole bool) {
	e := &elements{r: r, left: steps}
	e.each(0, size, func(name uint32, body, end int64) bool {
		if name != ebmlSegment {
			return false
		}
		whole = true
		e.each(body, end, func(name uint32, body, end int64) bool {
			switch name {
			case ebmlInfo:
				e.length(body, end, &info)
			case ebmlTracks:
				e.tracks(body, end, &info)
			}
			return name == ebmlCluster
		})
		return true
	})
	return info.believed(), whole
}

func (e *elements) length(body, end int64, info *Info) {
	scale, units := uint64(1_000_000), 0.0 // nanoseconds a unit
	e.each(body, end, func(name uint32, body, end int64) bool {
		switch name {
		case ebmlTimecodeScale:
			scale = e.uint(body, end)
		case ebmlDuration:
			units = e.float(body, end)
		}
		return false
	})
	if ms := units * float64(scale) / 1e6; ms > 0 && ms < 1e12 {
		info.Duration = seconds(uint64(ms), 1000)
	}
}

func (e *elements) tracks(body, end int64, info *Info) {
	e.each(body, end, func(name uint32, body, end int64) bool {
		if name != ebmlTrack {
			return false
		}
		var video bool
		var width, height uint64
		e.each(body, end, func(name uint32, body, end int64) bool {
			switch name {
			case ebmlTrackType:
				video = e.uint(body, end) == 1
			case ebmlVideo:
				e.each(body, end, func(name uint32, body, end int64) bool {
					switch name {
					case ebmlWidth:
						width = e.uint(body, end)
					case ebmlHeight:
						height = e.uint(body, end)
					}
					return false
				})
			}
			return false
		})
		if video {
			info.Video, info.Width, info.Height = true, int(min(width, widest+1)), int(min(height, widest+1))
		}
		return video
	})
}
