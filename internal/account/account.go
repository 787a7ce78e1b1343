package account

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// The faults of accounts.
var (
	ErrToken         = fault.New(fault.Unauthenticated, "token_not_valid", "Your session has ended; sign in again.")
	ErrCredentials   = fault.New(fault.Invalid, "auth.bad_credentials", "That e-mail and password do not belong together.")
	ErrEmailTaken    = fault.New(fault.Invalid, "auth.email_taken", "There is an account with this e-mail already; sign in instead.")
	ErrUsernameTaken = fault.New(fault.Invalid, "auth.username_taken", "Somebody else has this username.")
	ErrWeak          = fault.New(fault.Invalid, "auth.weak_password", "Choose another password.")
	ErrBadPassword   = fault.New(fault.Invalid, "auth.bad_password", "That is not your present password.")
	ErrLink          = fault.New(fault.Invalid, "auth.link_not_valid", "This link was used or has expired; ask for a new one.")
	ErrNotGuest      = fault.New(fault.Conflict, "auth.not_a_guest", "You have an account already.")
	ErrBusy          = fault.New(fault.Unavailable, "auth.busy", "Many people are signing in right now; try again in a moment.")
)

// Secret is a text that must not be printed: a token or the hash of a
// password. Convert it to string where it is meant to go out.
type Secret string

const redacted = "[redacted]"

func (Secret) String() string       { return redacted }
func (Secret) GoString() string     { return redacted }
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// User is a person as the server knows him. Guests have no e-mail.
type User struct {
	ID         id.User
	Site       access.Site
	Email      string
	Username   string
	Name       string
	FirstName  string
	LastName   string
	Avatar     string
	Password   Secret // hash in PHC form; empty for guests
	VerifiedAt *time.Time
	Disabled   bool
	CreatedAt  time.Time
	Version    int
}

// Session is one browser or program that a person signed in with.
type Session struct {
	ID        id.Session
	User      id.User
	UserAgent string
	IP        string
	CreatedAt time.Time
	LastSeen  time.Time
	ExpiresAt time.Time
	Revoked   bool
}

// Alive says whether the session admits calls at now.
func (s Session) Alive(now time.Time) bool { return !s.Revoked && now.Before(s.ExpiresAt) }

// Client is where a sign-in comes from.
type Client struct {
	UserAgent string
	IP        string
}

// Tokens are what a client holds of a session.
type Tokens struct {
	Access     Secret
	Refresh    Secret
	AccessTTL  time.Duration
	RefreshTTL time.Duration // grows with every refresh
	Session    Session
}

// Facts about accounts, on the person's topic.
const (
	FactSessionRevoked = "session.revoked" // Data is Revoked
	FactFriendChanged  = "friend.changed"  // Data is FriendChanged
)

// Topic names the bus topic of a person's facts.
func Topic(u id.User) string { return "user:" + string(u) }

// Revoked is the data of FactSessionRevoked: one session, or all of them.
// Renewed says that the person has a new session in its place.
type Revoked struct {
	Session id.Session `json:"session,omitempty"`
	All     bool       `json:"all,omitempty"`
	Renewed bool       `json:"renewed,omitempty"`
}

// FriendChanged is the data of FactFriendChanged.
type FriendChanged struct {
	User       id.User `json:"user"`
	Friendship Tie     `json:"friendship"`
}

// Store keeps accounts. Each method is one transaction.
type Store interface {
	People
	Sessions
	Social
}

// People keeps users and what proves that one is who he says.
type People interface {
	// Create adds a person with a first session, which may be nil. It fails with
	// ErrEmailTaken or ErrUsernameTaken.
	Create(ctx context.Context, u User, first *Opening) error
	User(ctx context.Context, u id.User) (User, error)
	ByEmail(ctx context.Context, email string) (User, error)
	// SaveProfile keeps names, username and picture if the version is still
	// u.Version, and gives the version that it has now.
	SaveProfile(ctx context.Context, u User) (int, error)
	// Upgrade turns a guest into an account, ending the session old.
	Upgrade(ctx context.Context, u User, old id.Session, first Opening) error
	// SetPassword replaces the hash and ends every session but keep.
	SetPassword(ctx context.Context, u id.User, hash Secret, keep id.Session) error
	// Rehash replaces a hash by a stronger one of the same password.
	Rehash(ctx context.Context, u id.User, old, hash Secret) error
	SaveOnce(ctx context.Context, t Once) error
	// Spend takes a token that works once. Unknown, used and late ones are the
	// same fault.NotFound.
	Spend(ctx context.Context, p Purpose, hash string) (Once, error)
	// Reset spends a reset token and sets the password, ending every session.
	Reset(ctx context.Context, tokenHash string, hash Secret) (User, error)
	// Verify spends a verification token, if the e-mail is still the one it was
	// sent to.
	Verify(ctx context.Context, tokenHash string) error
}

// Sessions keeps sessions and their refresh tokens.
type Sessions interface {
	// Open adds a session and ends another one in its favour, if given.
	Open(ctx context.Context, o Opening, end id.Session) error
	Session(ctx context.Context, s id.Session) (Session, User, error)
	// Refresh finds the session of a refresh token and does what judge says of it.
	Refresh(ctx context.Context, t Turn, judge func(Presented) Verdict) (Presented, Verdict, error)
	SessionsOf(ctx context.Context, u id.User) ([]Session, error)
	// Revoke ends one session of the person. An unknown one is not found.
	Revoke(ctx context.Context, u id.User, s id.Session) error
	// RevokeOthers ends all but one and says how many.
	RevokeOthers(ctx context.Context, u id.User, keep id.Session) (int, error)
}

// Opening is a new session with the hash of its first refresh token.
type Opening struct {
	Session Session
	Refresh string
}

// Purpose says what a token that works once is for.
type Purpose string

// The purposes.
const (
	ForVerify Purpose = "verify"
	ForReset  Purpose = "reset"
	ForSocket Purpose = "socket"
)

// Once is a token that works once. Only its hash is kept.
type Once struct {
	Hash      string
	Purpose   Purpose
	User      id.User
	Session   id.Session // for sockets
	Email     string     // for links: where it was sent
	ExpiresAt time.Time
}

// Post sends one letter now. An error means that it may be tried again.
type Post interface {
	Send(ctx context.Context, letter, to, name, link string) error
}

// Mail is a letter that is to be written: by e-mail, so that asking for one
// takes no look at whether the account exists.
type Mail struct {
	Letter string `json:"letter"`
	Email  string `json:"email"`
}

// Later has mail delivered in the background, by Deliver, again until that
// succeeds.
type Later func(ctx context.Context, m Mail) error

// Config says what the service works with.
type Config struct {
	Store     Store
	Key       []byte // 32 bytes or more; all nodes share it
	Now       clock.Now
	Hasher    *Hasher
	PublicURL string // without a slash at the end
	Post      Post
	Later     Later
	Log       *slog.Logger
}

// Service is what people can do with their accounts.
type Service struct {
	Config
	accessKey  []byte
	refreshKey []byte
}

// New makes the service.
func New(c Config) (*Service, error) {
	if len(c.Key) < 32 {
		return nil, errors.New("account: the key must have 32 bytes or more")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{Config: c}
	var err error
	for use, key := range map[string]*[]byte{"access token": &s.accessKey, "refresh token": &s.refreshKey} {
		if *key, err = hkdf.Key(sha256.New, c.Key, nil, "watchparty "+use, sha256.Size); err != nil {
			return nil, fmt.Errorf("account: %w", err)
		}
	}
	return s, nil
}
