// Package bus carries messages between the parts of one node and between
// nodes. It never assigns order and never is the only copy of anything.
package bus

import (
	"context"
	"encoding/json"
	"time"

	"watchparty/internal/id"
)

// Message is one message on a topic.
type Message struct {
	Topic string
	Data  []byte
	// Gap says, with empty Data, that messages of other nodes may be missing
	// before this point: the way to them was cut. Who keeps something that
	// messages keep right reads it anew.
	Gap bool
}

// Bus is a publish-subscribe bus.
//
// Messages of one publisher on one topic arrive in the order of Publish; each
// subscriber sees each at most once. Those of two publishers arrive in any
// order. A message is not kept for those who subscribe later. Subscribers on
// the publishing node are served before Publish returns, also when the way to
// other nodes is cut.
type Bus interface {
	// Publish sends. The error says that other nodes may not have got all of it;
	// the subscribers of this node have. Who sends the same again accepts that
	// others see it twice.
	Publish(ctx context.Context, msgs ...Message) error
	// Subscribe calls fn for each message on topic until stop is called, one call
	// at a time. fn runs on the publisher's goroutine, or on the one that reads
	// for this node, and holds up what comes after: it must not block and not
	// publish on its own topic. It must not change Data. A call that is under way
	// may still end after stop has returned. ready is closed when the subscription
	// is in force for messages of other nodes as well. Subscribe does not wait.
	Subscribe(topic string, fn func(Message)) (ready <-chan struct{}, stop func())
}

// Fact says in the past tense that something is so now. It is recorded in the
// transaction that made it so, and published after the commit.
type Fact struct {
	ID    id.Fact         `json:"id"`
	Topic string          `json:"-"`
	Kind  string          `json:"kind"`
	At    time.Time       `json:"at"`
	Data  json.RawMessage `json:"data"`
}

// Message encodes a fact for its topic.
func (f Fact) Message() (Message, error) {
	b, err := json.Marshal(f)
	return Message{Topic: f.Topic, Data: b}, err
}

// ParseFact decodes a fact that came on topic.
func ParseFact(m Message) (Fact, error) {
	f := Fact{Topic: m.Topic}
	err := json.Unmarshal(m.Data, &f)
	return f, err
}
