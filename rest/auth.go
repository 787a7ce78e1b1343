package rest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
)

// AccountService is what people can do with their own accounts;
// *account.Service has it.
type AccountService interface {
	Register(ctx context.Context, r account.Registration, from account.Client) (account.User, account.Tokens, error)
	Login(ctx context.Context, email, password string, from account.Client) (account.User, account.Tokens, error)
	Guest(ctx context.Context, name string, from account.Client) (account.User, account.Tokens, error)
	Upgrade(ctx context.Context, r account.Registration, from account.Client) (account.User, account.Tokens, error)
	Refresh(ctx context.Context, refresh string, rotate bool) (account.Tokens, error)
	Logout(ctx context.Context) error
	End(ctx context.Context, refresh string) error
	sessionService
	profileService
}

// What a stranger may do in a while. Those with a person's key count for all
// addresses together.
var (
	rateRegister = Rate{30, 10 * time.Minute}
	rateGuest    = Rate{60, time.Minute}
	rateLogin    = Rate{30, time.Minute}
	rateAccount  = Rate{10, time.Minute}
	rateRefresh  = Rate{120, time.Minute}
	rateMail     = Rate{10, time.Minute}
	rateMailbox  = Rate{5, time.Hour}
	rateLink     = Rate{20, time.Minute}
)

// Me is the caller's own profile.
type Me struct {
	wire.User
	Email           *string   `json:"email" doc:"Null for guests."`
	IsEmailVerified bool      `json:"is_email_verified"`
	Role            string    `json:"role" enum:"guest,user,agent,admin"`
	IsStaff         bool      `json:"is_staff" doc:"Agents and admins."`
	DateJoined      wire.Time `json:"date_joined"`
}

func userOut(u account.User) wire.User {
	return wire.User{
		ID: u.ID, Username: u.Username, Name: u.Name, FirstName: u.FirstName, LastName: u.LastName,
		Avatar: u.Avatar, IsGuest: u.Site == access.Guest,
	}
}

func meOut(u account.User) Me {
	me := Me{
		User: userOut(u), IsEmailVerified: u.VerifiedAt != nil, Role: u.Site.String(),
		IsStaff: u.Site >= access.Agent, DateJoined: wire.Time(u.CreatedAt),
	}
	if u.Email != "" {
		me.Email = &u.Email
	}
	return me
}

// TokenBody is what a client that keeps tokens itself gets, under the names
// that existing clients read.
type TokenBody struct {
	Success      bool   `json:"success"`
	Access       string `json:"access" doc:"Access token."`
	AccessToken  string `json:"access_token" doc:"The same."`
	Refresh      string `json:"refresh" doc:"Refresh token."`
	RefreshToken string `json:"refresh_token" doc:"The same."`
	ExpiresIn    int    `json:"expires_in" doc:"Seconds that the access token works."`
}

// SignedIn is the answer to whoever entered.
type SignedIn struct {
	TokenBody
	User Me `json:"user"`
}

// entered sets the cookies of a session and shows its tokens.
type entered[T any] struct {
	SetCookie []string `header:"Set-Cookie"`
	Body      T
}

func tokenBody(t account.Tokens) TokenBody {
	return TokenBody{
		Success: true, Access: string(t.Access), AccessToken: string(t.Access),
		Refresh: string(t.Refresh), RefreshToken: string(t.Refresh), ExpiresIn: int(t.AccessTTL.Seconds()),
	}
}

// refreshPath is where browsers send the refresh token, and nowhere else.
const refreshPath = "/api/auth/"

func (a *API) cookies(t account.Tokens) []string {
	return []string{
		a.cookie(accessCookie, string(t.Access), "/", t.AccessTTL).String(),
		a.cookie(refreshCookie, string(t.Refresh), refreshPath, t.RefreshTTL).String(),
	}
}

// noCookies takes both cookies away.
func (a *API) noCookies() []string {
	return []string{
		a.cookie(accessCookie, "", "/", -time.Second).String(),
		a.cookie(refreshCookie, "", refreshPath, -time.Second).String(),
	}
}

func (a *API) signedIn(u account.User, t account.Tokens, err error) (*entered[SignedIn], error) {
	if err != nil {
		return nil, err
	}
	return &entered[SignedIn]{SetCookie: a.cookies(t), Body: SignedIn{tokenBody(t), meOut(u)}}, nil
}

func clientOf(ctx context.Context) account.Client {
	c := callOf(ctx)
	return account.Client{UserAgent: c.agent, IP: c.ip}
}

// boxKey names a mailbox for a limit without showing it.
func boxKey(use, email string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(email))))
	return use + ":" + hex.EncodeToString(sum[:8])
}

// Registration is what one fills in to get an account.
type Registration struct {
	Email           string  `json:"email" maxLength:"254"`
	Password        string  `json:"password" maxLength:"512"`
	ConfirmPassword *string `json:"confirm_password,omitempty" maxLength:"512" doc:"Compared when it is there."`
	FirstName       string  `json:"first_name,omitempty" maxLength:"150"`
	LastName        string  `json:"last_name,omitempty" maxLength:"150"`
	Name            string  `json:"name,omitempty" maxLength:"120" doc:"What others see; made from the other names when left out."`
	Username        string  `json:"username,omitempty" maxLength:"60" doc:"Made from the e-mail when left out."`
}

