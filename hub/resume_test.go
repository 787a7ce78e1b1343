package hub_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"watchparty/hub/hubtest"
	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// talk writes n lines, without outrunning the limits.
func talk(t *testing.T, c *hubtest.Client, n int) (last wire.Ack) {
	t.Helper()
	for i := range n {
		last = c.Ack(c.Send("chat.send", wire.Send{Text: fmt.Sprint("line ", i)}))
		time.Sleep(200 * time.Millisecond)
	}
	return last
}

// rising fails unless the places go up by one from first.
func rising(t *testing.T, seqs []int64, first, last int64) {
	t.Helper()
	if int64(len(seqs)) != last-first+1 {
		t.Fatalf("%d frames from %d to %d", len(seqs), first, last)
	}
	for i, s := range seqs {
		if s != first+int64(i) {
			t.Fatalf("frame %d has place %d, want %d", i, s, first+int64(i))
		}
	}
}

func TestAReturningClientGetsWhatItMissedOrASnapshot(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		before, after int
		restart       bool
		epoch         string // empty is the right one
		ahead         int64
		mode          string
	}{
		"from the ring":                         {before: 3, after: 40, mode: "resumed"},
		"nothing was missed":                    {before: 3, after: 0, mode: "resumed"},
		"from the database after a restart":     {before: 3, after: 40, restart: true, mode: "resumed"},
		"another epoch":                         {before: 3, after: 3, epoch: "other", mode: "resync"},
		"a place that is not there yet":         {before: 3, after: 3, ahead: 100, mode: "resync"},
		"more than a thousand":                  {before: 1, after: 1005, mode: "resync"},
		"more than a thousand in the database":  {before: 1, after: 1005, restart: true, mode: "resync"},
		"a thousand, half of it in the ring":    {before: 2, after: 990, mode: "resumed"},
		"almost a thousand, after the restart":  {before: 2, after: 990, restart: true, mode: "resumed"},
		"the database is away in the meanwhile": {before: 3, after: 5, restart: true, mode: "resync"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
				a, b := w.Dial(t, people[0]), w.Dial(t, people[1])
				a.Join(p)
				epoch := b.Join(p).Epoch
				seen := talk(t, a, tt.before).Seq
				b.Cut()
				last := seen
				if tt.after > 0 {
					last = talk(t, a, tt.after).Seq
				}
				if tt.restart {
					w.Stop()
					w = hubtest.New(t, hubtest.Options{Pipes: true, Bus: w.Bus, Parties: w.Parties, Journal: w.Journal, People: w.People})
				}
				if tt.epoch != "" {
					epoch = tt.epoch
				}
				back := w.Dial(t, people[1])
				if strings.Contains(name, "away") {
					w.Dial(t, people[0]).Join(p)
					w.Journal.Fail(fault.ErrUnavailable)
				}
				got := back.Resume(p, epoch, seen+tt.ahead)
				w.Journal.Fail(nil)
				if got.Mode != tt.mode || got.Seq != last {
					t.Fatalf("mode %s at %d, want %s at %d", got.Mode, got.Seq, tt.mode, last)
				}
				if tt.mode == "resync" {
					want := min(50, tt.before+tt.after)
					if len(got.Messages) != want || got.Messages[want-1].Seq != last {
						t.Fatalf("snapshot of %d lines", len(got.Messages))
					}
					return
				}
				if len(got.Messages) != 0 {
					t.Errorf("a resumed client got a snapshot as well")
				}
				// The next line follows the replay without a hole.
				next := back.Ack(back.Send("chat.send", wire.Send{Text: "back again"}))
				back.Until("own line", func(f hubtest.Frame) bool { return f.Seq == next.Seq })
				rising(t, back.Seqs(), seen+1, last+1)
			})
		})
	}
}

