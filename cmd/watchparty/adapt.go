package main

import (
	"context"

	"watchparty/hub/dialect"
	"watchparty/internal/account"
	"watchparty/internal/chat"
	"watchparty/internal/id"
	"watchparty/internal/media"
	"watchparty/internal/party"
	"watchparty/store"
)

// films answers the questions of parties from what media knows.
type films struct{ media *media.Service }

func (f films) Check(ctx context.Context, url string) (party.Film, error) {
	found, err := f.media.Probe(ctx, url)
	if err != nil {
		return party.Film{}, err
	}
	kind := party.URL
	if found.HLS {
		kind = party.HLS
	}
	return party.Film{Kind: kind, Title: found.Title, URL: found.URL, Duration: found.Duration}, nil
}

func (f films) Ready(ctx context.Context, by id.User, m id.Media) (party.Film, error) {
	film, err := f.media.Ready(ctx, by, m)
	if err != nil {
		return party.Film{}, err
	}
	return party.Film{Kind: party.Upload, Title: film.Title, URL: film.URL(), Duration: film.Duration, Media: film.ID}, nil
}

// history gives REST the lines of a room.
type history struct{ rooms store.Rooms }

func (h history) History(ctx context.Context, p id.Party, before int64, limit int) ([]chat.Message, error) {
	lines, _, err := h.rooms.Page(ctx, p, before, limit)
	return lines, err
}

// addresses finds the parties that the original's socket routes name.
type addresses struct {
	parties *party.Service
	rooms   store.Rooms
}

// FindParty finds a party by its id or room code, or by one of its shares, as
// who sees it. A party has one voice room, which goes by the party's name.
func (a addresses) FindParty(ctx context.Context, who account.Identity, target dialect.Target, name string) (id.Party, error) {
	if target == dialect.ByShare {
		ref, err := id.Parse[id.Share](name)
		if err != nil {
			return "", err
		}
		s, err := a.rooms.Share(ctx, ref)
		if err != nil {
			return "", err
		}
		name = string(s.Party)
	}
	ref, err := party.ParseRef(name)
	if err != nil {
		return "", err
	}
	c, err := a.parties.Get(ctx, who, ref)
	return c.ID, err
}
