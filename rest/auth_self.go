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

// sessionService is what people can do with their sessions.
type sessionService interface {
	Sessions(ctx context.Context) ([]account.Session, error)
	EndSession(ctx context.Context, session string) error
	EndOthers(ctx context.Context) (int, error)
	Ticket(ctx context.Context) (account.Secret, time.Duration, error)
}

// profileService is what people can do with profile and password.
type profileService interface {
	Me(ctx context.Context) (account.User, error)
	Edit(ctx context.Context, c account.Changes, version int) (account.User, error)
	ChangePassword(ctx context.Context, old, password string) error
	Forgot(ctx context.Context, email string) error
	Resend(ctx context.Context, email string) error
	ResetPassword(ctx context.Context, token, password string) error
	VerifyEmail(ctx context.Context, token string) error
}

// SessionItem is one place where the caller is signed in.
type SessionItem struct {
	ID        id.Session `json:"id" format:"uuid"`
	Current   bool       `json:"current" doc:"The one that asks."`
	CreatedAt wire.Time  `json:"created_at"`
	LastSeen  wire.Time  `json:"last_seen"`
	UserAgent string     `json:"user_agent"`
	IP        string     `json:"ip"`
}

// TicketBody is a ticket for one socket.
type TicketBody struct {
	Success   bool   `json:"success"`
	Ticket    string `json:"ticket" doc:"For /ws?ticket=, once."`
	Token     string `json:"token" doc:"The same."`
	ExpiresIn int    `json:"expires_in" doc:"Seconds."`
}

// EndedBody says how many sessions ended.
type EndedBody struct {
	Success bool `json:"success"`
	Count   int  `json:"count"`
}

type sessionIn struct {
	ID string `path:"session_id"`
}

func sessionOps(a *API, svc sessionService) {
	o := authOp("sessions/", "auth-sessions", "List where one is signed in.", access.SessionUse)
	o.Method = http.MethodGet
	op(a, o, func(ctx context.Context, _ *None) (*Answer[List[SessionItem]], error) {
		all, err := svc.Sessions(ctx)
		if err != nil {
			return nil, err
		}
		items := make([]SessionItem, len(all))
		for i, s := range all {
			items[i] = SessionItem{
				ID: s.ID, Current: s.ID == account.Maybe(ctx).Session, CreatedAt: wire.Time(s.CreatedAt),
				LastSeen: wire.Time(s.LastSeen), UserAgent: s.UserAgent, IP: s.IP,
			}
		}
		return answer(List[SessionItem]{Count: len(items), Results: items}), nil
	})

	o = authOp("sessions/{session_id}/", "auth-session-end", "Sign one browser out.", access.SessionUse)
	o.Method = http.MethodDelete
	op(a, o, func(ctx context.Context, in *sessionIn) (*None, error) { return nil, svc.EndSession(ctx, in.ID) })

	o = authOp("sessions/", "auth-sessions-end", "Sign out everywhere else.", access.SessionUse)
	o.Method = http.MethodDelete
	op(a, o, func(ctx context.Context, _ *None) (*Answer[EndedBody], error) {
		n, err := svc.EndOthers(ctx)
		return answer(EndedBody{true, n}), err
	})

	o = authOp("ticket/", "auth-ticket", "Get a ticket that opens one socket within 30 seconds.", access.SessionUse)
	o.Secret, o.Also = true, []string{"GET /api/auth/ws-token/"}
	op(a, o, func(ctx context.Context, _ *None) (*Answer[TicketBody], error) {
		ticket, life, err := svc.Ticket(ctx)
		return answer(TicketBody{true, string(ticket), string(ticket), int(life.Seconds())}), err
	})
}

type profileIn struct {
	IfMatch
	Body struct {
		Name      *string `json:"name,omitempty" maxLength:"120"`
		FirstName *string `json:"first_name,omitempty" maxLength:"150"`
		LastName  *string `json:"last_name,omitempty" maxLength:"150"`
		Username  *string `json:"username,omitempty" maxLength:"60"`
		Avatar    *string `json:"avatar,omitempty" maxLength:"300" doc:"Path of a picture that was uploaded here, or empty."`
	}
}

