package hub_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"watchparty/hub/hubtest"
	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

func pollOf(kind string, more func(*wire.NewPoll)) wire.NewPoll {
	n := wire.NewPoll{Kind: kind, Question: "Who did it?", Options: []string{"Harry", "Popescu", "Anna"}, Publish: true}
	if kind == "yes_no" || kind == "rating" || kind == "text" || kind == "word_cloud" {
		n.Options = nil
	}
	if more != nil {
		more(&n)
	}
	return n
}

// opened makes a poll and waits until c sees it.
func opened(host, c *hubtest.Client, n wire.NewPoll) wire.Poll {
	ref := host.Ack(host.Send("poll.create", n)).ID
	return hubtest.ExpectThat(c, wire.PollOpened, func(p wire.Poll) bool { return string(p.ID) == ref })
}

func TestAPollIsMadeAnsweredAndClosed(t *testing.T) {
	t.Parallel()
	bubble(t, 3, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		host, bob, cy := w.Dial(t, people[0]), w.Dial(t, people[1]), w.Dial(t, people[2])
		for _, c := range []*hubtest.Client{host, bob, cy} {
			c.Join(p)
		}
		q := opened(host, bob, pollOf("multiple_choice", func(n *wire.NewPoll) { n.Duration = 30 }))
		if q.State != "open" || q.Closes == 0 || len(q.Options) != 3 {
			t.Fatalf("poll %+v", q)
		}
		bob.Ack(bob.Send("poll.vote", wire.PollVote{Poll: q.ID, Choices: []int{1}}))
		got := hubtest.ExpectThat(cy, wire.PollTallied, func(x wire.PollTallies) bool { return x.Items[0].Voters == 1 })
		if r := got.Items[0].Results; r == nil || fmt.Sprint(r.Counts) != "[0 1 0]" || r.Who[1][0] != people[1].User {
			t.Fatalf("tally %+v", got.Items[0].Results)
		}
		mine := hubtest.Expect(bob, wire.PollMyVote)
		if !mine.Voted || fmt.Sprint(mine.Choices) != "[1]" {
			t.Fatalf("mine %+v", mine)
		}
		// A change moves the vote, it does not add one.
		bob.Ack(bob.Send("poll.vote", wire.PollVote{Poll: q.ID, Choices: []int{0}}))
		hubtest.ExpectThat(cy, wire.PollTallied, func(x wire.PollTallies) bool {
			return x.Items[0].Voters == 1 && fmt.Sprint(x.Items[0].Results.Counts) == "[1 0 0]"
		})
		bob.Ack(bob.Send("poll.retract", wire.PollRef{Poll: q.ID}))
		hubtest.ExpectThat(cy, wire.PollTallied, func(x wire.PollTallies) bool { return x.Items[0].Voters == 0 })
		cy.Ack(cy.Send("poll.vote", wire.PollVote{Poll: q.ID, Choices: []int{2}}))

		time.Sleep(31 * time.Second) // turned time: the timer runs out
		over := hubtest.Expect(bob, wire.PollClosed)
		if over.Card.Poll.State != "closed" || over.Card.Results == nil || fmt.Sprint(over.Card.Results.Counts) != "[0 0 1]" {
			t.Fatalf("over %+v", over.Card)
		}
		if got := bob.Refused(bob.Send("poll.vote", wire.PollVote{Poll: q.ID, Choices: []int{1}})); got.Code != "poll.not_open" || got.Status != 409 {
			t.Errorf("a late vote: %+v", got)
		}
		late := w.Dial(t, people[1]).Join(p)
		if len(late.Polls) != 1 || late.Polls[0].Poll.State != "closed" || late.Polls[0].Results.Counts[2] != 1 {
			t.Errorf("welcome %+v", late.Polls)
		}
	})
}

