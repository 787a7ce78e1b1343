package store_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
)

func TestALinkVerifiesTheAddressOnce(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		_, tokens := p.register("Ana")
		l := p.last()
		if l.kind != account.LetterVerify || l.to != "ana@example.com" || !strings.HasPrefix(l.link, "https://party.example/verify?token=") {
			t.Fatalf("%+v", l)
		}
		want(t, p.ResetPassword(t.Context(), l.token(), "another pass phrase"), account.ErrLink)
		must(t, p.VerifyEmail(t.Context(), l.token()))
		want(t, p.VerifyEmail(t.Context(), l.token()), account.ErrLink)
		want(t, p.VerifyEmail(t.Context(), ""), account.ErrLink)
		me, err := p.Me(p.as(tokens.Access))
		if err != nil || me.VerifiedAt == nil {
			t.Fatalf("%v, %v", me.VerifiedAt, err)
		}
		n := len(p.letters)
		must(t, p.Resend(p.as(tokens.Access), ""))
		must(t, p.Resend(t.Context(), "nobody@example.com"))
		if len(p.letters) != n {
			t.Error("a letter to a verified or unknown address")
		}
	})
}

func TestALateLinkVerifiesNothing(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		p.register("Ana")
		p.wait(48 * time.Hour)
		want(t, p.VerifyEmail(t.Context(), p.last().token()), account.ErrLink)
		must(t, p.Resend(t.Context(), "ana@example.com"))
		must(t, p.VerifyEmail(t.Context(), p.last().token()))
	})
}

func TestAForgottenPasswordIsSetByALinkOnce(t *testing.T) {
	t.Parallel()
	const fresh = "another pass phrase"
	eachPeople(t, func(t *testing.T, p *people) {
		_, tokens := p.register("Ana")
		n := len(p.letters)
		must(t, p.Forgot(t.Context(), "nobody@example.com"))
		if len(p.letters) != n {
			t.Fatal("a letter to nobody")
		}
		must(t, p.Forgot(t.Context(), "ANA@example.com"))
		first := p.last()
		must(t, p.Forgot(t.Context(), "ana@example.com"))
		second := p.last()
		want(t, p.ResetPassword(t.Context(), second.token(), "short"), account.ErrWeak)

		var wg sync.WaitGroup
		errs := make(chan error, 6)
		for range cap(errs) {
			wg.Go(func() { errs <- p.ResetPassword(t.Context(), second.token(), fresh) })
		}
		wg.Wait()
		close(errs)
		won := 0
		for err := range errs {
			if err == nil {
				won++
			}
		}
		if won != 1 {
			t.Fatalf("the link worked %d times", won)
		}
		want(t, p.ResetPassword(t.Context(), first.token(), "a third pass phrase"), account.ErrLink)
		if !p.out(tokens.Access) {
			t.Error("the thief is still in")
		}
		if told := p.told(account.FactSessionRevoked); len(told) != 1 || !strings.Contains(told[0], `"all":true`) {
			t.Errorf("told %v", told)
		}
		if l := p.last(); l.kind != account.LetterChanged || l.link != "" {
			t.Errorf("%+v", l)
		}
		_, _, err := p.Login(t.Context(), "ana@example.com", password, account.Client{})
		want(t, err, account.ErrCredentials)
		me, _, err := p.Login(t.Context(), "ana@example.com", fresh, account.Client{})
		if err != nil || me.VerifiedAt == nil {
			t.Errorf("%v, verified %v", err, me.VerifiedAt)
		}
	})
}

func TestALateResetLinkSetsNothing(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		p.register("Ana")
		must(t, p.Forgot(t.Context(), "ana@example.com"))
		p.wait(time.Hour)
		want(t, p.ResetPassword(t.Context(), p.last().token(), "another pass phrase"), account.ErrLink)
	})
}

