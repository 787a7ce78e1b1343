package rest

import (
	"context"
	"net/http"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/id"
)

// PeopleService is what people can do with each other; *account.Service has it.
type PeopleService interface {
	Search(ctx context.Context, query string, at account.Span) ([]account.Found, int, error)
	Person(ctx context.Context, user string) (account.Found, error)
	Friends(ctx context.Context, at account.Span) ([]account.Friendship, int, error)
	Requests(ctx context.Context) ([]account.Friendship, error)
	Befriend(ctx context.Context, user, message string) (tie account.Tie, fresh bool, err error)
	AcceptFriend(ctx context.Context, request string) error
	DeclineFriend(ctx context.Context, request string) error
	WithdrawFriend(ctx context.Context, request string) error
	Unfriend(ctx context.Context, user string) error
	blockService
}

type blockService interface {
	Block(ctx context.Context, user string) error
	Unblock(ctx context.Context, user string) error
	Blocked(ctx context.Context, at account.Span) ([]account.User, int, error)
}

// Online says whether somebody has a socket open.
type Online interface {
	OnlineUser(u id.User) bool
}

var (
	rateSearch = Rate{60, time.Minute}
	rateAsk    = Rate{60, time.Hour}
)

// Person is somebody as the caller finds him.
type Person struct {
	wire.User
	Friendship string `json:"friendship" enum:"none,friends,sent,received,blocked"`
}

// Profile is somebody's public profile.
type Profile struct {
	Person
	MutualFriends int       `json:"mutual_friends_count"`
	DateJoined    wire.Time `json:"date_joined"`
}

// Friend is one of the caller's friends.
type Friend struct {
	wire.User
	FriendshipID id.Friend `json:"friendship_id" format:"uuid"`
	Since        wire.Time `json:"since"`
	IsOnline     bool      `json:"is_online"`
}

// FriendRequest is a request that waits for an answer.
type FriendRequest struct {
	ID        id.Friend `json:"id" format:"uuid"`
	User      wire.User `json:"user" doc:"The other side."`
	Message   string    `json:"message"`
	CreatedAt wire.Time `json:"created_at"`
}

// FriendRequests are all that wait, of both sides.
type FriendRequests struct {
	Received      []FriendRequest `json:"received"`
	Sent          []FriendRequest `json:"sent"`
	ReceivedCount int             `json:"received_count"`
	SentCount     int             `json:"sent_count"`
}

// Befriended is the answer to a request.
type Befriended struct {
	Done
	Friendship string `json:"friendship" enum:"friends,sent"`
}

type befriended struct {
	Status int
	Body   Befriended
}

// UserName names the person of a call.
type UserName struct {
	ID string `path:"id" maxLength:"64"`
}

// RequestName names a request.
type RequestName struct {
	ID string `path:"request_id" maxLength:"64"`
}

type searchIn struct {
	Page
	Query string `query:"q" maxLength:"100" doc:"Starts of words of the name or username; all must match."`
}

type askIn struct {
	UserName
	Body *struct {
		Message string `json:"message,omitempty" maxLength:"300"`
	} `required:"false"`
}

func span(p Page) account.Span { return account.Span{Offset: p.Offset(), Limit: p.Limit()} }

func personOut(f account.Found) Person { return Person{userOut(f.User), string(f.Tie)} }

func each[T, W any](all []T, shape func(T) W) []W {
	out := make([]W, len(all))
	for i, v := range all {
		out[i] = shape(v)
	}
	return out
}

func userOp(method, path, name, doc string, needs access.Action) Op {
	return Op{Method: method, Path: "/api/users/" + path, ID: name, Tag: "users", Doc: doc, Needs: needs}
}

// People serves finding each other, friendships and blocks. online may be nil.
func People(svc PeopleService, online Online) Feature {
	return func(a *API) {
		findOps(a, svc)
		friendOps(a, svc, online)
		requestOps(a, svc)
		blockOps(a, svc)
	}
}

func findOps(a *API, svc PeopleService) {
	op(a, userOp(http.MethodGet, "search/", "user-search", "Find people by name.", access.UserSearch),
		func(ctx context.Context, in *searchIn) (*Answer[List[Person]], error) {
			if err := a.limited(ctx, "search:"+string(account.Maybe(ctx).User), rateSearch); err != nil {
				return nil, err
			}
			all, n, err := svc.Search(ctx, in.Query, span(in.Page))
			if err != nil {
				return nil, err
			}
			return listOf(ctx, in.Page, n, each(all, personOut))
		})
	op(a, userOp(http.MethodGet, "{id}/profile/", "user-profile", "Read somebody's public profile.", access.UserRead),
		func(ctx context.Context, in *UserName) (*Answer[Profile], error) {
			f, err := svc.Person(ctx, in.ID)
			return answer(Profile{personOut(f), f.Mutual, wire.Time(f.CreatedAt)}), err
		})
}

