package playback

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"watchparty/internal/id"
)

const (
	ada = id.User("ada")
	bob = id.User("bob")
	eve = id.User("eve")
)

// on gives a show of a film of 100 s, with people who watch, playing since 0.
func on(people ...id.User) *Show {
	s := New()
	for _, u := range people {
		s.SetPeer(0, u, Peer{RTT: 80, OneWay: 50, Watches: true})
	}
	s.PutOn(0, "", "film", 100, false)
	if err := s.Play(0, ada, 0); err != nil {
		panic(err)
	}
	return s
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestALeadCoversTheWorstHealthyMember(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		peers []Peer
		want  float64
	}{
		"nobody":                            {nil, 80},
		"a quick one":                       {[]Peer{{RTT: 10, OneWay: 5, Watches: true}}, 80},
		"one far away":                      {[]Peer{{RTT: 10, OneWay: 5, Watches: true}, {RTT: 300, OneWay: 200, Watches: true}}, 280},
		"at most 700 ms":                    {[]Peer{{RTT: 590, OneWay: 650, Watches: true}}, 700},
		"worse than 600 ms is not reckoned": {[]Peer{{RTT: 601, OneWay: 500, Watches: true}}, 80},
		"who is away is not reckoned":       {[]Peer{{RTT: 300, OneWay: 300}}, 80},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New()
			for i, p := range tt.peers {
				s.SetPeer(0, id.User(rune('a'+i)), p)
			}
			s.PutOn(0, "", "film", 100, false)
			if err := s.Play(1000, ada, 0); err != nil {
				t.Fatal(err)
			}
			near(t, "lead", s.Vector().T-1000, tt.want)
		})
	}
}

func TestAPauseTakesWhatTheIssuerSawIfThatIsClose(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ saw, want float64 }{
		"close behind": {9.8, 9.8}, "close ahead": {10.2, 10.2}, "too far": {9.5, 10}, "nonsense": {math.Inf(1), 10}, "not a number": {math.NaN(), 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := on(ada)
			now := s.Vector().T + 10000
			if err := s.Pause(now, ada, s.Vector().Seq, tt.saw); err != nil {
				t.Fatal(err)
			}
			near(t, "place", s.Vector().P, tt.want)
			near(t, "a minute later", s.Position(now+60000), tt.want)
		})
	}
}

func TestAStaleBaseOnlyStopsTheContrary(t *testing.T) {
	t.Parallel()
	s := on(ada, bob)
	old := s.Vector().Seq
	check := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	check("pause", s.Pause(1000, ada, old, 0), nil)
	check("play that did not see another's pause", s.Play(1100, bob, old-1), ErrStale)
	check("pause again, with an old base", s.Pause(1200, bob, old, 0), nil)
	if s.Vector().By != ada {
		t.Errorf("a pause of what is paused made a vector by %s", s.Vector().By)
	}
	check("one's own pause", s.Play(1300, ada, old), nil)
	check("pause that did not see another's play", s.Pause(1400, bob, old, 0), ErrStale)
	check("pause that saw it", s.Pause(1500, bob, s.Vector().Seq, 0), nil)
	check("seek with any base", s.Seek(2500, ada, 5), nil)
	check("play after another's seek only", s.Play(2600, bob, s.Vector().Seq-1), nil)
}

func TestABarrierEndsOnTheFirstOfItsEnds(t *testing.T) {
	t.Parallel()
	type ready struct {
		at   float64
		user id.User
	}
	tests := map[string]struct {
		people []id.User
		ready  []ready
		gone   map[float64]id.User
		want   float64 // after the seek
	}{
		"all are ready":            {[]id.User{"a", "b"}, []ready{{300, "a"}, {500, "b"}}, nil, 500},
		"one never answers":        {[]id.User{"a", "b"}, []ready{{300, "a"}}, nil, 4000},
		"nobody answers":           {[]id.User{"a", "b"}, nil, nil, 4000},
		"four of five after 1.5 s": {[]id.User{"a", "b", "c", "d", "e"}, []ready{{100, "a"}, {200, "b"}, {300, "c"}, {400, "d"}}, nil, 1500},
		"the fourth of five later": {[]id.User{"a", "b", "c", "d", "e"}, []ready{{100, "a"}, {200, "b"}, {300, "c"}, {2000, "d"}}, nil, 2000},
		"the missing one leaves":   {[]id.User{"a", "b"}, []ready{{300, "a"}}, map[float64]id.User{900: "b"}, 900},
		"twice from the same":      {[]id.User{"a", "b"}, []ready{{300, "a"}, {400, "a"}}, nil, 4000},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := on(tt.people...)
			const start = 10000.0
			if err := s.Seek(start, ada, 50); err != nil {
				t.Fatal(err)
			}
			if v := s.Vector(); !v.Arming || v.V != 0 || v.P != 50 || !v.Plays {
				t.Fatalf("the barrier is %+v", v)
			}
			seq := s.Vector().Seq
			for at := 0.0; at <= 5000; at += 100 {
				for _, r := range tt.ready {
					if r.at == at {
						s.Ready(start+at, r.user, seq)
					}
				}
				if u, ok := tt.gone[at]; ok {
					s.Gone(start+at, u)
				}
				if s.Next() <= start+at {
					s.Tick(start + at)
				}
				if v := s.Vector(); !v.Arming {
					if at != tt.want || v.V != 1 || v.P != 50 || v.T != start+at+s.lead() {
						t.Errorf("after %v ms it goes: %+v, want %v", at, v, tt.want)
					}
					return
				}
			}
			t.Error("the barrier stands for ever")
		})
	}
}

