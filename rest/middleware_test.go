package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/rest"
)

// raw sends a call straight to the handler, from an address of the test's choice.
func (s *site) raw(peer, method, path string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, home+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	r.RemoteAddr = peer
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func TestEveryAnswerHasTheHeadersThatKeepItSafe(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	access, _, _ := s.signUp("ana")
	for name, w := range map[string]*httptest.ResponseRecorder{
		"200":       s.raw("192.0.2.1:1", "GET", "/api/config"),
		"401":       s.raw("192.0.2.1:1", "GET", "/api/auth/profile/"),
		"404":       s.raw("192.0.2.1:1", "GET", "/api/nothing/here"),
		"404 below": s.raw("192.0.2.1:1", "GET", "/api/parties/00000000-0000-7000-8000-000000000000/", "Authorization", "Bearer "+access),
		"405":       s.raw("192.0.2.1:1", "PUT", "/api/auth/login/"),
		"403":       s.raw("192.0.2.1:1", "POST", "/api/auth/guest/", "Origin", "https://evil.example"),
	} {
		if !strings.HasPrefix(name, w.Result().Status[:3]) {
			t.Errorf("%s is %d", name, w.Code)
		}
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cache-Control": "no-store",
			"Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000",
		} {
			if got := w.Header().Get(header); got != want {
				t.Errorf("%s: %s is %q", name, header, got)
			}
		}
		if w.Header().Get("X-Request-Id") == "" || w.Header().Get("Server") != "" {
			t.Errorf("%s: %v", name, w.Header())
		}
		if w.Code >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s is %s", name, w.Header().Get("Content-Type"))
		}
	}
	w := s.raw("192.0.2.1:1", "PUT", "/api/auth/login/")
	if allow := w.Header().Get("Allow"); !strings.Contains(allow, "POST") || !strings.Contains(w.Body.String(), "method_not_allowed") {
		t.Errorf("%q %s", allow, w.Body)
	}
}

func TestOnlyListedOriginsMayCallWithCredentials(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for origin, allowed := range map[string]bool{
		"https://app.example":      true,
		"":                         false,
		"null":                     false,
		"*":                        false,
		"https://evil.example":     false,
		"http://app.example":       false,
		"https://app.example:8443": false,
		"https://app.example.":     false,
		"https://APP.example":      false,
		"https://app.example.evil": false,
		"https://evil-app.example": false,
		"https://x.app.example":    false,
		"https://app.example/path": false,
		"https://аpp.example":      false, // Cyrillic
	} {
		for _, path := range []string{"/api/config/", "/api/auth/profile/", "/api/nothing/"} {
			for _, method := range []string{"GET", "OPTIONS"} {
				headers := []string{"Origin", origin, "Access-Control-Request-Method", "PATCH"}
				if origin == "" {
					headers = headers[2:]
				}
				w := s.raw("192.0.2.1:1", method, path, headers...)
				want := ""
				if allowed {
					want = origin
				}
				if got := w.Header().Get("Access-Control-Allow-Origin"); got != want {
					t.Errorf("%s %s from %q: %q", method, path, origin, got)
				}
				if credentials := w.Header().Get("Access-Control-Allow-Credentials"); (credentials == "true") != allowed {
					t.Errorf("%s %s from %q: credentials %q", method, path, origin, credentials)
				}
				if w.Header().Get("Vary") != "Origin" {
					t.Errorf("%s %s from %q: Vary is %q", method, path, origin, w.Header().Get("Vary"))
				}
				if preflight := method == "OPTIONS" && allowed; preflight && (w.Code != 204 ||
					!strings.Contains(w.Header().Get("Access-Control-Allow-Methods"), "PATCH")) {
					t.Errorf("preflight from %q: %d %v", origin, w.Code, w.Header())
				}
			}
		}
	}
}

func TestTheAddressOfACallerIsBelievedFromProxiesOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, test := range map[string]struct{ peer, forwarded, want string }{
		"no proxy":                      {"192.0.2.1:1", "", "192.0.2.1"},
		"a stranger says so":            {"192.0.2.1:1", "198.51.100.9", "192.0.2.1"},
		"loopback is not trusted":       {"127.0.0.1:1", "198.51.100.9", "127.0.0.1"},
		"another private net is not":    {"192.168.0.1:1", "198.51.100.9", "192.168.0.1"},
		"our proxy says so":             {"10.1.2.3:1", "198.51.100.9", "198.51.100.9"},
		"the caller lied to our proxy":  {"10.1.2.3:1", "1.1.1.1, 198.51.100.9", "198.51.100.9"},
		"through two proxies of ours":   {"10.1.2.3:1", "1.1.1.1, 198.51.100.9, 10.9.9.9", "198.51.100.9"},
		"our proxy passed on something": {"10.1.2.3:1", "not an address", "10.1.2.3"},
	} {
		headers := []string{"X-Real-Ip", "203.0.113.7", "Forwarded", "for=203.0.113.7"}
		if test.forwarded != "" {
			headers = append(headers, "X-Forwarded-For", test.forwarded)
		}
		request := s.raw(test.peer, "GET", "/api/config/", headers...).Header().Get("X-Request-Id")
		for line := range strings.Lines(s.log.String()) {
			if strings.Contains(line, request) && !strings.Contains(line, `"ip":"`+test.want+`"`) {
				t.Errorf("%s: %s", name, line)
			}
		}
		if !strings.Contains(s.log.String(), request) {
			t.Errorf("%s is not in the log", name)
		}
	}
}

