package rest

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"watchparty/internal/access"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/media"
)

// tus is the version of the protocol for resumable uploads that we speak.
const (
	tus           = "1.0.0"
	tusExtensions = "creation,termination,expiration"
	tusPiece      = "application/offset+octet-stream"
)

var (
	errTus   = fault.New(fault.Stale, "tus.version", "This server speaks tus 1.0.0.")
	errPiece = fault.New(fault.Unsupported, "media.piece_type", "Send the piece as application/offset+octet-stream.")
)

// tusVersion refuses a version that we do not speak. A client that names none
// is taken at its deeds.
func tusVersion(v string) error {
	if v != "" && v != tus {
		return errTus
	}
	return nil
}

// Limits of time for bodies of films: a client may take as long as it needs,
// as long as something comes.
const (
	pieceIdle = 30 * time.Second
	drainFor  = 5 * time.Second
)

// uploads are the operations of one upload that speak HTTP themselves.
func uploads(a *API, svc MediaService) {
	one := Op{Path: "/api/media/{id}/", Tag: "media", Needs: access.MediaUpload}

	o := one
	o.Method, o.Path, o.ID, o.Needs, o.Hidden = http.MethodOptions, "/api/media/", "media-tus", access.SiteRead, true
	raw(a, o, func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Tus-Resumable", tus)
		h.Set("Tus-Version", tus)
		h.Set("Tus-Extension", tusExtensions)
		h.Set("Tus-Max-Size", strconv.FormatInt(svc.Quota().Film, 10))
		return c.NoContent(http.StatusNoContent)
	})

	o = one
	o.Method, o.ID, o.Doc = http.MethodHead, "media-offset", "tus: how much of an upload has arrived, in Upload-Offset."
	raw(a, o, tusCall(func(c echo.Context) error { return mediaOffset(c, svc) }))

	o = one
	o.Method, o.ID, o.Doc = http.MethodPatch, "media-piece", "tus: send a piece that begins at Upload-Offset."
	raw(a, o, tusCall(func(c echo.Context) error { return mediaPiece(c, svc) }))

	o = one
	o.Method, o.ID, o.Doc = http.MethodDelete, "media-delete", "Cancel an upload or delete a film."
	raw(a, o, tusCall(func(c echo.Context) error {
		m, err := pathMedia(c)
		if err != nil {
			return err
		}
		if err := svc.Remove(c.Request().Context(), m); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	}))

	o = one
	o.Method, o.ID, o.Doc = http.MethodPut, "media-put", "Send a piece with Content-Range, or the whole film without."
	raw(a, o, func(c echo.Context) error { return mediaPut(c, svc) })
}

// tusCall speaks the protocol's version both ways.
func tusCall(h echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Tus-Resumable", tus)
		if err := tusVersion(c.Request().Header.Get("Tus-Resumable")); err != nil {
			c.Response().Header().Set("Tus-Version", tus)
			return err
		}
		return h(c)
	}
}

func mediaOffset(c echo.Context, svc MediaService) error {
	m, err := pathMedia(c)
	if err != nil {
		return err
	}
	f, err := svc.Mine(c.Request().Context(), m)
	if err != nil {
		return err
	}
	if f.Status == media.Refused {
		return media.ErrOver
	}
	c.Response().Header().Set("Upload-Length", strconv.FormatInt(f.Size, 10))
	return offsetOnly(c, http.StatusOK, f)
}

// offsetOnly answers with headers alone.
func offsetOnly(c echo.Context, status int, f media.Film) error {
	offsetHeaders(c, f)
	return c.NoContent(status)
}

func offsetHeaders(c echo.Context, f media.Film) {
	h := c.Response().Header()
	h.Set("Upload-Offset", strconv.FormatInt(f.Offset, 10))
	if f.Status == media.Uploading {
		h.Set("Upload-Expires", httpTime(f.Expires()))
	}
}

func mediaPiece(c echo.Context, svc MediaService) error {
	r := c.Request()
	if t, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(t), tusPiece) {
		return errPiece
	}
	at, err := headerInt(r, "Upload-Offset")
	if err != nil {
		return err
	}
	f, err := takePiece(c, svc, media.Piece{Offset: at, Length: r.ContentLength})
	if err != nil {
		return err
	}
	return offsetOnly(c, http.StatusNoContent, f)
}

var contentRange = regexp.MustCompile(`^bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18})$`)

func mediaPut(c echo.Context, svc MediaService) error {
	r := c.Request()
	m, err := pathMedia(c)
	if err != nil {
		return err
	}
	f, err := svc.Mine(r.Context(), m)
	if err != nil {
		return err
	}
	at, length, ask, err := putRange(r, f.Size)
	if err != nil {
		return err
	}
	if !ask {
		if f, err = takePiece(c, svc, media.Piece{Offset: at, Length: length}); err != nil {
			return err
		}
	}
	offsetHeaders(c, f)
	return c.JSON(http.StatusOK, mediaOut(f))
}

// putRange reads where a PUT piece belongs. Without Content-Range it is the
// whole film; "bytes */total" only asks.
func putRange(r *http.Request, size int64) (at, length int64, ask bool, err error) {
	wrong := fault.ErrInvalid.At("Content-Range", "Must be bytes first-last/total, with the total of the upload.")
	header := r.Header.Get("Content-Range")
	if header == "" {
		if r.ContentLength != size {
			return 0, 0, false, fault.ErrInvalid.At("Content-Length", "Send the whole film, or say with Content-Range which part this is.")
		}
		return 0, size, false, nil
	}
	m := contentRange.FindStringSubmatch(header)
	if m == nil || m[3] != strconv.FormatInt(size, 10) {
		return 0, 0, false, wrong
	}
	if m[1] == "" {
		return 0, 0, true, nil
	}
	first, _ := strconv.ParseInt(m[1], 10, 64) // the pattern took care
	last, _ := strconv.ParseInt(m[2], 10, 64)
	length = last - first + 1
	if last < first || last >= size || r.ContentLength >= 0 && r.ContentLength != length {
		return 0, 0, false, wrong
	}
	return first, length, false, nil
}

// takePiece streams a body to an upload. Where it is refused the client still
// learns the true offset, and the rest of the piece is read so that it gets to
// see the answer.
func takePiece(c echo.Context, svc MediaService, p media.Piece) (media.Film, error) {
	r := c.Request()
	m, err := pathMedia(c)
	if err != nil {
		return media.Film{}, err
	}
	conn := http.NewResponseController(c.Response())
	p.Body = patientBody{r.Body, conn}
	f, err := svc.Write(r.Context(), m, p)
	if err == nil {
		return f, nil
	}
	if f.ID != "" {
		offsetHeaders(c, f)
	}
	if !errors.Is(err, media.ErrCut) {
		_ = conn.SetReadDeadline(clock.System().Add(drainFor)) // a server without deadlines reads all the same
		_, _ = io.CopyN(io.Discard, r.Body, chunkMax)          // it is thrown away
	}
	return f, err
}

// patientBody lets a body take its time, but not stand still.
type patientBody struct {
	body io.Reader
	conn *http.ResponseController
}

func (p patientBody) Read(b []byte) (int, error) {
	_ = p.conn.SetReadDeadline(clock.System().Add(pieceIdle)) // where there are no deadlines there is no socket
	return p.body.Read(b)
}
