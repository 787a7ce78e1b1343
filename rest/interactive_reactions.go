package rest

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/internal/react"
)

// Thrown is what was thrown at parties; store.Rooms has it.
type Thrown interface {
	Reactions(ctx context.Context, p id.Party, f react.Filter, newest bool, limit, offset int) ([]react.Thrown, int, error)
	Reaction(ctx context.Context, p id.Party, r id.Reaction) (react.Thrown, error)
	Tallies(ctx context.Context, p id.Party) ([]react.Tally, error)
	Throwers(ctx context.Context, p id.Party) ([]react.Thrower, error)
	Unthrow(ctx context.Context, p id.Party, u id.User, emoji string) (int, error)
	Faces(ctx context.Context, users []id.User) (map[id.User]party.Person, error)
}

// reactions is the operations of reactions while they are put on the API.
type reactions struct {
	*API
	parties PartyFinder
	kept    Thrown
	room    ChatRoom
}

// Reactions serves what was thrown at a party and when, and takes reactions
// from clients without a socket.
func Reactions(parties PartyFinder, kept Thrown, room ChatRoom) Feature {
	return func(a *API) {
		r := reactions{a, parties, kept, room}
		r.history()
		r.counts()
	}
}

// ReactionShape is one reaction that is kept, in the words of both worlds.
type ReactionShape struct {
	ID             id.Reaction `json:"id" format:"uuid"`
	User           wire.User   `json:"user"`
	Party          id.Party    `json:"party" format:"uuid"`
	ItemID         id.Item     `json:"item_id" doc:"The film; empty when there was none."`
	Reaction       string      `json:"reaction" doc:"Word of the emoji, such as laugh; empty where it has none."`
	Emoji          string      `json:"emoji"`
	PositionX      float64     `json:"position_x" doc:"Fraction of the picture's width."`
	PositionY      float64     `json:"position_y"`
	VideoTimestamp float64     `json:"video_timestamp" doc:"Second of film."`
	Timestamp      float64     `json:"timestamp" doc:"The same."`
	IsActive       bool        `json:"is_active"`
	CreatedAt      wire.Time   `json:"created_at"`
}

type reactionPage struct {
	List[ReactionShape]
	Reactions  []ReactionShape `json:"reactions" doc:"The same as results."`
	TotalCount int             `json:"total_count" doc:"The same as count."`
}

// ReactionFilter chooses reactions.
type ReactionFilter struct {
	Page
	Since string `query:"since" maxLength:"40" doc:"Thrown since this time."`
	At    string `query:"video_timestamp" maxLength:"20" doc:"Second of film, give or take 15."`
	From  string `query:"from" maxLength:"20" doc:"Second of film."`
	To    string `query:"to" maxLength:"20" doc:"Second of film."`
	Item  string `query:"item" maxLength:"64" doc:"One film."`
	Kind  string `query:"type" maxLength:"32" doc:"A word such as laugh, or an emoji."`
	Order string `query:"order" enum:"newest,film" doc:"Newest first, or in the order of the film; when not given, the latter if seconds are."`
}

// around is how far from a second video_timestamp reaches.
const around = 15

func (f ReactionFilter) filter() (out react.Filter, newest bool, err error) {
	if f.Since != "" {
		at, err := time.Parse(time.RFC3339, f.Since)
		if err != nil {
			return out, false, fault.ErrInvalid.At("since", "A time such as 2026-11-23T20:00:00Z.")
		}
		out.Since = &at
	}
	if out.From, err = second("from", f.From); err != nil {
		return out, false, err
	}
	if out.To, err = second("to", f.To); err != nil {
		return out, false, err
	}
	at, err := second("video_timestamp", f.At)
	if err != nil {
		return out, false, err
	}
	if at != nil {
		from, to := *at-around, *at+around
		out.From, out.To = &from, &to
	}
	if f.Item != "" {
		if out.Item, err = id.Parse[id.Item](f.Item); err != nil {
			return out, false, fault.ErrInvalid.At("item", "The id of a film of the queue.")
		}
	}
	if f.Kind != "" {
		if out.Emoji, err = react.Parse(f.Kind); err != nil {
			return out, false, fault.ErrInvalid.At("type", "A word such as laugh, or one emoji.")
		}
	}
	newest = f.Order == "newest" || f.Order == "" && out.From == nil && out.To == nil
	return out, newest, nil
}

