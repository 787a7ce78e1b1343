package party

import (
	"context"
	"strings"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Ref names a party: by its id or by its room code.
type Ref struct {
	ID   id.Party
	Code string
}

// ParseRef reads a party's name from outside.
func ParseRef(s string) (Ref, error) {
	if p, err := id.Parse[id.Party](s); err == nil {
		return Ref{ID: p}, nil
	}
	return refByCode(s)
}

// refByCode reads a room code. What cannot be one is like an unknown one.
func refByCode(s string) (Ref, error) {
	code := id.NormalCode(s)
	foreign := func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') }
	if len(code) != 6 || strings.ContainsFunc(code, foreign) {
		return Ref{}, fault.ErrNotFound
	}
	return Ref{Code: code}, nil
}

// Card is a party as one person sees it.
type Card struct {
	Party
	HostPerson Person
	Film       *Item  // what plays or comes first
	Mine       Member // the viewer's place; its ID is empty when he has none
}

// Seated says whether the viewer may see what only the room may.
func (c Card) Seated() bool { return c.Mine.Seated() }

// CanEdit says whether the viewer may change the settings.
func (c Card) CanEdit() bool {
	return !c.Over() && access.Check(access.User, c.Mine.Acting(), access.PartyEdit, nil) == nil
}

// Scope says which parties a list holds.
type Scope string

// The scopes. All is every party that the viewer may see.
const (
	All         Scope = ""
	Mine        Scope = "mine" // hosted and joined
	JoinedScope Scope = "joined"
	Hosted      Scope = "hosted"
	PublicScope Scope = "public"
)

// Filter chooses and orders a list.
type Filter struct {
	Scope    Scope
	Statuses []Status // empty: all; of PublicScope all that are not over
	Search   string
	Order    string // created_at, title or scheduled_start, with - in front for descending
	Limit    int
	Offset   int
}

// Store keeps parties.
type Store interface {
	// Write runs fn in one transaction; fn may be run again.
	Write(ctx context.Context, fn func(Tx) error) error
	// List gives a page of what viewer may see, and the number of all pages'.
	List(ctx context.Context, viewer id.User, f Filter) ([]Card, int, error)
	// Card gives a party that viewer may see.
	Card(ctx context.Context, ref Ref, viewer id.User) (Card, error)
	// PublicCard gives a public party that can be joined by its code.
	PublicCard(ctx context.Context, code string, viewer id.User) (Card, error)
	// InviteCard gives what a link leads to, unless one of viewer and host has
	// blocked the other.
	InviteCard(ctx context.Context, codeHash string, viewer id.User) (Invite, Card, error)
	// Members lists those of the given standings, or all, the first first.
	Members(ctx context.Context, p id.Party, standings ...Standing) ([]Member, error)
	Items(ctx context.Context, p id.Party) ([]Item, error)
	// Invites lists a party's links that open something at now, newest first.
	Invites(ctx context.Context, p id.Party, now time.Time) ([]Invite, error)
	// Whole gives a party with all that its room needs, whoever asks.
	Whole(ctx context.Context, p id.Party) (Party, []Member, []Item, error)
}

// Tx is one transaction. A party that it has opened is nobody else's to change
// until it ends.
type Tx interface {
	Record(topic, kind string, data any) error

	Parties
	Places
	Invitations
	Queue
}

// Parties is what a transaction does to parties.
type Parties interface {
	// Add adds a party with its host, or fails with ErrCodes when the room code
	// is taken.
	Add(p Party, host Member) error
	// Open opens a party that viewer may see.
	Open(ref Ref, viewer id.User) (Card, error)
	// OpenCalled opens a party that viewer knows a code or a link of. Blocked
	// people do not get into each other's private parties by those either.
	OpenCalled(ref Ref, viewer id.User) (Card, error)
	// Save keeps the settings, the status, the host and the founder, with the
	// next version.
	Save(p Party) (Party, error)
	// Pass keeps the host and the founder only.
	Pass(p Party) error
	Remove(p id.Party) error
}

// Places is what a transaction does to members.
type Places interface {
	// TakeSeat counts one seat more, or fails with ErrFull.
	TakeSeat(p id.Party) error
	// FreeSeat counts one seat less.
	FreeSeat(p id.Party) error
	Put(m Member) error
	MemberByUser(p id.Party, u id.User) (Member, error)
	MemberByID(p id.Party, m id.Member) (Member, error)
	MembersOf(p id.Party, standings ...Standing) ([]Member, error)
	// FromDevice lists who is shut out or was sent out of p on a device.
	FromDevice(p id.Party, device string) ([]Member, error)
}

// Invitations is what a transaction does to invite links.
type Invitations interface {
	AddInvite(i Invite, codeHash string) error
	InviteByCode(codeHash string) (Invite, error)
	// SpendInvite counts one use, or says that none is left.
	SpendInvite(i id.Invite, now time.Time) (bool, error)
	// RevokeInvite takes one of the party's links back.
	RevokeInvite(p id.Party, i id.Invite, now time.Time) error
	CountInvites(p id.Party, now time.Time) (int, error)
}

// Queue is what a transaction does to the queue.
type Queue interface {
	ItemsOf(p id.Party) ([]Item, error)
	AddItem(i Item) error
	SetTitle(p id.Party, i id.Item, title string) error
	RemoveItem(p id.Party, i id.Item) error
	// Reorder gives every item its place in order.
	Reorder(p id.Party, order []id.Item) error
	SetCurrent(p id.Party, i id.Item) error
	SetDuration(p id.Party, i id.Item, d time.Duration) error
}