func TestChangingThePasswordSignsTheOthersOut(t *testing.T) {
	t.Parallel()
	const fresh = "another pass phrase"
	eachPeople(t, func(t *testing.T, p *people) {
		_, tokens := p.register("Ana")
		_, phone, err := p.Login(t.Context(), "ana@example.com", password, account.Client{})
		must(t, err)
		must(t, p.Forgot(t.Context(), "ana@example.com"))
		link := p.last()
		ctx := p.as(tokens.Access)
		want(t, p.ChangePassword(ctx, "wrong", fresh), account.ErrBadPassword)
		want(t, p.ChangePassword(ctx, password, "ana@example.com"), account.ErrWeak)
		must(t, p.ChangePassword(ctx, password, fresh))
		if p.out(tokens.Access) || !p.out(phone.Access) {
			t.Error("the wrong browser is out")
		}
		if l := p.last(); l.kind != account.LetterChanged {
			t.Errorf("%+v", l)
		}
		want(t, p.ResetPassword(t.Context(), link.token(), "a third pass phrase"), account.ErrLink)
		_, _, err = p.Login(t.Context(), "ana@example.com", fresh, account.Client{})
		must(t, err)
	})
}

func TestAnOldHashIsMadeAnewOnSigningIn(t *testing.T) {
	t.Parallel()
	// PBKDF2 as Django keeps it, of "popcorn time".
	const old = "pbkdf2_sha256$1000$saltsalt$4L4j9LmbUcOKroXPrCIQguR9H/RUdElbm/73m8t+lyc="
	eachPeople(t, func(t *testing.T, p *people) {
		u, _ := p.register("Ana")
		must(t, p.Store.SetPassword(t.Context(), u.ID, old, ""))
		_, _, err := p.Login(t.Context(), "ana@example.com", "popcorn time", account.Client{})
		must(t, err)
		now, err := p.Store.User(t.Context(), u.ID)
		if err != nil || !strings.HasPrefix(string(now.Password), "$argon2id$") {
			t.Fatalf("%q, %v", string(now.Password), err)
		}
		_, _, err = p.Login(t.Context(), "ana@example.com", "popcorn time", account.Client{})
		must(t, err)
	})
}

func TestTheFirstAdminIsMadeByHand(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		admin, err := p.CreateAdmin(t.Context(), "root@example.com", password, "Root")
		if err != nil || admin.Site != access.Admin || admin.VerifiedAt == nil {
			t.Fatalf("%+v, %v", admin, err)
		}
		_, err = p.CreateAdmin(t.Context(), "root@example.com", password, "Root")
		want(t, err, account.ErrEmailTaken)
		_, tokens, err := p.Login(t.Context(), "root@example.com", password, account.Client{})
		must(t, err)
		if who := account.Maybe(p.as(tokens.Access)); who.Site != access.Admin {
			t.Errorf("%+v", who)
		}
	})
}

func TestProfilesAreEditedByVersion(t *testing.T) {
	t.Parallel()
	eachPeople(t, func(t *testing.T, p *people) {
		u, tokens := p.register("Ana")
		p.register("Bob")
		ctx := p.as(tokens.Access)
		str := func(s string) *string { return &s }
		edited, err := p.Edit(ctx, account.Changes{Name: str("Ana Maria"), Avatar: str("/media/x/y.png")}, u.Version)
		if err != nil || edited.Version != u.Version+1 || edited.Name != "Ana Maria" || edited.Username != "ana" {
			t.Fatalf("%+v, %v", edited, err)
		}
		me, err := p.Me(ctx)
		if err != nil || me.Name != "Ana Maria" || me.Avatar != "/media/x/y.png" || me.Version != edited.Version {
			t.Fatalf("%+v, %v", me, err)
		}
		_, err = p.Edit(ctx, account.Changes{Name: str("Late")}, u.Version)
		want(t, err, fault.ErrStale)
		_, err = p.Edit(ctx, account.Changes{Username: str("bob")}, 0)
		want(t, err, account.ErrUsernameTaken)
		for _, bad := range []string{"https://evil.example/x.png", "//evil.example/x", "/media/../../etc", "javascript:alert(1)"} {
			if _, err := p.Edit(ctx, account.Changes{Avatar: str(bad)}, 0); err == nil && !strings.HasPrefix(bad, "/media/") {
				t.Errorf("%s is a picture", bad)
			}
		}
		_, guest, err := p.Guest(t.Context(), "Gus", account.Client{})
		must(t, err)
		_, err = p.Edit(p.as(guest.Access), account.Changes{Username: str("gus")}, 0)
		want(t, err, fault.ErrForbidden)
	})
}
