package hub

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

func TestWhatNodesSayToOneAnotherSurvivesTheWay(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 20, 0, 0, 5e6, time.UTC)
	who := account.Identity{User: "u", Session: "s", Site: access.User, Username: "ada", Name: "Ada"}
	k := packet{From: "a", Stream: "s", N: 7, At: 1.5, Least: new(float64), Letters: []letter{
		{Enter: &enterLetter{1, "a/1", entrance{
			Who: who, Session: "x", Re: "5", Join: wire.Join{Party: "p", Epoch: "e", Seq: 9}, Quality: quality{RTT: 1, OneWay: 2},
			Member: party.Member{
				ID: "m", Party: "p", Person: party.Person{ID: "u", Name: "Ada", Guest: true}, Role: access.CoHost,
				Standing: party.Approved, Color: 3, JoinedAt: at, BannedUntil: &at,
			},
		}}},
		{Say: &sayLetter{1, arrival{At: 3, Up: wire.Up{Type: "chat.send", ID: "1", Op: "o", Data: json.RawMessage(`{"text":"\u003cb\u003e"}`)}}}},
		{Leave: &leaveLetter{1, true}},
		{Ask: &askLetter{2, "p", who, &wire.Command{Type: "playback.play", Op: "o", Data: json.RawMessage(`{}`)}}},
		{Give: &giveLetter{To: []uint64{1, 2}, Class: wire.State, Key: "k", Seq: 4, Refusal: true, Body: json.RawMessage(`{"type":"x"}`)}},
		{Close: &closeLetter{1, 4003}},
		{Unseat: &unseatLetter{1, "p", giveLetter{Body: json.RawMessage(`{}`)}}},
		{Moved: []uint64{3}},
		{Answer: &answerLetter{N: 2, Moved: true, Fault: packFault(fault.ErrTooMany.At("a", "b").After(time.Second)), Playback: &wire.Playback{Deadline: 5}}},
		{Lost: true},
	}}
	for f := range reflect.TypeFor[letter]().Fields() {
		said := false
		for _, l := range k.Letters {
			said = said || !reflect.ValueOf(l).FieldByIndex(f.Index).IsZero()
		}
		if !said {
			t.Errorf("%s is not tried here", f.Name)
		}
	}
	raw, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	var got packet
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(k, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Error(diff)
	}
	f := fault.Of(got.Letters[8].Answer.Fault.unpack())
	if !f.Is(fault.ErrTooMany) || f.Kind != fault.TooMany || f.RetryAfter != time.Second || len(f.Fields) != 1 {
		t.Errorf("the fault is %+v", f)
	}
}

func TestOnlyTheTimesOfAFrameChange(t *testing.T) {
	t.Parallel()
	down := wire.Down{Re: `","st":5,"data":{`, Room: `party:1`, ST: 1000.25}
	v := wire.Playback{Vector: wire.Vector{Seq: 3, P: 12.5, T: 2000, Plays: true}, Waiting: []wire.Waiting{{User: "u", Since: 1990}}, Deadline: 6000}
	later := wire.Playback{Vector: wire.Vector{Seq: 3, P: 12.5, T: 2500, Plays: true}, Waiting: []wire.Waiting{{User: "u", Since: 2490}}, Deadline: 6500}
	shiftedDown := down
	shiftedDown.ST += 500
	line := wire.Message{Text: `"st":7,"data":{"st":8}`}
	tests := map[string]struct{ in, want *frame }{
		"the film":         {encode(wire.PlaybackState, down, v), encode(wire.PlaybackState, shiftedDown, later)},
		"a welcome":        {encode(wire.PartyWelcome, down, wire.Welcome{Epoch: "e", Playback: v}), encode(wire.PartyWelcome, shiftedDown, wire.Welcome{Epoch: "e", Playback: later})},
		"a line":           {encode(wire.ChatMessage, down, line), encode(wire.ChatMessage, shiftedDown, line)},
		"without a stamp":  {encode(wire.ChatMessage, wire.Down{Re: "1"}, line), encode(wire.ChatMessage, wire.Down{Re: "1"}, line)},
		"nobody waits":     {encode(wire.PlaybackState, down, wire.Playback{}), encode(wire.PlaybackState, shiftedDown, wire.Playback{Vector: wire.Vector{T: 500}})},
		"data of one null": {&frame{body: []byte(`{"type":"x","st":1}`)}, &frame{body: []byte(`{"type":"x","st":501}`)}},
		"not a frame":      {&frame{body: []byte(`{"type":"playback.state`)}, &frame{body: []byte(`{"type":"playback.state`)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(string(tt.want.body), string(inOurTime(tt.in.body, 500))); diff != "" {
				t.Error(diff)
			}
			if got := inOurTime(tt.in.body, 0); string(got) != string(tt.in.body) {
				t.Errorf("with one clock it became %s", got)
			}
		})
	}
}

