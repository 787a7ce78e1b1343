package hub

import (
	"math"
	"slices"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/clock"
	"watchparty/internal/id"
	"watchparty/internal/react"
	"watchparty/internal/session"
)

// react takes a reaction. It is shown at once, with those of the same moment,
// and acknowledged when it is kept.
func (r *room) react(c *call, v wire.React) error {
	if !r.party.AllowReactions && !leads(c.member.Role) {
		return react.ErrOff
	}
	if r.thrown.again(c) {
		return nil
	}
	if err := r.budget(c.user()).react.take(r.now()); err != nil {
		return err
	}
	if err := react.Check(v.Emoji); err != nil {
		return err
	}
	if r.thrown.full() {
		return errBusy.After(time.Second)
	}
	vec := r.show.Vector()
	at := min(max(r.show.Position(r.ms()), 0), react.MaxFilm)
	if v.FilmAt != nil {
		at = *v.FilmAt
	}
	r.burst.Add(r.ms(), react.Reaction{Emoji: v.Emoji, X: v.X, Y: v.Y, FilmAt: at, By: c.user()})
	r.flushSoon()
	r.keeper.Add(r.now(), c.user(), session.Reactions, 1)
	c.later = true
	r.throw(c, react.Thrown{
		ID: id.New[id.Reaction](), Party: r.id, Item: vec.Item, User: c.user(), Emoji: v.Emoji,
		X: v.X, Y: v.Y, FilmAt: at, At: clock.Millis(r.now()),
	})
	return nil
}

// flushSoon sets the time of the next flush, if it is not set.
func (r *room) flushSoon() {
	if r.flushing || !r.burst.Waits() {
		return
	}
	r.flushing = true
	wait := max(r.flushAt.Sub(r.now()), react.FlushMS*time.Millisecond)
	r.after(wait, r.flushReactions)
}

// flushReactions sends each person what others threw; the own ones are on his
// screen already. The larger the frame, the longer until the next.
func (r *room) flushReactions() {
	r.flushing = false
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
	r.flushAt = r.now().Add(react.Pause(len(common.body)))
	r.flushSoon()
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
				s.hold(f)
			}
		}
	}
}

func (r *room) reactions(all []react.Reaction) *frame {
	items := make([]wire.Reaction, len(all))
	for i, x := range all {
		items[i] = wire.Reaction{
			Emoji: x.Emoji, X: short(x.X, 1000), Y: short(x.Y, 1000), FilmAt: short(x.FilmAt, 100), By: x.By, N: x.N,
		}
		if x.Own != nil {
			items[i].By = ""
		}
	}
	return encode(wire.ReactBurst, r.head(), wire.Reactions{Items: items})
}

// short rounds to what can be seen: digits are most of such a frame.
func short(v, parts float64) float64 { return math.Round(v*parts) / parts }

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
