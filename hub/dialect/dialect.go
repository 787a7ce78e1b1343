// Package dialect speaks the words of older clients. Each of the original's
// routes has its own names for what a room does; a translator of one
// connection turns them into our frames, and our frames into them. It decides
// nothing: rules are the room's. It remembers what it must in order to speak,
// such as names, polls and where the film is.
package dialect

import (
	"encoding/json"
	"errors"
	"maps"
	"strconv"

	"watchparty/hub/wire"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/strict"
)

// maxAsked bounds the requests that wait for an answer.
const maxAsked = 256

var (
	errUnknown = fault.New(fault.Invalid, "dialect.unknown", "There is no such message on this route.")
	errWaiting = fault.New(fault.TooMany, "dialect.too_many", "Too many of your messages wait for an answer.")
)

// Message is one message to an older client.
type Message map[string]any

// Turn is what follows from a frame of ours: messages to the client, frames to
// the room in the client's name, and perhaps the end of the connection.
type Turn struct {
	Out []Message
	Up  []wire.Up
	End *End
}

// End is how a connection ends, in the original's numbers.
type End struct {
	Code int
	Word string
}

// Speaker translates for one connection. It is not safe for concurrent use.
type Speaker struct {
	memory
	route Route
	n     int
	asked map[string]asked
	hears map[string]func(fields) ([]wire.Up, error)
	tells map[string]func(frame) (Turn, error)
	// greet is what the client gets on the welcome, and again when the room moved.
	greet func(w wire.Welcome, again bool) []Message
}

// asked is a message of the client that became a frame without an answer yet.
type asked struct {
	kind   string            // the original's name
	names  map[string]string // our names of fields to the original's
	done   func(wire.Ack) Turn
	failed func()
}

// frame is a frame of ours as it goes out.
type frame struct {
	Type string          `json:"type"`
	Re   string          `json:"re"`
	ST   float64         `json:"st"`
	Data json.RawMessage `json:"data"`
}

// New makes the translator of one connection to route. now gives the server's
// milliseconds, which count from 1970; members is asked when a name is not
// known.
func New(route Route, me wire.User, party id.Party, now func() float64, members func() []wire.User) *Speaker {
	s := &Speaker{
		memory: newMemory(me, party, now, members), route: route, asked: map[string]asked{},
		hears: map[string]func(fields) ([]wire.Up, error){}, tells: map[string]func(frame) (Turn, error){},
		greet: func(wire.Welcome, bool) []Message { return nil },
	}
	s.common()
	dialects[route.Kind](s)
	return s
}

// Up translates a message of the client. With an error, the one frame names
// what was refused.
func (s *Speaker) Up(raw []byte) ([]wire.Up, error) {
	kind, fs, err := s.open(raw)
	if err == nil {
		hear, known := s.hears[kind]
		switch {
		case !known:
			err = errUnknown.Saying("There is no message " + strconv.Quote(kind) + " on this route.")
		case len(s.asked) >= maxAsked:
			err = errWaiting
		default:
			var ups []wire.Up
			if ups, err = hear(fs); err == nil {
				return ups, nil
			}
		}
	}
	return []wire.Up{{Type: kind, ID: s.name(asked{kind: kind})}}, err
}

// open reads the envelope.
func (s *Speaker) open(raw []byte) (kind string, fs fields, err error) {
	if err := strict.Check(raw); err != nil {
		return "", nil, err
	}
	if json.Unmarshal(raw, &fs) != nil || fs == nil {
		return "", nil, fault.ErrInvalid.At("body", "must be an object")
	}
	if json.Unmarshal(fs["type"], &kind) != nil || kind == "" || len(kind) > 64 {
		return "", nil, fault.ErrInvalid.At("type", "must name the message")
	}
	if !s.route.enveloped() {
		return kind, fs, nil
	}
	inner := fields{}
	if data, ok := fs["data"]; ok && string(data) != "null" {
		if json.Unmarshal(data, &inner) != nil {
			return kind, nil, fault.ErrInvalid.At("data", "must be an object")
		}
	}
	return kind, inner, nil
}

// Down translates a frame of ours.
func (s *Speaker) Down(raw []byte) (Turn, error) {
	var f frame
	if err := json.Unmarshal(raw, &f); err != nil {
		return Turn{}, err
	}
	var t Turn
	a, answers := s.asked[f.Re]
	if f.Re != "" && answers {
		delete(s.asked, f.Re)
	}
	switch tell := s.tells[f.Type]; {
	case f.Type == wire.ErrorDown.Name:
		return s.fail(f, a)
	case tell != nil:
		var err error
		if t, err = tell(f); err != nil {
			return t, err
		}
	}
	if answers && a.done != nil {
		var ack wire.Ack
		if f.Type == wire.AckDown.Name && len(f.Data) > 0 {
			if err := json.Unmarshal(f.Data, &ack); err != nil {
				return t, err
			}
		}
		more := a.done(ack)
		t.Out, t.Up = append(t.Out, more.Out...), append(t.Up, more.Up...)
	}
	return s.enclose(t), nil
}

