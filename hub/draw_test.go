package hub_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"watchparty/hub/hubtest"
	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/draw"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

func begin(name, tool string) wire.DrawBegin {
	return wire.DrawBegin{Stroke: name, Tool: tool, X: 0.1, Y: 0.2, FilmAt: 12.5}
}

func pairs(n int, x, y float64) [][]float64 { return slices.Repeat([][]float64{{x, y}}, n) }

// seen puts what a client is shown of the strokes in flight together.
type seen struct {
	head   wire.StrokePart
	points []int
	until  float64
}

func (s *seen) add(t *testing.T, part wire.StrokePart) {
	t.Helper()
	if part.By != "" {
		s.head = part
	}
	if part.I*2 != len(s.points) {
		t.Errorf("a part begins at point %d, after %d", part.I, len(s.points)/2)
	}
	s.points = append(s.points, part.P...)
	s.until = part.Until
}

func TestTwoDrawAtOnceAndAllSeeIt(t *testing.T) {
	t.Parallel()
	bubble(t, 3, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		clients := make([]*hubtest.Client, 3)
		for i := range clients {
			clients[i] = w.Dial(t, people[i])
			clients[i].Join(p)
		}
		a, b, watcher := clients[0], clients[1], clients[2]
		a.Ack(a.Send("draw.begin", begin("s1", "pen")))
		b.Ack(b.Send("draw.begin", begin("s1", "highlighter"))) // names are each person's own
		for i := range 10 {
			a.Send("draw.points", wire.DrawPoints{Stroke: "s1", Points: [][]float64{{0.1 + float64(i)/100, 0.25}, {0.1 + float64(i)/100, 0.33333}}})
			b.Send("draw.points", wire.DrawPoints{Stroke: "s1", Points: [][]float64{{0.9, float64(i) / 100}}})
			time.Sleep(50 * time.Millisecond)
		}
		time.Sleep(100 * time.Millisecond)
		both := map[int]*seen{1: {}, 2: {}}
		for {
			f, ok := watcher.Within(time.Millisecond, func(f hubtest.Frame) bool { return f.Type == wire.DrawStrokes.Name })
			if !ok {
				break
			}
			for _, part := range hubtest.Data[wire.Strokes](watcher, f).Items {
				both[part.S].add(t, part)
			}
		}
		if s := both[1]; len(s.points) != 2*21 || s.head.By != people[0].User || s.head.Tool != "pen" || s.head.Stroke != "s1" ||
			s.head.FilmAt != 12.5 || !slices.Equal(s.points[:6], []int{1000, 2000, 1000, 2500, 1000, 3333}) {
			t.Errorf("the first stroke is seen as %+v", s)
		}
		if s := both[2]; len(s.points) != 2*11 || s.head.By != people[1].User || s.head.Color != 1 {
			t.Errorf("the second stroke is seen as %+v", s)
		}

		ack := a.Ack(a.Send("draw.end", wire.DrawEnd{Stroke: "s1"}))
		for _, c := range clients {
			m := hubtest.Expect(c, wire.DrawMark)
			if string(m.ID) != ack.ID || m.By != people[0].User || m.Tool != "pen" || len(m.Points) != 21 || m.Points[2][1] != 0.3333 ||
				m.FilmAt != 12.5 || m.ItemID == "" || m.Until != 0 || m.Stroke != "s1" {
				t.Errorf("%s sees the mark %+v", c.Who.Name, m)
			}
		}
		late := w.Dial(t, people[2]).Join(p)
		if len(late.Marks) != 1 || string(late.Marks[0].ID) != ack.ID || len(late.Marks[0].Points) != 21 || late.Draw.Mode != "all" {
			t.Errorf("the welcome shows %+v, %+v", late.Marks, late.Draw)
		}
		if got := a.Refused(a.Send("draw.end", wire.DrawEnd{Stroke: "s1"})); got.Code != "draw.unknown_stroke" {
			t.Errorf("a stroke was ended twice: %+v", got)
		}
	})
}

