package draw

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"watchparty/internal/access"
	"watchparty/internal/id"
)

func TestAPointIsAPlaceInTheFrame(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		x, y float64
		want Point
		bad  bool
	}{
		"the middle":            {0.5, 0.5, Point{0.5, 0.5}, false},
		"rounded to four":       {0.123449, 0.99995, Point{0.1234, 1}, false},
		"a little outside":      {-0.05, 1.05, Point{0, 1}, false},
		"too far left":          {-0.0501, 0.5, Point{}, true},
		"too far down":          {0.5, 1.0501, Point{}, true},
		"pixels":                {640, 360, Point{}, true},
		"not a number":          {math.NaN(), 0.5, Point{}, true},
		"infinite":              {0.5, math.Inf(1), Point{}, true},
		"the largest there are": {math.MaxFloat64, -math.MaxFloat64, Point{}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := At(tt.x, tt.y)
			if got != tt.want || errors.Is(err, errShape) != tt.bad {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func FuzzPoints(f *testing.F) {
	f.Add(0.5, 0.5)
	f.Add(math.NaN(), math.Inf(-1))
	f.Add(-0.05, 1.05)
	f.Fuzz(func(t *testing.T, x, y float64) {
		ps, err := Points([][]float64{{x, y}}, 1)
		if err != nil {
			return
		}
		for _, v := range []float64{ps[0].X, ps[0].Y} {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("(%v, %v) became %v", x, y, ps[0])
			}
		}
		if math.Abs(ps[0].X-x) > slack+1e-9 || math.Abs(ps[0].Y-y) > slack+1e-9 {
			t.Fatalf("(%v, %v) moved to %v", x, y, ps[0])
		}
	})
}

func TestWhatAFrameOfPointsMayHold(t *testing.T) {
	t.Parallel()
	many := slices.Repeat([][]float64{{0.1, 0.2}}, 65)
	tests := map[string]struct {
		in   [][]float64
		want int
	}{
		"none":        {nil, 0},
		"one":         {many[:1], 1},
		"64":          {many[:64], 64},
		"65":          {many, 0},
		"a lone x":    {[][]float64{{0.1}}, 0},
		"three of it": {[][]float64{{0.1, 0.2, 0.3}}, 0},
		"one of two":  {[][]float64{{0.1, 0.2}, {7, 0.1}}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Points(tt.in, MaxFrame)
			if len(got) != tt.want || (err == nil) != (tt.want > 0) {
				t.Errorf("got %d points, %v", len(got), err)
			}
		})
	}
}

func TestWhatAMarkMayBe(t *testing.T) {
	t.Parallel()
	line := func(n int) []Point { return slices.Repeat([]Point{{0.1, 0.2}}, n) }
	tests := map[string]struct {
		in  Mark
		bad bool
	}{
		"a dot of the pen":              {Mark{Tool: Pen, Points: line(1)}, false},
		"2000 points":                   {Mark{Tool: Highlighter, Points: line(2000)}, false},
		"2001 points":                   {Mark{Tool: Pen, Points: line(2001)}, true},
		"no points":                     {Mark{Tool: Pen}, true},
		"ink is not kept":               {Mark{Tool: Ink, Points: line(2)}, true},
		"nor is the laser":              {Mark{Tool: Laser, Points: line(2)}, true},
		"an unknown tool":               {Mark{Tool: "stamp", Points: line(2)}, true},
		"an arrow":                      {Mark{Tool: Arrow, Points: line(2)}, false},
		"an arrow to nowhere":           {Mark{Tool: Arrow, Points: line(1)}, true},
		"a text":                        {Mark{Tool: Text, Points: line(1), Text: " look "}, false},
		"a text of 200 characters":      {Mark{Tool: Text, Points: line(1), Text: strings.Repeat("ä", 200)}, false},
		"a text of 201 characters":      {Mark{Tool: Text, Points: line(1), Text: strings.Repeat("ä", 201)}, true},
		"a text without words":          {Mark{Tool: Text, Points: line(1), Text: " \n"}, true},
		"a text in two places":          {Mark{Tool: Text, Points: line(2), Text: "x"}, true},
		"a text that turns direction":   {Mark{Tool: Text, Points: line(1), Text: "a\u202eb"}, true},
		"a text with a bell":            {Mark{Tool: Text, Points: line(1), Text: "a\ab"}, true},
		"a pin without words":           {Mark{Tool: Pin, Points: line(1)}, false},
		"a pin with words":              {Mark{Tool: Pin, Points: line(1), Text: "this one"}, false},
		"a line with words":             {Mark{Tool: Pen, Points: line(2), Text: "x"}, true},
		"before the film":               {Mark{Tool: Pen, Points: line(2), FilmAt: -1}, true},
		"at no second":                  {Mark{Tool: Pen, Points: line(2), FilmAt: math.NaN()}, true},
		"long after any film has ended": {Mark{Tool: Pen, Points: line(2), FilmAt: math.Inf(1)}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := tt.in.Check(); errors.Is(err, errShape) != tt.bad {
				t.Errorf("got %v", err)
			}
		})
	}
	m, err := Mark{Tool: Box, Points: []Point{{0, 0}, {0.3, 0.3}, {1, 1}}}.Check()
	if err != nil || !cmp.Equal(m.Points, []Point{{0, 0}, {1, 1}}) {
		t.Errorf("a box keeps %v, %v", m.Points, err)
	}
}

func TestAStrokeGivesEachPointOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tool := rapid.SampledFrom([]Tool{Laser, Ink, Pen, Highlighter, Arrow, Box, Ellipse}).Draw(t, "tool")
		s, err := Begin(tool, Point{0, 0}, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		sent, got := []Point{{0, 0}}, []Point(nil)
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "take") {
				from, fresh := s.Take()
				if from != len(got) {
					t.Fatalf("taken from %d, want %d", from, len(got))
				}
				got = append(got, fresh...)
				continue
			}
			ps := slices.Repeat([]Point{{float64(i) / 100, 0.5}}, rapid.IntRange(1, 64).Draw(t, "n"))
			if err := s.Add(ps); err == nil {
				sent = append(sent, ps...)
			} else if !errors.Is(err, ErrTooLong) || len(sent)+len(ps) <= MaxPoints {
				t.Fatalf("after %d points: %v", len(sent), err)
			}
		}
		_, fresh := s.Take()
		if got = append(got, fresh...); !cmp.Equal(got, sent) || s.Fresh() {
			t.Fatalf("%d points of %d were given", len(got), len(sent))
		}
		kept := s.Kept()
		switch {
		case tool == Laser:
			if len(kept) != 0 {
				t.Fatal("a laser keeps points")
			}
		case tool.shape():
			if len(kept) > 2 || kept[0] != sent[0] || kept[len(kept)-1] != sent[len(sent)-1] {
				t.Fatalf("a shape keeps %v", kept)
			}
		case !cmp.Equal(kept, sent):
			t.Fatal("a line does not keep its points")
		}
	})
}

func TestWhatFadesDoesSoOnTheClockOfItsEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		tool        Tool
		lasts, want float64
	}{
		{Laser, 0, 1000 + 1200}, {Laser, 60, 1000 + 1200}, {Ink, 0, 1000 + 4000}, {Ink, 9, 1000 + 9000}, {Pen, 0, 0}, {Pen, 2, 3000},
	} {
		if got := Until(tt.tool, tt.lasts, 1000); got != tt.want {
			t.Errorf("%s that lasts %v: until %v, want %v", tt.tool, tt.lasts, got, tt.want)
		}
	}
	if (Mark{Until: 10}).Gone(9.9) || !(Mark{Until: 10}).Gone(10) || (Mark{}).Gone(1e15) {
		t.Error("a mark is not gone at its moment")
	}
}

