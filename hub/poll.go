package hub

import (
	"context"
	"slices"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/chat"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/poll"
)

// PollStore keeps what a party votes on. Polls that were opened change with the
// room's journal; drafts and votes by themselves.
type PollStore interface {
	// Polls gives all polls of a party with their answers, the oldest first.
	Polls(ctx context.Context, p id.Party) ([]*poll.Live, error)
	// SavePoll keeps a draft, new or changed.
	SavePoll(ctx context.Context, p poll.Poll) error
	DropDraft(ctx context.Context, p id.Poll) error
	// CastVotes takes all ballots in one transaction. One for a poll that is not
	// open is refused in its place; the others count.
	CastVotes(ctx context.Context, ballots []poll.Ballot) ([]error, error)
	LikeAnswer(ctx context.Context, answer id.Vote, u id.User, on bool) error
	HideAnswer(ctx context.Context, answer id.Vote, hidden bool) error
}

const (
	pollsShown = 30 // of those that are over, in a welcome
	closeRetry = time.Second
	boardShown = 50
)

// polls is what the room votes on. Only the room's loop touches it.
type polls struct {
	all     []*poll.Live // the oldest first
	box     ballotBox
	closing map[id.Poll]*call // no vote is taken any more; who asked for it, if anybody
	timers  map[id.Poll]*time.Timer
	tally   *time.Timer
	told    time.Time // when the last tally went
}

func (r *room) loadPolls(ctx context.Context) error {
	all, err := r.hub.Store.Polls(ctx, r.id)
	if err != nil {
		return err
	}
	r.polls.all = all
	r.polls.closing, r.polls.timers = map[id.Poll]*call{}, map[id.Poll]*time.Timer{}
	return nil
}

// watchPolls sets the clocks of all open polls.
func (r *room) watchPolls() {
	for _, l := range r.polls.all {
		r.watchPoll(l)
	}
}

func (r *room) watchPoll(l *poll.Live) {
	if l.State != poll.Open || l.ClosesAt == nil {
		return
	}
	if t := r.polls.timers[l.ID]; t != nil {
		t.Stop()
	}
	r.polls.timers[l.ID] = r.after(max(0, l.ClosesAt.Sub(r.now())), func() { r.closePoll(l.ID, nil) })
}

// live finds a poll of this party.
func (r *room) live(ref id.Poll) (*poll.Live, error) {
	for _, l := range r.polls.all {
		if l.ID == ref {
			return l, nil
		}
	}
	return nil, fault.ErrNotFound
}

// pollFor finds the poll of a call. A draft is there for hosts only.
func (r *room) pollFor(c *call, ref id.Poll) (*poll.Live, error) {
	l, err := r.live(ref)
	if err == nil && l.State == poll.Draft && !leads(c.member.Role) {
		return nil, fault.ErrNotFound
	}
	return l, err
}

// leads says whether a role runs the party.
func leads(role access.Role) bool { return role >= access.CoHost }

func (r *room) pollCreate(c *call, v wire.NewPoll) error {
	if err := r.budget(c.user()).poll.take(r.now()); err != nil {
		return err
	}
	p, err := wire.PollFrom(v).Clean()
	if err != nil {
		return err
	}
	if len(r.polls.all) >= poll.MostKept {
		return poll.ErrTooMany
	}
	p.ID, p.Party, p.By, p.State, p.Version = id.New[id.Poll](), r.id, c.user(), poll.Draft, 1
	p.CreatedAt = clock.Millis(r.now())
	if p.FilmAt != nil {
		p.Item = r.show.Vector().Item
	}
	if v.Publish {
		return r.openPoll(c, p)
	}
	return r.saveDraft(c, p)
}

func (r *room) pollEdit(c *call, v wire.EditPoll) error {
	l, err := r.pollFor(c, v.Poll)
	if err != nil {
		return err
	}
	if l.State != poll.Draft {
		return poll.ErrState
	}
	p, err := wire.PollFrom(v.NewPoll).Clean()
	if err != nil {
		return err
	}
	p.ID, p.Party, p.By, p.State = l.ID, l.Party, l.By, l.State
	p.CreatedAt, p.Item, p.Version = l.CreatedAt, l.Item, l.Version+1
	if v.Publish {
		p.Version--
		return r.openPoll(c, p)
	}
	return r.saveDraft(c, p)
}

// saveDraft keeps a draft and tells the hosts of it.
func (r *room) saveDraft(c *call, p poll.Poll) error {
	c.later = true
	r.aside(func(ctx context.Context) func() {
		err := r.hub.Store.SavePoll(ctx, p)
		return func() {
			if err == nil {
				r.keepPoll(p)
				r.tellDrafts()
			}
			r.replyPoll(c, p.ID, 0, err)
		}
	})
	return nil
}

func (r *room) pollDelete(c *call, v wire.PollRef) error {
	l, err := r.pollFor(c, v.Poll)
	if err != nil {
		return err
	}
	if l.State != poll.Draft {
		return poll.ErrState
	}
	c.later = true
	r.aside(func(ctx context.Context) func() {
		err := r.hub.Store.DropDraft(ctx, v.Poll)
		return func() {
			if err == nil {
				r.polls.all = slices.DeleteFunc(r.polls.all, func(x *poll.Live) bool { return x.ID == v.Poll })
				r.tellDrafts()
			}
			c.reply(wire.Result{Ack: wire.Ack{ID: string(v.Poll)}}, err)
		}
	})
	return nil
}

func (r *room) pollPublish(c *call, v wire.PollRef) error {
	l, err := r.pollFor(c, v.Poll)
	if err != nil {
		return err
	}
	return r.openPoll(c, l.Poll)
}

