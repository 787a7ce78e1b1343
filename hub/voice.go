package hub

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/chat"
	"watchparty/internal/id"
	"watchparty/internal/session"
	"watchparty/internal/voice"
)

const (
	voiceGap     = 100 * time.Millisecond // between two pictures of the voice room
	voiceLingers = 45 * time.Second       // voice without a socket, beyond the grace
)

// voices is the voice room of a party.
type voices struct {
	settings voice.Settings
	made     bool // somebody has set it
	members  map[id.User]*talker
	slots    []id.User
	speaking []id.User
	shares   []*sharing // in the order in which they began
	coming   int        // shares on their way into the database
	media    Speakers   // nil until somebody joins
	dirty    bool       // the others do not know yet
	timer    *time.Timer
	toldAt   time.Time
}

// talker is a member, and what the room keeps for him.
type talker struct {
	voice.Member
	talk   id.Talk
	leaves *time.Timer // when he has no socket any more
	views  map[string]id.Share
}

func voiceRoutes(rs routes) {
	onRoom(rs, wire.VoicePrepareUp, (*room).voicePrepare)
	onRoom(rs, wire.VoiceJoinUp, (*room).voiceJoin)
	onRoom(rs, wire.VoiceOfferUp, (*room).voiceOffer)
	onRoom(rs, wire.VoiceViewUp, (*room).voiceView)
	onRoom(rs, wire.VoiceLeaveUp, (*room).voiceLeave)
	onRoom(rs, wire.VoiceSetUp, (*room).voiceSet)
	onRoom(rs, wire.VoiceModerateUp, (*room).voiceModerate)
	onRoom(rs, wire.VoiceSettingsUp, (*room).voiceSettings)
	onRoom(rs, wire.ShareStartUp, (*room).shareStart)
	onRoom(rs, wire.ShareUpdateUp, (*room).shareUpdate)
	onRoom(rs, wire.ShareStopUp, (*room).shareStop)
}

// loadVoice reads how the voice room is set. Shares of the owner before go on
// if their media comes back in time.
func (r *room) loadVoice(ctx context.Context) error {
	v := &r.voices
	v.members = map[id.User]*talker{}
	kept, err := r.hub.Store.OpenVoice(ctx, r.id)
	if err != nil {
		return err
	}
	v.settings, v.made = kept.Settings, kept.Made
	for _, s := range slices.Backward(kept.Shares) {
		r.addShare(s, shareWithin)
	}
	return nil
}

// keepVoice commits changes and then runs done in the room's loop.
func (r *room) keepVoice(c voice.Changes, done func(error)) {
	fence := r.journal.fence
	r.store(func(ctx context.Context) func() {
		err := r.hub.Store.KeepVoice(ctx, r.id, fence, c)
		return func() {
			if errors.Is(err, chat.ErrFenced) {
				r.fenced()
				err = errStopped
			}
			done(err)
		}
	})
}

// noteTalk keeps when a person came and went; nobody waits for it.
func (r *room) noteTalk(t *talker, left *time.Time) {
	row := voice.Talk{ID: t.talk, User: t.User, Joined: t.Joined, Left: left}
	r.keepVoice(voice.Changes{Talks: []voice.Talk{row}}, func(err error) {
		if err != nil {
			r.log.Warn("a stay in the voice room could not be kept", "err", err)
		}
	})
}

// speakers gives the room's media, opened with the first who joins.
func (r *room) speakers() (Speakers, error) {
	if r.hub.Media == nil {
		return nil, voice.ErrOff
	}
	if r.voices.media == nil {
		r.voices.media = r.hub.Media.Open(r.id, r.voices.settings.Forwarding(), ears{r})
	}
	return r.voices.media, nil
}

func (r *room) iceServers(u id.User) []wire.ICEServer {
	if r.hub.Media == nil {
		return []wire.ICEServer{}
	}
	return wire.ICEServersOf(r.hub.Media.ICEServers(u, r.id))
}

func (r *room) voicePrepare(c *call, _ wire.Empty) error {
	slots := cmp.Or(r.voices.settings.LastN, voice.MostSlots)
	now := r.voiceRoom()
	c.answer(wire.Result{Voices: &now, Prepared: &wire.VoicePrepared{ICEServers: r.iceServers(c.user()), Settings: wire.VoiceRulesOf(r.voices.settings), LastN: slots}})
	return nil
}

// answer gives the caller more than an acknowledgement.
func (c *call) answer(res wire.Result) {
	c.later = true
	c.reply(res, nil)
}

