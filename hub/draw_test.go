package hub_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"watchparty/hub/hubtest"
	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/draw"
	"watchparty/internal/id"
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
