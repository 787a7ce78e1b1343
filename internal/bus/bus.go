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
}

// Bus is a publish-subscribe bus.
//
// Messages of one publisher on one topic arrive in the order of Publish; each
// subscriber sees each at most once. A message is not kept for those who
// subscribe later. Subscribers on the publishing node are served before
// Publish returns, also when the way to other nodes is cut.
type Bus interface {
	// Publish sends. The error says that other nodes may not have got it.
	Publish(ctx context.Context, msgs ...Message) error
	// Subscribe calls fn for each message on topic until stop is called. fn runs
	// on the bus's goroutine and must not block. ready is closed when the
	// subscription is in force for messages of other nodes as well.
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
