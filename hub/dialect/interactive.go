package dialect

import (
	"encoding/json"
	"strconv"

	"watchparty/hub/wire"
	"watchparty/internal/id"
	"watchparty/internal/react"
)

// interactive is the route of reactions, polls, drawing, voice and shares.
func (s *Speaker) interactive() {
	s.reactions(s.liveReactions)
	s.polls()
	s.annotations()
	s.voice()
	s.greet = func(w wire.Welcome, again bool) []Message {
		s.learnPolls(w)
		s.learnMarks(w)
		news := s.greetVoice(w, again, s.voiceMessage)
		if again {
			return news
		}
		return []Message{{
			"type": "connection_established", "party_id": s.party, "user_id": s.me.ID, "is_host": s.myRole == "host",
			"server_time": s.iso(s.now()), "participant_count": s.count, "polls": s.pollViews(), "annotations": s.annotationViews(),
			"voice_chat": s.voiceView(), "screen_shares": s.shareViews(),
		}}
	}
}

// thrown is a reaction as the client throws it.
type thrown struct {
	Reaction string          `json:"reaction,omitempty" maxLength:"32"`
	Emoji    string          `json:"emoji,omitempty" maxLength:"32"`
	X        *float64        `json:"position_x,omitempty" minimum:"0" maximum:"1"`
	Y        *float64        `json:"position_y,omitempty" minimum:"0" maximum:"1"`
	OldX     *float64        `json:"x_position,omitempty" minimum:"0" maximum:"1"`
	OldY     *float64        `json:"y_position,omitempty" minimum:"0" maximum:"1"`
	At       json.RawMessage `json:"video_timestamp,omitempty"`
	Moment   json.RawMessage `json:"timestamp,omitempty"`
	Motion   string          `json:"animation_type,omitempty" maxLength:"40"`
	Lasts    *float64        `json:"duration,omitempty" minimum:"0" maximum:"60"`
}

var reactionNames = map[string]string{"emoji": "reaction", "x": "position_x", "y": "position_y", "film_at": "video_timestamp"}

// flown is a reaction on its way to the client.
type flown struct {
	id     string
	by     id.User
	emoji  string
	x, y   float64
	filmAt float64
	motion string
	lasts  float64
	n      int
	at     float64
}

// throw translates a reaction. The room does not repeat it to its thrower, who
// is told by show once it is kept.
func (s *Speaker) throw(kind string, t thrown, show func(flown) Message) ([]wire.Up, error) {
	at, err := secondsOf("video_timestamp", t.At)
	if err != nil {
		return nil, err
	}
	if at == nil {
		// Some send the film's second by this name, others the moment of the day.
		if x, err := secondsOf("timestamp", t.Moment); err == nil && x != nil && *x <= react.MaxFilm {
			at = x
		}
	}
	word := t.Reaction
	if word == "" {
		word = t.Emoji
	}
	emoji, known := react.Named(word)
	if !known {
		emoji = word
	}
	r := wire.React{Emoji: emoji, X: or(first(t.X, t.OldX), 0.5), Y: or(first(t.Y, t.OldY), 0.5), FilmAt: at}
	mine := flown{by: s.me.ID, emoji: emoji, x: r.X, y: r.Y, filmAt: or(at, s.position()), motion: t.Motion, lasts: or(t.Lasts, 3), n: 1}
	if mine.motion == "" {
		mine.motion = "float_up"
	}
	return ask(s, wire.ReactSend, r, asked{kind: kind, names: reactionNames, done: func(a wire.Ack) Turn {
		mine.id, mine.at = a.ID, s.now()
		return Turn{Out: []Message{show(mine)}}
	}}), nil
}

// reactions shows what others throw.
func (s *Speaker) reactions(show func(flown) Message) {
	kind := map[bool]string{true: "live_reaction", false: "reaction"}[s.route.Kind == Interactive]
	hear(s, kind, func(t thrown) ([]wire.Up, error) { return s.throw(kind, t, show) })
	tell(s, wire.ReactBurst, func(f frame, b wire.Reactions) []Message {
		out := make([]Message, len(b.Items))
		for i, x := range b.Items {
			s.n++
			out[i] = show(flown{
				id: "r" + strconv.Itoa(s.n), by: x.By, emoji: x.Emoji, x: x.X, y: x.Y, filmAt: x.FilmAt,
				motion: "float_up", lasts: 3, n: max(x.N, 1), at: f.ST,
			})
		}
		return out
	})
}

// word is the original's name of an emoji, or the emoji itself.
func word(emoji string) string {
	if w := react.NameOf(emoji); w != "" {
		return w
	}
	return emoji
}

func (s *Speaker) liveReactions(x flown) Message {
	return Message{"type": "live_reaction", "data": Message{
		"id": x.id, "user": s.user(x.by), "reaction": word(x.emoji), "emoji": x.emoji, "video_timestamp": x.filmAt,
		"position_x": x.x, "position_y": x.y, "animation_type": x.motion, "duration": x.lasts, "count": x.n, "created_at": s.iso(x.at),
	}}
}
