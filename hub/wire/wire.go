// Package wire is the protocol of the socket: every frame, once. The catalogue
// ties a name to a Go type, the action it needs and a sentence; documents,
// schemas, TypeScript and the dispatcher are made from it.
package wire

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"watchparty/internal/access"
)

// Subprotocol is what a client offers on the handshake.
const Subprotocol = "watchparty.v1"

// TokenProtocol starts the subprotocol that carries an access token.
const TokenProtocol = "auth.token."

// Up is the envelope of a frame from the client.
type Up struct {
	Type string          `json:"type"`
	ID   string          `json:"id,omitempty" maxLength:"64" doc:"The answer names it in re."`
	Op   string          `json:"op,omitempty" maxLength:"64" doc:"Names the command; the same op again has no second effect."`
	Room string          `json:"room,omitempty" doc:"party:<uuid>."`
	C1   float64         `json:"c1,omitempty" doc:"The client's performance.now() in milliseconds: a free clock sample."`
	Data json.RawMessage `json:"data,omitempty"`
}

// Down is the envelope of a frame from the server.
type Down struct {
	Type string  `json:"type"`
	Re   string  `json:"re,omitempty" doc:"Id of the frame that this answers."`
	Room string  `json:"room,omitempty"`
	Seq  int64   `json:"seq,omitempty" doc:"The room's order; only on frames of class log."`
	ST   float64 `json:"st,omitempty" doc:"Server milliseconds at sending: a free clock sample."`
	Data any     `json:"data,omitempty"`
}

// Class says what is promised for a frame to members.
type Class uint8

const (
	// Direct goes to one member and is not dropped.
	Direct Class = iota
	// Log has a seq, is committed before it is sent, can be resumed, is never dropped.
	Log
	// State is the whole of something; the last one wins, older ones may be skipped.
	State
	// Burst is merged over 50 to 100 ms and may be dropped.
	Burst
	// Arrival is merged joins and leaves, at most one frame in 250 ms.
	Arrival
	// Classes is how many there are.
	Classes = iota
)

var classNames = [Classes]string{"direct", "log", "state", "burst", "presence"}

func (c Class) String() string { return classNames[c] }

// Entry is one line of the catalogue.
type Entry struct {
	Name  string
	Up    bool          // from the client
	Needs access.Action // up only
	Class Class         // down only
	Doc   string
	Type  reflect.Type
}

// Frame ties a name to a Go type.
type Frame[T any] struct{ Entry }

var catalogue []Entry

// Catalogue lists every frame: first the client's, then the server's, by name.
func Catalogue() []Entry {
	all := slices.Clone(catalogue)
	slices.SortFunc(all, func(a, b Entry) int {
		if a.Up != b.Up {
			if a.Up {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all
}

func up[T any](name string, needs access.Action, doc string) Frame[T] {
	m := Frame[T]{Entry{Name: name, Up: true, Needs: needs, Doc: doc, Type: reflect.TypeFor[T]()}}
	catalogue = append(catalogue, m.Entry)
	return m
}

func down[T any](name string, class Class, doc string) Frame[T] {
	m := Frame[T]{Entry{Name: name, Class: class, Doc: doc, Type: reflect.TypeFor[T]()}}
	catalogue = append(catalogue, m.Entry)
	return m
}

// PartyRoom names the room of a party.
func PartyRoom(party string) string { return "party:" + party }
