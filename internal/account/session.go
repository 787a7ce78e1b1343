package account

import (
	"context"
	"errors"
	"time"

	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

const (
	sessionIdle  = 30 * 24 * time.Hour  // without a refresh
	sessionLife  = 365 * 24 * time.Hour // in all
	refreshGrace = 20 * time.Second
	ticketTTL    = 30 * time.Second
)

// opening prepares a session and the tokens that its client gets.
func (s *Service) opening(u id.User, from Client) (Opening, Tokens, error) {
	now := clock.Millis(s.Now())
	session := Session{
		ID: id.New[id.Session](), User: u, UserAgent: from.UserAgent, IP: from.IP,
		CreatedAt: now, LastSeen: now, ExpiresAt: now.Add(sessionIdle),
	}
	refresh := id.Token()
	tokens, err := s.tokens(session, refresh)
	return Opening{Session: session, Refresh: hashToken(refresh)}, tokens, err
}

func (s *Service) tokens(session Session, refresh string) (Tokens, error) {
	access, err := signAccess(s.accessKey, session.User, session.ID, s.Now())
	return Tokens{Access: access, Refresh: Secret(refresh), AccessTTL: accessTTL, RefreshTTL: sessionIdle, Session: session}, err
}

// Authenticate says who holds an access token. A revoked session is refused at
// once: the row is read each time.
func (s *Service) Authenticate(ctx context.Context, access string) (Identity, error) {
	user, session, err := parseAccess(s.accessKey, access, s.Now())
	if err != nil {
		return Identity{}, err
	}
	who, err := s.identity(ctx, session)
	if err == nil && who.User != user {
		err = ErrToken
	}
	if err != nil {
		return Identity{}, err
	}
	return who, nil
}

// identity is the person behind a session that is alive.
func (s *Service) identity(ctx context.Context, session id.Session) (Identity, error) {
	row, u, err := s.Store.Session(ctx, session)
	if errors.Is(err, fault.ErrNotFound) || err == nil && (!row.Alive(s.Now()) || u.Disabled) {
		return Identity{}, ErrToken
	}
	if err != nil {
		return Identity{}, err
	}
	return Identity{User: u.ID, Session: row.ID, Site: u.Site, Username: u.Username, Name: u.Name, Avatar: u.Avatar}, nil
}

// Presented is a refresh token that came, as the store knows it.
type Presented struct {
	Session  Session
	User     User
	UsedAt   *time.Time // when it was exchanged for its successor
	NextUsed bool       // whether the successor was exchanged too
}

// Verdict says what to do about a refresh token.
type Verdict uint8

// The verdicts.
const (
	Refuse Verdict = iota // the session is over
	Stay                  // the token stays good
	Rotate                // exchange it for its successor
	Again                 // it was just exchanged: answer the same successor
	Theft                 // it was exchanged long ago: somebody has a copy, end the session
	Finish                // its holder is done, end the session
)

// judge is the rule of refresh tokens. Clients that keep theirs in a cookie get
// one successor; who asks at the same moment, from another tab or after a lost
// answer, gets the same.
func (p Presented) judge(rotate bool, now time.Time) Verdict {
	switch {
	case !p.Session.Alive(now) || p.User.Disabled:
		return Refuse
	case p.UsedAt != nil && (p.NextUsed || now.Sub(*p.UsedAt) > refreshGrace):
		return Theft
	case p.UsedAt != nil && rotate:
		return Again
	case p.UsedAt != nil || !rotate:
		return Stay
	}
	return Rotate
}

// Turn is one exchange of a refresh token, by hashes.
type Turn struct {
	Hash      string
	Next      string
	Now       time.Time
	ExpiresAt time.Time // of the session, if it goes on
	Latest    time.Duration
}

// Refresh gives new tokens for a refresh token. With rotate it is exchanged for
// a new one, otherwise the client keeps the one it has.
func (s *Service) Refresh(ctx context.Context, refresh string, rotate bool) (Tokens, error) {
	if refresh == "" || len(refresh) > maxToken {
		return Tokens{}, ErrToken
	}
	now := clock.Millis(s.Now())
	next := successor(s.refreshKey, refresh)
	turn := Turn{Hash: hashToken(refresh), Next: hashToken(next), Now: now, ExpiresAt: now.Add(sessionIdle), Latest: sessionLife}
	p, verdict, err := s.Store.Refresh(ctx, turn, func(p Presented) Verdict { return p.judge(rotate, now) })
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return Tokens{}, ErrToken
	case err != nil:
		return Tokens{}, err
	case verdict == Theft:
		s.Log.WarnContext(ctx, "a used refresh token came again; session ended", "user", p.User.ID, "session", p.Session.ID)
		return Tokens{}, ErrToken
	case verdict == Refuse:
		return Tokens{}, ErrToken
	case verdict == Stay:
		return s.tokens(p.Session, refresh)
	}
	return s.tokens(p.Session, next)
}

