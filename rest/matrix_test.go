package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"watchparty/rest"
	"watchparty/store"
	"watchparty/store/storetest"
)

// schema is as much of a JSON schema as the matrix needs.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"` // a name or a list with null
	Format     string            `json:"format"`
	Enum       []any             `json:"enum"`
	Minimum    float64           `json:"minimum"`
	Required   []string          `json:"required"`
	Properties map[string]schema `json:"properties"`
	AnyOf      []schema          `json:"anyOf"`
}

func (s schema) allows(kind string) bool {
	switch t := s.Type.(type) {
	case string:
		return t == kind || kind == "integer" && t == "number"
	case []any:
		return slices.Contains(t, any(kind)) || kind == "integer" && slices.Contains(t, any("number"))
	}
	return true
}

type operation struct {
	Method, Path string
	OperationID  string `json:"operationId"`
	Parameters   []struct {
		Name, In string
		Schema   schema
	}
	RequestBody *struct {
		Content map[string]struct{ Schema schema }
	} `json:"requestBody"`
	Responses map[string]struct{ Description string }
}

// raw says whether the operation reads its body itself.
func (o operation) raw() bool { return o.Responses["default"].Description == "See the operation." }

// document reads the operations from the OpenAPI document, so that a new one is
// in the matrix without a word.
func document(t *testing.T) (ops []operation, schemas map[string]schema) {
	t.Helper()
	b, err := rest.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths      map[string]map[string]operation
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			o.Method, o.Path = strings.ToUpper(method), path
			ops = append(ops, o)
		}
	}
	slices.SortFunc(ops, func(a, b operation) int { return strings.Compare(a.OperationID, b.OperationID) })
	if len(ops) < 50 {
		t.Fatalf("only %d operations", len(ops))
	}
	return ops, doc.Components.Schemas
}

// matrix sends calls straight to the handler.
type matrix struct {
	*site
	schemas map[string]schema
	calls   int
}

// at fills a path: the party is the caller's own, everything else names nothing.
func at(path, party string, params map[string]string) string {
	for strings.Contains(path, "{") {
		from, to := strings.Index(path, "{"), strings.Index(path, "}")
		name := path[from+1 : to]
		value, given := params[name]
		switch {
		case given:
		case name == "id" && strings.HasPrefix(path, "/api/parties/"), name == "party":
			value = party
		default:
			value = "00000000-0000-7000-8000-000000000000"
		}
		path = path[:from] + value + path[to+1:]
	}
	return path
}

func (m *matrix) send(token, method, path, kind string, body []byte, headers ...string) *httptest.ResponseRecorder {
	m.t.Helper()
	m.calls++
	r, err := http.NewRequestWithContext(m.t.Context(), method, home+path, bytes.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	r.RemoteAddr = "192.0.2.7:1234"
	r.Header.Set("Authorization", "Bearer "+token)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	m.handler.ServeHTTP(w, r)
	if w.Code >= 500 {
		m.t.Errorf("%s %s %.200q: %d %s", method, path, body, w.Code, w.Body)
	}
	return w
}

// refused checks that an answer is a problem with one of the statuses.
func (m *matrix) refused(o operation, what string, w *httptest.ResponseRecorder, statuses ...int) {
	m.t.Helper()
	if !slices.Contains(statuses, w.Code) {
		m.t.Errorf("%s (%s %s): %s is answered %d: %s", o.OperationID, o.Method, o.Path, what, w.Code, w.Body)
		return
	}
	var p struct {
		Code, Message, Detail string
		RequestID             string `json:"request_id"`
		Success               *bool
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code == "" || p.Message == "" || p.RequestID == "" || p.Success == nil || *p.Success {
		m.t.Errorf("%s: %s is no problem: %s", o.OperationID, what, w.Body)
	}
	if len(w.Body.Bytes()) > 4096 {
		m.t.Errorf("%s: %s is answered with %d bytes", o.OperationID, what, w.Body.Len())
	}
}

const jsonType = "application/json"

var (
	deep     = strings.Repeat("[", 33) + strings.Repeat("]", 33)
	abyss    = strings.Repeat("[", 1_000_000)
	mebibyte = append([]byte(`{"a":"`), bytes.Repeat([]byte("x"), 1<<20)...)
	long     = `"` + strings.Repeat("x", 20_000) + `"`
)

func TestNoBodyHoweverBadIsAFaultOfOurs(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.Store) {
		t.Parallel()
		ops, schemas := document(t)
		m := &matrix{site: newSiteOn(t, db), schemas: schemas}
		for i, o := range ops {
			if o.Method == http.MethodGet || o.Method == http.MethodHead || o.raw() {
				continue
			}
			token, party := m.someone(i)
			path := at(o.Path, party, nil)
			m.malformed(o, token, path)
			if o.RequestBody != nil {
				m.misshaped(o, token, path)
			}
		}
		t.Logf("%d calls", m.calls)
	})
}

