package hub

import (
	"context"

	"watchparty/internal/id"
)

// Directory says which node owns which room. An owner holds a lease that it
// renews; the fencing number of the database, not the lease, is what keeps a
// stale owner from writing.
type Directory interface {
	// Self is this node's name.
	Self() string
	// Acquire takes the room for this node, or names the node that has it.
	Acquire(ctx context.Context, p id.Party) (owner string, err error)
	// Hold keeps the lease of a room that this node has acquired. Where the
	// lease itself cannot say whose the room is, confirm asks the database: nil
	// is ours still, chat.ErrFenced is another's. lost is called at most once,
	// from another goroutine, when the room is another's; the room then stops.
	Hold(p id.Party, confirm func(context.Context) error, lost func()) Lease
}

// Lease is a node's right to run one room.
type Lease interface {
	// Await says whether the room is still this node's. It answers at once unless
	// the lease has run out by this node's own clock: then it waits until that is
	// known again, or until ctx ends, which counts as no.
	Await(ctx context.Context) bool
	// Release gives the lease back. Again is nothing.
	Release()
}

// Solo is the directory of a single node: every room is here, always.
type Solo struct{ Node string }

// Self is this node's name.
func (s Solo) Self() string { return s.Node }

// Acquire always succeeds.
func (s Solo) Acquire(context.Context, id.Party) (string, error) { return s.Node, nil }

// Hold needs no lease.
func (s Solo) Hold(id.Party, func(context.Context) error, func()) Lease { return always{} }

// always is the lease of a node that nobody competes with.
type always struct{}

func (always) Await(context.Context) bool { return true }
func (always) Release()                   {}

// Peers reaches the rooms of other nodes. A single node has none.
type Peers interface {
	// at gives the room of p on another node.
	at(node string, p id.Party) place
	// online counts the people in p's room on another node, as far as this node
	// has heard.
	online(p id.Party) int
	// serve starts answering other nodes, and moving this node's connections when
	// a room does. stop ends it.
	serve(h *Hub) (stop func())
}
