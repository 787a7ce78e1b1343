package dialect

import (
	"watchparty/hub/wire"
	"watchparty/internal/id"
)

type readiness struct {
	Ready *bool `json:"is_ready,omitempty"`
}

// lobbyRoute is the route of those who wait for the party to start, and of
// those who wait to be let in.
func (s *Speaker) lobbyRoute() {
	hear(s, "ready_status", func(r readiness) ([]wire.Up, error) {
		on := or(r.Ready, true)
		return ask(s, wire.PresenceSet, wire.SetPresence{Ready: &on}, asked{kind: "ready_status"}), nil
	})
	s.chat(s.nested)
	s.greet = func(_ wire.Welcome, _ bool) []Message { return []Message{s.lobbyState()} }
	s.visitors(s.joined, s.gone)

	was := map[id.User]bool{}
	tell(s, wire.PresenceChanged, func(_ frame, d wire.PresenceDiff) []Message {
		var out []Message
		for _, list := range [][]wire.Presence{d.Joined, d.Changed} {
			for _, p := range list {
				if was[p.User.ID] != p.Ready {
					was[p.User.ID] = p.Ready
					out = append(out, Message{"type": "ready_status", "user": userOf(p.User), "user_id": p.User.ID, "is_ready": p.Ready, "timestamp": s.iso(s.now())})
				}
			}
		}
		for _, u := range d.Left {
			delete(was, u)
		}
		return out
	})
	tell(s, wire.PartyWelcome, func(_ frame, w wire.Welcome) []Message {
		clear(was)
		for _, p := range w.Here {
			was[p.User.ID] = p.Ready
		}
		s.status = w.Party.Status
		return nil
	})
	tell(s, wire.PartyState, func(_ frame, p wire.Party) []Message {
		started := s.status == "scheduled" && p.Status == "live"
		s.status = p.Status
		if !started {
			return nil
		}
		return []Message{{"type": "party_started", "party_id": s.party, "redirect_url": "/watch/" + string(s.party)}}
	})
	s.waiting()
}

func (s *Speaker) lobbyState() Message {
	people := []Message{}
	for _, p := range sorted(s.here) {
		m := userOf(p.User)
		m["user"], m["is_ready"], m["role"], m["is_host"] = userOf(p.User), p.Ready, p.Role, p.Role == "host"
		people = append(people, m)
	}
	return Message{"type": "lobby_state", "state": Message{
		"party": Message{
			"id": s.party, "title": s.card.Title, "status": s.card.Status, "scheduled_start": s.card.ScheduledStart, "host": userOf(s.card.Host),
		},
		"participants": people, "waiting": !s.welcomed,
	}}
}

// waiting lets somebody in, or sends him away, who waits at the door.
func (s *Speaker) waiting() {
	s.tells[wire.PartyAdmitted.Name] = decided(s, func() Turn {
		if s.welcomed {
			return Turn{}
		}
		return Turn{Up: []wire.Up{s.Join()}}
	})
	s.tells[wire.PartyRefused.Name] = decided(s, func() Turn {
		const text = "The host did not let you in."
		return Turn{Out: []Message{{"type": "error", "message": text, "error": text, "code": "party.rejected"}}, End: &endNoAccess}
	})
}

// Wait is what somebody gets who has knocked and is not let in yet; nothing on
// a route where nobody waits.
func (s *Speaker) Wait() ([]Message, bool) {
	if s.route.Kind != Lobby {
		return nil, false
	}
	return []Message{s.lobbyState()}, true
}