func TestOnlyHostsMakePollsAndSeeDrafts(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		host, bob := w.Dial(t, people[0]), w.Dial(t, people[1])
		host.Join(p)
		bob.Join(p)
		if got := bob.Refused(bob.Send("poll.create", pollOf("yes_no", nil))); got.Status != 403 {
			t.Errorf("a member made a poll: %+v", got)
		}
		draft := pollOf("quiz", func(n *wire.NewPoll) { n.Publish, n.Right = false, []int{1} })
		ref := id.Poll(host.Ack(host.Send("poll.create", draft)).ID)
		if d := hubtest.Expect(host, wire.PollDrafted); len(d.Items) != 1 || d.Items[0].Right[0] != 1 {
			t.Fatalf("drafts %+v", d)
		}
		if got := bob.Refused(bob.Send("poll.vote", wire.PollVote{Poll: ref, Choices: []int{1}})); got.Status != 404 {
			t.Errorf("a draft was answered: %+v", got)
		}
		if again := w.Dial(t, people[1]).Join(p); len(again.Polls) != 0 {
			t.Errorf("a member sees the draft: %+v", again.Polls)
		}
		host.Ack(host.Send("poll.publish", wire.PollRef{Poll: ref}))
		q := hubtest.Expect(bob, wire.PollOpened)
		if len(q.Right) != 0 {
			t.Fatal("the right answer goes out with the question")
		}
		bob.Ack(bob.Send("poll.vote", wire.PollVote{Poll: ref, Choices: []int{1}}))
		host.Ack(host.Send("poll.close", wire.PollRef{Poll: ref}))
		over := hubtest.Expect(bob, wire.PollClosed)
		if fmt.Sprint(over.Card.Poll.Right) != "[1]" || len(over.Board) != 1 || over.Board[0].User.ID != people[1].User {
			t.Errorf("over %+v, board %+v", over.Card.Poll, over.Board)
		}
	})
}

func TestWhoBecomesAHostIsShownWhatIsPrepared(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		host, bob := w.Dial(t, people[0]), w.Dial(t, people[1])
		host.Join(p)
		bob.Join(p)
		draft := pollOf("yes_no", func(n *wire.NewPoll) { n.Publish = false })
		ref := id.Poll(host.Ack(host.Send("poll.create", draft)).ID)
		told := changed("members")
		told.By = people[0].User
		w.Parties.Member(p, people[1].User, told, func(m *party.Member) { m.Role = access.CoHost })
		if d := hubtest.Expect(bob, wire.PollDrafted); len(d.Items) != 1 || d.Items[0].ID != ref {
			t.Fatalf("drafts %+v", d)
		}
	})
}

// What is hidden is in no byte that anybody gets before the end, the host's
// connection included.
func TestHiddenResultsAreInNoFrameBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for _, visibility := range []string{"closed", "never"} {
		bubble(t, 3, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
			host, bob, cy := w.Dial(t, people[0]), w.Dial(t, people[1]), w.Dial(t, people[2])
			all := []*hubtest.Client{host, bob, cy}
			for _, c := range all {
				c.Join(p)
			}
			q := opened(host, bob, pollOf("multiple_choice", func(n *wire.NewPoll) { n.Visibility = visibility }))
			for i, c := range all[1:] {
				c.Ack(c.Send("poll.vote", wire.PollVote{Poll: q.ID, Choices: []int{i}}))
			}
			for _, c := range all {
				hubtest.ExpectThat(c, wire.PollTallied, func(x wire.PollTallies) bool { return x.Items[0].Voters == 2 })
				if bytes.Contains(c.Bytes(), []byte(`"counts":`)) || bytes.Contains(c.Bytes(), []byte(`"who":`)) {
					t.Errorf("%s: results went out to %s", visibility, c.Who.Name)
				}
			}
			host.Ack(host.Send("poll.close", wire.PollRef{Poll: q.ID}))
			over := hubtest.Expect(bob, wire.PollClosed)
			if shown := over.Card.Results != nil; shown != (visibility == "closed") {
				t.Errorf("%s: results after the end are shown: %v", visibility, shown)
			}
			if visibility == "never" {
				if only := hubtest.Expect(host, wire.PollResult); only.Results == nil || only.Results.Counts[0] != 1 {
					t.Errorf("the host sees %+v", only)
				}
				if bytes.Contains(bob.Bytes(), []byte(`"counts":`)) {
					t.Error("a member got what is for hosts")
				}
			}
		})
	}
}

