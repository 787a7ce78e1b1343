package hubtest

import (
	"context"
	"maps"
	"slices"

	"watchparty/internal/id"
	"watchparty/internal/poll"
)

// pollOf finds a poll wherever it is; the lock is held.
func (j *Journal) pollOf(ref id.Poll) *poll.Live {
	for _, k := range j.rooms {
		for _, l := range k.polls {
			if l.ID == ref {
				return l
			}
		}
	}
	return nil
}

func (k *kept) putPoll(p poll.Poll) {
	i := slices.IndexFunc(k.polls, func(l *poll.Live) bool { return l.ID == p.ID })
	if i < 0 {
		k.polls = append(k.polls, poll.NewLive(p))
		return
	}
	k.polls[i].Poll = p
}

// Polls gives copies of all polls of a party.
func (j *Journal) Polls(_ context.Context, p id.Party) ([]*poll.Live, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return nil, j.fail
	}
	var out []*poll.Live
	for _, l := range j.at(p).polls {
		c := *l
		c.Votes, c.Counts, c.Likes = maps.Clone(l.Votes), maps.Clone(l.Counts), map[id.Vote]map[id.User]bool{}
		for answer, by := range l.Likes {
			c.Likes[answer] = maps.Clone(by)
		}
		out = append(out, &c)
	}
	return out, nil
}

// SavePoll keeps a draft.
func (j *Journal) SavePoll(_ context.Context, p poll.Poll) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.at(p.Party).putPoll(p)
	return j.fail
}

// DropDraft forgets a draft.
func (j *Journal) DropDraft(_ context.Context, ref id.Poll) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, k := range j.rooms {
		k.polls = slices.DeleteFunc(k.polls, func(l *poll.Live) bool { return l.ID == ref && l.State == poll.Draft })
	}
	return j.fail
}

// CastVotes takes ballots for polls that are open.
func (j *Journal) CastVotes(_ context.Context, ballots []poll.Ballot) ([]error, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return nil, j.fail
	}
	out := make([]error, len(ballots))
	for i, b := range ballots {
		l := j.pollOf(b.Poll)
		if l == nil || l.State != poll.Open {
			out[i] = poll.ErrNotOpen
			continue
		}
		l.Put(b.User, b.Vote)
	}
	return out, nil
}

// LikeAnswer turns a like on or off.
func (j *Journal) LikeAnswer(_ context.Context, answer id.Vote, u id.User, on bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.eachPoll(func(l *poll.Live) {
		if _, _, ok := l.Answer(answer); ok {
			l.Like(u, answer, on)
		}
	})
	return j.fail
}

// HideAnswer hides an answer or shows it.
func (j *Journal) HideAnswer(_ context.Context, answer id.Vote, hidden bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.eachPoll(func(l *poll.Live) { l.Hide(answer, hidden) })
	return j.fail
}

func (j *Journal) eachPoll(fn func(*poll.Live)) {
	for _, k := range j.rooms {
		for _, l := range k.polls {
			fn(l)
		}
	}
}
