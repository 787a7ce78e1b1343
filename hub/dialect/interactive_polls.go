package dialect

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// errAnswered is what the original's rows ask for: there, an answer stands.
var errAnswered = fault.New(fault.Conflict, "poll.answered", "You have answered this poll already.")

// card is a poll as far as the client may know it.
type card struct {
	wire.PollCard
	who map[id.User]bool // whose answer the client was told of
	// answering: an answer is on its way. told: it counts, and the client is to
	// be told with the next count.
	answering, told bool
}

type pollCreate struct {
	Question  string          `json:"question" minLength:"1" maxLength:"500"`
	Kind      string          `json:"poll_type,omitempty" maxLength:"32"`
	Options   []string        `json:"options,omitempty" maxItems:"10"`
	Low       *int            `json:"min_rating,omitempty"`
	High      *int            `json:"max_rating,omitempty"`
	Multiple  bool            `json:"allows_multiple,omitempty"`
	Anonymous bool            `json:"anonymous,omitempty"`
	At        json.RawMessage `json:"video_timestamp,omitempty"`
	Duration  *float64        `json:"duration,omitempty" minimum:"0" maximum:"86400"`
	Expires   *wire.Time      `json:"expires_at,omitempty"`
	Publish   *bool           `json:"publish_immediately,omitempty"`
}

type pollRef struct {
	Poll id.Poll `json:"poll_id" format:"uuid"`
}

type pollResponse struct {
	pollRef
	Option  *int    `json:"selected_option,omitempty"`
	Index   *int    `json:"option_index,omitempty"`
	Options []int   `json:"selected_options,omitempty" maxItems:"10"`
	Text    *string `json:"text_response,omitempty" maxLength:"1000"`
	Rating  *int    `json:"rating_value,omitempty"`
}

var pollNames = map[string]string{
	"kind": "poll_type", "film_at": "video_timestamp", "min": "min_rating", "max": "max_rating", "poll": "poll_id",
	"choices": "selected_option", "text": "text_response", "rating": "rating_value",
}

func (s *Speaker) polls() {
	hear(s, "poll_create", s.pollCreate)
	hear(s, "poll_response", s.pollAnswer)
	hear(s, "poll_publish", func(r pollRef) ([]wire.Up, error) {
		return ask(s, wire.PollPublish, wire.PollRef{Poll: r.Poll}, asked{kind: "poll_publish", names: pollNames}), nil
	})
	hear(s, "poll_close", func(r pollRef) ([]wire.Up, error) {
		return ask(s, wire.PollClose, wire.PollRef{Poll: r.Poll}, asked{kind: "poll_close", names: pollNames}), nil
	})
	tell(s, wire.PollOpened, func(_ frame, p wire.Poll) []Message {
		c := s.cardOf(p.ID)
		c.Poll = p
		return []Message{{"type": "poll_created", "poll": s.pollView(c)}}
	})
	tell(s, wire.PollDrafted, func(_ frame, d wire.PollDrafts) []Message {
		for _, p := range d.Items {
			s.cardOf(p.ID).Poll = p
		}
		return nil
	})
	tell(s, wire.PollMyVote, func(_ frame, m wire.PollMine) []Message {
		s.cardOf(m.Poll).Mine = &m
		return nil
	})
	tell(s, wire.PollTallied, func(f frame, t wire.PollTallies) []Message {
		var out []Message
		for _, x := range t.Items {
			out = append(out, s.counted(f, s.cardOf(x.Poll), x.Voters, x.Results)...)
		}
		return out
	})
	over := func(kind string) func(frame, wire.PollOver) []Message {
		return func(f frame, o wire.PollOver) []Message {
			c := s.cardOf(o.Card.Poll.ID)
			c.Poll = o.Card.Poll
			out := s.counted(f, c, o.Card.Voters, o.Card.Results)
			return append(out, Message{"type": kind, "poll": s.pollView(c), "results": c.Results})
		}
	}
	tell(s, wire.PollClosed, over("poll_closed"))
	tell(s, wire.PollResolved, over("poll_resolved"))
	tell(s, wire.PollResult, func(_ frame, x wire.PollCard) []Message {
		c := s.cardOf(x.Poll.ID)
		c.PollCard = x
		return []Message{{"type": "poll_closed", "poll": s.pollView(c), "results": c.Results}}
	})
}

// cardOf finds a poll, or begins to remember one.
func (s *Speaker) cardOf(p id.Poll) *card {
	c := s.cards[p]
	if c == nil {
		c = &card{who: map[id.User]bool{}}
		c.Poll.ID = p
		s.cards[p] = c
	}
	return c
}

func (s *Speaker) learnPolls(w wire.Welcome) {
	for _, x := range w.Polls {
		c := s.cardOf(x.Poll.ID)
		c.PollCard = x
		c.news()
	}
}