func TestInkAndLaserAreNotKeptAndAllKnowWhenTheyAreGone(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a, b := w.Dial(t, people[0]), w.Dial(t, people[1])
		a.Join(p)
		seq := b.Join(p).Seq
		for tool, ms := range map[string]float64{"ink": 4000, "laser": 1200} {
			a.Ack(a.Send("draw.begin", begin(tool, tool)))
			a.Ack(a.Send("draw.points", wire.DrawPoints{Stroke: tool, Points: pairs(3, 0.5, 0.5)}))
			a.Ack(a.Send("draw.end", wire.DrawEnd{Stroke: tool}))
			var frame hubtest.Frame
			until := 0.0
			frame = b.Until("the end of the stroke", func(f hubtest.Frame) bool {
				if f.Type != wire.DrawStrokes.Name {
					return false
				}
				for _, part := range hubtest.Data[wire.Strokes](b, f).Items {
					until = max(until, part.Until)
				}
				return until > 0
			})
			if d := until - frame.ST; d > ms || d < ms-200 {
				t.Errorf("%s is gone %v ms after its end", tool, d)
			}
		}
		late := w.Dial(t, people[1]).Join(p)
		if len(late.Marks) != 0 || late.Seq != seq {
			t.Errorf("after strokes that fade the room is at %d with %d marks", late.Seq, len(late.Marks))
		}
	})
}

func TestWhatLastsForAWhileIsNotInALaterWelcome(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a := w.Dial(t, people[0])
		a.Join(p)
		a.Ack(a.Send("draw.put", wire.DrawPut{Tool: "rectangle", Points: [][]float64{{0.1, 0.1}, {0.9, 0.9}}, Lasts: 30}))
		m := hubtest.Expect(a, wire.DrawMark)
		if m.Until != m.At+30_000 {
			t.Errorf("made at %d, gone at %d", m.At, m.Until)
		}
		time.Sleep(29 * time.Second)
		if got := w.Dial(t, people[1]).Join(p); len(got.Marks) != 1 {
			t.Errorf("before its end: %+v", got.Marks)
		}
		time.Sleep(1001 * time.Millisecond)
		if got := w.Dial(t, people[1]).Join(p); len(got.Marks) != 0 {
			t.Errorf("after its end: %+v", got.Marks)
		}
	})
}

func TestARevokedStrokeStopsAtOnce(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		set    []func(host *hubtest.Client, u id.User)
		revoke func(w *hubtest.World, p id.Party, host *hubtest.Client, u id.User)
	}{
		"by the mode": {nil, func(_ *hubtest.World, _ id.Party, host *hubtest.Client, _ id.User) {
			host.Ack(host.Send("draw.mode", wire.DrawMode{Mode: "presenter"}))
		}},
		"by taking the grant back": {
			[]func(*hubtest.Client, id.User){
				func(host *hubtest.Client, _ id.User) { host.Ack(host.Send("draw.mode", wire.DrawMode{Mode: "asked"})) },
				func(host *hubtest.Client, u id.User) {
					host.Ack(host.Send("draw.grant", wire.DrawGrant{User: u, On: true}))
				},
			},
			func(_ *hubtest.World, _ id.Party, host *hubtest.Client, u id.User) {
				host.Ack(host.Send("draw.grant", wire.DrawGrant{User: u}))
			},
		},
		"by a lower role": {
			[]func(*hubtest.Client, id.User){func(host *hubtest.Client, _ id.User) {
				host.Ack(host.Send("draw.mode", wire.DrawMode{Mode: "presenter"}))
			}},
			func(w *hubtest.World, p id.Party, _ *hubtest.Client, u id.User) {
				w.Parties.Member(p, u, party.Changed{What: []string{"members"}}, func(m *party.Member) { m.Role = access.Member })
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
				if strings.Contains(name, "role") {
					w.Parties.Member(p, people[1].User, party.Changed{What: []string{"members"}}, func(m *party.Member) { m.Role = access.CoHost })
				}
				host, bob := w.Dial(t, people[0]), w.Dial(t, people[1])
				host.Join(p)
				bob.Join(p)
				for _, set := range tt.set {
					set(host, people[1].User)
				}
				bob.Ack(bob.Send("draw.begin", begin("s", "pen")))
				bob.Ack(bob.Send("draw.points", wire.DrawPoints{Stroke: "s", Points: pairs(2, 0.5, 0.5)}))
				tt.revoke(w, p, host, people[1].User)
				for _, c := range []*hubtest.Client{host, bob} {
					if got := hubtest.Expect(c, wire.DrawDropped); got.By != people[1].User || got.Stroke != "s" || got.S != 1 || got.Reason != "revoked" {
						t.Errorf("%s hears %+v", c.Who.Name, got)
					}
				}
				for kind, data := range map[string]any{
					"draw.points": wire.DrawPoints{Stroke: "s", Points: pairs(1, 0.6, 0.6)},
					"draw.end":    wire.DrawEnd{Stroke: "s"},
					"draw.begin":  begin("s2", "pen"),
					"draw.put":    wire.DrawPut{Tool: "pin", Points: pairs(1, 0.5, 0.5)},
				} {
					if got := bob.Refused(bob.Send(kind, data)); got.Code != "draw.forbidden" {
						t.Errorf("%s afterwards: %+v", kind, got)
					}
				}
				if got := w.Dial(t, people[1]).Join(p); len(got.Marks) != 0 {
					t.Errorf("the revoked stroke was kept: %+v", got.Marks)
				}
			})
		})
	}
}

