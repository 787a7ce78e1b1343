package hubtest

import (
	"context"
	"slices"

	"watchparty/internal/chat"
	"watchparty/internal/id"
	"watchparty/internal/react"
	"watchparty/internal/session"
)

// acts is what people did, as it was kept.
type acts struct {
	thrown  []react.Thrown
	known   map[id.Reaction]bool
	batches int
	kept    map[id.Party]map[id.User]session.Session
	minutes map[id.Party]map[session.Minute]bool
	stats   map[id.Party]session.Stats
}

// Throw keeps reactions, each once.
func (j *Journal) Throw(_ context.Context, list []react.Thrown) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return j.fail
	}
	a := &j.acts
	if a.known == nil {
		a.known = map[id.Reaction]bool{}
	}
	a.batches++
	for _, x := range list {
		if !a.known[x.ID] {
			a.known[x.ID] = true
			a.thrown = append(a.thrown, x)
		}
	}
	if err := j.lose; err != nil {
		j.lose = nil
		return err
	}
	return nil
}

// Kept gives what was kept of a party.
func (j *Journal) Kept(_ context.Context, p id.Party) (session.Kept, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	k := session.Kept{Stats: j.acts.stats[p]}
	for _, s := range j.acts.kept[p] {
		k.Sessions = append(k.Sessions, s)
	}
	return k, j.fail
}

// Keep keeps what people did.
func (j *Journal) Keep(_ context.Context, p id.Party, fence int64, c session.Changes) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.fail != nil:
		return j.fail
	case fence != j.at(p).room.Fence:
		return chat.ErrFenced
	}
	a := &j.acts
	if a.kept == nil {
		a.kept, a.stats, a.minutes = map[id.Party]map[id.User]session.Session{}, map[id.Party]session.Stats{}, map[id.Party]map[session.Minute]bool{}
	}
	if a.kept[p] == nil {
		a.kept[p], a.minutes[p] = map[id.User]session.Session{}, map[session.Minute]bool{}
	}
	for _, s := range c.Sessions {
		a.kept[p][s.User] = s
	}
	for _, m := range c.Minutes {
		a.minutes[p][m] = true
	}
	if c.Stats != nil {
		a.stats[p] = *c.Stats
	}
	return nil
}

// Thrown gives the reactions that were kept, and in how many batches.
func (j *Journal) Thrown() (list []react.Thrown, batches int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.acts.thrown), j.acts.batches
}

// Session gives what a person did, as it was kept, and the party's numbers.
func (j *Journal) Session(p id.Party, u id.User) (session.Session, session.Stats) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.acts.kept[p][u], j.acts.stats[p]
}

// Minutes counts the minutes of film that a person saw.
func (j *Journal) Minutes(p id.Party, u id.User) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for m := range j.acts.minutes[p] {
		if m.User == u {
			n++
		}
	}
	return n
}
