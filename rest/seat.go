package rest

import (
	"context"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

// PartyFinder finds parties by the eyes of a viewer, and who is in them;
// *party.Service has it.
type PartyFinder interface {
	doorkeeper
	Load(ctx context.Context, p id.Party) (party.Party, []party.Member, []party.Item, error)
}

// doorkeeper says who may be in a party.
type doorkeeper interface {
	Get(ctx context.Context, who account.Identity, ref party.Ref) (party.Card, error)
	Enter(ctx context.Context, p id.Party, who account.Identity) (party.Party, party.Member, error)
}

// seat finds a party that the caller is in, by id or room code, and says who
// the caller is in it. For anybody else there is nothing.
func seat(ctx context.Context, parties doorkeeper, name string) (id.Party, party.Member, error) {
	ref, err := party.ParseRef(name)
	if err != nil {
		return "", party.Member{}, err
	}
	return enter(ctx, parties, ref)
}

// enter is seat for a reference that was read already.
func enter(ctx context.Context, parties doorkeeper, ref party.Ref) (id.Party, party.Member, error) {
	who := account.Maybe(ctx)
	c, err := parties.Get(ctx, who, ref)
	if err != nil {
		return "", party.Member{}, err
	}
	_, me, err := parties.Enter(ctx, c.ID, who)
	return c.ID, me, err
}

// seatIn gives a party in which the caller has a seat that may do action, also
// when it is over. For everybody else there is nothing.
func seatIn(ctx context.Context, parties PartyFinder, name string, action access.Action) (party.Card, error) {
	ref, err := party.ParseRef(name)
	if err != nil {
		return party.Card{}, err
	}
	who := account.Maybe(ctx)
	c, err := parties.Get(ctx, who, ref)
	if err != nil {
		return c, err
	}
	if !c.Seated() {
		return c, fault.ErrNotFound
	}
	return c, access.Check(who.Site, c.Mine.Acting(), action, c.Bars())
}
