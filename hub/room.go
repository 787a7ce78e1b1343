package hub

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/bus"
	"watchparty/internal/chat"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/internal/playback"
	"watchparty/internal/react"
)

// idleAfter is how long an empty room stays in memory.
const idleAfter = 10 * time.Minute

// turn is after how many letters the members get what has gathered.
const turn = 64

// errStopped says that the room stopped meanwhile; the caller looks again.
var errStopped = fault.New(fault.Unavailable, "room.stopped", "The room was just closing; try again.")

// room runs one party. Only its own goroutine touches what follows mail, so
// nothing in it locks; what would wait runs elsewhere and posts back.
type room struct {
	hub    *Hub
	id     id.Party
	name   string
	log    *slog.Logger
	mail   *mailbox
	done   chan struct{}
	heads  atomic.Int64 // people in the room, for other goroutines
	ctx    context.Context
	cancel context.CancelFunc
	lease  Lease
	opened chan struct{} // closed when the fence is known

	party   party.Party
	members map[id.User]party.Member
	items   []party.Item
	loads   loads

	spots   map[string]*spot // by link
	held    []*spot          // with something to flush
	people  map[id.User]*person
	told    map[id.User]wire.Presence // whom the others know to be here
	dirty   map[id.User]struct{}      // whose presence has to be told
	budgets map[id.User]*budget
	toldN   int

	journal journal
	ring    ring
	lines   []chat.Message // the last ones, oldest first
	pinned  *chat.Message
	spoke   map[id.User]time.Time

	show      *playback.Show
	fresh     bool // the film was never played in this room
	sentRev   uint64
	sentSeq   uint64
	tick      *time.Timer
	tickAt    float64
	waitTimer *time.Timer
	setting   int // changes of the current item on their way to the database
	asks      map[string]ask

	burst    react.Burst
	flushing bool      // the timer of the next flush is set
	flushAt  time.Time // not before
	thrown   thrown
	keeper   keeper

	typing map[id.User]time.Time
	typist *time.Timer // tells who types

	polls   polls
	drawing drawing
	voices  voices

	presence *time.Timer
	idle     *time.Timer
	heir     *time.Timer // grace of a host who is away
	hold     *time.Timer // then a film that nobody sees waits
	stopping bool        // ends once all is committed
	final    bool        // nothing new is taken
}

// start opens p's room on this node and sets it going.
func (h *Hub) start(ctx context.Context, p id.Party) (*room, error) {
	r := &room{
		hub: h, id: p, name: wire.PartyRoom(string(p)), log: h.Log.With("party", p), mail: newMailbox(), done: make(chan struct{}), opened: make(chan struct{}),
		spots: map[string]*spot{}, people: map[id.User]*person{}, told: map[id.User]wire.Presence{},
		dirty: map[id.User]struct{}{}, budgets: map[id.User]*budget{}, spoke: map[id.User]time.Time{},
		show: playback.New(), asks: map[string]ask{}, typing: map[id.User]time.Time{},
	}
	r.ctx, r.cancel = context.WithCancel(h.ctx)
	// Facts from now on wait in the mailbox while the party is read.
	ready, unsubscribe := h.Bus.Subscribe(party.Topic(p), r.fact)
	r.lease = h.Directory.Hold(p, r.confirm, func() { r.mail.put(r.lost) })
	giveUp := func(err error) (*room, error) {
		unsubscribe()
		r.lease.Release()
		r.cancel()
		return nil, err
	}
	select {
	case <-ready:
	case <-time.After(storeWithin / 5): // other nodes' facts will come when they can
	case <-ctx.Done():
	}
	if err := r.load(ctx); err != nil {
		return giveUp(err)
	}
	h.mu.Lock()
	if h.draining {
		h.mu.Unlock()
		return giveUp(errDraining.After(time.Second))
	}
	h.rooms[p] = r
	h.work.Add(1)
	h.mu.Unlock()
	h.Metrics.Rooms(1)
	go func() {
		defer h.work.Done()
		r.run()
		unsubscribe()
		h.forget(r)
		r.lease.Release()
		close(r.done)
	}()
	return r, nil
}

// load reads what the room begins with.
func (r *room) load(ctx context.Context) error {
	p, members, items, err := r.hub.Parties.Load(ctx, r.id)
	if err != nil {
		return err
	}
	kept, err := r.hub.Store.Open(ctx, r.id, r.hub.Directory.Self())
	if err != nil {
		return err
	}
	r.lines, err = r.hub.Store.Recent(ctx, r.id, snapshotLines)
	if err != nil {
		return err
	}
	if kept.Pinned != "" {
		if m, err := r.hub.Store.Message(ctx, r.id, kept.Pinned); err == nil {
			r.pinned = &m
		}
	}
	if err := r.loadMarks(ctx, kept.Draw); err != nil {
		return err
	}
	r.party, r.items = p, items
	r.members = byUser(members)
	r.journal = journal{epoch: kept.Epoch, seq: kept.Seq, fence: kept.Fence}
	r.ring = newRing(kept.Seq)
	close(r.opened)
	r.restore(kept.Playback)
	if err := r.loadPolls(ctx); err != nil {
		return err
	}
	if err := r.loadVoice(ctx); err != nil {
		return err
	}
	return r.loadKeeper(ctx)
}