// openPoll opens a draft, or a poll that never was one.
func (r *room) openPoll(c *call, p poll.Poll) error {
	open := 0
	for _, l := range r.polls.all {
		if l.State == poll.Open {
			open++
		}
	}
	if open >= poll.MostAtOnce {
		return poll.ErrTooMany.Saying("Close another poll first; five can be open at once.")
	}
	p, err := p.Publish(clock.Millis(r.now()))
	if err != nil {
		return err
	}
	return r.journalPoll(c, p, wire.PollOpened.Name, wire.PollOf(p))
}

func (r *room) pollClose(c *call, v wire.PollRef) error {
	l, err := r.pollFor(c, v.Poll)
	if err != nil {
		return err
	}
	if _, already := r.polls.closing[l.ID]; already || l.State != poll.Open {
		return poll.ErrState
	}
	c.later = true
	r.closePoll(l.ID, c)
	return nil
}

// closePoll ends the voting once the votes that were taken are counted.
func (r *room) closePoll(ref id.Poll, c *call) {
	l, err := r.live(ref)
	if err != nil || l.State != poll.Open {
		return
	}
	if was, already := r.polls.closing[ref]; already && was != nil {
		c = was
	}
	r.polls.closing[ref] = c
	if r.polls.box.holds(ref) {
		return // the box asks again when it is empty
	}
	p, err := l.Close(clock.Millis(r.now()))
	if err == nil {
		err = r.journalPoll(c, p, wire.PollClosed.Name, r.over(l, p))
	}
	if err != nil {
		delete(r.polls.closing, ref)
		r.log.Warn("a poll could not be closed", "poll", ref, "err", err)
		if c != nil {
			c.reply(wire.Result{}, err)
		}
		r.after(closeRetry, func() { r.closePoll(ref, nil) })
	}
}

func (r *room) pollResolve(c *call, v wire.ResolvePoll) error {
	l, err := r.pollFor(c, v.Poll)
	if err != nil {
		return err
	}
	p, err := l.Resolve(v.Right)
	if err != nil {
		return err
	}
	return r.journalPoll(c, p, wire.PollResolved.Name, r.over(l, p))
}

// over is a poll at its end as everybody may see it, with the score board.
func (r *room) over(l *poll.Live, p poll.Poll) wire.PollOver {
	end := *l
	end.Poll = p
	card := wire.CardOf(&end, "", false)
	card.Mine = nil
	all := slices.Clone(r.polls.all)
	all[slices.Index(all, l)] = &end
	return wire.PollOver{Card: card, Board: r.board(all)}
}

func (r *room) board(all []*poll.Live) []wire.Score {
	out := []wire.Score{}
	for _, s := range poll.Board(all) {
		if m, ok := r.members[s.User]; ok && len(out) < boardShown {
			out = append(out, wire.Score{User: wire.UserOf(m.Person), Points: s.Points, Right: s.Right})
		}
	}
	return out
}

// journalPoll keeps how a poll is now, together with the event that tells of
// it, and then takes it over.
func (r *room) journalPoll(c *call, p poll.Poll, kind string, data any) error {
	if c == nil {
		c = &call{reply: func(wire.Result, error) {}}
	}
	e, err := entryOf(c, kind, id.Message(p.ID), data)
	if err != nil {
		return err
	}
	e.With, e.By = p, c.who.User
	if err := r.append(e, func(d chat.Done, err error) { r.pollJournalled(c, p, kind, d, err) }); err != nil {
		return err
	}
	c.later = true
	return nil
}

func (r *room) pollJournalled(c *call, p poll.Poll, kind string, d chat.Done, err error) {
	if kind == wire.PollClosed.Name {
		delete(r.polls.closing, p.ID)
		if err != nil {
			r.after(closeRetry, func() { r.closePoll(p.ID, nil) })
		}
	}
	switch {
	case err == nil && d.Type != kind:
		err = errOpReused
	case err == nil && d.Again:
		// The first answer was lost: what is kept is not what is in hand.
		r.rereadPolls()
		c.reply(wire.Result{Ack: wire.Ack{ID: string(d.Ref), Seq: d.Seq}}, nil)
		return
	}
	if err == nil {
		l := r.keepPoll(p)
		r.watchPoll(l)
		if kind == wire.PollOpened.Name {
			r.tellDrafts()
		}
		r.tellHosts(l)
	}
	r.replyPoll(c, p.ID, d.Seq, err)
}

// keepPoll takes over how a poll is now.
func (r *room) keepPoll(p poll.Poll) *poll.Live {
	if l, err := r.live(p.ID); err == nil {
		l.Poll = p
		return l
	}
	l := poll.NewLive(p)
	r.polls.all = append(r.polls.all, l)
	return l
}

func (r *room) rereadPolls() {
	r.aside(func(ctx context.Context) func() {
		all, err := r.hub.Store.Polls(ctx, r.id)
		return func() {
			if err != nil {
				r.log.Warn("the polls could not be read", "err", err)
				r.after(reloadRetry, r.rereadPolls)
				return
			}
			r.polls.all = all
			r.watchPolls()
			r.tallySoon()
		}
	})
}

// replyPoll answers a command with the poll as its sender may see it.
func (r *room) replyPoll(c *call, ref id.Poll, seq int64, err error) {
	if err != nil {
		c.reply(wire.Result{}, err)
		return
	}
	res := wire.Result{Ack: wire.Ack{ID: string(ref), Seq: seq}}
	if l, err := r.live(ref); err == nil {
		card := wire.CardOf(l, c.user(), leads(c.member.Role))
		res.Poll = &card
	}
	c.reply(res, nil)
}