func TestARevokedStrokeStopsBeforeTheDatabaseHasAnswered(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, hubtest.Options{})
	ada, bob := w.People.Account("ada"), w.People.Guest("bob")
	p := w.Parties.Create(ada, bob)
	a, b := w.Dial(t, ada), w.Dial(t, bob)
	a.Join(p)
	b.Join(p)
	b.Ack(b.Send("draw.begin", begin("s", "ink")))
	release := w.Journal.Hold()
	re := a.Send("draw.mode", wire.DrawMode{Mode: "nobody"})
	hubtest.Expect(b, wire.DrawDropped)
	if got := b.Refused(b.Send("draw.points", wire.DrawPoints{Stroke: "s", Points: pairs(1, 0, 0)})); got.Code != "draw.forbidden" {
		t.Errorf("points afterwards: %+v", got)
	}
	release()
	a.Ack(re)
	if got := hubtest.Expect(b, wire.DrawSettings); got.Mode != "nobody" {
		t.Errorf("the rules are %+v", got)
	}
}

func TestAStrokeEndsWithItsConnection(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a, b := w.Dial(t, people[0]), w.Dial(t, people[1])
		a.Join(p)
		b.Join(p)
		b.Ack(b.Send("draw.begin", begin("s", "laser")))
		b.Cut()
		if got := hubtest.Expect(a, wire.DrawDropped); got.By != people[1].User || got.Reason != "left" {
			t.Errorf("dropped %+v", got)
		}
	})
}

func TestUndoAndClearReachOnlyWhatTheyMay(t *testing.T) {
	t.Parallel()
	bubble(t, 3, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		host, bob, cyd := w.Dial(t, people[0]), w.Dial(t, people[1]), w.Dial(t, people[2])
		for _, c := range []*hubtest.Client{host, bob, cyd} {
			c.Join(p)
		}
		pin := func(c *hubtest.Client) id.Mark {
			return id.Mark(c.Ack(c.Send("draw.put", wire.DrawPut{Tool: "pin", Points: pairs(1, 0.5, 0.5)})).ID)
		}
		gone := func(want ...id.Mark) {
			t.Helper()
			if got := hubtest.Expect(cyd, wire.DrawGone); !slices.Equal(got.Marks, want) {
				t.Errorf("gone %v, want %v", got.Marks, want)
			}
		}
		b1, b2, h1 := pin(bob), pin(bob), pin(host)
		if got := bob.Refused(bob.Send("draw.undo", wire.DrawUndo{Mark: h1})); got.Code != "draw.nothing" {
			t.Errorf("another's mark was taken back: %+v", got)
		}
		bob.Ack(bob.Send("draw.undo", wire.DrawUndo{}))
		gone(b2)
		bob.Ack(bob.Send("draw.undo", wire.DrawUndo{}))
		gone(b1)
		if got := bob.Refused(bob.Send("draw.undo", wire.DrawUndo{})); got.Code != "draw.nothing" {
			t.Errorf("nothing was taken back: %+v", got)
		}
		b3, b4, c1 := pin(bob), pin(bob), pin(cyd)
		for _, who := range []string{"all", string(people[2].User)} {
			if got := bob.Refused(bob.Send("draw.clear", wire.DrawClear{Who: who})); got.Code != "access.forbidden" {
				t.Errorf("a member cleared %s: %+v", who, got)
			}
		}
		bob.Ack(bob.Send("draw.clear", wire.DrawClear{}))
		gone(b3, b4)
		host.Ack(host.Send("draw.clear", wire.DrawClear{Who: string(people[2].User)}))
		gone(c1)
		b5 := pin(bob)
		bob.Ack(bob.Send("draw.begin", begin("s", "pen")))
		host.Ack(host.Send("draw.clear", wire.DrawClear{Who: "all"}))
		gone(h1, b5)
		if got := hubtest.Expect(bob, wire.DrawDropped); got.Reason != "cleared" {
			t.Errorf("the stroke in flight: %+v", got)
		}
		for _, kind := range []string{"draw.mode", "draw.grant"} {
			var data any = wire.DrawMode{Mode: "nobody"}
			if kind == "draw.grant" {
				data = wire.DrawGrant{User: people[2].User, On: true}
			}
			if got := bob.Refused(bob.Send(kind, data)); got.Code != "access.forbidden" {
				t.Errorf("a member said who may draw: %+v", got)
			}
		}
	})
}

