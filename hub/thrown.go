package hub

import (
	"context"
	"errors"
	"slices"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/fault"
	"watchparty/internal/react"
)

const (
	throwEvery = time.Second // how long a reaction waits for others before it is kept
	throwSoon  = 200         // so many do not wait
	throwBatch = 500         // in one statement
	throwRoom  = 10000       // that may wait; more are refused
	throwRetry = 2 * time.Second
)

// throw is a reaction on its way to the database.
type throw struct {
	react.Thrown
	calls []*call // who wants to know; several if the same came again
}

func (x *throw) reply(res wire.Result, err error) {
	for _, c := range x.calls {
		c.reply(res, err)
	}
}

// thrown holds what is to be kept: one batch is under way at a time.
type thrown struct {
	waiting []*throw
	flying  []*throw
	due     bool
	paused  bool // until a failed batch is tried again
	timer   *time.Timer
}

func (t *thrown) full() bool { return len(t.waiting)+len(t.flying) >= throwRoom }

// again joins a command to the same one that is on its way.
func (t *thrown) again(c *call) bool {
	if c.op == "" {
		return false
	}
	for _, list := range [][]*throw{t.flying, t.waiting} {
		for _, x := range list {
			if first := x.calls[0]; first.op == c.op && x.User == c.user() {
				x.calls = append(x.calls, c)
				c.later = true
				return true
			}
		}
	}
	return false
}

// throw puts a reaction among those to be kept. A caller of REST waits for it,
// so for him the batch goes at once.
func (r *room) throw(c *call, x react.Thrown) {
	t := &r.thrown
	t.waiting = append(t.waiting, &throw{x, []*call{c}})
	switch {
	case c.spot == nil || len(t.waiting) >= throwSoon:
		t.due = true
	case t.timer == nil:
		t.timer = r.after(throwEvery, func() { t.timer, t.due = nil, true })
	}
}

// flushThrown begins a batch when one is due.
func (r *room) flushThrown() {
	t := &r.thrown
	if r.ctx.Err() != nil || len(t.flying) > 0 || t.paused || len(t.waiting) == 0 || !t.due && !r.stopping {
		return
	}
	n := min(len(t.waiting), throwBatch)
	batch := t.waiting[:n:n]
	t.waiting = t.waiting[n:]
	t.flying, t.due = batch, len(t.waiting) >= throwSoon
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	if len(t.waiting) > 0 && !t.due {
		t.timer = r.after(throwEvery, func() { t.timer, t.due = nil, true })
	}
	list := make([]react.Thrown, n)
	for i, x := range batch {
		list[i] = x.Thrown
	}
	r.store(func(ctx context.Context) func() {
		err := r.hub.Store.Throw(ctx, list)
		var bad []error
		if refused(err) {
			bad = r.singly(ctx, list)
			err = nil
		}
		return func() { r.threw(batch, bad, err) }
	})
}

// store is aside for what is not bound to the room's end: what was begun is
// brought to its end.
func (r *room) store(fn func(ctx context.Context) func()) {
	r.hub.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), storeWithin)
		defer cancel()
		r.mail.put(fn(ctx))
	})
}

// refused says that the database will not take it another time either: the
// party or the person is gone.
func refused(err error) bool {
	kind := fault.Of(err).Kind
	return err != nil && (kind == fault.Invalid || kind == fault.NotFound || kind == fault.Conflict)
}

// singly keeps what can be kept of a batch that was refused as a whole.
func (r *room) singly(ctx context.Context, list []react.Thrown) []error {
	errs := make([]error, len(list))
	for i := range list {
		errs[i] = r.hub.Store.Throw(ctx, list[i:i+1])
	}
	return errs
}

// threw answers for a batch, or puts it back.
func (r *room) threw(batch []*throw, bad []error, err error) {
	t := &r.thrown
	t.flying = nil
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			r.log.Warn("reactions could not be kept; they are tried again", "n", len(batch), "err", err)
		}
		t.waiting = slices.Concat(batch, t.waiting)
		t.paused = true
		r.after(throwRetry, func() { t.paused, t.due = false, true })
		return
	}
	for i, x := range batch {
		var err error
		if bad != nil {
			err = bad[i]
		}
		x.reply(wire.Result{Ack: wire.Ack{ID: string(x.ID)}}, err)
	}
}

// rested says that nothing is on its way but to the journal.
func (r *room) rested() bool {
	return len(r.thrown.waiting)+len(r.thrown.flying) == 0 && r.keeper.closed && !r.keeper.busy && !r.keeper.due
}

// lastThrown is for a room that ends at once. What was shown is still kept;
// whoever waits for it is told that it is not certain.
func (r *room) lastThrown() {
	t := &r.thrown
	list := make([]react.Thrown, len(t.waiting))
	for i, x := range t.waiting {
		list[i] = x.Thrown
	}
	for _, x := range slices.Concat(t.flying, t.waiting) {
		x.reply(wire.Result{}, fault.ErrUnavailable.After(time.Second))
	}
	t.flying, t.waiting = nil, nil
	if len(list) == 0 {
		return
	}
	r.store(func(ctx context.Context) func() {
		for batch := range slices.Chunk(list, throwBatch) {
			if err := r.hub.Store.Throw(ctx, batch); err != nil {
				r.log.Warn("the last reactions of a room are lost", "n", len(batch), "err", err)
			}
		}
		return func() {}
	})
}
