package hub

import (
	"context"
	"encoding/json"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/chat"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

const (
	ringFrames    = 1000
	replayBytes   = 1 << 20
	snapshotLines = 50
)

// The modes of a welcome.
const (
	fresh   = "fresh"
	resumed = "resumed"
	resync  = "resync"
)

// ring holds the newest frames of class log, encoded, without holes.
type ring struct {
	frames []*frame
	first  int // place of the oldest
	last   int64
}

func newRing(seq int64) ring { return ring{last: seq} }

// add takes the next frame.
func (g *ring) add(f *frame) {
	if len(g.frames) < ringFrames {
		g.frames = append(g.frames, f)
	} else {
		g.frames[g.first] = f
		g.first = (g.first + 1) % ringFrames
	}
	g.last = f.seq
}

// floor is the seq before the oldest frame that is held.
func (g *ring) floor() int64 { return g.last - int64(len(g.frames)) }

// after gives all frames after seq; ok is false when some are not held.
func (g *ring) after(seq int64) (out []*frame, ok bool) {
	if seq < g.floor() || seq > g.last {
		return nil, false
	}
	n := int(g.last - seq)
	for i := len(g.frames) - n; i < len(g.frames); i++ {
		out = append(out, g.frames[(g.first+i)%len(g.frames)])
	}
	return out, true
}

// logFrame encodes an entry of the journal.
func (r *room) logFrame(ev chat.Event) *frame {
	data := ev.Data
	if ev.Type == wire.ChatMessage.Name {
		// The line was kept before its place was known.
		var m wire.Message
		if err := json.Unmarshal(data, &m); err == nil {
			m.Seq = ev.Seq
			if b, err := json.Marshal(m); err == nil {
				data = b
			}
		}
	}
	return encode(wire.Frame[json.RawMessage]{Entry: wire.Entry{Name: ev.Type, Class: wire.Log}},
		wire.Down{Room: r.name, Seq: ev.Seq, ST: r.ms()}, data)
}

// welcome answers a join: with what was missed when all of it is at hand, else
// with the room as it is. The connection gets what follows only after it, and
// all of it: the welcome and the replay are one step of the loop.
func (r *room) welcome(s *spot, e entrance) {
	since := e.Join.Seq
	switch missed, ok := r.ring.after(since); {
	case e.Join.Epoch == "":
		r.greet(s, e, fresh, nil)
	case e.Join.Epoch != r.journal.epoch, since > r.ring.last, r.ring.last-since > ringFrames:
		r.greet(s, e, resync, nil)
	case ok:
		r.greet(s, e, resumed, missed)
	default:
		r.fetchMissed(s, e)
	}
}

// fetchMissed reads from the database what the ring does not hold.
func (r *room) fetchMissed(s *spot, e entrance) {
	since, want := e.Join.Seq, r.ring.floor()
	r.aside(func(ctx context.Context) func() {
		events, err := r.hub.Store.EventsAfter(ctx, r.id, since, int(want-since))
		return func() {
			if r.spots[s.link.key()] != s {
				return
			}
			if err != nil {
				r.log.Warn("a replay could not be read", "err", err)
			}
			missed := make([]*frame, 0, len(events))
			at := since
			for _, ev := range events {
				if ev.Seq != at+1 {
					break
				}
				at = ev.Seq
				missed = append(missed, r.logFrame(ev))
			}
			newer, ok := r.ring.after(at)
			if !ok || err != nil || len(missed)+len(newer) > ringFrames {
				r.greet(s, e, resync, nil)
				return
			}
			r.greet(s, e, resumed, append(missed, newer...))
		}
	})
}

// greet sends the welcome and the replay behind it.
func (r *room) greet(s *spot, e entrance, mode string, missed []*frame) {
	size := 0
	for _, f := range missed {
		size += len(f.body)
	}
	if size > replayBytes {
		mode, missed = resync, nil
	}
	m := r.members[e.Who.User]
	w := wire.Welcome{
		Mode: mode, Epoch: r.journal.epoch, Seq: r.ring.last, Me: wire.MemberOf(m, true),
		Party: r.card(), Here: r.here(), Count: len(r.people), Playback: r.playbackNow(),
		Marks: r.marks(), Draw: r.drawing.settingsNow(),
		Slots: orEmpty(r.voices.slots), Speaking: orEmpty(r.voices.speaking), Shares: r.shareList(),
		Queue: wire.ItemsOf(r.items), Messages: []wire.Message{}, Knocks: []wire.Knock{},
	}
	if !r.public(e.Who.User) {
		w.Here = append(w.Here, r.presenceOf(e.Who.User))
	}
	if mode != resumed {
		for _, line := range r.lines {
			w.Messages = append(w.Messages, wire.MessageOf(line))
		}
	}
	if r.pinned != nil {
		p := wire.MessageOf(*r.pinned)
		w.Pinned = &p
	}
	w.Polls, w.Board = r.pollCards(e.Who.User), r.board(r.polls.all)
	if r.letsIn(e.Who.User) {
		w.Knocks = r.knocks()
	}
	if r.hub.Media != nil {
		v := r.voiceRoom()
		w.Voice = &v
	}
	head := r.head()
	head.Re = e.Re
	s.hold(encode(wire.PartyWelcome, head, w))
	for _, f := range missed {
		// A replay has the bound of direct frames: it is as long as it is, and
		// must not count as falling behind.
		s.hold(f.as(wire.Direct))
	}
	s.welcomed = true
	r.hub.Metrics.Joined(mode)
}

// card shows the party as its members see it.
func (r *room) card() wire.Party {
	host := r.members[r.party.Host].Person
	return wire.PartyOf(r.party, host, r.items)
}

func (r *room) letsIn(u id.User) bool {
	p := r.people[u]
	return p != nil && access.Check(p.who.Site, r.members[u].Role, access.MemberAdmit, r.party.Bars()) == nil
}

// knocks lists who waits at the door.
func (r *room) knocks() []wire.Knock {
	out := []wire.Knock{}
	for _, m := range r.members {
		if m.Standing == party.Pending {
			out = append(out, wire.KnockOf(m))
		}
	}
	sortKnocks(out)
	return out
}