func TestPinsAreNumberedAndAnOpMakesOneMark(t *testing.T) {
	t.Parallel()
	bubble(t, 1, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a := w.Dial(t, people[0])
		a.Join(p)
		release := w.Journal.Hold() // none of the four is committed before all are asked for
		put := wire.DrawPut{Tool: "pin", Points: pairs(1, 0.5, 0.5), Text: "this one"}
		var asked []string
		for _, op := range []string{"one", "one", "two", "one"} {
			asked = append(asked, a.SendOp("draw.put", op, put))
		}
		synctest.Wait()
		release()
		ids := map[string]bool{}
		for _, re := range asked {
			ids[a.Ack(re).ID] = true
		}
		one, two := hubtest.Expect(a, wire.DrawMark), hubtest.Expect(a, wire.DrawMark)
		if len(ids) != 2 || one.Text != "this one" || one.Number == two.Number || min(one.Number, two.Number) != 1 {
			t.Errorf("marks %v: %+v, %+v", ids, one, two)
		}
		if got := w.Dial(t, people[0]).Join(p); len(got.Marks) != 2 {
			t.Errorf("the welcome shows %d", len(got.Marks))
		}
	})
}

func TestWhatCannotBeDrawnIsRefused(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, hubtest.Options{})
	ada := w.People.Account("ada")
	p := w.Parties.Create(ada)
	a := w.Dial(t, ada)
	a.Join(p)
	a.Ack(a.Send("draw.begin", begin("s", "pen")))
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	tests := map[string]struct {
		kind string
		data any
		code string
	}{
		"huge":                 {"draw.points", wire.DrawPoints{Stroke: "s", Points: pairs(1, math.MaxFloat64, 0)}, "draw.shape"},
		"beyond what there is": {"draw.points", raw(`{"stroke":"s","points":[[1e999,0]]}`), "input.invalid"},
		"a word":               {"draw.points", raw(`{"stroke":"s","points":[["NaN",0]]}`), "input.invalid"},
		"nothing":              {"draw.points", raw(`{"stroke":"s","points":[[null,0]]}`), "input.invalid"},
		"pixels":               {"draw.points", wire.DrawPoints{Stroke: "s", Points: pairs(1, 640, 360)}, "draw.shape"},
		"65 at once":           {"draw.points", wire.DrawPoints{Stroke: "s", Points: pairs(65, 0.5, 0.5)}, "draw.shape"},
		"none":                 {"draw.points", raw(`{"stroke":"s","points":[]}`), "draw.shape"},
		"an unknown stroke":    {"draw.points", wire.DrawPoints{Stroke: "x", Points: pairs(1, 0, 0)}, "draw.unknown_stroke"},
		"the same name twice":  {"draw.begin", begin("s", "pen"), "draw.too_many_strokes"},
		"a begin outside":      {"draw.begin", wire.DrawBegin{Stroke: "y", Tool: "pen", X: 2}, "draw.shape"},
		"a text as a stroke":   {"draw.begin", wire.DrawBegin{Stroke: "y", Tool: "text"}, "input.invalid"},
		"an unknown tool":      {"draw.put", wire.DrawPut{Tool: "stamp", Points: pairs(1, 0, 0)}, "input.invalid"},
		"ink at once":          {"draw.put", wire.DrawPut{Tool: "ink", Points: pairs(1, 0, 0)}, "input.invalid"},
		"a text too long":      {"draw.put", wire.DrawPut{Tool: "text", Points: pairs(1, 0, 0), Text: strings.Repeat("a", 201)}, "input.invalid"},
		"2001 points":          {"draw.put", wire.DrawPut{Tool: "pen", Points: pairs(2001, 0, 0)}, "draw.shape"},
		"a mode unheard of":    {"draw.mode", wire.DrawMode{Mode: "teapot"}, "input.invalid"},
		"a grant to nobody":    {"draw.grant", wire.DrawGrant{User: id.New[id.User](), On: true}, "not_found"},
	}
	for name, tt := range tests {
		if got := a.Refused(a.Send(tt.kind, tt.data)); got.Code != tt.code {
			t.Errorf("%s: %+v", name, got)
		}
	}
	a.Ack(a.Send("draw.points", wire.DrawPoints{Stroke: "s", Points: pairs(1, -0.04, 1.04)}))
	a.Ack(a.Send("draw.end", wire.DrawEnd{Stroke: "s"}))
	if m := hubtest.Expect(a, wire.DrawMark); len(m.Points) != 2 || m.Points[1][0] != 0 || m.Points[1][1] != 1 {
		t.Errorf("of all that, this was kept: %+v", m)
	}
}

