package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/poll"
)

// PollArchive is what was voted on.
type PollArchive interface {
	// Polls gives all polls of a party with their answers, the oldest first.
	Polls(ctx context.Context, p id.Party) ([]*poll.Live, error)
	// PollParty gives the party of a poll.
	PollParty(ctx context.Context, ref id.Poll) (id.Party, error)
}

// polls is the face of what people vote on. What changes something runs the
// same command as the frame; what is read comes from the database.
type polls struct {
	*API
	parties PartyFinder
	archive PollArchive
	room    ChatRoom
	now     clock.Now
}

// Polls serves questions, votes and results.
func Polls(parties PartyFinder, archive PollArchive, room ChatRoom) Feature {
	return func(a *API) {
		p := polls{API: a, parties: parties, archive: archive, room: room, now: a.cfg.Now}
		p.lists()
		p.one()
		p.answers()
		p.partyPaths()
		p.export()
	}
}

// hall is a party as one of its members sees its polls.
type hall struct {
	id     id.Party
	who    account.Identity
	host   bool
	all    []*poll.Live
	people map[id.User]wire.User
	now    time.Time
}

// enter reads the polls of a party that the caller is in; for anybody else
// there is nothing.
func (p polls) enter(ctx context.Context, name string) (*hall, error) {
	in, me, err := seat(ctx, p.parties, name)
	if err != nil {
		return nil, err
	}
	_, members, _, err := p.parties.Load(ctx, in)
	if err != nil {
		return nil, err
	}
	h := &hall{id: in, who: account.Maybe(ctx), host: me.Role >= access.CoHost, people: map[id.User]wire.User{}, now: p.now()}
	for _, m := range members {
		h.people[m.Person.ID] = wire.UserOf(m.Person)
	}
	if h.all, err = p.archive.Polls(ctx, in); err != nil {
		return nil, err
	}
	h.all = slices.DeleteFunc(h.all, func(l *poll.Live) bool { return l.State == poll.Draft && !h.host })
	for _, l := range h.all {
		l.Settle(h.now)
	}
	return h, nil
}