func TestWhoMissedABarrierIsNotWaitedForUntilReadyAgain(t *testing.T) {
	t.Parallel()
	s := on(ada, bob)
	seek := func(now float64) []Waiting {
		if err := s.Seek(now, ada, 50); err != nil {
			t.Fatal(err)
		}
		list, _ := s.Waiting()
		return list
	}
	if got := seek(10000); len(got) != 2 {
		t.Fatalf("waits for %v", got)
	}
	s.Ready(10100, ada, s.Vector().Seq)
	s.Tick(14000)
	if got := seek(20000); len(got) != 1 || got[0].User != ada {
		t.Fatalf("waits for %v", got)
	}
	s.Ready(20100, bob, s.Vector().Seq)
	s.Ready(20100, ada, s.Vector().Seq)
	if got := seek(30000); len(got) != 2 {
		t.Fatalf("waits for %v", got)
	}
}

func TestSeeksWithin400MillisecondsAreTakenTogether(t *testing.T) {
	t.Parallel()
	s := on(ada, bob)
	for i, to := range []float64{10, 20, 30, 40} {
		if err := s.Seek(10000+float64(i)*50, ada, to); err != nil {
			t.Fatal(err)
		}
	}
	first := s.Vector().Seq
	if s.Vector().P != 10 || s.Next() != 10400 {
		t.Fatalf("at once %+v, next at %v", s.Vector(), s.Next())
	}
	s.Tick(10400)
	if v := s.Vector(); v.P != 40 || v.Seq != first+1 {
		t.Fatalf("then %+v", v)
	}
	from := s.Vector().From
	near(t, "where undo returns to", from, 9.9)
}

func TestAStallIsWaitedForAWhileInASmallRoomOnly(t *testing.T) {
	t.Parallel()
	crowd := []id.User{ada, bob, eve, "4", "5", "6", "7", "8"}
	tests := map[string]struct {
		people []id.User
		set    func(s *Show)
		waits  bool
	}{
		"eight people":         {crowd, func(*Show) {}, true},
		"nine people":          {append(crowd, "9"), func(*Show) {}, false},
		"the setting is off":   {crowd, func(s *Show) { s.WaitForSlow(false) }, false},
		"who has stepped out":  {crowd, func(s *Show) { s.SetPeer(0, bob, Peer{}) }, false},
		"a recovery in time":   {crowd, func(s *Show) { s.Stall(5500, bob, s.Vector().Seq, false) }, false},
		"a pause in between":   {crowd, func(s *Show) { _ = s.Pause(5500, ada, s.Vector().Seq, 0) }, false},
		"somebody who is gone": {crowd, func(s *Show) { s.Gone(5500, bob) }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := on(tt.people...)
			s.Stall(5000, bob, s.Vector().Seq, true)
			tt.set(s)
			s.Tick(5750)
			if got := s.Vector().Why == WhyStall; got != tt.waits {
				t.Fatalf("waits %v: %+v", got, s.Vector())
			}
			if !tt.waits {
				return
			}
			list, deadline := s.Waiting()
			if len(list) != 1 || list[0].User != bob || deadline != 11750 || !s.Vector().Plays {
				t.Fatalf("waits for %v until %v", list, deadline)
			}
			p := s.Position(6000)
			s.Stall(8000, bob, s.Vector().Seq, false)
			if v := s.Vector(); v.V != 1 || v.P != p {
				t.Fatalf("after the recovery %+v", v)
			}
			s.Stall(9000, bob, s.Vector().Seq, true)
			if s.Tick(20000); s.Vector().V != 1 {
				t.Error("waits twice within a minute for the same person")
			}
		})
	}
}

