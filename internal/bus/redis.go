package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// gather is how long a publication waits for others to share its way.
	gather = 200 * time.Microsecond
	// batchMost bounds one pipeline.
	batchMost = 256
	// within bounds what anybody waits for Redis.
	within = 250 * time.Millisecond
	// backlog bounds what waits for the way to Redis; beyond it publishing fails.
	backlog = 4096
	// probeEvery is how often a node speaks to itself through Redis. So a lasting
	// failure is found while nobody publishes, and a subscription that has died
	// without a word is found by its silence.
	probeEvery = 500 * time.Millisecond
	// silence is how long a living subscription can say nothing.
	silence = 4 * probeEvery
)

// ErrAway says that other nodes may not have got a message.
var ErrAway = errors.New("bus: Redis is out of reach")

// Client makes a client whose calls end within 250 ms, whatever Redis does.
func Client(address string) (*redis.Client, error) {
	o, err := redis.ParseURL(address)
	if err != nil {
		return nil, errors.New("bus: this is not an address of Redis")
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = within, within, within, within
	o.ContextTimeoutEnabled, o.MaxRetries, o.DialerRetries, o.DisableIdentity = true, -1, 1, true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(o), nil
}

// RedisOptions name this node and its secret.
type RedisOptions struct {
	Node   string
	Key    []byte // shared by all nodes: a message without its MAC is ignored
	Prefix string // of the channels; the default is "watchparty:"
	Log    *slog.Logger
}

// Stats count what went over the bus between nodes.
type Stats struct {
	Sent    int64 // messages that Redis took
	Failed  int64 // messages that it did not take, or not in time
	Taken   int64 // messages of other nodes
	Forged  int64 // ignored: the MAC was wrong
	Stale   int64 // ignored: seen before, or overtaken by a later one
	Cuts    int64 // times that the subscription was lost
	Waiting int   // publications on their way to Redis
}

// Redis carries messages between nodes over publish and subscribe. Its own
// subscribers it serves itself, whatever Redis does.
//
// A subscriber that is slow holds up the messages of other nodes to this one.
// Redis keeps them up to the bound that it has for subscribers, then cuts the
// connection: the subscription comes back by itself, each subscriber is told of
// the gap, and what was published meanwhile is lost.
type Redis struct {
	local  *Mem
	client *redis.Client
	o      RedisOptions
	seal   sealer
	out    chan *parcel
	away   atomic.Bool
	ctx    context.Context
	stop   context.CancelFunc
	work   sync.WaitGroup

	sent, failed, taken, forged, stale, cuts atomic.Int64

	mu    sync.Mutex
	wants map[string]*interest // by channel
	asked map[string]int       // subscriptions that Redis has not confirmed
	wake  chan struct{}        // the wants have changed
}

// interest is how many local subscribers want a channel.
type interest struct {
	n     int
	ready chan struct{}
	open  bool
}

// parcel is messages on their way to Redis, and where the outcome is told. Its
// state keeps those that nobody waits for any more from being sent.
type parcel struct {
	msgs  []Message
	done  chan error
	state atomic.Int32
}

const (
	parcelWaits = iota
	parcelGoes
	parcelGivenUp
)

var _ Bus = (*Redis)(nil)

// NewRedis makes a bus over a client as Client makes it, which it does not
// close.
func NewRedis(client *redis.Client, o RedisOptions) *Redis {
	if o.Prefix == "" {
		o.Prefix = "watchparty:"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background()) // it lives until Close
	b := &Redis{
		local: NewMem(), client: client, o: o, seal: newSealer(o.Node, o.Key), out: make(chan *parcel, backlog),
		ctx: ctx, stop: stop, wants: map[string]*interest{}, asked: map[string]int{}, wake: make(chan struct{}, 1),
	}
	b.work.Go(b.send)
	b.work.Go(b.listen)
	return b
}

// Close ends the bus. What was not sent is lost.
func (b *Redis) Close() error {
	b.stop()
	b.work.Wait()
	return nil
}

// Stats gives the counts since the start.
func (b *Redis) Stats() Stats {
	return Stats{
		Sent: b.sent.Load(), Failed: b.failed.Load(), Taken: b.taken.Load(), Forged: b.forged.Load(),
		Stale: b.stale.Load(), Cuts: b.cuts.Load(), Waiting: len(b.out),
	}
}

// Publish serves local subscribers, then waits until Redis has the messages,
// 250 ms at most. While Redis is known to be away it does not wait at all.
func (b *Redis) Publish(ctx context.Context, msgs ...Message) error {
	_ = b.local.Publish(ctx, msgs...) // a call to each subscriber; it cannot fail
	if b.away.Load() {
		b.failed.Add(int64(len(msgs)))
		return ErrAway
	}
	p := &parcel{msgs: msgs, done: make(chan error, 1)}
	select {
	case b.out <- p:
	default:
		b.failed.Add(int64(len(msgs)))
		return fmt.Errorf("%w: %d publications wait", ErrAway, backlog)
	}
	wait := time.NewTimer(within)
	defer wait.Stop()
	var err error
	select {
	case err = <-p.done:
		return err
	case <-wait.C:
		err = ErrAway
	case <-ctx.Done():
		err = ctx.Err()
	case <-b.ctx.Done():
		err = ErrAway
	}
	if p.state.CompareAndSwap(parcelWaits, parcelGivenUp) {
		b.failed.Add(int64(len(msgs)))
	}
	return err
}

// send gathers parcels and sends each batch in one pipeline, in order.
func (b *Redis) send() {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	b.probe()
	for {
		select {
		case <-b.ctx.Done():
			return
		case <-tick.C:
			b.probe()
		case first := <-b.out:
			b.flush(b.collect(first))
		}
	}
}

// probe sends a message to this very node.
func (b *Redis) probe() {
	ctx, cancel := context.WithTimeout(b.ctx, within)
	defer cancel()
	b.found(b.client.Publish(ctx, b.probeChannel(), "").Err())
}

func (b *Redis) probeChannel() string { return b.o.Prefix + "probe." + b.seal.boot.String() }

// found notes whether Redis is there.
func (b *Redis) found(err error) {
	gone := err != nil && b.ctx.Err() == nil
	if b.away.Swap(gone) != gone {
		if gone {
			b.o.Log.Warn("bus: Redis is away; this node goes on alone", "err", err)
		} else {
			b.o.Log.Info("bus: Redis is there again")
		}
	}
}

func (b *Redis) collect(first *parcel) []*parcel {
	batch, n := []*parcel{first}, len(first.msgs)
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

func (b *Redis) flush(batch []*parcel) {
	ctx, cancel := context.WithTimeout(b.ctx, within)
	defer cancel()
	pipe := b.client.Pipeline()
	goes := batch[:0]
	for _, p := range batch {
		if !p.state.CompareAndSwap(parcelWaits, parcelGoes) {
			continue
		}
		goes = append(goes, p)
		for _, m := range p.msgs {
			pipe.Publish(ctx, b.o.Prefix+m.Topic, b.seal.wrap(m.Topic, m.Data))
		}
	}
	if len(goes) == 0 {
		return
	}
	cmds, err := pipe.Exec(ctx)
	b.found(err)
	for _, p := range goes {
		var bad error
		for _, c := range cmds[:len(p.msgs)] {
			if c.Err() != nil {
				bad = fmt.Errorf("%w: %w", ErrAway, c.Err())
				b.failed.Add(1)
			} else {
				b.sent.Add(1)
			}
		}
		cmds = cmds[len(p.msgs):]
		p.done <- bad
	}
}

// boot names one run of a node.
type boot [8]byte

func newBoot() (b boot) {
	_, _ = rand.Read(b[:]) // never fails, by its contract
	return b
}

func (b boot) String() string { return fmt.Sprintf("%x", b[:]) }
