package poll

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"watchparty/internal/fault"
	"watchparty/internal/id"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func made(t testing.TB, p Poll) *Live {
	t.Helper()
	p.ID, p.State, p.Version = id.New[id.Poll](), Draft, 1
	if p.Question == "" {
		p.Question = "Who did it?"
	}
	p, err := p.Clean()
	if err != nil {
		t.Fatal(err)
	}
	p, err = p.Publish(noon)
	if err != nil {
		t.Fatal(err)
	}
	return NewLive(p)
}

func TestAPollSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	two := []string{"Harry", "Popescu"}
	cases := map[string]struct {
		poll  Poll
		field string // empty: it is right
	}{
		"one choice of two":                 {Poll{Kind: Choice, Question: "Who?", Options: two}, ""},
		"several choices":                   {Poll{Kind: Choice, Question: "Who?", Options: two, Min: 1, Max: 2}, ""},
		"no question":                       {Poll{Kind: Choice, Question: "  ", Options: two}, "question"},
		"a question of 281 characters":      {Poll{Kind: YesNo, Question: strings.Repeat("é", 281)}, "question"},
		"a question of 280 characters":      {Poll{Kind: YesNo, Question: strings.Repeat("é", 280)}, ""},
		"one option":                        {Poll{Kind: Choice, Question: "Who?", Options: two[:1]}, "options"},
		"eleven options":                    {Poll{Kind: Choice, Question: "Who?", Options: strings.Split("abcdefghijk", "")}, "options"},
		"an option of 81 characters":        {Poll{Kind: Choice, Question: "Who?", Options: []string{"a", strings.Repeat("b", 81)}}, "options"},
		"an empty option":                   {Poll{Kind: Choice, Question: "Who?", Options: []string{"a", " "}}, "options"},
		"the same option twice":             {Poll{Kind: Choice, Question: "Who?", Options: []string{"Harry", "harry"}}, "options"},
		"more choices than options":         {Poll{Kind: Choice, Question: "Who?", Options: two, Min: 1, Max: 3}, "max"},
		"a kind that there is not":          {Poll{Kind: "guess", Question: "Who?"}, "kind"},
		"a scale of eleven steps":           {Poll{Kind: Rating, Question: "How?", Min: 0, Max: 10}, ""},
		"a scale that is too wide":          {Poll{Kind: Rating, Question: "How?", Min: 0, Max: 11}, "max"},
		"a scale that goes down":            {Poll{Kind: Rating, Question: "How?", Min: 5, Max: 1}, "max"},
		"a quiz without a right answer":     {Poll{Kind: Quiz, Question: "Who?", Options: two}, "right"},
		"a quiz with one that there is not": {Poll{Kind: Quiz, Question: "Who?", Options: two, Right: []int{2}}, "right"},
		"a quiz that shows how others vote": {Poll{Kind: Quiz, Question: "Who?", Options: two, Right: []int{0}, Visibility: Always}, "visibility"},
		"a timer of nine seconds":           {Poll{Kind: YesNo, Question: "Again?", Timer: 9 * time.Second}, "duration"},
		"a timer of more than a day":        {Poll{Kind: YesNo, Question: "Again?", Timer: 25 * time.Hour}, "duration"},
		"text that is not UTF-8":            {Poll{Kind: YesNo, Question: "\xff"}, "question"},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.poll.Clean()
			if tt.field == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			f := fault.Of(err)
			if err == nil || f.Kind != fault.Invalid || len(f.Fields) == 0 || f.Fields[0].Name != tt.field {
				t.Fatalf("got %v %+v, want field %s", err, f, tt.field)
			}
		})
	}
}