func TestUndoTakesTheLastChangeBack(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		do   func(s *Show) error
		want Vector // P, Plays, Rate, Item
	}{
		"a seek":  {func(s *Show) error { return s.Seek(10080, bob, 70) }, Vector{P: 10, Plays: true, Rate: 1, Item: "film"}},
		"a pause": {func(s *Show) error { return s.Pause(10080, bob, s.Vector().Seq, 10) }, Vector{P: 10, Plays: true, Rate: 1, Item: "film"}},
		"a rate":  {func(s *Show) error { return s.SetRate(10080, bob, 2) }, Vector{P: 12, Plays: true, Rate: 1, Item: "film"}},
		"a film":  {func(s *Show) error { s.PutOn(10080, bob, "other", 50, true); return nil }, Vector{P: 10, Plays: true, Rate: 1, Item: "film"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := on()
			if err := tt.do(s); err != nil {
				t.Fatal(err)
			}
			at := 11080.0
			if s.vec.Why != WhyRate {
				at = 10080
			}
			if err := s.Undo(at, ada); err != nil {
				t.Fatal(err)
			}
			v := s.Vector()
			if math.Abs(v.P-tt.want.P) > 1e-6 || v.Plays != tt.want.Plays || v.Rate != tt.want.Rate || v.Item != tt.want.Item || v.Why != WhyUndo || s.Duration() != 100 {
				t.Errorf("got %+v, want %+v", v, tt.want)
			}
			if err := s.Undo(at, ada); !errors.Is(err, ErrNoUndo) {
				t.Errorf("undone twice: %v", err)
			}
		})
	}
	s := on()
	if err := s.Seek(10000, bob, 70); err != nil {
		t.Fatal(err)
	}
	if err := s.Undo(18001, ada); !errors.Is(err, ErrNoUndo) {
		t.Errorf("undone after 8 s: %v", err)
	}
}

func TestARestoredFilmGoesOn(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		before func(s *Show)
		wall   float64 // at the restore; the save was at 1,000,000
		want   float64 // where the film is then
		plays  bool
	}{
		"playing":               {func(*Show) {}, 1005000, 14.9, true},
		"paused":                {func(s *Show) { _ = s.Pause(10000, ada, s.Vector().Seq, 9.9) }, 1005000, 9.9, false},
		"in a barrier":          {func(s *Show) { _ = s.Seek(10000, ada, 40) }, 1005000, 40, true},
		"beyond the end":        {func(*Show) {}, 9000000, 100, true},
		"wall clock set back":   {func(*Show) {}, 10, 0, true},
		"twice the speed":       {func(s *Show) { _ = s.SetRate(10000, ada, 2) }, 1005000, 19.9, true},
		"a stall that it waits": {func(s *Show) { s.Stall(9000, ada, s.Vector().Seq, true); s.Tick(10000) }, 1005000, 9.9, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := on(ada)
			tt.before(s)
			k := s.Save(10000, 1000000)
			next := New()
			next.Restore(500, tt.wall, k)
			v := next.Vector()
			near(t, "place", next.Position(500), tt.want)
			if v.Plays != tt.plays || v.Arming || v.Seq <= k.Vector.Seq || v.T > 500+startLead || (v.V > 0) != tt.plays {
				t.Errorf("restored %+v", v)
			}
		})
	}
	bad := New()
	bad.Restore(0, 0, Saved{Vector: Vector{P: math.NaN(), Item: "film", Plays: true}})
	if bad.Vector().Item != "" {
		t.Error("a damaged checkpoint was taken")
	}
}