// fail tells of a frame that was refused.
func (s *Speaker) fail(f frame, a asked) (Turn, error) {
	var x wire.Failed
	if err := json.Unmarshal(f.Data, &x); err != nil {
		return Turn{}, err
	}
	if a.failed != nil {
		a.failed()
	}
	if f.Re == joinID {
		end := endOfJoin(x.Problem.Status)
		return Turn{End: &end}, nil
	}
	p := x.Problem
	m := Message{"type": "error", "message": p.Message, "error": p.Message, "code": p.Code, "status": p.Status}
	if a.kind != "" {
		m["request"] = a.kind
	}
	if p.Retry > 0 {
		m["retry_after"] = p.Retry
	}
	if len(p.Errors) > 0 {
		errs := map[string][]string{}
		for name, what := range p.Errors {
			if theirs, ok := a.names[name]; ok {
				name = theirs
			}
			errs[name] = what
		}
		m["errors"] = errs
	}
	return s.enclose(Turn{Out: []Message{m}}), nil
}

// enclose puts the messages of an enveloped route into their envelopes.
func (s *Speaker) enclose(t Turn) Turn {
	if !s.route.enveloped() {
		return t
	}
	for i, m := range t.Out {
		kind := m["type"]
		inner := maps.Clone(m)
		delete(inner, "type")
		t.Out[i] = Message{"type": kind, "data": inner, "timestamp": s.iso(s.now())}
	}
	return t
}

// Beat is what the client gets from time to time, so that it knows that the
// connection lives; nil while it is not in the room.
func (s *Speaker) Beat() []Message {
	if !s.welcomed {
		return nil
	}
	now := s.now()
	return s.enclose(Turn{Out: []Message{{"type": "heartbeat", "timestamp": int64(now), "server_time": s.iso(now)}}}).Out
}

// name names a request.
func (s *Speaker) name(a asked) string {
	s.n++
	name := strconv.Itoa(s.n)
	s.asked[name] = a
	return name
}

// joinID names the join of the party, which is the connection's own.
const joinID = "join"

// Join is the frame that enters the party's room.
func (s *Speaker) Join() wire.Up {
	u := up(wire.PartyJoin, wire.Join{Party: s.party})
	u.ID = joinID
	return u
}

func up[T any](f wire.Frame[T], data T) wire.Up {
	b, err := json.Marshal(data)
	if err != nil {
		// Every type of the catalogue marshals, unless a number is none; those are
		// refused before.
		b = nil
	}
	return wire.Up{Type: f.Name, Data: b}
}

// ask makes a frame that is answered.
func ask[T any](s *Speaker, f wire.Frame[T], data T, a asked) []wire.Up {
	u := up(f, data)
	u.ID = s.name(a)
	return []wire.Up{u}
}

// hear ties a message of the client to what becomes of it.
func hear[T any](s *Speaker, kind string, fn func(T) ([]wire.Up, error)) {
	s.hears[kind] = func(fs fields) ([]wire.Up, error) {
		v, err := pick[T](fs)
		if err != nil {
			return nil, err
		}
		return fn(v)
	}
}

// tell ties a frame of ours to what the client is told. What was tied before is
// done first.
func tell[T any](s *Speaker, f wire.Frame[T], fn func(frame, T) []Message) {
	before := s.tells[f.Name]
	s.tells[f.Name] = func(x frame) (Turn, error) {
		var t Turn
		if before != nil {
			var err error
			if t, err = before(x); err != nil {
				return t, err
			}
		}
		var v T
		if err := json.Unmarshal(x.Data, &v); err != nil {
			return t, errors.Join(errors.New(f.Name), err)
		}
		t.Out = append(t.Out, fn(x, v)...)
		return t, nil
	}
}

// common is what every dialect has.
func (s *Speaker) common() {
	s.remember()
	hear(s, "ping", func(struct{}) ([]wire.Up, error) { return s.atOnce("ping", s.pong), nil })
	hear(s, "pong", func(struct{}) ([]wire.Up, error) { return nil, nil })
	s.tells[wire.PartyClosed.Name] = s.closed
}

// atOnce has a message answered in its turn, as the others are: behind a ping
// of ours, so that it counts against the same limits.
func (s *Speaker) atOnce(kind string, answer func() []Message) []wire.Up {
	return ask(s, wire.PingUp, wire.Ping{C1: s.now()}, asked{kind: kind, done: func(wire.Ack) Turn { return Turn{Out: answer()} }})
}

func (s *Speaker) pong() []Message {
	now := s.now()
	return []Message{{"type": "pong", "timestamp": s.iso(now), "server_time": int64(now)}}
}

// closed says why the party is over for the client, and ends the connection.
func (s *Speaker) closed(f frame) (Turn, error) {
	var x wire.Closed
	if err := json.Unmarshal(f.Data, &x); err != nil {
		return Turn{}, err
	}
	end := endOf(x.Code)
	return Turn{Out: []Message{{"type": "error", "message": x.Reason, "error": x.Reason, "code": x.Code}}, End: &end}, nil
}
