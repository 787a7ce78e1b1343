package account

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Me is the caller.
func (s *Service) Me(ctx context.Context) (User, error) {
	who, err := From(ctx)
	if err != nil {
		return User{}, err
	}
	return s.Store.User(ctx, who.User)
}

// Changes are those of a profile; nil stays.
type Changes struct {
	Name      *string
	FirstName *string
	LastName  *string
	Username  *string
	Avatar    *string
}

// picture is a path of our own media, so that a profile cannot make others'
// browsers call elsewhere.
var picture = regexp.MustCompile(`^/media/[A-Za-z0-9/_.-]{1,200}$`)

// Edit changes the caller's profile. version is the one that the caller saw;
// 0 edits whatever is there.
func (s *Service) Edit(ctx context.Context, c Changes, version int) (User, error) {
	u, err := s.Me(ctx)
	if err != nil {
		return User{}, err
	}
	if version != 0 && version != u.Version {
		return User{}, fault.ErrStale
	}
	if u, err = c.apply(u); err != nil {
		return User{}, err
	}
	u.Version, err = s.Store.SaveProfile(ctx, u)
	return u, err
}

func (c Changes) apply(u User) (_ User, err error) {
	if c.Name != nil {
		if u.Name, err = requireName(*c.Name); err != nil {
			return u, err
		}
	}
	if c.FirstName != nil {
		if u.FirstName, err = cleanName("first_name", *c.FirstName, MaxPart); err != nil {
			return u, err
		}
	}
	if c.LastName != nil {
		if u.LastName, err = cleanName("last_name", *c.LastName, MaxPart); err != nil {
			return u, err
		}
	}
	if c.Username != nil {
		if u.Site == access.Guest {
			return u, fault.ErrForbidden.Saying("Make an account to choose a username.")
		}
		if u.Username, err = cleanUsername(*c.Username); err != nil {
			return u, err
		}
	}
	if c.Avatar != nil {
		if *c.Avatar != "" && !picture.MatchString(*c.Avatar) {
			return u, fault.ErrInvalid.At("avatar", "Use a picture that was uploaded here.")
		}
		u.Avatar = *c.Avatar
	}
	return u, nil
}

// ChangePassword sets a new password and signs the caller's other browsers out.
func (s *Service) ChangePassword(ctx context.Context, old, password string) error {
	u, err := s.Me(ctx)
	if err != nil {
		return err
	}
	ok, _, err := s.Hasher.Verify(ctx, old, u.Password)
	if err != nil {
		return err
	}
	if !ok {
		return ErrBadPassword.At("old_password", ErrBadPassword.Detail)
	}
	hash, err := s.newHash(ctx, u, password)
	if err != nil {
		return err
	}
	if err := s.Store.SetPassword(ctx, u.ID, hash, Maybe(ctx).Session); err != nil {
		return err
	}
	s.mail(ctx, LetterChanged, u.Email)
	return nil
}

func (s *Service) newHash(ctx context.Context, u User, password string) (Secret, error) {
	if err := checkPassword(password, u.Email, u.FirstName, u.LastName, u.Name, u.Username); err != nil {
		var f *fault.Fault
		if errors.As(err, &f) {
			err = ErrWeak.Saying(f.Detail).At("new_password", f.Detail)
		}
		return "", err
	}
	return s.Hasher.Hash(ctx, password)
}

// Forgot has a reset link sent, if there is such an account. It looks nothing
// up, so neither the answer nor its time tells.
func (s *Service) Forgot(ctx context.Context, email string) error {
	return s.ask(ctx, LetterReset, email)
}

// Resend has a verification link sent, as Forgot does. Without an e-mail it is
// the caller's.
func (s *Service) Resend(ctx context.Context, email string) error {
	if email == "" {
		u, err := s.Me(ctx)
		if err != nil {
			return fault.ErrInvalid.At("email", "Enter your e-mail address.")
		}
		email = u.Email
	}
	return s.ask(ctx, LetterVerify, email)
}

func (s *Service) ask(ctx context.Context, letter, email string) error {
	email, err := cleanEmail(email)
	if err != nil {
		return err
	}
	s.mail(ctx, letter, email)
	return nil
}

// ResetPassword sets the password by a link from a mail, and signs every
// browser out. Whoever has the link reads the mail: the address is verified.
func (s *Service) ResetPassword(ctx context.Context, token, password string) error {
	// Names are not known before the token is spent, and it must not be spent by
	// a password that is refused.
	hash, err := s.newHash(ctx, User{}, password)
	if err != nil {
		return err
	}
	u, err := s.Store.Reset(ctx, hashToken(token), hash)
	if errors.Is(err, fault.ErrNotFound) {
		return ErrLink.At("token", ErrLink.Detail)
	}
	if err != nil {
		return err
	}
	s.mail(ctx, LetterChanged, u.Email)
	return nil
}

// VerifyEmail takes a link from a mail.
func (s *Service) VerifyEmail(ctx context.Context, token string) error {
	err := s.Store.Verify(ctx, hashToken(token))
	if errors.Is(err, fault.ErrNotFound) {
		return ErrLink.At("token", ErrLink.Detail)
	}
	return err
}

// How long the links of letters work.
const (
	resetTTL  = time.Hour
	verifyTTL = 48 * time.Hour
)

// Deliver writes and sends a letter that was asked for. The link's token is
// made here, so that none waits in a queue. No account, no letter.
func (s *Service) Deliver(ctx context.Context, m Mail) error {
	u, err := s.Store.ByEmail(ctx, m.Email)
	if errors.Is(err, fault.ErrNotFound) || err == nil && u.Disabled {
		return nil
	}
	if err != nil {
		return err
	}
	link := ""
	switch m.Letter {
	case LetterVerify:
		if u.VerifiedAt != nil {
			return nil
		}
		link, err = s.link(ctx, u, ForVerify, "/verify", verifyTTL)
	case LetterReset:
		link, err = s.link(ctx, u, ForReset, "/reset", resetTTL)
	}
	if err != nil {
		return err
	}
	return s.Post.Send(ctx, m.Letter, u.Email, u.Name, link)
}

// link makes a link that works once. Its host is always the configured one.
func (s *Service) link(ctx context.Context, u User, p Purpose, path string, life time.Duration) (string, error) {
	token := id.Token()
	err := s.Store.SaveOnce(ctx, Once{
		Hash: hashToken(token), Purpose: p, User: u.ID, Email: u.Email,
		ExpiresAt: clock.Millis(s.Now()).Add(life),
	})
	return s.PublicURL + path + "?token=" + url.QueryEscape(token), err
}
