package dialect

import (
	"encoding/json"
	"math"

	"watchparty/hub/wire"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// errElsewhere is for what the original did over a socket and we do over REST.
var errElsewhere = fault.New(fault.Invalid, "dialect.elsewhere", "This is not done over the socket here; use the REST call.")

// drifted is how many seconds apart a client is corrected.
const drifted = 2

// heartFlags are what the watch page counts of a person.
type heartFlags struct{ hearts, likes int }

// syncRoute is the route of the watch page, and of the words that the original
// meant for it. The latter go only to who speaks them.
func (s *Speaker) syncRoute() {
	old := false // the client speaks the original's words
	counts := map[id.User]heartFlags{}
	s.syncControls(&old)
	s.chat(func(m wire.Message) []Message {
		if m.User.ID == s.me.ID {
			return nil // the page draws its own
		}
		return []Message{{"type": "chat_message", "message": s.lineView(m)}}
	})
	count := func(x flown) Message {
		c := counts[x.by]
		if x.emoji == "❤️" {
			c.hearts += x.n
		} else {
			c.likes += x.n
		}
		if x.by != "" {
			counts[x.by] = c
		}
		return Message{
			"type": "reaction", "reaction": map[bool]string{true: "heart", false: "like"}[x.emoji == "❤️"], "emoji": x.emoji,
			"user": s.user(x.by), "participant_id": x.by, "count": x.n, "timestamp": s.iso(x.at),
		}
	}
	s.reactions(count)
	hear(s, "reaction", func(t thrown) ([]wire.Up, error) {
		if emoji, ok := map[string]string{"heart": "❤️", "like": "👍"}[t.Reaction]; ok {
			t.Reaction, t.Emoji = "", emoji
		}
		return s.throw("reaction", t, count)
	})
	participant := func(p wire.Presence) Message {
		c := counts[p.User.ID]
		return Message{
			"id": p.User.ID, "user": userOf(p.User), "role": oldRole(p.Role), "joinedAt": s.iso(s.now()), "isOnline": p.State != "offline",
			"isMuted": true, "hasVideo": false, "reactions": Message{"hearts": c.hearts, "likes": c.likes},
		}
	}
	came := func(p wire.Presence) []Message {
		out := []Message{{"type": "participant_joined", "participant": participant(p)}}
		if old {
			out = append(out, s.joined(p)...)
		}
		return out
	}
	left := func(p wire.Presence) []Message {
		out := []Message{{"type": "participant_left", "participant_id": p.User.ID, "username": p.User.Username}}
		if old {
			out = append(out, s.gone(p)...)
		}
		return out
	}
	s.follow(func(was, is wire.Vector) []Message {
		out := []Message{s.syncState()}
		if old && is.By != s.me.ID {
			out = append(out, s.oldControl(was, is))
		}
		return out
	})
	s.greet = func(_ wire.Welcome, again bool) []Message {
		out := []Message{s.syncState()}
		if again {
			return out
		}
		for _, p := range sorted(s.here) {
			out = append(out, Message{"type": "participant_joined", "participant": participant(p)})
		}
		return out
	}
	s.visitors(came, left)
}

type beaten struct {
	At json.RawMessage `json:"client_time,omitempty"`
}

type wanted struct {
	control
	Playing *bool `json:"is_playing,omitempty"`
}

// syncControls are the commands of the route.
func (s *Speaker) syncControls(old *bool) {
	hear(s, "video_control", func(c control) ([]wire.Up, error) { return s.steer("video_control", c) })
	for kind, action := range map[string]string{"play": "play", "pause": "pause", "seek": "seek", "playback_rate": "rate"} {
		hear(s, kind, func(c control) ([]wire.Up, error) {
			*old = true
			c.Action = action
			return s.steer(kind, c)
		})
	}
	hear(s, "sync_update", func(w wanted) ([]wire.Up, error) {
		*old = true
		w.Action = "pause"
		if or(w.Playing, s.playing()) {
			w.Action = "play"
		}
		return s.steer("sync_update", w.control)
	})
	hear(s, "request_sync", func(struct{}) ([]wire.Up, error) {
		return s.atOnce("request_sync", func() []Message { return []Message{s.syncState()} }), nil
	})
	hear(s, "heartbeat", func(b beaten) ([]wire.Up, error) {
		*old = true
		at, err := secondsOf("client_time", b.At)
		if err != nil {
			return nil, err
		}
		drift := or(at, s.position()) - s.position()
		return s.atOnce("heartbeat", func() []Message {
			if math.Abs(drift) <= drifted {
				return nil
			}
			return []Message{{
				"type": "sync_correction", "correct_time": s.position(), "is_playing": s.playback.Vector.V != 0, "drift": math.Round(drift*1000) / 1000,
			}}
		}), nil
	})
	hear(s, "kick_participant", func(struct{}) ([]wire.Up, error) {
		return nil, errElsewhere.Saying("Send people out by POST /api/parties/{id}/kick/.")
	})
	hear(s, "quality_change", func(struct{}) ([]wire.Up, error) {
		return nil, errElsewhere.Saying("The quality is each player's own here.")
	})
}

// oldControl tells what somebody did to the film in the original's words.
func (s *Speaker) oldControl(was, is wire.Vector) Message {
	kind, pos := action(was, is), s.position()
	m := Message{"type": kind, "user": s.user(is.By), "current_time": pos, "timestamp": s.iso(s.now())}
	switch kind {
	case "seek":
		m["seek_time"], m["was_playing"] = pos, was.Plays
	case "rate":
		m["type"], m["rate"] = "playback_rate", is.Rate
	}
	return m
}