// voiceJoin connects a person. The media answers aside; he has his place from
// now on, so that nobody else gets it.
func (r *room) voiceJoin(c *call, v wire.VoiceJoin) error {
	if c.spot == nil {
		return voice.ErrSocketOnly
	}
	media, err := r.speakers()
	if err != nil {
		return err
	}
	if err := r.budget(c.user()).voice.take(r.now()); err != nil {
		return err
	}
	u := c.user()
	t, again := r.voices.members[u]
	if err := r.voices.settings.Join(len(r.voices.members), again, c.member.Role); err != nil {
		return err
	}
	if !again {
		t = &talker{Member: voice.Member{User: u, Joined: r.now()}, talk: id.New[id.Talk]()}
		r.voices.members[u] = t
	}
	t.Connected, t.Muted, t.Deafened, t.views = false, v.Muted, v.Deafened, map[string]id.Share{}
	flags := t.Flags(r.silent(t))
	c.later = true
	r.store(func(ctx context.Context) func() {
		a, err := media.Join(ctx, u, flags, v.Offer())
		return func() { r.voiceJoined(c, t, again, v, a, err) }
	})
	return nil
}

func (r *room) voiceJoined(c *call, t *talker, again bool, v wire.VoiceJoin, a voice.Answer, err error) {
	u := t.User
	switch {
	case r.voices.members[u] != t:
		// He was sent out while the media answered.
		if r.voices.members[u] == nil {
			r.voices.media.Leave(u)
		}
		c.reply(wire.Result{}, voice.ErrNotIn)
		return
	case err != nil:
		if !again {
			delete(r.voices.members, u)
		}
		c.reply(wire.Result{}, err)
		return
	}
	t.Epoch = max(t.Epoch, a.Epoch)
	r.watch(t, v.Views)
	r.voices.media.Set(u, t.Flags(r.silent(t))) // it may be another by now
	if !again {
		r.noteTalk(t, nil)
		r.keeper.Turn(r.ms(), r.now(), u, session.Talking, true)
		r.keepLater()
	}
	r.voiceChanged()
	c.reply(wire.Result{Voice: &wire.VoiceAnswer{SDP: a.SDP, Epoch: a.Epoch, ICEServers: r.iceServers(u)}}, nil)
}

// talking finds the caller in the voice room.
func (r *room) talking(c *call) (*talker, error) {
	t := r.voices.members[c.user()]
	if t == nil || r.voices.media == nil {
		return nil, voice.ErrNotIn
	}
	return t, nil
}

func (r *room) voiceOffer(c *call, v wire.VoiceOffer) error {
	t, err := r.talking(c)
	if err != nil {
		return err
	}
	if c.spot == nil {
		return voice.ErrSocketOnly
	}
	if v.Epoch != 0 && v.Epoch != t.Epoch {
		return voice.ErrNotIn // it is of a connection that was replaced
	}
	o := v.Offer()
	if v.Share != nil {
		if err := r.ownShare(c.user(), v.Share.Share); err != nil {
			return err
		}
		o.Share = &voice.Publish{Share: v.Share.Share, Video: v.Share.Video, Audio: v.Share.Audio}
	}
	if err := r.mayView(v.Views); err != nil {
		return err
	}
	media, u := r.voices.media, c.user()
	c.later = true
	r.store(func(ctx context.Context) func() {
		a, err := media.Renegotiate(ctx, u, o)
		return func() {
			if err != nil {
				c.reply(wire.Result{}, err)
				return
			}
			r.watch(t, v.Views)
			c.reply(wire.Result{Voice: &wire.VoiceAnswer{SDP: a.SDP, Epoch: a.Epoch, ICEServers: []wire.ICEServer{}}}, nil)
		}
	})
	return nil
}

func (r *room) voiceView(c *call, v wire.VoiceViews) error {
	t, err := r.talking(c)
	if err != nil {
		return err
	}
	if err := r.mayView(v.Views); err != nil {
		return err
	}
	if err := r.voices.media.Bind(c.user(), wire.ViewsOf(v.Views)); err != nil {
		return err
	}
	r.watch(t, v.Views)
	return nil
}

func (r *room) voiceLeave(c *call, _ wire.Empty) error {
	r.voiceOut(c.user(), "")
	return nil
}

func (r *room) voiceSet(c *call, v wire.VoiceSet) error {
	t, err := r.talking(c)
	if err != nil {
		return err
	}
	t.Member = t.Set(voice.Own{Muted: v.Muted, Deafened: v.Deafened, Hand: v.Hand}, int64(r.ms()))
	r.setFlags(t)
	return nil
}

func (r *room) voiceModerate(c *call, v wire.VoiceModerate) error {
	t := r.voices.members[v.User]
	if t == nil {
		return voice.ErrNotIn
	}
	m, err := t.Moderated(voice.Order{
		Muted: v.Muted, Speak: v.Speak, Hand: v.Hand, Priority: v.Priority, Out: v.Out,
	}, c.member.Role, r.members[v.User].Role)
	if err != nil {
		return err
	}
	if v.Out {
		r.voiceOut(v.User, "removed")
		return nil
	}
	t.Member = m
	r.setFlags(t)
	return nil
}

