package rest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"watchparty/internal/access"
	"watchparty/internal/clock"
)

const (
	// maxRanges is how many parts of a film one call may ask for; who wants more
	// gets the whole.
	maxRanges = 8
	// streamIdle is how long a player may take no byte before its connection
	// ends. Players that paused ask again.
	streamIdle = 2 * time.Minute
)

// watch streams uploaded films to whoever has their address.
func watch(a *API, svc MediaService) {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		raw(a, Op{
			Method: method, Path: "/media/{id}/{token}/{name}", ID: "media-watch-" + strings.ToLower(method), Tag: "media",
			Doc: "The film itself, in parts if asked.", Needs: access.MediaRead, Hidden: method == http.MethodHead,
		}, func(c echo.Context) error {
			m, err := pathMedia(c)
			if err != nil {
				return err
			}
			f, file, err := svc.Open(c.Request().Context(), m, c.Param("token"))
			if err != nil {
				return err
			}
			defer func() { _ = file.Close() }() // it was only read
			a.stream(c, film{kind: string(f.Type), tag: string(f.ID), cache: "private, max-age=31536000, immutable", size: f.Size, body: file})
			return nil
		})
	}
}

// Sample serves the film that comes with the program, an MP4, and its still, a
// JPEG.
func Sample(video, still []byte) Feature {
	return func(a *API) {
		for path, what := range map[string]struct {
			kind string
			body []byte
		}{
			"/sample/first-light.mp4": {"video/mp4", video},
			"/sample/first-light.jpg": {"image/jpeg", still},
		} {
			sum := sha256.Sum256(what.body)
			tag := hex.EncodeToString(sum[:8])
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				raw(a, Op{
					Method: method, Path: path, ID: "sample-" + what.kind + "-" + strings.ToLower(method), Tag: "media",
					Doc: "The film that comes with the program.", Needs: access.SiteRead, Hidden: true,
				}, func(c echo.Context) error {
					a.stream(c, film{kind: what.kind, tag: tag, cache: "public, max-age=604800", size: int64(len(what.body)), body: bytes.NewReader(what.body)})
					return nil
				})
			}
		}
	}
}

// film is what is streamed. Its bytes never change under one tag.
type film struct {
	kind  string
	tag   string
	cache string
	size  int64
	body  io.ReadSeeker
}

// ranges makes net/http's reading of a Range header safe: it would give any
// number of parts, and a part before its own start for the last no bytes.
func ranges(asked string, size int64) string {
	unit, list, _ := strings.Cut(asked, "=")
	parts := strings.Split(list, ",")
	if len(parts) > maxRanges {
		return ""
	}
	for i, p := range parts {
		last, suffix := strings.CutPrefix(strings.TrimSpace(p), "-")
		if n, err := strconv.ParseInt(strings.TrimSpace(last), 10, 64); suffix && err == nil && n == 0 {
			parts[i] = strconv.FormatInt(size, 10) + "-" // as unsatisfiable, and understood
		}
	}
	return unit + "=" + strings.Join(parts, ",")
}

// stream answers with a film or the parts of it that were asked for. Whatever
// it really holds, the browser plays it as what we found it to be, runs nothing
// of it, and gets no cookie.
func (a *API) stream(c echo.Context, f film) {
	h := c.Response().Header()
	h.Set("Content-Type", f.kind)
	h.Set("Content-Disposition", "inline")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", f.cache)
	h.Set("ETag", `"`+f.tag+`"`)
	if len(a.cfg.Origins) > 0 {
		// Listed frontends show the film on pages of their own; their players send
		// no Origin to tell.
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	r := c.Request()
	if asked := r.Header.Get("Range"); asked != "" {
		r.Header.Set("Range", ranges(asked, f.size))
	}
	w := patientWriter{c.Response(), http.NewResponseController(c.Response())}
	http.ServeContent(w, r, "", time.Time{}, f.body)
}

// patientWriter lets a reader take its time, but not stand still.
type patientWriter struct {
	http.ResponseWriter
	conn *http.ResponseController
}

func (p patientWriter) Write(b []byte) (int, error) {
	_ = p.conn.SetWriteDeadline(clock.System().Add(streamIdle)) // where there are no deadlines there is no socket
	return p.ResponseWriter.Write(b)
}
