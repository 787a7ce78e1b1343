package rtc

import "github.com/pion/rtp"

// Hear takes a packet of a peer's microphone as if it had just come.
func (r *Room) Hear(peer string, h *rtp.Header, payload []byte) {
	r.peer(peer).mic.Load().packet(h, payload)
}

// LevelOf and BeginsWhole read what strangers send.
var (
	LevelOf     = levelOf
	BeginsWhole = beginsWhole
	PictureSize = pictureSize
	PayloadOf   = payloadOf
)
