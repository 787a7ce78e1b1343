package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/chat"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// ChatHistory is what was written.
type ChatHistory interface {
	// History gives at most limit lines before seq, or the newest when it is 0,
	// the newest first.
	History(ctx context.Context, p id.Party, before int64, limit int) ([]chat.Message, error)
}

// ChatRoom is where lines are written; *hub.Hub has it.
type ChatRoom interface {
	Do(ctx context.Context, p id.Party, actor account.Identity, cmd wire.Command) (wire.Result, error)
}

// Feed is one page of something that grows at its start.
type Feed[T any] struct {
	Results  []T     `json:"results"`
	Next     *string `json:"next" doc:"Address of the page of older ones."`
	Cursor   string  `json:"cursor" doc:"The cursor of that page; empty when there is none."`
	Previous *string `json:"previous" doc:"Always null: newer ones come by the socket."`
	HasMore  bool    `json:"has_more"`
}

type historyIn struct {
	Party  string `path:"party" maxLength:"64" doc:"Id or room code."`
	Cursor string `query:"cursor" maxLength:"20"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

type lineIn struct {
	Party string `path:"party" maxLength:"64" doc:"Id or room code."`
	Key   string `header:"Idempotency-Key" maxLength:"64"`
	Body  struct {
		Text    string `json:"text,omitempty" maxLength:"2000"`
		Content string `json:"content,omitempty" maxLength:"2000" doc:"Another name of text."`
		ReplyTo string `json:"reply_to,omitempty" format:"uuid" doc:"A line of this chat."`
	}
}

// Chat serves what was written in a party, and takes lines from clients
// without a socket.
func Chat(parties PartyFinder, history ChatHistory, room ChatRoom) Feature {
	return func(a *API) {
		op(a, Op{
			Method: http.MethodGet, Path: "/api/chat/{party}/messages/", ID: "chat-history", Tag: "chat",
			Also: []string{"GET /api/chat/history/{party}/"}, Doc: "What was written, the newest first.", Needs: access.ChatRead,
		}, func(ctx context.Context, in *historyIn) (*Answer[Feed[wire.Message]], error) {
			p, _, err := seat(ctx, parties, in.Party)
			if err != nil {
				return nil, err
			}
			return chatPage(ctx, history, p, in)
		})
		op(a, Op{
			Method: http.MethodPost, Path: "/api/chat/{party}/messages/send/", ID: "chat-send", Tag: "chat",
			Status: http.StatusCreated, Doc: "Write a line.", Needs: access.ChatWrite, PerIP: Rate{120, time.Minute},
		}, func(ctx context.Context, in *lineIn) (*Answer[wire.Message], error) {
			p, _, err := seat(ctx, parties, in.Party)
			if err != nil {
				return nil, err
			}
			return writeLine(ctx, room, p, in)
		})
	}
}

func chatPage(ctx context.Context, history ChatHistory, p id.Party, in *historyIn) (*Answer[Feed[wire.Message]], error) {
	var before int64
	if in.Cursor != "" {
		n, err := strconv.ParseInt(in.Cursor, 10, 64)
		if err != nil || n < 1 {
			return nil, fault.ErrInvalid.At("cursor", "Send the cursor as it came.")
		}
		before = n
	}
	lines, err := history.History(ctx, p, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	feed := Feed[wire.Message]{Results: []wire.Message{}, HasMore: len(lines) > in.Limit}
	for _, m := range lines[:min(len(lines), in.Limit)] {
		feed.Results = append(feed.Results, wire.MessageOf(m))
	}
	if feed.HasMore {
		feed.Cursor = strconv.FormatInt(feed.Results[in.Limit-1].Seq, 10)
		c := callOf(ctx)
		q := url.Values{"cursor": {feed.Cursor}, "limit": {strconv.Itoa(in.Limit)}}
		next := c.base + c.path + "?" + q.Encode()
		feed.Next = &next
	}
	return answer(feed), nil
}

func writeLine(ctx context.Context, room ChatRoom, p id.Party, in *lineIn) (*Answer[wire.Message], error) {
	text := in.Body.Text
	if text == "" {
		text = in.Body.Content
	}
	body, err := json.Marshal(wire.Send{Text: text, ReplyTo: id.Message(in.Body.ReplyTo)})
	if err != nil {
		return nil, err
	}
	// The key makes the line one, also when the answer to the first call was lost.
	res, err := room.Do(ctx, p, account.Maybe(ctx), wire.Command{Type: wire.ChatSend.Name, Op: in.Key, Data: body})
	switch {
	case err != nil:
		return nil, err
	case res.Message == nil:
		return nil, fault.ErrInternal
	}
	return answer(*res.Message), nil
}
