package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"watchparty/internal/access"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Letters that accounts cause.
const (
	LetterVerify  = "verify"
	LetterReset   = "reset"
	LetterChanged = "changed"
)

// Registration is what somebody fills in. Name and Username may be empty.
type Registration struct {
	Email     string
	Password  string
	Name      string
	FirstName string
	LastName  string
	Username  string
}

// Register makes an account and signs it in. The answer for a taken e-mail
// comes after the same work as success.
func (s *Service) Register(ctx context.Context, r Registration, from Client) (User, Tokens, error) {
	u, err := s.newUser(r)
	if err != nil {
		return User{}, Tokens{}, err
	}
	if u.Password, err = s.Hasher.Hash(ctx, r.Password); err != nil {
		return User{}, Tokens{}, err
	}
	open, tokens, err := s.opening(u.ID, from)
	if err != nil {
		return User{}, Tokens{}, err
	}
	if err := s.create(ctx, &u, r.Username != "", &open); err != nil {
		return User{}, Tokens{}, err
	}
	s.mail(ctx, LetterVerify, u.Email)
	return u, tokens, nil
}

// CreateAdmin makes an account that runs the site. It is for the command line:
// no call from outside leads here.
func (s *Service) CreateAdmin(ctx context.Context, email, password, name string) (User, error) {
	u, err := s.newUser(Registration{Email: email, Password: password, Name: name})
	if err != nil {
		return User{}, err
	}
	u.Site = access.Admin
	verified := u.CreatedAt
	u.VerifiedAt = &verified
	if u.Password, err = s.Hasher.Hash(ctx, password); err != nil {
		return User{}, err
	}
	return u, s.create(ctx, &u, false, nil)
}

// newUser checks a registration. The password is not hashed yet.
func (s *Service) newUser(r Registration) (u User, err error) {
	u = User{ID: id.New[id.User](), Site: access.User, CreatedAt: clock.Millis(s.Now()), Version: 1}
	if u.Email, err = cleanEmail(r.Email); err != nil {
		return u, err
	}
	if u.FirstName, err = cleanName("first_name", r.FirstName, MaxPart); err != nil {
		return u, err
	}
	if u.LastName, err = cleanName("last_name", r.LastName, MaxPart); err != nil {
		return u, err
	}
	u.Username = handleFrom(u.Email)
	if r.Username != "" {
		if u.Username, err = cleanUsername(r.Username); err != nil {
			return u, err
		}
	}
	if strings.TrimSpace(r.Name) == "" {
		r.Name = firstOf(strings.TrimSpace(u.FirstName+" "+u.LastName), u.Username)
	}
	if u.Name, err = requireName(r.Name); err != nil {
		return u, err
	}
	return u, checkPassword(r.Password, u.Email, u.FirstName, u.LastName, u.Name, u.Username)
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// handleTries bounds the search for a free handle. Each try draws from more.
const handleTries = 8

// create adds the person. A handle that was derived is changed until it is
// free; a chosen one is refused when it is taken.
func (s *Service) create(ctx context.Context, u *User, chosen bool, first *Opening) error {
	base := u.Username
	var err error
	for try := range handleTries {
		err = s.Store.Create(ctx, *u, first)
		if chosen || !errors.Is(err, ErrUsernameTaken) {
			return err
		}
		u.Username = base + digits(try+2)
	}
	return err
}

// digits draws n of them.
func digits(n int) string {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	v, err := rand.Int(rand.Reader, limit)
	if err != nil {
		return fmt.Sprintf("%0*d", n, 0) // cannot happen: the reader never fails
	}
	return fmt.Sprintf("%0*s", n, v.String())
}

// Guest lets somebody in with a display name only.
func (s *Service) Guest(ctx context.Context, name string, from Client) (User, Tokens, error) {
	name, err := requireName(name)
	if err != nil {
		return User{}, Tokens{}, err
	}
	u := User{
		ID: id.New[id.User](), Site: access.Guest, Name: name, Version: 1,
		Username: "guest-" + digits(10), CreatedAt: clock.Millis(s.Now()),
	}
	open, tokens, err := s.opening(u.ID, from)
	if err != nil {
		return User{}, Tokens{}, err
	}
	return u, tokens, s.create(ctx, &u, false, &open)
}

// Upgrade turns the calling guest into an account. The person keeps the id,
// and with it every seat, line and role; the session is a new one, so that
// nobody who knew the old one is signed in.
func (s *Service) Upgrade(ctx context.Context, r Registration, from Client) (User, Tokens, error) {
	who, err := From(ctx)
	if err != nil {
		return User{}, Tokens{}, err
	}
	old, err := s.Store.User(ctx, who.User)
	if err != nil {
		return User{}, Tokens{}, err
	}
	if old.Site != access.Guest {
		return User{}, Tokens{}, ErrNotGuest
	}
	r.Name = firstOf(strings.TrimSpace(r.Name), old.Name)
	u, err := s.newUser(r)
	if err != nil {
		return User{}, Tokens{}, err
	}
	u.ID, u.CreatedAt, u.Avatar = old.ID, old.CreatedAt, old.Avatar
	if u.Password, err = s.Hasher.Hash(ctx, r.Password); err != nil {
		return User{}, Tokens{}, err
	}
	open, tokens, err := s.opening(u.ID, from)
	if err != nil {
		return User{}, Tokens{}, err
	}
	base := u.Username
	for try := range handleTries {
		err = s.Store.Upgrade(ctx, u, who.Session, open)
		if r.Username != "" || !errors.Is(err, ErrUsernameTaken) {
			break
		}
		u.Username = base + digits(try+2)
	}
	if err != nil {
		return User{}, Tokens{}, err
	}
	u.Version = old.Version + 1
	s.mail(ctx, LetterVerify, u.Email)
	return u, tokens, nil
}

// Login signs in. An unknown e-mail, a wrong password and a closed account are
// one answer after the same work. The session that the call came by, if any,
// ends: what was known before the sign-in opens nothing after it.
func (s *Service) Login(ctx context.Context, email, password string, from Client) (User, Tokens, error) {
	var u User
	if email, err := cleanEmail(email); err == nil {
		if u, err = s.Store.ByEmail(ctx, email); err != nil && !errors.Is(err, fault.ErrNotFound) {
			return User{}, Tokens{}, err
		}
	}
	if len(password) > 4*MaxPassword {
		password = ""
	}
	ok, stale, err := s.Hasher.Verify(ctx, password, u.Password)
	switch {
	case err != nil:
		return User{}, Tokens{}, err
	case !ok || u.Disabled:
		return User{}, Tokens{}, ErrCredentials
	}
	if stale {
		s.rehash(ctx, u, password)
	}
	open, tokens, err := s.opening(u.ID, from)
	if err != nil {
		return User{}, Tokens{}, err
	}
	return u, tokens, s.Store.Open(ctx, open, Maybe(ctx).Session)
}

// rehash brings a hash to the present costs. Signing in does not depend on it.
func (s *Service) rehash(ctx context.Context, u User, password string) {
	hash, err := s.Hasher.Hash(ctx, password)
	if err == nil {
		err = s.Store.Rehash(ctx, u.ID, u.Password, hash)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "password hash stays as it was", "user", u.ID, "err", err)
	}
}

// mail asks for a letter. What the caller did stands without it: every letter
// can be asked for again.
func (s *Service) mail(ctx context.Context, letter, email string) {
	if s.Later == nil {
		return
	}
	if err := s.Later(ctx, Mail{Letter: letter, Email: email}); err != nil {
		s.Log.WarnContext(ctx, "letter not queued", "letter", letter, "err", err)
	}
}
