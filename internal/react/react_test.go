package react

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"watchparty/internal/id"
)

func TestWhatIsOneEmoji(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		good []string
		bad  []string
	}{
		"plain":        {good: []string{"😂", "❤", "❤️", "🔥", "👏", "⭐", "☕", "✨", "🫶"}},
		"skin":         {good: []string{"👍🏽", "🙏🏿"}},
		"joined":       {good: []string{"👩‍🚀", "❤️‍🔥", "🏳️‍🌈", "👩🏽‍🚀"}},
		"flags":        {good: []string{"🇩🇪", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"}, bad: []string{"🇩", "🇩🇪🇫"}},
		"keycaps":      {good: []string{"1️⃣", "#️⃣"}, bad: []string{"1", "12️⃣", "a️⃣"}},
		"text":         {bad: []string{"", "a", "hi", "<b>", "ä", "漢", " ", "1", "#"}},
		"letters":      {good: []string{"©️", "™️"}, bad: []string{"©", "™"}},
		"several":      {bad: []string{"😂😂", "😂a", "a😂", "😂 ", "😂\n"}},
		"loose joiner": {bad: []string{"‍", "😂‍", "‍😂", "️"}},
		"control":      {bad: []string{"\x00", "\u202e", "\xff", "😂\xff"}},
		"too long":     {bad: []string{"👩‍👩‍👧‍👦‍👩‍👩‍👧‍👦"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, s := range tt.good {
				if err := Check(s); err != nil {
					t.Errorf("%q is refused: %v", s, err)
				}
			}
			for _, s := range tt.bad {
				if Check(s) == nil {
					t.Errorf("%q is taken", s)
				}
			}
		})
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"😂", "🇩🇪", "1️⃣", "a", "", "‍"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if Check(s) != nil {
			return
		}
		if len(s) > MaxBytes || !utf8.ValidString(s) {
			t.Fatalf("took %q", s)
		}
		for _, r := range s {
			if r < ' ' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '<' {
				t.Fatalf("took %q", s)
			}
		}
	})
}

func TestABurstIsMergedFromSevenOn(t *testing.T) {
	t.Parallel()
	throw := func(n int) []Reaction {
		var b Burst
		for i := range n {
			b.Add(float64(i), Reaction{Emoji: "😂", X: float64(i), By: id.User("u" + string(rune('a'+i)))})
		}
		b.Add(5, Reaction{Emoji: "🔥", By: "ada"})
		return b.Flush(80)
	}
	if got := throw(6); len(got) != 7 || got[0].N != 1 || got[0].By != "ua" {
		t.Errorf("six: %+v", got)
	}
	got := throw(7)
	if len(got) != 2 || got[0].N != 7 || got[0].By != "" || got[0].X != 3 || got[1].Emoji != "🔥" || got[1].By != "ada" {
		t.Errorf("seven: %+v", got)
	}
	if theirs := For("ua", got); len(theirs) != 2 || theirs[0].N != 6 {
		t.Errorf("who threw one sees %+v", theirs)
	}
	if theirs := For("ada", got); len(theirs) != 1 {
		t.Errorf("who threw another sees %+v", theirs)
	}
}

func TestTheWindowSpansFlushes(t *testing.T) {
	t.Parallel()
	var b Burst
	for i := range 5 {
		b.Add(float64(i), Reaction{Emoji: "😂"})
	}
	if got := b.Flush(80); len(got) != 5 {
		t.Fatalf("first %+v", got)
	}
	for i := range 2 {
		b.Add(float64(100+i), Reaction{Emoji: "😂"})
	}
	if got := b.Flush(180); len(got) != 1 || got[0].N != 2 {
		t.Fatalf("within 400 ms: %+v", got)
	}
	b.Add(900, Reaction{Emoji: "😂"})
	if got := b.Flush(980); len(got) != 1 || got[0].Own != nil {
		t.Fatalf("later: %+v", got)
	}
}

// What is thrown is shown once to everybody else, however it is merged and over
// however many flushes.
func TestNothingIsLostInABurst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var b Burst
		user := rapid.SampledFrom([]id.User{"a", "b", "c"})
		emoji := rapid.Custom(func(t *rapid.T) string { return string(rune(0x1F400 + rapid.IntRange(0, 40).Draw(t, "e"))) })
		now, thrown := 0.0, 0
		own, seen, shown := map[id.User]int{}, map[id.User]int{}, 0
		count := func(rs []Reaction) (n int) {
			for _, r := range rs {
				n += r.N
			}
			return n
		}
		flush := func() {
			now += FlushMS
			out := b.Flush(now)
			if len(out) > mostShown {
				t.Fatalf("%d in one flush", len(out))
			}
			shown += count(out)
			for _, u := range []id.User{"a", "b", "c"} {
				seen[u] += count(For(u, out))
			}
		}
		for range rapid.IntRange(1, 5).Draw(t, "flushes") {
			n := rapid.IntRange(0, 100).Draw(t, "n")
			thrown += n
			for range n {
				u := user.Draw(t, "u")
				own[u]++
				b.Add(now, Reaction{Emoji: emoji.Draw(t, "e"), By: u})
			}
			flush()
		}
		for range 10 {
			if b.Waits() {
				flush()
			}
		}
		if b.Waits() || shown != thrown {
			t.Fatalf("%d of %d are shown", shown, thrown)
		}
		for u, n := range own {
			if seen[u] != thrown-n {
				t.Fatalf("%s sees %d, want %d", u, seen[u], thrown-n)
			}
		}
	})
}
