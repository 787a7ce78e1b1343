package hub

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/bus"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

const (
	hostGrace   = 8 * time.Second
	heirRetry   = 5 * time.Second
	reloadRetry = time.Second
	freshFact   = 10 * time.Second // an older one is left to what the database says
)

// loads is the reading of the party that may be under way.
type loads struct {
	busy  bool
	again bool
	by    id.User // who caused the change that is being read
}

// took hears that something about the party is so now.
func (r *room) took(f bus.Fact) {
	if f.Kind != party.FactChanged {
		return
	}
	var d party.Changed
	if err := json.Unmarshal(f.Data, &d); err != nil {
		r.log.Warn("a fact cannot be read", "err", err)
		return
	}
	// Whoever was sent out goes at once, before anything is read.
	if d.Removed && r.now().Sub(f.At) < freshFact {
		r.sendOut(d.User, d.By, d.Banned)
	}
	if d.By != "" {
		r.loads.by = d.By
	}
	r.reload()
}

// sendOut removes somebody who was kicked or banned, and tells everybody.
func (r *room) sendOut(u, by id.User, banned bool) {
	m, ok := r.members[u]
	if !ok || !m.Seated() {
		return
	}
	m.Standing = party.Left
	code, reason := "kicked", "A host has sent you out."
	if banned {
		m.Standing = party.Banned
		code, reason = "banned", "A host has banned you from this party."
	}
	r.members[u] = m
	r.record(wire.MemberOut.Name, wire.MemberRemoved{User: wire.UserOf(m.Person), By: by, Banned: banned})
	r.expel(u, wire.Closed{Code: code, Reason: reason})
}

// reload reads the party anew. Facts that come while it reads make it read
// once more, so the last word is always heard.
func (r *room) reload() {
	if r.loads.busy {
		r.loads.again = true
		return
	}
	r.loads.busy = true
	setting := r.setting
	r.aside(func(ctx context.Context) func() {
		p, members, items, err := r.hub.Parties.Load(ctx, r.id)
		return func() {
			r.loads.busy = false
			again := r.loads.again
			r.loads.again = false
			switch {
			case errors.Is(err, fault.ErrNotFound):
				r.deleted()
				return
			case err != nil:
				r.log.Warn("the party could not be read", "err", err)
				r.after(reloadRetry, r.reload)
				return
			}
			if setting > 0 || r.setting > 0 {
				p.Current = r.party.Current
			}
			r.apply(p, members, items)
			if again {
				r.reload()
			}
		}
	})
}

func (r *room) deleted() {
	for u := range r.people {
		r.expel(u, wire.Closed{Code: "deleted", Reason: "The party was deleted."})
	}
	r.stopping = true
}

// apply takes over how the party is now and tells what is different.
func (r *room) apply(p party.Party, list []party.Member, items []party.Item) {
	was, wasItems, wasMembers, wasKnocks := r.party, r.items, r.members, r.knocks()
	wasHost := r.members[was.Host].Person
	r.party, r.items, r.members = p, items, byUser(list)
	by := r.loads.by
	r.loads.by = ""

	r.applyMembers(wasMembers, by)
	r.show.WaitForSlow(p.WaitForSlow)
	r.applyStatus(was.Status, by)
	r.applyFilm(was.Current, by)
	if !slices.Equal(items, wasItems) {
		r.sendQueue()
	}
	if !sameCard(p, was) || wasHost != r.members[p.Host].Person {
		r.send(encode(wire.PartyState, r.head(), r.card()))
	}
	if now := r.knocks(); !slices.Equal(now, wasKnocks) {
		f := encode(wire.PartyKnocks, r.head(), wire.Knocks{Items: now})
		for u := range r.people {
			if r.letsIn(u) {
				r.sendTo(u, f)
			}
		}
	}
	r.watchHost()
}

// sameCard compares what the members see of a party.
func sameCard(a, b party.Party) bool {
	x, y := wire.PartyOf(a, party.Person{}, nil), wire.PartyOf(b, party.Person{}, nil)
	ax, err1 := json.Marshal(x)
	by, err2 := json.Marshal(y)
	return err1 == nil && err2 == nil && string(ax) == string(by) && a.Current == b.Current && a.Host == b.Host
}

