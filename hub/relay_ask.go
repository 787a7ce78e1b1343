package hub

import (
	"context"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/fault"
)

// farWithin bounds a command of REST on another node.
const farWithin = 2 * storeWithin

// asking is a question that another node has not answered yet.
type asking struct {
	repeat bool // the same again has no second effect
	got    chan answerLetter
}

// do runs a command of REST in a room of another node. When the answer is lost,
// a command with an op is tried again; without one nobody knows whether it was
// done, and the caller is told that.
func (a away) do(ctx context.Context, actor account.Identity, cmd wire.Command) (wire.Result, error) {
	ans, err := a.ask(ctx, askLetter{Actor: actor, Cmd: &cmd}, cmd.Op != "")
	return ans.Result, err
}

func (a away) playback(ctx context.Context) (wire.Playback, error) {
	ans, err := a.ask(ctx, askLetter{}, true)
	if err != nil || ans.Playback == nil {
		return wire.Playback{}, err
	}
	return *ans.Playback, nil
}

func (a away) ask(ctx context.Context, l askLetter, repeat bool) (answerLetter, error) {
	n := a.nodes
	l.N, l.Party = n.nums.Add(1), a.party
	q := &asking{repeat: repeat, got: make(chan answerLetter, 1)}
	if !n.mail.put(func() {
		p := n.peer(a.node)
		p.patience(n.hub.Now())
		p.asks[l.N] = q
		size := 0
		if l.Cmd != nil {
			size = len(l.Cmd.Data)
		}
		p.out.add(letter{Ask: &l}, size)
	}) {
		return answerLetter{}, errDraining.After(time.Second)
	}
	defer n.mail.put(func() {
		if p := n.peers[a.node]; p != nil {
			delete(p.asks, l.N)
		}
	})
	ctx, cancel := context.WithTimeout(ctx, farWithin)
	defer cancel()
	select {
	case ans := <-q.got:
		switch {
		case ans.Moved:
			return ans, errStopped
		case ans.Fault != nil:
			return ans, ans.Fault.unpack()
		}
		return ans, nil
	case <-ctx.Done():
		return answerLetter{}, fault.ErrUnavailable.Because(ctx.Err()).After(time.Second)
	case <-n.ctx.Done():
		return answerLetter{}, errDraining.After(time.Second)
	}
}

// failAsks gives up on what was asked of a node that is silent.
func (n *Nodes) failAsks(p *peer) {
	for num, q := range p.asks {
		delete(p.asks, num)
		ans := answerLetter{Moved: q.repeat}
		if !q.repeat {
			ans.Fault = packFault(fault.ErrUnavailable.After(time.Second))
		}
		q.got <- ans // each is answered once: it is off the map
	}
}

func (n *Nodes) answered(p *peer, l answerLetter) {
	q := p.asks[l.N]
	if q == nil {
		return
	}
	delete(p.asks, l.N)
	ahead := p.clocks.ahead(n.hub.time.ms())
	for _, v := range []*wire.Playback{l.Playback, l.Result.Playback} {
		if v != nil {
			shiftPlayback(v, ahead)
		}
	}
	q.got <- l
}

// asked answers another node.
func (n *Nodes) asked(p *peer, l askLetter) {
	n.work.Go(func() {
		ctx, cancel := context.WithTimeout(n.ctx, farWithin)
		defer cancel()
		ans := answerLetter{N: l.N}
		r := n.here(ctx, l.Party)
		var err error
		switch {
		case r == nil:
			ans.Moved = true
		case l.Cmd == nil:
			var v wire.Playback
			v, err = r.playback(ctx)
			ans.Playback = &v
		default:
			ans.Result, err = r.do(ctx, l.Actor, *l.Cmd)
		}
		if err != nil {
			if f := fault.Of(err); f.Is(errStopped) {
				ans.Moved = true
			} else {
				if f.Kind == fault.Internal {
					n.hub.Log.Error("a command of another node failed", "party", l.Party, "err", err)
				}
				ans.Fault = packFault(err)
			}
		}
		p.out.add(letter{Answer: &ans}, 1024)
	})
}
