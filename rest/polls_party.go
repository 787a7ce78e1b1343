package rest

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/fault"
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
		Doc: "Make a poll and open it.", Needs: access.PollWrite, PerIP: Rate{60, callTimeout * 4},
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
		Doc: "Vote, or change the vote.", Needs: access.PollVote, PerIP: Rate{300, callTimeout * 4},
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

// export serves what came out, as a file for a spreadsheet or a program.
func (p polls) export() {
	raw(p.API, Op{
		Method: http.MethodGet, Path: "/api/interactive/polls/{poll}/export/", ID: "polls-export", Tag: "polls",
		Doc: "The results as CSV, or with format=json as JSON: who answered what, or the counts of an anonymous poll.", Needs: access.PollRead,
	}, func(c echo.Context) error {
		h, l, err := p.enterByPoll(c.Request().Context(), c.Param("poll"))
		if err != nil {
			return err
		}
		if !h.host {
			return fault.ErrForbidden
		}
		if !l.Over() {
			return poll.ErrState.Saying("Close the poll first; then its results can be taken away.")
		}
		rows := h.table(l)
		c.Response().Header().Set("X-Content-Type-Options", "nosniff")
		if c.QueryParam("format") == "json" {
			c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="poll.json"`)
			return c.JSON(http.StatusOK, map[string]any{"poll": h.show(l), "rows": rows})
		}
		c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="poll.csv"`)
		c.Response().Header().Set(echo.HeaderContentType, "text/csv; charset=utf-8")
		w := csv.NewWriter(c.Response())
		if err := w.WriteAll(rows); err != nil {
			p.log.Debug("an export was broken off", "err", err)
		}
		return nil
	})
}

// table is what is exported; its first row names the columns.
func (h *hall) table(l *poll.Live) [][]string {
	if l.Anonymous && l.Kind != poll.Text {
		out := [][]string{{"answer", "count"}}
		for _, s := range slices.Sorted(maps.Keys(l.Counts)) {
			out = append(out, []string{cell(l.Label(s)), strconv.FormatInt(l.Counts[s], 10)})
		}
		return out
	}
	if l.Anonymous {
		out := [][]string{{"answer", "likes"}}
		for _, a := range l.Results(true).Answers {
			out = append(out, []string{cell(a.Text), strconv.Itoa(a.Likes)})
		}
		return out
	}
	out := [][]string{{"user", "name", "answer", "at"}}
	for _, u := range slices.Sorted(maps.Keys(l.Votes)) {
		v := l.Votes[u]
		at, _ := json.Marshal(wire.Time(v.At)) // a time always marshals
		out = append(out, []string{string(u), cell(h.people[u].Name), cell(l.Says(v)), strings.Trim(string(at), `"`)})
	}
	return out
}

// cell keeps a spreadsheet from taking somebody's text for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
