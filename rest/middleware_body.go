package rest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/strict"
)

// humaContext lets huma's interface be embedded: it has a method Context.
type humaContext huma.Context

// readCall is a call whose body was read and found to be well-formed.
type readCall struct {
	humaContext
	body []byte
}

func (r *readCall) Unwrap() huma.Context  { return r.humaContext }
func (r *readCall) BodyReader() io.Reader { return bytes.NewReader(r.body) }

// readBody takes a JSON body as it is, and nothing that a form of another site
// could send. Whether its shape is right is huma's question: unknown keys and
// other spellings are refused by the schema.
func readBody(c echo.Context, o Op) ([]byte, error) {
	r := c.Request()
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, errEncoded
	}
	if r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(mediaType), "application/json") {
		return nil, fault.ErrUnsupported
	}
	limit := o.Body
	if limit == 0 {
		limit = maxBody
	}
	if r.ContentLength > limit {
		return nil, fault.ErrTooLarge
	}
	// Deadlines of sockets are on the machine's clock; without a socket there
	// are none.
	_ = http.NewResponseController(c.Response()).SetReadDeadline(clock.System().Add(callTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, limit))
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return nil, fault.ErrTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errSlow
	case err != nil:
		return nil, fault.ErrInvalid.Saying("The body could not be read.").Because(err)
	case len(body) == 0:
		return nil, nil
	}
	return body, strict.Check(body)
}
