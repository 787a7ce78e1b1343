// Package voice holds the rules of the voice room of a party: who is in it, who
// may speak, and what a shared screen is. They do no I/O.
package voice

import (
	"time"

	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Bounds of a voice room.
const (
	MostPeople    = 100
	MostSlots     = 16
	DefaultPeople = 50
	DefaultLastN  = 4
)

// What is wrong with a wish.
var (
	ErrOff        = fault.New(fault.Unavailable, "voice.off", "This server carries no voices.")
	ErrClosed     = fault.New(fault.Conflict, "voice.closed", "The hosts have closed the voice room.")
	ErrFull       = fault.New(fault.Conflict, "voice.full", "The voice room is full.")
	ErrNotIn      = fault.New(fault.Conflict, "voice.not_in", "Join the voice room first.")
	ErrSelfMuted  = fault.New(fault.Conflict, "voice.self_muted", "Only the person can lift a mute of one's own.")
	ErrForbidden  = fault.New(fault.Forbidden, "voice.forbidden", "You may not do that in the voice room.")
	ErrSocketOnly = fault.New(fault.Invalid, "voice.socket_only", "Voices are connected over a socket.")
)

// Quality is how many bits a microphone may use.
type Quality string

// The qualities.
const (
	Low    Quality = "low"
	Medium Quality = "medium"
	High   Quality = "high"
	Ultra  Quality = "ultra"
)

// Bitrate is in bits a second.
func (q Quality) Bitrate() int {
	switch q {
	case Low:
		return 16000
	case High:
		return 64000
	case Ultra:
		return 128000
	}
	return 32000
}

// Settings are the hosts'.
type Settings struct {
	Active            bool    `json:"active"`
	MaxParticipants   int     `json:"max_participants"`
	RequirePermission bool    `json:"require_permission"` // who is let speak does
	Quality           Quality `json:"audio_quality"`
	NoiseCancellation bool    `json:"noise_cancellation"`
	EchoCancellation  bool    `json:"echo_cancellation"`
	Stage             bool    `json:"stage"` // hosts speak, others raise a hand
	LastN             int     `json:"last_n"`
	ManyShares        bool    `json:"many_shares"`
}

// Default is how a voice room begins.
func Default() Settings {
	return Settings{
		Active: true, MaxParticipants: DefaultPeople, Quality: Medium, NoiseCancellation: true, EchoCancellation: true, LastN: DefaultLastN,
	}
}

// Patch changes some settings; nil leaves one.
type Patch struct {
	Active            *bool
	MaxParticipants   *int
	RequirePermission *bool
	Quality           *Quality
	NoiseCancellation *bool
	EchoCancellation  *bool
	Stage             *bool
	LastN             *int
	ManyShares        *bool
}

// With gives changed settings.
func (s Settings) With(p Patch) (Settings, error) {
	if n := p.MaxParticipants; n != nil && (*n < 1 || *n > MostPeople) {
		return s, fault.ErrInvalid.At("max_participants", "Between 1 and 100.")
	}
	if n := p.LastN; n != nil && (*n < 0 || *n > MostSlots) {
		return s, fault.ErrInvalid.At("last_n", "Between 0 and 16; 0 is all.")
	}
	if q := p.Quality; q != nil {
		switch *q {
		case Low, Medium, High, Ultra:
		default:
			return s, fault.ErrInvalid.At("audio_quality", "low, medium, high or ultra.")
		}
	}
	set(&s.Active, p.Active)
	set(&s.MaxParticipants, p.MaxParticipants)
	set(&s.RequirePermission, p.RequirePermission)
	set(&s.Quality, p.Quality)
	set(&s.NoiseCancellation, p.NoiseCancellation)
	set(&s.EchoCancellation, p.EchoCancellation)
	set(&s.Stage, p.Stage)
	set(&s.LastN, p.LastN)
	set(&s.ManyShares, p.ManyShares)
	return s, nil
}

func set[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
}

// Member is somebody in the voice room.
type Member struct {
	User        id.User
	Epoch       uint64 // of the connection
	Connected   bool
	Path        string // udp, tcp, relay
	Muted       bool   // by himself
	ServerMuted bool   // by a moderator
	Granted     bool   // was let speak
	Deafened    bool
	Hand        int64 // server milliseconds when it was raised; 0: it is down
	Priority    bool
	Joined      time.Time
}

// Leads says whether a role moderates the voice room.
func Leads(role access.Role) bool { return role >= access.CoHost }

// MaySpeak says whether a person may speak at all.
func (m Member) MaySpeak(s Settings, role access.Role) bool {
	return Leads(role) || m.Granted || !s.RequirePermission && !s.Stage
}

// Silent says whether nothing of the microphone may pass. Three wills are kept
// apart, so that ending one does not end another: the person's own, a
// moderator's, and the room's rule.
func (m Member) Silent(s Settings, role access.Role) bool {
	return m.Muted || m.ServerMuted || !m.MaySpeak(s, role)
}

// Join says whether one more may come in, being one of now.
func (s Settings) Join(now int, again bool, role access.Role) error {
	switch {
	case !s.Active:
		return ErrClosed
	case !again && now >= s.MaxParticipants && !Leads(role):
		return ErrFull
	case !again && now >= MostPeople:
		return ErrFull
	}
	return nil
}

// Own is what a person says about himself; nil leaves it.
type Own struct {
	Muted    *bool
	Deafened *bool
	Hand     *bool
}

// Set gives the member as he wants to be. now is server milliseconds.
func (m Member) Set(o Own, now int64) Member {
	set(&m.Muted, o.Muted)
	set(&m.Deafened, o.Deafened)
	m.Hand = hand(m.Hand, o.Hand, now)
	return m
}

func hand(was int64, up *bool, now int64) int64 {
	switch {
	case up == nil || *up && was != 0:
		return was
	case *up:
		return now
	}
	return 0
}

// Order is what a moderator says about somebody; nil leaves it.
type Order struct {
	Muted    *bool // the server's mute; it never touches the person's own
	Speak    *bool // let speak, where that needs leave
	Hand     *bool // only down
	Priority *bool
	Out      bool
}

// Moderated gives the member as a moderator wants him to be.
func (m Member) Moderated(o Order, by, role access.Role) (Member, error) {
	switch {
	case !Leads(by), role > by:
		return m, ErrForbidden
	case o.Hand != nil && *o.Hand:
		return m, fault.ErrInvalid.At("hand", "Only the person raises a hand.")
	case o.Muted != nil && !*o.Muted && !m.ServerMuted && m.Muted:
		return m, ErrSelfMuted
	}
	set(&m.ServerMuted, o.Muted)
	set(&m.Priority, o.Priority)
	set(&m.Granted, o.Speak)
	if o.Speak != nil || o.Hand != nil {
		m.Hand = 0 // it was answered
	}
	return m, nil
}
