package rest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"watchparty/internal/fault"
)

var (
	errMethod  = fault.New(fault.Invalid, "method_not_allowed", "This address does not take that method.")
	errSlow    = fault.New(fault.Invalid, "input.slow", "The body did not arrive in time.")
	errCSRF    = fault.New(fault.Forbidden, "csrf", "This call came from another site.")
	errEncoded = fault.New(fault.Unsupported, "input.encoded", "Send the body without a content encoding.")
)

const problemType = "application/problem+json"

// problem is fault.Problem as huma's error.
type problem struct {
	fault.Problem
	cookies []string
}

func (p *problem) Error() string             { return p.Code }
func (p *problem) GetStatus() int            { return p.Status }
func (p *problem) ContentType(string) string { return problemType }

func (p *problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(p.Retry))
	}
	for _, c := range p.cookies {
		h.Add("Set-Cookie", c)
	}
	return h
}

// refused turns what went wrong in a call into what the client reads, and
// leaves the cause in the log: huma's adapter swallows it otherwise.
func (a *API) refused(ctx context.Context, err error) *problem {
	c := callOf(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fault.ErrUnavailable.Because(err).After(time.Second)
	}
	p := &problem{Problem: fault.ProblemOf(err, c.id), cookies: c.set}
	if errors.Is(err, errMethod) {
		p.Status, p.Title = http.StatusMethodNotAllowed, http.StatusText(http.StatusMethodNotAllowed)
	}
	c.code = p.Code
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		a.log.DebugContext(ctx, "caller left", "request", c.id)
	case p.Status >= http.StatusInternalServerError:
		a.log.ErrorContext(ctx, "call failed", "request", c.id, "code", p.Code, "err", err)
	}
	return p
}

// write sends a problem outside of huma.
func (p *problem) write(w http.ResponseWriter) {
	for k, v := range p.GetHeaders() {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p.Problem) // the caller is gone when this fails
}

// echoFault answers what never reached an operation, and what raw ones return.
func (a *API) echoFault(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	var he *echo.HTTPError
	if errors.As(err, &he) {
		switch he.Code {
		case http.StatusNotFound:
			err = fault.ErrNotFound
		case http.StatusMethodNotAllowed:
			err = errMethod
		case http.StatusRequestEntityTooLarge:
			err = fault.ErrTooLarge
		case http.StatusBadRequest:
			err = fault.ErrInvalid.Because(err)
		}
	}
	p := a.refused(c.Request().Context(), err)
	if c.Request().Method == http.MethodHead {
		c.Response().WriteHeader(p.Status)
		return
	}
	p.write(c.Response())
}

// adopt makes huma speak our problems. Its hooks are variables of the package,
// so this happens once, whatever is built.
var adopt = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return shapeProblem("", status, msg, errs)
	}
	huma.NewErrorWithContext = func(hc huma.Context, status int, msg string, errs ...error) huma.StatusError {
		c := callOf(hc.Context())
		p := shapeProblem(c.id, status, msg, errs)
		c.code = p.Code
		return p
	}
})

// shapeProblem says in our words what huma found wrong with the shape of a
// call. Only the input can be wrong here: operations translate their own.
func shapeProblem(requestID string, status int, msg string, errs []error) *problem {
	f := fault.ErrInvalid
	switch status {
	case http.StatusRequestEntityTooLarge:
		f = fault.ErrTooLarge
	case http.StatusUnsupportedMediaType:
		f = fault.ErrUnsupported
	case http.StatusRequestTimeout:
		f = errSlow
	case http.StatusBadRequest:
		if len(errs) == 0 {
			f = f.Saying(sentence(msg))
		}
	case http.StatusInternalServerError:
		f = f.Saying("The body could not be read.")
		errs = nil
	}
	for _, e := range errs {
		field, text := "body", e.Error()
		var d *huma.ErrorDetail
		var inner *fault.Fault
		switch {
		case errors.As(e, &inner):
			f = inner
			continue
		case errors.As(e, &d):
			field, text = fieldOf(d.Location), d.Message
		}
		f = f.At(field, sentence(text))
	}
	if len(f.Fields) > 0 && f.Detail == fault.ErrInvalid.Detail {
		f = f.Saying(f.Fields[0].Name + ": " + f.Fields[0].Detail)
	}
	return &problem{Problem: fault.ProblemOf(f, requestID)}
}

// fieldOf turns huma's location, such as body.film.url, into a field's name.
func fieldOf(location string) string {
	kind, name, ok := strings.Cut(location, ".")
	if ok && (kind == "body" || kind == "query" || kind == "path" || kind == "header") {
		return name
	}
	if location == "" {
		return "body"
	}
	return location
}

// maxSentence bounds what of the input can come back in a sentence.
const maxSentence = 200

// sentence makes huma's text one.
func sentence(s string) string {
	if s == "" {
		return fault.ErrInvalid.Detail
	}
	if len(s) > maxSentence {
		s = strings.ToValidUTF8(s[:maxSentence], "") + "…"
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}