// someone is a new person with a party of his own.
func (m *matrix) someone(i int) (token, party string) {
	m.t.Helper()
	token, _, _ = m.signUp(fmt.Sprintf("person%d", i))
	return token, m.want(201, token, "POST", "/api/parties/", `{"title":"Mine"}`).text("id")
}

// malformed sends what is wrong whatever the operation takes.
func (m *matrix) malformed(o operation, token, path string) {
	m.t.Helper()
	for what, body := range map[string]string{
		"half an object":     `{"a":`,
		"no JSON":            `hello`,
		"two values":         `{} {}`,
		"a value and a dot":  `{}.`,
		"a repeated key":     `{"title":"a","title":"b"}`,
		"a key escaped too":  `{"title":"a","t\u0069tle":"b"}`,
		"33 levels":          deep,
		"33 levels inside":   `{"a":` + deep + `}`,
		"a million levels":   abyss,
		"no UTF-8":           "{\"a\":\"\xff\xfe\"}",
		"UTF-16":             "\xff\xfe{\x00}\x00",
		"a byte order mark":  "\xef\xbb\xbf{}",
		"a comment":          "{} // hi",
		"a trailing comma":   `{"a":1,}`,
		"NaN":                `{"a":NaN}`,
		"single quotes":      `{'a':1}`,
		"a zero byte inside": "{\"a\x00b\":1}",
	} {
		m.refused(o, what, m.send(token, o.Method, path, jsonType, []byte(body)), 400)
	}
	m.refused(o, "more than a mebibyte", m.send(token, o.Method, path, jsonType, mebibyte), 413)
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "application/jsonp", "text/json"} {
		m.refused(o, "type "+kind, m.send(token, o.Method, path, kind, []byte(`{}`)), 415)
	}
	m.refused(o, "gzip", m.send(token, o.Method, path, jsonType, []byte(`{}`), "Content-Encoding", "gzip"), 415)
}

// misshaped sends objects whose keys or types are not those of the schema.
func (m *matrix) misshaped(o operation, token, path string) {
	m.t.Helper()
	s := m.resolve(o.RequestBody.Content[jsonType].Schema)
	for what, body := range map[string]string{"a list": `[]`, "a text": `"x"`, "a number": `1`, "true": `true`} {
		m.refused(o, what, m.send(token, o.Method, path, jsonType, []byte(body)), 400)
	}
	m.send(token, o.Method, path, jsonType, []byte(`null`))
	m.send(token, o.Method, path, jsonType, []byte(`{}`))
	unknown := []string{"zz_unknown", "__proto__", "constructor", "host_id", "is_admin"}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		unknown = append(unknown, strings.ToUpper(name), strings.ToUpper(name[:1])+name[1:], name+" ")
	}
	for _, key := range unknown {
		if _, known := s.Properties[key]; known {
			continue
		}
		w := m.send(token, o.Method, path, jsonType, fmt.Appendf(nil, `{%q:"x"}`, key))
		m.refused(o, "key "+key, w, 400)
		if !strings.Contains(w.Body.String(), fmt.Sprintf("%q:[", key)) {
			m.t.Errorf("%s: key %s is not named: %s", o.OperationID, key, w.Body)
		}
	}
	values := map[string]string{
		`"x"`: "string", `1`: "integer", `-1`: "integer", `1.5`: "number", `9007199254740993`: "integer", `1e400`: "number", `true`: "boolean",
		`[]`: "array", `[{"a":1}]`: "array", `{}`: "object", `{"a":{"b":1}}`: "object", `null`: "null",
		`""`: "string", `"\u0000"`: "string", `"\ud800"`: "string", `"<script>alert(1)</script>"`: "string", `"'; DROP TABLE users; --"`: "string",
		long: "string",
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		prop := m.resolve(s.Properties[name])
		for value, kind := range values {
			w := m.send(token, o.Method, path, jsonType, m.filled(s, name, value))
			if !prop.allows(kind) && !slices.Contains([]string{"null", "number"}, kind) {
				m.refused(o, fmt.Sprintf("%s as %.40s", name, value), w, 400)
			}
		}
	}
}

