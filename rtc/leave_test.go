package rtc_test

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pion/rtp"

	"watchparty/rtc"
)

// A client that goes on sending after it was sent out is not heard: no packet
// that came after Leave has returned passes, whatever was under way.
func TestAfterLeaveNothingPasses(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	bob := dress(t, r, "bob", shape{slots: 2})
	var newest atomic.Uint32 // number of the last packet that bob heard
	bob.each = func(k *rtp.Packet) {
		if n := binary.BigEndian.Uint32(k.Payload[10:]); n > newest.Load() {
			newest.Store(n)
		}
	}
	bob.enter(rtc.Flags{})
	e.until(t, "bob is there", func() bool { return e.paths["bob"] != "" })
	var n atomic.Uint32
	for range 30 {
		ada := join(t, r, "ada", shape{slots: 1})
		eventually(t, "ada is there", func() bool { ada.say(20); return r.Sends("ada") })
		hear := r.Ear("ada")
		over := make(chan struct{})
		var senders sync.WaitGroup
		for range 2 {
			senders.Go(func() {
				h, payload := &rtp.Header{Version: 2}, make([]byte, 80)
				for {
					select {
					case <-over:
						return
					default:
					}
					i := n.Add(1)
					h.SequenceNumber++
					binary.BigEndian.PutUint32(payload[10:], i)
					hear(h, payload)
				}
			})
		}
		heard := newest.Load()
		eventually(t, "bob hears her", func() bool { return newest.Load() > heard })
		r.Leave("ada")
		last := n.Load()
		for n.Load() < last+1000 { // she goes on
			hear(&rtp.Header{Version: 2}, make([]byte, 80))
		}
		close(over)
		senders.Wait()
		if got := newest.Load(); got > last {
			t.Fatalf("packet %d passed, Leave had returned at %d", got, last)
		}
		_ = ada.pc.Close()
	}
}