// second reads a second of film; nothing is none.
func second(name, s string) (*float64, error) {
	if s == "" {
		return nil, nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || v < 0 || v > react.MaxFilm {
		return nil, fault.ErrInvalid.At(name, "Seconds of film, from 0.")
	}
	return &v, nil
}

// ThrowBody is a reaction to be thrown.
type ThrowBody struct {
	Reaction       string   `json:"reaction,omitempty" maxLength:"32" doc:"laugh, love, surprise, cry, angry, thumbs_up, thumbs_down, fire, clap or mind_blown."`
	Emoji          string   `json:"emoji,omitempty" maxLength:"32" doc:"Or any emoji."`
	PositionX      *float64 `json:"position_x,omitempty" minimum:"0" maximum:"1" doc:"Default 0.5."`
	PositionY      *float64 `json:"position_y,omitempty" minimum:"0" maximum:"1" doc:"Default 0.5."`
	VideoTimestamp *float64 `json:"video_timestamp,omitempty" minimum:"0" maximum:"864000" doc:"Second of film; where the room is when not given."`
	Timestamp      *float64 `json:"timestamp,omitempty" minimum:"0" maximum:"864000" doc:"Another name of it."`
	AnimationType  string   `json:"animation_type,omitempty" maxLength:"40" doc:"Taken and not used: each client chooses."`
	Duration       *float64 `json:"duration,omitempty" minimum:"0" maximum:"60" doc:"Likewise."`
}

func (b ThrowBody) emoji() (string, error) {
	if b.Reaction == "" {
		return b.Emoji, react.Check(b.Emoji)
	}
	e, err := react.Parse(b.Reaction)
	if err == nil && b.Emoji != "" && react.NameOf(b.Emoji) != react.NameOf(e) {
		err = fault.ErrInvalid.At("emoji", "Send reaction or emoji; these two differ.")
	}
	if err != nil && fault.Of(err).Kind == fault.Invalid && len(fault.Of(err).Fields) == 0 {
		err = fault.ErrInvalid.At("reaction", "One of the ten words.")
	}
	return e, err
}

type throwIn struct {
	Party string `path:"party" maxLength:"64" doc:"Id or room code."`
	Key   string `header:"Idempotency-Key" maxLength:"64"`
	Body  ThrowBody
}

type throwShortIn struct {
	Key  string `header:"Idempotency-Key" maxLength:"64"`
	Body struct {
		PartyID string `json:"party_id" maxLength:"64" doc:"Id or room code."`
		ThrowBody
	}
}

func (r reactions) history() {
	op(r.API, Op{
		Method: http.MethodGet, Path: "/api/interactive/parties/{party}/reactions/", ID: "reaction-list", Tag: "reactions",
		Doc: "What was thrown: the newest first, or in the order of the film.", Needs: access.ReactRead,
	}, func(ctx context.Context, in *struct {
		Party string `path:"party" maxLength:"64" doc:"Id or room code."`
		ReactionFilter
	},
	) (*Answer[reactionPage], error) {
		return r.list(ctx, in.Party, in.ReactionFilter)
	})
	op(r.API, Op{
		Method: http.MethodGet, Path: "/api/interactive/reactions/", ID: "reaction-list-short", Tag: "reactions",
		Doc: "The same for the party that is named in the query.", Needs: access.ReactRead,
	}, func(ctx context.Context, in *struct {
		Party string `query:"party" maxLength:"64" doc:"Id or room code."`
		ReactionFilter
	},
	) (*Answer[reactionPage], error) {
		return r.list(ctx, in.Party, in.ReactionFilter)
	})
	op(r.API, Op{
		Method: http.MethodPost, Path: "/api/interactive/parties/{party}/reactions/", ID: "reaction-throw", Tag: "reactions",
		Also: []string{"POST /api/interactive/parties/{party}/reactions/create/"}, Status: http.StatusCreated,
		Doc: "Throw a reaction.", Needs: access.ReactSend, PerIP: Rate{300, time.Minute},
	}, func(ctx context.Context, in *throwIn) (*Answer[ReactionShape], error) {
		return r.throw(ctx, in.Party, in.Key, in.Body)
	})
	op(r.API, Op{
		Method: http.MethodPost, Path: "/api/interactive/reactions/", ID: "reaction-throw-short", Tag: "reactions",
		Status: http.StatusCreated, Doc: "The same for the party that is named in the body.", Needs: access.ReactSend,
		PerIP: Rate{300, time.Minute},
	}, func(ctx context.Context, in *throwShortIn) (*Answer[ReactionShape], error) {
		return r.throw(ctx, in.Body.PartyID, in.Key, in.Body.ThrowBody)
	})
	op(r.API, Op{
		Method: http.MethodGet, Path: "/api/interactive/parties/{party}/reactions/heat/", ID: "reaction-heat", Tag: "reactions",
		Doc: "How each film was felt, second by second, and its moments.", Needs: access.ReactRead, PerIP: Rate{120, time.Minute},
	}, r.heat)
}

func (r reactions) list(ctx context.Context, name string, in ReactionFilter) (*Answer[reactionPage], error) {
	c, err := seatIn(ctx, r.parties, name, access.ReactRead)
	if err != nil {
		return nil, err
	}
	f, newest, err := in.filter()
	if err != nil {
		return nil, err
	}
	list, n, err := r.kept.Reactions(ctx, c.ID, f, newest, in.Limit(), in.Offset())
	if err != nil {
		return nil, err
	}
	shapes, err := r.shapes(ctx, list)
	if err != nil {
		return nil, err
	}
	page, err := listOf(ctx, in.Page, n, shapes)
	if err != nil {
		return nil, err
	}
	return answer(reactionPage{List: page.Body, Reactions: page.Body.Results, TotalCount: n}), nil
}

func (r reactions) shapes(ctx context.Context, list []react.Thrown) ([]ReactionShape, error) {
	seen := map[id.User]bool{}
	var users []id.User
	for _, x := range list {
		if !seen[x.User] {
			seen[x.User] = true
			users = append(users, x.User)
		}
	}
	faces, err := r.kept.Faces(ctx, users)
	if err != nil {
		return nil, err
	}
	out := make([]ReactionShape, len(list))
	for i, x := range list {
		out[i] = ReactionShape{
			ID: x.ID, User: wire.UserOf(faces[x.User]), Party: x.Party, ItemID: x.Item, Reaction: react.NameOf(x.Emoji), Emoji: x.Emoji,
			PositionX: x.X, PositionY: x.Y, VideoTimestamp: x.FilmAt, Timestamp: x.FilmAt, IsActive: true, CreatedAt: wire.Time(x.At),
		}
	}
	return out, nil
}

func (r reactions) throw(ctx context.Context, name, key string, b ThrowBody) (*Answer[ReactionShape], error) {
	c, err := seatIn(ctx, r.parties, name, access.ReactSend)
	if err != nil {
		return nil, err
	}
	emoji, err := b.emoji()
	if err != nil {
		return nil, err
	}
	v := wire.React{Emoji: emoji, X: 0.5, Y: 0.5, FilmAt: b.VideoTimestamp}
	if v.FilmAt == nil {
		v.FilmAt = b.Timestamp
	}
	if b.PositionX != nil {
		v.X = *b.PositionX
	}
	if b.PositionY != nil {
		v.Y = *b.PositionY
	}
	x, err := r.send(ctx, c.ID, key, v)
	if err != nil {
		return nil, err
	}
	shapes, err := r.shapes(ctx, []react.Thrown{x})
	if err != nil {
		return nil, err
	}
	return answer(shapes[0]), nil
}

// send throws in the room, as the frame would, and reads what was kept.
func (r reactions) send(ctx context.Context, p id.Party, key string, v wire.React) (react.Thrown, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return react.Thrown{}, err
	}
	res, err := r.room.Do(ctx, p, account.Maybe(ctx), wire.Command{Type: wire.ReactSend.Name, Op: key, Data: data})
	if err != nil {
		return react.Thrown{}, err
	}
	return r.kept.Reaction(ctx, p, id.Reaction(res.Ack.ID))
}

