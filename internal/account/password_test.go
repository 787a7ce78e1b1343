package account

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// djangoSum is PBKDF2-SHA256 of "popcorn time" with salt "saltsalt", 1000 rounds.
const djangoSum = "4L4j9LmbUcOKroXPrCIQguR9H/RUdElbm/73m8t+lyc="

// cheap keeps tests quick; the costs are part of the hash.
var cheap = Params{Memory: 64, Time: 1, Threads: 1}

func TestPasswordsAreKeptAsTheCostsSay(t *testing.T) {
	t.Parallel()
	if Costs.Memory < 19456 || Costs.Time < 2 {
		t.Fatalf("weaker than OWASP's least: %+v", Costs)
	}
	h := NewHasher(Costs, 2)
	kept, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(kept), "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%s", string(kept))
	}
	again, err := h.Hash(t.Context(), "correct horse")
	if err != nil || again == kept {
		t.Fatalf("the same salt twice, %v", err)
	}
}

func TestAPasswordIsComparedWhole(t *testing.T) {
	t.Parallel()
	h := NewHasher(cheap, 1)
	for _, n := range []int{8, 72, 73, 127} {
		base := strings.Repeat("x", n)
		kept, err := h.Hash(t.Context(), base+"a")
		if err != nil {
			t.Fatal(err)
		}
		for password, want := range map[string]bool{base + "a": true, base + "b": false, base: false, "": false} {
			ok, stale, err := h.Verify(t.Context(), password, kept)
			if err != nil || ok != want || stale {
				t.Errorf("%d: %q is %v, stale %v, %v", n, password, ok, stale, err)
			}
		}
	}
}

func TestOldHashesStillOpenAndAreToBeMadeAnew(t *testing.T) {
	t.Parallel()
	old, err := NewHasher(cheap, 1).Hash(t.Context(), "popcorn time")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]Secret{
		"cheaper argon2id": old,
		"Django":           "pbkdf2_sha256$1000$saltsalt$" + djangoSum,
	}
	h := NewHasher(Params{Memory: 128, Time: 1, Threads: 1}, 1)
	for name, kept := range tests {
		if ok, stale, err := h.Verify(t.Context(), "popcorn time", kept); !ok || !stale || err != nil {
			t.Errorf("%s: ok %v, stale %v, %v", name, ok, stale, err)
		}
		if ok, stale, err := h.Verify(t.Context(), "popcorn tine", kept); ok || stale || err != nil {
			t.Errorf("%s, wrong: ok %v, stale %v, %v", name, ok, stale, err)
		}
	}
}

func TestASpoiltHashOpensNothing(t *testing.T) {
	t.Parallel()
	h := NewHasher(cheap, 1)
	for _, kept := range []Secret{
		"plain", "$argon2id$", "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
		"$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
		"$argon2id$v=19$m=64,t=0,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
		"$argon2id$v=19$m=64,t=1,p=0$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$", "$argon2id$v=19$m=64,t=1,p=1$!$!",
		"pbkdf2_sha256$999999999$s$" + djangoSum, "pbkdf2_sha256$x$s$y", "pbkdf2_sha256$",
	} {
		if ok, _, err := h.Verify(t.Context(), "", kept); ok || err == nil {
			t.Errorf("%s: ok %v, %v", string(kept), ok, err)
		}
	}
	if ok, _, err := h.Verify(t.Context(), "nobody has this password", ""); ok || err != nil {
		t.Errorf("no hash: ok %v, %v", ok, err)
	}
}

func TestOnlySoManyWaitForAHash(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := NewHasher(cheap, 2)
		for range 2 {
			if _, err := h.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		errs := make(chan error, hashQueue)
		for range hashQueue {
			wg.Go(func() {
				_, err := h.enter(t.Context())
				errs <- err
			})
		}
		synctest.Wait()
		start := time.Now()
		if _, err := h.enter(t.Context()); !errors.Is(err, ErrBusy) || time.Since(start) != 0 {
			t.Errorf("beyond the queue: %v after %v", err, time.Since(start))
		}
		wg.Wait()
		for range hashQueue {
			if err := <-errs; !errors.Is(err, ErrBusy) {
				t.Errorf("in the queue: %v", err)
			}
		}
		if waited := time.Since(start); waited != hashWait {
			t.Errorf("waited %v", waited)
		}
		if len(h.queue) != 2 {
			t.Errorf("%d places are not given back", len(h.queue)-2)
		}
	})
}

func TestASecretDoesNotShow(t *testing.T) {
	t.Parallel()
	s := Secret("canary")
	tokens := Tokens{Access: s, Refresh: s}
	for _, text := range printed(s, tokens, User{Password: s}) {
		if strings.Contains(text, "canary") {
			t.Errorf("%s", text)
		}
	}
}