func TestNoGapWhoeverComesAndGoesUnderChat(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, hubtest.Options{})
	var people []account.Identity
	for i := range 6 {
		people = append(people, w.People.Account(fmt.Sprint("person", i)))
	}
	p := w.Parties.Create(people...)
	var wg sync.WaitGroup
	for _, who := range people[:3] {
		c := w.Dial(t, who)
		c.Join(p)
		wg.Go(func() {
			for i := range 30 {
				c.Send("chat.send", wire.Send{Text: fmt.Sprint(i)})
				c.Until("an answer", func(f hubtest.Frame) bool { return f.Re != "" })
			}
		})
	}
	for _, who := range people[3:] {
		wg.Go(func() {
			var epoch string
			var seq int64
			for range 12 {
				c := w.Dial(t, who)
				got := c.Resume(p, epoch, seq)
				if epoch != "" && got.Mode != "resumed" {
					t.Errorf("mode %s", got.Mode)
				}
				first := got.Seq
				if epoch != "" {
					first = seq
				}
				re := c.Send("chat.typing", wire.SetTyping{})
				c.Ack(re)
				c.Cut()
				c.Closed()
				epoch, seq = got.Epoch, first
				for _, s := range c.Seqs() {
					if s != seq+1 {
						t.Errorf("%d follows %d", s, seq)
					}
					seq = s
				}
			}
		})
	}
	wg.Wait()
}

func TestTheSameOpHasNoSecondEffectEvenAfterARestart(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a, b := w.Dial(t, people[0]), w.Dial(t, people[1])
		a.Join(p)
		b.Join(p)
		send := func(c *hubtest.Client) wire.Ack { return c.Ack(c.SendOp("chat.send", "op-1", wire.Send{Text: "once"})) }
		first := send(a)
		if again := send(a); again != first {
			t.Errorf("again %+v, first %+v", again, first)
		}
		other := b.Ack(b.SendOp("chat.send", "op-1", wire.Send{Text: "another person's"}))
		if other.ID == first.ID {
			t.Error("ops of two people are one")
		}
		w.Stop()
		w = hubtest.New(t, hubtest.Options{Pipes: true, Bus: w.Bus, Parties: w.Parties, Journal: w.Journal, People: w.People})
		a = w.Dial(t, people[0])
		a.Join(p)
		if again := send(a); again != first {
			t.Errorf("after a restart %+v, first %+v", again, first)
		}
		if got := a.Refused(a.SendOp("chat.delete", "op-1", wire.MessageRef{Message: id.Message(first.ID)})); got.Code != "op.reused" {
			t.Errorf("one op for two commands: %+v", got)
		}
		a.Ack(a.SendOp("playback.pause", "op-2", wire.Pause{}))
		v := hubtest.ExpectThat(a, wire.PlaybackState, func(p wire.Playback) bool { return p.Vector.Why == "pause" }).Vector
		a.Ack(a.Send("playback.play", wire.Play{Base: v.Seq}))
		a.Ack(a.SendOp("playback.pause", "op-2", wire.Pause{}))
		synctest.Wait()
		if got, err := w.Hub.Playback(t.Context(), p); err != nil || !got.Vector.Plays {
			t.Errorf("a repeated pause paused again: %+v, %v", got.Vector, err)
		}
	})
}

func TestACommitWhoseAnswerWasLostIsToldAllTheSame(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a, b := w.Dial(t, people[0]), w.Dial(t, people[1])
		a.Join(p)
		b.Join(p)
		w.Journal.LoseAnswer(fault.ErrUnavailable)
		if got := a.Refused(a.SendOp("chat.send", "op", wire.Send{Text: "lost?"})); got.Code != "unavailable" || got.Status != 503 {
			t.Fatalf("answered %+v", got)
		}
		b.Ack(b.Send("chat.send", wire.Send{Text: "next"}))
		ack := a.Ack(a.SendOp("chat.send", "op", wire.Send{Text: "lost?"}))
		if ack.Seq != 1 {
			t.Errorf("acknowledged as %+v", ack)
		}
		for _, c := range []*hubtest.Client{a, b} {
			hubtest.ExpectThat(c, wire.ChatMessage, func(m wire.Message) bool { return m.Text == "next" && m.Seq == 2 })
			hubtest.ExpectThat(c, wire.ChatMessage, func(m wire.Message) bool { return m.Text == "lost?" && m.Seq == 1 })
			rising(t, c.Seqs(), 1, 2)
		}
	})
}

