// Package rest is the HTTP face: Echo routes, huma parses and documents, and
// every operation is parse, one call, shape. It holds no rules.
//
// A feature's file declares the interface it needs, its inputs and outputs, and
// an exported function that returns a Feature:
//
//	func Parties(svc PartyService) Feature {
//		return func(a *API) {
//			op(a, Op{Method: "POST", Path: "/api/parties/", ID: "party-create", Tag: "parties",
//				Doc: "Create a party.", Needs: access.PartyCreate, Status: 201},
//				func(ctx context.Context, in *createIn) (*Answer[wire.Party], error) { ... })
//		}
//	}
//
// A Feature is also called with a nil service, to write the OpenAPI document:
// it must not touch the service before a request comes. Add a new feature to
// the list in openapi.go.
package rest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Authenticator turns an access token into the person who holds it.
type Authenticator interface {
	Authenticate(ctx context.Context, access string) (account.Identity, error)
}

// Limiter says whether one more call under key keeps within n calls per span,
// and otherwise when to come back.
type Limiter interface {
	Allow(ctx context.Context, key string, n int, per time.Duration) (ok bool, retryAfter time.Duration)
}

// Replies remembers the answers to calls that carry an Idempotency-Key.
type Replies interface {
	// Claim takes a key. With first it is the caller's to run; otherwise kept is
	// what was kept under it, with Status 0 while the first call still runs.
	Claim(ctx context.Context, who id.User, key, fingerprint string) (kept account.Reply, first bool, err error)
	// Keep stores the answer.
	Keep(ctx context.Context, who id.User, key string, r account.Reply) error
	// Drop forgets a claim whose call failed and may be tried again.
	Drop(ctx context.Context, who id.User, key string) error
}

// Seen tells what became of one request, for metrics.
type Seen struct {
	Method string
	Route  string // the pattern, never the path: paths may hold secrets
	Status int
	Code   string // of the fault, or empty
	Took   time.Duration
}

// Config says what the face works with.
type Config struct {
	Features       []Feature
	Auth           Authenticator
	Limiter        Limiter // nil: no limits
	Replies        Replies // nil: Idempotency-Key is ignored
	PublicURL      string  // scheme and host that people type, without a slash at the end
	Origins        []string
	TrustedProxies []netip.Prefix
	Now            clock.Now
	Log            *slog.Logger
	Observe        func(Seen)
}

// Feature puts the operations of one feature on the API.
type Feature func(*API)

// API is the face while it is put together. Features use op and raw.
type API struct {
	huma   huma.API
	echo   *echo.Echo
	cfg    Config
	public *url.URL
	log    *slog.Logger
	seen   map[string]bool
	errs   []error
}

// New puts the face together. It fails when an operation has no line in the
// access table.
func New(cfg Config) (http.Handler, error) {
	a, err := build(cfg)
	if err != nil {
		return nil, err
	}
	return a.echo, nil
}

func build(cfg Config) (a *API, err error) {
	a = &API{echo: echo.New(), cfg: cfg, log: cfg.Log, seen: map[string]bool{}}
	if a.public, err = url.Parse(cfg.PublicURL); err != nil {
		return nil, fmt.Errorf("public-url: %w", err)
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.cfg.Now == nil {
		a.cfg.Now = clock.System
	}
	a.echo.HideBanner, a.echo.HidePort = true, true
	a.echo.HTTPErrorHandler = a.echoFault
	a.echo.IPExtractor = ipExtractor(cfg.TrustedProxies)
	a.middleware()
	a.huma = humaecho.New(a.echo, humaConfig())
	// huma panics on what it cannot describe; that is a reason not to start.
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(fmt.Errorf("rest: %v", p), errors.Join(a.errs...))
		}
	}()
	for _, f := range cfg.Features {
		f(a)
	}
	nullable(a.huma.OpenAPI().Components.Schemas)
	return a, errors.Join(a.errs...)
}

// callTimeout bounds every operation that does not name its own.
const callTimeout = 15 * time.Second

// maxBody bounds every JSON body that does not name its own limit.
const maxBody = 1 << 20

