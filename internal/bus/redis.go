package bus

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// gather is how long a publication waits for others to share its way.
	gather = 200 * time.Microsecond
	// batchMost bounds one pipeline.
	batchMost = 256
	// redisWithin bounds what a publisher waits for Redis.
	redisWithin = 250 * time.Millisecond
	// backlog bounds what waits for the way to Redis; beyond it publishing fails.
	backlog = 4096
)

// ErrAway says that other nodes may not have got a message.
var ErrAway = errors.New("bus: Redis is out of reach")

// RedisOptions name this node and its secret.
type RedisOptions struct {
	Node   string
	Key    []byte // shared by all nodes: a message without its MAC is ignored
	Prefix string // of the channels; the default is "watchparty:"
	Log    *slog.Logger
}

// Redis carries messages between nodes over publish and subscribe. Its own
// subscribers it serves itself, whatever Redis does.
type Redis struct {
	local  *Mem
	client *redis.Client
	pubsub *redis.PubSub
	o      RedisOptions
	out    chan parcel
	ctx    context.Context
	stop   context.CancelFunc
	work   sync.WaitGroup
	forged atomic.Int64

	mu    sync.Mutex
	wants map[string]*interest // by channel
}

// interest is how many local subscribers want a channel.
type interest struct {
	n     int
	ready chan struct{}
	open  bool
}

// parcel is messages on their way to Redis, and where the outcome is told.
type parcel struct {
	msgs []Message
	done chan error
}

var _ Bus = (*Redis)(nil)

// NewRedis makes a bus over a client, which it does not close.
func NewRedis(client *redis.Client, o RedisOptions) *Redis {
	if o.Prefix == "" {
		o.Prefix = "watchparty:"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background()) // it lives until Close
	b := &Redis{
		local: NewMem(), client: client, o: o, out: make(chan parcel, backlog),
		ctx: ctx, stop: stop, wants: map[string]*interest{},
	}
	b.pubsub = client.Subscribe(ctx)
	b.work.Go(b.send)
	b.work.Go(b.receive)
	return b
}

// Close ends the bus. What was not sent is lost.
func (b *Redis) Close() error {
	b.stop()
	err := b.pubsub.Close()
	b.work.Wait()
	return err
}

// Forged counts messages that were ignored because their MAC was wrong.
func (b *Redis) Forged() int64 { return b.forged.Load() }

// Publish serves local subscribers, then waits until Redis has the messages,
// 250 ms at most.
func (b *Redis) Publish(ctx context.Context, msgs ...Message) error {
	if err := b.local.Publish(ctx, msgs...); err != nil {
		return err
	}
	p := parcel{msgs, make(chan error, 1)}
	select {
	case b.out <- p:
	default:
		return fmt.Errorf("%w: %d publications wait", ErrAway, backlog)
	}
	wait := time.NewTimer(2 * redisWithin)
	defer wait.Stop()
	select {
	case err := <-p.done:
		return err
	case <-wait.C:
		return ErrAway
	case <-ctx.Done():
		return ctx.Err()
	case <-b.ctx.Done():
		return ErrAway
	}
}

// send gathers parcels and sends each batch in one pipeline, in order.
func (b *Redis) send() {
	for {
		select {
		case <-b.ctx.Done():
			return
		case first := <-b.out:
			b.flush(b.collect(first))
		}
	}
}

func (b *Redis) collect(first parcel) []parcel {
	batch, n := []parcel{first}, len(first.msgs)
	wait := time.NewTimer(gather)
	defer wait.Stop()
	for n < batchMost {
		select {
		case p := <-b.out:
			batch = append(batch, p)
			n += len(p.msgs)
		case <-wait.C:
			return batch
		}
	}
	return batch
}

