package rest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"watchparty/internal/id"
	"watchparty/internal/media/mediatest"
)

func TestPartsOfAFilmAreServed(t *testing.T) {
	t.Parallel()
	c := newCinema(t)
	film := mediatest.MP4(2000)
	m := c.ready("alice", film)
	n := len(film)
	for name, x := range map[string]struct {
		headers []string
		status  int
		want    []byte
	}{
		"all":                        {nil, 200, film},
		"the first bytes":            {[]string{"Range", "bytes=0-99"}, 206, film[:100]},
		"from a place on":            {[]string{"Range", "bytes=1500-"}, 206, film[1500:]},
		"the last bytes":             {[]string{"Range", "bytes=-50"}, 206, film[n-50:]},
		"more last bytes than all":   {[]string{"Range", "bytes=-999999"}, 206, film},
		"the last no bytes":          {[]string{"Range", "bytes=-0"}, 416, nil},
		"no bytes and some":          {[]string{"Range", "bytes=-0,0-9"}, 206, film[:10]},
		"beyond the end":             {[]string{"Range", fmt.Sprintf("bytes=%d-", n)}, 416, nil},
		"across the end":             {[]string{"Range", "bytes=1500-99999"}, 206, film[1500:]},
		"another unit":               {[]string{"Range", "lines=1-2"}, 416, nil},
		"of this very film":          {[]string{"Range", "bytes=0-9", "If-Range", `"` + string(m.ID) + `"`}, 206, film[:10]},
		"of another film":            {[]string{"Range", "bytes=0-9", "If-Range", `"x"`}, 200, film},
		"more parts than we give":    {[]string{"Range", "bytes=" + strings.Repeat("0-0,", 8) + "1-1"}, 200, film},
		"parts that are all of it":   {[]string{"Range", "bytes=0-,0-,0-"}, 200, film},
		"a film that one has":        {[]string{"If-None-Match", `"` + string(m.ID) + `"`}, 304, nil},
		"only if it is this":         {[]string{"If-Match", `"x"`}, 412, nil},
		"a range that is not one":    {[]string{"Range", "bytes=a-b"}, 416, nil},
		"a number beyond all bounds": {[]string{"Range", "bytes=99999999999999999999999-"}, 416, nil},
	} {
		t.Run(name, func(t *testing.T) {
			resp := c.call("", "GET", m.URL, nil, x.headers...)
			got, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != x.status || x.want != nil && !bytes.Equal(got, x.want) {
				t.Errorf("%d with %d bytes, %v", resp.StatusCode, len(got), err)
			}
		})
	}
	head := c.call("", "HEAD", m.URL, nil)
	if head.StatusCode != 200 || head.ContentLength != int64(n) {
		t.Errorf("HEAD: %d, %d bytes", head.StatusCode, head.ContentLength)
	}
}

func TestOnlyTheWholeAddressOpensAFilm(t *testing.T) {
	t.Parallel()
	c := newCinema(t)
	m := c.ready("alice", mediatest.MP4(2000))
	parts := strings.Split(m.URL, "/") // "", media, id, token, name
	for name, path := range map[string]string{
		"another token":       "/media/" + parts[2] + "/" + id.Token() + "/" + parts[4],
		"another film":        "/media/" + string(id.New[id.Media]()) + "/" + parts[3] + "/" + parts[4],
		"a path":              "/media/..%2f..%2f..%2fetc%2fpasswd/" + parts[3] + "/x",
		"a path in the token": "/media/" + parts[2] + "/..%2f..%2fetc/passwd",
		"a name in its place": "/media/" + parts[2] + ".film/" + parts[3] + "/x",
	} {
		refused := c.call("alice", "GET", path, nil)
		if refused.StatusCode != 404 {
			t.Errorf("%s: %d", name, refused.StatusCode)
		}
	}
}

func TestTheSampleFilmIsServedToEverybody(t *testing.T) {
	t.Parallel()
	c := newCinema(t)
	want := mediatest.MP4(5000)
	part := c.call("", "GET", "/sample/first-light.mp4", nil, "Range", "bytes=100-199")
	got, err := io.ReadAll(part.Body)
	if err != nil || part.StatusCode != 206 || !bytes.Equal(got, want[100:200]) || part.Header.Get("Content-Type") != "video/mp4" ||
		part.Header.Get("Cache-Control") != "public, max-age=604800" {
		t.Errorf("%d, %v, %v", part.StatusCode, part.Header, err)
	}
	again := c.call("", "GET", "/sample/first-light.mp4", nil, "If-None-Match", part.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("again: %d", again.StatusCode)
	}
	if still := c.call("", "HEAD", "/sample/first-light.jpg", nil); still.Header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("the still: %v", still.Header)
	}
}

// FuzzRange asks for parts of a film in strangers' words.
func FuzzRange(f *testing.F) {
	for _, s := range []string{
		"bytes=0-9", "bytes=-5", "bytes=995-", "bytes=0-0,2-2", "bytes=5-2", "bytes=0-,0-,0-", "bytes= 1 - 2 ",
		"bytes=99999999999999999999-", "bytes=-0", "bytes=,", "lines=1-2", "bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0",
	} {
		f.Add(s, "")
	}
	f.Add("bytes=0-1", `"tag"`)
	content := bytes.Repeat([]byte("0123456789"), 100)
	a, err := build(Config{Features: []Feature{Sample(content, nil)}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, asked, ifRange string) {
		r := httptest.NewRequest(http.MethodGet, "/sample/first-light.mp4", nil)
		r.Header.Set("Range", asked)
		if ifRange != "" {
			r.Header.Set("If-Range", ifRange)
		}
		w := httptest.NewRecorder()
		a.echo.ServeHTTP(w, r)
		body := w.Body.Bytes()
		switch w.Code {
		case http.StatusOK:
			if !bytes.Equal(body, content) {
				t.Fatalf("all of it has %d bytes", len(body))
			}
		case http.StatusPartialContent:
			kind, params, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
			if err != nil {
				t.Fatal(err)
			}
			if kind == "video/mp4" {
				samePart(t, content, body, w.Header().Get("Content-Range"))
				return
			}
			parts := multipart.NewReader(w.Body, params["boundary"])
			n := 0
			for {
				p, err := parts.NextPart()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(p)
				if err != nil {
					t.Fatal(err)
				}
				samePart(t, content, b, p.Header.Get("Content-Range"))
				n++
			}
			if n > maxRanges {
				t.Fatalf("%d parts for %q", n, asked)
			}
		case http.StatusRequestedRangeNotSatisfiable:
		default:
			t.Fatalf("status %d for %q", w.Code, asked)
		}
	})
}

func samePart(t *testing.T, content, part []byte, said string) {
	t.Helper()
	var first, last, total int
	if _, err := fmt.Sscanf(said, "bytes %d-%d/%d", &first, &last, &total); err != nil {
		t.Fatalf("%q: %v", said, err)
	}
	if total != len(content) || first > last || last >= total || !bytes.Equal(part, content[first:last+1]) {
		t.Fatalf("%q has %d bytes", said, len(part))
	}
}
