package chat

import (
	"encoding/json"

	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// ErrFenced says that another node owns the room now: nothing was written.
var ErrFenced = fault.New(fault.Unavailable, "room.moved", "The party has moved to another server; coming back.")

// Room is what is kept about a room. Its order goes on from owner to owner:
// (Epoch, Seq) means the same on every node.
type Room struct {
	Epoch    string // changes only when the order starts anew
	Seq      int64  // of the last entry
	Fence    int64  // the owner's number; a lower one can write no more
	Playback []byte // the last checkpoint, nil when there is none
	Pinned   id.Message
	Draw     []byte // who may draw, nil when nobody has said
}

// Entry is one thing to append to a room's journal, with the change of the
// chat that it tells of; both are committed together.
type Entry struct {
	Type string     // name of the frame
	By   id.User    // empty when the room did it
	Op   string     // with By it names the command; empty is not remembered
	Ref  id.Message // the line that it makes or changes, if any
	Data json.RawMessage
	Put  *Message    // line to insert, or to keep as it is now
	Pin  *id.Message // line to pin; empty unpins
	With any         // change of another feature, which the store knows by its type
}

// Done is what became of an entry. With Again the command was appended before:
// Type, Ref and Seq are of that first time.
type Done struct {
	Type  string
	Ref   id.Message
	Seq   int64
	Again bool
}

// Event is an entry that was appended.
type Event struct {
	Seq  int64
	Type string
	Data json.RawMessage
}