func (b *Redis) flush(batch []parcel) {
	ctx, cancel := context.WithTimeout(b.ctx, redisWithin)
	defer cancel()
	pipe := b.client.Pipeline()
	for _, p := range batch {
		for _, m := range p.msgs {
			pipe.Publish(ctx, b.o.Prefix+m.Topic, b.seal(m))
		}
	}
	_, err := pipe.Exec(ctx)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrAway, err)
	}
	for _, p := range batch {
		p.done <- err
	}
}

// A sealed message is: length of the node's name, the name, a MAC over topic,
// name and data, the data.
func (b *Redis) seal(m Message) []byte {
	out := make([]byte, 0, 1+len(b.o.Node)+sha256.Size+len(m.Data))
	out = append(out, byte(len(b.o.Node)))
	out = append(out, b.o.Node...)
	out = append(out, b.mac(m.Topic, b.o.Node, m.Data)...)
	return append(out, m.Data...)
}

func (b *Redis) mac(topic, node string, data []byte) []byte {
	h := hmac.New(sha256.New, b.o.Key)
	fmt.Fprintf(h, "%d:%s%d:%s", len(topic), topic, len(node), node)
	h.Write(data)
	return h.Sum(nil)
}

// unseal checks a message and says which node sent it.
func (b *Redis) unseal(topic string, raw []byte) (node string, data []byte, ok bool) {
	if len(raw) < 1 || len(raw) < 1+int(raw[0])+sha256.Size {
		return "", nil, false
	}
	n := 1 + int(raw[0])
	node, data = string(raw[1:n]), raw[n+sha256.Size:]
	return node, data, hmac.Equal(raw[n:n+sha256.Size], b.mac(topic, node, data))
}

// Subscribe serves fn at once for messages of this node, and for those of
// others from when ready is closed. The subscription survives cuts; what was
// published meanwhile is lost.
func (b *Redis) Subscribe(topic string, fn func(Message)) (<-chan struct{}, func()) {
	_, stop := b.local.Subscribe(topic, fn)
	channel := b.o.Prefix + topic
	b.mu.Lock()
	w := b.wants[channel]
	if w == nil {
		w = &interest{ready: make(chan struct{})}
		b.wants[channel] = w
		// An error is not final: the subscription is made with the next connection.
		_ = b.pubsub.Subscribe(b.ctx, channel)
	}
	w.n++
	b.mu.Unlock()
	return w.ready, sync.OnceFunc(func() {
		stop()
		b.mu.Lock()
		defer b.mu.Unlock()
		if w.n--; w.n == 0 && b.wants[channel] == w {
			delete(b.wants, channel)
			_ = b.pubsub.Unsubscribe(b.ctx, channel)
		}
	})
}

// receive passes on what comes. The client pings the connection when it is
// silent and makes a new one, with all subscriptions, when no answer comes.
func (b *Redis) receive() {
	for {
		select {
		case <-b.ctx.Done():
			return
		case got, ok := <-b.pubsub.ChannelWithSubscriptions(redis.WithChannelSize(backlog), redis.WithChannelHealthCheckInterval(time.Second)):
			if !ok {
				return
			}
			switch m := got.(type) {
			case *redis.Subscription:
				b.subscribed(m)
			case *redis.Message:
				b.take(m)
			}
		}
	}
}

func (b *Redis) subscribed(s *redis.Subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if w := b.wants[s.Channel]; w != nil && s.Kind == "subscribe" && !w.open {
		w.open = true
		close(w.ready)
	}
}

func (b *Redis) take(m *redis.Message) {
	topic := m.Channel[len(b.o.Prefix):]
	node, data, ok := b.unseal(topic, []byte(m.Payload))
	switch {
	case !ok:
		if n := b.forged.Add(1); n == 1 || n%1000 == 0 {
			b.o.Log.Warn("bus: a message without the right MAC was ignored", "topic", topic, "so_far", n)
		}
	case node != b.o.Node:
		_ = b.local.Publish(b.ctx, Message{topic, data}) // a call to each subscriber; it cannot fail
	}
}
