package rtc_test

import (
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"watchparty/rtc"
)

const listeners = 100

// BenchmarkForward is one voice packet to a hundred listeners, from where it
// was read to where the kernel has it. The listeners have real connections, but
// do not read any more: what is measured is the server's part. cpu-s/M is CPU
// seconds of the process per million forwarded packets.
func BenchmarkForward(b *testing.B) {
	hear := hall(b, listeners)
	measure(b, hear)
}

func naive(b *testing.B, codec webrtc.RTPCodecCapability, payload []byte) {
	track, err := webrtc.NewTrackLocalStaticRTP(codec, "v", "v")
	if err != nil {
		b.Fatal(err)
	}
	var heard atomic.Int64
	var ears []*deafConn
	for range listeners {
		server, client, ear := pair(b)
		if _, err := server.AddTrack(track); err != nil {
			b.Fatal(err)
		}
		client.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
			if _, _, err := t.ReadRTP(); err == nil {
				heard.Add(1)
			}
		})
		connect(b, server, client)
		ears = append(ears, ear)
	}
	k := &rtp.Packet{Header: rtp.Header{Version: 2}, Payload: payload}
	say := func() {
		k.SequenceNumber++
		k.Timestamp += 960
		_ = track.WriteRTP(k)
	}
	eventually(b, "all hear", func() bool { say(); return heard.Load() == listeners })
	for _, e := range ears {
		e.deaf()
	}
	measure(b, say)
}

// BenchmarkShare is one packet of a picture to a hundred viewers, kept for what
// may be lost, and numbered for the estimate of what each path carries.
func BenchmarkShare(b *testing.B) { measure(b, cinema(b, listeners)) }

// BenchmarkNaiveShare is the same with the library's own tracks and
// interceptors.
func BenchmarkNaiveShare(b *testing.B) { naive(b, vp8, make([]byte, 1100)) }

// BenchmarkNaive is the voice with the library's own tracks and interceptors.
func BenchmarkNaive(b *testing.B) {
	naive(b, webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, make([]byte, 80))
}