func TestAFloodOfPointsIsRefusedAndTheStrokeLivesOn(t *testing.T) {
	t.Parallel()
	bubble(t, 1, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a, b := w.Dial(t, people[0]), w.Dial(t, people[0]) // one person, so one budget
		a.Join(p)
		b.Join(p)
		a.Ack(a.Send("draw.begin", begin("s", "laser")))
		b.Ack(b.Send("draw.begin", begin("s", "laser")))
		refused := 0
		for range 100 {
			for _, c := range []*hubtest.Client{a, b} {
				re := c.Send("draw.points", wire.DrawPoints{Stroke: "s", Points: pairs(1, 0.5, 0.5)})
				f := c.Until("an answer", func(f hubtest.Frame) bool { return f.Re == re })
				if f.Type == "error" {
					x := hubtest.Data[wire.Failed](c, f)
					if x.Problem.Code != "rate_limited" {
						t.Fatalf("refused with %+v", x.Problem)
					}
					refused++
				}
			}
		}
		if refused == 0 || refused > 70 {
			t.Errorf("of 200 at once %d were refused", refused)
		}
		time.Sleep(3 * time.Second)
		a.Ack(a.Send("draw.points", wire.DrawPoints{Stroke: "s", Points: pairs(1, 0.5, 0.5)}))
	})
}

func TestOneWhoDrawsCostsEachWatcherLessThan3kBASecond(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a, b := w.Dial(t, people[0]), w.Dial(t, people[1])
		a.Join(p)
		b.Join(p)
		const seconds = 10
		a.Ack(a.Send("draw.begin", begin("0197f3aa-0000", "pen")))
		points := 1
		for i := range seconds * 20 { // 60 points a second, three in a frame
			x := float64(i) / (seconds * 20)
			a.Send("draw.points", wire.DrawPoints{Stroke: "0197f3aa-0000", Points: [][]float64{{x, 0.51234}, {x, 0.61234}, {x, 0.71234}}})
			points += 3
			time.Sleep(50 * time.Millisecond)
		}
		bytes, frames, shown := 0, 0, 0
		for {
			f, ok := b.Within(100*time.Millisecond, func(f hubtest.Frame) bool { return f.Type == wire.DrawStrokes.Name })
			if !ok {
				break
			}
			frames++
			bytes += len(fmt.Sprintf(`{"type":"%s","room":"%s","st":%.0f,"data":%s}`, f.Type, f.Room, f.ST, f.Data))
			for _, part := range hubtest.Data[wire.Strokes](b, f).Items {
				shown += len(part.P) / 2
			}
		}
		t.Logf("%d points in %d frames, %d bytes a second", shown, frames, bytes/seconds)
		if shown != points || bytes > 3000*seconds || frames < 10*seconds {
			t.Errorf("%d of %d points, %d frames, %d bytes a second", shown, points, frames, bytes/seconds)
		}
	})
}

