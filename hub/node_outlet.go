package hub

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"watchparty/internal/bus"
	"watchparty/internal/id"
)

const (
	packetBytes  = 256 << 10       // about; one frame may be larger
	outletBytes  = 8 << 20         // that may wait for another node
	outletTries  = 2 * time.Second // for one packet; then the stream begins anew
	outletPause  = 100 * time.Millisecond
	letterBytes  = 256 // what a letter without a body counts
	publishAtMax = time.Second
)

// outlet is the way to one other node: a queue that never blocks who puts
// something in, and a goroutine that sends. What comes while a packet is on its
// way goes together with the next.
type outlet struct {
	nodes *Nodes
	topic string
	least atomic.Pointer[float64]
	wake  chan struct{}
	done  chan struct{}

	mu      sync.Mutex
	letters []letter
	sizes   []int
	size    int
	last    *frame // of the last letter, when that gives a frame
	stream  string
	n       int64
}

func newOutlet(n *Nodes, node string) *outlet {
	return &outlet{
		nodes: n, topic: nodeTopic(node), wake: make(chan struct{}, 1), done: make(chan struct{}), stream: id.Token()[:12],
	}
}

// close ends the outlet without sending what waits.
func (o *outlet) close() { close(o.done) }

// add puts a letter in. size is about what it carries beyond its envelope.
func (o *outlet) add(l letter, size int) {
	o.mu.Lock()
	o.put(l, size)
	o.last = nil
	o.mu.Unlock()
	o.nudge()
}

func (o *outlet) put(l letter, size int) {
	if o.size > outletBytes {
		o.anew()
	}
	o.letters = append(o.letters, l)
	o.sizes = append(o.sizes, size+letterBytes)
	o.size += size + letterBytes
}

// anew drops all that waits. The other node sees by the stream's name that
// something is missing.
func (o *outlet) anew() {
	o.letters, o.sizes, o.size, o.last = nil, nil, 0, nil
	o.stream, o.n = id.Token()[:12], 0
}

func (o *outlet) nudge() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// give puts a frame for one seat in. Rooms give the same frame to one link
// after the other: those become one letter.
func (o *outlet) give(f *frame, seat uint64) {
	o.mu.Lock()
	if o.last == f && len(o.letters) > 0 {
		g := o.letters[len(o.letters)-1].Give
		g.To = append(g.To, seat)
		o.mu.Unlock()
		return
	}
	g := packFrame(f)
	g.To = []uint64{seat}
	o.put(letter{Give: &g}, len(f.body))
	o.last = f
	o.mu.Unlock()
	o.nudge()
}

func packFrame(f *frame) giveLetter {
	return giveLetter{Class: f.class, Key: f.key, Seq: f.seq, Refusal: f.refusal, Body: f.body}
}

// run sends what waits, and a beat when nothing does, until ctx or the outlet
// ends. When ctx has ended the last letters still go, if they go at once.
func (o *outlet) run(ctx context.Context) {
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	for {
		select {
		case <-o.wake:
			for o.send(ctx, false) {
			}
		case <-beat.C:
			o.send(ctx, true)
		case <-o.done:
			return
		case <-ctx.Done():
			for o.send(ctx, false) {
			}
			return
		}
	}
}

// take makes the next packet of what waits; nil is nothing.
func (o *outlet) take(beat bool) *packet {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, size := 0, 0
	for n < len(o.letters) && (n == 0 || size+o.sizes[n] <= packetBytes) {
		size += o.sizes[n]
		n++
	}
	if n == 0 && !beat {
		return nil
	}
	k := &packet{From: o.nodes.self, Stream: o.stream, Letters: o.letters[:n:n]}
	o.letters, o.sizes = o.letters[n:], o.sizes[n:]
	if len(o.letters) == 0 {
		o.letters, o.sizes, o.last = nil, nil, nil
	}
	o.size -= size
	o.n++
	k.N = o.n
	return k
}

// send sends one packet, and again when nobody took it. It says whether there
// may be more.
func (o *outlet) send(ctx context.Context, beat bool) bool {
	k := o.take(beat)
	if k == nil {
		return false
	}
	began := o.nodes.hub.Now()
	for o.publish(ctx, k) != nil {
		if o.nodes.hub.Now().Sub(began) > outletTries {
			o.mu.Lock()
			o.anew()
			o.mu.Unlock()
			return false
		}
		wait := time.NewTimer(outletPause)
		select {
		case <-wait.C:
		case <-o.done:
			wait.Stop()
			return false
		case <-ctx.Done():
			wait.Stop()
			return false
		}
	}
	return true
}

func (o *outlet) publish(ctx context.Context, k *packet) error {
	k.At, k.Least = o.nodes.hub.time.ms(), o.least.Load()
	raw, err := json.Marshal(k)
	if err != nil {
		// Every letter marshals; a test holds that.
		o.nodes.hub.Log.Error("a packet cannot be encoded", "err", err)
		return nil
	}
	// What is about to end says its last words all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishAtMax)
	defer cancel()
	return o.nodes.bus.Publish(ctx, bus.Message{Topic: o.topic, Data: raw})
}
