package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"watchparty/internal/account"
	"watchparty/internal/chat"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/internal/poll"
	"watchparty/store"
)

// openPoll puts an open poll into a party by way of its journal.
func openPoll(t *testing.T, h *house, rooms store.Rooms, p id.Party, by id.User, q poll.Poll) poll.Poll {
	t.Helper()
	q.ID, q.Party, q.By, q.State, q.Version, q.CreatedAt = id.New[id.Poll](), p, by, poll.Draft, 1, h.clock()
	q, err := q.Clean()
	must(t, err)
	q, err = q.Publish(h.clock())
	must(t, err)
	keepPoll(t, rooms, q)
	return q
}

func keepPoll(t *testing.T, rooms store.Rooms, q poll.Poll) {
	t.Helper()
	room, err := rooms.Open(t.Context(), q.Party, "a")
	must(t, err)
	_, err = rooms.Append(t.Context(), q.Party, room.Fence, []chat.Entry{{
		Type: "poll." + string(q.State), By: q.By, Ref: id.Message(q.ID), Data: json.RawMessage(`{}`), With: q,
	}})
	must(t, err)
}

func onePoll(t *testing.T, rooms store.Rooms, p id.Party) *poll.Live {
	t.Helper()
	all, err := rooms.Polls(t.Context(), p)
	must(t, err)
	if len(all) != 1 {
		t.Fatalf("%d polls", len(all))
	}
	return all[0]
}

func TestAPollIsReadAsItWasKept(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ada := h.user("ada")
		p := h.party(ada, party.Patch{}).ID
		rooms := h.s.Rooms()
		at := 12.5
		q := poll.Poll{
			ID: id.New[id.Poll](), Party: p, By: ada.User, Kind: poll.Quiz, Question: "Who?", Options: []string{"a", "b"}, Min: 1, Max: 1,
			Right: []int{1}, Visibility: poll.Closed, Anonymous: true, Timer: time.Minute, FilmAt: &at, State: poll.Draft,
			CreatedAt: h.clock().Truncate(time.Millisecond), Version: 1,
		}
		must(t, rooms.SavePoll(t.Context(), q))
		q.Question, q.Version = "Who was it?", 2
		must(t, rooms.SavePoll(t.Context(), q))
		if err := rooms.SavePoll(t.Context(), q); err == nil {
			t.Error("an older version took the place of a newer one")
		}
		q, err := q.Publish(h.clock().Truncate(time.Millisecond))
		must(t, err)
		keepPoll(t, rooms, q)
		if err := rooms.DropDraft(t.Context(), q.ID); !errors.Is(err, poll.ErrState) {
			t.Errorf("a poll that was opened is dropped: %v", err)
		}
		got := onePoll(t, rooms, p)
		if d := cmp.Diff(q, got.Poll, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

// Whoever votes how often and at the same time: one answer a person, a count
// that equals the recount, and nothing after the end.
func TestEveryoneHasOneVoteAndTheCountIsTheRecount(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		people := make([]account.Identity, 20)
		for i := range people {
			people[i] = h.user(fmt.Sprint("person", i))
		}
		p := h.party(people[0], party.Patch{}).ID
		rooms := h.s.Rooms()
		q := openPoll(t, h, rooms, p, people[0].User, poll.Poll{Kind: poll.Choice, Question: "?", Options: []string{"a", "b", "c"}, Max: 2})
		var wg sync.WaitGroup
		for g := range 6 {
			wg.Go(func() {
				dice := rand.New(rand.NewPCG(1, uint64(g)))
				for range 12 {
					var batch []poll.Ballot
					for range 1 + dice.IntN(8) {
						b := poll.Ballot{Poll: q.ID, User: people[dice.IntN(len(people))].User}
						if dice.IntN(4) > 0 {
							b.Vote = &poll.Vote{ID: id.New[id.Vote](), Choices: dice.Perm(3)[:1+dice.IntN(2)], At: h.clock()}
						}
						batch = append(batch, b)
					}
					if _, err := rooms.CastVotes(t.Context(), batch); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		l := onePoll(t, rooms, p)
		if !maps.Equal(l.Recount(), l.Counts) || len(l.Votes) == 0 {
			t.Fatalf("counts %v, recount %v of %d", l.Counts, l.Recount(), len(l.Votes))
		}

		ended, err := q.Close(h.clock())
		must(t, err)
		keepPoll(t, rooms, ended)
		refused, err := rooms.CastVotes(t.Context(), []poll.Ballot{{Poll: q.ID, User: people[1].User, Vote: &poll.Vote{ID: id.New[id.Vote](), Choices: []int{0}}}})
		must(t, err)
		if !errors.Is(refused[0], poll.ErrNotOpen) {
			t.Errorf("a late vote: %v", refused[0])
		}
		if after := onePoll(t, rooms, p); !maps.Equal(after.Counts, l.Counts) {
			t.Errorf("the count changed after the end: %v", after.Counts)
		}
	})
}

func TestLikesBelongToTheAnswerThatWasLiked(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ada, bob := h.user("ada"), h.user("bob")
		p := h.party(ada, party.Patch{}).ID
		rooms, ctx := h.s.Rooms(), t.Context()
		q := openPoll(t, h, rooms, p, ada.User, poll.Poll{Kind: poll.Text, Question: "?"})
		write := func(text string) id.Vote {
			v := poll.Vote{ID: id.New[id.Vote](), Text: text, At: h.clock()}
			_, err := rooms.CastVotes(ctx, []poll.Ballot{{Poll: q.ID, User: ada.User, Vote: &v}})
			must(t, err)
			return v.ID
		}
		one := write("the zither")
		must(t, rooms.LikeAnswer(ctx, one, bob.User, true))
		must(t, rooms.LikeAnswer(ctx, one, bob.User, true))
		must(t, rooms.HideAnswer(ctx, one, true))
		l := onePoll(t, rooms, p)
		if len(l.Likes[one]) != 1 || !l.Votes[ada.User].Hidden {
			t.Fatalf("likes %v, answer %+v", l.Likes, l.Votes[ada.User])
		}
		two := write("something else")
		if l := onePoll(t, rooms, p); len(l.Likes) != 0 || l.Votes[ada.User].ID != two {
			t.Errorf("another text keeps the likes of the first: %v", l.Likes)
		}
		must(t, rooms.LikeAnswer(ctx, two, bob.User, true))
		must(t, rooms.LikeAnswer(ctx, two, bob.User, false))
		if l := onePoll(t, rooms, p); len(l.Likes[two]) != 0 {
			t.Errorf("a like that was taken back is there: %v", l.Likes)
		}
	})
}
