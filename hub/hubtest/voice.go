package hubtest

import (
	"context"
	"maps"
	"slices"

	"watchparty/internal/chat"
	"watchparty/internal/id"
	"watchparty/internal/voice"
)

// talks is what is kept of a voice room.
type talks struct {
	settings *voice.Settings
	shares   map[id.Share]voice.Share
	talks    map[id.Talk]voice.Talk
}

// OpenVoice gives how the voice room is set, and the shares that run.
func (j *Journal) OpenVoice(_ context.Context, p id.Party) (voice.Kept, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return voice.Kept{}, j.fail
	}
	t := &j.at(p).talks
	k := voice.Kept{Settings: voice.Default(), Made: t.settings != nil}
	if t.settings != nil {
		k.Settings = *t.settings
	}
	for _, s := range t.shares {
		if s.Ended == nil {
			k.Shares = append(k.Shares, s)
		}
	}
	return k, nil
}

// KeepVoice writes what changed, under the fence.
func (j *Journal) KeepVoice(_ context.Context, p id.Party, fence int64, c voice.Changes) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	k := j.at(p)
	switch {
	case j.fail != nil:
		return j.fail
	case fence != k.room.Fence:
		return chat.ErrFenced
	}
	t := &k.talks
	if t.shares == nil {
		t.shares, t.talks = map[id.Share]voice.Share{}, map[id.Talk]voice.Talk{}
	}
	if c.Settings != nil {
		t.settings = c.Settings
	}
	for _, s := range c.Shares {
		t.shares[s.ID] = s
	}
	for _, x := range c.Talks {
		t.talks[x.ID] = x
	}
	return nil
}

// Talks lists who was in a party's voice room.
func (j *Journal) Talks(p id.Party) []voice.Talk {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Collect(maps.Values(j.at(p).talks.talks))
}
