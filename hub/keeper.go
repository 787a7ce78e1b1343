package hub

import (
	"context"
	"errors"
	"time"

	"watchparty/internal/chat"
	"watchparty/internal/id"
	"watchparty/internal/session"
)

// keepEvery is how often it is written what people did.
const keepEvery = 30 * time.Second

// keeper counts what people do in a room, and writes it now and then.
type keeper struct {
	*session.Keeper
	timer  *time.Timer
	due    bool
	busy   bool
	paused bool // until what failed is tried again
	closed bool // the room stops, and nothing more is counted
}

// loadKeeper goes on where the last owner ended.
func (r *room) loadKeeper(ctx context.Context) error {
	kept, err := r.hub.Store.Kept(ctx, r.id)
	if err != nil {
		return err
	}
	r.keeper.Keeper = session.NewKeeper(kept, r.now())
	r.noteFilm()
	return nil
}

// attend tells the keeper whether a person is here and watches.
func (r *room) attend(u id.User) {
	p := r.people[u]
	on := p != nil && len(p.spots) > 0 && p.watches()
	r.keeper.Here(r.ms(), r.now(), u, p != nil)
	r.keeper.Turn(r.ms(), r.now(), u, session.Watching, on)
	r.keeper.due = r.keeper.due || p == nil
	r.keepLater()
}

// noteFilm tells the keeper where the film is.
func (r *room) noteFilm() {
	v := r.show.Vector()
	r.keeper.Film(r.ms(), session.Film{Item: v.Item, P: v.P, V: v.V, T: v.T})
}

// keepLater sets the time of the next writing, as long as somebody is here.
func (r *room) keepLater() {
	k := &r.keeper
	if len(r.people) == 0 {
		return
	}
	k.closed = false
	if k.timer != nil {
		return
	}
	k.timer = r.after(keepEvery, func() {
		k.timer, k.due = nil, true
		r.keepLater()
	})
}

// flushKeeper writes what is new when that is due, and the last of it when the
// room stops.
func (r *room) flushKeeper() {
	k := &r.keeper
	if r.ctx.Err() != nil || k.busy || k.paused {
		return
	}
	if r.stopping && !k.closed {
		k.Close(r.ms(), r.now())
		k.closed, k.due = true, true
	}
	if !k.due {
		return
	}
	k.due = false
	c := k.Take(r.ms())
	if c.Empty() {
		return
	}
	k.busy = true
	fence := r.journal.fence
	r.store(func(ctx context.Context) func() {
		err := r.hub.Store.Keep(ctx, r.id, fence, c)
		return func() { r.keptSessions(c, err) }
	})
}

func (r *room) keptSessions(c session.Changes, err error) {
	k := &r.keeper
	k.busy = false
	switch {
	case err == nil:
	case errors.Is(err, chat.ErrFenced):
		r.fenced()
	case refused(err):
		r.log.Warn("what people did is lost: somebody is not known any more", "err", err)
	default:
		r.log.Warn("what people did could not be kept", "err", err)
		k.Again(c)
		k.paused, k.due = true, true
		r.after(saveRetry, func() { k.paused = false })
	}
}