// Logout ends the session of the call. It closes its sockets too.
func (s *Service) Logout(ctx context.Context) error {
	who, err := From(ctx)
	if err != nil {
		return err
	}
	err = s.Store.Revoke(ctx, who.User, who.Session)
	if errors.Is(err, fault.ErrNotFound) {
		return nil // ended already
	}
	return err
}

// End ends the session of a refresh token, for callers whose access token is
// gone. An unknown one is ended already.
func (s *Service) End(ctx context.Context, refresh string) error {
	if refresh == "" || len(refresh) > maxToken {
		return nil
	}
	turn := Turn{Hash: hashToken(refresh), Now: clock.Millis(s.Now())}
	_, _, err := s.Store.Refresh(ctx, turn, func(Presented) Verdict { return Finish })
	if errors.Is(err, fault.ErrNotFound) {
		return nil
	}
	return err
}

// Sessions lists where the caller is signed in, the newest use first.
func (s *Service) Sessions(ctx context.Context) ([]Session, error) {
	who, err := From(ctx)
	if err != nil {
		return nil, err
	}
	return s.Store.SessionsOf(ctx, who.User)
}

// EndSession signs one of the caller's browsers out.
func (s *Service) EndSession(ctx context.Context, session string) error {
	who, err := From(ctx)
	if err != nil {
		return err
	}
	sid, err := id.Parse[id.Session](session)
	if err != nil {
		return err
	}
	return s.Store.Revoke(ctx, who.User, sid)
}

// EndOthers signs the caller out everywhere else and says in how many places.
func (s *Service) EndOthers(ctx context.Context) (int, error) {
	who, err := From(ctx)
	if err != nil {
		return 0, err
	}
	return s.Store.RevokeOthers(ctx, who.User, who.Session)
}

// Ticket makes a ticket that opens one socket within 30 seconds, for clients
// that can send neither cookie nor header. It is worth nothing elsewhere.
func (s *Service) Ticket(ctx context.Context) (Secret, time.Duration, error) {
	who, err := From(ctx)
	if err != nil {
		return "", 0, err
	}
	ticket := id.Token()
	err = s.Store.SaveOnce(ctx, Once{
		Hash: hashToken(ticket), Purpose: ForSocket, User: who.User, Session: who.Session,
		ExpiresAt: clock.Millis(s.Now()).Add(ticketTTL),
	})
	return Secret(ticket), ticketTTL, err
}

// RedeemTicket takes a ticket and says who brings it.
func (s *Service) RedeemTicket(ctx context.Context, ticket string) (Identity, error) {
	if ticket == "" || len(ticket) > maxToken {
		return Identity{}, ErrToken
	}
	t, err := s.Store.Spend(ctx, ForSocket, hashToken(ticket))
	if errors.Is(err, fault.ErrNotFound) {
		return Identity{}, ErrToken
	}
	if err != nil {
		return Identity{}, err
	}
	who, err := s.identity(ctx, t.Session)
	if err == nil && who.User != t.User {
		err = ErrToken
	}
	if err != nil {
		return Identity{}, err
	}
	return who, nil
}
