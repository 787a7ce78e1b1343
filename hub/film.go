package hub

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/internal/playback"
)

const (
	waitingGap = 200 * time.Millisecond // between changes of only whom we wait for
	holdAfter  = 2 * time.Minute        // a film goes on so long for nobody
)

var (
	errOver       = fault.New(fault.Conflict, "party.ended", "The party is over.")
	errNotStarted = fault.New(fault.Conflict, "party.not_started", "The party has not started yet.")
	errNoItem     = fault.New(fault.NotFound, "queue.no_item", "That film is not in the queue any more.")
)

// wall is the wall clock in milliseconds since 1970.
func (r *room) wall() float64 { return float64(r.now().UnixMicro()) / 1000 }

// saved is the checkpoint of the film.
func (r *room) saved() []byte {
	b, err := json.Marshal(r.show.Save(r.ms(), r.wall()))
	if err != nil {
		r.log.Error("the film cannot be encoded", "err", err)
		return nil
	}
	return b
}

// restore goes on with the film where the last owner's checkpoint says it is
// by now.
func (r *room) restore(state []byte) {
	r.show.WaitForSlow(r.party.WaitForSlow)
	var k playback.Saved
	if len(state) > 0 {
		if err := json.Unmarshal(state, &k); err != nil {
			r.log.Error("a checkpoint cannot be read", "err", err)
		} else {
			r.show.Restore(r.ms(), r.wall(), k)
		}
	}
	r.fresh = len(state) == 0
	item, known := r.item(r.party.Current)
	if r.show.Vector().Item != r.party.Current {
		r.show.PutOn(r.ms(), "", r.party.Current, item.Duration.Seconds(), false)
	} else if known && item.Duration > 0 {
		r.show.SetDuration(r.ms(), item.Duration.Seconds())
	}
	if r.party.Over() {
		r.halt()
	}
	r.sentSeq, r.sentRev = r.show.Vector().Seq, r.show.Rev()
}

// halt pauses the film where it is, in the name of the room.
func (r *room) halt() { r.show.Halt(r.ms(), r.show.Position(r.ms())) }

// noteEmpty looks whether anybody is left who sees the film. When the last one
// has left on purpose it waits where it is. When the last one was cut off it
// goes on, as it does on his screen, and if nobody returns it waits where it
// was when he was seen last.
func (r *room) noteEmpty() {
	switch {
	case len(r.spots) > 0 || r.hold != nil:
	case len(r.people) == 0:
		r.halt()
	default:
		left := r.show.Position(r.ms())
		r.hold = r.after(holdAfter, func() {
			r.hold = nil
			if len(r.spots) == 0 {
				r.show.Halt(r.ms(), left)
			}
		})
	}
}

func (r *room) item(i id.Item) (party.Item, bool) {
	for _, x := range r.items {
		if x.ID == i {
			return x, true
		}
	}
	return party.Item{}, false
}

// firstLight starts the film of a party that went live before anybody was in
// its room.
func (r *room) firstLight() {
	if r.fresh && r.party.Status == party.Live {
		r.show.Start(r.ms(), "")
	}
	r.fresh = false
}

// tellPlayback sends the film's state when it has changed, and sets the timer
// for what is due next.
func (r *room) tellPlayback() {
	switch {
	case r.show.Vector().Seq != r.sentSeq:
		r.journal.dirty = true
		r.noteFilm()
		r.sendPlayback()
	case r.show.Rev() != r.sentRev && r.waitTimer == nil:
		r.waitTimer = r.after(waitingGap, r.sendPlayback)
	}
	next := r.show.Next()
	if next == r.tickAt {
		return
	}
	if r.tick != nil {
		r.tick.Stop()
	}
	r.tickAt, r.tick = next, nil
	if wait := next - r.ms(); wait < float64(24*time.Hour/time.Millisecond) {
		d := time.Duration(math.Ceil(max(wait, 0))) * time.Millisecond
		r.tick = r.after(max(d, time.Millisecond), r.ticked)
	}
}

func (r *room) ticked() {
	r.tickAt = math.NaN() // whatever comes next is set anew
	if r.show.Tick(r.ms()) {
		r.playNext()
	}
}

func (r *room) sendPlayback() {
	if r.waitTimer != nil {
		r.waitTimer.Stop()
		r.waitTimer = nil
	}
	r.sentSeq, r.sentRev = r.show.Vector().Seq, r.show.Rev()
	r.send(encode(wire.PlaybackState, r.head(), r.playbackNow()))
}

// playbackNow is the film's state on the wire.
func (r *room) playbackNow() wire.Playback {
	list, deadline := r.show.Waiting()
	p := wire.Playback{Vector: wire.Vector(r.show.Vector()), Waiting: make([]wire.Waiting, len(list)), Deadline: deadline}
	for i, w := range list {
		p.Waiting[i] = wire.Waiting(w)
	}
	return p
}

// mayMove holds a command of playback against its limits: the person's, and
// the life of the party.
func (r *room) mayMove(c *call) error {
	if err := r.budget(c.user()).control.take(r.now()); err != nil {
		return err
	}
	switch {
	case r.party.Over():
		return errOver
	case r.party.Status == party.Scheduled && !leads(c.member.Role):
		return errNotStarted
	}
	return nil
}

