package hub_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"watchparty/hub/hubtest"
	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/id"
)

func TestReactionsAreKeptOnceInBatches(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a, b := w.Dial(t, people[0]), w.Dial(t, people[1])
		item := a.Join(p).Playback.Vector.Item
		b.Join(p)
		time.Sleep(5 * time.Second)
		began := time.Now()
		var last string
		for i := range 20 {
			last = a.Send("react.send", wire.React{Emoji: "😂", X: 0.5, Y: 0.25, FilmAt: ptr(float64(i))})
		}
		ack := a.Ack(last)
		if took := time.Since(began); took < 900*time.Millisecond || took > 1500*time.Millisecond {
			t.Errorf("a lone batch is kept after %v", took)
		}
		list, batches := w.Journal.Thrown()
		if len(list) != 20 || batches != 1 {
			t.Fatalf("%d kept in %d batches", len(list), batches)
		}
		x := list[19]
		if string(x.ID) != ack.ID || x.Item != item || x.User != people[0].User || x.FilmAt != 19 || x.Emoji != "😂" || x.X != 0.5 || x.Y != 0.25 || x.Party != p {
			t.Errorf("kept %+v, acknowledged %+v", x, ack)
		}
		b.Ack(b.Send("react.send", wire.React{Emoji: "🔥", X: 0.5, Y: 0.5}))
		list, _ = w.Journal.Thrown()
		if at := list[20].FilmAt; at < 2.5 || at > 4 {
			t.Errorf("without a second it is the room's: %v", at)
		}
	})
}

func TestTheSameReactionAgainIsOne(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a, b := w.Dial(t, people[0]), w.Dial(t, people[1])
		a.Join(p)
		b.Join(p)
		one := a.SendOp("react.send", "op-1", wire.React{Emoji: "😂"})
		two := a.SendOp("react.send", "op-1", wire.React{Emoji: "😂"})
		b.Ack(b.SendOp("react.send", "op-1", wire.React{Emoji: "🔥"})) // somebody else's
		first, second := a.Ack(one), a.Ack(two)
		third := a.Ack(a.SendOp("react.send", "op-1", wire.React{Emoji: "😂"}))
		list, _ := w.Journal.Thrown()
		if len(list) != 2 || first != second || first != third || first.ID == "" {
			t.Fatalf("%d kept; acknowledged %+v, %+v, %+v", len(list), first, second, third)
		}
	})
}

func TestABatchThatFailedComesAgain(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a := w.Dial(t, people[0])
		a.Join(p)
		w.Journal.Fail(errors.New("the disk is full"))
		first := a.Send("react.send", wire.React{Emoji: "😂"})
		time.Sleep(1500 * time.Millisecond)
		a.Send("react.send", wire.React{Emoji: "🔥"})
		w.Journal.Fail(nil)
		a.Ack(first)
		w.Journal.LoseAnswer(errors.New("the line broke"))
		a.Ack(a.Send("react.send", wire.React{Emoji: "👏"}))
		time.Sleep(5 * time.Second)
		list, _ := w.Journal.Thrown()
		if len(list) != 3 || list[0].Emoji != "😂" || list[1].Emoji != "🔥" || list[2].Emoji != "👏" {
			t.Fatalf("kept %+v", list)
		}
	})
}

func TestARoomThatStopsHasKeptAll(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a, b := w.Dial(t, people[0]), w.Dial(t, people[1])
		a.Join(p)
		b.Join(p)
		time.Sleep(10 * time.Second)
		for range 5 {
			a.Send("react.send", wire.React{Emoji: "😂"})
		}
		synctest.Wait()
		if err := w.Hub.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, _ := w.Journal.Thrown()
		s, stats := w.Journal.Session(p, people[0].User)
		if len(list) != 5 || s.Reactions() != 5 || s.Ended == nil || stats.Peak != 2 {
			t.Fatalf("%d kept; session %+v, stats %+v", len(list), s, stats)
		}
	})
}

func TestWatchTimeIsWhatOneWatchedOfTheMovingFilm(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a, b := w.Dial(t, people[0]), w.Dial(t, people[1])
		v := a.Join(p).Playback.Vector
		b.Join(p)
		const countdown = 3 * time.Second // before the film starts
		near := func(what string, got, want time.Duration) {
			t.Helper()
			if d := got - want; d < -1500*time.Millisecond || d > 1500*time.Millisecond {
				t.Errorf("%s: %v, want about %v", what, got, want)
			}
		}
		time.Sleep(20 * time.Second)
		b.Ack(b.Send("presence.set", wire.SetPresence{State: ptr("away")}))
		time.Sleep(20 * time.Second)
		a.Ack(a.Send("playback.pause", wire.Pause{Base: v.Seq}))
		time.Sleep(40 * time.Second) // what runs is written every 30 s
		s, stats := w.Journal.Session(p, people[0].User)
		near("who stayed", s.Watched(), 40*time.Second-countdown)
		near("together", stats.Together, 20*time.Second-countdown)
		if s.Ended != nil || stats.Peak != 2 || w.Journal.Minutes(p, people[0].User) != 1 {
			t.Errorf("%+v %+v, %d minutes", s, stats, w.Journal.Minutes(p, people[0].User))
		}
		b.Ack(b.Send("party.leave", wire.Empty{}))
		synctest.Wait()
		s, _ = w.Journal.Session(p, people[1].User)
		near("who went away", s.Watched(), 20*time.Second-countdown)
		if s.Ended == nil {
			t.Error("a leave is not written at once")
		}
	})
}

