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
	// Hold keeps the lease of a room that this node has acquired. lost is called
	// at most once, from another goroutine, when the lease is gone; the room then
	// stops. release gives the lease back.
	Hold(p id.Party, lost func()) (release func())
}

// Solo is the directory of a single node: every room is here, always.
type Solo struct{ Node string }

// Self is this node's name.
func (s Solo) Self() string { return s.Node }

// Acquire always succeeds.
func (s Solo) Acquire(context.Context, id.Party) (string, error) { return s.Node, nil }

// Hold needs no lease.
func (s Solo) Hold(id.Party, func()) (release func()) { return func() {} }

// Peers reaches the rooms of other nodes. A single node has none.
type Peers interface {
	// at gives the room of p on another node.
	at(node string, p id.Party) place
	// serve starts answering other nodes: they reach this node's rooms through
	// open. stop ends it.
	serve(open func(ctx context.Context, p id.Party) (place, error)) (stop func())
}
