package voice

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// What is wrong with a share.
var (
	ErrShareTaken = fault.New(fault.Conflict, "share.taken", "Somebody shares a screen already.")
	ErrShareOver  = fault.New(fault.Conflict, "share.over", "This share has ended.")
	ErrNotYours   = fault.New(fault.Forbidden, "share.not_yours", "Only who shares the screen may do that.")
)

// Share is a shared screen.
type Share struct {
	ID            id.Share
	Party         id.Party
	User          id.User
	Title         string
	Type          string // screen, window, tab
	Resolution    string // WxH
	FrameRate     int
	Annotate      bool // viewers may draw on it
	RemoteControl bool
	Recording     bool
	Quality       string // low, medium, high
	Audio         bool
	Started       time.Time
	Ended         *time.Time
	Viewers       int // the most at once
}

// SharePatch changes some of it; nil leaves one.
type SharePatch struct {
	Title         *string
	Type          *string
	Resolution    *string
	FrameRate     *int
	Annotate      *bool
	RemoteControl *bool
	Recording     *bool
	Quality       *string
	Audio         *bool
}

// NewShare makes a share as it begins.
func NewShare(p id.Party, u id.User, patch SharePatch, now time.Time) (Share, error) {
	s := Share{
		ID: id.New[id.Share](), Party: p, User: u, Type: "screen", Resolution: "1920x1080", FrameRate: 30, Quality: "high", Started: now,
	}
	return s.With(patch)
}

// With gives the share with changes.
func (s Share) With(p SharePatch) (Share, error) {
	if p.Title != nil {
		t := strings.TrimSpace(*p.Title)
		if utf8.RuneCountInString(t) > 200 {
			return s, fault.ErrInvalid.At("title", "At most 200 characters.")
		}
		s.Title = t
	}
	if err := oneOf("share_type", &s.Type, p.Type, "screen", "window", "tab"); err != nil {
		return s, err
	}
	if err := oneOf("quality", &s.Quality, p.Quality, "low", "medium", "high"); err != nil {
		return s, err
	}
	if p.Resolution != nil {
		if !resolution(*p.Resolution) {
			return s, fault.ErrInvalid.At("resolution", "Such as 1920x1080, between 640x480 and 3840x2160.")
		}
		s.Resolution = *p.Resolution
	}
	if n := p.FrameRate; n != nil && (*n < 1 || *n > 60) {
		return s, fault.ErrInvalid.At("frame_rate", "Between 1 and 60.")
	}
	set(&s.FrameRate, p.FrameRate)
	set(&s.Annotate, p.Annotate)
	set(&s.RemoteControl, p.RemoteControl)
	set(&s.Recording, p.Recording)
	set(&s.Audio, p.Audio)
	return s, nil
}

func oneOf(field string, to, v *string, words ...string) error {
	if v == nil {
		return nil
	}
	for _, w := range words {
		if *v == w {
			*to = w
			return nil
		}
	}
	return fault.ErrInvalid.At(field, "One of "+strings.Join(words, ", ")+".")
}

func resolution(s string) bool {
	a, b, ok := strings.Cut(s, "x")
	w, err1 := strconv.Atoi(a)
	h, err2 := strconv.Atoi(b)
	return ok && err1 == nil && err2 == nil && w >= 640 && w <= 3840 && h >= 480 && h <= 2160
}

// Begin says whether one more share may begin beside those there are.
func (s Settings) Begin(shares int) error {
	if shares > 0 && !s.ManyShares || shares >= 8 {
		return ErrShareTaken
	}
	return nil
}

// MayStop says whether a person may end the share; moderators may end any.
func (s Share) MayStop(u id.User, role access.Role) bool { return s.User == u || Leads(role) }

// MayDraw says whether a person may draw on the share.
func (s Share) MayDraw(u id.User, role access.Role) bool {
	return s.User == u || Leads(role) || s.Annotate
}

// Talk is one stay of a person in the voice room.
type Talk struct {
	ID     id.Talk
	User   id.User
	Joined time.Time
	Left   *time.Time
}

// Changes are what is to be kept, under the owner's fence. Rows are whole, so
// that keeping them twice changes nothing.
type Changes struct {
	Settings *Settings
	Shares   []Share
	Talks    []Talk
}

// Kept is what is known of a voice room from before.
type Kept struct {
	Settings Settings
	Made     bool    // somebody has set it
	Shares   []Share // that have not ended
}
