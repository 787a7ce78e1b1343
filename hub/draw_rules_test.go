package hub_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"watchparty/hub/hubtest"
	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

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

// Whatever people do, the marks of the next welcome are those that nobody with
// the right to it has taken away.
func TestTheMarksAreWhatWasDrawnLessWhatWasTakenAway(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, hubtest.Options{})
	people := []account.Identity{w.People.Account("ada"), w.People.Account("bob"), w.People.Guest("cyd")}
	rapid.Check(t, func(rt *rapid.T) {
		p := w.Parties.Create(people...)
		clients := make([]*hubtest.Client, len(people))
		for i, who := range people {
			clients[i] = w.Dial(t, who)
			clients[i].Join(p)
			defer clients[i].Cut()
		}
		var want []id.Mark
		owner := map[id.Mark]int{}
		for range rapid.IntRange(1, 15).Draw(rt, "steps") {
			i := rapid.IntRange(0, len(people)-1).Draw(rt, "who")
			c := clients[i]
			mine := slices.DeleteFunc(slices.Clone(want), func(m id.Mark) bool { return owner[m] != i })
			switch rapid.SampledFrom([]string{"put", "put", "put", "undo", "undo that", "clear mine", "clear all"}).Draw(rt, "what") {
			case "put":
				m := id.Mark(c.Ack(c.Send("draw.put", wire.DrawPut{Tool: "pin", Points: pairs(1, 0.5, 0.5)})).ID)
				want, owner[m] = append(want, m), i
			case "undo":
				re := c.Send("draw.undo", wire.DrawUndo{})
				if len(mine) == 0 {
					c.Refused(re)
					continue
				}
				c.Ack(re)
				want = slices.DeleteFunc(want, func(m id.Mark) bool { return m == mine[len(mine)-1] })
			case "undo that":
				if len(want) == 0 {
					continue
				}
				m := rapid.SampledFrom(want).Draw(rt, "mark")
				re := c.Send("draw.undo", wire.DrawUndo{Mark: m})
				if owner[m] != i {
					c.Refused(re)
					continue
				}
				c.Ack(re)
				want = slices.DeleteFunc(want, func(x id.Mark) bool { return x == m })
			case "clear mine":
				c.Ack(c.Send("draw.clear", wire.DrawClear{Who: "mine"}))
				want = slices.DeleteFunc(want, func(m id.Mark) bool { return owner[m] == i })
			case "clear all":
				re := c.Send("draw.clear", wire.DrawClear{Who: "all"})
				if i != 0 {
					c.Refused(re)
					continue
				}
				c.Ack(re)
				want = nil
			}
		}
		late := w.Dial(t, people[0])
		defer late.Cut()
		var got []id.Mark
		for _, m := range late.Join(p).Marks {
			got = append(got, m.ID)
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("the welcome shows %v, want %v", got, want)
		}
	})
}