func TestWithoutADatabaseNothingIsAcknowledgedAndTheFilmGoesOn(t *testing.T) {
	t.Parallel()
	bubble(t, 1, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a := w.Dial(t, people[0])
		v := a.Join(p).Playback.Vector
		w.Journal.Fail(fault.ErrUnavailable.After(time.Second))
		if got := a.Refused(a.Send("chat.send", wire.Send{Text: "x"})); got.Status != 503 || got.Retry < 1 {
			t.Errorf("answered %+v", got)
		}
		a.Ack(a.Send("playback.pause", wire.Pause{Base: v.Seq}))
		w.Journal.Fail(nil)
		a.Ack(a.Send("chat.send", wire.Send{Text: "y"}))
		if m := hubtest.Expect(a, wire.ChatMessage); m.Text != "y" || m.Seq != 1 {
			t.Errorf("line %+v", m)
		}
	})
}

func TestAStaleOwnerSendsItsPeopleOn(t *testing.T) {
	t.Parallel()
	bubble(t, 1, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a := w.Dial(t, people[0])
		a.Join(p)
		if _, err := w.Journal.Open(t.Context(), p, "another node"); err != nil {
			t.Fatal(err)
		}
		re := a.Send("chat.send", wire.Send{Text: "too late"})
		if got := a.Refused(re); got.Code != "room.moved" {
			t.Errorf("answered %+v", got)
		}
		if code := a.Closed(); code != wire.CloseMoved.Code {
			t.Errorf("closed with %d", code)
		}
	})
}

func TestARestartGoesOnWithTheFilm(t *testing.T) {
	t.Parallel()
	bubble(t, 1, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a := w.Dial(t, people[0])
		a.Join(p)
		time.Sleep(23 * time.Second) // three of them are the countdown
		w.Stop()
		time.Sleep(10 * time.Second)
		w = hubtest.New(t, hubtest.Options{Pipes: true, Bus: w.Bus, Parties: w.Parties, Journal: w.Journal, People: w.People})
		got := w.Dial(t, people[0]).Join(p)
		now := w.Hub.MS()
		if pos := got.Playback.Vector.P + (now-got.Playback.Vector.T)/1000; pos < 29.9 || pos > 30.1 || got.Playback.Vector.V != 1 {
			t.Errorf("the film is at %v: %+v", pos, got.Playback.Vector)
		}
	})
}

func TestASlowReaderIsClosedAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	const talkers = 25
	bubble(t, talkers+1, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		slow, _, err := w.Raw(t, "/ws", bearer(people[0]), wire.Subprotocol)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := slow.Read(t.Context()); err != nil { // hello
			t.Fatal(err)
		}
		b, _ := json.Marshal(wire.Up{Type: "party.join", Data: json.RawMessage(`{"party":"` + string(p) + `"}`)})
		if err := slow.Write(t.Context(), 1, b); err != nil {
			t.Fatal(err)
		}
		if _, _, err := slow.Read(t.Context()); err != nil { // welcome; then it reads no more
			t.Fatal(err)
		}
		var all []*hubtest.Client
		for _, who := range people[1:] {
			c := w.Dial(t, who)
			c.Join(p)
			all = append(all, c)
		}
		for range 28 {
			for _, c := range all {
				c.Ack(c.Send("chat.send", wire.Send{Text: "talk"}))
			}
			time.Sleep(200 * time.Millisecond)
		}
		code := 0
		for code == 0 {
			if _, _, err := slow.Read(t.Context()); err != nil {
				code = closeCode(err)
			}
		}
		if code != wire.CloseSlow.Code {
			t.Errorf("the slow one was closed with %d", code)
		}
		last := all[0].Ack(all[0].Send("chat.send", wire.Send{Text: "all here"}))
		for _, c := range all {
			c.Until("the last line", func(f hubtest.Frame) bool { return f.Seq == last.Seq })
			rising(t, c.Seqs()[len(c.Seqs())-28*talkers:], last.Seq-28*talkers+1, last.Seq)
		}
	})
}
