package bus

import (
	"context"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Pauses between two tries to subscribe.
const (
	firstPause = 50 * time.Millisecond
	mostPause  = time.Second
)

// last is the newest message of a node that was taken.
type last struct {
	boot boot
	n    uint64
}

// Subscribe serves fn at once for messages of this node, and for those of
// others from when ready is closed. The subscription survives cuts; after one,
// fn gets a message that says so.
func (b *Redis) Subscribe(topic string, fn func(Message)) (<-chan struct{}, func()) {
	_, stop := b.local.Subscribe(topic, fn)
	channel := b.o.Prefix + topic
	b.mu.Lock()
	w := b.wants[channel]
	if w == nil {
		w = &interest{ready: make(chan struct{})}
		b.wants[channel] = w
		b.nudge()
	}
	w.n++
	b.mu.Unlock()
	return w.ready, sync.OnceFunc(func() {
		stop()
		b.mu.Lock()
		defer b.mu.Unlock()
		if w.n--; w.n == 0 {
			delete(b.wants, channel)
			b.nudge()
		}
	})
}

func (b *Redis) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// listen keeps a subscription until the bus is closed.
func (b *Redis) listen() {
	seen := map[string]last{}
	pause := firstPause
	for {
		if b.session(seen) {
			pause = firstPause
		}
		wait := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-wait.C:
		case <-b.ctx.Done():
			wait.Stop()
			return
		}
		pause = min(2*pause, mostPause)
	}
}

// session is one connection that receives, from its making to its end. It ends
// when it breaks or when it says nothing, not even the probes.
func (b *Redis) session(seen map[string]last) (lived bool) {
	ctx, cancel := context.WithCancel(b.ctx)
	b.mu.Lock()
	clear(b.asked)
	b.mu.Unlock()
	ps := b.client.Subscribe(ctx, b.probeChannel())
	closed := context.AfterFunc(ctx, func() { _ = ps.Close() })
	var side sync.WaitGroup
	side.Go(func() { b.keepWants(ctx, ps) })
	defer func() {
		cancel()
		side.Wait()
		if closed() {
			_ = ps.Close()
		}
	}()
	for {
		got, err := ps.ReceiveTimeout(ctx, silence)
		if err != nil {
			if lived && b.ctx.Err() == nil {
				b.cuts.Add(1)
				b.o.Log.Warn("bus: the subscription is lost", "err", err)
			}
			return lived
		}
		lived = true
		switch m := got.(type) {
		case *redis.Subscription:
			b.subscribed(m)
		case *redis.Message:
			b.take(m, seen)
		}
	}
}

// keepWants brings what the connection hears in line with what is wanted.
func (b *Redis) keepWants(ctx context.Context, ps *redis.PubSub) {
	heard := map[string]*interest{}
	for {
		var more, fewer []string
		b.mu.Lock()
		for c, w := range b.wants {
			if heard[c] != w {
				more = append(more, c)
				b.asked[c]++
			}
		}
		for c := range heard {
			if b.wants[c] == nil {
				fewer = append(fewer, c)
			}
		}
		heard = maps.Clone(b.wants)
		b.mu.Unlock()
		if len(more) > 0 && ps.Subscribe(ctx, more...) != nil || len(fewer) > 0 && ps.Unsubscribe(ctx, fewer...) != nil {
			_ = ps.Close() // the connection is broken; the next one begins anew
			return
		}
		select {
		case <-b.wake:
		case <-ctx.Done():
			return
		}
	}
}

// subscribed hears from Redis that a subscription is in force. The second time
// there was a cut before it.
func (b *Redis) subscribed(s *redis.Subscription) {
	if s.Kind != "subscribe" {
		return
	}
	b.mu.Lock()
	if b.asked[s.Channel]--; b.asked[s.Channel] > 0 {
		b.mu.Unlock()
		return // this answers an earlier wish, which was taken back meanwhile
	}
	delete(b.asked, s.Channel)
	w := b.wants[s.Channel]
	again := w != nil && w.open
	if w != nil && !w.open {
		w.open = true
		close(w.ready)
	}
	b.mu.Unlock()
	if again {
		_ = b.local.Publish(b.ctx, Message{Topic: s.Channel[len(b.o.Prefix):], Gap: true})
	}
}

// take passes a message on, if it is another node's and newer than what came
// from there: after a stall Redis may still send what its publisher has long
// given up.
func (b *Redis) take(m *redis.Message, seen map[string]last) {
	if m.Channel == b.probeChannel() {
		return
	}
	topic := m.Channel[len(b.o.Prefix):]
	s, ok := unwrap(b.o.Key, topic, []byte(m.Payload))
	if !ok {
		if n := b.forged.Add(1); n == 1 || n%1000 == 0 {
			b.o.Log.Warn("bus: a message without the right MAC was ignored", "topic", topic, "so_far", n)
		}
		return
	}
	if s.boot == b.seal.boot {
		return // its subscribers were served when it was published
	}
	if l := seen[s.node]; l.boot == s.boot && s.n <= l.n {
		b.stale.Add(1)
		return
	}
	seen[s.node] = last{s.boot, s.n}
	b.taken.Add(1)
	_ = b.local.Publish(b.ctx, Message{Topic: topic, Data: s.data})
}