// cinema connects some who see a screen, and do not read any more, and gives a
// way to send one packet of it.
func cinema(b testing.TB, n int) func() {
	s, e := newSFU(b, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	ada := join(b, r, "ada", shape{})
	e.until(b, "ada is there", func() bool { return e.paths["ada"] != "" })
	scr := shares(b, ada, "film")
	eventually(b, "the share is live", func() bool {
		scr.picture(scr.sizes[0], true)
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.live["film"]
	})
	var all []*person
	var ears []*deafConn
	for i := range n {
		ear := newDeafConn(b)
		p := join(b, r, fmt.Sprint("p", i), shape{set: ear.use})
		watch(b, p, "film")
		all, ears = append(all, p), append(ears, ear)
	}
	eventually(b, "all see it", func() bool {
		scr.at += 3000
		scr.picture(scr.sizes[0], true)
		for _, p := range all {
			if p.seen.Load() == 0 {
				return false
			}
		}
		return true
	})
	for _, e := range ears {
		e.deaf()
	}
	in := r.SharePackets("film")
	h, payload := &rtp.Header{Version: 2, SequenceNumber: 10000, Timestamp: scr.at}, make([]byte, 1100)
	payload[0], payload[1] = 0x10, 1
	return func() {
		h.SequenceNumber++
		h.Timestamp += 1000
		in(h, payload)
	}
}

// TestForwardingAllocatesNothing holds for the whole way: choice of the slot,
// headers, encryption, gathering, the system call.
func TestForwardingAllocatesNothing(t *testing.T) {
	for what, send := range map[string]func(){"voice": hall(t, 10), "a picture": cinema(t, 10)} {
		for range 1500 { // until the memory of what was sent is full
			send()
		}
		// Connections that live on allocate a little now and then; per packet it
		// would be ten and more.
		if n := testing.AllocsPerRun(2000, send); n >= 1 && !racing {
			t.Errorf("%v allocations for a packet of %s to ten", n, what)
		}
	}
}

// hall connects some who only listen, and do not any more, and gives a way to
// let one packet be heard by them.
func hall(b testing.TB, n int) func() {
	s, e := newSFU(b, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{LastN: 1}, e)
	ada := join(b, r, "ada", shape{})
	var all []*person
	var ears []*deafConn
	for i := range n {
		ear := newDeafConn(b)
		all = append(all, join(b, r, fmt.Sprint("p", i), shape{slots: 1, set: ear.use}))
		ears = append(ears, ear)
	}
	eventually(b, "all hear", func() bool {
		ada.say(20)
		for _, p := range all {
			if p.heard[0].Load() == 0 {
				return false
			}
		}
		return true
	})
	for _, e := range ears {
		e.deaf()
	}
	h, payload := &rtp.Header{Version: 2, SequenceNumber: 1000}, make([]byte, 80)
	return func() {
		h.SequenceNumber++
		h.Timestamp += 960
		r.Hear("ada", h, payload)
	}
}

func measure(b *testing.B, say func()) {
	b.ReportAllocs()
	cpu := cpuSeconds()
	for b.Loop() {
		say()
	}
	b.ReportMetric((cpuSeconds()-cpu)/float64(b.N*listeners)*1e6, "cpu-s/M")
}

// deafConn is a client's socket that can stop reading; the kernel drops what
// comes then.
type deafConn struct {
	net.PacketConn
	mux  ice.UDPMux
	off  atomic.Bool
	over chan struct{}
}

func newDeafConn(b testing.TB) *deafConn {
	c, err := (&net.ListenConfig{}).ListenPacket(b.Context(), "udp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	d := &deafConn{PacketConn: c, over: make(chan struct{})}
	d.mux = webrtc.NewICEUDPMux(logging.NewDefaultLoggerFactory().NewLogger("test"), d)
	b.Cleanup(func() {
		close(d.over)
		_ = d.mux.Close()
	})
	return d
}

func (d *deafConn) use(e *webrtc.SettingEngine) {
	e.SetICEUDPMux(d.mux)
	e.SetICETimeouts(time.Hour, time.Hour, 2*time.Second)
}

func (d *deafConn) deaf() { d.off.Store(true) }

func (d *deafConn) ReadFrom(b []byte) (int, net.Addr, error) {
	if d.off.Load() {
		<-d.over
		return 0, nil, net.ErrClosed
	}
	return d.PacketConn.ReadFrom(b)
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func pair(b *testing.B) (server, client *webrtc.PeerConnection, ear *deafConn) {
	ear = newDeafConn(b)
	for _, pc := range []**webrtc.PeerConnection{&server, &client} {
		var e webrtc.SettingEngine
		e.SetIncludeLoopbackCandidate(true)
		if pc == &client {
			ear.use(&e)
		}
		x, err := webrtc.NewAPI(webrtc.WithSettingEngine(e)).NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = x.GracefulClose() })
		*pc = x
	}
	return server, client, ear
}

func connect(b *testing.B, server, client *webrtc.PeerConnection) {
	up := make(chan struct{})
	client.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			close(up)
		}
	})
	for _, step := range []struct{ from, to *webrtc.PeerConnection }{{server, client}, {client, server}} {
		var d webrtc.SessionDescription
		var err error
		if step.from == server {
			d, err = step.from.CreateOffer(nil)
		} else {
			d, err = step.from.CreateAnswer(nil)
		}
		if err != nil {
			b.Fatal(err)
		}
		done := webrtc.GatheringCompletePromise(step.from)
		if err := step.from.SetLocalDescription(d); err != nil {
			b.Fatal(err)
		}
		<-done
		if err := step.to.SetRemoteDescription(*step.from.LocalDescription()); err != nil {
			b.Fatal(err)
		}
	}
	<-up
}