func TestASessionGoesOnAfterAnotherNodeTookOver(t *testing.T) {
	t.Parallel()
	bubble(t, 1, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a := w.Dial(t, people[0])
		a.Join(p)
		a.Ack(a.Send("react.send", wire.React{Emoji: "😂"}))
		time.Sleep(40 * time.Second)
		w.Stop()
		next := hubtest.New(t, hubtest.Options{Pipes: true, Bus: w.Bus, People: w.People, Parties: w.Parties, Journal: w.Journal})
		b := next.Dial(t, people[0])
		b.Join(p)
		b.Ack(b.Send("react.send", wire.React{Emoji: "😂"}))
		time.Sleep(40 * time.Second)
		if s, _ := w.Journal.Session(p, people[0].User); s.Reactions() != 2 || s.Watched() < 50*time.Second {
			t.Errorf("after both: %+v", s)
		}
	})
}

// Two thousand reactions a second, from two hundred people with ten emoji, cost
// who only watches at most ten frames and two kilobytes a second, and not one
// is missing from the counts.
func TestAFloodOfReactionsIsFewSmallFrames(t *testing.T) {
	t.Parallel()
	const crowd, seconds = 200, 5
	bubble(t, crowd+1, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		quiet := w.Dial(t, people[0])
		quiet.Join(p)
		emoji := []string{"😂", "❤️", "😮", "😢", "😡", "👍", "👎", "🔥", "👏", "🤯"}
		var throwers []*hubtest.Client
		for _, who := range people[1:] {
			c := w.Dial(t, who)
			c.Join(p)
			throwers = append(throwers, c)
		}
		time.Sleep(2 * time.Second)
		began := time.Now()
		thrown := 0
		for tick := range seconds * 10 {
			for i, c := range throwers {
				c.Send("react.send", wire.React{Emoji: emoji[(i+tick)%len(emoji)], X: float64(i) / crowd, Y: float64(tick) / 100})
				thrown++
			}
			time.Sleep(100 * time.Millisecond)
		}
		took := time.Since(began).Seconds()
		time.Sleep(3 * time.Second)
		frames, bytes, shown := 0, 0, 0
		for {
			f, ok := quiet.Within(0, func(f hubtest.Frame) bool { return f.Type == wire.ReactBurst.Name })
			if !ok {
				break
			}
			frames++
			bytes += len(f.Data) + 60 // and the envelope
			for _, x := range hubtest.Data[wire.Reactions](quiet, f).Items {
				shown += x.N
			}
		}
		list, batches := w.Journal.Thrown()
		t.Logf("%d thrown in %.1f s: %.1f frames/s, %.0f bytes/s, %d batches", thrown, took, float64(frames)/took, float64(bytes)/took, batches)
		if shown != thrown || len(list) != thrown {
			t.Errorf("%d thrown, %d shown, %d kept", thrown, shown, len(list))
		}
		if float64(frames)/took > 10 || float64(bytes)/took > 2000 {
			t.Errorf("%d frames with %d bytes in %.1f s", frames, bytes, took)
		}
	})
}

func TestWhatIsDoneInARoomIsInTheDatabase(t *testing.T) {
	t.Parallel()
	eachReal(t, func(t *testing.T, r *real) {
		ada, bob := r.person(t, r.People.Account("ada")), r.person(t, r.People.Account("bob"))
		p := r.party(t, ada, bob).ID
		a, b := r.Dial(t, ada), r.Dial(t, bob)
		a.Join(p)
		b.Join(p)
		ack := a.Ack(a.Send("react.send", wire.React{Emoji: "😂", X: 0.5, Y: 0.5, FilmAt: ptr(7.5)}))
		kept, err := r.store.Rooms().Reaction(t.Context(), p, id.Reaction(ack.ID))
		if err != nil || kept.FilmAt != 7.5 || kept.User != ada.User || kept.Item == "" {
			t.Fatalf("%+v, %v", kept, err)
		}
		res, err := r.Hub.Do(t.Context(), p, bob, wire.Command{Type: "react.send", Data: []byte(`{"emoji":"🔥","x":0,"y":1}`)})
		if err != nil || res.Ack.ID == "" {
			t.Fatalf("%+v, %v", res, err)
		}
		if got := hubtest.Expect(b, wire.ReactBurst).Items; len(got) != 1 || got[0].Emoji != "😂" {
			t.Errorf("bob sees %+v", got)
		}
		if err := r.Hub.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		all, err := r.store.Rooms().Kept(t.Context(), p)
		if err != nil || len(all.Sessions) != 2 || all.Stats.Peak != 2 {
			t.Fatalf("%+v, %v", all, err)
		}
		for _, s := range all.Sessions {
			if s.Reactions() != 1 || s.Ended == nil {
				t.Errorf("session %+v", s)
			}
		}
	})
}
