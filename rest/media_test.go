package rest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/media"
	"watchparty/internal/media/mediatest"
	"watchparty/internal/netguard"
)

// badges knows people by the token that is their name.
type badges map[string]account.Identity

func (b badges) Authenticate(_ context.Context, token string) (account.Identity, error) {
	who, ok := b[token]
	if !ok {
		return account.Identity{}, errors.New("unknown")
	}
	return who, nil
}

// cinema is a server with uploads.
type cinema struct {
	*httptest.Server
	t   testing.TB
	svc *media.Service
	now time.Time
}

func newCinema(t testing.TB, filmHosts ...string) *cinema {
	t.Helper()
	c := &cinema{t: t, now: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)}
	folder, err := media.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	q := media.Quota{Film: 1 << 20, Bytes: 4 << 20, Films: 50, Open: 50}
	prober := media.Prober{Client: netguard.Client(netguard.Options{Hosts: filmHosts})}
	c.svc = media.NewService(mediatest.NewShelf(), folder, q, func() time.Time { return c.now }, prober)
	h, err := New(Config{
		Features: []Feature{Media(c.svc), Sample(mediatest.MP4(5000), []byte("still"))},
		Auth: badges{
			"alice": {User: id.New[id.User](), Site: access.User},
			"bob":   {User: id.New[id.User](), Site: access.User},
			"guest": {User: id.New[id.User](), Site: access.Guest},
		},
		PublicURL: "http://example.test",
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Server = httptest.NewServer(h)
	t.Cleanup(c.Close)
	return c
}

// call sends a request as somebody; headers come in pairs.
func (c *cinema) call(who, method, path string, body io.Reader, headers ...string) *http.Response {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.URL+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+who)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := c.Client().Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// created begins an upload the JSON way.
func (c *cinema) created(who string, size int) MediaOut {
	c.t.Helper()
	body := fmt.Sprintf(`{"filename":"My film.mp4","size":%d}`, size)
	resp := c.call(who, "POST", "/api/media/", strings.NewReader(body), "Content-Type", "application/json")
	return decoded[MediaOut](c.t, resp, http.StatusCreated)
}

// ready uploads a whole film.
func (c *cinema) ready(who string, film []byte) MediaOut {
	c.t.Helper()
	m := c.created(who, len(film))
	return decoded[MediaOut](c.t, c.call(who, "PUT", m.UploadURL, bytes.NewReader(film)), http.StatusOK)
}

func decoded[T any](t testing.TB, resp *http.Response, status int) (v T) {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Fatalf("status %d, want %d: %s", resp.StatusCode, status, b)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return v
}

// refusedWith expects a problem.
func refusedWith(t testing.TB, resp *http.Response, status int, code string) fault.Problem {
	t.Helper()
	p := decoded[fault.Problem](t, resp, status)
	if p.Code != code {
		t.Errorf("code %s, want %s", p.Code, code)
	}
	return p
}

func TestAFilmIsUploadedByTusAndWatched(t *testing.T) {
	t.Parallel()
	c := newCinema(t)
	film := mediatest.MP4(9000)

	hello := c.call("", "OPTIONS", "/api/media/", nil)
	if h := hello.Header; h.Get("Tus-Version") != "1.0.0" || h.Get("Tus-Max-Size") != "1048576" || h.Get("Tus-Extension") != tusExtensions {
		t.Errorf("OPTIONS: %v", h)
	}
	made := c.call("alice", "POST", "/api/media/", nil, "Tus-Resumable", "1.0.0", "Upload-Length", fmt.Sprint(len(film)),
		"Upload-Metadata", "filetype dmlkZW8vbXA0,filename "+base64.StdEncoding.EncodeToString([]byte("Größe.mp4")))
	m := decoded[MediaOut](t, made, http.StatusCreated)
	at := made.Header.Get("Location")
	if m.Title != "Größe" || at != m.UploadURL || made.Header.Get("Tus-Resumable") != "1.0.0" || made.Header.Get("Upload-Expires") == "" {
		t.Fatalf("%+v, %v", m, made.Header)
	}
	for off := 0; off < len(film); off += 4000 {
		head := c.call("alice", "HEAD", at, nil, "Tus-Resumable", "1.0.0")
		if h := head.Header; head.StatusCode != 200 || h.Get("Upload-Offset") != fmt.Sprint(off) || h.Get("Upload-Length") != fmt.Sprint(len(film)) || h.Get("Cache-Control") != "no-store" {
			t.Fatalf("HEAD at %d: %d %v", off, head.StatusCode, h)
		}
		end := min(off+4000, len(film))
		piece := c.call("alice", "PATCH", at, bytes.NewReader(film[off:end]), "Tus-Resumable", "1.0.0",
			"Content-Type", tusPiece, "Upload-Offset", fmt.Sprint(off))
		if piece.StatusCode != 204 || piece.Header.Get("Upload-Offset") != fmt.Sprint(end) {
			t.Fatalf("PATCH at %d: %d %v", off, piece.StatusCode, piece.Header)
		}
	}
	m = decoded[MediaOut](t, c.call("alice", "GET", at, nil), 200)
	if m.Status != "ready" || m.Duration != 10 || m.Width != 320 || m.Type != "video/mp4" || m.ExpiresAt != nil {
		t.Fatalf("%+v", m)
	}
	seen := c.call("", "GET", m.URL, nil)
	got, err := io.ReadAll(seen.Body)
	if err != nil || !bytes.Equal(got, film) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	for name, want := range map[string]string{
		"Content-Type": "video/mp4", "X-Content-Type-Options": "nosniff", "Content-Disposition": "inline",
		"Content-Security-Policy": "sandbox; default-src 'none'", "Accept-Ranges": "bytes",
		"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "private, max-age=31536000, immutable",
	} {
		if have := seen.Header.Get(name); have != want {
			t.Errorf("%s: %q, want %q", name, have, want)
		}
	}
	if seen.Header.Get("Set-Cookie") != "" {
		t.Error("a film sets a cookie")
	}
	if gone := c.call("alice", "DELETE", at, nil, "Tus-Resumable", "1.0.0"); gone.StatusCode != 204 {
		t.Errorf("DELETE: %d", gone.StatusCode)
	}
	refusedWith(t, c.call("", "GET", m.URL, nil), 404, "not_found")
}

func TestAFilmIsUploadedByPlainPutInPieces(t *testing.T) {
	t.Parallel()
	c := newCinema(t)
	film := mediatest.MP4(3000)
	m := c.created("alice", len(film))
	put := func(first, last int, body []byte) *http.Response {
		return c.call("alice", "PUT", m.UploadURL, bytes.NewReader(body), "Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(film)))
	}
	if m := decoded[MediaOut](t, put(0, 999, film[:1000]), 200); m.Offset != 1000 || m.Status != "uploading" {
		t.Errorf("%+v", m)
	}
	ask := c.call("alice", "PUT", m.UploadURL, nil, "Content-Range", fmt.Sprintf("bytes */%d", len(film)))
	if m := decoded[MediaOut](t, ask, 200); m.Offset != 1000 {
		t.Errorf("asked: %+v", m)
	}
	late := put(500, 999, film[500:1000])
	refusedWith(t, late, 409, "media.offset")
	if at := late.Header.Get("Upload-Offset"); at != "1000" {
		t.Errorf("told to go on at %q", at)
	}
	if m := decoded[MediaOut](t, put(1000, len(film)-1, film[1000:]), 200); m.Status != "ready" {
		t.Errorf("%+v", m)
	}
}

func TestBadUploadsAreRefusedInWords(t *testing.T) {
	t.Parallel()
	c := newCinema(t)
	m := c.created("alice", 5000)
	patch := []string{"Content-Type", tusPiece, "Upload-Offset", "0"}
	page := strings.Repeat("<html>", 200)
	for name, x := range map[string]struct {
		resp   *http.Response
		status int
		code   string
	}{
		"by nobody":                {c.call("", "POST", "/api/media/", nil, "Upload-Length", "5"), 401, "not_authenticated"},
		"by a guest":               {c.call("guest", "POST", "/api/media/", nil, "Upload-Length", "5"), 403, "access.forbidden"},
		"another tus":              {c.call("alice", "POST", "/api/media/", nil, "Upload-Length", "5", "Tus-Resumable", "0.2.2"), 412, "tus.version"},
		"another tus, a piece":     {c.call("alice", "PATCH", m.UploadURL, nil, append(patch, "Tus-Resumable", "2")...), 412, "tus.version"},
		"no size":                  {c.call("alice", "POST", "/api/media/", nil, "Tus-Resumable", "1.0.0"), 400, "input.invalid"},
		"a negative size":          {c.call("alice", "POST", "/api/media/", nil, "Upload-Length", "-1"), 400, "input.invalid"},
		"a size that is a word":    {c.call("alice", "POST", "/api/media/", nil, "Upload-Length", "big"), 400, "input.invalid"},
		"too large":                {c.call("alice", "POST", "/api/media/", nil, "Upload-Length", "1048577"), 413, "media.too_large"},
		"no such upload":           {c.call("alice", "PATCH", "/api/media/"+string(id.New[id.Media]())+"/", nil, patch...), 404, "not_found"},
		"somebody else's":          {c.call("bob", "PATCH", m.UploadURL, nil, patch...), 404, "not_found"},
		"a malformed id":           {c.call("alice", "PATCH", "/api/media/..%2f..%2fetc/", nil, patch...), 404, "not_found"},
		"a form":                   {c.call("alice", "PATCH", m.UploadURL, strings.NewReader("a=b"), "Content-Type", "application/x-www-form-urlencoded", "Upload-Offset", "0"), 415, "media.piece_type"},
		"a piece without a place":  {c.call("alice", "PATCH", m.UploadURL, nil, "Content-Type", tusPiece), 400, "input.invalid"},
		"a piece at another place": {c.call("alice", "PATCH", m.UploadURL, nil, "Content-Type", tusPiece, "Upload-Offset", "7"), 409, "media.offset"},
		"a piece that is too long": {c.call("alice", "PATCH", m.UploadURL, strings.NewReader(strings.Repeat("x", 5001)), patch...), 413, "media.too_large"},
		"a range of another total": {c.call("alice", "PUT", m.UploadURL, strings.NewReader("x"), "Content-Range", "bytes 0-0/9"), 400, "input.invalid"},
		"a range backwards":        {c.call("alice", "PUT", m.UploadURL, strings.NewReader("x"), "Content-Range", "bytes 5-0/5000"), 400, "input.invalid"},
		"a range unlike its body":  {c.call("alice", "PUT", m.UploadURL, strings.NewReader("x"), "Content-Range", "bytes 0-9/5000"), 400, "input.invalid"},
		"a part without a range":   {c.call("alice", "PUT", m.UploadURL, strings.NewReader("x")), 400, "input.invalid"},
	} {
		t.Run(name, func(t *testing.T) { refusedWith(t, x.resp, x.status, x.code) })
	}
	p := refusedWith(t, c.call("alice", "PATCH", m.UploadURL, strings.NewReader(page), patch...), 400, "film.not_a_film")
	if p.Detail == "" {
		t.Error("no sentence")
	}
	refusedWith(t, c.call("alice", "PATCH", m.UploadURL, strings.NewReader(page), patch...), 410, "media.refused")
	if head := c.call("alice", "HEAD", m.UploadURL, nil); head.StatusCode != 410 {
		t.Errorf("HEAD of a refused upload: %d", head.StatusCode)
	}
	if m := decoded[MediaOut](t, c.call("alice", "GET", m.UploadURL, nil), 200); m.Status != "refused" || m.Reason != "film.not_a_film" {
		t.Errorf("%+v", m)
	}
}

func TestARefusedPieceIsAnsweredAlsoWhenItIsLong(t *testing.T) {
	t.Parallel()
	c := newCinema(t)
	m := c.created("alice", 1<<20)
	refusedWith(t, c.call("alice", "PATCH", m.UploadURL, bytes.NewReader(make([]byte, 1<<20)), "Content-Type", tusPiece, "Upload-Offset", "0"),
		400, "film.not_a_film")
}

func TestWhoLeavesInTheMiddleGoesOnFromThere(t *testing.T) {
	t.Parallel()
	c := newCinema(t)
	film := mediatest.MP4(200_000)
	m := c.created("alice", len(film))
	conn, err := net.Dial("tcp", c.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer alice\r\nContent-Type: %s\r\nUpload-Offset: 0\r\nContent-Length: %d\r\n\r\n%s",
		m.UploadURL, tusPiece, len(film), film[:100_000])
	if err := errors.Join(err, conn.Close()); err != nil {
		t.Fatal(err)
	}
	// The server may still hold the pen: it says so, and the client asks again.
	var at int
	for {
		head := c.call("alice", "HEAD", m.UploadURL, nil)
		if _, err := fmt.Sscan(head.Header.Get("Upload-Offset"), &at); err != nil {
			t.Fatal(err)
		}
		rest := c.call("alice", "PATCH", m.UploadURL, bytes.NewReader(film[at:]), "Content-Type", tusPiece, "Upload-Offset", fmt.Sprint(at))
		if rest.StatusCode == http.StatusNoContent {
			break
		}
		if rest.StatusCode != http.StatusConflict {
			t.Fatalf("going on at %d: %d", at, rest.StatusCode)
		}
	}
	got, err := io.ReadAll(c.call("", "GET", decoded[MediaOut](t, c.call("alice", "GET", m.UploadURL, nil), 200).URL, nil).Body)
	if err != nil || !bytes.Equal(got, film) {
		t.Fatalf("%d bytes came back, %v", len(got), err)
	}
}

func TestALinkIsLookedAt(t *testing.T) {
	t.Parallel()
	film := mediatest.MP4(4000)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/films/My_film.mp4":
			http.ServeContent(w, r, "a.mp4", time.Time{}, bytes.NewReader(film))
		case "/live/index.m3u8":
			_, _ = io.WriteString(w, "#EXTM3U\n#EXT-X-VERSION:3\n")
		case "/liar.mp4":
			w.Header().Set("Content-Type", "video/mp4")
			_, _ = io.WriteString(w, "<!DOCTYPE html>"+strings.Repeat(" ", 900))
		case "/endless.mp4":
			_, _ = w.Write(film)
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		case "/cut.mp4":
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write(film[:600])
		case "/inward.mp4":
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	defer web.Close()
	c := newCinema(t, web.Listener.Addr().String())
	probe := func(url string) *http.Response {
		b, _ := json.Marshal(map[string]string{"url": url})
		return c.call("alice", "POST", "/api/media/probe/", bytes.NewReader(b), "Content-Type", "application/json")
	}
	f := decoded[MediaFound](t, probe(web.URL+"/films/My_film.mp4#t=5"), 200)
	if want := (MediaFound{
		OK: true, Kind: "url", URL: web.URL + "/films/My_film.mp4", Type: "video/mp4", Size: int64(len(film)),
		Title: "My film", Duration: 10, Seekable: true,
	}); f != want {
		t.Errorf("%+v", f)
	}
	if f := decoded[MediaFound](t, probe(web.URL+"/live/index.m3u8"), 200); f.Kind != "hls" || f.Title != "index" {
		t.Errorf("%+v", f)
	}
	if f := decoded[MediaFound](t, probe(web.URL+"/endless.mp4"), 200); f.Seekable || f.Size != 0 {
		t.Errorf("%+v", f)
	}
	if f := decoded[MediaFound](t, probe(web.URL+"/cut.mp4"), 200); f.Type != "video/mp4" {
		t.Errorf("%+v", f)
	}
	for url, code := range map[string]string{
		web.URL + "/liar.mp4":                    "film.not_a_film",
		web.URL + "/none.mp4":                    "film.unreachable",
		web.URL + "/inward.mp4":                  "film.private_address",
		"http://127.0.0.1:9/a.mp4":               "film.private_address",
		"http://[::1]/a.mp4":                     "film.private_address",
		"http://169.254.169.254/latest":          "film.private_address",
		"http://no.such.host.invalid/":           "film.unreachable",
		"ftp://example.com/a.mp4":                "film.bad_url",
		"file:///etc/passwd":                     "film.bad_url",
		"gopher://127.0.0.1:70/":                 "film.bad_url",
		"https://user:pw@example.com/":           "film.bad_url",
		"https://":                               "film.bad_url",
		"not a url":                              "film.bad_url",
		"javascript:alert(1)":                    "film.bad_url",
		"":                                       "film.bad_url",
		"https://a/" + strings.Repeat("x", 2100): "film.bad_url",
	} {
		refusedWith(t, probe(url), 400, code)
	}
}