func TestResultsAfterMyVoteAreMineOnceIHaveVoted(t *testing.T) {
	t.Parallel()
	bubble(t, 3, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		host, bob, cy := w.Dial(t, people[0]), w.Dial(t, people[1]), w.Dial(t, people[2])
		for _, c := range []*hubtest.Client{host, bob, cy} {
			c.Join(p)
		}
		q := opened(host, bob, pollOf("rating", func(n *wire.NewPoll) { n.Visibility = "voted" }))
		bob.Ack(bob.Send("poll.vote", wire.PollVote{Poll: q.ID, Rating: ptr(4)}))
		seen := hubtest.ExpectThat(bob, wire.PollTallied, func(x wire.PollTallies) bool { return x.Items[0].Voters == 1 })
		if r := seen.Items[0].Results; r == nil || r.Average != 4 || len(r.Counts) != 5 {
			t.Errorf("who voted sees %+v", r)
		}
		other := hubtest.ExpectThat(cy, wire.PollTallied, func(x wire.PollTallies) bool { return x.Items[0].Voters == 1 })
		if other.Items[0].Results != nil {
			t.Error("who did not vote sees results")
		}
	})
}

func TestWrittenAnswersAreLikedLetAndHidden(t *testing.T) {
	t.Parallel()
	bubble(t, 3, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		host, bob, cy := w.Dial(t, people[0]), w.Dial(t, people[1]), w.Dial(t, people[2])
		for _, c := range []*hubtest.Client{host, bob, cy} {
			c.Join(p)
		}
		q := opened(host, bob, pollOf("text", func(n *wire.NewPoll) { n.Moderated = true }))
		bob.Ack(bob.Send("poll.vote", wire.PollVote{Poll: q.ID, Text: "the zither"}))
		toHost := hubtest.ExpectThat(host, wire.PollTallied, func(x wire.PollTallies) bool { return len(x.Items[0].Results.Answers) == 1 })
		answer := toHost.Items[0].Results.Answers[0]
		if !answer.Hidden {
			t.Fatal("an answer shows before it was let")
		}
		toCy := hubtest.ExpectThat(cy, wire.PollTallied, func(x wire.PollTallies) bool { return x.Items[0].Voters == 1 })
		if len(toCy.Items[0].Results.Answers) != 0 {
			t.Fatal("others see an answer that was not let")
		}
		if got := cy.Refused(cy.Send("poll.like", wire.AnswerLike{Poll: q.ID, Answer: answer.ID, On: true})); got.Status != 400 {
			t.Errorf("a hidden answer was liked: %+v", got)
		}
		if got := bob.Refused(bob.Send("poll.hide", wire.AnswerHide{Poll: q.ID, Answer: answer.ID})); got.Status != 403 {
			t.Errorf("a member let an answer: %+v", got)
		}
		host.Ack(host.Send("poll.hide", wire.AnswerHide{Poll: q.ID, Answer: answer.ID, Hidden: false}))
		for range 2 { // the same again changes nothing
			cy.Ack(cy.Send("poll.like", wire.AnswerLike{Poll: q.ID, Answer: answer.ID, On: true}))
		}
		hubtest.ExpectThat(bob, wire.PollTallied, func(x wire.PollTallies) bool {
			a := x.Items[0].Results.Answers
			return len(a) == 1 && a[0].Likes == 1 && a[0].Text == "the zither"
		})
	})
}

