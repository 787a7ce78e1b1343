package chat

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"watchparty/internal/access"
	"watchparty/internal/id"
)

func TestWhatCanBeALine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in, want string
		bad      bool
	}{
		"plain":                     {"hello", "hello", false},
		"space around it":           {"  hi \n", "hi", false},
		"several lines":             {"a\r\nb\nc", "a\nb\nc", false},
		"2000 characters":           {strings.Repeat("ä", 2000), strings.Repeat("ä", 2000), false},
		"2001 characters":           {strings.Repeat("ä", 2001), "", true},
		"nothing":                   {"", "", true},
		"only space":                {" \t\n", "", true},
		"a bell":                    {"a\x07b", "", true},
		"an escape":                 {"\x1b[31mred", "", true},
		"a nul":                     {"a\x00b", "", true},
		"a turn of the direction":   {"abc\u202Etxt.exe", "", true},
		"an isolate":                {"a\u2066b", "", true},
		"broken UTF-8":              {"a\xffb", "", true},
		"joined emoji":              {"👩‍👩‍👧", "👩‍👩‍👧", false},
		"Arabic":                    {"مرحبا", "مرحبا", false},
		"markup is text like other": {"<script>alert(1)</script>", "<script>alert(1)</script>", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Clean(tt.in)
			if got != tt.want || errors.Is(err, errText) != tt.bad {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestMentionsNameMembers(t *testing.T) {
	t.Parallel()
	names := map[string]id.User{"ada": "A", "bob.b": "B", "ad": "C", "jürgen": "J"}
	lookup := func(n string) (id.User, bool) { u, ok := names[n]; return u, ok }
	tests := map[string]struct {
		text string
		want []id.User
	}{
		"one":                          {"hi @ada", []id.User{"A"}},
		"in capitals":                  {"@ADA!", []id.User{"A"}},
		"with a full stop behind":      {"ask @ada.", []id.User{"A"}},
		"a dot that belongs":           {"ask @bob.b.", []id.User{"B"}},
		"the whole name or nothing":    {"@adam", []id.User{}},
		"an address is no mention":     {"ada@ada.example", []id.User{}},
		"each once, in order":          {"@bob.b @ada @bob.b", []id.User{"B", "A"}},
		"letters of other alphabets":   {"(@jürgen)", []id.User{"J"}},
		"an at alone":                  {"@ @", []id.User{}},
		"at the end":                   {"x @", []id.User{}},
		"nobody of that name is there": {"@eve", []id.User{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.want, Mentions(tt.text, lookup)); d != "" {
				t.Error(d)
			}
		})
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"hi @ada", "@", "a\x00", "@@@ada.-.-", "\u202e", strings.Repeat("@a", 3000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, err := Clean(s)
		if err != nil {
			return
		}
		if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > MaxRunes {
			t.Fatalf("passed %q", text)
		}
		if again, err := Clean(text); err != nil || again != text {
			t.Fatalf("%q cleans to %q, %v", text, again, err)
		}
		if n := len(Mentions(text, func(n string) (id.User, bool) { return id.User(n), len(n)%2 == 0 })); n > maxMentions {
			t.Fatalf("%d mentions", n)
		}
		if q := Quoted(Message{Text: text}); utf8.RuneCountInString(q.Text) > QuoteRunes {
			t.Fatalf("quote %q", q.Text)
		}
	})
}

func TestWhoMayWriteWhen(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	tests := map[string]struct {
		on   bool
		slow time.Duration
		role access.Role
		last time.Time
		want error
	}{
		"a guest":                       {true, 0, access.Viewer, time.Time{}, nil},
		"the chat is off":               {false, 0, access.Member, time.Time{}, ErrOff},
		"the chat is off, for a host":   {false, 0, access.CoHost, time.Time{}, nil},
		"a first line in slow mode":     {true, time.Minute, access.Member, time.Time{}, nil},
		"a second one too early":        {true, time.Minute, access.Member, now.Add(-59 * time.Second), ErrSlow},
		"a second one in time":          {true, time.Minute, access.Member, now.Add(-time.Minute), nil},
		"a co-host is free of the mode": {true, time.Minute, access.CoHost, now, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := MayWrite(tt.on, tt.slow, tt.role, tt.last, now); !errors.Is(err, tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestALineIsChangedByItsAuthorAndEmptiedByModeratorsToo(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	line := Message{Author: Author{ID: "ada"}, Type: Text, Text: "one", ReplyTo: &Quote{ID: "x"}}
	edited, err := line.Edit("ada", " two ", nil, now)
	if err != nil || edited.Text != "two" || edited.EditedAt == nil || !edited.EditedAt.Equal(now) || line.Text != "one" {
		t.Errorf("edited %+v, %v", edited, err)
	}
	if _, err := line.Edit("bob", "two", nil, now); !errors.Is(err, errOthers) {
		t.Errorf("edited by another: %v", err)
	}
	if _, err := line.Delete("bob", false); !errors.Is(err, errOthers) {
		t.Errorf("deleted by another: %v", err)
	}
	gone, err := line.Delete("bob", true)
	if err != nil || !gone.Deleted || gone.Text != "" || gone.ReplyTo != nil {
		t.Errorf("deleted %+v, %v", gone, err)
	}
	if _, err := gone.Edit("ada", "two", nil, now); !errors.Is(err, ErrDeleted) {
		t.Errorf("edited what is gone: %v", err)
	}
}
