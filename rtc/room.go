package rtc

import (
	"context"
	"sync"
	"sync/atomic"
)

// Handler hears what happens in a room. Its methods are called one after the
// other, never under a lock of this package; they must not block.
type Handler interface {
	// Connected says that a peer's media flows: udp, tcp or relay. It is told
	// again when the way has changed.
	Connected(peer string, epoch uint64, path string)
	// Lost says that a peer is gone for good: lost (no path for half a minute)
	// or closed (by itself).
	Lost(peer string, epoch uint64, reason string)
	// Speaking lists who speaks, whenever that changes.
	Speaking(peers []string)
	// Slots lists whose voice is in which slot, whenever that changes; empty
	// names are empty slots.
	Slots(peers []string)
	// ShareLive says that the first packet of a share's picture has come, or
	// that no more will. It is told again when the size of the picture changes.
	ShareLive(share string, on bool, info ShareInfo)
}

// ShareInfo describes a picture; zero where it is not known.
type ShareInfo struct {
	Width, Height int
	Codec         string // vp8, vp9, h264, av1
}

// Settings are a room's.
type Settings struct {
	LastN   int // voices that are forwarded at most; 0: as many as slots
	Bitrate int // bits a second that a microphone may use; 0: the sender's choice
}

func (s Settings) slots() int {
	if s.LastN <= 0 || s.LastN > maxSlots {
		return maxSlots
	}
	return s.LastN
}

// Flags are what a peer may do, and wants.
type Flags struct {
	Muted    bool // nothing of its microphone passes
	Deaf     bool // no voice is sent to it
	Priority bool // it is heard before others
	Share    bool // it may show a screen
}

// Room is the media of one room.
type Room struct {
	sfu  *SFU
	name string

	mu     sync.Mutex
	peers  map[string]*peer
	epochs uint64
	set    Settings
	shares map[string]*share
	closed bool

	slots []*slot // maxSlots; fixed
	runs  atomic.Uint64

	voices  sync.Mutex
	loud    *loudest[*mic]
	looking bool // somebody speaks, so it is looked again soon

	events *events
}

func newRoom(s *SFU, name string, set Settings, h Handler) *Room {
	r := &Room{
		sfu: s, name: name, set: set, peers: map[string]*peer{}, shares: map[string]*share{},
		loud: newLoudest[*mic](set.slots()), events: newEvents(h),
	}
	for range maxSlots {
		r.slots = append(r.slots, &slot{last: random32()})
	}
	s.work.Go(r.events.run)
	return r
}

func (r *Room) tell(fn func(Handler)) { r.events.put(fn) }

// Join connects a peer anew. It replaces an older connection of the same name.
func (r *Room) Join(ctx context.Context, name string, f Flags, o Offer) (Answer, error) {
	if o.Share != nil && !f.Share {
		return Answer{}, ErrNoShare
	}
	lines, sdp, err := o.read()
	if err != nil {
		return Answer{}, err
	}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return Answer{}, ErrBusy
	}
	r.epochs++
	p := newPeer(r, name, r.epochs)
	p.flag(f)
	r.mu.Unlock()
	if err := p.open(); err != nil {
		return Answer{}, err
	}
	a, _, err := p.answer(ctx, o, lines, sdp)
	if err != nil {
		p.close()
		return Answer{}, err
	}
	r.mu.Lock()
	old := r.peers[name]
	refused := r.closed || old != nil && old.epoch > p.epoch
	if !refused {
		r.peers[name] = p
	}
	r.mu.Unlock()
	if refused {
		p.close()
		return Answer{}, ErrBusy
	}
	if old != nil {
		old.close()
	}
	return a, nil
}

// Renegotiate answers another offer of a peer that is there: lines that come
// or go, and an ICE restart.
func (r *Room) Renegotiate(ctx context.Context, name string, o Offer) (Answer, error) {
	lines, sdp, err := o.read()
	if err != nil {
		return Answer{}, err
	}
	p := r.peer(name)
	switch {
	case p == nil:
		return Answer{}, ErrNoPeer
	case o.Share != nil && !p.mayShare.Load():
		return Answer{}, ErrNoShare
	}
	a, broken, err := p.answer(ctx, o, lines, sdp)
	if broken {
		p.lose("lost")
	}
	return a, err
}

// Leave ends a peer's connection. When it has returned, no packet from it or to
// it passes.
func (r *Room) Leave(name string) {
	r.mu.Lock()
	p := r.peers[name]
	delete(r.peers, name)
	r.mu.Unlock()
	if p != nil {
		p.close()
	}
}

// drop ends a peer's connection if it is still the one of its name.
func (r *Room) drop(p *peer) {
	r.mu.Lock()
	if r.peers[p.name] == p {
		delete(r.peers, p.name)
	}
	r.mu.Unlock()
	p.close()
}

// Set changes what a peer may do; when it has returned, that holds.
func (r *Room) Set(name string, f Flags) {
	p := r.peer(name)
	if p == nil {
		return
	}
	p.flag(f)
	if !f.Share {
		r.unpublish(p)
	}
	if m := p.mic.Load(); m != nil {
		if f.Muted {
			r.silence(m)
		}
		r.voices.Lock()
		r.loud.prefer(m, f.Priority)
		r.voices.Unlock()
	}
}

// Bind says which share a line of a peer shows.
func (r *Room) Bind(name string, views []View) error {
	p := r.peer(name)
	if p == nil {
		return ErrNoPeer
	}
	return p.bind(views)
}

// Update changes the room's settings.
func (r *Room) Update(set Settings) {
	r.mu.Lock()
	r.set = set
	r.mu.Unlock()
	r.voices.Lock()
	r.loud.resize(set.slots())
	r.hand()
	r.voices.Unlock()
}

// Peers counts the peers.
func (r *Room) Peers() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.peers)
}

// Close ends all that is in the room. The handler hears nothing more.
func (r *Room) Close() {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.closed = true
	peers := r.peers
	r.peers = map[string]*peer{}
	r.mu.Unlock()
	r.events.end()
	for _, p := range peers {
		p.close()
	}
	r.sfu.forget(r)
}

func (r *Room) peer(name string) *peer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.peers[name]
}

func (r *Room) settings() Settings {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.set
}