func (r *room) play(c *call, v wire.Play) error {
	if err := r.mayMove(c); err != nil {
		return err
	}
	return r.show.Play(r.ms(), c.user(), v.Base)
}

func (r *room) pause(c *call, v wire.Pause) error {
	if err := r.mayMove(c); err != nil {
		return err
	}
	return r.show.Pause(r.ms(), c.user(), v.Base, v.Position)
}

func (r *room) seek(c *call, v wire.Seek) error {
	if err := r.mayMove(c); err != nil {
		return err
	}
	return r.show.Seek(r.ms(), c.user(), v.Position)
}

func (r *room) setRate(c *call, v wire.SetRate) error {
	if err := r.mayMove(c); err != nil {
		return err
	}
	return r.show.SetRate(r.ms(), c.user(), v.Rate)
}

func (r *room) undo(c *call, _ wire.Empty) error {
	if err := r.mayMove(c); err != nil {
		return err
	}
	was := r.show.Vector().Item
	if err := r.show.Undo(r.ms(), c.user()); err != nil {
		return err
	}
	if is := r.show.Vector().Item; is != was {
		r.keepCurrent(is)
	}
	return nil
}

func (r *room) startNow(*call, wire.Empty) error {
	r.show.StartNow(r.ms())
	return nil
}

func (r *room) playItem(c *call, v wire.PlayItem) error {
	if err := r.mayMove(c); err != nil {
		return err
	}
	item, ok := r.item(v.Item)
	if !ok {
		return errNoItem
	}
	r.putOn(c.user(), item)
	return nil
}

// putOn puts a film on and keeps that it is the party's present one.
func (r *room) putOn(by id.User, item party.Item) {
	r.show.PutOn(r.ms(), by, item.ID, item.Duration.Seconds(), r.party.Status == party.Live)
	r.keepCurrent(item.ID)
}

// playNext puts the next film of the queue on after the end of one.
func (r *room) playNext() {
	if r.party.Status != party.Live {
		return
	}
	at := -1
	for i, x := range r.items {
		if x.ID == r.show.Vector().Item {
			at = i
		}
	}
	if at >= 0 && at+1 < len(r.items) {
		r.putOn("", r.items[at+1])
	}
}

// keepCurrent writes down which film is on. Until that is done, what the
// database says about it is old.
func (r *room) keepCurrent(item id.Item) {
	if r.party.Current != item {
		r.party.Current = item
		r.send(encode(wire.PartyState, r.head(), r.card()))
	}
	r.setting++
	r.aside(func(ctx context.Context) func() {
		err := r.hub.Parties.SetCurrent(ctx, r.id, item)
		return func() {
			r.setting--
			if err != nil {
				r.log.Warn("the present film could not be kept", "err", err)
				r.after(saveRetry, func() {
					if r.party.Current == item && r.setting == 0 {
						r.keepCurrent(item)
					}
				})
				return
			}
			r.reload()
		}
	})
}

func (r *room) ready(c *call, v wire.Ready) error {
	r.show.Ready(r.ms(), c.user(), v.Seq)
	return nil
}

func (r *room) stall(c *call, v wire.Stall) error {
	r.show.Stall(r.ms(), c.user(), v.Seq, v.Stalled)
	return nil
}

// setDuration takes a length that the server does not know. The host's word
// wins; what we measured ourselves stands.
func (r *room) setDuration(c *call, v wire.Duration) error {
	item, ok := r.item(v.Item)
	if !ok {
		return errNoItem
	}
	known := item.Duration > 0
	measured := known && (item.Kind == party.Sample || item.Kind == party.Upload)
	if v.Seconds <= 0 || measured || known && c.member.Role < access.Host {
		return nil
	}
	d := time.Duration(v.Seconds * float64(time.Second)).Round(time.Millisecond)
	if d == item.Duration {
		return nil
	}
	for i := range r.items {
		if r.items[i].ID == v.Item {
			r.items[i].Duration = d
		}
	}
	if r.show.Vector().Item == v.Item {
		r.show.SetDuration(r.ms(), d.Seconds())
	}
	r.sendQueue()
	if r.party.Current == v.Item {
		r.send(encode(wire.PartyState, r.head(), r.card()))
	}
	r.aside(func(ctx context.Context) func() {
		if err := r.hub.Parties.SetDuration(ctx, r.id, v.Item, d); err != nil {
			r.log.Warn("a film's length could not be kept", "err", err)
		}
		return nil
	})
	return nil
}

func (r *room) sendQueue() {
	r.send(encode(wire.QueueState, r.head(), wire.Queue{Items: wire.ItemsOf(r.items)}))
}

func (r *room) report(c *call, v wire.Report) error {
	p := r.people[c.user()]
	if p == nil {
		return errNotJoined
	}
	if drift := math.Round(min(max(v.DriftMS, 0), 60000)); math.Abs(drift-p.drift) >= driftStep {
		p.drift = drift
		r.changed(c.user())
	}
	p.rtt = min(max(v.RTTMS, 0), 60000)
	r.peer(c.user(), p)
	return nil
}
