package account

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"watchparty/internal/fault"
)

func printed(values ...any) []string {
	var out []string
	for _, v := range values {
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
		out = append(out, fmt.Sprint(v), fmt.Sprintf("%v %+v %#v %s", v, v, v, v), b.String())
	}
	return out
}

func TestPasswordsThatAreGuessedFirstAreRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		password string
		ok       bool
	}{
		"eight characters":                {"k7#mQ2xp", true},
		"a sentence":                      {"two friends and a film", true},
		"eight characters of many bytes":  {"пароли ё", true},
		"128 characters":                  {strings.Repeat("ab c", 32), true},
		"seven characters":                {"k7#mQ2x", false},
		"nothing":                         {"", false},
		"129 characters":                  {strings.Repeat("ab c", 32) + "x", false},
		"one that everybody tries":        {"password123", false},
		"one that everybody tries, loud":  {"PassWord123", false},
		"only digits":                     {"8301947265", false},
		"one character":                   {"zzzzzzzzzz", false},
		"the e-mail":                      {"ana.maria@example.com", false},
		"the name before the at":          {"ana.maria", false},
		"that name with a digit or two":   {"Ana.Maria12", false},
		"that name among others":          {"ana.maria likes popcorn", true},
		"the last name":                   {"Hernandez1", false},
		"not text":                        {"abcdefgh\xff", false},
		"a common word with another word": {"password of mine", true},
	}
	for name, test := range tests {
		err := checkPassword(test.password, "ana.maria@example.com", "Ana", "Hernandez")
		if (err == nil) != test.ok || err != nil && !errors.Is(err, ErrWeak) {
			t.Errorf("%s: %v", name, err)
		}
		var f *fault.Fault
		if errors.As(err, &f) && (len(f.Fields) != 1 || f.Fields[0].Name != "password") {
			t.Errorf("%s names %v", name, f.Fields)
		}
	}
}

func TestAddressesAreKeptInOneForm(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		" Ana@Example.COM ":  "ana@example.com",
		"a+film@example.com": "a+film@example.com",
		"ana@localhost":      "ana@localhost",
		"":                   "", "ana": "", "@example.com": "", "ana@": "", "Ana <ana@example.com>": "",
		"ana@example.com, b@example.com": "", "ana@example.com\r\nBcc: b@example.com": "", "\"a b\"@example.com": "",
		strings.Repeat("a", 250) + "@example.com": "",
	}
	for in, want := range tests {
		if got, err := cleanEmail(in); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v", in, got, err)
		}
	}
}

func TestNamesAreOneLineThatCanBeShown(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"Ana":               "Ana",
		"  Ana \n  Maria ":  "Ana Maria",
		"🧑‍🚀 Zoë":           "🧑‍🚀 Zoë",
		"":                  "",
		" \t ":              "",
		"\u200d":            "",
		"Ana\u202egnp.exe":  "",
		"Ana\x00":           "",
		"a\u200bb":          "",
		"\xff\xfe":          "",
		long(MaxName):       long(MaxName),
		long(MaxName + 1):   "",
		"<script>1</script": "<script>1</script",
	}
	for in, want := range tests {
		if got, err := requireName(in); err == nil && got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v", in, got, err)
		}
	}
}

func long(n int) string { return strings.Repeat("ö", n) }

func TestHandles(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Ana_1": "ana_1", "@ana.b": "ana.b", "ab": "", "a b c": "", "ana/..": "", long(5): "", strings.Repeat("a", 31): "",
	} {
		if got, err := cleanUsername(in); err == nil && got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		"ana.maria+film@example.com": "ana.maria", "a@example.com": "auser", "ö@example.com": "user",
		strings.Repeat("x", 80) + "@example.com": strings.Repeat("x", 24),
	} {
		if got := handleFrom(in); got != want {
			t.Errorf("%q gives %q", in, got)
		}
	}
}

func TestTheVerdictOnARefreshToken(t *testing.T) {
	t.Parallel()
	ago := func(d time.Duration) *time.Time { at := testNow.Add(-d); return &at }
	alive := Session{ExpiresAt: testNow.Add(time.Hour)}
	tests := map[string]struct {
		p      Presented
		rotate bool
		want   Verdict
	}{
		"the present one, from a cookie, is exchanged":       {Presented{Session: alive}, true, Rotate},
		"the present one, from a body, stays":                {Presented{Session: alive}, false, Stay},
		"one that was just exchanged gives the same again":   {Presented{Session: alive, UsedAt: ago(time.Second)}, true, Again},
		"at the end of the grace it does too":                {Presented{Session: alive, UsedAt: ago(refreshGrace)}, true, Again},
		"after the grace it is a copy":                       {Presented{Session: alive, UsedAt: ago(refreshGrace + 1)}, true, Theft},
		"from a body it is a copy as well":                   {Presented{Session: alive, UsedAt: ago(time.Hour)}, false, Theft},
		"within the grace, but its successor has been used":  {Presented{Session: alive, UsedAt: ago(time.Second), NextUsed: true}, true, Theft},
		"an ended session is over":                           {Presented{Session: Session{Revoked: true, ExpiresAt: testNow.Add(time.Hour)}}, true, Refuse},
		"a session that ran out is over":                     {Presented{Session: Session{ExpiresAt: testNow}}, true, Refuse},
		"a closed account is over":                           {Presented{Session: alive, User: User{Disabled: true}}, true, Refuse},
		"an ended session is over, also for one used before": {Presented{Session: Session{Revoked: true}, UsedAt: ago(time.Hour)}, true, Refuse},
	}
	for name, test := range tests {
		if got := test.p.judge(test.rotate, testNow); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}
