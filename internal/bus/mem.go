package bus

import (
	"context"
	"slices"
	"sync"
)

// Mem is the bus of a single node: a call from the publisher to each
// subscriber, in order.
type Mem struct {
	mu     sync.RWMutex
	topics map[string][]*subscriber
}

type subscriber struct {
	mu sync.Mutex // keeps the calls of several publishers one after the other
	fn func(Message)
}

// NewMem makes an empty bus.
func NewMem() *Mem { return &Mem{topics: map[string][]*subscriber{}} }

var _ Bus = (*Mem)(nil)

// Publish calls every subscriber before it returns.
func (b *Mem) Publish(_ context.Context, msgs ...Message) error {
	for _, m := range msgs {
		b.mu.RLock()
		subs := b.topics[m.Topic]
		b.mu.RUnlock()
		for _, s := range subs {
			s.mu.Lock()
			s.fn(m)
			s.mu.Unlock()
		}
	}
	return nil
}

// Subscribe is in force when it returns.
func (b *Mem) Subscribe(topic string, fn func(Message)) (<-chan struct{}, func()) {
	s := &subscriber{fn: fn}
	b.mu.Lock()
	b.topics[topic] = append(slices.Clone(b.topics[topic]), s)
	b.mu.Unlock()
	ready := make(chan struct{})
	close(ready)
	return ready, sync.OnceFunc(func() { b.drop(topic, s) })
}

func (b *Mem) drop(topic string, s *subscriber) {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := slices.DeleteFunc(slices.Clone(b.topics[topic]), func(x *subscriber) bool { return x == s })
	if len(left) == 0 {
		delete(b.topics, topic)
	} else {
		b.topics[topic] = left
	}
}
