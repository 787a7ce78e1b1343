package hub

import (
	"context"
	"slices"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/id"
	"watchparty/internal/poll"
	"watchparty/internal/session"
)

const (
	tallyGap    = 250 * time.Millisecond
	ballotBatch = 512
	ballotRoom  = 16384 // answers that may wait
)

// ballot is an answer on its way; done runs in the loop when it is committed
// or refused.
type ballot struct {
	poll.Ballot
	done func(error)
}

// ballotBox gathers answers: one commit at a time is under way, and what comes
// meanwhile goes together with the next.
type ballotBox struct {
	waiting []ballot
	flying  []ballot
}

func (b *ballotBox) idle() bool { return len(b.waiting)+len(b.flying) == 0 }

// holds says whether an answer to a poll is not counted yet.
func (b *ballotBox) holds(ref id.Poll) bool {
	of := func(x ballot) bool { return x.Poll == ref }
	return slices.ContainsFunc(b.waiting, of) || slices.ContainsFunc(b.flying, of)
}

func (r *room) pollVote(c *call, v wire.PollVote) error {
	l, err := r.votable(c, v.Poll)
	if err != nil {
		return err
	}
	given := poll.Vote{Choices: v.Choices, Text: v.Text, Words: v.Words}
	if v.Rating != nil {
		given.Rating = *v.Rating
	}
	if (v.Rating != nil) != (l.Kind == poll.Rating) {
		return poll.ErrVote.At("rating", "belongs to polls that ask for one")
	}
	vote, err := l.Admit(c.user(), given, r.now())
	if err != nil {
		return err
	}
	return r.cast(c, l, &vote)
}

func (r *room) pollRetract(c *call, v wire.PollRef) error {
	l, err := r.votable(c, v.Poll)
	if err != nil {
		return err
	}
	if !l.OpenNow(r.now()) {
		return poll.ErrNotOpen
	}
	return r.cast(c, l, nil)
}

// votable finds a poll that takes answers from the caller now.
func (r *room) votable(c *call, ref id.Poll) (*poll.Live, error) {
	if err := r.budget(c.user()).vote.take(r.now()); err != nil {
		return nil, err
	}
	l, err := r.pollFor(c, ref)
	if err != nil {
		return nil, err
	}
	if _, closing := r.polls.closing[ref]; closing {
		return nil, poll.ErrNotOpen
	}
	return l, nil
}

// cast puts an answer into the box; it is acknowledged when it is committed.
func (r *room) cast(c *call, l *poll.Live, v *poll.Vote) error {
	box := &r.polls.box
	if len(box.waiting) >= ballotRoom {
		return errBusy.After(time.Second)
	}
	c.later = true
	u, ref := c.user(), l.ID
	box.waiting = append(box.waiting, ballot{
		Ballot: poll.Ballot{Poll: ref, User: u, Vote: v},
		done: func(err error) {
			r.replyPoll(c, ref, 0, err)
			if err == nil {
				r.tellMine(u, ref)
			}
		},
	})
	return nil
}

// flushVotes starts a commit if none is under way.
func (r *room) flushVotes() {
	box := &r.polls.box
	if len(box.flying) > 0 || len(box.waiting) == 0 || r.ctx.Err() != nil {
		return
	}
	n := min(len(box.waiting), ballotBatch)
	box.flying = slices.Clone(box.waiting[:n])
	box.waiting = slices.Delete(box.waiting, 0, n)
	ballots := make([]poll.Ballot, n)
	for i, b := range box.flying {
		ballots[i] = b.Ballot
	}
	r.store(func(ctx context.Context) func() {
		began := r.now()
		refused, err := r.hub.Store.CastVotes(ctx, ballots)
		r.hub.Metrics.Committed(n, r.now().Sub(began))
		return func() { r.counted(refused, err) }
	})
}

// counted takes over what was committed.
func (r *room) counted(refused []error, err error) {
	done := r.polls.box.flying
	r.polls.box.flying = nil
	for i, b := range done {
		l, gone := r.live(b.Poll)
		if err == nil && refused[i] == nil && gone == nil {
			if _, again := l.Votes[b.User]; !again && b.Vote != nil {
				r.keeper.Add(r.now(), b.User, session.Polls, 1)
			}
			l.Put(b.User, b.Vote)
		}
	}
	if err != nil {
		// It may have been committed all the same: what is kept is read again.
		r.log.Warn("votes could not be committed", "n", len(done), "err", err)
		r.rereadPolls()
	}
	for i, b := range done {
		if err != nil {
			b.done(err)
			continue
		}
		b.done(refused[i])
	}
	r.tallySoon()
	for ref, c := range r.polls.closing {
		if !r.polls.box.holds(ref) {
			r.closePoll(ref, c)
		}
	}
}

