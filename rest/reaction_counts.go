package rest

import (
	"context"
	"net/http"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/id"
	"watchparty/internal/react"
)

// EmojiCount is one emoji at a party and who threw it.
type EmojiCount struct {
	ID          string      `json:"id" doc:"The emoji."`
	Emoji       string      `json:"emoji"`
	Reaction    string      `json:"reaction" doc:"Its word; empty where it has none."`
	Count       int         `json:"count"`
	Users       []wire.User `json:"users" doc:"Who threw it, at most 20."`
	UserReacted bool        `json:"user_reacted"`
}

// usersShown bounds who is named beside an emoji.
const usersShown = 20

type withdrawIn struct {
	Party string `path:"id" maxLength:"64" doc:"Id or room code of the party."`
	Emoji string `query:"emoji" maxLength:"32" doc:"A word such as laugh, or an emoji; all when not given."`
}

func (r reactions) counts() {
	op(r.API, Op{
		Method: http.MethodGet, Path: "/api/parties/{id}/reactions/", ID: "reaction-counts", Tag: "reactions",
		Doc: "How often each emoji was thrown, and by whom.", Needs: access.ReactRead,
	}, func(ctx context.Context, in *PartyName) (*Answer[[]EmojiCount], error) {
		c, err := seatIn(ctx, r.parties, in.ID, access.ReactRead)
		if err != nil {
			return nil, err
		}
		list, err := r.countsOf(ctx, c.ID)
		return answer(list), err
	})
	op(r.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/reactions/", ID: "reaction-toggle", Tag: "reactions",
		Doc: "Throw an emoji, or take it back when one has thrown it.", Needs: access.ReactSend,
		PerIP: Rate{300, time.Minute},
	}, r.toggle)
	op(r.API, Op{
		Method: http.MethodDelete, Path: "/api/parties/{id}/reactions/", ID: "reaction-withdraw", Tag: "reactions",
		Doc: "Take one's own reactions back.", Needs: access.ReactSend,
	}, func(ctx context.Context, in *withdrawIn) (*None, error) {
		c, err := seatIn(ctx, r.parties, in.Party, access.ReactSend)
		if err != nil {
			return nil, err
		}
		emoji := ""
		if in.Emoji != "" {
			if emoji, err = react.Parse(in.Emoji); err != nil {
				return nil, err
			}
		}
		_, err = r.kept.Unthrow(ctx, c.ID, account.Maybe(ctx).User, emoji)
		return nil, err
	})
}

func (r reactions) toggle(ctx context.Context, in *struct {
	PartyName
	Key  string `header:"Idempotency-Key" maxLength:"64"`
	Body struct {
		Emoji string `json:"emoji" maxLength:"32" doc:"An emoji, or a word such as laugh."`
	}
},
) (*Answer[EmojiCount], error) {
	c, err := seatIn(ctx, r.parties, in.ID, access.ReactSend)
	if err != nil {
		return nil, err
	}
	emoji, err := react.Parse(in.Body.Emoji)
	if err != nil {
		return nil, err
	}
	gone, err := r.kept.Unthrow(ctx, c.ID, account.Maybe(ctx).User, emoji)
	if err != nil {
		return nil, err
	}
	if gone == 0 {
		if _, err := r.send(ctx, c.ID, in.Key, wire.React{Emoji: emoji, X: 0.5, Y: 0.5}); err != nil {
			return nil, err
		}
	}
	list, err := r.countsOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if e.Emoji == emoji {
			return answer(e), nil
		}
	}
	return answer(EmojiCount{ID: emoji, Emoji: emoji, Reaction: react.NameOf(emoji), Users: []wire.User{}}), nil
}

// countsOf lists a party's emoji, the first thrown first.
func (r reactions) countsOf(ctx context.Context, p id.Party) ([]EmojiCount, error) {
	throwers, err := r.kept.Throwers(ctx, p)
	if err != nil {
		return nil, err
	}
	me := account.Maybe(ctx).User
	out := []EmojiCount{}
	at := map[string]int{}
	named := map[string][]id.User{}
	var all []id.User
	for _, t := range throwers {
		i, ok := at[t.Emoji]
		if !ok {
			i = len(out)
			at[t.Emoji] = i
			out = append(out, EmojiCount{ID: t.Emoji, Emoji: t.Emoji, Reaction: react.NameOf(t.Emoji), Users: []wire.User{}})
		}
		out[i].Count += t.N
		out[i].UserReacted = out[i].UserReacted || t.User == me
		if len(named[t.Emoji]) < usersShown {
			named[t.Emoji] = append(named[t.Emoji], t.User)
			all = append(all, t.User)
		}
	}
	faces, err := r.kept.Faces(ctx, all)
	if err != nil {
		return nil, err
	}
	for i := range out {
		for _, u := range named[out[i].Emoji] {
			out[i].Users = append(out[i].Users, wire.UserOf(faces[u]))
		}
	}
	return out, nil
}
