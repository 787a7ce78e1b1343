package hub

import (
	"slices"
	"time"

	"golang.org/x/time/rate"

	"watchparty/hub/wire"
	"watchparty/internal/fault"
)

// bucket refuses what comes too fast and says when to come back.
type bucket struct{ *rate.Limiter }

func newBucket(perSecond float64, burst int) bucket {
	return bucket{rate.NewLimiter(rate.Limit(perSecond), burst)}
}

func (b bucket) take(now time.Time) error {
	r := b.ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return fault.ErrTooMany.After(max(wait, 100*time.Millisecond))
	}
	return nil
}

// connLimit is what one connection may send. abuse counts refusals: who goes on
// sending against them is cut off for a while.
type connLimit struct {
	all   bucket
	pings bucket
	abuse bucket
}

func newConnLimit() connLimit {
	return connLimit{all: newBucket(30, 120), pings: newBucket(20, 60), abuse: newBucket(4, 80)}
}

// budget is what one person may do in one room, over all connections.
type budget struct {
	chat    bucket // 5 a second, 10 at once
	react   bucket // 10 a second
	control bucket // 5 in 3 s
	rest    bucket // 120 a minute
	poll    bucket // 20 a minute, 10 at once
	vote    bucket // 5 a second, 20 at once
	points  bucket // of strokes in flight: 70 frames a second
	marks   bucket // 6 a second, 30 at once
	voice   bucket // 20 a minute, 10 at once
	ops     []opDone
}

// opsKept is how many of a person's commands are remembered in memory. The
// journal remembers those that it holds for good.
const opsKept = 64

// opDone is a command that was done.
type opDone struct {
	op, name string
	res      wire.Result
}

func (b *budget) done(op string) (opDone, bool) {
	for _, d := range b.ops {
		if d.op == op {
			return d, true
		}
	}
	return opDone{}, false
}

func (b *budget) remember(d opDone) {
	if len(b.ops) == opsKept {
		b.ops = slices.Delete(b.ops, 0, 1)
	}
	b.ops = append(b.ops, d)
}

func newBudget() *budget {
	return &budget{
		chat: newBucket(5, 10), react: newBucket(10, 20), control: newBucket(5.0/3, 5), rest: newBucket(2, 30),
		points: newBucket(70, 140), marks: newBucket(6, 30), voice: newBucket(1.0/3, 10),
		poll: newBucket(1.0/3, 10), vote: newBucket(5, 20),
	}
}