// filled is a body with all that is required, one value of which is given.
func (m *matrix) filled(s schema, name, value string) []byte {
	m.t.Helper()
	body := map[string]any{}
	for _, r := range s.Required {
		body[r] = m.sample(r, s.Properties[r])
	}
	body[name] = json.RawMessage(value)
	b, err := json.Marshal(body)
	if err != nil { // such as a number too large: the decoder's question, not the encoder's
		return fmt.Appendf(nil, `{%q:%s}`, name, value)
	}
	return b
}

func (m *matrix) sample(name string, s schema) any {
	s = m.resolve(s)
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Format == "uuid":
		return "00000000-0000-7000-8000-000000000000"
	case s.Type == "string" && strings.Contains(name, "email"):
		return "somebody@example.com"
	case s.Type == "string":
		return "a long enough text"
	case s.Type == "boolean":
		return true
	case s.Type == "integer", s.Type == "number":
		return s.Minimum + 1
	}
	return map[string]any{}
}

func (m *matrix) resolve(s schema) schema {
	for s.Ref != "" {
		s = m.schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	if len(s.AnyOf) > 0 {
		return m.resolve(s.AnyOf[0])
	}
	return s
}

// harmless are operations on nothing that are answered all the same: lifting a
// block that is not there changes nothing, and the item to play is the live
// room's question, for which the tests have a stand-in.
var harmless = map[string]bool{"user-unblock": true, "queue-play": true}

func TestNoAddressHoweverBadIsAFaultOfOurs(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.Store) {
		t.Parallel()
		ops, schemas := document(t)
		m := &matrix{site: newSiteOn(t, db), schemas: schemas}
		names := []string{
			"00000000-0000-7000-8000-000000000000", "0", "-1", "99999999999999999999", "x", "%00", "..", "%2e%2e%2f", "%ff", "%27%20OR%201=1--",
			strings.Repeat("A", 5000), "ABCDEF", "null", "%20", "00000000-0000-7000-8000-00000000000G", "%F0%9F%8D%BF",
		}
		for i, o := range ops {
			token, party := m.someone(i)
			for _, p := range o.Parameters {
				switch p.In {
				case "path":
					for _, name := range names {
						w := m.send(token, o.Method, at(o.Path, party, map[string]string{p.Name: name}), jsonType, []byte(`{}`))
						if w.Code < 400 && o.Method != http.MethodDelete && !harmless[o.OperationID] {
							t.Errorf("%s: %s %q is answered %d: %.200s", o.OperationID, p.Name, name, w.Code, w.Body)
						}
					}
				case "query":
					m.queries(o, token, at(o.Path, party, nil), p.Name, p.Schema.allows("string"))
				}
			}
		}
		t.Logf("%d calls", m.calls)
	})
}

func (m *matrix) queries(o operation, token, path, name string, text bool) {
	m.t.Helper()
	for _, value := range []string{"", "0", "-1", "1e9", "999999999999999999999", "1.5", "x", "%00", "%ff", "%25", "_", "%27", "a%00b", "%F0%9F%8D%BF", strings.Repeat("y", 3000)} {
		w := m.send(token, o.Method, path+"?"+name+"="+value, "", nil)
		if !text && slices.Contains([]string{"0", "-1", "999999999999999999999", "1.5", "x"}, value) && name != "before" {
			m.refused(o, name+"="+value, w, 400)
		}
	}
}

func TestAStrangerIsTurnedAwayBeforeHisBodyIsRead(t *testing.T) {
	t.Parallel()
	ops, _ := document(t)
	m := &matrix{site: newSite(t)}
	open := map[string]bool{}
	for _, o := range ops {
		w := m.send("forged.token.here", o.Method, at(o.Path, "00000000-0000-7000-8000-000000000000", nil), jsonType, []byte(`{"a":`))
		if w.Code != 401 {
			open[o.OperationID] = true
			continue
		}
		if o.Method != http.MethodHead {
			m.refused(o, "a forged token", w, 401)
		}
	}
	// Signing in must work with a dead token; pages of the site as well.
	want := map[string]bool{}
	for _, name := range []string{
		"auth-register", "auth-login", "auth-guest", "auth-refresh", "auth-logout", "auth-forgot-password", "auth-reset-password",
		"auth-verify-email", "auth-resend-verification", "config", "health-live", "health-ready",
	} {
		want[name] = true
	}
	for name := range open {
		if !want[name] {
			t.Errorf("%s takes a forged token", name)
		}
	}
	for name := range want {
		if !open[name] {
			t.Errorf("%s is shut to a forged token", name)
		}
	}
}
