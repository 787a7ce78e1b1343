package rtc_test

import (
	"encoding/binary"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"watchparty/rtc"
)

// screen is a share that a person sends.
type screen struct {
	p      *person
	sender *webrtc.RTPSender
	sizes  []*encoding
	asked  chan int // which encoding is asked for a whole picture
	silent atomic.Bool
	at     uint32 // moment, in units of the timestamps
}

// encoding is one size of it.
type encoding struct {
	track  *webrtc.TrackLocalStaticRTP
	rid    string
	height int
	start  uint32 // its timestamps begin here
	seq    uint16
}

var vp8 = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}

// shares adds a screen to a person's connection and offers it, in one encoding
// or in several.
func shares(t testing.TB, p *person, name string, heights ...int) *screen {
	t.Helper()
	if len(heights) == 0 {
		heights = []int{720}
	}
	s := &screen{p: p, asked: make(chan int, 1000)}
	for i, h := range heights {
		var options []func(*webrtc.TrackLocalStaticRTP)
		e := &encoding{height: h, start: uint32(i) * 1e6}
		if len(heights) > 1 {
			e.rid = string(rune('q' - i))
			options = append(options, webrtc.WithRTPStreamID(e.rid))
		}
		var err error
		if e.track, err = webrtc.NewTrackLocalStaticRTP(vp8, "screen", "screen", options...); err != nil {
			t.Fatal(err)
		}
		s.sizes = append(s.sizes, e)
	}
	x, err := p.pc.AddTransceiverFromTrack(s.sizes[0].track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		t.Fatal(err)
	}
	s.sender = x.Sender()
	for _, e := range s.sizes[1:] {
		if err := s.sender.AddEncoding(e.track); err != nil {
			t.Fatal(err)
		}
	}
	p.describe()
	p.offer.Share = &rtc.Publish{Share: name, Video: x.Mid()}
	if p.sound != nil {
		p.offer.Share.Audio = p.sound()
	}
	again(t, p)
	for i, e := range s.sizes {
		go func() {
			for {
				var all []rtcp.Packet
				var err error
				if e.rid == "" {
					all, _, err = s.sender.ReadRTCP()
				} else {
					all, _, err = s.sender.ReadSimulcastRTCP(e.rid)
				}
				if err != nil {
					return
				}
				for _, k := range all {
					if _, ok := k.(*rtcp.PictureLossIndication); ok {
						s.asked <- i
					}
				}
			}
		}()
	}
	return s
}

func again(t testing.TB, p *person) {
	t.Helper()
	a, err := p.room.Renegotiate(t.Context(), p.name, p.offer)
	if err != nil {
		t.Fatal(err)
	}
	p.take(a)
}

// watch offers a line for pictures and binds it to a share.
func watch(t testing.TB, p *person, name string) {
	t.Helper()
	p.receive(webrtc.RTPCodecTypeVideo)
	p.describe()
	all := p.pc.GetTransceivers()
	p.offer.Views = append(p.offer.Views, rtc.View{Mid: all[len(all)-1].Mid(), Share: name})
	again(t, p)
}

// picture sends one picture of two packets in one encoding. Its second half
// says which moment it shows.
func (s *screen) picture(e *encoding, whole bool) {
	for i := range 2 {
		b := make([]byte, 1000)
		if i == 0 {
			b[0] = 0x10 // begins the first partition
			if whole {
				copy(b[4:], []byte{0x9d, 0x01, 0x2a})
				binary.LittleEndian.PutUint16(b[7:], uint16(e.height*16/9))
				binary.LittleEndian.PutUint16(b[9:], uint16(e.height))
			} else {
				b[1] = 1
			}
		}
		binary.BigEndian.PutUint32(b[20:], s.at)
		b[24] = byte(e.height / 8)
		k := &rtp.Packet{Header: rtp.Header{
			Version: 2, Marker: i == 1, SequenceNumber: e.seq, Timestamp: e.start + s.at,
		}, Payload: b}
		if e.rid != "" {
			mid := s.p.offer.Share.Video
			for _, x := range s.sender.GetParameters().HeaderExtensions {
				switch x.URI {
				case "urn:ietf:params:rtp-hdrext:sdes:mid":
					_ = k.SetExtension(uint8(x.ID), []byte(mid))
				case "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id":
					_ = k.SetExtension(uint8(x.ID), []byte(e.rid))
				}
			}
		}
		_ = e.track.WriteRTP(k)
		e.seq++
	}
}

// play sends 30 pictures a second, whole ones when it is asked.
func (s *screen) play(t *testing.T) (asked func() int) {
	n, end, done := 0, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(33 * time.Millisecond)
		defer tick.Stop()
		whole := make([]bool, len(s.sizes))
		for i := range whole {
			whole[i] = true
		}
		for {
			select {
			case i := <-s.asked:
				whole[i] = true
				n++
			case <-tick.C:
				s.at += 3000
				for i, e := range s.sizes {
					if !s.silent.Load() {
						s.picture(e, whole[i])
					}
					whole[i] = false
				}
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
	e.until(t, "the share is live", func() bool {
		return e.live["film"] && e.info["film"] == rtc.ShareInfo{Width: 1280, Height: 720, Codec: "vp8"}
	})
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
	quietPictures(t, bob)
}
