package account

import (
	"context"
	"strings"
	"time"

	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Tie is how two people stand to each other, seen from one of them.
type Tie string

// The ties.
const (
	NoTie    Tie = "none"
	Friends  Tie = "friends"
	Sent     Tie = "sent"     // the viewer asked
	Received Tie = "received" // the viewer was asked
	Blocked  Tie = "blocked"  // the viewer blocked the other
)

var (
	errSelf  = fault.New(fault.Invalid, "friend.self", "That is you.")
	errGuest = fault.New(fault.Conflict, "friend.guest", "Guests have no friends list; they need an account first.")
)

// Found is a person as the viewer finds him.
type Found struct {
	User
	Tie    Tie
	Mutual int // friends in common
}

// Friendship is a friendship or a request for one, seen from one side.
type Friendship struct {
	ID      id.Friend
	Other   User
	Tie     Tie
	Message string
	Since   time.Time // when it was accepted, or asked for
}

// Span is a part of a list.
type Span struct {
	Offset int
	Limit  int
}

// Social keeps friendships and blocks. Nobody finds a person who blocked him,
// or whom he blocked: both are fault.ErrNotFound, and missing in lists.
type Social interface {
	// Search finds people by words that all start one of theirs.
	Search(ctx context.Context, viewer id.User, words []string, at Span) ([]Found, int, error)
	Find(ctx context.Context, viewer, other id.User) (Found, error)
	// Ask asks for a friendship, or accepts the other's request.
	Ask(ctx context.Context, f Ask) (Tie, bool, error)
	Accept(ctx context.Context, me id.User, request id.Friend) error
	// Decline and Withdraw drop a request, of the other side and of one's own.
	Decline(ctx context.Context, me id.User, request id.Friend) error
	Withdraw(ctx context.Context, me id.User, request id.Friend) error
	Unfriend(ctx context.Context, me, other id.User) error
	FriendsOf(ctx context.Context, me id.User, at Span) ([]Friendship, int, error)
	Requests(ctx context.Context, me id.User) ([]Friendship, error)
	// Block ends what there was between two people.
	Block(ctx context.Context, me, other id.User) error
	Unblock(ctx context.Context, me, other id.User) error
	BlockedBy(ctx context.Context, me id.User, at Span) ([]User, int, error)
}

// Ask is a request for a friendship.
type Ask struct {
	ID      id.Friend
	From    id.User
	To      id.User
	Message string
}

const (
	maxQuery   = 100 // bytes
	maxWords   = 5
	maxMessage = 300 // characters
)

// Search finds people by the start of the words of their names and handles,
// never by e-mail.
func (s *Service) Search(ctx context.Context, query string, at Span) ([]Found, int, error) {
	who, err := From(ctx)
	if err != nil {
		return nil, 0, err
	}
	if len(query) > maxQuery {
		return nil, 0, fault.ErrInvalid.At("q", "Use fewer characters.")
	}
	words := splitWords(strings.TrimPrefix(strings.TrimSpace(query), "@"))
	if len(words) == 0 {
		return nil, 0, nil
	}
	return s.Store.Search(ctx, who.User, words[:min(len(words), maxWords)], at)
}

// Person shows somebody to the caller.
func (s *Service) Person(ctx context.Context, user string) (Found, error) {
	me, other, err := s.pair(ctx, user)
	if err != nil {
		return Found{}, err
	}
	return s.Store.Find(ctx, me, other)
}

// Befriend asks somebody to be friends. Requests that cross accept each other;
// asking again changes nothing. fresh says whether a request was made.
func (s *Service) Befriend(ctx context.Context, user, message string) (tie Tie, fresh bool, err error) {
	me, other, err := s.pair(ctx, user)
	if err != nil {
		return "", false, err
	}
	if me == other {
		return "", false, errSelf
	}
	message, err = cleanName("message", message, maxMessage)
	if err != nil {
		return "", false, err
	}
	f, err := s.Store.Find(ctx, me, other)
	if err != nil {
		return "", false, err
	}
	if f.Email == "" {
		return "", false, errGuest
	}
	return s.Store.Ask(ctx, Ask{ID: id.New[id.Friend](), From: me, To: other, Message: message})
}

// AcceptFriend accepts a request; accepting again changes nothing.
func (s *Service) AcceptFriend(ctx context.Context, request string) error {
	return s.onRequest(ctx, request, s.Store.Accept)
}

// DeclineFriend drops a request of somebody else's. He is not told.
func (s *Service) DeclineFriend(ctx context.Context, request string) error {
	return s.onRequest(ctx, request, s.Store.Decline)
}

// WithdrawFriend drops a request of one's own.
func (s *Service) WithdrawFriend(ctx context.Context, request string) error {
	return s.onRequest(ctx, request, s.Store.Withdraw)
}

func (s *Service) onRequest(ctx context.Context, request string, do func(context.Context, id.User, id.Friend) error) error {
	who, err := From(ctx)
	if err != nil {
		return err
	}
	rid, err := id.Parse[id.Friend](request)
	if err != nil {
		return err
	}
	return do(ctx, who.User, rid)
}

// Unfriend ends a friendship; without one it changes nothing.
func (s *Service) Unfriend(ctx context.Context, user string) error {
	return s.onPerson(ctx, user, s.Store.Unfriend)
}

// Block makes two people invisible to each other.
func (s *Service) Block(ctx context.Context, user string) error {
	return s.onPerson(ctx, user, s.Store.Block)
}

// Unblock lifts the caller's block.
func (s *Service) Unblock(ctx context.Context, user string) error {
	return s.onPerson(ctx, user, s.Store.Unblock)
}

func (s *Service) onPerson(ctx context.Context, user string, do func(context.Context, id.User, id.User) error) error {
	me, other, err := s.pair(ctx, user)
	if err != nil {
		return err
	}
	if me == other {
		return errSelf
	}
	return do(ctx, me, other)
}

// pair gives the caller and the one who is named.
func (s *Service) pair(ctx context.Context, user string) (me, other id.User, err error) {
	who, err := From(ctx)
	if err != nil {
		return "", "", err
	}
	other, err = id.Parse[id.User](user)
	return who.User, other, err
}

// Friends lists the caller's friends by name.
func (s *Service) Friends(ctx context.Context, at Span) ([]Friendship, int, error) {
	who, err := From(ctx)
	if err != nil {
		return nil, 0, err
	}
	return s.Store.FriendsOf(ctx, who.User, at)
}

// Requests lists what waits for an answer, of both sides, the newest first.
func (s *Service) Requests(ctx context.Context) ([]Friendship, error) {
	who, err := From(ctx)
	if err != nil {
		return nil, err
	}
	return s.Store.Requests(ctx, who.User)
}

// Blocked lists whom the caller blocked, by name.
func (s *Service) Blocked(ctx context.Context, at Span) ([]User, int, error) {
	who, err := From(ctx)
	if err != nil {
		return nil, 0, err
	}
	return s.Store.BlockedBy(ctx, who.User, at)
}
