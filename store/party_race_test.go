package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"watchparty/internal/account"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

func TestSixtyJoinsAtOnceOnTenSeatsGiveTen(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		host := h.user("Mara")
		c := h.party(host, party.Patch{MaxParticipants: ptr(10), Visibility: ptr(party.Public)})
		people := h.people(60)
		got := h.together(len(people), func(i int) error {
			_, err := h.Join(t.Context(), people[i], ref(c), party.Asking{})
			return err
		})
		if diff := cmp.Diff(map[string]int{"ok": 9, "party.full": 51}, got); diff != "" {
			t.Error(diff)
		}
		if row, _ := h.whole(c.ID); row.Seats != 10 {
			t.Errorf("%d seats are taken", row.Seats)
		}
	})
}

func TestASingleUseInviteUsedSixtyFourTimesAtOnceAdmitsOne(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		host := h.user("Mara")
		c := h.party(host, party.Patch{MaxParticipants: ptr(100), AllowJoinByCode: ptr(false)})
		link, err := h.Invite(t.Context(), host, ref(c), 0, 1)
		must(t, err)
		people := h.people(64)
		got := h.together(len(people), func(i int) error {
			_, err := h.Join(t.Context(), people[i], party.Ref{}, party.Asking{Invite: link.Code})
			return err
		})
		if diff := cmp.Diff(map[string]int{"ok": 1, "invite.used_up": 63}, got); diff != "" {
			t.Error(diff)
		}
		if row, _ := h.whole(c.ID); row.Seats != 2 {
			t.Errorf("%d seats are taken", row.Seats)
		}
	})
}

func TestOnePersonWhoJoinsManyTimesAtOnceHasOneSeat(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		host, jun := h.user("Mara"), h.user("Jun")
		c := h.party(host, party.Patch{})
		link, err := h.Invite(t.Context(), host, ref(c), 0, 5)
		must(t, err)
		got := h.together(16, func(i int) error {
			a := party.Asking{}
			if i%2 == 0 {
				a.Invite = link.Code
				_, err := h.Join(t.Context(), jun, ref(c), a)
				return err
			}
			_, err := h.JoinByCode(t.Context(), jun, c.RoomCode, a)
			return err
		})
		if diff := cmp.Diff(map[string]int{"ok": 16}, got); diff != "" {
			t.Error(diff)
		}
		if row, _ := h.whole(c.ID); row.Seats != 2 {
			t.Errorf("%d seats are taken", row.Seats)
		}
		links, err := h.Invites(t.Context(), host, ref(c))
		must(t, err)
		if links[0].Uses > 1 {
			t.Errorf("one person used the link %d times", links[0].Uses)
		}
	})
}

func TestLettingInNeverTakesMoreSeatsThanThereAre(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		host := h.user("Mara")
		c := h.party(host, party.Patch{MaxParticipants: ptr(4), RequireApproval: ptr(true)})
		var knocks []id.Member
		for _, who := range h.people(8) {
			knocks = append(knocks, h.join(who, c).Card.Mine.ID)
		}
		if row, _ := h.whole(c.ID); row.Seats != 1 {
			t.Fatalf("people at the door hold seats: %d", row.Seats)
		}
		got := h.together(len(knocks), func(i int) error {
			_, err := h.Admit(t.Context(), host, ref(c), knocks[i])
			return err
		})
		if diff := cmp.Diff(map[string]int{"ok": 3, "party.full": 5}, got); diff != "" {
			t.Error(diff)
		}
		h.whole(c.ID)
	})
}

func TestAPartyHasOneHostWhateverHappensAtOnce(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		host := h.user("Mara")
		c := h.party(host, party.Patch{})
		people := h.people(6)
		for _, who := range people {
			h.join(who, c)
		}
		everyone := append([]account.Identity{host}, people...)
		h.together(24, func(i int) error {
			who := everyone[i%len(everyone)]
			switch i % 3 {
			case 0:
				return h.Succeed(t.Context(), c.ID, host.User, who.User)
			case 1:
				_, err := h.HandOver(t.Context(), host, ref(c), who.User)
				return err
			}
			return h.Leave(t.Context(), who, ref(c))
		})
		h.whole(c.ID)
	})
}
