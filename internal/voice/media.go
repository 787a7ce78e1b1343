package voice

import "watchparty/internal/id"

// What a voice room says to whatever carries the media.

// Forwarding is how voices are forwarded.
type Forwarding struct {
	LastN   int // at most so many at once; 0: as many as somebody listens to
	Bitrate int // of a microphone
}

// Forwarding gives what follows from the settings.
func (s Settings) Forwarding() Forwarding {
	return Forwarding{LastN: s.LastN, Bitrate: s.Quality.Bitrate()}
}

// Flags are what holds for a person's connection.
type Flags struct {
	Silent   bool
	Deaf     bool
	Priority bool
}

// Flags gives what follows from the state of a member.
func (m Member) Flags(silent bool) Flags {
	return Flags{Silent: silent, Deaf: m.Deafened, Priority: m.Priority}
}

// Offer is what a person's browser offers. Lines are named by their mid.
type Offer struct {
	SDP   string
	Mic   string
	Voice []string // lines that receive voices, by slot
	Share *Publish
	Views []View
}

// Publish names the lines of a share that is sent.
type Publish struct {
	Share id.Share
	Video string
	Audio string
}

// View binds a line that receives to a share; without one it is free.
type View struct {
	Mid       string
	Share     id.Share
	MaxHeight int // pixels; 0 is not known
}

// Answer is the server's answer to an offer.
type Answer struct {
	SDP   string
	Epoch uint64
}

// ICEServer is a relay that a browser may use.
type ICEServer struct {
	URLs       []string
	Username   string
	Credential string
}