// enterByPoll does the same for a party that is known by one of its polls.
func (p polls) enterByPoll(ctx context.Context, name string) (*hall, *poll.Live, error) {
	ref, err := id.Parse[id.Poll](name)
	if err != nil {
		return nil, nil, err
	}
	in, err := p.archive.PollParty(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	h, err := p.enter(ctx, string(in))
	if err != nil {
		return nil, nil, err
	}
	l, err := h.find(ref)
	return h, l, err
}

func (h *hall) find(ref id.Poll) (*poll.Live, error) {
	for _, l := range h.all {
		if l.ID == ref {
			return l, nil
		}
	}
	return nil, fault.ErrNotFound
}

// run runs a command of the room and shows the poll as it is after it.
func (p polls) run(ctx context.Context, h *hall, kind, key string, data any) (*wire.PollCard, error) {
	b, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	res, err := p.room.Do(ctx, h.id, h.who, wire.Command{Type: kind, Op: key, Data: b})
	switch {
	case err != nil:
		return nil, err
	case res.Poll == nil:
		return nil, fault.ErrInternal
	}
	return res.Poll, nil
}

// pollView is a poll with the names of its fields that clients know.
type pollView struct {
	wire.Poll
	PollID         id.Poll           `json:"poll_id" format:"uuid" doc:"The same as id."`
	Party          id.Party          `json:"party" format:"uuid"`
	Creator        wire.User         `json:"creator"`
	PollType       string            `json:"poll_type" doc:"The same as kind."`
	AllowsMultiple bool              `json:"allows_multiple"`
	MinRating      int               `json:"min_rating"`
	MaxRating      int               `json:"max_rating"`
	VideoTimestamp *float64          `json:"video_timestamp" doc:"The same as film_at."`
	ExpiresAt      *wire.Time        `json:"expires_at" doc:"The same as closes_at."`
	IsPublished    bool              `json:"is_published"`
	IsExpired      bool              `json:"is_expired"`
	TimeRemaining  *float64          `json:"time_remaining" doc:"Seconds; null without a timer."`
	TotalResponses int               `json:"total_responses"`
	ResponseCounts map[string]int64  `json:"response_counts" doc:"By option or step; empty while results are hidden."`
	AverageRating  *float64          `json:"average_rating"`
	Results        *wire.PollResults `json:"results" doc:"Null while they are hidden."`
	UserResponse   *wire.PollMine    `json:"user_response"`
}

func (h *hall) view(c wire.PollCard) pollView {
	v := pollView{
		Poll: c.Poll, PollID: c.Poll.ID, Party: h.id, Creator: h.people[c.Poll.By], PollType: c.Poll.Kind,
		AllowsMultiple: c.Poll.Kind == string(poll.Choice) && c.Poll.Max > 1, VideoTimestamp: c.Poll.FilmAt, ExpiresAt: c.Poll.ClosesAt,
		IsPublished: c.Poll.State != string(poll.Draft), IsExpired: c.Poll.ClosedAt != nil, TotalResponses: c.Voters,
		ResponseCounts: map[string]int64{}, Results: c.Results, UserResponse: c.Mine,
	}
	first := 0
	if c.Poll.Kind == string(poll.Rating) {
		v.MinRating, v.MaxRating, first = c.Poll.Min, c.Poll.Max, c.Poll.Min
	}
	if c.Poll.ClosesAt != nil {
		left := max(0, time.Time(*c.Poll.ClosesAt).Sub(h.now).Seconds())
		if v.IsExpired {
			left = 0
		}
		v.TimeRemaining = &left
	}
	if c.Results != nil {
		for i, n := range c.Results.Counts {
			v.ResponseCounts[strconv.Itoa(first+i)] = n
		}
		if c.Poll.Kind == string(poll.Rating) {
			v.AverageRating = &c.Results.Average
		}
	}
	return v
}

func (h *hall) show(l *poll.Live) pollView { return h.view(wire.CardOf(l, h.who.User, h.host)) }

type pollList struct {
	List[pollView]
	Polls      []pollView   `json:"polls" doc:"The same as results."`
	TotalCount int          `json:"total_count"`
	Board      []wire.Score `json:"board" doc:"What people earned with right answers, the best first."`
}

type pollsIn struct {
	Party string `path:"party" maxLength:"64" doc:"Id or room code."`
	PollFilter
}

// PollFilter chooses from the polls of a party.
type PollFilter struct {
	Page
	ActiveOnly string `query:"active_only" enum:"true,false" doc:"Only those that take votes."`
}

type pollsShort struct {
	Party string `query:"party" maxLength:"64" required:"true"`
	PollFilter
}

// lists serves the polls of a party, the newest first.
func (p polls) lists() {
	list := func(ctx context.Context, name string, f PollFilter) (*Answer[pollList], error) {
		h, err := p.enter(ctx, name)
		if err != nil {
			return nil, err
		}
		views := []pollView{}
		for _, l := range slices.Backward(h.all) {
			if f.ActiveOnly != "true" || l.OpenNow(h.now) {
				views = append(views, h.show(l))
			}
		}
		n := len(views)
		views = views[min(f.Offset(), n):min(f.Offset()+f.Limit(), n)]
		page, err := listOf(ctx, f.Page, n, views)
		if err != nil {
			return nil, err
		}
		out := pollList{List: page.Body, Polls: views, TotalCount: n, Board: []wire.Score{}}
		for _, s := range poll.Board(h.all) {
			if u, ok := h.people[s.User]; ok {
				out.Board = append(out.Board, wire.Score{User: u, Points: s.Points, Right: s.Right})
			}
		}
		return answer(out), nil
	}
	op(p.API, Op{
		Method: http.MethodGet, Path: "/api/interactive/parties/{party}/polls/", ID: "polls-list", Tag: "polls",
		Doc: "The polls of a party, the newest first.", Needs: access.PollRead,
	}, func(ctx context.Context, in *pollsIn) (*Answer[pollList], error) {
		return list(ctx, in.Party, in.PollFilter)
	})
	op(p.API, Op{
		Method: http.MethodGet, Path: "/api/interactive/polls/", ID: "polls-list-short", Tag: "polls", Hidden: true,
		Doc: "The same by another path.", Needs: access.PollRead,
	}, func(ctx context.Context, in *pollsShort) (*Answer[pollList], error) {
		return list(ctx, in.Party, in.PollFilter)
	})
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/interactive/parties/{party}/polls/create/", ID: "polls-create", Tag: "polls",
		Also: []string{"POST /api/interactive/parties/{party}/polls/"}, Status: http.StatusCreated,
		Doc: "Make a poll, as a draft or open.", Needs: access.PollWrite, PerIP: Rate{60, time.Minute},
	}, func(ctx context.Context, in *pollMake) (*Answer[pollView], error) {
		return p.create(ctx, in.Party, in.Key, in.Body)
	})
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/interactive/polls/", ID: "polls-create-short", Tag: "polls", Hidden: true,
		Status: http.StatusCreated, Doc: "The same by another path.", Needs: access.PollWrite, PerIP: Rate{60, time.Minute},
	}, func(ctx context.Context, in *pollMakeShort) (*Answer[pollView], error) {
		return p.create(ctx, in.Body.PartyID, in.Key, in.Body.PollBody)
	})
}

func (p polls) create(ctx context.Context, name, key string, b PollBody) (*Answer[pollView], error) {
	h, err := p.enter(ctx, name)
	if err != nil {
		return nil, err
	}
	made, err := b.poll(h.now)
	if err != nil {
		return nil, err
	}
	c, err := p.run(ctx, h, wire.PollCreate.Name, key, made)
	if err != nil {
		return nil, err
	}
	return answerAt(c.Poll.Version, h.view(*c)), nil
}
