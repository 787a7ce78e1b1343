package rest

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/id"
	"watchparty/internal/poll"
)

// cardOption is an option of a poll. Ids are never empty and never "0": a
// client asks whether they are there by their truth.
type cardOption struct {
	ID     string      `json:"id" doc:"From 1."`
	Text   string      `json:"text"`
	Votes  int64       `json:"votes"`
	Voters []wire.User `json:"voters"`
}

// pollCard is a poll in the words of two older clients at once.
type pollCard struct {
	ID        id.Poll      `json:"id" format:"uuid"`
	Question  string       `json:"question"`
	Options   []cardOption `json:"options"`
	Type      string       `json:"type" enum:"single,multiple"`
	Maker     wire.User    `json:"created_by"`
	Maker2    wire.User    `json:"createdBy"`
	Made      wire.Time    `json:"created_at"`
	Made2     wire.Time    `json:"createdAt"`
	Expires   *wire.Time   `json:"expires_at"`
	Expires2  *wire.Time   `json:"expiresAt"`
	Active    bool         `json:"is_active"`
	Active2   bool         `json:"isActive"`
	Mine      *string      `json:"user_vote" doc:"Id of the option that one picked."`
	Mine2     []string     `json:"userVotes"`
	HasVoted  bool         `json:"hasVoted"`
	Votes     int          `json:"total_votes"`
	Votes2    int          `json:"totalVotes"`
	HasResult bool         `json:"results_visible"`
}

func (h *hall) card(c wire.PollCard) pollCard {
	w := pollCard{
		ID: c.Poll.ID, Question: c.Poll.Question, Options: []cardOption{}, Type: "single", Maker: h.people[c.Poll.By], Made: c.Poll.CreatedAt,
		Expires: c.Poll.ClosesAt, Active: c.Poll.State == string(poll.Open), Mine2: []string{}, Votes: c.Voters, HasResult: c.Results != nil,
	}
	if c.Poll.Max > 1 {
		w.Type = "multiple"
	}
	for i, text := range c.Poll.Options {
		o := cardOption{ID: strconv.Itoa(i + 1), Text: text, Voters: []wire.User{}}
		if c.Results != nil {
			o.Votes = c.Results.Counts[i]
			if c.Results.Who != nil {
				for _, u := range c.Results.Who[i] {
					o.Voters = append(o.Voters, h.people[u])
				}
			}
		}
		w.Options = append(w.Options, o)
	}
	if c.Mine != nil && c.Mine.Voted {
		w.HasVoted = true
		for _, i := range c.Mine.Choices {
			w.Mine2 = append(w.Mine2, strconv.Itoa(i+1))
		}
		if len(w.Mine2) > 0 {
			w.Mine = &w.Mine2[0]
		}
	}
	w.Maker2, w.Made2, w.Expires2, w.Active2, w.Votes2 = w.Maker, w.Made, w.Expires, w.Active, w.Votes
	return w
}

type partyPolls struct {
	Polls   []pollCard `json:"polls"`
	Results []pollCard `json:"results" doc:"The same."`
	Count   int        `json:"count"`
}

type partyPollMake struct {
	PartyName
	Key  string `header:"Idempotency-Key" maxLength:"64"`
	Body PollBody
}

// PartyPollName names a poll below its party.
type PartyPollName struct {
	PartyName
	Poll string `path:"poll" maxLength:"64"`
	Key  string `header:"Idempotency-Key" maxLength:"64"`
}

type partyVote struct {
	PartyPollName
	Body struct {
		OptionID  string   `json:"option_id,omitempty" maxLength:"4"`
		OptionIDs []string `json:"optionIds,omitempty" maxItems:"10"`
	}
}

// partyPaths serves polls of options below the party, where older clients look
// for them. A poll that is made there is open at once.
func (p polls) partyPaths() {
	op(p.API, Op{
		Method: http.MethodGet, Path: "/api/parties/{id}/polls/", ID: "party-polls-list", Tag: "polls",
		Doc: "The polls of a party that have options, the newest first.", Needs: access.PollRead,
	}, func(ctx context.Context, in *PartyName) (*Answer[partyPolls], error) {
		h, err := p.enter(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		cards := []pollCard{}
		for _, l := range slices.Backward(h.all) {
			if len(l.Options) > 0 && l.State != poll.Draft {
				cards = append(cards, h.card(wire.CardOf(l, h.who.User, h.host)))
			}
		}
		return answer(partyPolls{cards, cards, len(cards)}), nil
	})
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/polls/", ID: "party-polls-create", Tag: "polls", Status: http.StatusCreated,
		Doc: "Make a poll and open it.", Needs: access.PollWrite, PerIP: Rate{60, time.Minute},
	}, func(ctx context.Context, in *partyPollMake) (*Answer[pollCard], error) {
		h, err := p.enter(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		made, err := in.Body.poll(h.now)
		if err != nil {
			return nil, err
		}
		made.Publish = true
		c, err := p.run(ctx, h, wire.PollCreate.Name, in.Key, made)
		if err != nil {
			return nil, err
		}
		return answer(h.card(*c)), nil
	})
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/polls/{poll}/vote/", ID: "party-polls-vote", Tag: "polls",
		Doc: "Vote, or change the vote.", Needs: access.PollVote, PerIP: Rate{300, time.Minute},
	}, func(ctx context.Context, in *partyVote) (*Answer[pollCard], error) {
		names := in.Body.OptionIDs
		if in.Body.OptionID != "" {
			names = append(names, in.Body.OptionID)
		}
		v := wire.PollVote{}
		for _, name := range names {
			n, err := strconv.Atoi(name)
			if err != nil {
				return nil, poll.ErrVote.At("option_id", "names an option that there is not")
			}
			v.Choices = append(v.Choices, n-1)
		}
		return p.partyDid(ctx, in.PartyPollName, wire.PollCast.Name, func(ref id.Poll) any { v.Poll = ref; return v })
	})
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/polls/{poll}/end/", ID: "party-polls-end", Tag: "polls",
		Also: []string{"DELETE /api/parties/{id}/polls/{poll}/"}, Doc: "End the voting.", Needs: access.PollWrite,
	}, func(ctx context.Context, in *PartyPollName) (*Answer[pollCard], error) {
		return p.partyDid(ctx, *in, wire.PollClose.Name, func(ref id.Poll) any { return wire.PollRef{Poll: ref} })
	})
}

func (p polls) partyDid(ctx context.Context, in PartyPollName, kind string, data func(id.Poll) any) (*Answer[pollCard], error) {
	h, err := p.enter(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	l, err := h.find(id.Poll(in.Poll))
	if err != nil {
		return nil, err
	}
	c, err := p.run(ctx, h, kind, in.Key, data(l.ID))
	if err != nil {
		return nil, err
	}
	return answer(h.card(*c)), nil
}
