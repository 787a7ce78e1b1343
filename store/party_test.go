package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/store"
)

// befriend makes a and b friends.
func (h *house) befriend(a, b account.Identity) {
	h.t.Helper()
	accounts := h.s.Accounts()
	for _, ask := range []account.Ask{{From: a.User, To: b.User}, {From: b.User, To: a.User}} {
		ask.ID = id.New[id.Friend]()
		_, _, err := accounts.Ask(h.t.Context(), ask)
		must(h.t, err)
	}
}

// Whoever may not see a party finds it by no door: not in a list, not in a
// count, not by name, not by search; and all doors agree.
func TestAllDoorsAgreeOnWhoSeesAParty(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		host, friend, stranger := h.user("Mara"), h.user("Jun"), h.user("Olek")
		enemy, seatedEnemy, blockedFriend := h.user("Max"), h.user("Ivo"), h.user("Ute")
		goneEnemy := h.user("Ada")
		left, pending, banned, guest := h.user("Lea"), h.user("Pia"), h.user("Bob"), h.guest("Gus")
		h.befriend(host, friend)
		h.befriend(host, blockedFriend)
		viewers := map[string]account.Identity{
			"host": host, "friend": friend, "stranger": stranger, "enemy": enemy, "seated enemy": seatedEnemy,
			"blocked friend": blockedFriend, "enemy who left": goneEnemy, "who left": left, "who knocks": pending, "banned": banned,
			"guest": guest, "anonymous": nobody,
		}
		seen := map[party.Visibility][]string{
			party.Private: {"host", "seated enemy", "who left", "who knocks", "banned"},
			party.Friends: {"host", "seated enemy", "who left", "who knocks", "banned", "friend"},
			party.Public:  nil, // everybody
		}
		made := map[party.Visibility]party.Card{}
		for v := range seen {
			c := h.party(host, party.Patch{Visibility: &v, Title: ptr("Zebra " + string(v))})
			h.join(seatedEnemy, c)
			for _, who := range []account.Identity{left, goneEnemy} {
				h.join(who, c)
				must(t, h.Leave(t.Context(), who, ref(c)))
			}
			h.join(banned, c)
			must(t, h.Ban(t.Context(), host, ref(c), banned.User, 0, ""))
			_, err := h.Edit(t.Context(), host, ref(c), party.Patch{RequireApproval: ptr(true)}, 0)
			must(t, err)
			h.join(pending, c)
			made[v] = h.get(host, c)
		}
		h.block(host, enemy)
		h.block(host, goneEnemy)
		h.block(seatedEnemy, host)
		h.block(blockedFriend, host)

		for v, c := range made {
			for name, who := range viewers {
				want := v == party.Public || slices.Contains(seen[v], name)
				got := map[string]bool{}
				_, err := h.Get(t.Context(), who, ref(c))
				got["by id"] = err == nil
				refused404(t, err)
				_, err = h.Get(t.Context(), who, party.Ref{Code: c.RoomCode})
				got["by code"] = err == nil
				refused404(t, err)
				for filter, f := range map[string]party.Filter{
					"list": {Limit: 100}, "search": {Limit: 100, Search: "zebra " + string(v)},
					"by status": {Limit: 100, Statuses: []party.Status{party.Scheduled}},
				} {
					cards, n, err := h.List(t.Context(), who, f)
					must(t, err)
					if n != len(cards) {
						t.Errorf("%s of %s counts %d of %d", filter, name, n, len(cards))
					}
					got[filter] = slices.ContainsFunc(cards, func(x party.Card) bool { return x.ID == c.ID })
				}
				for door, open := range got {
					if open != want {
						t.Errorf("%s %s %s: %v, want %v", name, door, v, open, want)
					}
				}
			}
		}

		// Blocked people do not come in by a code or a link either.
		link, err := h.Invite(t.Context(), host, ref(made[party.Private]), 0, 0)
		must(t, err)
		_, err = h.JoinByCode(t.Context(), enemy, made[party.Private].RoomCode, party.Asking{})
		refused(t, "a code for the blocked", err, fault.ErrNotFound)
		_, err = h.Join(t.Context(), enemy, party.Ref{}, party.Asking{Invite: link.Code})
		refused(t, "a link for the blocked", err, party.ErrInviteUnknown)
		_, err = h.Preview(t.Context(), enemy, link.Code)
		refused(t, "a preview for the blocked", err, party.ErrInviteUnknown)
		if _, err = h.Preview(t.Context(), nobody, link.Code); err != nil {
			t.Errorf("a preview for a stranger: %v", err)
		}
		_, err = h.PublicCard(t.Context(), nobody, made[party.Friends].RoomCode)
		refused(t, "a friends' party as a public one", err, fault.ErrNotFound)
		if _, err = h.PublicCard(t.Context(), nobody, made[party.Public].RoomCode); err != nil {
			t.Errorf("a public party: %v", err)
		}
	})
}

