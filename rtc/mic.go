package rtc

import (
	"errors"
	"io"
	"sync/atomic"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// mtu bounds a packet that is read.
const mtu = 1600

// mic is one peer's microphone.
type mic struct {
	peer  *peer
	track *webrtc.TrackRemote
	level uint8 // id of the header extension of levels; 0: not agreed
	slot  atomic.Pointer[slot]
	comes arrivals
}

// read forwards what comes until the track ends.
func (m *mic) read() {
	r := m.peer.room
	buf := make([]byte, mtu)
	var h rtp.Header
	for {
		n, _, err := m.track.Read(buf)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				r.sfu.log.Debug("a microphone ended", "room", r.name, "peer", m.peer.name, "err", err)
			}
			r.silence(m)
			return
		}
		if payload := payloadOf(&h, buf[:n]); payload != nil {
			m.packet(&h, payload)
		}
	}
}

// payloadOf reads a packet and gives what it carries, without padding; nil for
// what carries nothing or cannot be read.
func payloadOf(h *rtp.Header, b []byte) []byte {
	size, err := h.Unmarshal(b)
	if err != nil || size >= len(b) {
		return nil
	}
	end := len(b)
	if h.Padding {
		end -= int(b[end-1])
	}
	if end <= size {
		return nil
	}
	return b[size:end]
}

// packet forwards one packet, unless the peer may not be heard.
func (m *mic) packet(h *rtp.Header, payload []byte) {
	p := m.peer
	r, now := p.room, p.room.sfu.now()
	m.comes.add(h.SequenceNumber, h.Timestamp, opusRate, now)
	if p.muted.Load() || p.gone.Load() || m != p.mic.Load() {
		r.sfu.metrics.Dropped(1)
		return
	}
	r.hear(m, levelOf(h, m.level), now)
	s := m.slot.Load()
	if s == nil {
		r.sfu.metrics.Dropped(1)
		return
	}
	r.sfu.flush.begin()
	n := s.forward(m, h, payload, now)
	r.sfu.flush.end()
	r.sfu.metrics.Forwarded(n)
}

// levelOf reads the audio level (RFC 6464, section 3). Who sends none is taken
// to speak.
func levelOf(h *rtp.Header, ext uint8) uint8 {
	if ext != 0 {
		if b := h.GetExtension(ext); len(b) > 0 {
			return b[0] & 0x7f
		}
	}
	return speech - 1
}
