package rest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// call is what the face knows about one request beside its caller.
type call struct {
	id     string
	ip     string
	agent  string
	base   string // scheme and host for addresses in answers
	path   string
	query  url.Values
	code   string   // of the fault that it was answered with
	cookie bool     // the caller came by a cookie, which browsers add by themselves
	bad    error    // why a credential that came with it was refused
	set    []string // cookies that a refusal sets
}

type callKey struct{}

// callOf finds the call. Outside of one it is empty, so that documents can be
// made without a request.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// middleware is the order in which every request passes.
func (a *API) middleware() {
	a.echo.Pre(slash)
	a.echo.Use(a.begin, a.recovered, a.headers, a.cors, a.authenticate)
}

// slash adds the slash that paths of the API end in. Nothing is redirected: a
// client that left it out must not lose its body.
func slash(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u := c.Request().URL
		if strings.HasPrefix(u.Path, "/api/") && !strings.HasSuffix(u.Path, "/") {
			u.Path += "/"
			if u.RawPath != "" {
				u.RawPath += "/"
			}
		}
		return next(c)
	}
}

// begin names the request, and tells of it when it is over. The log has the
// route's pattern and never the path or the query, which may hold secrets.
func (a *API) begin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		start := a.cfg.Now()
		k := &call{
			id: string(id.New[id.Fact]()), ip: c.RealIP(), agent: clip(r.UserAgent(), maxAgent),
			base: a.cfg.PublicURL, path: r.URL.Path, query: r.URL.Query(),
		}
		c.SetRequest(r.WithContext(context.WithValue(r.Context(), callKey{}, k)))
		c.Response().Header().Set("X-Request-Id", k.id)
		if err := next(c); err != nil {
			c.Error(err)
		}
		took := a.cfg.Now().Sub(start)
		route := c.Path()
		if route == "" {
			route = "none"
		}
		who := account.Maybe(c.Request().Context())
		a.log.LogAttrs(r.Context(), slog.LevelInfo, "request",
			slog.String("request", k.id), slog.String("method", r.Method), slog.String("route", route),
			slog.Int("status", c.Response().Status), slog.Int64("bytes", c.Response().Size),
			slog.Duration("took", took), slog.String("ip", k.ip), slog.String("user", string(who.User)),
			slog.String("code", k.code))
		if a.cfg.Observe != nil {
			a.cfg.Observe(Seen{Method: r.Method, Route: route, Status: c.Response().Status, Code: k.code, Took: took})
		}
		return nil
	}
}

// maxAgent bounds what is kept of a client's name for itself.
const maxAgent = 200

func clip(s string, n int) string {
	s = strings.ToValidUTF8(s, "")
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// recovered answers a panic like any fault of ours. The stack is for the log.
func (a *API) recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if e, ok := p.(error); ok && errors.Is(e, http.ErrAbortHandler) {
				panic(p)
			}
			ctx := c.Request().Context()
			a.log.ErrorContext(ctx, "panic", "request", callOf(ctx).id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fault.ErrInternal
		}()
		return next(c)
	}
}

// headers are those that every answer has, also a refused one.
func (a *API) headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		if a.public.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// cors lets the listed origins call with credentials, and nobody else.
func (a *API) cors(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, h := c.Request(), c.Response().Header()
		h.Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		if origin == "" || !slices.Contains(a.cfg.Origins, origin) {
			return next(c)
		}
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("Access-Control-Expose-Headers", "ETag, Retry-After, Location, X-Request-Id, Upload-Offset, Upload-Length, Tus-Resumable")
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			return next(c)
		}
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Range, If-Match, Idempotency-Key, "+
			"Upload-Offset, Upload-Length, Upload-Metadata, Tus-Resumable")
		h.Set("Access-Control-Max-Age", "600")
		return c.NoContent(http.StatusNoContent)
	}
}

// ipExtractor believes X-Forwarded-For only from the listed proxies.
func ipExtractor(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	opts := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		p = p.Masked()
		opts = append(opts, echo.TrustIPRange(&net.IPNet{
			IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(opts...)
}
