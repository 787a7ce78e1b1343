package dialect

import (
	"encoding/json"

	"watchparty/hub/wire"
	"watchparty/internal/id"
)

// notifications is the route of what concerns a person wherever he is.
func (s *Speaker) notifications() {
	s.welcomed = true // there is no room to wait for
	note := func(kind, title, text string) func(frame) (Turn, error) {
		return func(f frame) (Turn, error) {
			var d wire.PartyRef
			if err := json.Unmarshal(f.Data, &d); err != nil {
				return Turn{}, err
			}
			return Turn{Out: []Message{{"type": "notification", "notification": Message{
				"id": kind + ":" + string(d.Party), "type": kind, "title": title, "message": text, "content": text, "is_read": false,
				"created_at": s.iso(f.ST), "action_data": Message{"partyId": d.Party}, "action_url": "/watch/" + string(d.Party),
				"metadata": Message{"reason": d.Reason},
			}}}}, nil
		}
	}
	s.tells[wire.PartyAdmitted.Name] = note("party_approved", "You are in", "The host has let you in.")
	s.tells[wire.PartyRefused.Name] = note("party_rejected", "Not this time", "The host did not let you in.")
	hear(s, "mark_read", func(struct{}) ([]wire.Up, error) {
		return nil, errElsewhere.Saying("Notifications are not marked read over this socket.")
	})
}

// decided runs fn when a decision at the door is about this party.
func decided(s *Speaker, fn func() Turn) func(frame) (Turn, error) {
	return func(f frame) (Turn, error) {
		var d wire.PartyRef
		if err := json.Unmarshal(f.Data, &d); err != nil || d.Party != s.party || s.party == id.Party("") {
			return Turn{}, err
		}
		return fn(), nil
	}
}