func TestDrawingOutlivesACrash(t *testing.T) {
	t.Parallel()
	eachReal(t, func(t *testing.T, r *real) {
		ada, bob := r.person(t, r.People.Account("ada")), r.person(t, r.People.Guest("bob"))
		p := r.party(t, ada, bob).ID
		a := r.Dial(t, ada)
		epoch := a.Join(p).Epoch
		put := wire.DrawPut{Tool: "pen", Points: [][]float64{{0.25, 0.5}, {0.1234, 0.9999}}, FilmAt: 3.25}
		first := a.Ack(a.SendOp("draw.put", "op-1", put))
		text := a.Ack(a.Send("draw.put", wire.DrawPut{Tool: "text", Points: pairs(1, 0.5, 0.5), Text: "here"}))
		pin := a.Ack(a.Send("draw.put", wire.DrawPut{Tool: "pin", Points: pairs(1, 0.5, 0.5)}))
		a.Ack(a.Send("draw.undo", wire.DrawUndo{Mark: id.Mark(text.ID)}))
		a.Ack(a.Send("draw.mode", wire.DrawMode{Mode: "asked"}))
		a.Ack(a.Send("draw.grant", wire.DrawGrant{User: bob.User, On: true}))
		r.restart(t)
		b := r.Dial(t, bob)
		got := b.Resume(p, epoch, first.Seq-1)
		if got.Mode != "resumed" || len(got.Marks) != 2 || string(got.Marks[0].ID) != first.ID || string(got.Marks[1].ID) != pin.ID ||
			got.Marks[0].Points[1][1] != 0.9999 || got.Marks[0].FilmAt != 3.25 || got.Marks[1].Number != 1 {
			t.Fatalf("after a crash: %s, %+v", got.Mode, got.Marks)
		}
		if got.Draw.Mode != "asked" || !slices.Equal(got.Draw.Granted, []id.User{bob.User}) {
			t.Errorf("who may draw: %+v", got.Draw)
		}
		for range 3 { // the replay brings what was drawn and what was taken back
			hubtest.Expect(b, wire.DrawMark)
		}
		hubtest.Expect(b, wire.DrawGone)
		again := r.Dial(t, ada)
		again.Join(p)
		if re := again.Ack(again.SendOp("draw.put", "op-1", put)); re.ID != first.ID {
			t.Errorf("the same op made another mark: %s, %s", re.ID, first.ID)
		}
		b.Ack(b.Send("draw.put", wire.DrawPut{Tool: "arrow", Points: [][]float64{{0, 0}, {1, 1}}}))
	})
}

func TestTheWelcomeHoldsAFullPicture(t *testing.T) {
	t.Parallel()
	bubble(t, 1, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a := w.Dial(t, people[0])
		a.Join(p)
		full := ""
		for range draw.MaxLasting/draw.MaxPoints + 1 {
			re := a.Send("draw.put", wire.DrawPut{Tool: "pen", Points: pairs(draw.MaxPoints, 0.1234, 0.5678)})
			f := a.Until("an answer", func(f hubtest.Frame) bool { return f.Re == re })
			if f.Type == "error" {
				full = hubtest.Data[wire.Failed](a, f).Problem.Code
			}
			time.Sleep(time.Second)
		}
		if full != "draw.full" {
			t.Errorf("the last was answered with %q", full)
		}
		if got := w.Dial(t, people[0]).Join(p); len(got.Marks) != draw.MaxLasting/draw.MaxPoints {
			t.Errorf("%d marks", len(got.Marks))
		}
	})
}

