package rtc_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"watchparty/rtc"
)

// screen is a share that a person sends.
type screen struct {
	p     *person
	track *webrtc.TrackLocalStaticRTP
	asked chan struct{} // for a whole picture
	seq   uint16
	ts    uint32
}

// shares adds a screen to a person's connection and offers it.
func shares(t *testing.T, p *person, name string) *screen {
	t.Helper()
	v, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, "screen", "screen")
	if err != nil {
		t.Fatal(err)
	}
	x, err := p.pc.AddTransceiverFromTrack(v, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{p: p, track: v, asked: make(chan struct{}, 1000)}
	p.describe()
	p.offer.Share = &rtc.Publish{Share: name, Video: x.Mid()}
	again(t, p)
	go func() {
		for {
			all, _, err := x.Sender().ReadRTCP()
			if err != nil {
				return
			}
			for _, k := range all {
				if _, ok := k.(*rtcp.PictureLossIndication); ok {
					s.asked <- struct{}{}
				}
			}
		}
	}()
	return s
}

func again(t *testing.T, p *person) {
	t.Helper()
	a, err := p.room.Renegotiate(t.Context(), p.name, p.offer)
	if err != nil {
		t.Fatal(err)
	}
	p.take(a)
}

// watch offers a line for pictures and binds it to a share.
func watch(t *testing.T, p *person, name string) {
	t.Helper()
	p.receive(webrtc.RTPCodecTypeVideo)
	p.describe()
	all := p.pc.GetTransceivers()
	p.offer.Views = append(p.offer.Views, rtc.View{Mid: all[len(all)-1].Mid(), Share: name})
	again(t, p)
}

// picture sends one picture of two packets.
func (s *screen) picture(whole bool) {
	s.ts += 3000
	for i := range 2 {
		b := make([]byte, 1000)
		if i == 0 {
			b[0] = 0x10 // begins the first partition
		}
		if !whole {
			b[1] = 1
		}
		binary.BigEndian.PutUint32(b[10:], s.ts)
		_ = s.track.WriteRTP(&rtp.Packet{
			Header: rtp.Header{Version: 2, Marker: i == 1, SequenceNumber: s.seq, Timestamp: s.ts}, Payload: b,
		})
		s.seq++
	}
}

// play sends 30 pictures a second, whole ones when it is asked.
func (s *screen) play(t *testing.T) (asked func() int) {
	n, end, done := 0, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(33 * time.Millisecond)
		defer tick.Stop()
		whole := true
		for {
			select {
			case <-s.asked:
				whole = true
				n++
			case <-tick.C:
				s.picture(whole)
				whole = false
			case <-end:
				return
			}
		}
	}()
	stopped := false
	stop := func() int {
		if !stopped {
			stopped = true
			close(end)
			<-done
		}
		return n
	}
	t.Cleanup(func() { stop() })
	return stop
}

func TestAScreenIsSeenByAllAndByWhoComesLaterAtOnce(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	ada, bob := join(t, r, "ada", shape{slots: 1}), join(t, r, "bob", shape{slots: 1})
	e.until(t, "both are there", func() bool { return len(e.paths) == 2 })
	scr := shares(t, ada, "film")
	asked := scr.play(t)
	e.until(t, "the share is live", func() bool { return e.live["film"] })
	watch(t, bob, "film")
	eventually(t, "bob sees it", func() bool { return bob.seen.Load() > 10 })
	// Ten more come at once: the sharer is asked for hardly more whole pictures.
	began := time.Now()
	for _, n := range names(10) {
		p := join(t, r, n, shape{slots: 1})
		e.until(t, n+" is there", func() bool { return e.paths[n] != "" })
		watch(t, p, "film")
		eventually(t, n+" sees it", func() bool { return p.seen.Load() > 10 })
	}
	took := time.Since(began)
	if n := asked(); float64(n) > 2*took.Seconds()+3 {
		t.Errorf("asked %d times for a whole picture in %v", n, took)
	}
	r.Leave("ada")
	e.until(t, "the share has ended", func() bool { return !e.live["film"] })
}

func TestALineShowsAnotherShareWithoutAnOffer(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	ada, bob := join(t, r, "ada", shape{slots: 1}), join(t, r, "bob", shape{slots: 1})
	e.until(t, "both are there", func() bool { return len(e.paths) == 2 })
	shares(t, ada, "film").play(t)
	watch(t, bob, "nothing yet")
	e.until(t, "the share is live", func() bool { return e.live["film"] })
	if bob.seen.Load() > 0 {
		t.Fatal("something is seen that was not asked for")
	}
	if err := r.Bind("bob", []rtc.View{{Mid: bob.offer.Views[0].Mid, Share: "film"}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "bob sees it", func() bool { return bob.seen.Load() > 10 })
	r.Unshare("film")
	time.Sleep(50 * time.Millisecond)
	before := bob.seen.Load()
	time.Sleep(200 * time.Millisecond)
	if bob.seen.Load() != before {
		t.Error("a share that has ended is still seen")
	}
}
