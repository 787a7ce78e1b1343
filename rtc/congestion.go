package rtc

import (
	"time"

	"github.com/pion/rtcp"
)

// When a path is taken to carry less than we send.
const (
	sentSize    = 2048                   // packets that wait for their receipt; a power of two
	queueMost   = 120 * time.Millisecond // packets wait longer than that on their way
	lossMost    = 0.10
	judgeEvery  = 500 * time.Millisecond
	judgeLeast  = 10              // packets, to judge at all
	leastLasts  = 5 * time.Second // of the two parts over which the shortest way is known
	forgetAfter = 2 * time.Second // without receipts nothing is known
)

// congestion reads the receipts for numbered packets (transport-wide congestion
// control) and says whether the path is overloaded: by what is lost, and by how
// much longer the packets take than the fastest of late. It does no I/O and is
// not safe for concurrent use.
type congestion struct {
	base  time.Time // moments are counted from here
	next  uint16
	sents [sentSize]sentPacket

	reference int64 // of the receiver's clock, without its wrapping; 64 ms
	started   bool

	window             time.Time // when the part that is judged began
	got, lost, bytes   int
	delays             time.Duration // of got packets, above the least
	least, leastBefore time.Duration
	leastSince         time.Time
	judged             time.Time
	trouble            bool
	carries            int
}

type sentPacket struct {
	seq  uint16
	open bool // no receipt yet
	size int
	at   time.Duration
}

// sent numbers a packet.
func (c *congestion) sent(size int, now time.Time) uint16 {
	if c.base.IsZero() {
		c.base = now
	}
	seq := c.next
	c.next++
	c.sents[seq%sentSize] = sentPacket{seq, true, size, now.Sub(c.base)}
	return seq
}

// overloaded says whether the path carries less than is sent, and how much it
// carries.
func (c *congestion) overloaded(now time.Time) (bool, int) {
	if now.Sub(c.judged) > forgetAfter {
		return false, 0
	}
	return c.trouble, c.carries
}

// receipt takes what the receiver says has arrived and when (draft-holmer-rmcat-
// transport-wide-cc-extensions-01, section 3.1).
func (c *congestion) receipt(r *rtcp.TransportLayerCC, now time.Time) {
	reference := int64(r.ReferenceTime & 0xffffff)
	if c.started { // it wraps: take the nearest
		reference = c.reference + ((reference-c.reference+1<<23)&0xffffff - 1<<23)
	}
	c.reference, c.started = reference, true
	at := time.Duration(reference) * 64 * time.Millisecond
	seq, left, deltas := r.BaseSequenceNumber, int(r.PacketStatusCount), r.RecvDeltas
	status := func(symbol uint16) bool {
		if left == 0 {
			return false
		}
		left--
		switch symbol {
		case rtcp.TypeTCCPacketReceivedSmallDelta, rtcp.TypeTCCPacketReceivedLargeDelta:
			if len(deltas) == 0 {
				return false
			}
			at += time.Duration(deltas[0].Delta) * time.Microsecond
			deltas = deltas[1:]
			c.arrived(seq, at, now)
		case rtcp.TypeTCCPacketNotReceived:
			c.missing(seq)
		}
		seq++
		return true
	}
	for _, chunk := range r.PacketChunks {
		switch k := chunk.(type) {
		case *rtcp.RunLengthChunk:
			for range min(int(k.RunLength), left) {
				if !status(k.PacketStatusSymbol) {
					return
				}
			}
		case *rtcp.StatusVectorChunk:
			for _, symbol := range k.SymbolList {
				if !status(symbol) {
					break
				}
			}
		}
	}
	c.judge(now)
}

func (c *congestion) take(seq uint16) (sentPacket, bool) {
	s := &c.sents[seq%sentSize]
	ok := s.seq == seq && s.open
	s.open = false
	return *s, ok
}

func (c *congestion) arrived(seq uint16, at time.Duration, now time.Time) {
	s, ok := c.take(seq)
	if !ok {
		return
	}
	// The two clocks have nothing in common; only differences count.
	way := at - s.at
	if c.leastSince.IsZero() || now.Sub(c.leastSince) > leastLasts {
		c.leastBefore = c.least
		if c.leastSince.IsZero() {
			c.leastBefore = way
		}
		c.least, c.leastSince = way, now
	}
	c.least = min(c.least, way)
	c.got++
	c.bytes += s.size
	c.delays += way - min(c.least, c.leastBefore)
}

// missing counts a packet as lost. It may still arrive and be in a later
// receipt: it was late then, which is as bad.
func (c *congestion) missing(seq uint16) {
	if _, ok := c.take(seq); ok {
		c.lost++
	}
}

// judge looks at what arrived since the last time.
func (c *congestion) judge(now time.Time) {
	if c.window.IsZero() {
		c.window = now
	}
	span := now.Sub(c.window)
	all := c.got + c.lost
	if span < judgeEvery || all < judgeLeast {
		return
	}
	c.trouble = float64(c.lost) > lossMost*float64(all) ||
		c.got > 0 && c.delays/time.Duration(c.got) > queueMost
	c.carries = int(float64(c.bytes*8) / span.Seconds() * 0.85)
	c.judged, c.window = now, now
	c.got, c.lost, c.bytes, c.delays = 0, 0, 0, 0
}
