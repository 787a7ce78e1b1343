// Package party knows watch parties: who may see one, who has a seat, what
// plays next. Its rules do no I/O; its Service loads, decides and keeps.
package party

import (
	"time"

	"watchparty/internal/access"
	"watchparty/internal/id"
)

// Visibility says who may find a party.
type Visibility string

// The visibilities.
const (
	Public  Visibility = "public"
	Friends Visibility = "friends"
	Private Visibility = "private"
)

// Status is where a party is in its life.
type Status string

// The statuses.
const (
	Scheduled Status = "scheduled"
	Live      Status = "live"
	Paused    Status = "paused"
	Ended     Status = "ended"
	Cancelled Status = "cancelled"
)

// Control says who may play, pause and seek.
type Control string

// The control modes.
const (
	ControlEveryone Control = "everyone"
	ControlHosts    Control = "hosts"
	ControlAsk      Control = "ask"
)

// Party is one watch party.
type Party struct {
	ID              id.Party
	RoomCode        string
	Title           string
	Description     string
	Visibility      Visibility
	Status          Status
	Host            id.User
	Founder         id.User // to whom the party comes back after a succession
	MaxParticipants int
	Seats           int // approved members, the host included
	RequireApproval bool
	AllowChat       bool
	AllowReactions  bool
	AllowJoinByCode bool
	Locked          bool
	WaitForSlow     bool
	Control         Control
	SlowMode        time.Duration
	Current         id.Item // what plays or comes first; empty when the queue is
	ScheduledStart  *time.Time
	StartedAt       *time.Time
	EndedAt         *time.Time
	CreatedAt       time.Time
	UpdatedAt       time.Time
	Version         int
}

// Bars are the permission bars that the party's settings raise.
func (p Party) Bars() access.Bars {
	if p.Control == ControlEveryone {
		return nil
	}
	return access.Bars{access.PlaybackControl: access.CoHost}
}

// Over says whether the party has ended one way or the other.
func (p Party) Over() bool { return p.Status == Ended || p.Status == Cancelled }

// Standing is where a person stands in a party.
type Standing string

// The standings. Only Approved has a seat.
const (
	Approved Standing = "approved"
	Pending  Standing = "pending"
	Rejected Standing = "rejected"
	Left     Standing = "left"
	Banned   Standing = "banned"
)

// Person is a user as a party shows him.
type Person struct {
	ID        id.User
	Username  string
	Name      string
	FirstName string
	LastName  string
	Avatar    string
	Guest     bool
}

// Member is a person's place in a party.
type Member struct {
	ID          id.Member
	Party       id.Party
	Person      Person
	Role        access.Role
	Standing    Standing
	Color       int        // 0 to 11, spread over the party
	Note        string     // what a knocking person wrote, or why somebody was banned
	JoinedAt    time.Time  // Pending: when the person knocked
	BannedUntil *time.Time // nil with Banned is for good
	BackAt      *time.Time // sent out or turned away: not back before
	Device      string     // hash of the device that the person last came from
	Invite      id.Invite  // the link that the person came by
}

// Seated says whether the member may be in the room.
func (m Member) Seated() bool { return m.Standing == Approved }

// Kind says where a film comes from.
type Kind string

// The kinds of film.
const (
	Sample Kind = "sample"
	URL    Kind = "url"
	HLS    Kind = "hls"
	Upload Kind = "upload"
)

// Item is one film of a party's queue.
type Item struct {
	ID        id.Item
	Party     id.Party
	Title     string
	Kind      Kind
	URL       string
	Thumbnail string
	Duration  time.Duration // 0 when not known
	Media     id.Media      // the upload, for kind upload
	AddedBy   id.User
	Position  int
}

// Topic names the bus topic of a party's facts.
func Topic(p id.Party) string { return "party:" + string(p) }

// UserTopic names the bus topic of a person's facts.
func UserTopic(u id.User) string { return "user:" + string(u) }

// Kinds of fact. Receivers reload what they need: a fact only says that
// something is so now, and is idempotent.
const (
	FactChanged  = "party.changed"  // settings, status, queue or members; Data is Changed
	FactAdmitted = "party.admitted" // on the user's topic; Data is Decided
	FactRefused  = "party.refused"  // on the user's topic; Data is Decided
)

// Changed is the data of FactChanged.
type Changed struct {
	Party   id.Party `json:"party"`
	What    []string `json:"what"` // settings, status, queue, members, knocks, deleted
	User    id.User  `json:"user,omitempty"`
	Removed bool     `json:"removed,omitempty"` // User was kicked or banned
	Banned  bool     `json:"banned,omitempty"`
	By      id.User  `json:"by,omitempty"`
}

// Decided is the data of FactAdmitted and FactRefused.
type Decided struct {
	Party  id.Party `json:"party"`
	Reason string   `json:"reason,omitempty"`
}
