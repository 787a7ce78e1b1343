package rtc

import (
	"context"
	"slices"
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

// spend takes an offer off the budget.
func (p *peer) spend(now time.Time) error {
	p.budget = min(offersAtOnce, p.budget+float64(now.Sub(p.offered))/float64(offersEvery))
	p.offered = now
	if p.budget < 1 {
		return ErrTooMany.After(offersEvery)
	}
	p.budget--
	return nil
}

// answer takes an offer and answers it. What cannot be answered once lines were
// laid for it leaves the connection in an unknown state: broken says so.
func (p *peer) answer(ctx context.Context, o Offer, lines []line, sdp string) (a Answer, broken bool, err error) {
	p.answering.Lock()
	defer p.answering.Unlock()
	if err := p.spend(p.room.sfu.now()); err != nil {
		return Answer{}, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if err := p.known(o, lines); err != nil {
		return Answer{}, false, err
	}
	if o.Share == nil {
		o.Share = p.offer.Share // as before
	} else if err := p.publish(*o.Share); err != nil {
		return Answer{}, false, err
	}
	p.offer = o
	fresh, err := p.lay(o, lines)
	if err != nil {
		return Answer{}, true, err
	}
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: sdp}); err != nil {
		return Answer{}, true, ErrBadOffer.Because(err)
	}
	answer, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return Answer{}, true, ErrBadOffer.Because(err)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(answer); err != nil {
		return Answer{}, true, ErrBadOffer.Because(err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return Answer{}, true, ErrBusy.Because(ctx.Err()).After(time.Second)
	}
	p.listen(o, fresh)
	if err := p.bindAll(o.Views); err != nil {
		return Answer{}, false, err
	}
	return Answer{SDP: p.room.sfu.shape(p.pc.LocalDescription().SDP, p.room.settings()), Epoch: p.epoch}, false, nil
}

// known refuses lines that received and now send, or the other way round: the
// library cannot turn them. A line that nobody named is not answered, for the
// library would match it with one that is laid for another.
func (p *peer) known(o Offer, lines []line) error {
	for _, l := range lines {
		switch l.direction {
		case "sendonly":
			if p.legs[l.mid] != nil {
				return ErrBadOffer.At("sdp", "Line "+l.mid+" received before.")
			}
		case "recvonly":
			if p.sends[l.mid] {
				return ErrBadOffer.At("sdp", "Line "+l.mid+" sent before.")
			}
			if p.legs[l.mid] == nil && !o.receives(l.mid) {
				return ErrBadOffer.At("sdp", "Line "+l.mid+" receives, and is neither a voice nor a view.")
			}
		}
	}
	for _, l := range lines {
		if l.direction == "sendonly" {
			p.sends[l.mid] = true
		}
	}
	return nil
}

func (o Offer) receives(mid string) bool {
	return slices.Contains(o.Voice, mid) || slices.ContainsFunc(o.Views, func(v View) bool { return v.Mid == mid })
}

// lay adds what we send for the lines that are new, in the order of the offer:
// that is how the library matches them.
func (p *peer) lay(o Offer, lines []line) ([]*leg, error) {
	var fresh []*leg
	for _, l := range lines {
		if !o.receives(l.mid) || p.legs[l.mid] != nil || l.direction != "recvonly" {
			continue
		}
		g := &leg{
			kind: webrtc.NewRTPCodecType(l.kind), name: "line-" + l.mid, stream: "line-" + l.mid, peer: p, last: uint16(random32()),
		}
		if i := slices.IndexFunc(o.Views, func(v View) bool { return v.Mid == l.mid && v.Share != "" }); i >= 0 {
			g.stream = "share-" + o.Views[i].Share
		}
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
// about all new ones.
func (p *peer) listen(o Offer, fresh []*leg) {
	for i, mid := range o.Voice {
		if l := p.legs[mid]; l != nil && slices.Contains(fresh, l) {
			p.room.slots[i].add(l)
		}
	}
	for _, l := range fresh {
		p.room.sfu.work.Go(func() { p.room.wishes(l) })
	}
}
