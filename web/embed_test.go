package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTheClientIsServed(t *testing.T) {
	t.Parallel()
	h := Handler(fstest.MapFS{
		"index.html":          {Data: []byte("page")},
		"assets/app-1f.js":    {Data: []byte("script")},
		"assets/app-1f.js.br": {Data: []byte("brotli")},
		"assets/app-1f.js.gz": {Data: []byte("gzip")},
		"icon.svg":            {Data: []byte("<svg/>")},
		".keep":               {},
	})
	tests := map[string]struct {
		method, path, encoding string
		status                 int
		body, coding, cache    string
	}{
		"the page is asked for anew each time":     {"GET", "/", "", 200, "page", "", "no-cache"},
		"a path of the client is the page":         {"GET", "/watch/abc", "", 200, "page", "", "no-cache"},
		"an unknown path is the page, as 404":      {"GET", "/no/such/page", "", 404, "page", "", "no-cache"},
		"a hashed asset is kept":                   {"GET", "/assets/app-1f.js", "", 200, "script", "", "immutable"},
		"brotli comes first":                       {"GET", "/assets/app-1f.js", "gzip, br", 200, "brotli", "br", "immutable"},
		"gzip where brotli is refused":             {"GET", "/assets/app-1f.js", "br;q=0, gzip", 200, "gzip", "gzip", "immutable"},
		"a twin has no address of its own":         {"GET", "/assets/app-1f.js.br", "", 404, "page", "", "no-cache"},
		"a hidden file has none either":            {"GET", "/.keep", "", 404, "page", "", "no-cache"},
		"a path cannot climb out":                  {"GET", "/../../etc/passwd", "", 404, "page", "", "no-cache"},
		"a file without a hash is kept for a time": {"GET", "/icon.svg", "", 200, "<svg/>", "", "max-age=3600"},
		"nothing can be posted here":               {"POST", "/", "", 405, "method not allowed\n", "", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), tc.method, tc.path, nil)
			r.Header.Set("Accept-Encoding", tc.encoding)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tc.status || w.Body.String() != tc.body || w.Header().Get("Content-Encoding") != tc.coding {
				t.Errorf("got %d %q %q", w.Code, w.Body, w.Header().Get("Content-Encoding"))
			}
			if got := w.Header().Get("Cache-Control"); !strings.Contains(got, tc.cache) {
				t.Errorf("Cache-Control %q", got)
			}
			if tc.body == "page" && !strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src 'self';") {
				t.Error("the page has no policy")
			}
		})
	}
}

func TestAPlainBuildHasAPage(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	Handler(Client()).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<title>Watchparty") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