func TestAnAnswerHasToFit(t *testing.T) {
	t.Parallel()
	three := []string{"a", "b", "c"}
	cases := map[string]struct {
		poll Poll
		vote Vote
		ok   bool
	}{
		"one of three":                {Poll{Kind: Choice, Options: three}, Vote{Choices: []int{2}}, true},
		"an option that there is not": {Poll{Kind: Choice, Options: three}, Vote{Choices: []int{3}}, false},
		"a negative option":           {Poll{Kind: Choice, Options: three}, Vote{Choices: []int{-1}}, false},
		"two where one is asked for":  {Poll{Kind: Choice, Options: three}, Vote{Choices: []int{0, 1}}, false},
		"one twice":                   {Poll{Kind: Choice, Options: three, Max: 3}, Vote{Choices: []int{1, 1}}, false},
		"two where two are asked for": {Poll{Kind: Choice, Options: three, Min: 2, Max: 2}, Vote{Choices: []int{1, 0}}, true},
		"one where two are asked for": {Poll{Kind: Choice, Options: three, Min: 2, Max: 2}, Vote{Choices: []int{1}}, false},
		"nothing":                     {Poll{Kind: Choice, Options: three}, Vote{}, false},
		"a text to a choice":          {Poll{Kind: Choice, Options: three}, Vote{Choices: []int{0}, Text: "b"}, false},
		"a rating in the scale":       {Poll{Kind: Rating}, Vote{Rating: 5}, true},
		"a rating above the scale":    {Poll{Kind: Rating}, Vote{Rating: 6}, false},
		"a whole ranking":             {Poll{Kind: Ranking, Options: three}, Vote{Choices: []int{2, 0, 1}}, true},
		"a ranking with a gap":        {Poll{Kind: Ranking, Options: three}, Vote{Choices: []int{2, 0}}, false},
		"a ranking with one twice":    {Poll{Kind: Ranking, Options: three}, Vote{Choices: []int{2, 0, 2}}, false},
		"a text":                      {Poll{Kind: Text}, Vote{Text: " the zither "}, true},
		"an empty text":               {Poll{Kind: Text}, Vote{Text: "  "}, false},
		"a text of 100 kB":            {Poll{Kind: Text}, Vote{Text: strings.Repeat("x", 100_000)}, false},
		"three words":                 {Poll{Kind: Cloud}, Vote{Words: []string{"Dark", "wet", "slow"}}, true},
		"four words":                  {Poll{Kind: Cloud}, Vote{Words: []string{"a", "b", "c", "d"}}, false},
		"one word in two spellings":   {Poll{Kind: Cloud}, Vote{Words: []string{"Dark", "dark "}}, false},
		"a word that is not UTF-8":    {Poll{Kind: Cloud}, Vote{Words: []string{"\xc3"}}, false},
		"yes":                         {Poll{Kind: YesNo}, Vote{Choices: []int{0}}, true},
		"yes and no":                  {Poll{Kind: YesNo}, Vote{Choices: []int{0, 1}}, false},
		"a million choices to a quiz": {Poll{Kind: Quiz, Options: three, Right: []int{0}}, Vote{Choices: make([]int, 1_000_000)}, false},
		"one option of a prediction":  {Poll{Kind: Prediction, Options: three}, Vote{Choices: []int{1}}, true},
		"two options of a prediction": {Poll{Kind: Prediction, Options: three}, Vote{Choices: []int{1, 2}}, false},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := made(t, tt.poll)
			_, err := l.Admit("u", tt.vote, noon.Add(time.Second))
			if (err == nil) != tt.ok {
				t.Fatalf("err %v", err)
			}
			if err != nil && fault.Of(err).Code != "poll.vote" {
				t.Fatalf("refused as %v", err)
			}
		})
	}
}