func friendOps(a *API, svc PeopleService, online Online) {
	op(a, userOp(http.MethodGet, "friends/", "friend-list", "List one's friends.", access.FriendRead),
		func(ctx context.Context, in *struct{ Page }) (*Answer[List[Friend]], error) {
			all, n, err := svc.Friends(ctx, span(in.Page))
			if err != nil {
				return nil, err
			}
			return listOf(ctx, in.Page, n, each(all, func(f account.Friendship) Friend {
				return Friend{
					User: userOut(f.Other), FriendshipID: f.ID, Since: wire.Time(f.Since),
					IsOnline: online != nil && online.OnlineUser(f.Other.ID),
				}
			}))
		})
	op(a, userOp(http.MethodDelete, "friends/{id}/", "friend-end", "End a friendship.", access.FriendWrite),
		func(ctx context.Context, in *UserName) (*Answer[Done], error) {
			return done("You are not friends any more."), svc.Unfriend(ctx, in.ID)
		})
	op(a, userOp(http.MethodPost, "{id}/friend-request/", "friend-ask",
		"Ask somebody to be friends. Requests that cross accept each other.", access.FriendWrite),
		func(ctx context.Context, in *askIn) (*befriended, error) {
			if err := a.limited(ctx, "friend:"+string(account.Maybe(ctx).User), rateAsk); err != nil {
				return nil, err
			}
			message := ""
			if in.Body != nil {
				message = in.Body.Message
			}
			tie, fresh, err := svc.Befriend(ctx, in.ID, message)
			out := befriended{Status: http.StatusOK, Body: Befriended{Done{true, "Your request is sent."}, string(tie)}}
			if fresh {
				out.Status = http.StatusCreated
			}
			if tie == account.Friends {
				out.Body.Message = "You are friends now."
			}
			return &out, err
		})
}

func requestOps(a *API, svc PeopleService) {
	op(a, userOp(http.MethodGet, "friends/requests/", "friend-requests", "List the requests that wait.", access.FriendRead),
		func(ctx context.Context, _ *None) (*Answer[FriendRequests], error) {
			all, err := svc.Requests(ctx)
			if err != nil {
				return nil, err
			}
			out := FriendRequests{Received: []FriendRequest{}, Sent: []FriendRequest{}}
			for _, f := range all {
				r := FriendRequest{ID: f.ID, User: userOut(f.Other), Message: f.Message, CreatedAt: wire.Time(f.Since)}
				if f.Tie == account.Sent {
					out.Sent = append(out.Sent, r)
				} else {
					out.Received = append(out.Received, r)
				}
			}
			out.ReceivedCount, out.SentCount = len(out.Received), len(out.Sent)
			return answer(out), nil
		})
	act := func(method, path, name, doc, message string, do func(context.Context, string) error) {
		op(a, userOp(method, "friend-requests/{request_id}/"+path, name, doc, access.FriendWrite),
			func(ctx context.Context, in *RequestName) (*Answer[Done], error) {
				return done(message), do(ctx, in.ID)
			})
	}
	act(http.MethodPost, "accept/", "friend-accept", "Accept a request.", "You are friends now.",
		func(ctx context.Context, r string) error { return svc.AcceptFriend(ctx, r) })
	act(http.MethodPost, "decline/", "friend-decline", "Decline a request.", "The request is declined.",
		func(ctx context.Context, r string) error { return svc.DeclineFriend(ctx, r) })
	act(http.MethodDelete, "", "friend-withdraw", "Take one's own request back.", "Your request is withdrawn.",
		func(ctx context.Context, r string) error { return svc.WithdrawFriend(ctx, r) })
}

func blockOps(a *API, svc blockService) {
	op(a, userOp(http.MethodPost, "{id}/block/", "user-block", "Make somebody and oneself invisible to each other.", access.UserBlock),
		func(ctx context.Context, in *UserName) (*Answer[Done], error) {
			return done("Blocked."), svc.Block(ctx, in.ID)
		})
	op(a, userOp(http.MethodPost, "{id}/unblock/", "user-unblock", "Lift one's block.", access.UserBlock),
		func(ctx context.Context, in *UserName) (*Answer[Done], error) {
			return done("No longer blocked."), svc.Unblock(ctx, in.ID)
		})
	op(a, userOp(http.MethodGet, "blocked/", "user-blocked", "List whom one has blocked.", access.UserBlock),
		func(ctx context.Context, in *struct{ Page }) (*Answer[List[wire.User]], error) {
			all, n, err := svc.Blocked(ctx, span(in.Page))
			if err != nil {
				return nil, err
			}
			return listOf(ctx, in.Page, n, each(all, userOut))
		})
}
