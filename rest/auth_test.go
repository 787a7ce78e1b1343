package rest_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"watchparty/rest"
)

func TestABrowserLivesByItsCookies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.want(201, "", "POST", "/api/auth/register", `{"email":"Ana@example.com","password":"`+phrase+`","first_name":"Ana"}`)
	access, refresh := r.cookie("access_token"), r.cookie("refresh_token")
	for _, c := range []*http.Cookie{access, refresh} {
		if c == nil || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Domain != "" {
			t.Fatalf("cookie %v", c)
		}
	}
	if access.Path != "/" || refresh.Path != "/api/auth/" || access.MaxAge != 900 || refresh.MaxAge < 86400 {
		t.Errorf("%v %v", access, refresh)
	}
	if r.at("success") != true || r.text("access") != access.Value || r.text("refresh_token") != refresh.Value ||
		r.text("user.email") != "ana@example.com" || r.text("user.role") != "user" || r.at("user.is_guest") != false || r.at("expires_in") != 900.0 {
		t.Errorf("%s", r.raw)
	}

	me := s.want(200, "", "GET", "/api/auth/profile/", "", browser("access_token="+access.Value)...)
	if me.text("name") != "Ana" || me.header.Get("ETag") != `"1"` || me.at("is_email_verified") != false {
		t.Errorf("%s", me.raw)
	}
	r = s.want(200, "", "POST", "/api/auth/refresh/", "", browser("refresh_token="+refresh.Value)...)
	next := r.cookie("refresh_token")
	if next == nil || next.Value == refresh.Value || r.text("access") == "" || r.text("access_token") != r.text("access") ||
		r.text("refresh") != next.Value {
		t.Errorf("%s %v", r.raw, next)
	}
	again := s.want(200, "", "POST", "/api/auth/refresh/", "", browser("refresh_token="+refresh.Value)...)
	if again.text("refresh") != next.Value {
		t.Error("another tab got another successor")
	}
	kept := s.want(200, "", "POST", "/api/auth/refresh/", `{"refresh":"`+next.Value+`"}`)
	if kept.text("refresh") != next.Value {
		t.Error("a client that keeps its token lost it")
	}
	r = s.want(401, "", "POST", "/api/auth/refresh/", "", browser("refresh_token=dead; access_token=dead")...)
	if r.text("code") != "token_not_valid" || r.at("success") != false {
		t.Errorf("%s", r.raw)
	}
	for _, name := range []string{"access_token", "refresh_token"} {
		if c := r.cookie(name); c == nil || c.MaxAge >= 0 {
			t.Errorf("%s is left after a refresh that failed: %v", name, c)
		}
	}

	out := s.want(200, "", "POST", "/api/auth/logout/", "", browser("access_token="+access.Value)...)
	if c := out.cookie("refresh_token"); c == nil || c.MaxAge >= 0 {
		t.Errorf("cookie %v", c)
	}
	r = s.want(401, "", "GET", "/api/auth/profile/", "", browser("access_token="+access.Value)...)
	if c := r.cookie("access_token"); r.text("code") != "token_not_valid" || c == nil || c.MaxAge >= 0 {
		t.Errorf("%s %v", r.raw, c)
	}
	s.want(401, "", "POST", "/api/auth/refresh/", `{"refresh":"`+next.Value+`"}`)
	if r = s.want(401, "", "GET", "/api/auth/profile/", ""); r.text("code") != "not_authenticated" {
		t.Errorf("%s", r.raw)
	}
	s.want(200, "", "POST", "/api/auth/logout/", "")
}

func TestACallFromAnotherSiteIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	access, refresh, _ := s.signUp("ana")
	patch := `{"name":"Ana"}`
	enter := `{"name":"Gus"}`
	tests := []struct {
		name    string
		headers []string
		own     int // PATCH profile with the cookie
		enters  int // POST guest without one
	}{
		{"our page", []string{"Sec-Fetch-Site", "same-origin", "Origin", home}, 200, 201},
		{"typed by the person", []string{"Sec-Fetch-Site", "none"}, 200, 201},
		{"our page, an old browser", []string{"Origin", home}, 200, 201},
		{"a page on the list", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://app.example"}, 200, 201},
		{"no browser", nil, 403, 201},
		{"another site", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403, 403},
		{"another site, an old browser", []string{"Origin", "https://evil.example"}, 403, 403},
		{"a sibling of ours", []string{"Sec-Fetch-Site", "same-site", "Origin", "https://x.party.example"}, 403, 403},
		{"a sandboxed frame", []string{"Origin", "null"}, 403, 403},
		{"a longer name", []string{"Origin", home + ".evil.example"}, 403, 403},
		{"a name before", []string{"Origin", "https://evilparty.example"}, 403, 403},
		{"our name without TLS", []string{"Origin", "http://party.example"}, 403, 403},
		{"our name on another port", []string{"Origin", home + ":8443"}, 403, 403},
		{"our name with a dot", []string{"Origin", home + "."}, 403, 403},
		{"something that is no origin", []string{"Origin", "::::"}, 403, 403},
	}
	for _, test := range tests {
		got := s.call("", "PATCH", "/api/auth/profile/", patch, append([]string{"Cookie", "access_token=" + access}, test.headers...)...)
		if got.status != test.own {
			t.Errorf("%s: with the cookie %d: %s", test.name, got.status, got.raw)
		}
		if got := s.call("", "POST", "/api/auth/guest/", enter, test.headers...); got.status != test.enters {
			t.Errorf("%s: entering %d: %s", test.name, got.status, got.raw)
		}
		got = s.call("", "POST", "/api/auth/refresh/", "", append([]string{"Cookie", "refresh_token=" + refresh}, test.headers...)...)
		if ok := got.status == 200; ok != (test.own == 200) {
			t.Errorf("%s: refreshing %d: %s", test.name, got.status, got.raw)
		}
		if got := s.call(access, "PATCH", "/api/auth/profile/", patch, test.headers...); got.status != 200 {
			t.Errorf("%s: with a token of its own %d: %s", test.name, got.status, got.raw)
		}
	}
}

func TestASessionEndsOnTheNextCall(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first, _, _ := s.signUp("ana")
	second := s.want(200, "", "POST", "/api/auth/login/", `{"email":"ana@example.com","password":"`+phrase+`"}`, "User-Agent", "phone").text("access")
	list := s.want(200, first, "GET", "/api/auth/sessions/", "")
	if list.at("count") != 2.0 {
		t.Fatalf("%s", list.raw)
	}
	other := ""
	for i := range 2 {
		at := "results." + string(rune('0'+i))
		if list.at(at+".current") == false {
			other = list.text(at + ".id")
			if list.text(at+".user_agent") != "phone" || list.text(at+".ip") != "127.0.0.1" {
				t.Errorf("%s", list.raw)
			}
		}
	}
	s.want(200, second, "GET", "/api/auth/profile/", "")
	s.want(204, first, "DELETE", "/api/auth/sessions/"+other+"/", "")
	s.want(401, second, "GET", "/api/auth/profile/", "")
	s.want(404, first, "DELETE", "/api/auth/sessions/"+other+"/", "")
	s.want(404, first, "DELETE", "/api/auth/sessions/x/", "")
	third := s.want(200, "", "POST", "/api/auth/login/", `{"email":"ana@example.com","password":"`+phrase+`"}`).text("access")
	if r := s.want(200, first, "DELETE", "/api/auth/sessions/", ""); r.at("count") != 1.0 {
		t.Errorf("%s", r.raw)
	}
	s.want(401, third, "GET", "/api/auth/profile/", "")
	s.want(200, first, "GET", "/api/auth/profile/", "")
}

// bare is an answer without what differs from call to call.
func bare(r reply) string {
	return strings.ReplaceAll(r.raw, r.text("request_id"), "")
}

func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.signUp("ana")
	for path, bodies := range map[string][2]string{
		"login":               {`{"email":"ana@example.com","password":"wrong words here"}`, `{"email":"bob@example.com","password":"wrong words here"}`},
		"forgot-password":     {`{"email":"ana@example.com"}`, `{"email":"bob@example.com"}`},
		"resend-verification": {`{"email":"ana@example.com"}`, `{"email":"bob@example.com"}`},
	} {
		known := s.call("", "POST", "/api/auth/"+path+"/", bodies[0])
		unknown := s.call("", "POST", "/api/auth/"+path+"/", bodies[1])
		if known.status != unknown.status || bare(known) != bare(unknown) {
			t.Errorf("%s: %d %s\n%d %s", path, known.status, known.raw, unknown.status, unknown.raw)
		}
	}
	r := s.want(400, "", "POST", "/api/auth/login/", `{"email":"ana@example.com","password":"wrong words here"}`)
	if r.text("code") != "auth.bad_credentials" || r.text("message") == "" {
		t.Errorf("%s", r.raw)
	}
	r = s.want(400, "", "POST", "/api/auth/register/", `{"email":"ana@example.com","password":"`+phrase+`"}`)
	if r.text("code") != "auth.email_taken" || r.at("errors.email") == nil {
		t.Errorf("%s", r.raw)
	}
}