func TestTheLogHasNoSecret(t *testing.T) {
	t.Parallel()
	var seen []string
	s := newSite(t, func(c *rest.Config) {
		c.Observe = func(v rest.Seen) { seen = append(seen, v.Method+v.Route+v.Code) }
	})
	access, refresh, _ := s.signUp("canary")
	ticket := s.want(200, access, "POST", "/api/auth/ticket/", "").text("ticket")
	secrets := []string{access, refresh, ticket, s.linkToken(), phrase, "canary"}
	s.call("", "POST", "/api/auth/login/", `{"email":"canary@example.com","password":"canary canary"}`)
	for _, secret := range secrets[:4] {
		s.call(secret, "GET", "/api/auth/profile/?token="+secret, "", "Referer", home+"/?token="+secret)
		s.call("", "GET", "/api/auth/"+secret+"/", "")
		s.call("", "GET", "/api/parties/invite/"+secret+"/", "")
		s.call("", "GET", "/media/"+secret+"/"+secret+"/canary.mp4", "")
		s.call("", "POST", "/api/auth/verify-email/", `{"token":"`+secret+`","canary":1}`)
		s.call("", "POST", "/api/auth/refresh/", `{"refresh":"x`+secret+`"}`)
		s.call("", "POST", "/api/auth/refresh/", "", browser("refresh_token="+secret+"; access_token="+secret)...)
	}
	s.call("", "GET", "/api/config/", "", "User-Agent", `x","level":"canary"`)
	log := s.log.String()
	for _, secret := range secrets {
		if strings.Contains(log, secret) || strings.Contains(strings.Join(seen, "\n"), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	lines := strings.Split(strings.TrimSpace(log), "\n")
	if len(lines) < 20 {
		t.Errorf("only %d lines", len(lines))
	}
	for _, line := range lines {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Errorf("%s", line)
		}
	}
}

func TestPathsWorkWithAndWithoutTheirSlash(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/api/config", "/api/openapi.json", "/api/asyncapi.json", "/api/docs"} {
		for _, p := range []string{path, path + "/", path + "?x=1"} {
			if w := s.raw("192.0.2.1:1", "GET", p); w.Code != 200 {
				t.Errorf("%s: %d", p, w.Code)
			}
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if w := s.raw("192.0.2.1:1", "GET", path); w.Code != 200 || !strings.Contains(w.Body.String(), `"ok"`) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	s.want(201, "", "POST", "/api/auth/guest", `{"name":"Gus"}`)
}

// lost is a database that does not answer who calls.
type lost struct{}

func (lost) Authenticate(context.Context, string) (account.Identity, error) {
	return account.Identity{}, fault.ErrUnavailable.Because(errors.New("canary")).After(1500 * time.Millisecond)
}

func TestADatabaseThatIsAwayIsSaidSo(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *rest.Config) { c.Auth = lost{} })
	if err := s.face.s.Close(); err != nil {
		t.Fatal(err)
	}
	for path, wait := range map[string]string{"/readyz": "1", "/api/auth/profile/": "2", "/api/users/friends/": "2"} {
		w := s.raw("192.0.2.1:1", "GET", path, "Authorization", "Bearer x")
		if w.Code != 503 || w.Header().Get("Retry-After") != wait || strings.Contains(w.Body.String(), "canary") {
			t.Errorf("%s: %d %s %s", path, w.Code, w.Header(), w.Body)
		}
	}
	if w := s.raw("192.0.2.1:1", "GET", "/healthz"); w.Code != 200 {
		t.Errorf("%d", w.Code)
	}
	if !strings.Contains(s.log.String(), "canary") {
		t.Error("the log does not tell why")
	}
}

func TestTheConfigurationTellsWhatAClientNeeds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.want(200, "", "GET", "/api/config/", "")
	if r.text("version") != "test" || r.text("public_url") != home || r.at("features") == nil || r.text("permissions.0.action") == "" {
		t.Errorf("%s", r.raw)
	}
	w := s.raw("192.0.2.1:1", "GET", "/api/docs")
	if !strings.Contains(w.Body.String(), "/api/auth/login/") || !strings.Contains(w.Header().Get("Content-Security-Policy"), "style-src 'sha256-") ||
		strings.Contains(w.Body.String(), "<script") || strings.Contains(w.Body.String(), "//unpkg") {
		t.Errorf("%s %s", w.Header(), w.Body)
	}
}