// Everything that can be done about drawing, by every role in every mode.
func TestWhoMayDoWhatInEveryModeAndRole(t *testing.T) {
	t.Parallel()
	bubble(t, 5, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		const host = 0
		roles := []access.Role{access.Host, access.CoHost, access.Member, access.Viewer, access.Viewer}
		const granted = 4
		clients := make([]*hubtest.Client, len(people))
		for i, who := range people {
			w.Parties.Member(p, who.User, party.Changed{What: []string{"members"}}, func(m *party.Member) { m.Role = roles[i] })
		}
		for i, who := range people {
			clients[i] = w.Dial(t, who)
			clients[i].Join(p)
		}
		clients[host].Ack(clients[host].Send("draw.grant", wire.DrawGrant{User: people[granted].User, On: true}))
		try := func(c *hubtest.Client, kind string, data any) bool {
			time.Sleep(time.Second) // there is a budget
			re := c.Send(kind, data)
			f := c.Until("an answer", func(f hubtest.Frame) bool { return f.Re == re })
			if f.Type == "ack" {
				return true
			}
			if code := hubtest.Data[wire.Failed](c, f).Problem.Code; code != "draw.forbidden" && code != "access.forbidden" {
				t.Errorf("%s of %s: %s", kind, c.Who.Name, code)
			}
			return false
		}
		for _, mode := range []string{"nobody", "presenter", "asked", "all"} {
			for i, c := range clients {
				clients[host].Ack(clients[host].Send("draw.mode", wire.DrawMode{Mode: mode}))
				hosts := roles[i] >= access.CoHost
				draws := mode == "all" || mode == "presenter" && hosts || mode == "asked" && (hosts || i == granted)
				name := fmt.Sprint(mode, i)
				for _, tt := range []struct {
					kind string
					data any
					want bool
				}{
					{"draw.begin", begin(name, "laser"), draws},
					{"draw.put", wire.DrawPut{Tool: "pin", Points: pairs(1, 0.5, 0.5)}, draws},
					{"draw.clear", wire.DrawClear{}, true},
					{"draw.clear", wire.DrawClear{Who: string(people[i].User)}, true},
					{"draw.clear", wire.DrawClear{Who: string(people[(i+1)%5].User)}, hosts},
					{"draw.clear", wire.DrawClear{Who: "all"}, hosts},
					{"draw.grant", wire.DrawGrant{User: people[granted].User, On: true}, hosts},
					{"draw.mode", wire.DrawMode{Mode: mode}, hosts},
				} {
					if got := try(c, tt.kind, tt.data); got != tt.want {
						t.Errorf("in mode %s, %s %+v by a %s (%d): %v", mode, tt.kind, tt.data, roles[i], i, got)
					}
				}
			}
		}
	})
}

func TestDrawingGoesAcrossNodesEachInItsOwnClock(t *testing.T) {
	t.Parallel()
	const ahead = 5 * time.Minute
	c := sharedCluster(t)
	a, b := c.node(nil), c.node(func() time.Time { return time.Now().Add(ahead) })
	who := c.accounts("ada", "bob")
	p := c.parties.Create(who...)
	ada, bob := a.Dial(t, who[0]), b.Dial(t, who[1])
	ada.Join(p)
	bob.Join(p)
	offset := b.Hub.MS() - a.Hub.MS()
	near := func(what string, there, here float64) {
		t.Helper()
		if d := there - here - offset; d > 100 || d < -100 {
			t.Errorf("%s is off by %.1f ms", what, d)
		}
	}
	end := func(c *hubtest.Client) float64 {
		for {
			for _, part := range hubtest.Expect(c, wire.DrawStrokes).Items {
				if part.Until != 0 {
					return part.Until
				}
			}
		}
	}
	bob.Ack(bob.Send("draw.begin", begin("s", "ink")))
	bob.Ack(bob.Send("draw.points", wire.DrawPoints{Stroke: "s", Points: pairs(2, 0.5, 0.5)}))
	bob.Ack(bob.Send("draw.end", wire.DrawEnd{Stroke: "s"}))
	near("the end of the ink", end(bob), end(ada))
	bob.Ack(bob.Send("draw.put", wire.DrawPut{Tool: "pin", Points: pairs(1, 0.5, 0.5), Lasts: 600}))
	here, there := hubtest.Expect(ada, wire.DrawMark), hubtest.Expect(bob, wire.DrawMark)
	near("the mark", float64(there.At), float64(here.At))
	near("its end", float64(there.Until), float64(here.Until))
	again := b.Dial(t, who[1]).Join(p)
	if len(again.Marks) != 1 {
		t.Fatalf("the welcome shows %+v", again.Marks)
	}
	near("its end in the welcome", float64(again.Marks[0].Until), float64(here.Until))

	// A revocation reaches a stroke on the other node.
	bob.Ack(bob.Send("draw.begin", begin("s2", "pen")))
	ada.Ack(ada.Send("draw.mode", wire.DrawMode{Mode: "presenter"}))
	if got := hubtest.Expect(bob, wire.DrawDropped); got.Stroke != "s2" || got.Reason != "revoked" {
		t.Errorf("dropped %+v", got)
	}
	if got := bob.Refused(bob.Send("draw.points", wire.DrawPoints{Stroke: "s2", Points: pairs(1, 0, 0)})); got.Code != "draw.forbidden" {
		t.Errorf("points afterwards: %+v", got)
	}
}
