package hub_test

import (
	"testing"
	"time"

	"watchparty/hub/hubtest"
	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

func TestAFilmThatNobodySeesWaitsWhereItWasSeenLast(t *testing.T) {
	t.Parallel()
	bubble(t, 1, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		check := func(want float64, plays bool) {
			t.Helper()
			c := w.Dial(t, people[0])
			v := c.Join(p).Playback.Vector
			c.Cut()
			pos := v.P + v.V*(w.Hub.MS()-v.T)/1000
			if v.Plays != plays || pos < want-0.2 || pos > want+0.2 {
				t.Errorf("the film is at %v, want %v: %+v", pos, want, v)
			}
		}
		w.Parties.Change(p, changed("queue"), func(_ *party.Party, _ *[]party.Member, items *[]party.Item) {
			(*items)[0].Duration = time.Hour
		})
		w.Dial(t, people[0]).Join(p)
		time.Sleep(13 * time.Second) // three of them are the countdown
		check(10, true)
		w.Stop()
		w = hubtest.New(t, hubtest.Options{Pipes: true, Bus: w.Bus, Parties: w.Parties, Journal: w.Journal, People: w.People})
		time.Sleep(20 * time.Second)
		check(30, true)
		time.Sleep(30 * time.Second)
		check(60, true)
		time.Sleep(5 * time.Minute)
		check(60, false)
	})
}

func TestAnEmptyRoomStopsAndComesBackWhereItWas(t *testing.T) {
	t.Parallel()
	bubble(t, 1, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a := w.Dial(t, people[0])
		a.Join(p)
		time.Sleep(13 * time.Second) // three of them are the countdown
		a.Ack(a.Send("party.leave", wire.Empty{}))
		time.Sleep(15 * time.Minute)
		got := a.Join(p).Playback.Vector
		if got.Why != "restore" || got.V != 0 || got.P < 9.9 || got.P > 10.1 {
			t.Errorf("after a quarter of an hour: %+v", got)
		}
	})
}