func (r Registration) registration() (account.Registration, error) {
	out := account.Registration{
		Email: r.Email, Password: r.Password, FirstName: r.FirstName, LastName: r.LastName, Name: r.Name, Username: r.Username,
	}
	return out, confirmed(r.Password, r.ConfirmPassword)
}

func confirmed(password string, again *string) error {
	if again != nil && *again != password {
		const text = "The two passwords are not the same."
		return fault.ErrInvalid.Saying(text).At("confirm_password", text)
	}
	return nil
}

type registerIn struct{ Body Registration }

type loginIn struct {
	Body struct {
		Email    string `json:"email" maxLength:"254"`
		Password string `json:"password" maxLength:"512"`
	}
}

type guestIn struct {
	Body struct {
		Name string `json:"name" maxLength:"120"`
	}
}

// refreshIn carries a refresh token by either way.
type refreshIn struct {
	Cookie string `cookie:"refresh_token"`
	Body   *struct {
		Refresh      string `json:"refresh,omitempty" maxLength:"2048"`
		RefreshToken string `json:"refresh_token,omitempty" maxLength:"2048"`
	} `required:"false"`
}

// token is the refresh token, and whether a browser keeps it. One in the body
// is there on purpose and counts before the cookie.
func (in *refreshIn) token() (token string, cookie bool) {
	if in.Body != nil {
		if token = in.Body.Refresh; token == "" {
			token = in.Body.RefreshToken
		}
	}
	if token != "" {
		return token, false
	}
	return in.Cookie, true
}

// Accounts serves entering and leaving, sessions, profiles and passwords.
func Accounts(svc AccountService) Feature {
	return func(a *API) {
		enterOps(a, svc)
		leaveOps(a, svc)
		sessionOps(a, svc)
		profileOps(a, svc)
		passwordOps(a, svc)
	}
}

func authOp(path, name, doc string, needs access.Action) Op {
	return Op{Method: http.MethodPost, Path: "/api/auth/" + path, ID: name, Tag: "auth", Doc: doc, Needs: needs}
}

func enterOps(a *API, svc AccountService) {
	o := authOp("register/", "auth-register", "Make an account and sign in.", access.AuthEnter)
	o.Status, o.Secret, o.PerIP = http.StatusCreated, true, rateRegister
	op(a, o, func(ctx context.Context, in *registerIn) (*entered[SignedIn], error) {
		r, err := in.Body.registration()
		if err != nil {
			return nil, err
		}
		return a.signedIn(svc.Register(ctx, r, clientOf(ctx)))
	})

	o = authOp("login/", "auth-login", "Sign in with e-mail and password.", access.AuthEnter)
	o.Secret, o.PerIP = true, rateLogin
	op(a, o, func(ctx context.Context, in *loginIn) (*entered[SignedIn], error) {
		if err := a.limited(ctx, boxKey("login", in.Body.Email), rateAccount); err != nil {
			return nil, err
		}
		return a.signedIn(svc.Login(ctx, in.Body.Email, in.Body.Password, clientOf(ctx)))
	})

	o = authOp("guest/", "auth-guest", "Enter with a display name, without an account.", access.AuthEnter)
	o.Status, o.Secret, o.PerIP = http.StatusCreated, true, rateGuest
	op(a, o, func(ctx context.Context, in *guestIn) (*entered[SignedIn], error) {
		return a.signedIn(svc.Guest(ctx, in.Body.Name, clientOf(ctx)))
	})

	o = authOp("upgrade/", "auth-upgrade", "Turn the guest into an account; everything stays his.", access.AccountMake)
	o.Secret, o.PerIP = true, rateRegister
	op(a, o, func(ctx context.Context, in *registerIn) (*entered[SignedIn], error) {
		r, err := in.Body.registration()
		if err != nil {
			return nil, err
		}
		return a.signedIn(svc.Upgrade(ctx, r, clientOf(ctx)))
	})
}

func leaveOps(a *API, svc AccountService) {
	o := authOp("refresh/", "auth-refresh",
		"Get a new access token. A refresh token in the cookie is exchanged, one in the body stays.", access.AuthEnter)
	o.Secret, o.PerIP = true, rateRefresh
	op(a, o, func(ctx context.Context, in *refreshIn) (*entered[TokenBody], error) {
		token, rotate := in.token()
		t, err := svc.Refresh(ctx, token, rotate)
		if err != nil {
			if rotate && fault.Of(err).Kind == fault.Unauthenticated {
				callOf(ctx).set = a.noCookies()
			}
			return nil, err
		}
		return &entered[TokenBody]{SetCookie: a.cookies(t), Body: tokenBody(t)}, nil
	})

	// Whoever wants to leave can, also with an access token that has run out.
	o = authOp("logout/", "auth-logout", "Sign out.", access.AuthEnter)
	op(a, o, func(ctx context.Context, in *refreshIn) (*entered[Done], error) {
		var err error
		if account.Maybe(ctx).User != "" {
			err = svc.Logout(ctx)
		} else {
			token, _ := in.token()
			err = svc.End(ctx, token)
		}
		if err != nil {
			return nil, err
		}
		return &entered[Done]{SetCookie: a.noCookies(), Body: Done{true, "You are signed out."}}, nil
	})
}
