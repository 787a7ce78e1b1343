package hub_test

import (
	"testing"
	"testing/synctest"
	"time"

	"watchparty/hub/hubtest"
	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

func addItem(title string, d time.Duration) (party.Item, func(*party.Party, *[]party.Member, *[]party.Item)) {
	item := party.Item{ID: id.New[id.Item](), Title: title, Kind: party.URL, URL: "https://films.example/" + title, Duration: d}
	return item, func(p *party.Party, _ *[]party.Member, items *[]party.Item) {
		item.Party, item.Position = p.ID, len(*items)
		*items = append(*items, item)
	}
}

func setStatus(s party.Status) func(*party.Party, *[]party.Member, *[]party.Item) {
	return func(p *party.Party, _ *[]party.Member, _ *[]party.Item) { p.Status = s }
}

// state waits for a state of the film that fits.
func state(c *hubtest.Client, fits func(wire.Vector) bool) wire.Playback {
	return hubtest.ExpectThat(c, wire.PlaybackState, func(p wire.Playback) bool { return fits(p.Vector) })
}

func TestTheNextFilmFollowsTheEndOfOne(t *testing.T) {
	t.Parallel()
	bubble(t, 1, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a := w.Dial(t, people[0])
		a.Join(p)
		next, add := addItem("second", 10*time.Second)
		w.Parties.Change(p, changed("queue"), add)
		if q := hubtest.Expect(a, wire.QueueState); len(q.Items) != 2 || q.Items[1].ID != next.ID {
			t.Fatalf("queue %+v", q)
		}
		time.Sleep(85 * time.Second)
		arming := state(a, func(v wire.Vector) bool { return v.Item == next.ID && v.Arming })
		a.Ack(a.Send("playback.ready", wire.Ready{Seq: arming.Vector.Seq}))
		state(a, func(v wire.Vector) bool { return v.Item == next.ID && v.V == 1 && v.P == 0 })
		synctest.Wait()
		if got, _ := w.Parties.Get(p); got.Current != next.ID {
			t.Error("the database does not know what plays")
		}
		end := state(a, func(v wire.Vector) bool { return v.Why == "end" && v.Item == next.ID })
		if end.Vector.P != 10 || end.Vector.Plays {
			t.Errorf("the end is %+v", end.Vector)
		}
	})
}

func TestAScheduledPartyWaitsForItsStart(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		w.Parties.Change(p, changed("status"), setStatus(party.Scheduled))
		host, bob := w.Dial(t, people[0]), w.Dial(t, people[1])
		host.Join(p)
		got := bob.Join(p)
		if got.Playback.Vector.Plays || got.Here[0].State != "lobby" {
			t.Fatalf("the lobby is %+v", got)
		}
		if got := bob.Refused(bob.Send("playback.play", wire.Play{})); got.Code != "party.not_started" {
			t.Errorf("a guest started the film: %+v", got)
		}
		bob.Ack(bob.Send("presence.set", wire.SetPresence{Ready: ptr(true)}))
		hubtest.ExpectThat(host, wire.PresenceChanged, func(d wire.PresenceDiff) bool {
			for _, x := range append(d.Changed, d.Joined...) {
				if x.User.ID == people[1].User && x.Ready {
					return true
				}
			}
			return false
		})
		told := changed("status")
		told.By = people[0].User
		now := w.Hub.MS()
		w.Parties.Change(p, told, setStatus(party.Live))
		v := state(bob, func(v wire.Vector) bool { return v.Why == "start" }).Vector
		if v.V != 1 || v.T < now+2900 || v.T > now+3500 || v.By != people[0].User {
			t.Errorf("the countdown is %+v at %v", v, now)
		}
		w.Parties.Change(p, changed("status"), setStatus(party.Ended))
		state(bob, func(v wire.Vector) bool { return v.V == 0 && !v.Plays })
		hubtest.ExpectThat(bob, wire.PartyState, func(p wire.Party) bool { return p.Status == "ended" })
		if got := host.Refused(host.Send("playback.play", wire.Play{})); got.Code != "party.ended" {
			t.Errorf("an ended party plays: %+v", got)
		}
		w.Parties.Delete(p)
		if got := hubtest.Expect(bob, wire.PartyClosed); got.Code != "deleted" {
			t.Errorf("told %+v", got)
		}
	})
}

