package dialect

import (
	"encoding/json"
	"math"

	"watchparty/hub/wire"
	"watchparty/internal/fault"
)

// apart is how far, in seconds, an older client may be from the film before its
// play moves the film first.
const apart = 2

// control is a command for the film, in the union of the originals' fields.
type control struct {
	Action string          `json:"action,omitempty" maxLength:"32"`
	Time   json.RawMessage `json:"video_time,omitempty"`
	Stamp  json.RawMessage `json:"timestamp,omitempty"`
	Now    json.RawMessage `json:"current_time,omitempty"`
	Value  json.RawMessage `json:"value,omitempty"`
	Seek   json.RawMessage `json:"seek_time,omitempty"`
	Rate   *float64        `json:"playback_rate,omitempty" minimum:"0.25" maximum:"2"`
	Speed  *float64        `json:"rate,omitempty" minimum:"0.25" maximum:"2"`
}

var filmNames = map[string]string{"position": "video_time", "rate": "playback_rate", "base": "action"}

// place is the second that a command names; nil is none. A timestamp that is a
// moment of the day is none.
func (c control) place() (*float64, error) {
	for _, x := range []struct {
		name string
		raw  json.RawMessage
	}{{"video_time", c.Time}, {"current_time", c.Now}, {"seek_time", c.Seek}, {"value", c.Value}} {
		if v, err := secondsOf(x.name, x.raw); v != nil || err != nil {
			return v, err
		}
	}
	if v, err := secondsOf("timestamp", c.Stamp); err == nil {
		return v, nil
	}
	return nil, nil
}

// steer translates a command for the film. The room decides who may, and where
// the film is.
func (s *Speaker) steer(kind string, c control) ([]wire.Up, error) {
	to, err := c.place()
	if err != nil {
		return nil, err
	}
	v := s.playback.Vector
	a := asked{kind: kind, names: filmNames}
	var ups []wire.Up
	rate := first(c.Speed, c.Rate)
	switch c.Action {
	case "play":
		if to != nil && math.Abs(*to-s.position()) > apart {
			ups = ask(s, wire.PlaybackSeek, wire.Seek{Base: v.Seq, Position: *to}, a)
		}
		ups = append(ups, ask(s, wire.PlaybackPlay, wire.Play{Base: v.Seq}, a)...)
	case "pause":
		ups = ask(s, wire.PlaybackPause, wire.Pause{Base: v.Seq, Position: or(to, s.position())}, a)
	case "seek":
		if to == nil {
			return nil, fault.ErrInvalid.At("video_time", "is needed to seek")
		}
		ups = ask(s, wire.PlaybackSeek, wire.Seek{Base: v.Seq, Position: *to}, a)
	case "rate", "playback_rate", "speed":
		if rate == nil {
			return nil, fault.ErrInvalid.At("playback_rate", "is needed")
		}
		return ask(s, wire.PlaybackRate, wire.SetRate{Base: v.Seq, Rate: *rate}, a), nil
	default:
		return nil, fault.ErrInvalid.At("action", "is play, pause, seek or rate")
	}
	if rate != nil && *rate != v.Rate && v.Rate > 0 {
		ups = append(ups, ask(s, wire.PlaybackRate, wire.SetRate{Base: v.Seq, Rate: *rate}, a)...)
	}
	return ups, nil
}

// follow has told called whenever the film's vector is another. An older client
// has no word for a barrier, so it counts as ready.
func (s *Speaker) follow(told func(was, is wire.Vector) []Message) {
	var was wire.Vector
	changed := s.tells[wire.PlaybackState.Name]
	s.tells[wire.PlaybackState.Name] = func(f frame) (Turn, error) {
		was = s.playback.Vector
		t, err := changed(f)
		is := s.playback.Vector
		if err != nil || is.Seq == was.Seq {
			return t, err
		}
		if is.Arming {
			t.Up = append(t.Up, up(wire.PlaybackReady, wire.Ready{Seq: is.Seq}))
		}
		t.Out = append(t.Out, told(was, is)...)
		return t, nil
	}
}

// action is the original's word for a change of the film.
func action(was, is wire.Vector) string {
	switch {
	case is.Why == "rate":
		return "rate"
	case (is.Why == "seek" || is.Why == "item") && !was.Arming:
		return "seek"
	case is.Plays:
		return "play"
	}
	return "pause"
}

// syncState shows where the film is, in all the originals' fields.
func (s *Speaker) syncState() Message {
	v, now := s.playback.Vector, s.now()
	pos, on := s.position(), v.V != 0
	return Message{
		"type": "sync_state", "is_playing": on, "current_timestamp": pos, "current_time": pos, "video_duration": s.length(),
		"playback_rate": v.Rate, "quality": "auto", "last_update": s.iso(now), "timestamp": s.iso(now),
		"sync_state": Message{"isPlaying": on, "currentTime": pos, "playbackRate": v.Rate, "lastUpdate": int64(now)},
	}
}

// controlled tells what somebody did to the film.
func (s *Speaker) controlled(was, is wire.Vector) Message {
	pos := s.position()
	m := Message{
		"type": "video_control", "action": action(was, is), "video_time": pos, "timestamp": pos, "playback_rate": is.Rate,
		"user": s.user(is.By), "sent_at": s.iso(s.now()),
	}
	if is.By != "" {
		m["user_id"], m["username"] = is.By, s.person(is.By).Username
	}
	return m
}

// partyState shows the party and its film.
func (s *Speaker) partyState() Message {
	p := s.card
	title, video := p.Title, any(nil)
	for _, i := range s.queue {
		if i.ID == s.playback.Vector.Item {
			title, video = i.Title, i.ID
		}
	}
	return Message{
		"id": p.ID, "title": p.Title, "description": p.Description, "status": p.Status, "is_playing": s.playback.Vector.V != 0,
		"current_timestamp": s.position(), "last_sync_at": s.iso(s.now()), "movie_title": title, "gdrive_file_id": nil, "video_id": video,
		"host": userOf(p.Host), "participant_count": s.count, "allow_chat": p.AllowChat, "allow_reactions": p.AllowReactions,
		"scheduled_start": p.ScheduledStart,
	}
}