func TestResultsShowAsTheVisibilitySays(t *testing.T) {
	t.Parallel()
	cases := []struct {
		v                                     Visibility
		stranger, voter, host, after, hostEnd bool
	}{
		{Always, true, true, true, true, true},
		{Voted, false, true, false, true, true},
		{Closed, false, false, false, true, true},
		{Never, false, false, false, false, true},
	}
	for _, tt := range cases {
		l := made(t, Poll{Kind: YesNo, Visibility: tt.v})
		v, err := l.Admit("voter", Vote{Choices: []int{0}}, noon)
		if err != nil {
			t.Fatal(err)
		}
		l.Put("voter", &v)
		got := [...]bool{l.Shows("x", false), l.Shows("voter", false), l.Shows("host", true)}
		if got != [...]bool{tt.stranger, tt.voter, tt.host} {
			t.Errorf("%s, open: %v", tt.v, got)
		}
		if l.Poll, err = l.Close(noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if l.Shows("x", false) != tt.after || l.Shows("host", true) != tt.hostEnd {
			t.Errorf("%s, closed: %v %v", tt.v, l.Shows("x", false), l.Shows("host", true))
		}
	}
}

func TestAnAnonymousPollNamesNobody(t *testing.T) {
	t.Parallel()
	for _, p := range []Poll{{Kind: YesNo, Anonymous: true}, {Kind: Text, Anonymous: true}} {
		l := made(t, p)
		v := Vote{ID: id.New[id.Vote](), Text: "x"}
		if p.Kind == YesNo {
			v = Vote{Choices: []int{1}}
		}
		l.Put("ada", &v)
		r := l.Results(true)
		if r.Who != nil || len(r.Answers) > 0 && r.Answers[0].By != "" || r.Voters != 1 {
			t.Errorf("%s: %+v", p.Kind, r)
		}
	}
}

func TestAQuizPaysForBeingRightAndQuick(t *testing.T) {
	t.Parallel()
	l := made(t, Poll{Kind: Quiz, Options: []string{"a", "b"}, Right: []int{1}, Timer: 10 * time.Second})
	for u, v := range map[id.User]Vote{
		"quick": {Choices: []int{1}, At: noon}, "slow": {Choices: []int{1}, At: noon.Add(10 * time.Second)},
		"half": {Choices: []int{1}, At: noon.Add(5 * time.Second)}, "wrong": {Choices: []int{0}, At: noon},
	} {
		l.Put(u, &v)
	}
	if got := Board([]*Live{l}); len(got) != 0 {
		t.Fatalf("points while it is open: %v", got)
	}
	l.Poll, _ = l.Close(noon.Add(10 * time.Second))
	want := []Score{{"quick", 200, 1}, {"half", 150, 1}, {"slow", 100, 1}, {"wrong", 0, 0}}
	got := Board([]*Live{l})
	if len(got) != len(want) {
		t.Fatalf("board %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("place %d: %v, want %v", i+1, got[i], want[i])
		}
	}
}

// Any interleaving of votes, changes, retractions, publishing and closing
// leaves a tally that is the recount, one answer a person, and nothing that
// came outside of the voting.
func TestTheTallyIsAlwaysTheRecount(t *testing.T) {
	t.Parallel()
	kinds := []Kind{Choice, YesNo, Rating, Text, Ranking, Quiz, Prediction, Cloud}
	rapid.Check(t, func(t *rapid.T) {
		p := Poll{
			ID: id.New[id.Poll](), State: Draft, Version: 1, Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
			Question: "?", Options: []string{"a", "b", "c", "d"}, Right: []int{1}, Timer: time.Minute,
		}
		if p.Kind == Choice {
			p.Min, p.Max = 1, 3
		}
		p, err := p.Clean()
		if err != nil {
			t.Fatal(err)
		}
		l, now := NewLive(p), noon
		t.Repeat(map[string]func(*rapid.T){
			"vote": func(t *rapid.T) {
				u := id.User(rapid.SampledFrom([]string{"ada", "bob", "cy"}).Draw(t, "who"))
				open := l.OpenNow(now)
				v, err := l.Admit(u, anyVote(t), now)
				if err == nil {
					if !open {
						t.Fatal("a vote was taken by a poll that is not open")
					}
					l.Put(u, &v)
				} else if !open && !errors.Is(err, ErrNotOpen) {
					t.Fatalf("refused as %v", err)
				}
			},
			"retract": func(t *rapid.T) {
				if l.OpenNow(now) {
					l.Put(id.User(rapid.SampledFrom([]string{"ada", "bob", "cy"}).Draw(t, "who")), nil)
				}
			},
			"publish": func(*rapid.T) {
				if next, err := l.Publish(now); err == nil {
					l.Poll = next
				}
			},
			"close": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
					if next, err := l.Close(now); err == nil {
						l.Poll = next
					}
				}
			},
			"wait": func(t *rapid.T) { now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "s")) * time.Second) },
			"": func(t *rapid.T) {
				again := l.Recount()
				if len(again) != len(l.Counts) {
					t.Fatalf("counts %v, recount %v", l.Counts, again)
				}
				for s, n := range again {
					if l.Counts[s] != n {
						t.Fatalf("counts %v, recount %v", l.Counts, again)
					}
				}
				if r := l.Results(true); r.Voters != len(l.Votes) {
					t.Fatalf("voters %d of %d", r.Voters, len(l.Votes))
				}
			},
		})
	})
}

func anyVote(t *rapid.T) Vote {
	v := Vote{}
	switch rapid.IntRange(0, 4).Draw(t, "form") {
	case 0:
		v.Choices = rapid.SliceOfN(rapid.IntRange(-1, 4), 0, 4).Draw(t, "choices")
	case 1:
		v.Choices = rapid.Permutation([]int{0, 1, 2, 3}).Draw(t, "ranking")
	case 2:
		v.Rating = rapid.IntRange(-1, 6).Draw(t, "rating")
	case 3:
		v.Text = rapid.SampledFrom([]string{"", "one", "two"}).Draw(t, "text")
	case 4:
		v.Words = rapid.SliceOfN(rapid.SampledFrom([]string{"dark", "Dark", "wet", ""}), 0, 4).Draw(t, "words")
	}
	return v
}

func FuzzAnAnswerNeverBreaksTheCount(f *testing.F) {
	f.Add(0, 1, 2, "text", "word")
	f.Add(5, -1, 1<<62, "\xff", "")
	f.Fuzz(func(t *testing.T, a, b, rating int, text, word string) {
		for _, k := range []Kind{Choice, Rating, Text, Ranking, Cloud} {
			l := made(t, Poll{Kind: k, Options: []string{"a", "b"}})
			for _, v := range []Vote{{Choices: []int{a, b}}, {Choices: []int{a}}, {Rating: rating}, {Text: text}, {Words: []string{word, text}}} {
				v, err := l.Admit("u", v, noon)
				if err != nil {
					continue
				}
				l.Put("u", &v)
			}
			if len(l.Recount()) != len(l.Counts) {
				t.Fatalf("%v is not %v", l.Counts, l.Recount())
			}
			l.Results(true)
		}
	})
}