func TestAStallOfASmallRoomPausesForAWhile(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a, b := w.Dial(t, people[0]), w.Dial(t, people[1])
		a.Join(p)
		v := b.Join(p).Playback.Vector
		time.Sleep(8 * time.Second)
		b.Ack(b.Send("playback.stall", wire.Stall{Seq: v.Seq, Stalled: true}))
		got := state(a, func(v wire.Vector) bool { return v.Why == "stall" && v.V == 0 })
		if !got.Vector.Plays || len(got.Waiting) != 1 || got.Waiting[0].User != people[1].User || got.Deadline == 0 {
			t.Errorf("waiting %+v", got)
		}
		began := time.Now()
		on := state(a, func(v wire.Vector) bool { return v.Why == "stall" && v.V == 1 })
		if took := time.Since(began); took < 5900*time.Millisecond || took > 6100*time.Millisecond || on.Deadline != 0 {
			t.Errorf("waited %v: %+v", took, on)
		}
		b.Ack(b.Send("playback.stall", wire.Stall{Seq: on.Vector.Seq, Stalled: true}))
		time.Sleep(5 * time.Second)
		if now, err := w.Hub.Playback(t.Context(), p); err != nil || now.Vector.V != 1 {
			t.Errorf("the room waits for the same person again: %+v, %v", now, err)
		}
	})
}

func TestTheHostsWordOnALengthWins(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		item, add := addItem("unknown", 0)
		w.Parties.Change(p, changed("queue"), add)
		host, bob := w.Dial(t, people[0]), w.Dial(t, people[1])
		host.Join(p)
		sample := bob.Join(p).Queue[0]
		length := func(want float64) {
			t.Helper()
			hubtest.ExpectThat(host, wire.QueueState, func(q wire.Queue) bool { return q.Items[1].Duration == want })
		}
		bob.Ack(bob.Send("playback.duration", wire.Duration{Item: item.ID, Seconds: 60}))
		length(60)
		bob.Ack(bob.Send("playback.duration", wire.Duration{Item: item.ID, Seconds: 70}))
		bob.Ack(bob.Send("playback.duration", wire.Duration{Item: sample.ID, Seconds: 70}))
		host.Ack(host.Send("playback.duration", wire.Duration{Item: item.ID, Seconds: 80}))
		length(80)
		synctest.Wait()
		if _, items := w.Parties.Get(p); items[1].Duration != 80*time.Second || items[0].Duration != 90*time.Second {
			t.Errorf("kept %v", items)
		}
	})
}

func TestKnocksAreShownToThoseWhoLetIn(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		host, bob := w.Dial(t, people[0]), w.Dial(t, people[1])
		host.Join(p)
		bob.Join(p)
		eve := w.People.Guest("eve")
		at := w.Dial(t, eve)
		w.Parties.Change(p, changed("knocks"), func(_ *party.Party, ms *[]party.Member, _ *[]party.Item) {
			m := hubtest.Seat(p, eve)
			m.Standing, m.Note = party.Pending, "it's me"
			*ms = append(*ms, m)
		})
		if got := hubtest.Expect(host, wire.PartyKnocks); len(got.Items) != 1 || got.Items[0].Message != "it's me" {
			t.Fatalf("knocks %+v", got)
		}
		hubtest.Tell(t.Context(), w.Bus, party.UserTopic(eve.User), party.FactAdmitted, party.Decided{Party: p})
		if got := hubtest.Expect(at, wire.PartyAdmitted); got.Party != p {
			t.Errorf("admitted to %+v", got)
		}
		w.Parties.Member(p, eve.User, changed("members"), func(m *party.Member) { m.Standing = party.Approved })
		if got := hubtest.Expect(host, wire.PartyKnocks); len(got.Items) != 0 {
			t.Errorf("knocks %+v", got)
		}
		if at.Join(p).Me.Role != "guest" {
			t.Error("a guest who was let in is no guest")
		}
		synctest.Wait()
		for _, kind := range bob.Types() {
			if kind == wire.PartyKnocks.Name {
				t.Error("a member sees who knocks")
			}
		}
	})
}

func TestAChangedRoleIsToldAndCountsAtOnce(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		host, bob := w.Dial(t, people[0]), w.Dial(t, people[1])
		host.Join(p)
		bob.Join(p)
		bob.Refused(bob.Send("playback.now", wire.Empty{}))
		told := changed("members")
		told.By = people[0].User
		w.Parties.Member(p, people[1].User, told, func(m *party.Member) { m.Role++ })
		got := hubtest.Expect(bob, wire.MemberRole)
		if got.User != people[1].User || got.Role != "co-host" || got.By != people[0].User {
			t.Errorf("told %+v", got)
		}
		bob.Ack(bob.Send("playback.now", wire.Empty{}))
		w.Parties.Member(p, people[1].User, told, func(m *party.Member) { m.Role-- })
		hubtest.ExpectThat(bob, wire.MemberRole, func(r wire.RoleChanged) bool { return r.Role == "member" })
		bob.Refused(bob.Send("playback.now", wire.Empty{}))
	})
}