// confirm asks the database whether this node is the last that opened the room.
func (r *room) confirm(ctx context.Context) error {
	select {
	case <-r.opened:
	case <-ctx.Done():
		return ctx.Err()
	}
	_, err := r.hub.Store.Append(ctx, r.id, r.journal.fence, nil)
	return err
}

func byUser(members []party.Member) map[id.User]party.Member {
	m := make(map[id.User]party.Member, len(members))
	for _, x := range members {
		m[x.Person.ID] = x
	}
	return m
}

// run is the room's loop.
func (r *room) run() {
	r.idle = r.after(idleAfter, r.goIdle)
	r.watchPolls()
	for {
		for i, do := range r.mail.take() {
			// Whatever time has passed since the last letter: without a valid lease
			// nothing is done and nothing is sent.
			if !r.final && !r.lease.Await(r.ctx) {
				r.safely(r.lost)
			}
			r.safely(do)
			r.safely(r.settle)
			if i%turn == turn-1 {
				r.safely(r.flush)
			}
		}
		r.safely(r.flush)
		if r.stopping && r.journal.idle() && r.polls.box.idle() && r.rested() && r.mail.close(false) {
			break
		}
		select {
		case <-r.mail.wake:
		case <-r.ctx.Done():
			r.stopping = true
			r.mail.close(true)
		}
		if r.ctx.Err() != nil {
			break
		}
	}
	r.mail.close(true)
	r.final = true
	r.cancel()
	for _, t := range []*time.Timer{r.idle, r.tick, r.waitTimer, r.presence, r.heir, r.typist, r.hold, r.polls.tally, r.drawing.flush,
		r.thrown.timer, r.keeper.timer} {
		if t != nil {
			t.Stop()
		}
	}
	for _, t := range r.polls.timers {
		t.Stop()
	}
	for _, p := range r.people {
		p.stopTimers()
	}
	r.safely(r.endVoice)
	r.safely(r.lastThrown)
	// Letters that came too late: their senders learn that the room is gone.
	for _, do := range r.mail.take() {
		r.safely(do)
	}
	r.safely(r.flush)
}

// safely keeps a mistake in one letter from ending the room.
func (r *room) safely(do func()) {
	defer func() {
		if x := recover(); x != nil {
			r.log.Error("panic in a room", "panic", x, "stack", string(debug.Stack()))
		}
	}()
	do()
}

// settle is what follows every letter: writing what waits, and telling what
// changed about the film.
func (r *room) settle() {
	r.tellPlayback()
	r.tellVoice()
	r.flushVotes()
	r.checkStrokes()
	r.flushJournal()
	r.flushThrown()
	r.flushKeeper()
}

// after runs fn in the room's loop after d.
func (r *room) after(d time.Duration, fn func()) *time.Timer {
	return time.AfterFunc(d, func() { r.mail.put(fn) })
}

// aside runs fn outside of the loop, with time for one talk with the database;
// what it returns runs in the loop.
func (r *room) aside(fn func(ctx context.Context) func()) {
	r.hub.work.Go(func() {
		ctx, cancel := context.WithTimeout(r.ctx, storeWithin)
		defer cancel()
		if then := fn(ctx); then != nil {
			r.mail.put(then)
		}
	})
}

func (r *room) now() time.Time { return r.hub.Now() }

func (r *room) ms() float64 { return r.hub.time.ms() }

// goIdle stops a room that nobody is in.
func (r *room) goIdle() {
	if len(r.people) > 0 || len(r.spots) > 0 {
		r.idle.Reset(idleAfter)
		return
	}
	r.journal.dirty = true // the last checkpoint goes with the room
	r.stopping = true
}

// lost ends the room on this node: another one owns it.
func (r *room) lost() {
	for _, s := range r.spots {
		s.link.close(wire.CloseMoved)
	}
	r.journal.drop(errStopped)
	r.final, r.stopping = true, true
	r.cancel()
}

// send delivers to everybody in the room.
func (r *room) send(f *frame) {
	for _, s := range r.spots {
		if s.welcomed {
			s.hold(f)
		}
	}
}

// sendTo delivers to all connections of one person.
func (r *room) sendTo(u id.User, f *frame) {
	p := r.people[u]
	if p == nil {
		return
	}
	for s := range p.spots {
		if s.welcomed {
			s.hold(f)
		}
	}
}

// head is the envelope of a frame of this room.
func (r *room) head() wire.Down { return wire.Down{Room: r.name, ST: r.ms()} }

// fact takes a message of the party's topic, on the bus's goroutine.
func (r *room) fact(m bus.Message) {
	if m.Gap {
		r.mail.put(r.reload) // a fact may have been lost
		return
	}
	f, err := bus.ParseFact(m)
	if err != nil {
		r.log.Warn("a fact cannot be read", "err", err)
		return
	}
	r.mail.put(func() { r.took(f) })
}

func (r *room) online() int { return int(r.heads.Load()) }
