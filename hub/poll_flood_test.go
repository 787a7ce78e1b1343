package hub_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"watchparty/hub"
	"watchparty/hub/hubtest"
	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/internal/poll"
	"watchparty/store"
	"watchparty/store/storetest"
)

// crowd is the real parties, with more people in each than one may have.
type crowd struct {
	*party.Service
	more []party.Member
}

func (c *crowd) Load(ctx context.Context, p id.Party) (party.Party, []party.Member, []party.Item, error) {
	x, members, items, err := c.Service.Load(ctx, p)
	return x, append(members, c.more...), items, err
}

// flood is what came of many votes.
type flood struct {
	taken, late, tallies int
	took                 time.Duration
}

// voteFlood has n people vote ten times each while a poll is open, two of the
// ten the same command again, and once more after its end.
func voteFlood(t testing.TB, r *real, n int) flood {
	t.Helper()
	host, watcher := r.person(t, r.People.Account("host")), r.person(t, r.People.Guest("watcher"))
	c := &crowd{Service: r.service}
	people := make([]account.Identity, n)
	p := r.party(t, host, watcher).ID
	for i := range people {
		people[i] = r.person(t, r.People.Account(fmt.Sprint("voter", i)))
		c.more = append(c.more, hubtest.Seat(p, people[i]))
	}
	w := hubtest.New(t, hubtest.Options{Bus: r.Bus, People: r.People, Config: func(h *hub.Config) {
		h.Parties, h.Store = c, r.store.Rooms()
	}})
	a, b := w.Dial(t, host), w.Dial(t, watcher)
	a.Join(p)
	b.Join(p)
	q := opened(a, b, pollOf("multiple_choice", func(n *wire.NewPoll) { n.Visibility = "closed" }))

	var taken, late atomic.Int64
	vote := func(who account.Identity, choice int, op string, over bool) {
		data, _ := json.Marshal(wire.PollVote{Poll: q.ID, Choices: []int{choice}})
		_, err := w.Hub.Do(t.Context(), p, who, wire.Command{Type: "poll.vote", Op: op, Data: data})
		switch {
		case err == nil && !over:
			taken.Add(1)
		case over && err != nil && fault.Of(err).Code == "poll.not_open":
			late.Add(1)
		default:
			t.Errorf("a vote of %s, over %v: %v", who.Username, over, err)
		}
	}
	all := func(fn func(i int, who account.Identity)) {
		var wg sync.WaitGroup
		for i, who := range people {
			wg.Go(func() { fn(i, who) })
		}
		wg.Wait()
	}
	began := time.Now()
	all(func(i int, who account.Identity) {
		for k := range 10 {
			vote(who, (i+k)%3, fmt.Sprint("op-", min(k, 7)), false) // the last three are one command
		}
	})
	f := flood{took: time.Since(began)}
	hubtest.ExpectThat(b, wire.PollTallied, func(x wire.PollTallies) bool { return x.Items[0].Voters == n })
	if sent := b.Bytes(); bytes.Contains(sent, []byte(`"counts":`)) || bytes.Contains(a.Bytes(), []byte(`"counts":`)) {
		t.Error("hidden results went out before the end")
	} else {
		f.tallies = bytes.Count(sent, []byte(`"poll.tally"`))
	}
	a.Ack(a.Send("poll.close", wire.PollRef{Poll: q.ID}))
	all(func(_ int, who account.Identity) { vote(who, 0, "late", true) })
	f.taken, f.late = int(taken.Load()), int(late.Load())
	over := hubtest.Expect(b, wire.PollClosed)
	checkFlood(t, r, p, n, over)
	return f
}

// checkFlood holds what was told against what was kept and against a recount.
func checkFlood(t testing.TB, r *real, p id.Party, n int, over wire.PollOver) {
	t.Helper()
	kept, err := r.store.Rooms().Polls(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	l := kept[0]
	if len(l.Votes) != n || over.Card.Voters != n || !maps.Equal(l.Recount(), l.Counts) || l.State != poll.Ended {
		t.Fatalf("%d of %d votes kept, %d told; counts %v, recount %v", len(l.Votes), n, over.Card.Voters, l.Counts, l.Recount())
	}
	want := [3]int64{}
	for i := range n {
		want[(i+7)%3]++
	}
	for i, count := range over.Card.Results.Counts {
		if count != want[i] || l.Counts[fmt.Sprint(i)] != want[i] {
			t.Errorf("option %d has %d votes, kept %d, want %d", i, count, l.Counts[fmt.Sprint(i)], want[i])
		}
	}
}

func TestAFloodOfVotesIsCountedOnceEach(t *testing.T) {
	t.Parallel()
	eachReal(t, func(t *testing.T, r *real) {
		const n = 60
		f := voteFlood(t, r, n)
		if f.taken != 10*n || f.late != n {
			t.Errorf("%+v", f)
		}
		if most := int(f.took/tallyEvery) + 3; f.tallies > most {
			t.Errorf("%d tallies in %v", f.tallies, f.took)
		}
	})
}

const tallyEvery = 250 * time.Millisecond

// BenchmarkTenThousandVotes is 10 000 votes of 1 000 people at once, a fifth of
// them the same command again, and 1 000 late ones.
func BenchmarkTenThousandVotes(b *testing.B) {
	for name, open := range map[string]func(testing.TB, store.Options) *store.Store{
		"sqlite": storetest.SQLite, "postgres": storetest.Postgres,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				r := newReal(b, open)
				b.StartTimer()
				f := voteFlood(b, r, 1000)
				b.ReportMetric(float64(f.taken)/f.took.Seconds(), "votes/s")
				b.ReportMetric(f.took.Seconds(), "s/10000votes")
				b.ReportMetric(float64(f.tallies)/f.took.Seconds(), "tallies/s")
			}
		})
	}
}
