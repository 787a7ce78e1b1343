package session

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"watchparty/internal/id"
)

var start = time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)

func wall(now float64) time.Time { return start.Add(time.Duration(now) * time.Millisecond) }

func TestWatchTimeRunsWhileTheFilmMovesAndOneWatches(t *testing.T) {
	t.Parallel()
	k := NewKeeper(Kept{}, start)
	here := func(now float64, u id.User, on bool) { k.Here(now, wall(now), u, on) }
	watch := func(now float64, u id.User, on bool) { k.Turn(now, wall(now), u, Watching, on) }
	here(0, "ada", true)
	watch(0, "ada", true)
	k.Film(1000, Film{Item: "f", P: 50, V: 1, T: 2000}) // starts a second later
	here(5000, "bob", true)
	watch(5000, "bob", true)
	k.Film(12000, Film{Item: "f", P: 60, V: 0, T: 12000}) // paused
	watch(15000, "bob", false)                            // away
	k.Film(20000, Film{Item: "f", P: 60, V: 2, T: 20000}) // twice as fast
	here(22000, "bob", false)
	got := k.Take(50000) // ada goes on alone

	ended := wall(22000)
	want := Changes{
		Sessions: []Session{
			{User: "ada", Spans: [spans]time.Duration{40 * time.Second}, Started: start},
			{User: "bob", Spans: [spans]time.Duration{7 * time.Second}, Started: wall(5000), Ended: &ended},
		},
		Minutes: []Minute{{"f", 0, "ada"}, {"f", 0, "bob"}, {"f", 1, "ada"}, {"f", 1, "bob"}, {"f", 2, "ada"}},
		Stats:   &Stats{Peak: 2, PeakAt: wall(5000), Together: 7 * time.Second},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
	k.Film(50000, Film{})
	if again := k.Take(60000); !again.Empty() {
		t.Errorf("nothing happened, and yet %+v", again)
	}
	k.Again(got)
	if d := cmp.Diff(got, k.Take(70000)); d != "" {
		t.Error(d)
	}
}

func TestASessionGoesOnWhereTheLastRoomEnded(t *testing.T) {
	t.Parallel()
	ended := wall(0)
	before := Session{User: "ada", Started: start.Add(-time.Hour), Ended: &ended}
	before.Counts[Reactions] = 3
	before.Spans[Talking] = time.Minute
	lost := Session{User: "bob", Started: start.Add(-time.Hour)} // the last room broke off
	k := NewKeeper(Kept{Sessions: []Session{before, lost}, Stats: Stats{Peak: 5, Together: time.Hour}}, start)
	k.Here(1000, wall(1000), "ada", true)
	k.Turn(1000, wall(1000), "ada", Talking, true)
	k.Add(wall(2000), "ada", Reactions, 2)
	got := k.Take(3000)
	if len(got.Sessions) != 2 || got.Stats != nil {
		t.Fatalf("%+v", got)
	}
	if bob := got.Sessions[1]; bob.Ended == nil || !bob.Ended.Equal(start) {
		t.Errorf("who did not come back is %+v", bob)
	}
	s := got.Sessions[0]
	if s.Reactions() != 5 || s.Talked() != 62*time.Second || s.Ended != nil || !s.Started.Equal(before.Started) {
		t.Errorf("%+v", s)
	}
	k.Close(4000, wall(4000))
	if s := k.Take(9000).Sessions[0]; s.Ended == nil || s.Talked() != 63*time.Second {
		t.Errorf("after the room has stopped: %+v", s)
	}
}

func TestWhoActsWithoutBeingHereWasHereForThat(t *testing.T) {
	t.Parallel()
	k := NewKeeper(Kept{}, start)
	k.Add(wall(1000), "ada", Reactions, 1)
	k.Add(wall(5000), "ada", Polls, 2)
	c := k.Take(9000)
	if s := c.Sessions[0]; s.Ended == nil || !s.Ended.Equal(wall(5000)) || s.Reactions() != 1 || s.Polls() != 2 || c.Stats != nil {
		t.Errorf("%+v", c)
	}
	if sum := Sum(c.Sessions); sum.Here != 0 || sum.Active != 1 || sum.Answered != 1 || sum.Polls != 2 {
		t.Errorf("%+v", sum)
	}
}

// What is taken in pieces, some of which come back, is what a plain sum says.
func TestNothingIsCountedTwiceOrLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := NewKeeper(Kept{}, start)
		now, speed := 0.0, 0.0
		watching := map[id.User]bool{}
		sum := map[id.User]float64{}
		var together float64
		kept := map[id.User]time.Duration{}
		var stats Stats
		user := rapid.SampledFrom([]id.User{"a", "b", "c"})
		pass := func(d float64) {
			n := 0
			for u, on := range watching {
				if on && speed > 0 {
					sum[u] += d
					n++
				}
			}
			if n >= 2 {
				together += d
			}
			now += d
		}
		take := func(fails bool) {
			c := k.Take(now)
			if fails {
				k.Again(c)
				return
			}
			for _, s := range c.Sessions {
				kept[s.User] = s.Watched()
			}
			if c.Stats != nil {
				stats = *c.Stats
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"time": func(t *rapid.T) { pass(float64(rapid.IntRange(1, 100_000).Draw(t, "ms"))) },
			"turn": func(t *rapid.T) {
				u := user.Draw(t, "user")
				watching[u] = !watching[u]
				k.Turn(now, wall(now), u, Watching, watching[u])
			},
			"film": func(t *rapid.T) {
				speed = rapid.SampledFrom([]float64{0, 0.5, 1, 2}).Draw(t, "v")
				k.Film(now, Film{Item: "f", P: 10, V: speed, T: now})
			},
			"take": func(t *rapid.T) { take(rapid.Bool().Draw(t, "fails")) },
			"":     func(*rapid.T) {},
		})
		take(false)
		for u, n := range sum {
			if kept[u] != ms(n) {
				t.Fatalf("%s watched %v, kept are %v", u, ms(n), kept[u])
			}
		}
		if stats.Together != ms(together) {
			t.Fatalf("together %v, kept are %v", ms(together), stats.Together)
		}
	})
}