func profileOps(a *API, svc profileService) {
	o := authOp("profile/", "auth-profile", "Read one's own profile.", access.ProfileRead)
	o.Method = http.MethodGet
	op(a, o, func(ctx context.Context, _ *None) (*Answer[Me], error) {
		u, err := svc.Me(ctx)
		return answerAt(u.Version, meOut(u)), err
	})

	o = authOp("profile/", "auth-profile-edit", "Change one's own profile.", access.ProfileWrite)
	o.Method, o.Also = http.MethodPatch, []string{"PUT /api/auth/profile/"}
	op(a, o, func(ctx context.Context, in *profileIn) (*Answer[Me], error) {
		version, err := in.Version()
		if err != nil {
			return nil, err
		}
		b := in.Body
		u, err := svc.Edit(ctx, account.Changes{
			Name: b.Name, FirstName: b.FirstName, LastName: b.LastName, Username: b.Username, Avatar: b.Avatar,
		}, version)
		return answerAt(u.Version, meOut(u)), err
	})
}

type changeIn struct {
	Body struct {
		Old     string  `json:"old_password" maxLength:"512"`
		New     string  `json:"new_password" maxLength:"512"`
		Confirm *string `json:"confirm_password,omitempty" maxLength:"512"`
	}
}

type resetIn struct {
	Body struct {
		Token   string  `json:"token" maxLength:"200"`
		New     string  `json:"new_password" maxLength:"512"`
		Confirm *string `json:"confirm_password,omitempty" maxLength:"512"`
	}
}

type emailIn struct {
	Body struct {
		Email string `json:"email" maxLength:"254"`
	}
}

type resendIn struct {
	Body *struct {
		Email string `json:"email,omitempty" maxLength:"254"`
	} `required:"false"`
}

type linkIn struct {
	Body struct {
		Token string `json:"token" maxLength:"200"`
	}
}

func passwordOps(a *API, svc profileService) {
	o := authOp("change-password/", "auth-change-password", "Change one's password; other browsers are signed out.", access.PasswordSet)
	op(a, o, func(ctx context.Context, in *changeIn) (*Answer[Done], error) {
		if err := confirmed(in.Body.New, in.Body.Confirm); err != nil {
			return nil, err
		}
		if err := a.limited(ctx, "password:"+string(account.Maybe(ctx).User), rateAccount); err != nil {
			return nil, err
		}
		return done("Your password is changed."), svc.ChangePassword(ctx, in.Body.Old, in.Body.New)
	})

	o = authOp("forgot-password/", "auth-forgot-password", "Have a link sent that sets a new password.", access.AuthEnter)
	o.PerIP = rateMail
	op(a, o, func(ctx context.Context, in *emailIn) (*Answer[Done], error) {
		if err := a.limited(ctx, boxKey("mail", in.Body.Email), rateMailbox); err != nil {
			return nil, err
		}
		return done("If there is an account with this e-mail, a link is on its way."), svc.Forgot(ctx, in.Body.Email)
	})

	o = authOp("reset-password/", "auth-reset-password", "Set a new password by the link; every browser is signed out.", access.AuthEnter)
	o.PerIP = rateLink
	op(a, o, func(ctx context.Context, in *resetIn) (*Answer[Done], error) {
		if err := confirmed(in.Body.New, in.Body.Confirm); err != nil {
			return nil, err
		}
		return done("Your password is set; sign in with it."), svc.ResetPassword(ctx, in.Body.Token, in.Body.New)
	})

	o = authOp("verify-email/", "auth-verify-email", "Confirm an e-mail address by the link.", access.AuthEnter)
	o.PerIP = rateLink
	op(a, o, func(ctx context.Context, in *linkIn) (*Answer[Done], error) {
		return done("Your e-mail address is confirmed."), svc.VerifyEmail(ctx, in.Body.Token)
	})

	o = authOp("resend-verification/", "auth-resend-verification", "Have the confirming link sent again.", access.AuthEnter)
	o.PerIP = rateMail
	op(a, o, func(ctx context.Context, in *resendIn) (*Answer[Done], error) {
		email := ""
		if in.Body != nil {
			email = in.Body.Email
		}
		key := email
		if key == "" {
			key = string(account.Maybe(ctx).User)
		}
		if err := a.limited(ctx, boxKey("mail", key), rateMailbox); err != nil {
			return nil, err
		}
		return done("If this address waits to be confirmed, a link is on its way."), svc.Resend(ctx, email)
	})
}
