package hubtest

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"watchparty/internal/chat"
	"watchparty/internal/draw"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/poll"
)

// Journal keeps rooms' journals in memory, with the promises of the store. It
// outlives hubs, so that a test can stop one and start the next.
type Journal struct {
	mu    sync.Mutex
	rooms map[id.Party]*kept
	fail  error // next calls answer it and do nothing
	lose  error // the next append is done, and answers it all the same
	gate  chan struct{}
	acts  acts
}

type kept struct {
	talks  talks
	room   chat.Room
	events []chat.Event
	ops    map[string]chat.Done
	lines  []chat.Message
	polls  []*poll.Live
	marks  []draw.Mark
}

// NewJournal makes an empty one.
func NewJournal() *Journal { return &Journal{rooms: map[id.Party]*kept{}} }

// Fail makes all calls fail with err until it is called with nil.
func (j *Journal) Fail(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.fail = err
}

// LoseAnswer makes the next append succeed and answer err.
func (j *Journal) LoseAnswer(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lose = err
}

// Hold makes appends wait until release is called.
func (j *Journal) Hold() (release func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	gate := make(chan struct{})
	j.gate = gate
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.gate = nil
		close(gate)
	}
}

// Fence says how often a room was opened.
func (j *Journal) Fence(p id.Party) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.at(p).room.Fence
}

func (j *Journal) at(p id.Party) *kept {
	k := j.rooms[p]
	if k == nil {
		k = &kept{room: chat.Room{Epoch: id.Token()[:12]}, ops: map[string]chat.Done{}}
		j.rooms[p] = k
	}
	return k
}

// Open makes the caller the owner.
func (j *Journal) Open(_ context.Context, p id.Party, _ string) (chat.Room, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return chat.Room{}, j.fail
	}
	k := j.at(p)
	k.room.Fence++
	return k.room, nil
}

// Append appends.
func (j *Journal) Append(ctx context.Context, p id.Party, fence int64, entries []chat.Entry) ([]chat.Done, error) {
	j.mu.Lock()
	gate := j.gate
	j.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	k := j.at(p)
	switch {
	case j.fail != nil:
		return nil, j.fail
	case fence != k.room.Fence:
		return nil, chat.ErrFenced
	}
	out := make([]chat.Done, len(entries))
	for i, e := range entries {
		out[i] = k.append(e)
	}
	if err := j.lose; err != nil {
		j.lose = nil
		return nil, err
	}
	return out, nil
}

func (k *kept) append(e chat.Entry) chat.Done {
	op := string(e.By) + "\x00" + e.Op
	if d, ok := k.ops[op]; ok && e.Op != "" {
		d.Again = true
		return d
	}
	k.room.Seq++
	d := chat.Done{Type: e.Type, Ref: e.Ref, Seq: k.room.Seq}
	k.events = append(k.events, chat.Event{Seq: d.Seq, Type: e.Type, Data: e.Data})
	if e.Op != "" {
		k.ops[op] = d
	}
	if e.Put != nil {
		m := *e.Put
		i := slices.IndexFunc(k.lines, func(x chat.Message) bool { return x.ID == m.ID })
		if i < 0 {
			m.Seq = d.Seq
			k.lines = append(k.lines, m)
		} else {
			k.lines[i] = m
		}
	}
	if p, ok := e.With.(poll.Poll); ok {
		k.putPoll(p)
	}
	if c, ok := e.With.(draw.Change); ok {
		k.change(c)
	}
	if e.Pin != nil {
		k.room.Pinned = *e.Pin
	}
	return d
}

// EventsAfter gives what follows seq.
func (j *Journal) EventsAfter(_ context.Context, p id.Party, seq int64, limit int) ([]chat.Event, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return nil, j.fail
	}
	var out []chat.Event
	for _, ev := range j.at(p).events {
		if ev.Seq > seq && len(out) < limit {
			out = append(out, ev)
		}
	}
	return out, nil
}

// Recent gives the last lines.
func (j *Journal) Recent(_ context.Context, p id.Party, limit int) ([]chat.Message, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return nil, j.fail
	}
	lines := j.at(p).lines
	return slices.Clone(lines[max(0, len(lines)-limit):]), nil
}

// Message gives one line.
func (j *Journal) Message(_ context.Context, p id.Party, ref id.Message) (chat.Message, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return chat.Message{}, j.fail
	}
	for _, m := range j.at(p).lines {
		if m.ID == ref {
			return m, nil
		}
	}
	return chat.Message{}, fault.ErrNotFound
}

// change does what an entry says of drawing.
func (k *kept) change(c draw.Change) {
	if c.Put != nil {
		k.marks = append(k.marks, *c.Put)
	}
	k.marks = slices.DeleteFunc(k.marks, func(m draw.Mark) bool { return slices.Contains(c.Drop, m.ID) })
	if c.Settings != nil {
		k.room.Draw, _ = json.Marshal(c.Settings)
	}
}

// Marks gives what is drawn.
func (j *Journal) Marks(_ context.Context, p id.Party) ([]draw.Mark, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return nil, j.fail
	}
	return slices.Clone(j.at(p).marks), nil
}

// SavePlayback keeps a checkpoint.
func (j *Journal) SavePlayback(_ context.Context, p id.Party, fence int64, state []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	k := j.at(p)
	switch {
	case j.fail != nil:
		return j.fail
	case fence != k.room.Fence:
		return chat.ErrFenced
	}
	k.room.Playback = state
	return nil
}