// Op describes one operation.
type Op struct {
	Method string
	Path   string // with braces; under /api/ it ends in a slash and is also served without
	ID     string // kebab-case, unique
	Tag    string // the feature
	Doc    string // one sentence
	Needs  access.Action
	Status int           // of success; 0 is 200, or 204 without a body
	Also   []string      // other names, "METHOD /path/", not documented
	PerIP  Rate          // limit per address; zero is none
	Secret bool          // the answer holds tokens: it is never kept for a repeated Idempotency-Key
	Body   int64         // bytes of body at most; 0 is 1 MiB
	Takes  time.Duration // time at most; 0 is 15 s, negative is no limit
	Hidden bool          // not documented
}

// Rate is a number of calls in a span.
type Rate struct {
	N   int
	Per time.Duration
}

// op registers one operation. Handlers return domain errors as they are; this
// is where they become problems. The caller's standing on the site is checked
// before the body is read; roles in a party are the party's service's.
func op[I, O any](a *API, o Op, fn func(context.Context, *I) (*O, error)) {
	for _, ho := range a.admit(o) {
		huma.Register(a.huma, ho, func(ctx context.Context, in *I) (*O, error) {
			out, err := fn(ctx, in)
			if err != nil {
				return nil, a.refused(ctx, err)
			}
			return out, nil
		})
	}
}

// raw registers an operation that speaks HTTP itself, such as an upload or a
// stream. The same checks run before h, except those of a JSON body.
func raw(a *API, o Op, h echo.HandlerFunc) {
	for _, ho := range a.admit(o) {
		if !ho.Hidden {
			ho.Responses = map[string]*huma.Response{"default": {Description: "See the operation."}}
			a.huma.OpenAPI().AddOperation(&ho)
		}
		rule, _ := access.Lookup(o.Needs)
		path := strings.NewReplacer("{", ":", "}", "").Replace(ho.Path)
		a.echo.Add(ho.Method, path, func(c echo.Context) error {
			if err := a.enter(c.Request(), o, rule); err != nil {
				return err
			}
			return h(c)
		})
	}
}

// admit checks the description of an operation and turns it into huma's, one
// for each of its names.
func (a *API) admit(o Op) []huma.Operation {
	rule, ok := access.Lookup(o.Needs)
	if !ok {
		a.errs = append(a.errs, fmt.Errorf("rest: %s %s has no line in the access table (%q)", o.Method, o.Path, o.Needs))
		return nil
	}
	var ops []huma.Operation
	for i, name := range append([]string{o.Method + " " + o.Path}, o.Also...) {
		method, path, ok := strings.Cut(name, " ")
		switch {
		case !ok || strings.HasPrefix(path, "/api/") && !strings.HasSuffix(path, "/"):
			a.errs = append(a.errs, fmt.Errorf("rest: %q must be METHOD /path/", name))
		case a.seen[name]:
			a.errs = append(a.errs, fmt.Errorf("rest: %s is registered twice", name))
		case i == 0 && a.seen[o.ID]:
			a.errs = append(a.errs, fmt.Errorf("rest: two operations are called %s", o.ID))
		}
		a.seen[name], a.seen[o.ID] = true, true
		ho := huma.Operation{
			OperationID: o.ID, Method: method, Path: path, Summary: o.Doc, Tags: []string{o.Tag},
			DefaultStatus: o.Status, Hidden: o.Hidden || i > 0,
			MaxBodyBytes: -1, BodyReadTimeout: callTimeout, // guard has read it
			Description: "Needs `" + string(o.Needs) + "`: " + rule.Site.String() + " or above.",
			Middlewares: huma.Middlewares{a.guard(o, rule)},
		}
		if rule.Site > access.Anyone {
			ho.Security = []map[string][]string{{"bearer": {}}, {"cookie": {}}}
		}
		ops = append(ops, ho)
	}
	return ops
}

// limited refuses a call under key beyond rate.
func (a *API) limited(ctx context.Context, key string, r Rate) error {
	if a.cfg.Limiter == nil || r.N == 0 {
		return nil
	}
	if ok, after := a.cfg.Limiter.Allow(ctx, key, r.N, r.Per); !ok {
		return fault.ErrTooMany.After(max(after, time.Second))
	}
	return nil
}
