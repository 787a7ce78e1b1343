package dialect

import (
	"maps"
	"math"
	"slices"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/id"
)

// memory is what a translator has to know in order to speak.
type memory struct {
	me       wire.User
	party    id.Party
	now      func() float64
	welcomed bool
	myRole   string
	card     wire.Party
	people   map[id.User]wire.User // everybody whose name came by
	members  func() []wire.User    // asked for a name that did not
	here     map[id.User]wire.Presence
	before   map[id.User]wire.Presence // here, before the last welcome
	count    int
	playback wire.Playback
	queue    []wire.Item
	typing   []id.User
	status   string // of the party, as the lobby was told
	cards    map[id.Poll]*card
	talks    talks
	notes    map[id.Mark]*note
	going    map[id.Mark]bool // marks that the client has taken back, and the room not yet
}

func newMemory(me wire.User, party id.Party, now func() float64, members func() []wire.User) memory {
	return memory{
		me: me, party: party, now: now, members: members, people: map[id.User]wire.User{me.ID: me}, here: map[id.User]wire.Presence{},
		cards: map[id.Poll]*card{}, notes: map[id.Mark]*note{}, going: map[id.Mark]bool{},
	}
}

// remember ties the frames that a translator learns from. They are tied first,
// so that what is told rests on what is so now.
func (s *Speaker) remember() {
	tell(s, wire.PartyWelcome, func(_ frame, w wire.Welcome) []Message {
		again := s.welcomed
		s.welcomed = true
		s.learn(w)
		return s.greet(w, again)
	})
	tell(s, wire.PresenceChanged, func(_ frame, d wire.PresenceDiff) []Message {
		for _, list := range [][]wire.Presence{d.Joined, d.Changed} {
			for _, p := range list {
				s.meet(p)
			}
		}
		for _, u := range d.Left {
			delete(s.here, u)
		}
		s.count = d.Count
		return nil
	})
	tell(s, wire.PartyState, func(_ frame, p wire.Party) []Message {
		s.card = p
		s.people[p.Host.ID] = p.Host
		return nil
	})
	tell(s, wire.PlaybackState, func(_ frame, p wire.Playback) []Message {
		s.playback = p
		return nil
	})
	tell(s, wire.QueueState, func(_ frame, q wire.Queue) []Message {
		s.queue = q.Items
		return nil
	})
	tell(s, wire.MemberRole, func(_ frame, r wire.RoleChanged) []Message {
		if r.User == s.me.ID {
			s.myRole = r.Role
		}
		if p, ok := s.here[r.User]; ok {
			p.Role = r.Role
			s.here[r.User] = p
		}
		return nil
	})
	tell(s, wire.ChatMessage, func(_ frame, m wire.Message) []Message {
		s.people[m.User.ID] = m.User
		return nil
	})
}

// learn takes over the room as a welcome shows it.
func (m *memory) learn(w wire.Welcome) {
	m.card, m.playback, m.queue, m.count, m.myRole = w.Party, w.Playback, w.Queue, w.Count, w.Me.Role
	m.me = w.Me.User
	m.people[m.me.ID], m.people[w.Party.Host.ID] = m.me, w.Party.Host
	m.before, m.here = m.here, map[id.User]wire.Presence{}
	for _, p := range w.Here {
		m.meet(p)
	}
	for _, line := range w.Messages {
		m.people[line.User.ID] = line.User
	}
}

func (m *memory) meet(p wire.Presence) {
	m.people[p.User.ID] = p.User
	m.here[p.User.ID] = p
}

// leads says whether the client's person runs the party.
func (m *memory) leads() bool { return m.myRole == "host" || m.myRole == "co-host" }

// position is where the film is now, in seconds.
func (m *memory) position() float64 {
	v := m.playback.Vector
	p := v.P + v.V*max(0, m.now()-v.T)/1000
	if d := m.length(); d > 0 {
		p = min(p, d)
	}
	return math.Round(max(p, 0)*1000) / 1000
}

// length is how long the film is; 0 is not known.
func (m *memory) length() float64 {
	for _, i := range m.queue {
		if i.ID == m.playback.Vector.Item {
			return i.Duration
		}
	}
	return 0
}

func (m *memory) playing() bool { return m.playback.Vector.Plays }

// iso writes server milliseconds as a time.
func (m *memory) iso(ms float64) string {
	return time.UnixMilli(int64(ms)).UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// user shows a person with all the names that older clients look for. Nobody is
// nil.
func (m *memory) user(u id.User) any {
	if u == "" {
		return nil
	}
	return userOf(m.person(u))
}

// person finds somebody. Presence is told a moment after people came, so what
// they do at once may be told before their name.
func (m *memory) person(u id.User) wire.User {
	if x, ok := m.people[u]; ok {
		return x
	}
	for _, x := range m.members() {
		m.people[x.ID] = x
	}
	x, ok := m.people[u]
	if !ok {
		x = wire.User{ID: u}
		m.people[u] = x // there is nobody to ask again
	}
	return x
}

func userOf(x wire.User) Message {
	return Message{
		"id": x.ID, "username": x.Username, "name": x.Name, "full_name": x.Name, "first_name": x.FirstName, "last_name": x.LastName,
		"firstName": x.FirstName, "lastName": x.LastName, "avatar": x.Avatar, "is_premium": false, "isVerified": !x.IsGuest, "is_guest": x.IsGuest,
	}
}

// sorted gives what a map holds in the order of its names; ours grow with time.
func sorted[K ~string, V any](m map[K]V) []V {
	out := make([]V, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}

func round4(v float64) float64 { return math.Round(v*10_000) / 10_000 }
