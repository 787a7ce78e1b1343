package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/id"
)

// PollName is embedded by inputs that name a poll; exported, for reflection cannot
// fill what is not.
type PollName struct {
	Poll string `path:"poll" maxLength:"64"`
	Key  string `header:"Idempotency-Key" maxLength:"64"`
}

type pollEdit struct {
	PollName
	Body PollBody
}

type pollAnswer struct {
	PollName
	Body voteBody
}

type pollOutcome struct {
	PollName
	Body struct {
		Right []int `json:"right" minItems:"1" maxItems:"10" doc:"What came true, counted from 0."`
	}
}

// pollDone is what a command answers.
type pollDone struct {
	Done
	Poll pollView `json:"poll"`
}

// one serves single polls: reading, editing, and the steps of their life.
func (p polls) one() {
	op(p.API, Op{
		Method: http.MethodGet, Path: "/api/interactive/polls/{poll}/", ID: "polls-get", Tag: "polls",
		Also: []string{"GET /api/interactive/polls/{poll}/results/"}, Doc: "One poll, with the results that one may see.", Needs: access.PollRead,
	}, func(ctx context.Context, in *PollName) (*Answer[pollView], error) {
		h, l, err := p.enterByPoll(ctx, in.Poll)
		if err != nil {
			return nil, err
		}
		return answerAt(l.Version, h.show(l)), nil
	})
	op(p.API, Op{
		Method: http.MethodPut, Path: "/api/interactive/polls/{poll}/", ID: "polls-edit", Tag: "polls",
		Also: []string{"PATCH /api/interactive/polls/{poll}/update/"}, Doc: "Change a draft, as a whole.", Needs: access.PollWrite,
	}, func(ctx context.Context, in *pollEdit) (*Answer[pollView], error) {
		h, l, err := p.enterByPoll(ctx, in.Poll)
		if err != nil {
			return nil, err
		}
		made, err := in.Body.poll(h.now)
		if err != nil {
			return nil, err
		}
		c, err := p.run(ctx, h, wire.PollEdit.Name, in.Key, wire.EditPoll{Poll: l.ID, NewPoll: made})
		if err != nil {
			return nil, err
		}
		return answerAt(c.Poll.Version, h.view(*c)), nil
	})
	p.step("publish", "polls-publish", "Open a draft.", wire.PollPublish.Name, "The poll is open.")
	p.step("close", "polls-close", "End the voting.", wire.PollClose.Name, "The poll is closed.")
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/interactive/polls/{poll}/resolve/", ID: "polls-resolve", Tag: "polls",
		Doc: "Tell how a prediction came out.", Needs: access.PollWrite,
	}, func(ctx context.Context, in *pollOutcome) (*Answer[pollDone], error) {
		return p.did(ctx, in.PollName, wire.PollResolve.Name, "The prediction is resolved.", func(ref id.Poll) any {
			return wire.ResolvePoll{Poll: ref, Right: in.Body.Right}
		})
	})
	op(p.API, Op{
		Method: http.MethodDelete, Path: "/api/interactive/polls/{poll}/", ID: "polls-delete", Tag: "polls",
		Doc: "Forget a draft.", Needs: access.PollWrite,
	}, func(ctx context.Context, in *PollName) (*None, error) {
		h, l, err := p.enterByPoll(ctx, in.Poll)
		if err != nil {
			return nil, err
		}
		b, err := json.Marshal(wire.PollRef{Poll: l.ID})
		if err != nil {
			return nil, err
		}
		_, err = p.room.Do(ctx, h.id, h.who, wire.Command{Type: wire.PollDelete.Name, Op: in.Key, Data: b})
		return nil, err
	})
}

// step registers an operation that takes a poll one step further.
func (p polls) step(path, name, doc, kind, message string) {
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/interactive/polls/{poll}/" + path + "/", ID: name, Tag: "polls",
		Doc: doc, Needs: access.PollWrite,
	}, func(ctx context.Context, in *PollName) (*Answer[pollDone], error) {
		return p.did(ctx, *in, kind, message, func(ref id.Poll) any { return wire.PollRef{Poll: ref} })
	})
}

func (p polls) did(ctx context.Context, in PollName, kind, message string, data func(id.Poll) any) (*Answer[pollDone], error) {
	h, l, err := p.enterByPoll(ctx, in.Poll)
	if err != nil {
		return nil, err
	}
	c, err := p.run(ctx, h, kind, in.Key, data(l.ID))
	if err != nil {
		return nil, err
	}
	return answer(pollDone{Done{true, message}, h.view(*c)}), nil
}

// response is an answer that counts.
type response struct {
	ID       id.Poll           `json:"id" format:"uuid" doc:"Of the poll: everybody has one answer."`
	User     wire.User         `json:"user"`
	Poll     pollView          `json:"poll"`
	Option   *int              `json:"selected_option"`
	Options  []int             `json:"selected_options"`
	Text     string            `json:"text_response"`
	Rating   *int              `json:"rating_value"`
	Words    []string          `json:"words"`
	Answered wire.Time         `json:"created_at"`
	Results  *wire.PollResults `json:"results" doc:"As of the poll; null while they are hidden."`
}

// answers serves voting.
func (p polls) answers() {
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/interactive/polls/{poll}/respond/", ID: "polls-respond", Tag: "polls",
		Status: http.StatusCreated, Doc: "Answer a poll, or change the answer.", Needs: access.PollVote, PerIP: Rate{300, time.Minute},
	}, func(ctx context.Context, in *pollAnswer) (*Answer[response], error) {
		h, l, err := p.enterByPoll(ctx, in.Poll)
		if err != nil {
			return nil, err
		}
		v := in.Body.vote()
		v.Poll = l.ID
		c, err := p.run(ctx, h, wire.PollCast.Name, in.Key, v)
		if err != nil {
			return nil, err
		}
		r := response{
			ID: l.ID, User: h.people[h.who.User], Poll: h.view(*c), Options: c.Mine.Choices, Text: c.Mine.Text, Rating: v.Rating,
			Words: c.Mine.Words, Answered: wire.Time(h.now), Results: c.Results,
		}
		if len(r.Options) > 0 {
			r.Option = &r.Options[0]
		}
		return answer(r), nil
	})
	op(p.API, Op{
		Method: http.MethodDelete, Path: "/api/interactive/polls/{poll}/respond/", ID: "polls-retract", Tag: "polls",
		Doc: "Take one's answer back.", Needs: access.PollVote,
	}, func(ctx context.Context, in *PollName) (*Answer[pollDone], error) {
		return p.did(ctx, *in, wire.PollRetract.Name, "Your answer is taken back.", func(ref id.Poll) any { return wire.PollRef{Poll: ref} })
	})
}
