package rtc

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Handler hears what happens in a room. Its methods are called one after the
// other, never under a lock of this package; they must not block.
type Handler interface {
	// Connected says that a peer's media flows: udp, tcp or relay.
	Connected(peer string, epoch uint64, path string)
	// Lost says that a peer's path is gone for good.
	Lost(peer string, epoch uint64)
	// Speaking lists who speaks, whenever that changes.
	Speaking(peers []string)
	// Slots lists whose voice is in which slot, whenever that changes; empty
	// names are empty slots.
	Slots(peers []string)
	// ShareLive says that the first packet of a share's picture has come, or
	// that no more will.
	ShareLive(share string, on bool)
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

	events chan func()
	tell   func(func(Handler))
	done   chan struct{}
}

// lookEvery is how often it is looked who speaks, while somebody does.
const lookEvery = 50 * time.Millisecond

func newRoom(s *SFU, name string, set Settings, h Handler) *Room {
	r := &Room{
		sfu: s, name: name, set: set, peers: map[string]*peer{}, shares: map[string]*share{},
		loud: newLoudest[*mic](set.slots()), events: make(chan func(), 256), done: make(chan struct{}),
	}
	for range maxSlots {
		r.slots = append(r.slots, &slot{last: random32()})
	}
	s.work.Go(func() {
		for {
			select {
			case fn := <-r.events:
				fn()
			case <-r.done:
				return
			}
		}
	})
	r.tell = func(fn func(Handler)) {
		select {
		case r.events <- func() { fn(h) }:
		case <-r.done:
		}
	}
	return r
}

// Join connects a peer anew. It replaces an older connection of the same name.
func (r *Room) Join(ctx context.Context, name string, f Flags, o Offer) (Answer, error) {
	lines, sdp, err := o.read()
	if err != nil {
		return Answer{}, err
	}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return Answer{}, ErrClosed
	}
	r.epochs++
	p := &peer{room: r, name: name, epoch: r.epochs, legs: map[string]*leg{}}
	p.flag(f)
	r.mu.Unlock()
	if err := p.open(); err != nil {
		return Answer{}, err
	}
	a, err := p.answer(ctx, o, lines, sdp)
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
		return Answer{}, ErrClosed
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
	if p == nil {
		return Answer{}, ErrNoPeer
	}
	return p.answer(ctx, o, lines, sdp)
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

// Set changes what a peer may do; when it has returned, that holds.
func (r *Room) Set(name string, f Flags) {
	p := r.peer(name)
	if p == nil {
		return
	}
	p.flag(f)
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
	close(r.done)
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

// hear notes how loud a voice is, and gives it a slot if it deserves one.
func (r *Room) hear(m *mic, level uint8, now time.Time) {
	r.voices.Lock()
	defer r.voices.Unlock()
	if m.peer.muted.Load() || m != m.peer.mic.Load() {
		return // it was silenced a moment ago
	}
	if r.loud.hear(m, level, now) {
		r.loud.prefer(m, m.peer.priority.Load())
		r.hand()
	}
	if level < speech && !r.looking {
		r.looking = true
		time.AfterFunc(lookEvery, r.look)
	}
}

// hand gives the slots to whom they were assigned. The lock of voices is held.
func (r *Room) hand() {
	names := make([]string, len(r.loud.slots))
	for i, s := range r.slots {
		var m *mic
		if i < len(r.loud.slots) {
			m = r.loud.slots[i]
		}
		if m != nil {
			names[i] = m.peer.name
		}
		s.mu.Lock()
		old := s.owner
		s.mu.Unlock()
		if old == m {
			continue
		}
		if old != nil {
			old.slot.CompareAndSwap(s, nil)
		}
		s.give(m, r.runs.Add(1))
		if m != nil {
			m.slot.Store(s)
		}
	}
	r.tell(func(h Handler) { h.Slots(names) })
}

// silence takes a voice out of its slot; when it has returned, no packet of it
// passes until it is heard again.
func (r *Room) silence(m *mic) {
	r.voices.Lock()
	defer r.voices.Unlock()
	if r.loud.drop(m) {
		r.hand()
	}
	if !r.looking {
		r.looking = true
		time.AfterFunc(lookEvery, r.look)
	}
}

// look tells who speaks.
func (r *Room) look() {
	r.voices.Lock()
	who, news, more := r.loud.speaking(r.sfu.now())
	r.looking = more
	if more {
		time.AfterFunc(lookEvery, r.look)
	}
	r.voices.Unlock()
	if !news {
		return
	}
	names := make([]string, 0, len(who))
	for _, m := range who {
		names = append(names, m.peer.name)
	}
	slices.Sort(names)
	r.tell(func(h Handler) { h.Speaking(names) })
}
