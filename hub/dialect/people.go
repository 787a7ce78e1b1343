package dialect

import (
	"maps"
	"slices"

	"watchparty/hub/wire"
	"watchparty/internal/id"
)

// visitors has came and left called for everybody else who comes or goes, each
// once, however many connections he has.
func (s *Speaker) visitors(came, left func(wire.Presence) []Message) {
	diff := func(before map[id.User]wire.Presence) (out []Message) {
		for _, u := range slices.Sorted(maps.Keys(before)) {
			if _, here := s.here[u]; !here && u != s.me.ID {
				out = append(out, left(before[u])...)
			}
		}
		for _, u := range slices.Sorted(maps.Keys(s.here)) {
			if _, was := before[u]; !was && u != s.me.ID {
				out = append(out, came(s.here[u])...)
			}
		}
		return out
	}
	learn := s.tells[wire.PresenceChanged.Name]
	s.tells[wire.PresenceChanged.Name] = func(f frame) (Turn, error) {
		before := maps.Clone(s.here)
		t, err := learn(f)
		if err == nil {
			t.Out = append(t.Out, diff(before)...)
		}
		return t, err
	}
	greet := s.greet
	s.greet = func(w wire.Welcome, again bool) []Message {
		out := greet(w, again)
		if again { // the room moved: who came or went meanwhile
			out = append(out, diff(s.before)...)
		}
		return out
	}
}

// joined and gone tell of people in the union of the originals' fields.
func (s *Speaker) joined(p wire.Presence) []Message { return []Message{s.visitor("user_joined", p)} }

func (s *Speaker) gone(p wire.Presence) []Message { return []Message{s.visitor("user_left", p)} }

func (s *Speaker) visitor(kind string, p wire.Presence) Message {
	return Message{
		"type": kind, "user": userOf(p.User), "user_id": p.User.ID, "username": p.User.Username, "avatar": p.User.Avatar,
		"is_host": p.Role == "host", "timestamp": s.iso(s.now()), "participant_count": s.count, "user_count": s.count,
	}
}

// roles tells of roles.
func (s *Speaker) roles() {
	tell(s, wire.MemberRole, func(_ frame, r wire.RoleChanged) []Message {
		return []Message{{"type": "user_role_updated", "user_id": r.User, "username": s.person(r.User).Username, "role": r.Role}}
	})
}

// oldRole is the original's word for a role.
func oldRole(role string) string {
	switch role {
	case "host":
		return "host"
	case "co-host":
		return "moderator"
	}
	return "participant"
}

// typists tells of each person who begins or ends to type.
func (s *Speaker) typists(show func(u id.User, on bool) Message) {
	tell(s, wire.ChatTypers, func(_ frame, t wire.Typing) []Message {
		var out []Message
		for _, u := range t.Users {
			if !slices.Contains(s.typing, u) && u != s.me.ID {
				out = append(out, show(u, true))
			}
		}
		for _, u := range s.typing {
			if !slices.Contains(t.Users, u) && u != s.me.ID {
				out = append(out, show(u, false))
			}
		}
		s.typing = t.Users
		return out
	})
}

func (s *Speaker) typed(u id.User, on bool) Message {
	x := s.person(u)
	return Message{"type": "typing", "user": userOf(x), "user_id": u, "username": x.Username, "is_typing": on, "timestamp": s.iso(s.now())}
}
