package rest

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
)

const (
	accessCookie  = "access_token"
	refreshCookie = "refresh_token"
)

// authenticate finds out who calls: by Authorization, else by cookie. A
// credential that is not good is remembered, not refused: signing in must work
// with a dead cookie.
func (a *API) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		k := callOf(r.Context())
		token, byHeader := bearer(r)
		if !byHeader {
			token = cookieValue(r, accessCookie)
			k.cookie = token != ""
		}
		if a.cfg.Auth == nil || token == "" && !byHeader {
			return next(c)
		}
		who, err := a.cfg.Auth.Authenticate(r.Context(), token)
		if err != nil {
			k.bad = err
			return next(c)
		}
		c.SetRequest(r.WithContext(account.With(r.Context(), who)))
		return next(c)
	}
}

// bearer reads the Authorization header. Any other scheme is a bad token, not
// a missing one.
func bearer(r *http.Request) (token string, given bool) {
	h := r.Header.Get("Authorization")
	if h == "" {
		return "", false
	}
	scheme, token, _ := strings.Cut(h, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", true
	}
	return strings.TrimSpace(token), true
}

func cookieValue(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// enter decides whether a call may reach the operation at all.
func (a *API) enter(r *http.Request, o Op, rule access.Rule) error {
	ctx := r.Context()
	k := callOf(ctx)
	who := account.Maybe(ctx)
	if k.bad != nil && o.Needs != access.AuthEnter && o.Needs != access.SiteRead {
		return k.bad
	}
	if err := a.sameSite(r, o, k); err != nil {
		return err
	}
	if err := a.limited(ctx, "ip:"+o.ID+":"+k.ip, o.PerIP); err != nil {
		return err
	}
	// Standing in a party is the party's service's question: here the caller
	// passes for whoever may do most.
	return access.Check(who.Site, access.Host, rule.Action, nil)
}

// sameSite refuses what another site's page made the browser send. A call that
// brings its own token in a header cannot be made by another page.
func (a *API) sameSite(r *http.Request, o Op, k *call) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if _, ok := bearer(r); ok {
		return nil
	}
	cookies := k.cookie || cookieValue(r, refreshCookie) != ""
	switch ours, known := a.ourPage(r); {
	case !known && cookies, known && !ours && (cookies || o.Needs == access.AuthEnter):
		return errCSRF
	}
	return nil
}

// ourPage says whether the call comes from a page of ours, as far as the
// browser says so.
func (a *API) ourPage(r *http.Request) (ours, known bool) {
	origin := r.Header.Get("Origin")
	if origin != "" && slices.Contains(a.cfg.Origins, origin) {
		return true, true
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "same-origin", "none":
		return true, true
	case "":
	default:
		return false, true
	}
	if origin == "" {
		return false, false
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false, true
	}
	return u.Host == r.Host || origin == a.cfg.PublicURL, true
}

// guard runs before huma: who calls, what came with it, how long it may take.
func (a *API) guard(o Op, rule access.Rule) func(huma.Context, func(huma.Context)) {
	timeout := o.Takes
	if timeout == 0 {
		timeout = callTimeout
	}
	return func(hc huma.Context, next func(huma.Context)) {
		c := humaecho.Unwrap(hc)
		if err := a.enter(c.Request(), o, rule); err != nil {
			a.refuse(c, err)
			return
		}
		body, err := readBody(c, o)
		if err != nil {
			a.refuse(c, err)
			return
		}
		if timeout > 0 {
			ctx, cancel := context.WithTimeout(hc.Context(), timeout)
			defer cancel()
			hc = huma.WithContext(hc, ctx)
		}
		a.once(&readCall{hc, body}, o, next)
	}
}

// refuse answers a call that did not get to its operation. A dead cookie is
// taken away, so that the next call is simply that of a stranger.
func (a *API) refuse(c echo.Context, err error) {
	k := callOf(c.Request().Context())
	if fault.Of(err).Kind == fault.Unauthenticated && k.cookie {
		k.set = append(k.set, a.cookie(accessCookie, "", "/", -time.Second).String())
	}
	a.refused(c.Request().Context(), err).write(c.Response())
}

// cookie makes one of the two cookies. A negative life takes it away.
func (a *API) cookie(name, value, path string, life time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: name, Value: value, Path: path, MaxAge: int(life.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: a.public.Scheme == "https",
	}
	return c
}
