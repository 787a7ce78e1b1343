// Package account knows people: accounts, guests, sessions, friendships.
package account

import (
	"context"

	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Identity is who makes a call: the person and the session it came in by.
type Identity struct {
	User     id.User
	Session  id.Session
	Site     access.Site
	Username string
	Name     string
	Avatar   string
}

// Guest says whether the person has no account.
func (i Identity) Guest() bool { return i.Site == access.Guest }

type contextKey struct{}

// With puts the caller into the context.
func With(ctx context.Context, who Identity) context.Context {
	return context.WithValue(ctx, contextKey{}, who)
}

// From finds the caller. A missing one is not anonymous but refused.
func From(ctx context.Context) (Identity, error) {
	who, ok := ctx.Value(contextKey{}).(Identity)
	if !ok {
		return Identity{}, fault.ErrUnauthenticated
	}
	return who, nil
}

// Maybe finds the caller, or the anonymous one.
func Maybe(ctx context.Context) Identity {
	who, _ := ctx.Value(contextKey{}).(Identity)
	return who
}
