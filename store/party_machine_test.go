package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

// crowd is one party with people who do whatever comes to their minds, and
// what a plain reading of the rules says about them.
type crowd struct {
	*house
	rt     *rapid.T
	people []account.Identity
	c      party.Card
	link   party.Invite
	barred map[id.User]time.Time // not in before; zero is for good

	row     party.Party // as the last step left it
	members map[id.User]party.Member
}

// entitled says whether somebody in role by, at rank before, may make another
// rise by op to rank after.
func entitled(op string, self bool, founder bool, by, after access.Role) bool {
	switch op {
	case "join", "code", "link":
		return self && after <= access.Member
	case "admit":
		return by >= access.CoHost && after <= access.Member
	case "promote":
		return by == access.Host && after == access.CoHost
	case "hand over":
		return by == access.Host || founder && self
	case "succeed":
		return true // the room does that
	case "leave":
		return by == access.Host && after == access.Host
	}
	return false
}

func (cr *crowd) step() {
	rt, ctx := cr.rt, cr.t.Context()
	actor := rapid.SampledFrom(cr.people).Draw(rt, "actor")
	target := rapid.SampledFrom(cr.people).Draw(rt, "target")
	op := rapid.SampledFrom([]string{
		"join", "code", "link", "leave", "kick", "ban", "unban", "promote", "demote", "hand over", "succeed",
		"admit", "reject", "lock", "unlock", "ask", "ask not", "wait",
	}).Draw(rt, "op")
	row, before := cr.row, cr.members
	barred, until := false, time.Time{}
	if until, barred = cr.barred[actor.User]; barred {
		barred = until.IsZero() || cr.clock().Before(until)
	}
	by, r := before[actor.User], ref(cr.c)
	var err error
	switch op {
	case "join":
		_, err = cr.Join(ctx, actor, r, party.Asking{})
	case "code":
		_, err = cr.JoinByCode(ctx, actor, cr.c.RoomCode, party.Asking{})
	case "link":
		_, err = cr.Join(ctx, actor, party.Ref{}, party.Asking{Invite: cr.link.Code})
	case "leave":
		err = cr.Leave(ctx, actor, r)
	case "kick":
		if err = cr.Kick(ctx, actor, r, target.User); err == nil && before[target.User].Standing != party.Banned && holds(before[target.User]) {
			cr.barred[target.User] = cr.clock().Add(party.Cooling)
		}
	case "ban":
		span := rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(rt, "span")
		if err = cr.Ban(ctx, actor, r, target.User, span, ""); err == nil {
			cr.barred[target.User] = time.Time{}
			if span > 0 {
				cr.barred[target.User] = cr.clock().Add(span)
			}
		}
	case "unban":
		if err = cr.Unban(ctx, actor, r, target.User); err == nil && before[target.User].Standing == party.Banned {
			delete(cr.barred, target.User)
		}
	case "promote":
		_, err = cr.SetRole(ctx, actor, r, target.User, access.CoHost)
	case "demote":
		_, err = cr.SetRole(ctx, actor, r, target.User, access.Member)
	case "hand over":
		_, err = cr.HandOver(ctx, actor, r, target.User)
	case "succeed":
		err = cr.Succeed(ctx, cr.c.ID, actor.User, target.User)
	case "admit":
		_, err = cr.Admit(ctx, actor, r, before[target.User].ID)
	case "reject":
		_, err = cr.TurnAway(ctx, actor, r, before[target.User].ID)
	case "lock", "unlock":
		_, err = cr.Edit(ctx, actor, r, party.Patch{Locked: ptr(op == "lock")}, 0)
	case "ask", "ask not":
		_, err = cr.Edit(ctx, actor, r, party.Patch{RequireApproval: ptr(op == "ask")}, 0)
	case "wait":
		cr.later(rapid.SampledFrom([]time.Duration{time.Minute, party.Cooling, time.Hour}).Draw(rt, "span"))
	}
	cr.judge(op, actor, target, row, before, by, barred, err)
}

func holds(m party.Member) bool { return m.Standing == party.Approved || m.Standing == party.Pending }