func TestAPredictionIsLockedThenResolved(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		host, bob := w.Dial(t, people[0]), w.Dial(t, people[1])
		host.Join(p)
		bob.Join(p)
		q := opened(host, bob, pollOf("prediction", nil))
		bob.Ack(bob.Send("poll.vote", wire.PollVote{Poll: q.ID, Choices: []int{2}}))
		if got := host.Refused(host.Send("poll.resolve", wire.ResolvePoll{Poll: q.ID, Right: []int{2}})); got.Code != "poll.state" {
			t.Errorf("resolved while open: %+v", got)
		}
		host.Ack(host.Send("poll.close", wire.PollRef{Poll: q.ID}))
		if got := host.Refused(host.Send("poll.resolve", wire.ResolvePoll{Poll: q.ID, Right: []int{7}})); got.Status != 400 {
			t.Errorf("resolved with an option that there is not: %+v", got)
		}
		host.Ack(host.Send("poll.resolve", wire.ResolvePoll{Poll: q.ID, Right: []int{2}}))
		over := hubtest.Expect(bob, wire.PollResolved)
		if len(over.Board) != 1 || over.Board[0].Points != 100 {
			t.Errorf("board %+v", over.Board)
		}
	})
}

func TestPollsOutliveTheRoom(t *testing.T) {
	t.Parallel()
	journal := hubtest.NewJournal()
	w := hubtest.New(t, hubtest.Options{Journal: journal})
	ada, bob := w.People.Account("ada"), w.People.Account("bob")
	p := w.Parties.Create(ada, bob)
	a := w.Dial(t, ada)
	a.Join(p)
	q := opened(a, a, pollOf("multiple_choice", nil))
	a.Ack(a.Send("poll.vote", wire.PollVote{Poll: q.ID, Choices: []int{1}}))
	w.Stop()

	next := hubtest.New(t, hubtest.Options{Journal: journal, Parties: w.Parties, People: w.People})
	b := next.Dial(t, bob)
	got := b.Join(p)
	if len(got.Polls) != 1 || got.Polls[0].Poll.State != "open" || got.Polls[0].Voters != 1 || got.Polls[0].Mine.Voted {
		t.Fatalf("after the restart %+v", got.Polls)
	}
	b.Ack(b.Send("poll.vote", wire.PollVote{Poll: q.ID, Choices: []int{1}}))
	hubtest.ExpectThat(b, wire.PollTallied, func(x wire.PollTallies) bool { return x.Items[0].Voters == 2 })
}

func TestPollsOfAnotherPartyAreNotThere(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		host := w.Dial(t, people[0])
		host.Join(p)
		q := opened(host, host, pollOf("yes_no", nil))
		other := w.Parties.Create(people[1])
		stranger := w.Dial(t, people[1])
		stranger.Join(other)
		for kind, data := range map[string]any{
			"poll.vote": wire.PollVote{Poll: q.ID, Choices: []int{0}}, "poll.close": wire.PollRef{Poll: q.ID},
			"poll.hide": wire.AnswerHide{Poll: q.ID, Answer: id.New[id.Vote]()},
		} {
			if got := stranger.Refused(stranger.Send(kind, data)); got.Status != 404 {
				t.Errorf("%s: %+v", kind, got)
			}
		}
	})
}

func TestAnswersAndMarksAreCountedForTheReport(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, hubtest.Options{})
	ada := w.People.Account("ada")
	p := w.Parties.Create(ada)
	a := w.Dial(t, ada)
	a.Join(p)
	q := opened(a, a, pollOf("yes_no", nil))
	for _, choice := range []int{0, 1} { // a change is not a second answer
		a.Ack(a.Send("poll.vote", wire.PollVote{Poll: q.ID, Choices: []int{choice}}))
	}
	a.Ack(a.Send("draw.put", wire.DrawPut{Tool: "pin", Points: [][]float64{{0.5, 0.5}}}))
	if err := w.Hub.Drain(t.Context()); err != nil { // a room that stops has kept all
		t.Fatal(err)
	}
	kept, err := w.Journal.Kept(t.Context(), p)
	if err != nil || len(kept.Sessions) != 1 || kept.Sessions[0].Polls() != 1 || kept.Sessions[0].Marks() != 1 {
		t.Fatalf("kept %+v, %v", kept.Sessions, err)
	}
}
