package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

func TestRegisteringAndSigningIn(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		u, tokens := p.register("Ana")
		if u.Email != "ana@example.com" || u.Username != "ana" || u.Name != "Ana" || u.Site != access.User {
			t.Fatalf("%+v", u)
		}
		who, err := p.Authenticate(t.Context(), string(tokens.Access))
		if err != nil || who.User != u.ID || who.Site != access.User || who.Guest() {
			t.Fatalf("%+v, %v", who, err)
		}
		_, _, err = p.Register(t.Context(), account.Registration{Email: " ANA@example.com", Password: password}, account.Client{})
		want(t, err, account.ErrEmailTaken)
		other, _, err := p.Register(t.Context(), account.Registration{Email: "ana@example.org", Password: password}, account.Client{})
		if err != nil || other.Username == "ana" || !strings.HasPrefix(other.Username, "ana") {
			t.Fatalf("the second ana is %q, %v", other.Username, err)
		}
		_, _, err = p.Register(t.Context(), account.Registration{Email: "x@example.org", Password: password, Username: "Ana"}, account.Client{})
		want(t, err, account.ErrUsernameTaken)

		again, _, err := p.Login(t.Context(), " Ana@Example.com ", password, account.Client{})
		if err != nil || again.ID != u.ID {
			t.Fatalf("%v, %v", again.ID, err)
		}
		_, _, wrong := p.Login(t.Context(), "ana@example.com", "one friend, two films", account.Client{})
		_, _, unknown := p.Login(t.Context(), "bob@example.com", password, account.Client{})
		want(t, wrong, account.ErrCredentials)
		want(t, unknown, account.ErrCredentials)
		if wrong.Error() != unknown.Error() {
			t.Errorf("%v is told from %v", wrong, unknown)
		}
	})
}

func TestOneOfManyWhoRegisterAnAddressGetsIt(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		var wg sync.WaitGroup
		errs := make(chan error, 12)
		for range cap(errs) {
			wg.Go(func() {
				_, _, err := p.Register(t.Context(), account.Registration{Email: "ana@example.com", Password: password}, account.Client{})
				errs <- err
			})
		}
		wg.Wait()
		close(errs)
		won := 0
		for err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, account.ErrEmailTaken) {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d got it", won)
		}
	})
}

func TestGuestsBecomeAccountsAndStayThemselves(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		p.register("taken")
		g, tokens, err := p.Guest(t.Context(), " Gus ", account.Client{})
		must(t, err)
		if g.Site != access.Guest || g.Name != "Gus" || g.Email != "" || g.Username == "" {
			t.Fatalf("%+v", g)
		}
		ctx := p.as(tokens.Access)
		_, _, err = p.Upgrade(ctx, account.Registration{Email: "taken@example.com", Password: password}, account.Client{})
		want(t, err, account.ErrEmailTaken)
		if p.out(tokens.Access) {
			t.Fatal("a refused upgrade signed the guest out")
		}
		u, fresh, err := p.Upgrade(ctx, account.Registration{Email: "gus@example.com", Password: password}, account.Client{})
		must(t, err)
		if u.ID != g.ID || u.Site != access.User || u.Name != "Gus" || u.Username != "gus" {
			t.Fatalf("%+v", u)
		}
		if !p.out(tokens.Access) || p.out(fresh.Access) {
			t.Error("the session must be a new one")
		}
		if told := p.told(account.FactSessionRevoked); len(told) != 1 || !strings.Contains(told[0], `"renewed":true`) {
			t.Errorf("told %v", told)
		}
		me, err := p.Me(p.as(fresh.Access))
		if err != nil || me.Version != u.Version || me.Email != "gus@example.com" || !me.CreatedAt.Equal(g.CreatedAt) {
			t.Errorf("%+v, %v", me, err)
		}
		_, _, err = p.Upgrade(p.as(fresh.Access), account.Registration{Email: "gus2@example.com", Password: password}, account.Client{})
		want(t, err, account.ErrNotGuest)
		_, _, err = p.Login(t.Context(), "gus@example.com", password, account.Client{})
		must(t, err)
	})
}

func TestFiftyRefreshesAtOnceGiveOneSuccessor(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		_, tokens := p.register("Ana")
		p.wait(10 * time.Minute)
		var wg sync.WaitGroup
		var mu sync.Mutex
		next := map[account.Secret]int{}
		var access account.Secret
		for range 50 {
			wg.Go(func() {
				got, err := p.Refresh(t.Context(), string(tokens.Refresh), true)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				next[got.Refresh]++
				access = got.Access
			})
		}
		wg.Wait()
		if len(next) != 1 || next[tokens.Refresh] != 0 {
			t.Fatalf("%d successors", len(next))
		}
		if p.out(access) || len(p.told(account.FactSessionRevoked)) != 0 {
			t.Fatal("somebody was signed out")
		}
	})
}

func TestARefreshTokenThatComesBackLateEndsTheSession(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]struct {
		after   time.Duration
		useNext bool
		ends    bool
	}{
		"after 20 seconds it is the same tab again":      {20 * time.Second, false, false},
		"after 21 seconds it is a copy":                  {21 * time.Second, false, true},
		"at once, when the successor was used, it is so": {time.Second, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachPeople(t, func(t *testing.T, p *people) {
				_, tokens := p.register("Ana")
				second, err := p.Refresh(t.Context(), string(tokens.Refresh), true)
				must(t, err)
				if late.useNext {
					_, err = p.Refresh(t.Context(), string(second.Refresh), true)
					must(t, err)
				}
				p.wait(late.after)
				again, err := p.Refresh(t.Context(), string(tokens.Refresh), true)
				if !late.ends {
					if err != nil || again.Refresh != second.Refresh {
						t.Fatalf("another successor, %v", err)
					}
					return
				}
				want(t, err, account.ErrToken)
				if !p.out(second.Access) || len(p.told(account.FactSessionRevoked)) != 1 {
					t.Error("the session goes on")
				}
				_, err = p.Refresh(t.Context(), string(second.Refresh), true)
				want(t, err, account.ErrToken)
			})
		})
	}
}