func (r *room) pollLike(c *call, v wire.AnswerLike) error {
	l, err := r.votable(c, v.Poll)
	if err != nil {
		return err
	}
	if err := l.MayLike(v.Answer, r.now()); err != nil {
		return err
	}
	u := c.user()
	return r.onAnswer(c, l.ID, func(ctx context.Context) error { return r.hub.Store.LikeAnswer(ctx, v.Answer, u, v.On) },
		func(l *poll.Live) { l.Like(u, v.Answer, v.On) })
}

func (r *room) pollHide(c *call, v wire.AnswerHide) error {
	l, err := r.pollFor(c, v.Poll)
	if err != nil {
		return err
	}
	if err := l.MayHide(v.Answer); err != nil {
		return err
	}
	return r.onAnswer(c, l.ID, func(ctx context.Context) error { return r.hub.Store.HideAnswer(ctx, v.Answer, v.Hidden) },
		func(l *poll.Live) { l.Hide(v.Answer, v.Hidden) })
}

// onAnswer keeps a change of a written answer, then shows it.
func (r *room) onAnswer(c *call, ref id.Poll, keep func(context.Context) error, show func(*poll.Live)) error {
	c.later = true
	r.aside(func(ctx context.Context) func() {
		err := keep(ctx)
		return func() {
			if l, gone := r.live(ref); err == nil && gone == nil {
				show(l)
				r.tellMine(c.user(), ref)
				r.tallySoon()
			}
			r.replyPoll(c, ref, 0, err)
		}
	})
	return nil
}

// tallySoon has the open polls told, at most four times a second.
func (r *room) tallySoon() {
	if r.polls.tally == nil {
		r.polls.tally = r.after(max(0, tallyGap-r.now().Sub(r.polls.told)), r.tellTally)
	}
}

// tellTally sends everybody the open polls as far as he may see them. People
// who may see the same get the same frame.
func (r *room) tellTally() {
	r.polls.tally = nil
	r.polls.told = r.now()
	var open []*poll.Live
	for _, l := range r.polls.all {
		if l.State == poll.Open {
			open = append(open, l)
		}
	}
	if len(open) == 0 {
		return
	}
	frames := map[string]*frame{}
	for u := range r.people {
		host := leads(r.members[u].Role)
		sees := make([]byte, len(open)+1)
		if host {
			sees[len(open)] = 1
		}
		for i, l := range open {
			if l.Shows(u, host) {
				sees[i] = 1
			}
		}
		f := frames[string(sees)]
		if f == nil {
			f = r.tallyFrame(open, sees, host)
			frames[string(sees)] = f
		}
		r.sendTo(u, f)
	}
}

func (r *room) tallyFrame(open []*poll.Live, sees []byte, host bool) *frame {
	t := wire.PollTallies{Items: make([]wire.PollTally, len(open))}
	for i, l := range open {
		t.Items[i] = wire.PollTally{Poll: l.ID, Voters: len(l.Votes)}
		if sees[i] == 1 {
			t.Items[i].Results = wire.ResultsOf(l.Results(host))
		}
	}
	return encode(wire.PollTallied, r.head(), t)
}

// tellMine tells all connections of a person what he answered.
func (r *room) tellMine(u id.User, ref id.Poll) {
	if l, err := r.live(ref); err == nil {
		r.sendTo(u, encode(wire.PollMyVote, r.head(), *wire.MineOf(l, u)))
	}
}

// tellHosts shows the hosts what only they may see of a poll that is over.
func (r *room) tellHosts(l *poll.Live) {
	if !l.Over() || l.Visibility != poll.Never && !l.Moderated {
		return
	}
	for _, u := range r.hosts() {
		r.sendTo(u, encode(wire.PollResult, r.head(), wire.CardOf(l, u, true)))
	}
}

// tellDrafts shows the hosts what is prepared.
func (r *room) tellDrafts() { r.showDrafts(r.hosts()...) }

// showDrafts shows some people, who must be hosts, what is prepared.
func (r *room) showDrafts(to ...id.User) {
	d := wire.PollDrafts{Items: []wire.Poll{}}
	for _, l := range r.polls.all {
		if l.State == poll.Draft {
			d.Items = append(d.Items, wire.DraftOf(l.Poll))
		}
	}
	f := encode(wire.PollDrafted, r.head(), d)
	for _, u := range to {
		r.sendTo(u, f)
	}
}

// pollCards shows u the polls: the drafts if he may, the open ones, and the
// newest of those that are over.
func (r *room) pollCards(u id.User) []wire.PollCard {
	host := leads(r.members[u].Role)
	out := []wire.PollCard{}
	over := 0
	for _, l := range slices.Backward(r.polls.all) {
		if l.State == poll.Draft && !host {
			continue
		}
		if l.Over() {
			if over++; over > pollsShown {
				continue
			}
		}
		out = append(out, wire.CardOf(l, u, host))
	}
	slices.Reverse(out)
	return out
}
