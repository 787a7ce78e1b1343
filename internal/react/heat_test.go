package react

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"watchparty/internal/id"
)

func TestTheTenHaveAWordBothWays(t *testing.T) {
	t.Parallel()
	for _, n := range names {
		e, ok := Named(n.name)
		if !ok || NameOf(e) != n.name || Check(e) != nil {
			t.Errorf("%s is %q, which is %q", n.name, e, NameOf(e))
		}
	}
	tests := map[string]struct{ in, emoji, name string }{
		"a word":                    {"mind_blown", "🤯", "mind_blown"},
		"an emoji":                  {"👏", "👏", "clap"},
		"a heart without colour":    {"❤", "❤", "love"},
		"another angry face":        {"😠", "😠", "angry"},
		"an emoji without a word":   {"🍿", "🍿", ""},
		"a word that is not there":  {"sneeze", "", ""},
		"a word in capital letters": {"LAUGH", "", ""},
	}
	for what, tt := range tests {
		got, err := Parse(tt.in)
		if tt.emoji == "" {
			if err == nil {
				t.Errorf("%s is taken as %q", what, got)
			}
			continue
		}
		if err != nil || got != tt.emoji || NameOf(got) != tt.name {
			t.Errorf("%s: %q %q, %v", what, got, NameOf(got), err)
		}
	}
}

func TestMomentsAreThreeWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	at := func(s, n int) Tally { return Tally{Item: "f", Second: s, Emoji: "😂", N: n} }
	tests := map[string]struct {
		tallies []Tally
		want    []Moment
	}{
		"nothing":              {nil, nil},
		"two":                  {[]Tally{at(5, 2)}, nil},
		"three in one":         {[]Tally{at(5, 3)}, []Moment{{"f", 5, 5, 5, 3, "😂"}}},
		"three in two":         {[]Tally{at(5, 1), at(6, 2)}, []Moment{{"f", 5, 6, 6, 3, "😂"}}},
		"three in three":       {[]Tally{at(5, 1), at(6, 1), at(7, 1)}, nil},
		"those that touch":     {[]Tally{at(5, 3), at(6, 1), at(7, 4)}, []Moment{{"f", 5, 7, 7, 8, "😂"}}},
		"two apart":            {[]Tally{at(5, 3), at(8, 4)}, []Moment{{"f", 8, 8, 8, 4, "😂"}, {"f", 5, 5, 5, 3, "😂"}}},
		"the loudest emoji":    {[]Tally{{"f", 5, "🔥", 3}, {"f", 5, "😂", 2}}, []Moment{{"f", 5, 5, 5, 5, "🔥"}}},
		"each film for itself": {[]Tally{at(5, 2), {"g", 5, "😂", 2}}, nil},
	}
	for name, tt := range tests {
		if d := cmp.Diff(tt.want, Moments(tt.tallies, 0)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if got := Moments([]Tally{at(5, 3), at(8, 4)}, 1); len(got) != 1 || got[0].At != 8 {
		t.Errorf("the top one is %+v", got)
	}
}

func TestHeatKeepsTotals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tallies := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Tally {
			return Tally{
				Item: rapid.SampledFrom([]id.Item{"f", "g"}).Draw(t, "item"), Second: rapid.IntRange(0, 30).Draw(t, "s"),
				Emoji: rapid.SampledFrom([]string{"😂", "🔥"}).Draw(t, "e"), N: rapid.IntRange(1, 5).Draw(t, "n"),
			}
		})).Draw(t, "tallies")
		total, heat, counted := 0, 0, 0
		for _, x := range tallies {
			total += x.N
		}
		for _, h := range HeatOf(tallies) {
			sum := 0
			for _, s := range h.Seconds {
				sum += s.N
			}
			if sum != h.Total {
				t.Fatalf("%d in all, %d by seconds", h.Total, sum)
			}
			heat += sum
		}
		for _, c := range Counts(tallies) {
			counted += c.N
		}
		if heat != total || counted != total {
			t.Fatalf("%d thrown, %d in the heat, %d by emoji", total, heat, counted)
		}
		for _, m := range Moments(tallies, 0) {
			if m.N < momentMin || m.At < m.From || m.At > m.To || m.Emoji == "" {
				t.Fatalf("%+v", m)
			}
		}
	})
}
