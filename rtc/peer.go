package rtc

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"

	"watchparty/internal/fault"
)

// Bounds of a connection.
const (
	answerWithin  = 5 * time.Second
	offersAtOnce  = 20
	offersEvery   = 3 * time.Second // one more: 20 a minute
	noPathFor     = 5 * time.Second // then it is down
	lostAfter     = 30 * time.Second
	keepPathAlive = 2 * time.Second
)

// peer is one person's connection.
type peer struct {
	room  *Room
	name  string
	epoch uint64
	pc    *webrtc.PeerConnection
	mic   atomic.Pointer[mic]

	muted, deaf, priority, gone atomic.Bool

	// answering is held while an offer is answered; it guards what follows.
	answering sync.Mutex
	legs      map[string]*leg // lines that we send, by mid
	offer     Offer           // the last one that was answered
	budget    float64         // of offers
	offered   time.Time

	views sync.Mutex // guards where the legs of views are
}

func (p *peer) flag(f Flags) {
	p.muted.Store(f.Muted)
	p.deaf.Store(f.Deaf)
	p.priority.Store(f.Priority)
}

// open makes the connection.
func (p *peer) open() error {
	s := p.room.sfu
	pc, err := s.api.NewPeerConnection(webrtc.Configuration{Certificates: s.certificates})
	if err != nil {
		return fault.ErrInternal.Because(err)
	}
	p.pc = pc
	p.budget, p.offered = offersAtOnce, s.now()
	pc.OnTrack(p.track)
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			path := p.path()
			p.room.tell(func(h Handler) { h.Connected(p.name, p.epoch, path) })
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
			if !p.gone.Load() {
				p.room.tell(func(h Handler) { h.Lost(p.name, p.epoch) })
			}
		}
	})
	s.metrics.Peers(1)
	return nil
}

// close ends the connection. First nothing is forwarded any more, to it or
// from it; the farewell of the protocols goes on beside.
func (p *peer) close() {
	if p.pc == nil || p.gone.Swap(true) {
		return
	}
	r := p.room
	for _, s := range r.slots {
		s.leave(p)
	}
	if m := p.mic.Load(); m != nil {
		r.silence(m)
	}
	r.leaveShares(p)
	r.sfu.metrics.Peers(-1)
	r.sfu.work.Go(func() { _ = p.pc.Close() })
}

// take spends an offer.
func (p *peer) take(now time.Time) error {
	p.budget = min(offersAtOnce, p.budget+float64(now.Sub(p.offered))/float64(offersEvery))
	p.offered = now
	if p.budget < 1 {
		return ErrTooMany.After(offersEvery)
	}
	p.budget--
	return nil
}

// answer takes an offer and answers it.
func (p *peer) answer(ctx context.Context, o Offer, lines []line, sdp string) (Answer, error) {
	p.answering.Lock()
	defer p.answering.Unlock()
	if err := p.take(p.room.sfu.now()); err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	p.offer = o
	if o.Share != nil {
		p.room.publish(p, *o.Share)
	}
	fresh, err := p.lay(o, lines)
	if err != nil {
		return Answer{}, err
	}
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: sdp}); err != nil {
		return Answer{}, ErrBadOffer.Because(err)
	}
	answer, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return Answer{}, ErrBadOffer.Because(err)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(answer); err != nil {
		return Answer{}, ErrBadOffer.Because(err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return Answer{}, fault.ErrUnavailable.Because(ctx.Err()).After(time.Second)
	}
	p.listen(o, fresh)
	if err := p.bindAll(o.Views); err != nil {
		return Answer{}, err
	}
	return Answer{SDP: p.room.sfu.shape(p.pc.LocalDescription().SDP, p.room.settings()), Epoch: p.epoch}, nil
}

// lay adds what we send for the lines that are new, in the order of the offer:
// that is how the library matches them.
func (p *peer) lay(o Offer, lines []line) ([]*leg, error) {
	var fresh []*leg
	for _, l := range lines {
		wanted := slices.Contains(o.Voice, l.mid) || slices.ContainsFunc(o.Views, func(v View) bool { return v.Mid == l.mid })
		if !wanted || p.legs[l.mid] != nil || l.direction != "recvonly" {
			continue
		}
		kind := webrtc.NewRTPCodecType(l.kind)
		if kind != webrtc.RTPCodecTypeAudio && kind != webrtc.RTPCodecTypeVideo {
			return nil, ErrBadOffer.At("sdp", "Line "+l.mid+" cannot be received.")
		}
		g := &leg{kind: kind, name: "line-" + l.mid, peer: p, last: uint16(random32())}
		t, err := p.pc.AddTransceiverFromTrack(g, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return nil, fault.ErrInternal.Because(err)
		}
		g.sender = t.Sender()
		p.legs[l.mid] = g
		fresh = append(fresh, g)
	}
	return fresh, nil
}

// listen puts the new voice lines into the slots, and reads what the peer says
// about the others.
func (p *peer) listen(o Offer, fresh []*leg) {
	for i, mid := range o.Voice {
		if l := p.legs[mid]; l != nil && slices.Contains(fresh, l) {
			p.room.slots[i].add(l)
		}
	}
	if p.gone.Load() {
		for _, s := range p.room.slots {
			s.leave(p)
		}
	}
	for _, l := range fresh {
		if l.kind == webrtc.RTPCodecTypeVideo {
			p.room.sfu.work.Go(func() { p.room.wishes(l) })
		}
	}
}

// track is called when the peer begins to send a line.
func (p *peer) track(t *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	mid := ""
	for _, x := range p.pc.GetTransceivers() {
		if x.Receiver() == receiver {
			mid = x.Mid()
		}
	}
	p.answering.Lock()
	o := p.offer
	p.answering.Unlock()
	switch {
	case mid == o.Mic && mid != "":
		m := &mic{peer: p, track: t, level: extension(receiver, levelURI)}
		if old := p.mic.Swap(m); old != nil {
			p.room.silence(old)
		}
		m.read()
	case o.Share != nil && (mid == o.Share.Video || mid == o.Share.Audio):
		p.room.share(o.Share.Share).read(p, t)
	}
}

func extension(r *webrtc.RTPReceiver, uri string) uint8 {
	for _, e := range r.GetParameters().HeaderExtensions {
		if e.URI == uri {
			return uint8(e.ID)
		}
	}
	return 0
}

// path says how the media of a peer comes.
func (p *peer) path() string {
	for _, x := range p.pc.GetTransceivers() {
		var dtls *webrtc.DTLSTransport
		if s := x.Sender(); s != nil && s.Transport() != nil {
			dtls = s.Transport()
		} else if r := x.Receiver(); r != nil && r.Transport() != nil {
			dtls = r.Transport()
		}
		if dtls == nil {
			continue
		}
		pair, err := dtls.ICETransport().GetSelectedCandidatePair()
		if err != nil || pair == nil {
			continue
		}
		return p.room.sfu.pathOf(pair)
	}
	return ""
}
