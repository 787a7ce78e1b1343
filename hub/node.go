package hub

import (
	"context"
	"encoding/json"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/bus"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Times between nodes.
const (
	beatEvery    = 500 * time.Millisecond
	nodeTick     = 250 * time.Millisecond
	ownerSilent  = 2 * time.Second  // then its rooms are looked for anew
	answerWithin = time.Second      // the same for one that was asked something
	guestSilent  = 3 * time.Second  // then a node's people are cut off
	strangerIdle = 10 * time.Second // then a node that we have nothing to do with is forgotten
)

// Nodes is Peers over the bus. Between two nodes there is one stream of packets
// each way, numbered, so that a hole is seen: whoever sees one, or hears nothing
// for a while, begins anew with all that it has on the other node, and each
// connection resumes by its epoch and seq. So there is one way of recovery,
// whatever was lost.
//
// Its loop is the only one that touches peers and relays.
type Nodes struct {
	bus   bus.Bus
	hub   *Hub
	self  string
	mail  *mailbox
	ctx   context.Context
	stop  context.CancelFunc
	work  sync.WaitGroup // what runs beside the loop
	posts sync.WaitGroup // outlets
	nums  atomic.Uint64
	heads sync.Map // id.Party -> int, people in rooms of other nodes

	peers  map[string]*peer
	relays map[id.Party]*relay
	rooms  map[*room]bool // whose end is watched
}

// NewNodes makes the way to other nodes over b, for one hub.
func NewNodes(b bus.Bus) *Nodes {
	return &Nodes{bus: b, mail: newMailbox(), peers: map[string]*peer{}, relays: map[id.Party]*relay{}, rooms: map[*room]bool{}}
}

// packet is what one node sends to another. At is the sender's clock, in its
// server milliseconds; Least is the smallest difference that it has seen between
// its own clock and the At of the packets that came the other way.
type packet struct {
	From    string   `json:"from"`
	Stream  string   `json:"stream"`
	N       int64    `json:"n"`
	At      float64  `json:"at"`
	Least   *float64 `json:"least,omitempty"`
	Letters []letter `json:"letters,omitempty"`
}

// letter is one thing that a node has to say to another; one field is set.
// Seats are named by numbers that the node of the connection gives.
type letter struct {
	// To the owner of a room.
	Enter *enterLetter `json:"enter,omitempty"`
	Say   *sayLetter   `json:"say,omitempty"`
	Leave *leaveLetter `json:"leave,omitempty"`
	Ask   *askLetter   `json:"ask,omitempty"`
	// To the node of the connections.
	Give   *giveLetter   `json:"give,omitempty"`
	Close  *closeLetter  `json:"close,omitempty"`
	Unseat *unseatLetter `json:"unseat,omitempty"`
	Moved  []uint64      `json:"moved,omitempty"` // seats whose room is not here any more
	Answer *answerLetter `json:"answer,omitempty"`
	// Lost says that packets of yours are missing: enter anew.
	Lost bool `json:"lost,omitempty"`
}

type enterLetter struct {
	Seat     uint64   `json:"seat"`
	Key      string   `json:"key"`
	Entrance entrance `json:"entrance"`
}

type sayLetter struct {
	Seat    uint64  `json:"seat"`
	Arrival arrival `json:"arrival"`
}

type leaveLetter struct {
	Seat  uint64 `json:"seat"`
	Clean bool   `json:"clean,omitempty"`
}

// giveLetter is one frame to all that get it.
type giveLetter struct {
	To      []uint64        `json:"to"`
	Class   wire.Class      `json:"class,omitempty"`
	Key     string          `json:"key,omitempty"`
	Seq     int64           `json:"seq,omitempty"`
	Refusal bool            `json:"refusal,omitempty"`
	Body    json.RawMessage `json:"body"`
}

type closeLetter struct {
	Seat uint64 `json:"seat"`
	Code int    `json:"code"`
}

type unseatLetter struct {
	Seat  uint64     `json:"seat"`
	Party id.Party   `json:"party"`
	Frame giveLetter `json:"frame"`
}

// askLetter runs a command of REST, or without one asks where the film is.
type askLetter struct {
	N     uint64           `json:"n"`
	Party id.Party         `json:"party"`
	Actor account.Identity `json:"actor"`
	Cmd   *wire.Command    `json:"cmd,omitempty"`
}

// answerLetter answers an ask. Moved says that nothing was done: the room is
// not here.
type answerLetter struct {
	N        uint64         `json:"n"`
	Moved    bool           `json:"moved,omitempty"`
	Fault    *farFault      `json:"fault,omitempty"`
	Result   wire.Result    `json:"result"`
	Playback *wire.Playback `json:"playback,omitempty"`
}

// farFault is a fault on its way between nodes. Its cause stays in the log of
// the node where it happened.
type farFault struct {
	Kind   fault.Kind    `json:"kind"`
	Code   string        `json:"code"`
	Detail string        `json:"detail"`
	Fields []fault.Field `json:"fields,omitempty"`
	After  time.Duration `json:"after,omitempty"`
}

func packFault(err error) *farFault {
	f := fault.Of(err)
	return &farFault{f.Kind, f.Code, f.Detail, f.Fields, f.RetryAfter}
}

func (f *farFault) unpack() error {
	return &fault.Fault{Kind: f.Kind, Code: f.Code, Detail: f.Detail, Fields: f.Fields, RetryAfter: f.After}
}

// peer is another node, as this one sees it.
type peer struct {
	name   string
	out    *outlet
	stream string // of what comes from it
	next   int64
	heard  time.Time
	used   time.Time // when we last had to do with it
	clocks clocks
	guests map[uint64]*guest     // its connections in our rooms
	seats  map[uint64]*relaySeat // our connections in its rooms
	asks   map[uint64]*asking
}

func nodeTopic(node string) string { return "node:" + node }

// serve joins the hub to the others.
func (n *Nodes) serve(h *Hub) (stop func()) {
	n.hub, n.self = h, h.Directory.Self()
	n.ctx, n.stop = context.WithCancel(h.ctx)
	_, unsubscribe := n.bus.Subscribe(nodeTopic(n.self), func(m bus.Message) {
		at := h.time.ms()
		if !m.Gap { // holes are seen by the packets' numbers
			n.mail.put(func() { n.got(m.Data, at) })
		}
	})
	loop := make(chan struct{})
	over := make(chan struct{})
	go func() {
		defer close(loop)
		n.run(over)
	}()
	return sync.OnceFunc(func() {
		close(over)
		<-loop
		unsubscribe()
		n.stop()
		n.work.Wait()
		n.posts.Wait()
	})
}

// run is the loop.
func (n *Nodes) run(over <-chan struct{}) {
	tick := time.NewTicker(nodeTick)
	defer tick.Stop()
	for {
		for _, do := range n.mail.take() {
			n.safely(do)
		}
		select {
		case <-n.mail.wake:
		case <-tick.C:
			n.safely(n.look)
		case <-over:
			n.mail.close(true)
			for _, do := range n.mail.take() {
				n.safely(do)
			}
			n.farewell()
			return
		}
	}
}

func (n *Nodes) safely(do func()) {
	defer func() {
		if x := recover(); x != nil {
			n.hub.Log.Error("panic between nodes", "panic", x, "stack", string(debug.Stack()))
		}
	}()
	do()
}

// peer finds another node, or gets to know it.
func (n *Nodes) peer(name string) *peer {
	p := n.peers[name]
	if p == nil {
		now := n.hub.Now()
		p = &peer{
			name: name, heard: now, used: now, guests: map[uint64]*guest{}, seats: map[uint64]*relaySeat{}, asks: map[uint64]*asking{},
		}
		p.out = newOutlet(n, name)
		n.peers[name] = p
		n.posts.Go(func() { p.out.run(n.ctx) })
	}
	return p
}

// patience gives a node that was silent, or had no reason to speak, a moment to
// answer.
func (p *peer) patience(now time.Time) {
	if least := now.Add(answerWithin - ownerSilent); p.heard.Before(least) {
		p.heard = least
	}
}

// got takes a packet. at is when it came, in server milliseconds.
func (n *Nodes) got(raw []byte, at float64) {
	var k packet
	if err := json.Unmarshal(raw, &k); err != nil || k.From == "" || k.From == n.self {
		n.hub.Log.Warn("a packet cannot be read", "from", k.From, "bytes", len(raw), "err", err)
		return
	}
	p := n.peers[k.From]
	if p == nil {
		if len(k.Letters) == 0 {
			return // a beat of a node that we have nothing to do with
		}
		p = n.peer(k.From)
	}
	p.heard = n.hub.Now()
	p.clocks.heard(at, at-k.At, k.Least)
	p.out.least.Store(p.clocks.least(at))
	if k.Stream == p.stream && k.N < p.next {
		return // it came twice
	}
	if k.Stream != p.stream || k.N != p.next {
		if p.stream != "" || k.N != 1 {
			n.hub.Log.Warn("packets of a node are missing", "node", p.name)
			n.broken(p)
		}
		p.stream = k.Stream
	}
	p.next = k.N + 1
	for _, l := range k.Letters {
		n.safely(func() { n.read(p, l) })
	}
}

func (n *Nodes) read(p *peer, l letter) {
	switch {
	case l.Enter != nil:
		n.enters(p, *l.Enter)
	case l.Say != nil:
		n.says(p, *l.Say)
	case l.Leave != nil:
		n.leaves(p, *l.Leave)
	case l.Ask != nil:
		n.asked(p, *l.Ask)
	case l.Give != nil:
		n.given(p, *l.Give)
	case l.Close != nil:
		n.closed(p, *l.Close)
	case l.Unseat != nil:
		n.unseated(p, *l.Unseat)
	case l.Moved != nil:
		n.moved(p, l.Moved)
	case l.Answer != nil:
		n.answered(p, *l.Answer)
	case l.Lost:
		n.moveAll(p)
	}
}

// broken is for packets that are missing: what the other node gave us, and what
// its connections said. Both sides begin anew.
func (n *Nodes) broken(p *peer) {
	p.out.add(letter{Lost: true}, 0)
	n.moveAll(p)
	n.failAsks(p)
	now := n.hub.Now()
	for _, g := range p.guests {
		if g.doubted.IsZero() {
			g.doubted = now // unless it enters anew soon
		}
	}
}

// look finds who has fallen silent.
func (n *Nodes) look() {
	now := n.hub.Now()
	for name, p := range n.peers {
		quiet := now.Sub(p.heard)
		if quiet > ownerSilent {
			n.moveAll(p)
			n.failAsks(p)
		}
		for _, g := range p.guests {
			if quiet > guestSilent || !g.doubted.IsZero() && now.Sub(g.doubted) > guestSilent {
				n.dismissGuest(p, g, false)
			}
		}
		if len(p.guests)+len(p.seats)+len(p.asks) > 0 {
			p.used = now
		} else if now.Sub(p.used) > strangerIdle {
			p.out.close()
			delete(n.peers, name)
		}
	}
	for _, r := range n.relays {
		n.lookAt(r, now)
	}
}
