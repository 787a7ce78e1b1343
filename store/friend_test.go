package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/store"
)

// crowd registers people and gives each a context to call in.
func (p *people) crowd(names ...string) (who map[string]account.User, ctx map[string]context.Context) {
	p.t.Helper()
	who, ctx = map[string]account.User{}, map[string]context.Context{}
	for _, n := range names {
		u, tokens := p.register(n)
		who[n], ctx[n] = u, p.as(tokens.Access)
	}
	return who, ctx
}

var all = account.Span{Limit: 100}

func (p *people) friends(ctx context.Context) []string {
	p.t.Helper()
	list, n, err := p.Friends(ctx, all)
	if err != nil || n != len(list) {
		p.t.Fatalf("%d of %d, %v", len(list), n, err)
	}
	names := []string{}
	for _, f := range list {
		names = append(names, f.Other.Name)
	}
	return names
}

func (p *people) found(ctx context.Context, q string) []string {
	p.t.Helper()
	list, n, err := p.Search(ctx, q, all)
	if err != nil || n != len(list) {
		p.t.Fatalf("%d of %d, %v", len(list), n, err)
	}
	names := []string{}
	for _, f := range list {
		names = append(names, f.Name)
	}
	return names
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("-want +got\n%s", d)
	}
}

func TestFromARequestToAFriendshipAndBack(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		who, ctx := p.crowd("Ana", "Bob", "Eve")
		ana, bob := string(who["Ana"].ID), string(who["Bob"].ID)
		tie, fresh, err := p.Befriend(ctx["Ana"], bob, "Hi, it is me")
		if err != nil || tie != account.Sent || !fresh {
			t.Fatalf("%s %v %v", tie, fresh, err)
		}
		tie, fresh, err = p.Befriend(ctx["Ana"], bob, "again")
		if err != nil || tie != account.Sent || fresh {
			t.Fatalf("%s %v %v", tie, fresh, err)
		}
		got, err := p.Requests(ctx["Bob"])
		if err != nil || len(got) != 1 || got[0].Tie != account.Received || got[0].Message != "Hi, it is me" || got[0].Other.Name != "Ana" {
			t.Fatalf("%+v, %v", got, err)
		}
		request := string(got[0].ID)
		for name, try := range map[string]error{
			"the one who asked accepts":   p.AcceptFriend(ctx["Ana"], request),
			"the one who asked declines":  p.DeclineFriend(ctx["Ana"], request),
			"a third accepts":             p.AcceptFriend(ctx["Eve"], request),
			"a third withdraws":           p.WithdrawFriend(ctx["Eve"], request),
			"the one who is asked undoes": p.WithdrawFriend(ctx["Bob"], request),
			"nonsense":                    p.AcceptFriend(ctx["Bob"], "nonsense"),
		} {
			if !errors.Is(try, fault.ErrNotFound) {
				t.Errorf("%s: %v", name, try)
			}
		}
		must(t, p.AcceptFriend(ctx["Bob"], request))
		must(t, p.AcceptFriend(ctx["Bob"], request)) // twice is once
		same(t, p.friends(ctx["Ana"]), []string{"Bob"})
		same(t, p.friends(ctx["Bob"]), []string{"Ana"})
		same(t, p.friends(ctx["Eve"]), []string{})
		if n := len(p.told(account.FactFriendChanged)); n != 4 {
			t.Errorf("told %d times", n)
		}
		seen, err := p.Person(ctx["Ana"], bob)
		if err != nil || seen.Tie != account.Friends {
			t.Errorf("%s, %v", seen.Tie, err)
		}
		must(t, p.Unfriend(ctx["Bob"], ana))
		must(t, p.Unfriend(ctx["Bob"], ana))
		same(t, p.friends(ctx["Ana"]), []string{})

		_, _, err = p.Befriend(ctx["Ana"], bob, "")
		must(t, err)
		got, err = p.Requests(ctx["Ana"])
		if err != nil || len(got) != 1 || got[0].Tie != account.Sent {
			t.Fatalf("%+v, %v", got, err)
		}
		must(t, p.WithdrawFriend(ctx["Ana"], string(got[0].ID)))
		_, _, err = p.Befriend(ctx["Ana"], bob, "")
		must(t, err)
		got, err = p.Requests(ctx["Bob"])
		must(t, err)
		must(t, p.DeclineFriend(ctx["Bob"], string(got[0].ID)))
		if got, err = p.Requests(ctx["Ana"]); err != nil || len(got) != 0 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestRequestsThatCrossAcceptEachOther(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		for round := range 5 {
			a, b := fmt.Sprintf("Ana%d", round), fmt.Sprintf("Bob%d", round)
			who, ctx := p.crowd(a, b)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					if _, _, err := p.Befriend(ctx[a], string(who[b].ID), ""); err != nil {
						t.Error(err)
					}
				})
				wg.Go(func() {
					if _, _, err := p.Befriend(ctx[b], string(who[a].ID), ""); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			same(t, p.friends(ctx[a]), []string{b})
			same(t, p.friends(ctx[b]), []string{a})
			if got, err := p.Requests(ctx[a]); err != nil || len(got) != 0 {
				t.Fatalf("%+v, %v", got, err)
			}
		}
	})
}