// TestWhateverPeopleDoTheFilmKeepsItsPromises turns a show by random commands
// and holds it to its invariants after each.
func TestWhateverPeopleDoTheFilmKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		users := []id.User{ada, bob, eve}
		user := rapid.SampledFrom(users)
		s := New()
		now, armedAt, heldAt := 1000.0, math.NaN(), math.NaN()
		before := s.Vector()
		base := func() uint64 {
			return uint64(rapid.IntRange(int(max(0, int64(s.Vector().Seq)-3)), int(s.Vector().Seq)).Draw(t, "base"))
		}
		passive := false // the action must not move the film
		place := 0.0
		quiet := func() { passive, place = s.barrier == nil && s.hold == nil, s.Position(now) }
		t.Repeat(map[string]func(*rapid.T){
			"play":  func(t *rapid.T) { _ = s.Play(now, user.Draw(t, "u"), base()) },
			"pause": func(t *rapid.T) { _ = s.Pause(now, user.Draw(t, "u"), base(), rapid.Float64().Draw(t, "saw")) },
			"seek":  func(t *rapid.T) { _ = s.Seek(now, user.Draw(t, "u"), rapid.Float64().Draw(t, "to")) },
			"rate":  func(t *rapid.T) { _ = s.SetRate(now, user.Draw(t, "u"), rapid.Float64Range(0, 3).Draw(t, "rate")) },
			"item": func(t *rapid.T) {
				s.PutOn(now, user.Draw(t, "u"), id.Item(rapid.SampledFrom([]string{"x", "y", ""}).Draw(t, "item")),
					rapid.SampledFrom([]float64{0, 20, 90}).Draw(t, "d"), rapid.Bool().Draw(t, "plays"))
			},
			"undo":     func(t *rapid.T) { _ = s.Undo(now, user.Draw(t, "u")) },
			"start":    func(t *rapid.T) { s.Start(now, user.Draw(t, "u")) },
			"now":      func(*rapid.T) { s.StartNow(now) },
			"duration": func(t *rapid.T) { s.SetDuration(now, rapid.Float64().Draw(t, "d")) },
			"ready": func(t *rapid.T) {
				s.Ready(now, user.Draw(t, "u"), uint64(rapid.IntRange(0, int(s.Vector().Seq)+2).Draw(t, "seq")))
			},
			"stall": func(t *rapid.T) { s.Stall(now, user.Draw(t, "u"), s.Vector().Seq, rapid.Bool().Draw(t, "on")) },
			"come": func(t *rapid.T) {
				quiet()
				s.SetPeer(now, user.Draw(t, "u"), Peer{
					RTT: rapid.Float64Range(0, 900).Draw(t, "rtt"), OneWay: rapid.Float64Range(0, 900).Draw(t, "one"), Watches: rapid.Bool().Draw(t, "w"),
				})
			},
			"go": func(t *rapid.T) { quiet(); s.Gone(now, user.Draw(t, "u")) },
			"restart": func(t *rapid.T) {
				k := s.Save(now, now+5)
				next := New()
				next.vec.Seq = 0
				next.Restore(now, now+5, k)
				s = next
			},
			"wait": func(t *rapid.T) {
				end := now + rapid.Float64Range(0, 9000).Draw(t, "ms")
				for n := 0; s.Next() <= end; n++ {
					if now = max(now, s.Next()); n > 50 {
						t.Fatalf("ticks without end at %v: %+v", now, s.Vector())
					}
					s.Tick(now)
				}
				now = end
			},
			"": func(t *rapid.T) {
				v := s.Vector()
				if v.Seq < before.Seq || v.Seq == before.Seq && v != before {
					t.Fatalf("%+v became %+v", before, v)
				}
				for _, at := range []float64{now, now + 1e7} {
					if p := s.Position(at); !(p >= 0) || s.Duration() > 0 && p > s.Duration() {
						t.Fatalf("at %v the film of %v s is at %v", at, s.Duration(), p)
					}
				}
				if v.V < 0 || v.V > MaxRate || !(v.Rate >= MinRate) || v.V > 0 && v.V != v.Rate || v.Arming && (v.V != 0 || !v.Plays) {
					t.Fatalf("not a vector: %+v", v)
				}
				if v.T > now+startLead {
					t.Fatalf("%v ms ahead: %+v", v.T-now, v)
				}
				if (s.barrier != nil) != v.Arming {
					t.Fatalf("barrier %v, vector %+v", s.barrier, v)
				}
				if s.barrier != nil {
					armedAt = s.barrier.since
				} else {
					armedAt = math.NaN()
				}
				if s.hold != nil {
					heldAt = s.hold.since
				} else {
					heldAt = math.NaN()
				}
				if now > armedAt+barrierCeiling || now > heldAt+stallCeiling {
					t.Fatalf("waits since %v and %v at %v", armedAt, heldAt, now)
				}
				if passive && s.Position(now) != place {
					t.Fatalf("somebody came or went and the film moved from %v to %v", place, s.Position(now))
				}
				passive, before = false, v
			},
		})
	})
}