// judge looks at what a step has changed.
func (cr *crowd) judge(op string, actor, target account.Identity, row party.Party, before map[id.User]party.Member,
	by party.Member, barred bool, err error,
) {
	if k := fault.Of(err).Kind; err != nil && (k == fault.Internal || k == fault.Unavailable) {
		cr.rt.Fatalf("%s: %v", op, err)
	}
	now, after := cr.whole(cr.c.ID)
	cr.row, cr.members = now, after
	for u, m := range after {
		was := before[u].Acting()
		if m.Acting() <= was {
			continue
		}
		founder := actor.User == row.Founder
		if err != nil || !entitled(op, u == actor.User, founder, by.Acting(), m.Acting()) {
			cr.rt.Fatalf("%s by %s (%s) made %s rise from %s to %s, err %v", op, actor.Name, by.Acting(), u, was, m.Acting(), err)
		}
		if was == access.None && row.Locked && op != "admit" && u != row.Founder {
			cr.rt.Fatalf("%s let somebody into a locked party", op)
		}
	}
	if entering := op == "join" || op == "code" || op == "link"; entering && barred {
		if holds(after[actor.User]) {
			cr.rt.Fatalf("%s let %s in, who may not come before %v", op, actor.Name, cr.barred[actor.User])
		}
		if err == nil {
			cr.rt.Fatalf("%s of somebody barred was not refused", op)
		}
	}
	if now.Founder != row.Founder && (op != "hand over" || by.Acting() != access.Host) {
		cr.rt.Fatalf("%s changed the founder", op)
	}
	if m := after[row.Founder]; m.Standing == party.Banned {
		cr.rt.Fatal("the founder is banned")
	}
}

// Whatever random people do in whatever order, nobody rises but by somebody
// entitled, there is one host, and seats are people.
func TestNobodyRisesButBySomebodyEntitled(t *testing.T) {
	t.Parallel()
	h := newHouse(t, swift)
	people := append(h.people(4), h.guest("Gus"))
	rapid.Check(t, func(rt *rapid.T) {
		cr := &crowd{house: h, rt: rt, people: people, barred: map[id.User]time.Time{}}
		cr.c = h.party(people[0], party.Patch{MaxParticipants: ptr(4), Visibility: ptr(party.Public)})
		var err error
		cr.link, err = h.Invite(t.Context(), people[0], ref(cr.c), party.MaxInviteLife, 0)
		must(t, err)
		cr.row, cr.members = h.whole(cr.c.ID)
		for range rapid.IntRange(4, 16).Draw(rt, "steps") {
			cr.step()
		}
	})
}

// theCells are the critical cells of the permission matrix as a person reads
// the product, apart from the table in the code: who, besides those further
// right, may do it first.
var theCells = map[access.Action]string{
	access.PartyEdit: "host", access.PartyDelete: "host", access.PartyStart: "co-host", access.PartyEnd: "host",
	access.InviteRead: "co-host", access.InviteWrite: "co-host", access.MemberRead: "guest", access.MemberAdmit: "co-host",
	access.MemberKick: "co-host", access.MemberBan: "co-host", access.MemberRole: "host", access.HostHandOver: "host",
	access.QueueRead: "guest", access.QueueWrite: "co-host",
}

var ladder = []string{"anonymous", "stranger", "banned", "pending", "left", "guest", "member", "co-host", "host"}

// stage is a fresh party with somebody of each kind in it.
type stage struct {
	c      party.Card
	cast   map[string]account.Identity
	victim account.Identity
	knock  id.Member
	link   party.Invite
	item   party.Item
}

func (h *house) stage(cast map[string]account.Identity, victim, knocker account.Identity) stage {
	h.t.Helper()
	ctx, host := h.t.Context(), cast["host"]
	s := stage{cast: cast, victim: victim}
	s.c = h.party(host, party.Patch{Visibility: ptr(party.Public)})
	for _, name := range []string{"banned", "left", "guest", "member", "co-host"} {
		h.join(cast[name], s.c)
	}
	h.join(victim, s.c)
	_, err := h.SetRole(ctx, host, ref(s.c), cast["co-host"].User, access.CoHost)
	must(h.t, err)
	must(h.t, h.Ban(ctx, host, ref(s.c), cast["banned"].User, 0, ""))
	must(h.t, h.Leave(ctx, cast["left"], ref(s.c)))
	_, err = h.Edit(ctx, host, ref(s.c), party.Patch{RequireApproval: ptr(true)}, 0)
	must(h.t, err)
	h.join(cast["pending"], s.c)
	s.knock = h.join(knocker, s.c).Card.Mine.ID
	s.link, err = h.Invite(ctx, host, ref(s.c), 0, 0)
	must(h.t, err)
	s.item, err = h.Enqueue(ctx, host, ref(s.c), party.Choice{Kind: party.Sample})
	must(h.t, err)
	return s
}