func TestABlockMakesBothInvisible(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		who, ctx := p.crowd("Ana", "Bob")
		ana, bob := string(who["Ana"].ID), string(who["Bob"].ID)
		_, _, err := p.Befriend(ctx["Ana"], bob, "")
		must(t, err)
		_, _, err = p.Befriend(ctx["Bob"], ana, "")
		must(t, err)
		must(t, p.Block(ctx["Ana"], bob))
		must(t, p.Block(ctx["Ana"], bob))
		for from, to := range map[string]string{"Ana": bob, "Bob": ana} {
			same(t, p.friends(ctx[from]), []string{})
			same(t, p.found(ctx[from], "bob"), []string{})
			same(t, p.found(ctx[from], "ana"), []string{})
			_, err := p.Person(ctx[from], to)
			want(t, err, fault.ErrNotFound)
			_, _, err = p.Befriend(ctx[from], to, "")
			want(t, err, fault.ErrNotFound)
		}
		blocked, n, err := p.Blocked(ctx["Ana"], all)
		if err != nil || n != 1 || len(blocked) != 1 || blocked[0].Name != "Bob" {
			t.Fatalf("%+v, %d, %v", blocked, n, err)
		}
		if _, n, err := p.Blocked(ctx["Bob"], all); n != 0 || err != nil {
			t.Errorf("the blocked one sees %d, %v", n, err)
		}
		must(t, p.Unblock(ctx["Bob"], ana)) // not his to lift
		same(t, p.found(ctx["Ana"], "bob"), []string{})
		must(t, p.Unblock(ctx["Ana"], bob))
		same(t, p.found(ctx["Ana"], "bob"), []string{"Bob"})
		same(t, p.friends(ctx["Ana"]), []string{})
	})
}

func TestARequestAndABlockAtOnceLeaveNoTie(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		who, ctx := p.crowd("Ana", "Bob")
		ana, bob := string(who["Ana"].ID), string(who["Bob"].ID)
		for range 40 {
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					if _, _, err := p.Befriend(ctx["Ana"], bob, ""); err != nil && !errors.Is(err, fault.ErrNotFound) {
						t.Error(err)
					}
				})
			}
			wg.Go(func() {
				if err := p.Block(ctx["Bob"], ana); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			must(t, p.Unblock(ctx["Bob"], ana))
			if got, err := p.Requests(ctx["Bob"]); err != nil || len(got) != 0 {
				t.Fatalf("a request outlived the block: %+v, %v", got, err)
			}
		}
	})
}

