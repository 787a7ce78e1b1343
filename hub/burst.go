package hub

import (
	"slices"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/id"
	"watchparty/internal/react"
)

// react takes a reaction; those of 80 ms are shown together.
func (r *room) react(c *call, v wire.React) error {
	if !r.party.AllowReactions && c.member.Role < access.CoHost {
		return react.ErrOff
	}
	if err := r.budget(c.user()).react.take(r.now()); err != nil {
		return err
	}
	if err := react.Check(v.Emoji); err != nil {
		return err
	}
	first := r.burst.Add(r.ms(), react.Reaction{
		Emoji: v.Emoji, X: min(max(v.X, 0), 1), Y: min(max(v.Y, 0), 1), FilmAt: max(v.FilmAt, 0), By: c.user(),
	})
	if first {
		r.after(react.FlushMS*time.Millisecond, r.flushReactions)
	}
	return nil
}

// flushReactions sends each person what others threw; the own ones are on his
// screen already.
func (r *room) flushReactions() {
	all := r.burst.Flush(r.ms())
	if len(all) == 0 {
		return
	}
	throwers := map[id.User]bool{}
	for _, x := range all {
		throwers[x.By] = true
		for u := range x.Own {
			throwers[u] = true
		}
	}
	common := r.reactions(all)
	for u, p := range r.people {
		f := common
		if throwers[u] {
			theirs := react.For(u, all)
			if len(theirs) == 0 {
				continue
			}
			f = r.reactions(theirs)
		}
		for s := range p.spots {
			if s.welcomed {
				s.link.deliver(f)
			}
		}
	}
}

func (r *room) reactions(all []react.Reaction) *frame {
	items := make([]wire.Reaction, len(all))
	for i, x := range all {
		items[i] = wire.Reaction{Emoji: x.Emoji, X: x.X, Y: x.Y, FilmAt: x.FilmAt, By: x.By, N: x.N}
		if x.Own != nil {
			items[i].By = ""
		}
	}
	return encode(wire.ReactBurst, r.head(), wire.Reactions{Items: items})
}

func (r *room) chatTyping(c *call, v wire.SetTyping) error {
	if !v.On {
		r.stopTyping(c.user())
		return nil
	}
	_, already := r.typing[c.user()]
	r.typing[c.user()] = r.now().Add(typingHolds)
	if !already {
		r.typists(typingGap)
	}
	return nil
}

func (r *room) stopTyping(u id.User) {
	if _, on := r.typing[u]; on {
		delete(r.typing, u)
		r.typists(typingGap)
	}
}

// typists tells who types, d from now, with what changes until then.
func (r *room) typists(d time.Duration) {
	if r.typist == nil {
		r.typist = r.after(d, r.tellTypists)
	}
}

func (r *room) tellTypists() {
	r.typist = nil
	users := []id.User{}
	next := typingHolds
	for u, until := range r.typing {
		left := until.Sub(r.now())
		if left <= 0 {
			delete(r.typing, u)
			continue
		}
		next = min(next, left)
		users = append(users, u)
	}
	slices.Sort(users)
	r.send(encode(wire.ChatTypers, r.head(), wire.Typing{Users: users}))
	if len(users) > 0 {
		// Clients let a name go after 5 s, so it is said again to who came later.
		r.typists(max(next, typingGap))
	}
}
