package hub

import (
	"context"

	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

// link is how a room reaches one connection, wherever that connection ends: on
// this node or behind another. No method blocks.
type link interface {
	// key names the connection among those of all nodes.
	key() string
	// hold hands a frame over, to be sent in the order of the calls, at the
	// latest with the next flush. A room hands the same *frame to many links one
	// after the other: a relay may join those calls into one message to the other
	// node.
	hold(f *frame)
	// flush sends what is held.
	flush()
	// close ends the whole connection.
	close(reason wire.CloseReason)
	// unseat tells the connection that its seat in the room is gone and why;
	// the connection stays. The room never uses the link again.
	unseat(party id.Party, f *frame)
}

// seat is a connection's place in a room, as the connection sees it: in a room
// on this node, or behind a relay to the owner.
type seat interface {
	// frame hands the room what the client sent. It does not wait: the answer
	// comes through the link.
	frame(a arrival)
	// leave gives the seat up. A clean leave is one that the person asked for;
	// otherwise the connection was cut and may come back within its grace.
	leave(clean bool)
}

// place is where a room runs: here, or on another node.
type place interface {
	// enter asks for a seat. The answer to the client, party.welcome or error,
	// goes through the link. The seat takes frames at once, in order.
	enter(l link, e entrance) seat
	// do runs a command of REST and waits for its end.
	do(ctx context.Context, actor account.Identity, cmd wire.Command) (wire.Result, error)
	// playback tells where the film is.
	playback(ctx context.Context) (wire.Playback, error)
}

// entrance is a connection that wants a seat, and has the right to it: the
// node that it is connected to has asked Parties.Enter.
type entrance struct {
	Who     account.Identity `json:"who"`
	Member  party.Member     `json:"member"`
	Session string           `json:"session"` // of this connection
	Re      string           `json:"re"`      // id of the join frame
	Join    wire.Join        `json:"join"`
	Quality quality          `json:"quality"`
}

// arrival is one frame from a client, with what its node knows about the way
// that it came.
type arrival struct {
	Up      wire.Up `json:"up"`
	At      float64 `json:"at"` // server milliseconds when it was read
	Quality quality `json:"quality"`
}

// quality is how a connection does. Zero means not measured yet.
type quality struct {
	RTT    float64 `json:"rtt"`     // milliseconds, the best seen lately
	OneWay float64 `json:"one_way"` // milliseconds, p95 of the way up
}
