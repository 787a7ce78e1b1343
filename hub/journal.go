package hub

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/chat"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

const (
	batchMost   = 64   // entries in one commit
	journalRoom = 2048 // entries that may wait
	saveRetry   = 2 * time.Second
)

// line is an entry on its way into the journal. done runs in the loop: with
// the place that it got, or with what went wrong.
type line struct {
	entry chat.Entry
	done  func(chat.Done, error)
}

// journal is the room's side of its journal: one commit at a time is under
// way, and what comes meanwhile goes together with the next.
type journal struct {
	epoch   string
	seq     int64 // last that everybody was told
	fence   int64
	waiting []line
	flying  []line
	busy    bool
	dirty   bool // the film is to be saved
	changes map[id.Message]bool
}

// append puts an entry into the room's order.
func (r *room) append(e chat.Entry, done func(chat.Done, error)) error {
	j := &r.journal
	if len(j.waiting) >= journalRoom {
		return errBusy.After(time.Second)
	}
	if e.Put != nil {
		if j.changes[e.Ref] {
			return fault.ErrConflict
		}
		if j.changes == nil {
			j.changes = map[id.Message]bool{}
		}
		j.changes[e.Ref] = true
	}
	j.waiting = append(j.waiting, line{e, done})
	return nil
}

// record appends an event that nobody waits for.
func (r *room) record(kind string, data any) {
	b, err := json.Marshal(data)
	if err != nil {
		r.log.Error("an event cannot be encoded", "kind", kind, "err", err)
		return
	}
	if err := r.append(chat.Entry{Type: kind, Data: b}, nil); err != nil {
		r.log.Warn("an event is lost", "kind", kind, "err", err)
	}
}

// flushJournal starts a commit if none is under way.
func (r *room) flushJournal() {
	j := &r.journal
	if j.busy || r.ctx.Err() != nil || len(j.waiting) == 0 && !j.dirty {
		return
	}
	n := min(len(j.waiting), batchMost)
	batch := j.waiting[:n:n]
	j.waiting = j.waiting[n:]
	if len(j.waiting) == 0 {
		j.waiting = nil
	}
	j.busy, j.flying = true, batch
	var state []byte
	if j.dirty {
		state, j.dirty = r.saved(), false
	}
	entries := make([]chat.Entry, n)
	for i, l := range batch {
		entries[i] = l.entry
	}
	from, fence := j.seq, j.fence
	// Not bound to the room's end: what was begun is brought to its end.
	r.hub.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), storeWithin)
		defer cancel()
		began := r.now()
		out := r.commit(ctx, fence, from, entries)
		out.saveErr = r.save(ctx, fence, state)
		if n > 0 {
			r.hub.Metrics.Committed(n, r.now().Sub(began))
		}
		if !r.mail.put(func() { r.committed(batch, out) }) {
			r.log.Debug("a commit came after the room's end")
		}
	})
}

// outcome is what a commit came to.
type outcome struct {
	done    []chat.Done
	events  []chat.Event // all that is new in the journal since the last commit, in order
	hole    bool         // some of it could not be read
	err     error
	saveErr error
}

// commit runs beside the loop. Beyond its own entries it finds those of an
// earlier commit whose answer was lost on the way.
func (r *room) commit(ctx context.Context, fence, from int64, entries []chat.Entry) outcome {
	if len(entries) == 0 {
		return outcome{}
	}
	done, err := r.hub.Store.Append(ctx, r.id, fence, entries)
	if err != nil {
		return outcome{err: err}
	}
	out := outcome{done: done}
	top := from
	for i, d := range done {
		top = max(top, d.Seq)
		if !d.Again {
			out.events = append(out.events, chat.Event{Seq: d.Seq, Type: d.Type, Data: entries[i].Data})
		}
	}
	if int64(len(out.events)) == top-from {
		return out
	}
	out.events, err = r.hub.Store.EventsAfter(ctx, r.id, from, int(min(top-from, ringFrames)))
	out.hole = err != nil || int64(len(out.events)) != top-from
	return out
}

func (r *room) save(ctx context.Context, fence int64, state []byte) error {
	if state == nil {
		return nil
	}
	return r.hub.Store.SavePlayback(ctx, r.id, fence, state)
}

// committed tells everybody what is lasting now, then answers those who wait.
func (r *room) committed(batch []line, out outcome) {
	j := &r.journal
	j.busy, j.flying = false, nil
	for _, l := range batch {
		if l.entry.Put != nil {
			delete(j.changes, l.entry.Ref)
		}
	}
	for _, ev := range out.events {
		r.publish(ev)
	}
	if out.hole {
		r.breakOff()
	}
	for i, l := range batch {
		if l.done == nil {
			continue
		}
		if out.err != nil {
			l.done(chat.Done{}, out.err)
			continue
		}
		l.done(out.done[i], nil)
	}
	switch {
	case errors.Is(out.err, chat.ErrFenced), errors.Is(out.saveErr, chat.ErrFenced):
		r.fenced()
	case out.err != nil:
		r.log.Warn("entries could not be committed", "n", len(batch), "err", out.err)
	case out.saveErr != nil:
		r.log.Warn("the film could not be saved", "err", out.saveErr)
		r.after(saveRetry, func() { j.dirty = true })
	}
}

// fenced hears that the journal is not ours any more: another node has taken
// the room, or the party was deleted and the journal with it.
func (r *room) fenced() {
	r.final = true // nothing new is taken until that is known
	r.aside(func(ctx context.Context) func() {
		_, _, _, err := r.hub.Parties.Load(ctx, r.id)
		return func() {
			if errors.Is(err, fault.ErrNotFound) {
				r.deleted()
				return
			}
			r.log.Info("another node has taken the room")
			r.lost()
		}
	})
}

// publish sends an entry that is committed.
func (r *room) publish(ev chat.Event) {
	f := r.logFrame(ev)
	r.journal.seq = ev.Seq
	r.ring.add(f)
	r.remember(ev)
	r.rememberMarks(ev)
	r.send(f)
}

// breakOff is for a hole that could not be read: nobody may be left with it.
// All come back and resume from the database.
func (r *room) breakOff() {
	for _, s := range r.spots {
		s.link.close(wire.CloseMoved)
	}
	r.lost()
}

// drop answers what was not begun when the room ends.
func (j *journal) drop(err error) {
	for _, l := range j.waiting {
		if l.done != nil {
			l.done(chat.Done{}, err)
		}
	}
	for _, l := range j.flying {
		// Nobody knows whether it was committed. A command with a name is asked of
		// the next owner again, who does; one without must not be done twice.
		if l.done != nil && l.entry.Op == "" {
			l.done(chat.Done{}, fault.ErrUnavailable.After(time.Second))
		}
	}
	j.waiting, j.flying = nil, nil
}

// idle says whether nothing is on its way to the database.
func (j *journal) idle() bool { return !j.busy && len(j.waiting) == 0 && !j.dirty }