func TestPasswordAndAddressByLinks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	access, _, _ := s.signUp("ana")
	s.want(200, "", "POST", "/api/auth/verify-email/", `{"token":"`+s.linkToken()+`"}`)
	if r := s.want(400, "", "POST", "/api/auth/verify-email/", `{"token":"`+s.linkToken()+`"}`); r.text("code") != "auth.link_not_valid" {
		t.Errorf("%s", r.raw)
	}
	if r := s.want(200, access, "GET", "/api/auth/profile/", ""); r.at("is_email_verified") != true {
		t.Errorf("%s", r.raw)
	}
	// The address of the request never gets into a link.
	s.want(200, "", "POST", "/api/auth/forgot-password/", `{"email":"ana@example.com"}`, "X-Forwarded-Host", "evil.example")
	if !strings.HasPrefix(s.letters[len(s.letters)-1], home+"/reset?token=") {
		t.Errorf("%v", s.letters)
	}
	const fresh = "a wholly new phrase"
	r := s.want(400, "", "POST", "/api/auth/reset-password/", `{"token":"`+s.linkToken()+`","new_password":"`+fresh+`","confirm_password":"x"}`)
	if r.at("errors.confirm_password") == nil {
		t.Errorf("%s", r.raw)
	}
	r = s.want(400, "", "POST", "/api/auth/reset-password/", `{"token":"`+s.linkToken()+`","new_password":"12345678"}`)
	if r.text("code") != "auth.weak_password" || r.at("errors.new_password") == nil {
		t.Errorf("%s", r.raw)
	}
	s.want(200, "", "POST", "/api/auth/reset-password/", `{"token":"`+s.linkToken()+`","new_password":"`+fresh+`"}`)
	s.want(401, access, "GET", "/api/auth/profile/", "")
	access = s.want(200, "", "POST", "/api/auth/login/", `{"email":"ana@example.com","password":"`+fresh+`"}`).text("access")
	if r := s.want(400, access, "POST", "/api/auth/change-password/", `{"old_password":"no","new_password":"`+phrase+`"}`); r.at("errors.old_password") == nil {
		t.Errorf("%s", r.raw)
	}
	s.want(200, access, "POST", "/api/auth/change-password/", `{"old_password":"`+fresh+`","new_password":"`+phrase+`"}`)
	s.want(200, access, "GET", "/api/auth/profile/", "")
}

func TestAGuestBecomesAnAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	g := s.want(201, "", "POST", "/api/auth/guest/", `{"name":"Gus"}`)
	if g.at("user.is_guest") != true || g.text("user.role") != "guest" || g.at("user.email") != nil {
		t.Errorf("%s", g.raw)
	}
	token := g.text("access")
	s.want(403, token, "GET", "/api/users/friends/", "")
	s.want(403, token, "POST", "/api/auth/change-password/", `{"old_password":"x","new_password":"y"}`)
	u := s.want(200, token, "POST", "/api/auth/upgrade/", `{"email":"gus@example.com","password":"`+phrase+`"}`)
	if u.text("user.id") != g.text("user.id") || u.at("user.is_guest") != false || u.text("user.name") != "Gus" {
		t.Errorf("%s", u.raw)
	}
	s.want(401, token, "GET", "/api/auth/profile/", "")
	s.want(200, u.text("access"), "GET", "/api/users/friends/", "")
	s.want(409, u.text("access"), "POST", "/api/auth/upgrade/", `{"email":"g2@example.com","password":"`+phrase+`"}`)
}

func TestProfilesAreEditedByTheirETag(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	access, _, _ := s.signUp("ana")
	r := s.want(200, access, "PATCH", "/api/auth/profile/", `{"name":"Ana Maria"}`, "If-Match", `"1"`)
	if r.header.Get("ETag") != `"2"` || r.text("name") != "Ana Maria" {
		t.Errorf("%s %s", r.header, r.raw)
	}
	if r = s.want(412, access, "PATCH", "/api/auth/profile/", `{"name":"Late"}`, "If-Match", `"1"`); r.text("code") != "version.stale" {
		t.Errorf("%s", r.raw)
	}
	s.want(400, access, "PATCH", "/api/auth/profile/", `{"name":"Odd"}`, "If-Match", `"x"`)
	s.want(200, access, "PUT", "/api/auth/profile", `{"last_name":"M"}`, "If-Match", "*")
	for _, field := range []string{"id", "email", "role", "site", "is_staff", "version", "is_email_verified", "password_hash", "Name", "NAME"} {
		r := s.want(400, access, "PATCH", "/api/auth/profile/", `{"`+field+`":"admin"}`)
		if r.at("errors."+field) == nil {
			t.Errorf("%s is not named: %s", field, r.raw)
		}
	}
	if me := s.want(200, access, "GET", "/api/auth/profile/", ""); me.text("role") != "user" || me.text("name") != "Ana Maria" {
		t.Errorf("%s", me.raw)
	}
}

func TestTicketsAreGivenToWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	access, _, _ := s.signUp("ana")
	a := s.want(200, access, "POST", "/api/auth/ticket/", "")
	b := s.want(200, access, "GET", "/api/auth/ws-token/", "")
	if a.text("ticket") == "" || a.text("ticket") != a.text("token") || a.text("ticket") == b.text("ticket") || a.at("expires_in") != 30.0 {
		t.Errorf("%s %s", a.raw, b.raw)
	}
	s.want(401, a.text("ticket"), "GET", "/api/auth/profile/", "")
	s.want(401, "", "POST", "/api/auth/ticket/", "")
}

func TestTooManyTriesAreRefusedForAWhile(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *rest.Config) { c.Limiter = &counter{n: map[string]int{}} })
	s.signUp("ana")
	const wrong = `{"email":"ana@example.com","password":"wrong words here"}`
	for range 10 {
		s.want(400, "", "POST", "/api/auth/login/", wrong)
	}
	r := s.want(429, "", "POST", "/api/auth/login/", strings.Replace(wrong, "ana@", " ANA@", 1))
	if r.header.Get("Retry-After") != "60" || r.text("code") != "rate_limited" || r.at("retry_after") != 60.0 {
		t.Errorf("%s %s", r.header, r.raw)
	}
	s.want(400, "", "POST", "/api/auth/login/", strings.Replace(wrong, "ana@", "bob@", 1))
	for range 5 {
		s.want(200, "", "POST", "/api/auth/forgot-password/", `{"email":"victim@example.com"}`)
	}
	s.want(429, "", "POST", "/api/auth/forgot-password/", `{"email":"victim@example.com"}`)
	for range 28 {
		s.call("", "POST", "/api/auth/login/", strings.Replace(wrong, "ana@", time.Now().Format("150405.000000000@"), 1))
	}
	s.want(429, "", "POST", "/api/auth/login/", strings.Replace(wrong, "ana@", "carl@", 1))
}

func TestACallWithAKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	access, _, _ := s.signUp("ana")
	other, _, _ := s.signUp("bob")
	const body = `{"title":"Film night"}`
	first := s.want(201, access, "POST", "/api/parties/", body, "Idempotency-Key", "k1")
	again := s.want(201, access, "POST", "/api/parties/", body, "Idempotency-Key", "k1")
	if again.text("id") != first.text("id") || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("%s\n%s", first.raw, again.raw)
	}
	if r := s.want(409, access, "POST", "/api/parties/", `{"title":"Other"}`, "Idempotency-Key", "k1"); r.text("code") != "idempotency.reused" {
		t.Errorf("%s", r.raw)
	}
	if r := s.want(201, other, "POST", "/api/parties/", body, "Idempotency-Key", "k1"); r.text("id") == first.text("id") {
		t.Error("somebody else's answer")
	}
	s.want(400, access, "POST", "/api/parties/", `{"title":""}`, "Idempotency-Key", "k2")
	s.want(201, access, "POST", "/api/parties/", body, "Idempotency-Key", "k2")
	s.want(400, access, "POST", "/api/parties/", body, "Idempotency-Key", strings.Repeat("k", 201))

	var wg sync.WaitGroup
	var mu sync.Mutex
	made := map[string]bool{}
	for range 12 {
		wg.Go(func() {
			r := s.call(access, "POST", "/api/parties/", body, "Idempotency-Key", "k3")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case r.status == 201:
				made[r.text("id")] = true
			case r.status != 409 || r.text("code") != "idempotency.running":
				t.Errorf("%d %s", r.status, r.raw)
			}
		})
	}
	wg.Wait()
	if len(made) != 1 {
		t.Errorf("%d parties", len(made))
	}
	if r := s.want(200, access, "GET", "/api/parties/?scope=hosted", ""); r.at("count") != 3.0 {
		t.Errorf("%s", r.raw)
	}
}
