package hub

import (
	"slices"
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
	frames    []*frame
	logBytes  int
	logFrames int
	direct    int
	bursts    int
	closing   *wire.CloseReason
	writing   bool // somebody flushes
	again     bool // and has to look once more
	wake      chan struct{}
}

func newQueue(m Metrics) *queue {
	return &queue{metrics: m, wake: make(chan struct{}, 1)}
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
		for i, old := range slices.Backward(q.frames) {
			if old.class == wire.State && old.key == f.key {
				q.frames[i] = f
				q.metrics.Dropped(wire.State)
				return
			}
		}
	case wire.Burst:
		if q.bursts >= maxBursts {
			q.metrics.Dropped(wire.Burst)
			return
		}
	}
	q.frames = append(q.frames, f)
	q.count(f, 1)
	if q.logBytes > maxLogBytes || q.logFrames > maxLogFrames || q.direct > maxDirectBytes {
		q.drop()
		q.closing = &wire.CloseSlow
	}
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
	for _, f := range q.frames {
		q.metrics.Dropped(f.class)
	}
	q.frames, q.pongs = nil, nil
}

func (q *queue) pong(p pong) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.pongs) == maxPongs {
		q.pongs = q.pongs[1:]
	}
	q.pongs = append(q.pongs, p)
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
	if len(q.frames) == 0 {
		q.frames = nil
		return nil, nil, q.closing
	}
	f := q.frames[0]
	q.frames[0] = nil
	q.frames = q.frames[1:]
	q.count(f, -1)
	return nil, f, nil
}

// batchBytes is about how much is written at once.
const batchBytes = 64 << 10

// batch lays what waits behind b, as messages, a pong before all. counts says
// how many frames of each class. Where nothing waits it gives the reason to
// close, if there is one.
func (q *queue) batch(b []byte, stamp func(pong) []byte) (all []byte, counts [wire.Classes]int, closing *wire.CloseReason) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range q.pongs {
		b = append(b, stamp(p)...)
	}
	q.pongs = q.pongs[:0]
	n := 0
	for n < len(q.frames) && len(b) < batchBytes {
		f := q.frames[n]
		b = append(b, f.whole...)
		counts[f.class]++
		q.count(f, -1)
		q.frames[n] = nil
		n++
	}
	if n == len(q.frames) {
		q.frames = q.frames[:0]
		if cap(q.frames) > keepFrames {
			q.frames = nil
		}
	} else {
		q.frames = q.frames[n:]
	}
	if len(b) == 0 {
		closing = q.closing
	}
	return b, counts, closing
}

// keepFrames is how much room for frames an idle connection keeps.
const keepFrames = 16

// begin makes the caller the only one who flushes, and says whether it is. Who
// flushes already looks once more.
func (q *queue) begin() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.writing {
		q.again = true
		return false
	}
	q.writing = true
	return true
}

// end says whether nothing came meanwhile; else the caller goes on.
func (q *queue) end() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.again {
		q.again = false
		return false
	}
	q.writing = false
	return true
}