func (h *house) block(a, b account.Identity) {
	h.t.Helper()
	must(h.t, h.s.Accounts().Block(h.t.Context(), a.User, b.User))
}

func refused404(t *testing.T, err error) {
	t.Helper()
	if err != nil && err.Error() != fault.ErrNotFound.Error() {
		t.Errorf("the unseen is answered in other words: %v", err)
	}
}

func TestListsAreScopedOrderedAndPaged(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		mara, jun := h.user("Mara"), h.user("Jun")
		var all []party.Card
		for i, title := range []string{"delta", "Alpha", "ärger_", "charlie 100%"} {
			p := party.Patch{Title: &title, Visibility: ptr(party.Public)}
			if i%2 == 0 {
				p.Schedule = ptr(ptr(h.clock().Add(time.Duration(5-i) * time.Hour)))
			}
			all = append(all, h.party([]account.Identity{mara, jun}[i/3], p))
			h.later(time.Second)
		}
		h.join(jun, all[0])
		over := ok(t)(h.End(t.Context(), mara, ref(all[1])))
		titles := func(who account.Identity, f party.Filter) []string {
			if f.Limit == 0 {
				f.Limit = 100
			}
			cards, n, err := h.List(t.Context(), who, f)
			must(t, err)
			out := []string{fmt.Sprint(n)}
			for _, c := range cards {
				out = append(out, c.Title[:min(len(c.Title), 5)])
			}
			return out
		}
		for name, tt := range map[string]struct {
			who  account.Identity
			f    party.Filter
			want []string
		}{
			"all, the newest first":        {jun, party.Filter{}, []string{"4", "charl", "ärge", "Alpha", "delta"}},
			"public, without what is over": {nobody, party.Filter{Scope: party.PublicScope, Order: "created_at"}, []string{"3", "delta", "ärge", "charl"}},
			"hosted":                       {mara, party.Filter{Scope: party.Hosted, Order: "title"}, []string{"3", "Alpha", "delta", "ärge"}},
			"joined":                       {jun, party.Filter{Scope: party.JoinedScope}, []string{"1", "delta"}},
			"mine":                         {jun, party.Filter{Scope: party.Mine}, []string{"2", "charl", "delta"}},
			"by start, without one last":   {jun, party.Filter{Order: "scheduled_start"}, []string{"4", "ärge", "delta", "Alpha", "charl"}},
			"by status":                    {jun, party.Filter{Statuses: []party.Status{over.Status}}, []string{"1", "Alpha"}},
			"search in any case":           {jun, party.Filter{Search: "ÄRGER"}, []string{"1", "ärge"}},
			"search all words":             {jun, party.Filter{Search: "CHAR  100"}, []string{"1", "charl"}},
			"a percent sign is itself":     {jun, party.Filter{Search: "%"}, []string{"1", "charl"}},
			"an underscore is itself":      {jun, party.Filter{Search: "_"}, []string{"1", "ärge"}},
			"a quote breaks nothing":       {jun, party.Filter{Search: `' OR 1=1 -- \`}, []string{"0"}},
			"a page":                       {jun, party.Filter{Limit: 2, Offset: 1}, []string{"4", "ärge", "Alpha"}},
		} {
			if diff := cmp.Diff(tt.want, titles(tt.who, tt.f)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		for _, f := range []party.Filter{{Scope: "x"}, {Order: "password"}, {Statuses: []party.Status{"x"}}, {Search: "\x00"}} {
			if _, _, err := h.List(t.Context(), jun, f); fault.Of(err).Kind != fault.Invalid {
				t.Errorf("%+v: %v", f, err)
			}
		}
		_, _, err := h.List(t.Context(), nobody, party.Filter{Scope: party.Mine})
		refused(t, "mine of nobody", err, fault.ErrUnauthenticated)
	})
}

func TestAListTakesThreeStatementsHoweverLong(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		mara := h.user("Mara")
		for n := range 30 {
			_, err := h.Create(t.Context(), mara, party.Patch{Title: ptr(fmt.Sprint(n))}, &party.Choice{Kind: party.Sample})
			must(t, err)
		}
		for _, limit := range []int{1, 30} {
			ctx, n := store.Counted(t.Context())
			cards, _, err := h.List(ctx, mara, party.Filter{Limit: limit})
			must(t, err)
			if len(cards) != limit || cards[0].Film == nil || cards[0].HostPerson.Name != "Mara" || cards[0].Mine.Role != access.Host {
				t.Errorf("%d cards, the first %+v", len(cards), cards[0])
			}
			if n.Load() > 3 {
				t.Errorf("%d statements for %d parties", n.Load(), limit)
			}
		}
	})
}

func TestKnockingWaitsForAnAnswer(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		host, jun, olek := h.user("Mara"), h.user("Jun"), h.user("Olek")
		c := h.party(host, party.Patch{RequireApproval: ptr(true), MaxParticipants: ptr(2), Visibility: ptr(party.Public)})
		knock, err := h.Join(ctx, jun, ref(c), party.Asking{Note: "it is me"})
		must(t, err)
		other, err := h.Join(ctx, olek, ref(c), party.Asking{})
		must(t, err)
		_, _, err = h.Enter(ctx, c.ID, jun)
		refused(t, "entering before the answer", err, party.ErrPending)
		_, err = h.Admit(ctx, jun, ref(c), knock.Card.Mine.ID)
		refused(t, "letting oneself in", err, fault.ErrForbidden)
		_, knocks, err := h.Members(ctx, host, ref(c), party.Pending)
		must(t, err)
		if len(knocks) != 2 || knocks[0].Note != "it is me" {
			t.Errorf("at the door: %+v", knocks)
		}

		_, err = h.TurnAway(ctx, host, ref(c), knock.Card.Mine.ID)
		must(t, err)
		if told := h.facts.take(party.UserTopic(jun.User)); len(told) != 1 || told[0].Kind != party.FactRefused {
			t.Errorf("told %v", told)
		}
		_, err = h.Join(ctx, jun, ref(c), party.Asking{})
		refused(t, "knocking again at once", err, party.ErrRejected)
		h.later(party.Cooling)
		again, err := h.Join(ctx, jun, ref(c), party.Asking{})
		must(t, err)
		if again.Card.Mine.Standing != party.Pending || again.Already || again.Card.Mine.ID != knock.Card.Mine.ID {
			t.Errorf("knocking later: %+v", again)
		}

		_, err = h.Admit(ctx, host, ref(c), again.Card.Mine.ID)
		must(t, err)
		_, err = h.Admit(ctx, host, ref(c), again.Card.Mine.ID)
		must(t, err) // the same again
		if told := h.facts.take(party.UserTopic(jun.User)); len(told) != 1 || told[0].Kind != party.FactAdmitted {
			t.Errorf("told %v", told)
		}
		_, _, err = h.Enter(ctx, c.ID, jun)
		must(t, err)
		_, err = h.Admit(ctx, host, ref(c), other.Card.Mine.ID)
		refused(t, "a third on two seats", err, party.ErrFull)
		h.whole(c.ID)
	})
}

func TestWhoIsSentOutStaysOutAsLongAsSaid(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		host, sam := h.user("Mara"), h.guest("Sam")
		c := h.party(host, party.Patch{})
		link, err := h.Invite(ctx, host, ref(c), 0, 0)
		must(t, err)
		asking := party.Asking{Invite: link.Code, Device: "browser one"}
		_, err = h.Join(ctx, sam, party.Ref{}, asking)
		must(t, err)
		h.facts.take(party.Topic(c.ID))

		must(t, h.Kick(ctx, host, ref(c), sam.User))
		must(t, h.Kick(ctx, host, ref(c), sam.User))
		told := h.facts.take(party.Topic(c.ID))
		want := fmt.Sprintf(`{"party":%q,"what":["members"],"user":%q,"removed":true,"by":%q}`, c.ID, sam.User, host.User)
		if len(told) != 1 || string(told[0].Data) != want {
			t.Errorf("told %v", told)
		}
		for name, join := range map[string]func() error{
			"code":                         func() error { _, err := h.JoinByCode(ctx, sam, c.RoomCode, party.Asking{}); return err },
			"link":                         func() error { _, err := h.Join(ctx, sam, party.Ref{}, asking); return err },
			"another guest of the browser": func() error { _, err := h.Join(ctx, h.guest("New"), party.Ref{}, asking); return err },
		} {
			refused(t, name, join(), party.ErrKicked)
		}
		_, _, err = h.Enter(ctx, c.ID, sam)
		refused(t, "entering", err, party.ErrKicked)
		h.later(party.Cooling)
		_, err = h.Join(ctx, sam, party.Ref{}, asking)
		must(t, err)

		must(t, h.Ban(ctx, host, ref(c), sam.User, time.Hour, "spoilers"))
		bans, err := h.Bans(ctx, host, ref(c))
		must(t, err)
		if len(bans) != 1 || bans[0].Note != "spoilers" || bans[0].BannedUntil == nil {
			t.Errorf("bans %+v", bans)
		}
		_, err = h.Join(ctx, h.guest("New"), party.Ref{}, asking)
		refused(t, "a new guest of the banned browser", err, party.ErrBanned)
		other := asking
		other.Device = "browser two"
		_, err = h.Join(ctx, h.guest("New"), party.Ref{}, other)
		must(t, err)
		h.later(59 * time.Minute)
		_, err = h.JoinByCode(ctx, sam, c.RoomCode, party.Asking{})
		refused(t, "before its end", err, party.ErrBanned)
		h.later(time.Minute)
		_, err = h.JoinByCode(ctx, sam, c.RoomCode, party.Asking{})
		must(t, err)

		must(t, h.Ban(ctx, host, ref(c), sam.User, 0, ""))
		h.later(1000 * time.Hour)
		_, err = h.JoinByCode(ctx, sam, c.RoomCode, party.Asking{})
		refused(t, "a ban for good", err, party.ErrBanned)
		must(t, h.Unban(ctx, host, ref(c), sam.User))
		_, err = h.JoinByCode(ctx, sam, c.RoomCode, party.Asking{})
		must(t, err)
		h.whole(c.ID)
	})
}

func TestTheFounderTakesHisPartyBack(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		mara, jun, sam := h.user("Mara"), h.user("Jun"), h.guest("Sam")
		c := h.party(mara, party.Patch{})
		h.join(jun, c)
		h.join(sam, c)
		must(t, h.Succeed(ctx, c.ID, mara.User, jun.User))
		refused(t, "succeeding who is host no more", h.Succeed(ctx, c.ID, mara.User, sam.User), fault.ErrConflict)
		if _, m := h.whole(c.ID); m[jun.User].Role != access.Host || m[mara.User].Role != access.CoHost || m[sam.User].Role != access.Viewer {
			t.Errorf("%+v", m)
		}
		refused(t, "sending the founder out", h.Ban(ctx, jun, ref(c), mara.User, 0, ""), party.ErrRank)
		_, err := h.HandOver(ctx, sam, ref(c), sam.User)
		refused(t, "a guest takes it", err, fault.ErrForbidden)
		back := ok(t)(h.HandOver(ctx, mara, ref(c), mara.User))
		if back.Host != mara.User || back.Mine.Role != access.Host {
			t.Errorf("%+v", back)
		}
		ok(t)(h.HandOver(ctx, mara, ref(c), jun.User))
		_, err = h.HandOver(ctx, mara, ref(c), mara.User)
		refused(t, "taking back what was given away", err, fault.ErrForbidden)
		must(t, h.Leave(ctx, jun, ref(c)))
		must(t, h.Leave(ctx, mara, ref(c)))
		if row, _ := h.whole(c.ID); row.Host != sam.User || row.Over() {
			t.Errorf("%+v", row)
		}
		must(t, h.Leave(ctx, sam, ref(c)))
		if row, _ := h.whole(c.ID); row.Status != party.Cancelled {
			t.Errorf("a party without people: %s", row.Status)
		}
	})
}

func TestLinksAreShownToHostsAndOpenOneParty(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		host, jun := h.user("Mara"), h.user("Jun")
		a, b := h.party(host, party.Patch{}), h.party(host, party.Patch{})
		link, err := h.Invite(ctx, host, ref(a), 2*time.Hour, 3)
		must(t, err)
		listed, err := h.Invites(ctx, host, ref(a))
		must(t, err)
		if diff := cmp.Diff([]party.Invite{link}, listed); diff != "" {
			t.Error(diff)
		}
		_, err = h.Join(ctx, jun, ref(b), party.Asking{Invite: link.Code})
		refused(t, "the link of another party", err, party.ErrInviteUnknown)
		refused(t, "revoking another party's", h.Revoke(ctx, host, ref(b), link.ID), fault.ErrNotFound)
		_, err = h.Join(ctx, jun, party.Ref{}, party.Asking{Invite: link.Code + "x"})
		refused(t, "a wrong code", err, party.ErrInviteUnknown)
		_, err = h.Join(ctx, jun, party.Ref{}, party.Asking{Invite: link.Code})
		must(t, err)
		_, err = h.Invites(ctx, jun, ref(a))
		refused(t, "a member reads the links", err, fault.ErrForbidden)
		// Who came by a link comes again by it without using it up.
		must(t, h.Leave(ctx, jun, ref(a)))
		_, err = h.Join(ctx, jun, party.Ref{}, party.Asking{Invite: link.Code})
		must(t, err)
		if listed, err = h.Invites(ctx, host, ref(a)); err != nil || listed[0].Uses != 1 {
			t.Errorf("%+v %v", listed, err)
		}
		v, err := h.Preview(ctx, jun, link.Code)
		if err != nil || v.Why != nil || !v.Card.Seated() {
			t.Errorf("%+v %v", v, err)
		}
		h.later(2 * time.Hour)
		v, err = h.Preview(ctx, nobody, link.Code)
		must(t, err)
		refused(t, "a late link", v.Why, party.ErrInviteExpired)
		must(t, h.Revoke(ctx, host, ref(a), link.ID))
		_, err = h.Join(ctx, h.user("Olek"), party.Ref{}, party.Asking{Invite: link.Code})
		refused(t, "a revoked link", err, party.ErrInviteRevoked)
	})
}

func TestTheQueueStaysDense(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		host := h.user("Mara")
		c, other := h.party(host, party.Patch{}), h.party(host, party.Patch{})
		var items []party.Item
		for _, x := range []party.Choice{
			{Kind: party.Sample}, {Kind: party.URL, URL: " https://films.example/a.m3u8 "},
			{Kind: party.Upload, Media: id.New[id.Media](), Title: "Ours"}, {Kind: party.Sample, Title: "Last"},
		} {
			i, err := h.Enqueue(ctx, host, ref(c), x)
			must(t, err)
			items = append(items, i)
		}
		if items[1].Kind != party.HLS || items[2].Title != "Ours" || items[2].Media == "" {
			t.Errorf("%+v", items)
		}
		_, err := h.EditItem(ctx, host, ref(c), items[3].ID, ptr("First"), ptr(0))
		must(t, err)
		_, err = h.PlayNext(ctx, host, ref(c), items[2].ID)
		must(t, err)
		order := func() (out []int) {
			_, _, all, err := h.Load(ctx, c.ID)
			must(t, err)
			h.whole(c.ID)
			for _, x := range all {
				out = append(out, slices.IndexFunc(items, func(y party.Item) bool { return x.ID == y.ID }))
			}
			return out
		}
		if diff := cmp.Diff([]int{3, 0, 2, 1}, order()); diff != "" {
			t.Error(diff)
		}
		must(t, h.RemoveItem(ctx, host, ref(c), items[0].ID))
		if row, _ := h.whole(c.ID); row.Current != items[2].ID {
			t.Errorf("current is %s", row.Current)
		}
		must(t, h.SetCurrent(ctx, c.ID, items[1].ID))
		must(t, h.SetDuration(ctx, c.ID, items[1].ID, 61500*time.Millisecond))
		for what, err := range map[string]error{
			"current":  h.SetCurrent(ctx, other.ID, items[1].ID),
			"duration": h.SetDuration(ctx, other.ID, items[1].ID, time.Second),
			"remove":   h.RemoveItem(ctx, host, ref(other), items[1].ID),
		} {
			refused(t, what+" of another party's item", err, fault.ErrNotFound)
		}
		got := h.get(host, c)
		if got.Film == nil || got.Film.ID != items[1].ID || got.Film.Duration != 61500*time.Millisecond {
			t.Errorf("%+v", got.Film)
		}
		for range party.MaxItems - 3 {
			_, err := h.Enqueue(ctx, host, ref(c), party.Choice{Kind: party.Sample})
			must(t, err)
		}
		_, err = h.Enqueue(ctx, host, ref(c), party.Choice{Kind: party.Sample})
		refused(t, "one item more", err, party.ErrQueueFull)
		h.whole(c.ID)
	})
}

func TestSettingsAreSavedOnceForEachVersion(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		host := h.user("Mara")
		c := h.party(host, party.Patch{})
		got := h.together(8, func(i int) error {
			_, err := h.Edit(ctx, host, ref(c), party.Patch{Title: ptr(fmt.Sprint("T", i))}, 1)
			return err
		})
		if diff := cmp.Diff(map[string]int{"ok": 1, "version.stale": 7}, got); diff != "" {
			t.Error(diff)
		}
		start := h.clock().Add(time.Hour)
		want := party.Patch{
			Title: ptr("New"), Description: ptr("Line one\nline two"), Visibility: ptr(party.Friends), MaxParticipants: ptr(7),
			RequireApproval: ptr(true), AllowChat: ptr(false), AllowReactions: ptr(false), AllowJoinByCode: ptr(false),
			Locked: ptr(true), WaitForSlow: ptr(false), Control: ptr(party.ControlAsk), SlowMode: ptr(9 * time.Second),
			Schedule: ptr(&start),
		}
		before := h.get(host, c)
		expected, err := before.Edit(want, h.clock())
		must(t, err)
		after := ok(t)(h.Edit(ctx, host, ref(c), want, 2)).Party
		expected.Version, expected.UpdatedAt = 3, after.UpdatedAt
		if diff := cmp.Diff(expected, after); diff != "" {
			t.Error(diff)
		}
		must(t, h.Delete(ctx, host, ref(c), 3))
		_, err = h.Get(ctx, host, ref(c))
		refused(t, "what was deleted", err, fault.ErrNotFound)
	})
}