// tries are all calls that need an action.
func (h *house) tries(s stage, who account.Identity) map[access.Action][]func() error {
	ctx, r := h.t.Context(), ref(s.c)
	return map[access.Action][]func() error{
		access.PartyEdit:   {func() error { _, err := h.Edit(ctx, who, r, party.Patch{Title: ptr("x")}, 0); return err }},
		access.PartyDelete: {func() error { return h.Delete(ctx, who, r, 0) }},
		access.PartyStart:  {func() error { _, err := h.Start(ctx, who, r); return err }},
		access.PartyEnd:    {func() error { _, err := h.End(ctx, who, r); return err }},
		access.InviteRead:  {func() error { _, err := h.Invites(ctx, who, r); return err }},
		access.InviteWrite: {
			func() error { _, err := h.Invite(ctx, who, r, 0, 0); return err },
			func() error { return h.Revoke(ctx, who, r, s.link.ID) },
		},
		access.MemberRead: {func() error { _, _, err := h.Members(ctx, who, r); return err }},
		access.MemberAdmit: {
			func() error { _, _, err := h.Members(ctx, who, r, party.Approved, party.Pending); return err },
			func() error { _, err := h.TurnAway(ctx, who, r, s.knock); return err },
			func() error { _, err := h.Admit(ctx, who, r, s.knock); return err },
		},
		access.MemberKick: {func() error { return h.Kick(ctx, who, r, s.victim.User) }},
		access.MemberBan: {
			func() error { return h.Ban(ctx, who, r, s.victim.User, 0, "") },
			func() error { _, err := h.Bans(ctx, who, r); return err },
			func() error { return h.Unban(ctx, who, r, s.victim.User) },
		},
		access.MemberRole:   {func() error { _, err := h.SetRole(ctx, who, r, s.victim.User, access.CoHost); return err }},
		access.HostHandOver: {func() error { _, err := h.HandOver(ctx, who, r, s.victim.User); return err }},
		access.QueueRead:    {func() error { _, _, err := h.Items(ctx, who, r); return err }},
		access.QueueWrite: {
			func() error { _, err := h.Enqueue(ctx, who, r, party.Choice{Kind: party.Sample}); return err },
			func() error { _, err := h.EditItem(ctx, who, r, s.item.ID, ptr("x"), nil); return err },
			func() error { _, err := h.PlayNext(ctx, who, r, s.item.ID); return err },
			func() error { return h.RemoveItem(ctx, who, r, s.item.ID) },
		},
	}
}

func TestTheMatrixOfRolesAndActions(t *testing.T) {
	t.Parallel()
	h := newHouse(t, swift)
	cast := map[string]account.Identity{"anonymous": nobody, "guest": h.guest("Gus")}
	for _, name := range ladder {
		if _, ok := cast[name]; !ok {
			cast[name] = h.user(strings.ReplaceAll(name, "-", ""))
		}
	}
	victim, knocker := h.guest("Vic"), h.guest("Kno")
	var s stage
	changed := true // what is refused changes nothing: the stage serves again
	for _, rule := range access.All() {
		first, known := theCells[rule.Action]
		group, _, _ := strings.Cut(string(rule.Action), ".")
		if !known {
			if rule.Role > access.None && slices.Contains([]string{"party", "invite", "member", "host", "queue"}, group) {
				t.Errorf("%s has no line here", rule.Action)
			}
			continue
		}
		for rung, name := range ladder {
			if changed {
				s, changed = h.stage(cast, victim, knocker), false
			}
			who := cast[name]
			role, _ := access.ParseRole(name) // what is no role is none
			byTable := access.Check(who.Site, role, rule.Action, nil) == nil
			byHand := rung >= slices.Index(ladder, first)
			for i, try := range h.tries(s, who)[rule.Action] {
				what := fmt.Sprintf("%s, call %d, by %s", rule.Action, i, name)
				err := try()
				changed = changed || err == nil
				if (err == nil) != byTable || byTable != byHand {
					t.Errorf("%s: the call says %v, the table %v, the product %v", what, err, byTable, byHand)
				}
				if err != nil && !errors.Is(err, fault.ErrForbidden) && !errors.Is(err, fault.ErrUnauthenticated) {
					t.Errorf("%s: refused as %v", what, err)
				}
			}
		}
	}
}
