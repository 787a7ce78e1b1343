package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"watchparty/internal/access"
)

func TestTheDocumentCanBeMadeWithoutAServer(t *testing.T) {
	t.Parallel()
	b, err := OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" || doc.Paths["/api/auth/login/"]["post"] == nil {
		t.Fatalf("%s", b)
	}
	if strings.Contains(string(b), "$schema") {
		t.Error("answers would carry $schema")
	}
}

func TestTheDocumentAndTheRouterListTheSame(t *testing.T) {
	t.Parallel()
	a, err := build(Config{Features: documented()})
	if err != nil {
		t.Fatal(err)
	}
	echoPath := strings.NewReplacer("{", ":", "}", "")
	routed := map[string]bool{}
	for _, r := range a.echo.Routes() {
		routed[r.Method+" "+r.Path] = true
	}
	for path, item := range a.huma.OpenAPI().Paths {
		for _, o := range operationsOf(item) {
			if name := o.Method + " " + echoPath.Replace(path); !routed[name] {
				t.Errorf("%s is described and not served", name)
			}
		}
	}
	// Other names, and the documents themselves, are admitted and not described.
	for name := range a.seen {
		delete(routed, echoPath.Replace(name))
	}
	for name := range routed {
		t.Errorf("%s is served and was never admitted", name)
	}
}

func TestAnOperationThatIsNotInTheAccessTableStopsTheServer(t *testing.T) {
	t.Parallel()
	nothing := func(context.Context, *None) (*None, error) { return nil, nil }
	good := Op{Method: "GET", Path: "/api/x/", ID: "x", Tag: "x", Doc: "X.", Needs: access.SiteRead}
	with := func(change func(*Op)) Feature {
		return func(a *API) {
			o := good
			change(&o)
			op(a, o, nothing)
		}
	}
	tests := map[string]struct {
		f    Feature
		want string
	}{
		"a good one":            {with(func(*Op) {}), ""},
		"no action":             {with(func(o *Op) { o.Needs = "" }), "access table"},
		"an unknown action":     {with(func(o *Op) { o.Needs = "party.sell" }), "access table"},
		"no slash at the end":   {with(func(o *Op) { o.Path = "/api/x" }), "/path/"},
		"another name is wrong": {with(func(o *Op) { o.Also = []string{"/api/y/"} }), "METHOD"},
		"the same twice":        {func(a *API) { op(a, good, nothing); op(a, good, nothing) }, "twice"},
		"one name for two": {func(a *API) {
			op(a, good, nothing)
			o := good
			o.Path = "/api/y/"
			op(a, o, nothing)
		}, "are called"},
		"a raw one without action": {func(a *API) {
			raw(a, Op{Method: "GET", Path: "/media/x", ID: "m"}, func(echo.Context) error { return nil })
		}, "access table"},
		"what cannot be described": {func(a *API) {
			op(a, good, func(context.Context, *struct{ Body struct{ C chan int } }) (*None, error) { return nil, nil })
			panic("as huma does")
		}, "as huma does"},
	}
	for name, test := range tests {
		h, err := New(Config{Features: []Feature{test.f}})
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.want != "" && (err == nil || h != nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: served, %v", name, err)
		}
	}
}

func TestAPanicIsAnsweredWithoutWhatItSaid(t *testing.T) {
	t.Parallel()
	boom := func(a *API) {
		o := Op{Method: "GET", Path: "/api/boom/", ID: "boom", Tag: "x", Doc: "Boom.", Needs: access.SiteRead}
		op(a, o, func(context.Context, *None) (*None, error) { panic("canary") })
		o.Path, o.ID = "/api/raw/", "raw"
		raw(a, o, func(echo.Context) error { panic("canary") })
		o.Path, o.ID = "/api/fail/", "fail"
		op(a, o, func(context.Context, *None) (*None, error) { return nil, context.Canceled })
	}
	var codes []string
	h, err := New(Config{Features: []Feature{boom}, Observe: func(s Seen) { codes = append(codes, s.Route+" "+s.Code) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/api/boom", "/api/raw", "/api/fail"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if w.Code != http.StatusInternalServerError || w.Header().Get("Content-Type") != problemType ||
			strings.Contains(w.Body.String(), "canary") || !strings.Contains(w.Body.String(), `"code":"internal"`) {
			t.Errorf("%s: %d %s %s", path, w.Code, w.Header(), w.Body)
		}
	}
	if got := strings.Join(codes, ", "); got != "/api/boom/ internal, /api/raw/ internal, /api/fail/ internal" {
		t.Errorf("observed %s", got)
	}
}