func FuzzInOurTime(f *testing.F) {
	f.Add([]byte(`{"type":"x","re":"\",\"st\":1","st":5,"data":{"st":1}}`))
	f.Add([]byte(`{"type":"playback.state","data":{"vector":{"t":5}}}`))
	f.Add([]byte(`,"st":`))
	f.Fuzz(func(t *testing.T, body []byte) {
		out := inOurTime(body, 7)
		if json.Valid(body) && kindOf(body) != "" && !json.Valid(out) {
			t.Errorf("%s became %s", body, out)
		}
	})
}

// Two nodes whose clocks are hours apart and drift, over a way with jitter and
// tails: they find the difference to within a millisecond or two.
func TestTheClocksOfTwoNodesAreComparedWell(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		apart := rapid.Float64Range(-1e7, 1e7).Draw(t, "apart")
		drift := rapid.Float64Range(-50e-6, 50e-6).Draw(t, "drift")
		way := rapid.Float64Range(0.05, 2).Draw(t, "way")
		jitter := rapid.Float64Range(0, 3).Draw(t, "jitter")
		delay := func(label string) float64 { return way + jitter*rapid.Float64Range(0, 1).Draw(t, label) }
		var here, there clocks
		now := 0.0
		ours := func(at float64) float64 { return at }
		theirs := func(at float64) float64 { return at*(1+drift) - apart }
		for range 240 { // two minutes of beats
			now += 500
			arrives := now + delay("to")
			there.heard(theirs(arrives), theirs(arrives)-ours(now), here.least(ours(now)))
			arrives = now + delay("from")
			here.heard(ours(arrives), ours(arrives)-theirs(now), there.least(theirs(now)))
		}
		want := ours(now) - theirs(now)
		// The way cancels out, half of the jitter at most does not; and the drift of
		// the window's age.
		bound := jitter/2 + 90*0.05 + sameClock + 0.1
		if got := here.ahead(ours(now)); math.Abs(got-want) > bound {
			t.Fatalf("ahead by %.2f, and it says %.2f", want, got)
		}
	})
}

func TestAnOutletJoinsAFrameForManyAndBeginsAnewWhenFull(t *testing.T) {
	t.Parallel()
	o := newOutlet(&Nodes{self: "a"}, "b")
	f := &frame{class: wire.Log, seq: 1, body: []byte(`{}`)}
	for seat := range uint64(3) {
		o.give(f, seat)
	}
	o.give(&frame{class: wire.Log, seq: 2, body: []byte(`{}`)}, 0)
	o.add(letter{Lost: true}, 0)
	o.give(f, 9)
	k := o.take(false)
	if k == nil || k.N != 1 || len(k.Letters) != 4 {
		t.Fatalf("the packet is %+v", k)
	}
	if diff := cmp.Diff([]uint64{0, 1, 2}, k.Letters[0].Give.To); diff != "" {
		t.Error(diff)
	}
	o.give(f, 10) // the same frame, but its letter is gone
	if k := o.take(false); k == nil || k.N != 2 || len(k.Letters) != 1 || len(k.Letters[0].Give.To) != 1 {
		t.Fatalf("the packet is %+v", k)
	}
	if o.take(false) != nil || o.take(true) == nil {
		t.Error("an empty packet is a beat and nothing else")
	}
	stream := o.stream
	big := make([]byte, 100<<10)
	for i := range 2 * outletBytes / len(big) {
		o.give(&frame{class: wire.Log, seq: int64(i), body: big}, 1)
	}
	if o.stream == stream || o.size > outletBytes+len(big)+letterBytes {
		t.Errorf("%d bytes wait, stream %s", o.size, o.stream)
	}
	if k := o.take(false); len(k.Letters) > packetBytes/len(big)+1 || k.N != 1 {
		t.Errorf("a packet of %d letters, number %d", len(k.Letters), k.N)
	}
}

func TestTheHeadingOfAFrameIsRead(t *testing.T) {
	t.Parallel()
	w := encode(wire.PartyWelcome, wire.Down{Re: "7"}, wire.Welcome{Mode: resumed, Epoch: "e", Seq: 5, Count: 2}).look()
	if w.Type != "party.welcome" || w.Re != "7" || w.Data.Mode != resumed || w.Data.Epoch != "e" || w.Data.Seq != 5 || *w.Data.Count != 2 {
		t.Errorf("%+v", w)
	}
	if a := encode(wire.AckDown, wire.Down{Re: "8"}, wire.Ack{ID: "x", Seq: 3}).look(); a.Re != "8" {
		t.Errorf("%+v", a)
	}
	f := encode(wire.ErrorDown, wire.Down{Re: "9"}, wire.Failed{Problem: fault.ProblemOf(fault.ErrInvalid.At("x", "y"), "z")})
	if h := f.look(); h.Re != "9" {
		t.Errorf("%+v", h)
	}
	if d := encode(wire.PresenceChanged, wire.Down{}, wire.PresenceDiff{Left: []id.User{"u"}, Count: 4}).look(); *d.Data.Count != 4 {
		t.Errorf("%+v", d)
	}
}
