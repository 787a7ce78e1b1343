package rtc

import "github.com/pion/rtp"

// Bounds of what is kept of a picture's stream: for who comes later, and for
// who lost something on the way.
const (
	historySize = 1024      // packets; a power of two
	replayMost  = 400       // packets that are sent at once to who comes
	replayBytes = 512 << 10 // the same in bytes
)

// history keeps the last packets of one stream, each once however many see it,
// in memory that is used again. The zero value is empty. It is not safe for
// concurrent use.
type history struct {
	packets  [historySize]kept
	next     uint64 // how many were added
	whole    uint64 // where the last whole picture began, if begun
	begun    bool
	bytes    int // since then
	pictured uint32
}

type kept struct {
	seq    uint16
	ts     uint32
	marker bool
	used   bool
	data   []byte
}

// add keeps a packet; whole says that it begins a picture that needs no other.
func (h *history) add(in *rtp.Header, payload []byte, whole bool) {
	if whole && (!h.begun || h.pictured != in.Timestamp) {
		h.begun, h.whole, h.bytes, h.pictured = true, h.next, 0, in.Timestamp
	}
	h.bytes += len(payload)
	k := &h.packets[in.SequenceNumber%historySize]
	k.seq, k.ts, k.marker, k.used = in.SequenceNumber, in.Timestamp, in.Marker, true
	k.data = append(k.data[:0], payload...)
	h.next++
}

// get gives a packet by its number, or nil.
func (h *history) get(seq uint16) *kept {
	if k := &h.packets[seq%historySize]; k.used && k.seq == seq {
		return k
	}
	return nil
}

// replay gives all packets since the last whole picture began, up to the newest,
// which is seq; false where that is too much or none began.
func (h *history) replay(seq uint16, each func(*kept)) bool {
	n := h.next - h.whole
	if !h.begun || n == 0 || n > replayMost || h.bytes > replayBytes {
		return false
	}
	// Packets may have come late or not at all: the numbers tell the order.
	first := seq
	for back := uint16(0); back < 2*replayMost; back++ {
		k := h.get(seq - back)
		if k == nil {
			continue
		}
		if int32(k.ts-h.pictured) < 0 {
			break
		}
		first = seq - back
	}
	for s := first; ; s++ {
		if k := h.get(s); k != nil {
			each(k)
		}
		if s == seq {
			return true
		}
	}
}