func (r *room) voiceSettings(c *call, v wire.VoiceSettings) error {
	set, err := r.voices.settings.With(v.Patch())
	if err != nil {
		return err
	}
	c.later = true
	r.keepVoice(voice.Changes{Settings: &set}, func(err error) {
		if err != nil {
			c.reply(wire.Result{}, err)
			return
		}
		made := r.voices.made
		r.voices.settings, r.voices.made = set, true
		if r.voices.media != nil {
			r.voices.media.Update(set.Forwarding())
		}
		r.flagAll()
		if !set.Active {
			for u := range r.voices.members {
				r.voiceOut(u, "closed")
			}
		}
		r.voiceChanged()
		c.reply(wire.Result{Made: !made}, nil)
	})
	return nil
}

// silent says whether nothing of a person's microphone may pass.
func (r *room) silent(t *talker) bool { return t.Silent(r.voices.settings, r.members[t.User].Role) }

// setFlags makes the media do what the member's state says.
func (r *room) setFlags(t *talker) {
	if r.voices.media != nil {
		r.voices.media.Set(t.User, t.Flags(r.silent(t)))
	}
	r.voiceChanged()
}

// flagAll is for when a role or a setting is another.
func (r *room) flagAll() {
	for _, t := range r.voices.members {
		r.setFlags(t)
	}
}

// voiceOut takes a person out of the voice room. When it has returned, no
// packet from him or to him passes. A reason is told to him.
func (r *room) voiceOut(u id.User, reason string) {
	t := r.voices.members[u]
	if t == nil {
		return
	}
	delete(r.voices.members, u)
	if t.leaves != nil {
		t.leaves.Stop()
	}
	r.voices.media.Leave(u)
	left := r.now()
	r.noteTalk(t, &left)
	r.keeper.Turn(r.ms(), left, u, session.Talking, false)
	for _, s := range slices.Clone(r.voices.shares) {
		if s.User == u && s.live {
			r.shareLost(s)
		}
	}
	if reason != "" {
		r.sendTo(u, encode(wire.VoiceGoneDown, r.head(), wire.VoiceGone{Reason: reason}))
	}
	r.voiceChanged()
}

// voiceStays keeps a voice whose socket is cut, as long as media flows.
func (r *room) voiceStays(u id.User) {
	t := r.voices.members[u]
	switch {
	case t == nil:
	case !t.Connected:
		r.voiceOut(u, "")
	default:
		t.leaves = r.after(voiceLingers, func() {
			if r.voices.members[u] == t && r.people[u] == nil {
				r.voiceOut(u, "")
			}
		})
	}
}

// endVoice is for a room that ends on this node.
func (r *room) endVoice() {
	if r.voices.media != nil {
		r.voices.media.Close()
	}
	for _, t := range r.voices.members {
		if t.leaves != nil {
			t.leaves.Stop()
		}
	}
	for _, s := range r.voices.shares {
		s.timer.Stop()
	}
	if r.voices.timer != nil {
		r.voices.timer.Stop()
	}
}

// voiceBack is for somebody whose socket is there again.
func (r *room) voiceBack(u id.User) {
	if t := r.voices.members[u]; t != nil && t.leaves != nil {
		t.leaves.Stop()
		t.leaves = nil
	}
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// voiceRoom shows the voice room. Its media is of this opening of the room.
func (r *room) voiceRoom() wire.VoiceRoom {
	w := wire.VoiceRoom{Epoch: r.journal.fence, Settings: wire.VoiceRulesOf(r.voices.settings), Members: []wire.VoiceMember{}}
	for u, t := range r.voices.members {
		w.Members = append(w.Members, wire.VoiceMember{
			User: u, Epoch: t.Epoch, Connected: t.Connected, Path: t.Path, Muted: t.Muted, ServerMuted: t.ServerMuted,
			MaySpeak: t.MaySpeak(r.voices.settings, r.members[u].Role), Deafened: t.Deafened, Hand: t.Hand, Priority: t.Priority,
			JoinedAt: wire.Time(t.Joined),
		})
	}
	slices.SortFunc(w.Members, func(a, b wire.VoiceMember) int {
		return cmp.Or(time.Time(a.JoinedAt).Compare(time.Time(b.JoinedAt)), cmp.Compare(a.User, b.User))
	})
	return w
}

// voiceChanged has the others told, soon.
func (r *room) voiceChanged() { r.voices.dirty = true }

// tellVoice shows the voice room, not more often than every tenth of a second.
func (r *room) tellVoice() {
	v := &r.voices
	if !v.dirty || v.timer != nil {
		return
	}
	if wait := voiceGap - r.now().Sub(v.toldAt); wait > 0 {
		v.timer = r.after(wait, func() { v.timer = nil })
		return
	}
	v.dirty, v.toldAt = false, r.now()
	r.send(encode(wire.VoiceRoomDown, r.head(), r.voiceRoom()))
	r.send(encode(wire.ShareListDown, r.head(), wire.ShareList{Shares: r.shareList()}))
}
