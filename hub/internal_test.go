package hub

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"watchparty/hub/wire"
	"watchparty/internal/access"
)

func TestEveryFrameHasAHandlerAndAnAccessLine(t *testing.T) {
	t.Parallel()
	if err := handlers().check(wire.Catalogue()); err != nil {
		t.Fatal(err)
	}
	stranger := wire.Entry{Name: "party.sell", Up: true, Needs: access.ConnectionUse}
	if err := handlers().check(append(wire.Catalogue(), stranger)); err == nil || !strings.Contains(err.Error(), "party.sell") {
		t.Errorf("a frame without a handler passes: %v", err)
	}
	forgotten := wire.Entry{Name: "chat.send", Up: true, Needs: "chat.whisper"}
	if err := handlers().check([]wire.Entry{forgotten}); err == nil || !strings.Contains(err.Error(), "chat.whisper") {
		t.Errorf("a frame without an access line passes: %v", err)
	}
}

func TestEveryDownFrameMarshals(t *testing.T) {
	t.Parallel()
	for _, e := range wire.Catalogue() {
		if _, err := json.Marshal(reflect.New(e.Type).Interface()); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
}

func drainQueue(q *queue) (bodies []string, closing *wire.CloseReason) {
	for {
		p, f, c := q.next()
		switch {
		case p != nil:
			bodies = append(bodies, fmt.Sprint("pong", p.data.N))
		case f != nil:
			bodies = append(bodies, string(f.body))
		default:
			return bodies, c
		}
	}
}

func TestTheQueueKeepsThePromisesOfItsClasses(t *testing.T) {
	t.Parallel()
	f := func(class wire.Class, key, body string) *frame {
		return &frame{class: class, key: key, body: []byte(body)}
	}
	tests := map[string]struct {
		push  func(q *queue)
		want  []string
		close *wire.CloseReason
	}{
		"frames leave in the order in which they came": {
			func(q *queue) {
				q.push(f(wire.Log, "", "a"))
				q.push(f(wire.Direct, "", "b"))
				q.push(f(wire.Burst, "", "c"))
			},
			[]string{"a", "b", "c"}, nil,
		},
		"a newer state takes the place of the older one": {
			func(q *queue) {
				q.push(f(wire.State, "play", "p1"))
				q.push(f(wire.Log, "", "l"))
				q.push(f(wire.State, "queue", "q1"))
				q.push(f(wire.State, "play", "p2"))
			},
			[]string{"p2", "l", "q1"}, nil,
		},
		"a state that was sent is not replaced": {
			func(q *queue) {
				q.push(f(wire.State, "play", "p1"))
				q.next()
				q.push(f(wire.State, "play", "p2"))
			},
			[]string{"p2"}, nil,
		},
		"pongs skip what waits": {
			func(q *queue) { q.push(f(wire.Log, "", "a")); q.pong(pong{data: wire.Pong{N: 7}}) },
			[]string{"pong7", "a"}, nil,
		},
		"bursts beyond the bound are dropped": {
			func(q *queue) {
				for range 100 {
					q.push(f(wire.Burst, "", "b"))
				}
				q.push(f(wire.Log, "", "a"))
			},
			append(slices.Repeat([]string{"b"}, maxBursts), "a"), nil,
		},
		"more log than may wait closes as slow": {
			func(q *queue) {
				for range maxLogFrames + 1 {
					q.push(f(wire.Log, "", "a"))
				}
			},
			nil, &wire.CloseSlow,
		},
		"more bytes of log than may wait closes as slow": {
			func(q *queue) {
				for range 5 {
					q.push(f(wire.Log, "", strings.Repeat("a", 60<<10)))
				}
			},
			nil, &wire.CloseSlow,
		},
		"what was queued goes before the close, what comes after does not": {
			func(q *queue) {
				q.push(f(wire.Direct, "", "last"))
				q.close(wire.CloseDrain, false)
				q.close(wire.CloseRate, false)
				q.push(f(wire.Direct, "", "late"))
			},
			[]string{"last"}, &wire.CloseDrain,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(quiet{})
			tt.push(q)
			got, closing := drainQueue(q)
			if d := cmp.Diff(tt.want, got); d != "" || closing != tt.close && (closing == nil || tt.close == nil || *closing != *tt.close) {
				t.Errorf("close %v, want %v, frames %s", closing, tt.close, d)
			}
		})
	}
}

func TestTheRingHoldsTheLastFramesWithoutHoles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.Int64Range(0, 5000).Draw(t, "start")
		n := rapid.Int64Range(0, 2500).Draw(t, "n")
		g := newRing(start)
		for i := range n {
			g.add(&frame{seq: start + i + 1})
		}
		since := rapid.Int64Range(max(0, start-10), start+n+10).Draw(t, "since")
		got, ok := g.after(since)
		if held := since >= max(start, start+n-ringFrames) && since <= start+n; ok != held {
			t.Fatalf("after(%d) of (%d, %d]: ok %v", since, start, start+n, ok)
		}
		if !ok {
			return
		}
		if int64(len(got)) != start+n-since {
			t.Fatalf("%d frames after %d of %d", len(got), since, start+n)
		}
		for i, f := range got {
			if f.seq != since+int64(i)+1 {
				t.Fatalf("frame %d has place %d", i, f.seq)
			}
		}
	})
}

func TestTheMeterGivesTheBestUplinkOncePerPong(t *testing.T) {
	t.Parallel()
	var m meter
	if m.uplink() != nil {
		t.Fatal("a sample out of nothing")
	}
	for i, up := range []float64{1040, 1020, 1090, 1021} {
		at := float64(i) * 100
		m.sample(at, at+up)
	}
	if u := m.uplink(); u == nil || *u != 1020 {
		t.Fatalf("uplink %v", u)
	}
	if m.uplink() != nil {
		t.Fatal("the minimum was not forgotten")
	}
	m.trip(80)
	if q := m.quality(); q.RTT != 80 || q.OneWay != 40+70 {
		t.Fatalf("quality %+v", q)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"type":"chat.send","id":"1","room":"party:x","data":{"text":"hi"}}`, `{}`, `[]`, `null`, `"x"`, "\x00",
		`{"type":"ping","data":{"n":1,"c1":2.5}}`, `{"type":1}`, `{"type":"a","type":"b"}`, `{"Type":"a"}`,
		`{"type":"a","data":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, `{"type":"a"} x`,
		`{"type":"a","c1":1e999}`, `{"type":"playback.seek","data":{"position":-1}}`,
	} {
		f.Add([]byte(s))
	}
	rs := handlers()
	f.Fuzz(func(t *testing.T, b []byte) {
		up, err := parse(b)
		if err != nil {
			if len(up.ID) > 64 || len(up.Type) > 64 || up.Data != nil {
				t.Fatalf("a refused frame says back %+v", up)
			}
			return
		}
		if up.Type == "" || len(up.ID) > 4*64 || len(up.Op) > 4*64 {
			t.Fatalf("passed %+v", up)
		}
		// Whatever passes must be encodable again, for the way to another node.
		if _, err := json.Marshal(arrival{Up: up}); err != nil {
			t.Fatal(err)
		}
		if r, ok := rs[up.Type]; ok && r.room != nil {
			_, _ = decode[wire.Send](up.Data)
			_, _ = decode[wire.Seek](up.Data)
			_, _ = decode[wire.React](up.Data)
		}
	})
}
