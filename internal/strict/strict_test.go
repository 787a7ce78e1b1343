package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"watchparty/internal/fault"
)

type inner struct {
	Deep string `json:"deep" minLength:"2"`
}

// Common is embedded, as the parts that several bodies share.
type Common struct {
	Note string `json:"note,omitempty" maxLength:"3"`
}

type shape struct {
	Common
	*more
	Name  string          `json:"name" minLength:"1" maxLength:"4"`
	Count int             `json:"count,omitempty" minimum:"1" maximum:"9"`
	Ratio float64         `json:"ratio,omitempty" minimum:"0"`
	Kind  string          `json:"kind,omitempty" enum:"a,b"`
	ID    string          `json:"id,omitempty" format:"uuid"`
	On    *bool           `json:"on,omitempty"`
	List  []inner         `json:"list,omitempty"`
	Raw   json.RawMessage `json:"raw,omitempty"`
	At    *time.Time      `json:"at,omitempty"`
}

// more is embedded by a pointer and has no exported name.
type more struct {
	Extra int `json:"extra,omitempty" maximum:"5"`
}

func fields(err error) map[string][]string { return fault.ProblemOf(err, "").Errors }

// manyKeys are more than are compared one by one.
var manyKeys = func() string {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, `"k%d":%d,`, i, i)
	}
	return b.String()
}()

