// Package access answers the only permission question there is: may this
// person do this here? Actions, roles and the table that joins them are data.
package access

import (
	"slices"

	"watchparty/internal/fault"
)

// Site is what a person is on the whole site.
type Site uint8

const (
	Anyone Site = iota // not signed in
	Guest              // signed in with a display name only
	User               // has an account
	Agent              // answers support tickets
	Admin              // runs the site
)

// Role is what a person is in one party.
type Role uint8

const (
	None   Role = iota // not in the party
	Viewer             // a guest without an account
	Member
	CoHost
	Host
)

// Action names one thing a person can do, as noun.verb.
type Action string

// Rule is the lowest standing that an action needs. Role is None where the
// action is not about a room.
type Rule struct {
	Action Action
	Site   Site
	Role   Role
	Doc    string
}

// Bars are the bars that one party has raised, action by action.
type Bars map[Action]Role

// Lookup finds the rule of an action.
func Lookup(a Action) (Rule, bool) {
	r, ok := policy[a]
	return r, ok
}

// Check answers the permission question. Unknown actions are refused:
// forgetting a line must fail closed. A party can raise a bar, never lower one.
func Check(site Site, role Role, a Action, raised Bars) error {
	rule, ok := policy[a]
	switch {
	case !ok:
		return fault.ErrForbidden
	case site < rule.Site && site == Anyone:
		return fault.ErrUnauthenticated
	case site < rule.Site, role < max(rule.Role, raised[a]):
		return fault.ErrForbidden
	}
	return nil
}

// All lists the table by action, for documents and for the client.
func All() []Rule {
	all := slices.Clone(rules)
	slices.SortFunc(all, func(a, b Rule) int {
		if a.Action < b.Action {
			return -1
		}
		return 1
	})
	return all
}

var policy = func() map[Action]Rule {
	m := make(map[Action]Rule, len(rules))
	for _, r := range rules {
		if _, twice := m[r.Action]; twice {
			panic("access: two lines for " + r.Action)
		}
		m[r.Action] = r
	}
	return m
}()

var (
	siteNames = [...]string{"anyone", "guest", "user", "agent", "admin"}
	roleNames = [...]string{"none", "guest", "member", "co-host", "host"}
)

func (s Site) String() string { return siteNames[s] }
func (r Role) String() string { return roleNames[r] }

// ParseSite reads a site role's name.
func ParseSite(s string) (Site, bool) {
	i := slices.Index(siteNames[:], s)
	return Site(max(i, 0)), i >= 0
}

// ParseRole reads a party role's name.
func ParseRole(s string) (Role, bool) {
	i := slices.Index(roleNames[:], s)
	return Role(max(i, 0)), i >= 0
}