func (r *room) applyMembers(was map[id.User]party.Member, by id.User) {
	for u, old := range was {
		now, there := r.members[u]
		switch {
		case !old.Seated():
		case !there, !now.Seated():
			r.unseated(u, now)
		case now.Role != old.Role:
			r.record(wire.MemberRole.Name, wire.RoleChanged{User: u, Role: now.Role.String(), By: by})
			if leads(now.Role) && !leads(old.Role) {
				r.showDrafts(u)
			}
		}
	}
	r.flagAll()
	for u := range r.people {
		r.changed(u) // a name, a colour or a role may be another
		if m, ok := r.members[u]; !ok || !m.Seated() {
			r.unseated(u, m)
		}
	}
}

// unseated takes somebody out who has lost the seat.
func (r *room) unseated(u id.User, m party.Member) {
	switch m.Standing {
	case party.Banned:
		r.expel(u, wire.Closed{Code: "banned", Reason: "A host has banned you from this party."})
	case party.Left:
		if m.BackAt == nil {
			r.expel(u, wire.Closed{Code: "left", Reason: "You have left the party."})
			return
		}
		fallthrough
	default:
		r.expel(u, wire.Closed{Code: "kicked", Reason: "You have no seat in this party any more."})
	}
}

func (r *room) applyStatus(was party.Status, by id.User) {
	if r.party.Status == was {
		return
	}
	switch {
	case r.party.Over():
		r.halt()
		r.keeper.due = true
	case r.party.Status == party.Live && len(r.people) > 0:
		r.fresh = false
		r.show.Start(r.ms(), by)
	case r.party.Status == party.Live:
		r.fresh = true // it starts when the first one comes
	case r.party.Status == party.Paused:
		r.halt()
	}
	for u, p := range r.people {
		if was == party.Scheduled && p.state == "lobby" {
			p.state = "watching"
			r.peer(u, p)
			r.attend(u)
			r.changed(u)
		}
	}
}

func (r *room) applyFilm(was id.Item, by id.User) {
	item, known := r.item(r.party.Current)
	if r.party.Current != was {
		r.show.PutOn(r.ms(), by, r.party.Current, item.Duration.Seconds(), r.show.Vector().Plays && known)
		return
	}
	if known && item.Duration > 0 && r.show.Vector().Item == item.ID {
		r.show.SetDuration(r.ms(), item.Duration.Seconds())
	}
}

// watchHost gives a host who is away a grace, then looks for a successor: a
// live room is never without a host for long.
func (r *room) watchHost() {
	if r.hostHere() || len(r.hostsToBe()) == 0 {
		if r.heir != nil {
			r.heir.Stop()
			r.heir = nil
		}
		return
	}
	if r.heir == nil {
		r.heir = r.after(hostGrace, r.succeed)
	}
}

func (r *room) hostHere() bool {
	if r.party.Status != party.Live && r.party.Status != party.Paused {
		return true // nobody is missed
	}
	p := r.people[r.party.Host]
	return p != nil && len(p.spots) > 0
}

// hostsToBe are those who could take over, the first in line first: co-hosts,
// then members, then guests, in each the one who was here longest.
func (r *room) hostsToBe() []id.User {
	var out []id.User
	for u, p := range r.people {
		if u != r.party.Host && len(p.spots) > 0 && r.members[u].Seated() {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b id.User) int {
		return cmp.Or(
			cmp.Compare(rank(r.members[b]), rank(r.members[a])),
			r.people[a].since.Compare(r.people[b].since), cmp.Compare(a, b),
		)
	})
	return out
}

// rank orders heirs. Somebody without an account comes last whatever he is.
func rank(m party.Member) access.Role {
	if m.Person.Guest {
		return access.Viewer
	}
	return m.Role
}

func (r *room) succeed() {
	r.heir = nil
	heirs := r.hostsToBe()
	if r.hostHere() || len(heirs) == 0 {
		return
	}
	from, to := r.party.Host, heirs[0]
	r.aside(func(ctx context.Context) func() {
		err := r.hub.Parties.Succeed(ctx, r.id, from, to)
		return func() {
			if err != nil && !errors.Is(err, fault.ErrConflict) {
				r.log.Warn("the host could not be succeeded", "err", err)
				if r.heir == nil {
					r.heir = r.after(heirRetry, r.succeed)
				}
				return
			}
			r.reload()
		}
	})
}

func sortKnocks(k []wire.Knock) {
	slices.SortFunc(k, func(a, b wire.Knock) int {
		return cmp.Or(time.Time(a.At).Compare(time.Time(b.At)), cmp.Compare(a.Member, b.Member))
	})
}