func TestWhatIsRefusedIsNamed(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1)
	tests := map[string]struct{ body, field, says string }{
		"nothing":                          {``, "body", "is not JSON"},
		"half a value":                     {`{"name":"x"`, "body", "is not JSON"},
		"another value behind it":          {`{"name":"x"} 1`, "body", "has something after the JSON value"},
		"a list for an object":             {`[]`, "body", "must be an object"},
		"null for an object":               {`null`, "body", "must not be null"},
		"an unknown key":                   {`{"nam":1}`, "nam", "is not known here"},
		"another case of a key":            {`{"Name":"x"}`, "Name", "is not known here"},
		"a key twice":                      {`{"name":"x","name":"y"}`, "name", "comes twice"},
		"a number for a string":            {`{"name":7}`, "name", "must be a string"},
		"a string for a number":            {`{"name":"x","count":"7"}`, "count", "must be a whole number"},
		"a fraction for a count":           {`{"name":"x","count":1.5}`, "count", "must be a whole number"},
		"a count beyond all bounds":        {`{"name":"x","count":1e400}`, "count", "must be a whole number"},
		"null for a string":                {`{"name":null}`, "name", "must not be null"},
		"a string for a switch":            {`{"name":"x","on":"yes"}`, "on", "must be true or false"},
		"a wrong type in a list":           {`{"name":"x","list":[{"deep":1}]}`, "list[0].deep", "must be a string"},
		"an unknown key in a list":         {`{"name":"x","list":[{},{"x":1}]}`, "list[1].x", "is not known here"},
		"a key twice inside raw JSON":      {`{"name":"x","raw":{"a":1,"a":2}}`, "raw.a", "comes twice"},
		"nesting without end":              {`{"name":"x","raw":` + deep + `}`, "raw" + strings.Repeat("[0]", MaxDepth-1), "nests deeper than 32"},
		"a wrong type in what is embedded": {`{"name":"x","note":1}`, "note", "must be a string"},
		"the name of what is embedded":     {`{"name":"x","Common":{}}`, "Common", "is not known here"},
		"an escaped key twice":             {`{"name":"x","n\u0061me":"y"}`, "name", "comes twice"},
		"one of many keys twice":           {`{"name":"x","raw":{` + manyKeys + `"k3":0}}`, "raw.k3", "comes twice"},
		"a number for an object":           {`{"name":"x","list":[7]}`, "list[0]", "must be an object"},
		"an object for a list":             {`{"name":"x","list":{}}`, "list", "must be a list"},
		"broken UTF-8":                     {"{\"name\":\"\xff\"}", "body", "is not UTF-8"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var v shape
			err := Decode([]byte(tc.body), &v)
			if !errors.Is(err, fault.ErrInvalid) {
				t.Fatalf("got %v", err)
			}
			if diff := cmp.Diff(map[string][]string{tc.field: {tc.says}}, fields(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestValuesOutsideTheirBoundsAreAllNamed(t *testing.T) {
	t.Parallel()
	var v shape
	body := `{"name":"","note":"abcd","count":12,"ratio":-1,"kind":"c","id":"x","list":[{"deep":"y"}]}`
	if err := Decode([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"name": {"must not be empty"}, "note": {"must have 3 characters or less"}, "count": {"must be 9 or less"}, "ratio": {"must be 0 or more"},
		"kind": {"must be one of a, b"}, "id": {"must be a UUID"}, "list[0].deep": {"must have 2 characters or more"},
	}
	if diff := cmp.Diff(want, fields(Validate(&v))); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsRightPasses(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"name":"ab"}`,
		` {"name":"ünü€","count":9,"ratio":0.5,"kind":"a","on":null,"list":null,"raw":[1,{"x":null}]} `,
		`{"name":"x","id":"0190b5a0-0000-7000-8000-000000000000","on":false,"at":"2026-01-02T03:04:05Z"}`,
	} {
		var v shape
		if err := errors.Join(Decode([]byte(body), &v), Validate(v)); err != nil {
			t.Errorf("%s: %v %v", body, err, fields(err))
		}
	}
}

// plain judges JSON by the standard library's tokens, without any of our code:
// one value, no key twice, not too deep.
func plain(data []byte) bool {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var walk func(depth int) bool
	walk = func(depth int) bool {
		tok, err := d.Token()
		if err != nil {
			return false
		}
		open, nested := tok.(json.Delim)
		if !nested {
			return true
		}
		seen := map[string]bool{}
		for d.More() {
			if open == '{' {
				key, err := d.Token()
				if err != nil || seen[key.(string)] {
					return false
				}
				seen[key.(string)] = true
			}
			if !walk(depth + 1) {
				return false
			}
		}
		_, err = d.Token()
		return err == nil && depth < MaxDepth
	}
	return utf8.Valid(data) && json.Valid(data) && walk(0)
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"\\\""}],"a\u0000":null,"":-1.5e-3}`))
	f.Add([]byte(` [ [ ] , { } , "]" , true ] `))
	f.Add([]byte(`{"\ud800":1,"\udfff":2}`))
	f.Add([]byte("{" + strings.TrimSuffix(manyKeys, ",") + "}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, want := Check(data) == nil, plain(data); got != want {
			t.Errorf("taken %v, should be %v: %q", got, want, data)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"x","list":[{"deep":"yy"}],"raw":{"a":[1,2,3]}}`))
	f.Add([]byte(`{"name":null,"count":1e9}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var v shape
		if err := Decode(data, &v); err != nil {
			if !errors.Is(err, fault.ErrInvalid) {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		again, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var w shape
		if err := Decode(again, &w); err != nil {
			t.Fatalf("what was accepted is refused when written again: %s: %v", again, err)
		}
		_ = Validate(v)
	})
}

// frame is as large as a line of chat and as its envelope.
type frame struct {
	Type string          `json:"type"`
	ID   string          `json:"id,omitempty" maxLength:"64"`
	Op   string          `json:"op,omitempty" maxLength:"64"`
	Room string          `json:"room,omitempty"`
	C1   float64         `json:"c1,omitempty"`
	Data json.RawMessage `json:"data,omitempty"`
}

var envelope = []byte(`{"type":"chat.send","id":"12","op":"0190b5a0-0000-7000-8000-000000000001","room":"party:0190b5a0-0000-7000-8000-000000000000",` +
	`"c1":120341.25,"data":{"text":"Did you see that? The frame counter says 1440 on both of ours.","film_at":57.6}}`)

func BenchmarkDecodeAndValidate(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(envelope)))
	for b.Loop() {
		var v frame
		if err := Decode(envelope, &v); err != nil {
			b.Fatal(err)
		}
		if err := Validate(&v); err != nil {
			b.Fatal(err)
		}
	}
}

// What the strictness costs is the difference to this.
func BenchmarkStandardDecoder(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(envelope)))
	for b.Loop() {
		var v frame
		if err := json.Unmarshal(envelope, &v); err != nil {
			b.Fatal(err)
		}
	}
}

// Types that are met by many at once for the first time: the race detector
// looks on.
func TestManyMeetATypeAtOnce(t *testing.T) {
	t.Parallel()
	type low struct {
		Word string `json:"word" maxLength:"3"`
	}
	type mid struct {
		Low low `json:"low"`
	}
	type high struct {
		Mids []mid `json:"mids"`
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			var h high
			var m mid
			if err := errors.Join(Decode([]byte(`{"low":{"word":"x"}}`), &m), Validate(m), Decode([]byte(`{"mids":[{"low":{"word":"y"}}]}`), &h), Validate(h)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
