package hub

import (
	"sync"

	"watchparty/hub/wire"
)

// Bounds of what waits for one connection.
const (
	maxLogBytes    = 256 << 10
	maxLogFrames   = 512
	maxDirectBytes = 4 << 20 // a whole replay and a snapshot
	maxBursts      = 32
	maxPongs       = 16
)

// slot holds a queued frame; a newer state takes the place of an older one.
type slot struct{ f *frame }

// pong waits for its turn; s3 is stamped when it is written.
type pong struct {
	re   string
	data wire.Pong
}

// queue is what waits to be written to one connection, by the promises of the
// event classes. It is safe for concurrent use and never blocks the sender.
type queue struct {
	metrics Metrics

	mu        sync.Mutex
	pongs     []pong
	slots     []*slot
	states    map[string]*slot
	logBytes  int
	logFrames int
	direct    int
	bursts    int
	closing   *wire.CloseReason
	wake      chan struct{}
}

func newQueue(m Metrics) *queue {
	return &queue{metrics: m, states: map[string]*slot{}, wake: make(chan struct{}, 1)}
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// push queues f. A reader that fell behind what may wait is to be closed:
// its queue is emptied, for it resumes from the journal.
func (q *queue) push(f *frame) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing != nil {
		return
	}
	switch f.class {
	case wire.State:
		if s := q.states[f.key]; s != nil {
			s.f = f
			q.metrics.Dropped(wire.State)
			return
		}
	case wire.Burst:
		if q.bursts >= maxBursts {
			q.metrics.Dropped(wire.Burst)
			return
		}
	}
	s := &slot{f}
	if f.class == wire.State {
		q.states[f.key] = s
	}
	q.slots = append(q.slots, s)
	q.count(f, 1)
	if q.logBytes > maxLogBytes || q.logFrames > maxLogFrames || q.direct > maxDirectBytes {
		q.drop()
		q.closing = &wire.CloseSlow
	}
	q.signal()
}

func (q *queue) count(f *frame, by int) {
	switch f.class {
	case wire.Burst:
		q.bursts += by
	case wire.Direct:
		q.direct += by * len(f.body)
	case wire.Log, wire.Arrival:
		q.logFrames += by
		q.logBytes += by * len(f.body)
	}
}

func (q *queue) drop() {
	for _, s := range q.slots {
		q.metrics.Dropped(s.f.class)
	}
	q.slots, q.pongs = nil, nil
	clear(q.states)
}

func (q *queue) pong(p pong) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.pongs) == maxPongs {
		q.pongs = q.pongs[1:]
	}
	q.pongs = append(q.pongs, p)
	q.signal()
}

// close lets what is queued be written and then ends the connection. The first
// reason stands. At once drops what is queued.
func (q *queue) close(reason wire.CloseReason, atOnce bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing != nil {
		return
	}
	if atOnce {
		q.drop()
	}
	q.closing = &reason
	q.signal()
}

// next gives what is to be written: a pong before all, then a frame, then the
// reason to close. All nil: nothing waits.
func (q *queue) next() (*pong, *frame, *wire.CloseReason) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.pongs) > 0 {
		p := q.pongs[0]
		q.pongs = q.pongs[1:]
		return &p, nil, nil
	}
	if len(q.slots) == 0 {
		q.slots = nil
		return nil, nil, q.closing
	}
	f := q.slots[0].f
	q.slots[0] = nil
	q.slots = q.slots[1:]
	if f.class == wire.State {
		delete(q.states, f.key)
	}
	q.count(f, -1)
	return nil, f, nil
}
