// Package playback is the shared clock of a film: the vector that says where
// it is, and the rules by which people and players change it. It does no I/O
// and knows no clock: every call is told the server's milliseconds.
package playback

import (
	"math"

	"watchparty/internal/id"
)

// Why a vector was made.
const (
	WhyPlay    = "play"
	WhyPause   = "pause"
	WhySeek    = "seek"
	WhyRate    = "rate"
	WhyItem    = "item"
	WhyStart   = "start"
	WhyStall   = "stall"
	WhyUndo    = "undo"
	WhyEnd     = "end"
	WhyRestore = "restore"
)

// Vector says where the film is: at T it is at P, and from then on it moves
// with V. Before T it stands at P.
type Vector struct {
	Seq    uint64  `json:"seq"`
	Item   id.Item `json:"item"`
	P      float64 `json:"p"` // seconds of film
	V      float64 `json:"v"` // rate; 0 is paused
	T      float64 `json:"t"` // server milliseconds; may lie ahead
	Rate   float64 `json:"rate"`
	Arming bool    `json:"arming"`
	Plays  bool    `json:"plays"` // it plays, or will after a barrier or a stall
	By     id.User `json:"by"`    // empty when the room did it
	Why    string  `json:"why"`
	From   float64 `json:"from"` // where the film was before
}

// At gives the second of film at now, within a film of duration seconds; a
// duration of 0 is not known and bounds nothing.
func (v Vector) At(now, duration float64) float64 {
	p := v.P + v.V*max(0, now-v.T)/1000
	return clamp(p, duration)
}

// EndsAt gives the moment at which the film ends, or +Inf.
func (v Vector) EndsAt(duration float64) float64 {
	if v.V <= 0 || duration <= 0 {
		return math.Inf(1)
	}
	return v.T + max(0, duration-v.P)*1000/v.V
}

func clamp(p, duration float64) float64 {
	p = max(0, p)
	if duration > 0 {
		p = min(p, duration)
	}
	return p
}

// Waiting is a member for whom the film waits, and since when.
type Waiting struct {
	User  id.User
	Since float64
}
