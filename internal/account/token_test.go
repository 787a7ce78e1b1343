package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"hash"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"watchparty/internal/id"
)

var (
	testKey  = []byte("0123456789abcdef0123456789abcdef")
	testNow  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	someone  = id.User("01a20960-28eb-7294-95d6-fae315b48b55") // fixed: fuzzing runs in several processes
	somehere = id.Session("01a20960-28eb-729e-ab5e-7da6b550c8da")
)

type object map[string]any

func enc(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func sign(h func() hash.Hash, key []byte, text string) string {
	m := hmac.New(h, key)
	m.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// goodHead and goodClaims are those of a token that passes; forgeries change
// one thing.
func goodHead() object { return object{"alg": "HS256", "typ": "at+jwt"} }

func goodClaims() object {
	return object{
		"iss": "watchparty", "aud": "watchparty:access", "sub": someone, "sid": somehere,
		"iat": testNow.Unix(), "nbf": testNow.Unix(), "exp": testNow.Add(time.Minute).Unix(),
	}
}

func forge(t testing.TB, change func(head, claims object)) string {
	head, body := goodHead(), goodClaims()
	change(head, body)
	return sign(sha256.New, testKey, enc(t, head)+"."+enc(t, body))
}

func TestOnlyTokensThatWeMadePass(t *testing.T) {
	t.Parallel()
	own, err := signAccess(testKey, someone, somehere, testNow)
	if err != nil {
		t.Fatal(err)
	}
	good := string(own)
	same := forge(t, func(object, object) {})
	for name, token := range map[string]string{"our own": good, "the forger's, with nothing changed": same} {
		if u, s, err := parseAccess(testKey, token, testNow); err != nil || u != someone || s != somehere {
			t.Fatalf("%s: %v %v %v", name, u, s, err)
		}
	}
	for name, token := range forgeries(t, good) {
		if _, _, err := parseAccess(testKey, token, testNow); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(forgeries(t, good)); n < 40 {
		t.Errorf("only %d forgeries", n)
	}
	if _, _, err := parseAccess(testKey, good, testNow.Add(accessTTL)); !errors.Is(err, ErrToken) {
		t.Errorf("our own after its time: %v", err)
	}
	if _, _, err := parseAccess(testKey, good, testNow.Add(accessTTL-time.Second)); err != nil {
		t.Errorf("our own just in time: %v", err)
	}
}

func forgeries(t testing.TB, good string) map[string]string {
	t.Helper()
	parts := strings.Split(good, ".")
	set := func(where, key string, v any) string {
		return forge(t, func(head, claims object) {
			m := claims
			if where == "head" {
				m = head
			}
			if v == nil {
				delete(m, key)
			} else {
				m[key] = v
			}
		})
	}
	body := enc(t, goodClaims())
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rs := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims(goodClaims()))
	rs.Header["typ"] = tokenType
	signedRS, err := rs.SignedString(rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"nothing":                      "",
		"a dot":                        ".",
		"two dots":                     "..",
		"three dots":                   "...",
		"words":                        "let me in",
		"a refresh token":              id.Token(),
		"alg none, no signature":       enc(t, object{"alg": "none", "typ": "at+jwt"}) + "." + body + ".",
		"alg None":                     enc(t, object{"alg": "None", "typ": "at+jwt"}) + "." + body + ".",
		"alg NONE with our signature":  sign(sha256.New, testKey, enc(t, object{"alg": "NONE", "typ": "at+jwt"})+"."+body),
		"alg hs256":                    set("head", "alg", "hs256"),
		"alg RS256 over an HMAC":       set("head", "alg", "RS256"),
		"a real RS256":                 signedRS,
		"HS384":                        sign(sha512.New384, testKey, enc(t, object{"alg": "HS384", "typ": "at+jwt"})+"."+body),
		"HS512":                        sign(sha512.New, testKey, enc(t, object{"alg": "HS512", "typ": "at+jwt"})+"."+body),
		"no alg":                       set("head", "alg", nil),
		"alg a number":                 set("head", "alg", 256),
		"alg a list":                   set("head", "alg", []string{"HS256"}),
		"no typ":                       set("head", "typ", nil),
		"typ JWT":                      set("head", "typ", "JWT"),
		"typ of a refresh token":       set("head", "typ", "rt+jwt"),
		"a key id that is a path":      set("head", "kid", "../../dev/null"),
		"a key id that is SQL":         set("head", "kid", "' OR 1=1 --"),
		"a key by address":             set("head", "jku", "https://evil.example/keys"),
		"a key of its own":             set("head", "jwk", object{"kty": "oct", "k": "AA"}),
		"a certificate by address":     set("head", "x5u", "https://evil.example/cert"),
		"a critical extension":         set("head", "crit", []string{"b64"}),
		"unencoded payload":            set("head", "b64", false),
		"the signature left out":       parts[0] + "." + parts[1] + ".",
		"the signature and dot out":    parts[0] + "." + parts[1],
		"the signature cut":            good[:len(good)-4],
		"the signature padded":         good + "=",
		"a fourth part":                good + ".x",
		"a space behind":               good + " ",
		"a zero byte behind":           good + "\x00",
		"another key":                  sign(sha256.New, []byte("another key of thirty-two bytes!"), parts[0]+"."+parts[1]),
		"the empty key":                sign(sha256.New, nil, parts[0]+"."+parts[1]),
		"another body, old signature":  parts[0] + "." + enc(t, object{"sub": someone}) + "." + parts[2],
		"another issuer":               set("claims", "iss", "evil"),
		"no issuer":                    set("claims", "iss", nil),
		"another audience":             set("claims", "aud", "watchparty:refresh"),
		"two audiences":                set("claims", "aud", []string{"watchparty:access", "other"}),
		"no audience":                  set("claims", "aud", nil),
		"expired a second ago":         set("claims", "exp", testNow.Add(-time.Second).Unix()),
		"expires now":                  set("claims", "exp", testNow.Unix()),
		"no expiry":                    set("claims", "exp", nil),
		"expiry a text":                set("claims", "exp", "tomorrow"),
		"expiry below all numbers":     set("claims", "exp", -1e300),
		"good only in a second":        set("claims", "nbf", testNow.Add(time.Second).Unix()),
		"no beginning":                 set("claims", "nbf", nil),
		"made in the future":           set("claims", "iat", testNow.Add(time.Hour).Unix()),
		"no person":                    set("claims", "sub", nil),
		"a person who is not an id":    set("claims", "sub", "admin"),
		"a person as a number":         set("claims", "sub", 1),
		"no session":                   set("claims", "sid", nil),
		"a session that is not an id":  set("claims", "sid", "' OR 1=1"),
		"a session as a list":          set("claims", "sid", []string{string(somehere)}),
		"claims that are a list":       sign(sha256.New, testKey, enc(t, goodHead())+"."+enc(t, []int{1})),
		"claims that are null":         sign(sha256.New, testKey, enc(t, goodHead())+"."+enc(t, nil)),
		"a head that is null":          sign(sha256.New, testKey, enc(t, nil)+"."+body),
		"a huge head":                  set("head", "x", strings.Repeat("A", 1<<20)),
		"huge claims":                  set("claims", "x", strings.Repeat("A", 1<<20)),
		"standard base64":              base64.StdEncoding.EncodeToString([]byte(good)),
		"two tokens":                   good + "," + good,
		"Bearer in front":              "Bearer " + good,
		"encrypted form in five parts": "a.b.c.d.e",
	}
}

func FuzzParseAccess(f *testing.F) {
	good, err := signAccess(testKey, someone, somehere, testNow)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(good))
	for _, token := range forgeries(f, string(good)) {
		if len(token) < 4096 {
			f.Add(token)
		}
	}
	f.Fuzz(func(t *testing.T, token string) {
		u, s, err := parseAccess(testKey, token, testNow)
		if err != nil {
			if !errors.Is(err, ErrToken) {
				t.Fatalf("%q: %v", token, err)
			}
			return
		}
		// Only who has the key can make one that passes.
		parts := strings.Split(token, ".")
		if u != someone || s != somehere || len(parts) != 3 || sign(sha256.New, testKey, parts[0]+"."+parts[1]) != token {
			t.Fatalf("%q passed as %s %s", token, u, s)
		}
	})
}