func TestPeopleAreFoundByTheStartsOfWords(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		for _, r := range []account.Registration{
			{Email: "secretbox@example.com", Username: "mari", Name: "Ana María", LastName: "Ünal"},
			{Email: "two@example.com", Username: "mario", Name: "Mario", FirstName: "Luigi"},
			{Email: "three@example.com", Username: "percent", Name: "100% Film_fan"},
		} {
			r.Password = password
			_, _, err := p.Register(t.Context(), r, account.Client{})
			must(t, err)
		}
		_, _, err := p.Guest(t.Context(), "Mariguest", account.Client{})
		must(t, err)
		_, ctx := p.crowd("Viewer")
		for q, want := range map[string][]string{
			"mar":         {"Ana María", "Mario"},
			"MARIO":       {"Mario"},
			"@mario":      {"Mario"},
			"maría":       {"Ana María"},
			"ün":          {"Ana María"},
			"ana mar":     {"Ana María"},
			"mario ana":   {},
			"luigi":       {"Mario"},
			"ario":        {},
			"secretbox":   {},
			"example.com": {},
			"two@":        {},
			"viewer":      {},
			"mariguest":   {},
			"%":           {},
			"_":           {},
			"100":         {"100% Film_fan"},
			"film_":       {"100% Film_fan"},
			"film.":       {},
			"' OR 1=1 --": {},
			"":            {},
		} {
			if d := cmp.Diff(want, p.found(ctx["Viewer"], q)); d != "" {
				t.Errorf("%q: -want +got\n%s", q, d)
			}
		}
		page, n, err := p.Search(ctx["Viewer"], "mar", account.Span{Offset: 1, Limit: 1})
		if err != nil || n != 2 || len(page) != 1 || page[0].Name != "Mario" {
			t.Errorf("%+v of %d, %v", page, n, err)
		}
	})
}

func TestFriendsInCommonAreCounted(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		who, ctx := p.crowd("Ana", "Bob", "Cem", "Dia", "Eli")
		tie := func(a, b string, accepted bool) {
			t.Helper()
			_, _, err := p.Befriend(ctx[a], string(who[b].ID), "")
			must(t, err)
			if accepted {
				_, _, err = p.Befriend(ctx[b], string(who[a].ID), "")
				must(t, err)
			}
		}
		tie("Ana", "Cem", true)
		tie("Bob", "Cem", true)
		tie("Dia", "Ana", true)
		tie("Bob", "Dia", true)
		tie("Ana", "Eli", true)
		tie("Bob", "Eli", false)
		tie("Ana", "Bob", true)
		f, err := p.Person(ctx["Ana"], string(who["Bob"].ID))
		if err != nil || f.Mutual != 2 || f.Tie != account.Friends {
			t.Fatalf("%d, %s, %v", f.Mutual, f.Tie, err)
		}
		f, err = p.Person(ctx["Cem"], string(who["Eli"].ID))
		if err != nil || f.Mutual != 1 || f.Tie != account.NoTie {
			t.Fatalf("%d, %s, %v", f.Mutual, f.Tie, err)
		}
	})
}

func TestNobodyBefriendsHimselfOrAGuest(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		who, ctx := p.crowd("Ana")
		guest, _, err := p.Guest(t.Context(), "Gus", account.Client{})
		must(t, err)
		if _, _, err := p.Befriend(ctx["Ana"], string(who["Ana"].ID), ""); err == nil {
			t.Error("her own friend")
		}
		if err := p.Block(ctx["Ana"], string(who["Ana"].ID)); err == nil {
			t.Error("her own enemy")
		}
		if _, _, err := p.Befriend(ctx["Ana"], string(guest.ID), ""); err == nil {
			t.Error("a guest's friend")
		}
		_, _, err = p.Befriend(ctx["Ana"], "00000000-0000-7000-8000-000000000000", "")
		want(t, err, fault.ErrNotFound)
		want(t, p.Block(ctx["Ana"], "00000000-0000-7000-8000-000000000000"), fault.ErrNotFound)
	})
}

func TestWhoCallsIsAskedForInOneStatement(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		_, tokens := p.register("Ana")
		ctx, n := store.Counted(t.Context())
		if _, err := p.Authenticate(ctx, string(tokens.Access)); err != nil || n.Load() != 1 {
			t.Errorf("%d statements, %v", n.Load(), err)
		}
	})
}