func TestAClientThatKeepsItsTokenMay(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		_, tokens := p.register("Ana")
		for range 5 {
			p.wait(14 * time.Minute)
			got, err := p.Refresh(t.Context(), string(tokens.Refresh), false)
			if err != nil || got.Refresh != tokens.Refresh || p.out(got.Access) {
				t.Fatalf("%v", err)
			}
		}
		p.wait(31 * 24 * time.Hour)
		_, err := p.Refresh(t.Context(), string(tokens.Refresh), false)
		want(t, err, account.ErrToken)
		for _, junk := range []string{"", "x", id.Token(), strings.Repeat("x", 10000), string(tokens.Access)} {
			_, err := p.Refresh(t.Context(), junk, true)
			want(t, err, account.ErrToken)
		}
	})
}

func TestASessionEndsAtOnce(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		u, first := p.register("Ana")
		p.wait(time.Second)
		login := func() account.Tokens {
			_, tokens, err := p.Login(t.Context(), "ana@example.com", password, account.Client{UserAgent: "phone"})
			must(t, err)
			return tokens
		}
		second, third := login(), login()
		ctx := p.as(first.Access)
		all, err := p.Sessions(ctx)
		if err != nil || len(all) != 3 || all[0].UserAgent != "phone" {
			t.Fatalf("%+v, %v", all, err)
		}
		must(t, p.EndSession(ctx, string(second.Session.ID)))
		if !p.out(second.Access) || p.out(third.Access) || p.out(first.Access) {
			t.Error("the wrong session ended")
		}
		if told := p.told(account.FactSessionRevoked); len(told) != 1 ||
			told[0] != fmt.Sprintf(`user:%s {"session":"%s"}`, u.ID, second.Session.ID) {
			t.Errorf("told %v", told)
		}
		want(t, p.EndSession(ctx, string(second.Session.ID)), fault.ErrNotFound)
		want(t, p.EndSession(ctx, "nonsense"), fault.ErrNotFound)
		_, bob := p.register("Bob")
		want(t, p.EndSession(p.as(bob.Access), string(third.Session.ID)), fault.ErrNotFound)

		n, err := p.EndOthers(ctx)
		if err != nil || n != 1 || !p.out(third.Access) || p.out(first.Access) {
			t.Errorf("%d others ended, %v", n, err)
		}
		must(t, p.Logout(ctx))
		must(t, p.Logout(ctx)) // twice is once
		if !p.out(first.Access) {
			t.Error("still in")
		}
		_, err = p.Refresh(t.Context(), string(first.Refresh), true)
		want(t, err, account.ErrToken)
		must(t, p.End(t.Context(), string(bob.Refresh)))
		if !p.out(bob.Access) {
			t.Error("a refresh token can end its session")
		}
	})
}

func TestSigningInEndsTheSessionThatCameWithIt(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		_, guest, err := p.Guest(t.Context(), "Gus", account.Client{})
		must(t, err)
		ctx := p.as(guest.Access)
		ticket, _, err := p.Ticket(ctx)
		must(t, err)
		p.register("Ana")
		_, _, err = p.Login(ctx, "ana@example.com", password, account.Client{})
		must(t, err)
		if !p.out(guest.Access) {
			t.Error("the old session opens something still")
		}
		_, err = p.RedeemTicket(t.Context(), string(ticket))
		want(t, err, account.ErrToken)
	})
}

func TestATicketOpensOneSocketSoon(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		u, tokens := p.register("Ana")
		ctx := p.as(tokens.Access)
		get := func() string {
			ticket, life, err := p.Ticket(ctx)
			if err != nil || life != 30*time.Second {
				t.Fatal(life, err)
			}
			return string(ticket)
		}
		ticket := get()
		var wg sync.WaitGroup
		won := make(chan account.Identity, 8)
		for range cap(won) {
			wg.Go(func() {
				if who, err := p.RedeemTicket(t.Context(), ticket); err == nil {
					won <- who
				} else if !errors.Is(err, account.ErrToken) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(won) != 1 {
			t.Fatalf("%d sockets by one ticket", len(won))
		}
		if who := <-won; who.User != u.ID || who.Session != tokens.Session.ID {
			t.Errorf("%+v", who)
		}
		if _, err := p.Authenticate(t.Context(), get()); !errors.Is(err, account.ErrToken) {
			t.Errorf("a ticket as access token: %v", err)
		}
		if _, err := p.RedeemTicket(t.Context(), string(tokens.Access)); !errors.Is(err, account.ErrToken) {
			t.Errorf("an access token as ticket: %v", err)
		}
		late := get()
		p.wait(30 * time.Second)
		_, err := p.RedeemTicket(t.Context(), late)
		want(t, err, account.ErrToken)
		ended := get()
		must(t, p.Logout(ctx))
		_, err = p.RedeemTicket(t.Context(), ended)
		want(t, err, account.ErrToken)
	})
}
