package rtc

import (
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"watchparty/internal/fault"
)

// Bounds of what a stranger may offer.
const (
	maxSDP        = 64 << 10
	maxLines      = 64
	maxCandidates = 40
	maxSlots      = 16
	maxViews      = 32
	maxSending    = 4 // lines: a microphone, a screen and its sound, and one that is on its way out
	maxName       = 128
)

// What is wrong with an offer.
var (
	ErrBadOffer = fault.New(fault.Invalid, "rtc.bad_offer", "This offer cannot be answered.")
	ErrTooLarge = fault.New(fault.Invalid, "rtc.too_large", "The offer is too large.")
	ErrTooMany  = fault.New(fault.TooMany, "rtc.too_many", "Too many offers; wait a little.")
	ErrNoPeer   = fault.New(fault.Conflict, "rtc.no_peer", "Join the voice room first.")
	ErrNoShare  = fault.New(fault.Forbidden, "rtc.no_share", "You may not show a screen here now.")
	ErrBusy     = fault.New(fault.Unavailable, "rtc.busy", "The voice room is busy; try again in a moment.")
)

// Offer is what a client wants to send and to receive. Its lines are named by
// their mid.
type Offer struct {
	SDP   string
	Mic   string   // a line that only sends audio; empty: there is none
	Voice []string // lines that only receive audio: the slots, in order
	Share *Publish // a screen that it sends; nil: none, or as before
	Views []View   // screens that it wants to see
}

// Publish names the lines of a share.
type Publish struct {
	Share string
	Video string
	Audio string // empty: it has no sound
}

// View binds a line that only receives to a share.
type View struct {
	Mid       string
	Share     string // empty frees the line
	MaxHeight int    // of the picture, where there is a choice; 0: any
}

// Answer is the server's side.
type Answer struct {
	SDP   string
	Epoch uint64 // of this peer in its room: it grows with every Join
}

// line is one m-line of an offer.
type line struct {
	mid       string
	kind      string // audio, video, application
	direction string // sendonly, recvonly, sendrecv, inactive
}

// read checks an offer and gives its lines, and its SDP without candidates:
// the server is ICE-lite and learns where a client is from what comes, so what
// a stranger claims about addresses is not wanted.
func (o Offer) read() ([]line, string, error) {
	if len(o.SDP) > maxSDP {
		return nil, "", ErrTooLarge.At("sdp", "At most 64 KiB.")
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(o.SDP); err != nil {
		return nil, "", ErrBadOffer.At("sdp", "It is no session description.").Because(err)
	}
	if len(d.MediaDescriptions) == 0 || len(d.MediaDescriptions) > maxLines {
		return nil, "", ErrTooLarge.At("sdp", "Between 1 and 64 lines of media.")
	}
	if strings.Count(o.SDP, "a=candidate:") > maxCandidates {
		return nil, "", ErrTooLarge.At("sdp", "At most 40 candidates.")
	}
	switch {
	case len(o.Voice) > maxSlots:
		return nil, "", ErrTooLarge.At("voice", "At most 16 lines.")
	case len(o.Views) > maxViews:
		return nil, "", ErrTooLarge.At("views", "At most 32 lines.")
	case o.Share != nil && (o.Share.Share == "" || len(o.Share.Share) > maxName):
		return nil, "", ErrBadOffer.At("share", "A share needs a name.")
	}
	sending := 0
	lines := make([]line, 0, len(d.MediaDescriptions))
	for _, m := range d.MediaDescriptions {
		l := line{kind: m.MediaName.Media, direction: directionOf(m)}
		l.mid, _ = m.Attribute(sdp.AttrKeyMID)
		switch {
		case l.kind != "audio" && l.kind != "video":
			return nil, "", ErrBadOffer.At("sdp", "Only lines of audio and video can be answered.")
		case l.direction == "sendrecv" && len(o.Voice)+len(o.Views) > 0:
			return nil, "", ErrBadOffer.At("sdp", "A line sends or receives, not both.")
		case l.direction == "sendrecv":
			l.direction = "sendonly" // who only sends often says so, and is sent nothing
			sending++
		case l.direction == "sendonly":
			sending++
		}
		if l.mid == "" || len(l.mid) > maxName || slices.ContainsFunc(lines, func(x line) bool { return x.mid == l.mid }) {
			return nil, "", ErrBadOffer.At("sdp", "Every line needs a mid of its own.")
		}
		lines = append(lines, l)
	}
	if sending > maxSending {
		return nil, "", ErrTooLarge.At("sdp", "At most 4 lines that send.")
	}
	if err := o.fits(lines); err != nil {
		return nil, "", err
	}
	return lines, withoutCandidates(o.SDP), nil
}

// fits holds the names of lines against the lines.
func (o Offer) fits(lines []line) error {
	var used []string
	find := func(field, mid, kind, direction string) error {
		i := slices.IndexFunc(lines, func(l line) bool { return l.mid == mid })
		switch {
		case i < 0:
			return ErrBadOffer.At(field, "There is no line "+mid+".")
		case kind != "" && lines[i].kind != kind:
			return ErrBadOffer.At(field, "Line "+mid+" is not "+kind+".")
		case lines[i].direction != direction && lines[i].direction != "inactive":
			return ErrBadOffer.At(field, "Line "+mid+" must be "+direction+".")
		case slices.Contains(used, mid):
			return ErrBadOffer.At(field, "Line "+mid+" is named twice.")
		}
		used = append(used, mid)
		return nil
	}
	if o.Mic != "" {
		if err := find("mic", o.Mic, "audio", "sendonly"); err != nil {
			return err
		}
	}
	for _, mid := range o.Voice {
		if err := find("voice", mid, "audio", "recvonly"); err != nil {
			return err
		}
	}
	if o.Share != nil {
		if err := find("share", o.Share.Video, "video", "sendonly"); err != nil {
			return err
		}
		if o.Share.Audio != "" {
			if err := find("share", o.Share.Audio, "audio", "sendonly"); err != nil {
				return err
			}
		}
	}
	for _, v := range o.Views {
		if err := find("views", v.Mid, "", "recvonly"); err != nil {
			return err
		}
	}
	return nil
}

func directionOf(m *sdp.MediaDescription) string {
	for _, d := range []string{"sendonly", "recvonly", "inactive"} {
		if _, ok := m.Attribute(d); ok {
			return d
		}
	}
	return "sendrecv"
}

func withoutCandidates(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for l := range strings.Lines(s) {
		if !strings.HasPrefix(l, "a=candidate:") && !strings.HasPrefix(l, "a=end-of-candidates") {
			b.WriteString(l)
		}
	}
	return b.String()
}
