package hub

import (
	"context"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/chat"
	"watchparty/internal/draw"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/internal/react"
	"watchparty/internal/session"
	"watchparty/internal/voice"
)

// Auth says who opens a connection.
type Auth interface {
	// Authenticate takes an access token; no other kind.
	Authenticate(ctx context.Context, token string) (account.Identity, error)
	// RedeemTicket takes a ticket, which is good once.
	RedeemTicket(ctx context.Context, ticket string) (account.Identity, error)
}

// Parties is what a room needs to know of its party.
type Parties interface {
	// Enter gives the party and the caller's seat. It refuses who has none, and
	// answers what the caller may not see with not_found.
	Enter(ctx context.Context, p id.Party, who account.Identity) (party.Party, party.Member, error)
	// Load gives the party, everybody who stands in any relation to it, and the
	// queue in order.
	Load(ctx context.Context, p id.Party) (party.Party, []party.Member, []party.Item, error)
	SetCurrent(ctx context.Context, p id.Party, item id.Item) error
	SetDuration(ctx context.Context, p id.Party, item id.Item, d time.Duration) error
	// Succeed makes to the host if from is it still.
	Succeed(ctx context.Context, p id.Party, from, to id.User) error
}

// Store keeps the rooms' journals.
type Store interface {
	// Open makes node the owner: from now on every lower fence is refused.
	Open(ctx context.Context, p id.Party, node string) (chat.Room, error)
	// Append commits entries in their order, each with the next seq, and
	// with them their changes of the chat. A command that was appended before is
	// not appended again. With a fence that is not the newest it writes nothing
	// and answers chat.ErrFenced. After another error all or nothing is written.
	Append(ctx context.Context, p id.Party, fence int64, entries []chat.Entry) ([]chat.Done, error)
	// EventsAfter gives at most limit entries after seq, in order, without holes.
	EventsAfter(ctx context.Context, p id.Party, seq int64, limit int) ([]chat.Event, error)
	// Recent gives the last lines, oldest first.
	Recent(ctx context.Context, p id.Party, limit int) ([]chat.Message, error)
	Message(ctx context.Context, p id.Party, m id.Message) (chat.Message, error)
	// Marks gives what is drawn and lasts, oldest first.
	Marks(ctx context.Context, p id.Party) ([]draw.Mark, error)
	// SavePlayback keeps a checkpoint, under the same fence.
	SavePlayback(ctx context.Context, p id.Party, fence int64, state []byte) error
	PollStore
	// OpenVoice gives a new owner how the voice room is set, and the shares that
	// run.
	OpenVoice(ctx context.Context, p id.Party) (voice.Kept, error)
	// KeepVoice writes what changed, under the fence. The same again changes
	// nothing.
	KeepVoice(ctx context.Context, p id.Party, fence int64, c voice.Changes) error
	// Throw keeps reactions. The same again changes nothing.
	Throw(ctx context.Context, list []react.Thrown) error
	// Kept gives what is known of what people did, for a keeper to go on with.
	Kept(ctx context.Context, p id.Party) (session.Kept, error)
	// Keep writes what they did since, under the fence. The same again changes
	// nothing.
	Keep(ctx context.Context, p id.Party, fence int64, c session.Changes) error
}

// Media carries the voices and the shared screens of the rooms on this node.
type Media interface {
	// ICEServers gives a person's way to the relay; empty where there is none.
	ICEServers(u id.User, p id.Party) []voice.ICEServer
	// Open begins the media of a room. Of it hears e, on other goroutines.
	Open(p id.Party, f voice.Forwarding, e Ears) Speakers
}

// Speakers is the media of one room. Join and Renegotiate take milliseconds;
// the other methods return at once.
type Speakers interface {
	// Join connects a person anew, instead of an older connection.
	Join(ctx context.Context, u id.User, f voice.Flags, o voice.Offer) (voice.Answer, error)
	Renegotiate(ctx context.Context, u id.User, o voice.Offer) (voice.Answer, error)
	// Leave ends a person's connection: when it has returned, no packet passes.
	Leave(u id.User)
	Set(u id.User, f voice.Flags)
	Bind(u id.User, views []voice.View) error
	Unshare(s id.Share)
	Update(f voice.Forwarding)
	Close()
}

// Ears hears what happens in a room's media. Its methods do not block.
type Ears interface {
	Connected(u id.User, epoch uint64, path string)
	Lost(u id.User, epoch uint64)
	Speaking(users []id.User)
	Slots(users []id.User)
	ShareLive(s id.Share, on bool)
}

// Metrics counts. Its methods must not block.
type Metrics interface {
	Connections(delta int)
	Rooms(delta int)
	Received(frame string)
	Sent(class wire.Class, frames int)
	Dropped(class wire.Class)
	Closed(code int)
	Joined(mode string)
	Committed(entries int, took time.Duration)
}

// quiet counts nothing.
type quiet struct{}

func (quiet) Connections(int)              {}
func (quiet) Rooms(int)                    {}
func (quiet) Received(string)              {}
func (quiet) Sent(wire.Class, int)         {}
func (quiet) Dropped(wire.Class)           {}
func (quiet) Closed(int)                   {}
func (quiet) Joined(string)                {}
func (quiet) Committed(int, time.Duration) {}