// may is who may draw, spelt out.
var may = map[Mode]map[access.Role]string{
	Nobody:    {},
	Presenter: {access.CoHost: "always", access.Host: "always"},
	Asked:     {access.Viewer: "granted", access.Member: "granted", access.CoHost: "always", access.Host: "always"},
	All:       {access.Viewer: "always", access.Member: "always", access.CoHost: "always", access.Host: "always"},
	"":        {access.Viewer: "always", access.Member: "always", access.CoHost: "always", access.Host: "always"},
	"teapot":  {},
}

func TestWhoMayDrawInEveryModeAndRole(t *testing.T) {
	t.Parallel()
	for mode, roles := range may {
		for role := access.None; role <= access.Host; role++ {
			for _, granted := range []bool{false, true} {
				s, err := Settings{Mode: mode}.Grant("ada", granted)
				if err != nil {
					t.Fatal(err)
				}
				want := roles[role] == "always" || roles[role] == "granted" && granted
				if got := s.MayDraw("ada", role); got != want {
					t.Errorf("mode %q, %s, granted %v: %v", mode, role, granted, got)
				}
			}
		}
	}
}

func TestGrantsAreGivenAndTakenBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, want := Settings{Mode: Asked}, map[id.User]bool{}
		user := rapid.SampledFrom([]id.User{"a", "b", "c"})
		for range rapid.IntRange(0, 20).Draw(t, "n") {
			u, on, before := user.Draw(t, "u"), rapid.Bool().Draw(t, "on"), slices.Clone(s.Granted)
			was := s
			s, _ = s.Grant(u, on)
			want[u] = on
			if !slices.Equal(was.Granted, before) {
				t.Fatal("settings that others hold were changed")
			}
		}
		for _, u := range []id.User{"a", "b", "c"} {
			if s.MayDraw(u, access.Member) != want[u] {
				t.Fatalf("%s: want %v of %v", u, want[u], s.Granted)
			}
		}
		if len(s.Granted) > 3 {
			t.Fatalf("twice granted: %v", s.Granted)
		}
	})
}

func TestUndoTakesOnlyOnesOwnNewestMark(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		user := rapid.SampledFrom([]id.User{"a", "b", "c"})
		var marks []Mark
		for range rapid.IntRange(0, 12).Draw(t, "n") {
			marks = append(marks, Mark{ID: id.New[id.Mark](), By: user.Draw(t, "by")})
		}
		me := user.Draw(t, "me")
		mine := Of(marks, me)
		var want id.Mark
		if len(marks) > 0 && rapid.Bool().Draw(t, "named") {
			want = rapid.SampledFrom(marks).Draw(t, "which").ID
		}
		got, err := Undo(marks, me, want)
		switch {
		case want != "" && !slices.Contains(mine, want), len(mine) == 0:
			if !errors.Is(err, ErrNothing) {
				t.Fatalf("took %s back, %v", got, err)
			}
		case want != "":
			if got != want || err != nil {
				t.Fatalf("took %s back, want %s; %v", got, want, err)
			}
		case got != mine[len(mine)-1] || err != nil:
			t.Fatalf("took %s back, want the newest of %v; %v", got, mine, err)
		}
	})
}

func TestThePictureHasRoomForSoMuch(t *testing.T) {
	t.Parallel()
	few := slices.Repeat([]Mark{{Points: make([]Point, 1)}}, MaxMarks)
	long := slices.Repeat([]Mark{{Points: make([]Point, MaxPoints)}}, MaxLasting/MaxPoints)
	one := Mark{Points: make([]Point, 1)}
	if err := Room(few[1:], one); err != nil {
		t.Errorf("the 500th: %v", err)
	}
	if err := Room(few, one); !errors.Is(err, ErrFull) {
		t.Errorf("the 501st: %v", err)
	}
	if err := Room(long, one); !errors.Is(err, ErrFull) {
		t.Errorf("more points than a welcome carries: %v", err)
	}
	if n := NextNumber([]Mark{{Number: 1}, {Number: 4}, {}}); n != 5 {
		t.Errorf("the next pin has the number %d", n)
	}
}
