package rtc

import (
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// Hear takes a packet of a peer's microphone as if it had just come.
func (r *Room) Hear(peer string, h *rtp.Header, payload []byte) {
	r.peer(peer).mic.Load().packet(h, payload)
}

// Sends says whether something of a peer's microphone has come.
func (r *Room) Sends(peer string) bool { return r.peer(peer).mic.Load() != nil }

// Ear gives the way in of a peer's microphone, which may be kept when it has
// left.
func (r *Room) Ear(peer string) func(*rtp.Header, []byte) { return r.peer(peer).mic.Load().packet }

// SharePackets gives the way in of a share's picture.
func (r *Room) SharePackets(name string) func(*rtp.Header, []byte) {
	s := r.share(name)
	s.video.mu.Lock()
	defer s.video.mu.Unlock()
	return s.video.layers[0].packet
}

// LevelOf and BeginsWhole read what strangers send.
var (
	LevelOf     = levelOf
	BeginsWhole = beginsWhole
	PictureSize = pictureSize
	PayloadOf   = payloadOf
)

// Receive reads what a viewer says, as the line of a share does, of which some
// packets were sent.
func Receive(b []byte) {
	all, err := rtcp.Unmarshal(b)
	if err != nil {
		return
	}
	now := time.Unix(1000, 0)
	p := &peer{}
	l := &leg{peer: p, view: &view{notes: make([]note, noteSize)}}
	l.out.Store(&outlet{ssrc: 2})
	for range 10 {
		p.number(1000, now)
	}
	st := &stream{}
	for _, k := range all {
		switch k := k.(type) {
		case *rtcp.TransportLayerCC:
			p.receipt(k, now.Add(time.Second))
		case *rtcp.ReceiverReport:
			p.quality.reported(l, k.Reports, now)
		case *rtcp.TransportLayerNack:
			for i := range k.Nacks {
				k.Nacks[i].Range(func(seq uint16) bool {
					st.repeat(l, l.out.Load(), seq, now)
					return true
				})
			}
		}
	}
}
