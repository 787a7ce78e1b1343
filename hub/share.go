package hub

import (
	"slices"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/session"
	"watchparty/internal/voice"
)

const (
	shareWithin = time.Minute      // for the media of a share to come, or to come back
	shareByREST = 10 * time.Minute // the same for a share that an encoder is to send
)

// sharing is a share that runs.
type sharing struct {
	voice.Share
	live  bool
	timer *time.Timer // then it ends, for want of pictures
}

// addShare takes a share in. It ends unless pictures come within.
func (r *room) addShare(s voice.Share, within time.Duration) *sharing {
	x := &sharing{Share: s}
	x.timer = r.after(within, func() { r.endShare(x, nil) })
	r.voices.shares = append(r.voices.shares, x)
	r.voiceChanged()
	return x
}

func (r *room) sharing(s id.Share) *sharing {
	i := slices.IndexFunc(r.voices.shares, func(x *sharing) bool { return x.ID == s })
	if i < 0 {
		return nil
	}
	return r.voices.shares[i]
}

// ownShare says whether a person may send the media of a share.
func (r *room) ownShare(u id.User, s id.Share) error {
	x := r.sharing(s)
	switch {
	case x == nil:
		return voice.ErrShareOver
	case x.User != u:
		return voice.ErrNotYours
	}
	return nil
}

// mayView says whether the shares are there.
func (r *room) mayView(list []wire.VoiceView) error {
	for _, v := range list {
		if v.Share != "" && r.sharing(v.Share) == nil {
			return voice.ErrShareOver
		}
	}
	return nil
}

// watch notes what a person sees, for the number of viewers.
func (r *room) watch(t *talker, list []wire.VoiceView) {
	for _, v := range list {
		if t.views[v.Mid] = v.Share; v.Share == "" {
			delete(t.views, v.Mid)
		}
		if x := r.sharing(v.Share); x != nil {
			x.Viewers = max(x.Viewers, r.viewers(v.Share))
		}
		r.voiceChanged()
	}
}

func (r *room) viewers(s id.Share) (n int) {
	for _, t := range r.voices.members {
		for _, x := range t.views {
			if x == s {
				n++
				break
			}
		}
	}
	return n
}

func (r *room) shareStart(c *call, v wire.ShareStart) error {
	if err := r.voices.settings.Begin(len(r.voices.shares) + r.voices.coming); err != nil {
		return err
	}
	if err := r.budget(c.user()).voice.take(r.now()); err != nil {
		return err
	}
	s, err := voice.NewShare(r.id, c.user(), v.Patch(), r.now())
	if err != nil {
		return err
	}
	within := shareWithin
	if c.spot == nil {
		within = shareByREST
	}
	c.later = true
	r.voices.coming++
	r.keepVoice(voice.Changes{Shares: []voice.Share{s}}, func(err error) {
		r.voices.coming--
		if err != nil {
			c.reply(wire.Result{}, err)
			return
		}
		x := r.addShare(s, within)
		c.reply(wire.Result{Ack: wire.Ack{ID: string(s.ID)}, Share: r.showShare(x)}, nil)
	})
	return nil
}

func (r *room) shareUpdate(c *call, v wire.ShareUpdate) error {
	x := r.sharing(v.Share)
	switch {
	case x == nil:
		return fault.ErrNotFound
	case x.User != c.user():
		return voice.ErrNotYours
	}
	patch := v.Patch()
	patch.Recording = v.Recording
	s, err := x.With(patch)
	if err != nil {
		return err
	}
	c.later = true
	r.keepVoice(voice.Changes{Shares: []voice.Share{s}}, func(err error) {
		if err == nil {
			x.Share = s
			r.voiceChanged()
		}
		c.reply(wire.Result{Share: r.showShare(x)}, err)
	})
	return nil
}

func (r *room) shareStop(c *call, v wire.ShareRef) error {
	x := r.sharing(v.Share)
	switch {
	case x == nil:
		return fault.ErrNotFound
	case !x.MayStop(c.user(), c.member.Role):
		return voice.ErrNotYours
	}
	c.later = true
	r.endShare(x, func(err error) { c.reply(wire.Result{Share: r.showShare(x)}, err) })
	return nil
}

// endShare ends a share: nothing of it is forwarded any more, and then it is
// committed. done may be nil.
func (r *room) endShare(x *sharing, done func(error)) {
	if x.Ended == nil {
		x.timer.Stop()
		now := r.now()
		x.Ended = &now
		if r.voices.media != nil {
			r.voices.media.Unshare(x.ID)
		}
		r.setLive(x, false)
		r.voices.shares = slices.DeleteFunc(r.voices.shares, func(o *sharing) bool { return o == x })
		r.voiceChanged()
	}
	r.keepVoice(voice.Changes{Shares: []voice.Share{x.Share}}, func(err error) {
		if err != nil && done == nil {
			r.log.Warn("the end of a share could not be kept", "share", x.ID, "err", err)
		}
		if done != nil {
			done(err)
		}
	})
}

func (r *room) setLive(x *sharing, on bool) {
	if x.live == on {
		return
	}
	x.live = on
	r.keeper.Turn(r.ms(), r.now(), x.User, session.Sharing, on)
	r.voiceChanged()
}

// shareLost gives a share whose pictures stopped some time to come back.
func (r *room) shareLost(x *sharing) {
	r.setLive(x, false)
	x.timer.Stop()
	x.timer = r.after(shareWithin, func() { r.endShare(x, nil) })
}

func (r *room) showShare(x *sharing) *wire.Share {
	w := wire.ShareOf(x.Share, wire.UserOf(r.members[x.User].Person), x.live, r.viewers(x.ID))
	return &w
}

func (r *room) shareList() []wire.Share {
	out := make([]wire.Share, 0, len(r.voices.shares))
	for _, x := range r.voices.shares {
		out = append(out, *r.showShare(x))
	}
	return out
}

// ears hears the media of a room, on its goroutines. It is Ears.
type ears struct{ r *room }

func (e ears) Connected(u id.User, epoch uint64, path string) {
	e.r.mail.put(func() {
		if t := e.r.voices.members[u]; t != nil && epoch >= t.Epoch {
			t.Epoch, t.Connected, t.Path = epoch, true, path
			e.r.voiceChanged()
		}
	})
}

func (e ears) Lost(u id.User, epoch uint64) {
	e.r.mail.put(func() {
		if t := e.r.voices.members[u]; t != nil && epoch == t.Epoch {
			e.r.voiceOut(u, "lost")
		}
	})
}

func (e ears) Speaking(users []id.User) {
	e.r.mail.put(func() {
		e.r.voices.speaking = users
		e.r.send(encode(wire.VoiceSpeakingDown, e.r.head(), wire.VoiceSpeaking{Users: users}))
	})
}

func (e ears) Slots(users []id.User) {
	e.r.mail.put(func() {
		e.r.voices.slots = users
		e.r.send(encode(wire.VoiceSlotsDown, e.r.head(), wire.VoiceSlots{Slots: users}))
	})
}

func (e ears) ShareLive(s id.Share, on bool) {
	e.r.mail.put(func() {
		x := e.r.sharing(s)
		switch {
		case x == nil:
		case on:
			x.timer.Stop()
			e.r.setLive(x, true)
		case x.live:
			e.r.shareLost(x)
		}
	})
}