// Moment is a stretch of film at which several reacted at once.
type Moment struct {
	ItemID   id.Item `json:"item_id"`
	Title    string  `json:"title" doc:"Of the film; empty when it is not in the queue any more."`
	From     int     `json:"from" doc:"Second of film."`
	To       int     `json:"to" doc:"Its last second."`
	At       int     `json:"at" doc:"Its fullest second."`
	Count    int     `json:"count"`
	Emoji    string  `json:"emoji" doc:"The one thrown most."`
	Reaction string  `json:"reaction"`
}

// FilmHeat is how one film was felt.
type FilmHeat struct {
	ItemID  id.Item  `json:"item_id"`
	Title   string   `json:"title"`
	Total   int      `json:"total"`
	Most    int      `json:"most" doc:"In one second."`
	Seconds [][2]int `json:"seconds" doc:"Pairs of second and count; seconds without a reaction are left out."`
}

type heatAnswer struct {
	PartyID id.Party   `json:"party_id" format:"uuid"`
	Total   int        `json:"total"`
	Films   []FilmHeat `json:"films"`
	Moments []Moment   `json:"moments" doc:"Three or more within two seconds, the fullest first."`
}

// heatMoments bounds the moments of an answer.
const heatMoments = 20

func (r reactions) heat(ctx context.Context, in *struct {
	Party string `path:"party" maxLength:"64" doc:"Id or room code."`
},
) (*Answer[heatAnswer], error) {
	c, err := seatIn(ctx, r.parties, in.Party, access.ReactRead)
	if err != nil {
		return nil, err
	}
	_, _, items, err := r.parties.Load(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	tallies, err := r.kept.Tallies(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	titles := titlesOf(items)
	out := heatAnswer{PartyID: c.ID, Films: []FilmHeat{}, Moments: momentsOf(tallies, titles, heatMoments)}
	for _, h := range react.HeatOf(tallies) {
		f := FilmHeat{ItemID: h.Item, Title: titles[h.Item], Total: h.Total, Most: h.Most, Seconds: [][2]int{}}
		for _, s := range h.Seconds {
			f.Seconds = append(f.Seconds, [2]int{s.At, s.N})
		}
		out.Films = append(out.Films, f)
		out.Total += h.Total
	}
	return answer(out), nil
}

func titlesOf(items []party.Item) map[id.Item]string {
	out := map[id.Item]string{}
	for _, i := range items {
		out[i.ID] = i.Title
	}
	return out
}

func momentsOf(tallies []react.Tally, titles map[id.Item]string, most int) []Moment {
	out := []Moment{}
	for _, m := range react.Moments(tallies, most) {
		out = append(out, Moment{
			ItemID: m.Item, Title: titles[m.Item], From: m.From, To: m.To, At: m.At, Count: m.N,
			Emoji: m.Emoji, Reaction: react.NameOf(m.Emoji),
		})
	}
	return out
}