func (s *Speaker) pollCreate(p pollCreate) ([]wire.Up, error) {
	at, err := secondsOf("video_timestamp", p.At)
	if err != nil {
		return nil, err
	}
	n := wire.NewPoll{
		Kind: p.Kind, Question: p.Question, Options: p.Options, Anonymous: p.Anonymous, FilmAt: at,
		Duration: or(p.Duration, 0), Publish: or(p.Publish, true),
	}
	if n.Kind == "" {
		n.Kind = "multiple_choice"
	}
	switch {
	case n.Kind == "rating":
		n.Min, n.Max = or(p.Low, 0), or(p.High, 0)
	case p.Multiple && n.Kind == "multiple_choice":
		n.Min, n.Max = 1, len(p.Options)
	}
	if p.Duration == nil && p.Expires != nil {
		left := time.Time(*p.Expires).Sub(time.UnixMilli(int64(s.now()))).Seconds()
		if left <= 0 {
			return nil, fault.ErrInvalid.At("expires_at", "lies in the past")
		}
		n.Duration = left
	}
	return ask(s, wire.PollCreate, n, asked{kind: "poll_create", names: pollNames, done: func(a wire.Ack) Turn {
		if n.Publish {
			return Turn{} // everybody is told of it, its maker too
		}
		return Turn{Out: []Message{{"type": "poll_created", "poll": s.pollView(s.cardOf(id.Poll(a.ID)))}}}
	}}), nil
}

func (s *Speaker) pollAnswer(r pollResponse) ([]wire.Up, error) {
	c, known := s.cards[r.Poll]
	if known && (c.answering || c.told || c.Mine != nil && c.Mine.Voted) {
		return nil, errAnswered
	}
	v := wire.PollVote{Poll: r.Poll, Choices: r.Options, Rating: r.Rating, Text: or(r.Text, "")}
	if one := first(r.Option, r.Index); v.Choices == nil && one != nil {
		v.Choices = []int{*one}
	}
	if !known { // the room knows better
		return ask(s, wire.PollCast, v, asked{kind: "poll_response", names: pollNames}), nil
	}
	c.answering = true
	return ask(s, wire.PollCast, v, asked{
		kind: "poll_response", names: pollNames, failed: func() { c.answering = false },
		done: func(wire.Ack) Turn {
			c.answering, c.told = false, true
			return Turn{}
		},
	}), nil
}

// counted tells of new answers. Whose they are is said where the poll has
// names; else there is one message for what changed.
func (s *Speaker) counted(f frame, c *card, voters int, r *wire.PollResults) []Message {
	more := voters != c.Voters
	c.Voters = voters
	if r != nil {
		c.Results = r
	}
	fresh := c.news()
	if c.told {
		c.told = false
		fresh = slices.DeleteFunc(fresh, func(u id.User) bool { return u == s.me.ID })
		by := s.me.ID
		if c.Poll.Anonymous {
			by = ""
		}
		fresh = slices.Insert(fresh, 0, by)
	}
	if len(fresh) == 0 && more {
		fresh = []id.User{""}
	}
	out := make([]Message, len(fresh))
	for i, u := range fresh {
		response := Message{"poll_id": c.Poll.ID, "created": s.iso(f.ST)}
		if u != "" {
			response["user_id"] = u
		}
		out[i] = Message{
			"type": "poll_response_submitted", "poll_id": c.Poll.ID, "response": response,
			"results": c.Results, "response_counts": c.counts(), "total_responses": c.Voters,
		}
	}
	return out
}

// news gives who answered since the last time, as far as that is told.
func (c *card) news() (fresh []id.User) {
	if c.Results == nil {
		return nil
	}
	for _, list := range c.Results.Who {
		for _, u := range list {
			if !c.who[u] {
				c.who[u] = true
				fresh = append(fresh, u)
			}
		}
	}
	return fresh
}

func (c *card) counts() map[string]int64 {
	out := map[string]int64{}
	if c.Results == nil {
		return out
	}
	low := 0
	if c.Poll.Kind == "rating" {
		low = c.Poll.Min
	}
	for i, n := range c.Results.Counts {
		out[strconv.Itoa(low+i)] = n
	}
	return out
}

// pollView shows a poll in the original's fields.
func (s *Speaker) pollView(c *card) Message {
	p := c.Poll
	m := Message{
		"poll_id": p.ID, "id": p.ID, "party": s.party, "creator": s.user(p.By), "question": p.Question, "poll_type": p.Kind,
		"options": p.Options, "allows_multiple": p.Kind == "multiple_choice" && p.Max > 1, "anonymous": p.Anonymous,
		"video_timestamp": p.FilmAt, "created_at": p.CreatedAt, "expires_at": p.ClosesAt, "is_published": p.State != "draft",
		"is_active": p.State == "open", "is_expired": p.ClosedAt != nil, "time_remaining": nil, "total_responses": c.Voters,
		"response_counts": c.counts(), "results": c.Results, "average_rating": nil, "min_rating": 0, "max_rating": 0, "user_response": c.Mine,
	}
	if p.Kind == "rating" {
		m["min_rating"], m["max_rating"] = p.Min, p.Max
		if c.Results != nil {
			m["average_rating"] = c.Results.Average
		}
	}
	if p.Closes > 0 {
		left := max(0, (p.Closes-s.now())/1000)
		if p.ClosedAt != nil {
			left = 0
		}
		m["time_remaining"] = left
	}
	return m
}

// pollViews shows what the client may know, the oldest first.
func (s *Speaker) pollViews() []Message {
	out := []Message{}
	for _, c := range sorted(s.cards) {
		out = append(out, s.pollView(c))
	}
	return out
}
