package rtc_test

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"watchparty/rtc"
)

// BenchmarkForward is one voice packet to a hundred listeners, through real
// connections, in CPU of the whole process: the sender's and the listeners'
// part is in it. s/M is CPU seconds per million packets that arrived.
func BenchmarkForward(b *testing.B) {
	const listeners = 100
	s, e := newSFU(b, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{LastN: 1}, e)
	ada := join(b, r, "ada", shape{})
	var all []*person
	for i := range listeners {
		all = append(all, join(b, r, fmt.Sprint("p", i), shape{slots: 1}))
	}
	e.until(b, "all are there", func() bool { return len(e.paths) == listeners+1 })
	measure(b, listeners, func() { ada.say(20) }, func() (n int64) {
		for _, p := range all {
			n += p.heard[0].Load()
		}
		return n
	})
}

// BenchmarkNaive is the same with the library's own tracks and interceptors.
func BenchmarkNaive(b *testing.B) {
	const listeners = 100
	codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	track, err := webrtc.NewTrackLocalStaticRTP(codec, "v", "v")
	if err != nil {
		b.Fatal(err)
	}
	var heard atomic.Int64
	for range listeners {
		server, client := pair(b)
		if _, err := server.AddTrack(track); err != nil {
			b.Fatal(err)
		}
		client.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
			for {
				if _, _, err := t.ReadRTP(); err != nil {
					return
				}
				heard.Add(1)
			}
		})
		connect(b, server, client)
	}
	k := &rtp.Packet{Header: rtp.Header{Version: 2}, Payload: make([]byte, 80)}
	measure(b, listeners, func() {
		k.SequenceNumber++
		k.Timestamp += 960
		_ = track.WriteRTP(k)
	}, heard.Load)
}

func measure(b *testing.B, listeners int, say func(), heard func() int64) {
	// The first packets only open the lines.
	for heard() < int64(listeners) {
		say()
		eventually(b, "a packet is heard", func() bool { return true })
	}
	before, cpu := heard(), cpuSeconds()
	b.ResetTimer()
	sent := 0
	for b.Loop() {
		say()
		sent++
		if sent%8 == 0 { // do not outrun the listeners
			want := before + int64((sent-8)*listeners)*98/100
			eventually(b, "the listeners follow", func() bool { return heard() >= want })
		}
	}
	eventually(b, "the last is heard", func() bool { return heard()-before >= int64(sent*listeners)*98/100 })
	got := heard() - before
	b.ReportMetric((cpuSeconds()-cpu)/float64(got)*1e6, "cpu-s/M")
	b.ReportMetric(float64(int64(sent*listeners)-got), "lost")
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func pair(b *testing.B) (server, client *webrtc.PeerConnection) {
	for _, pc := range []**webrtc.PeerConnection{&server, &client} {
		var e webrtc.SettingEngine
		e.SetIncludeLoopbackCandidate(true)
		x, err := webrtc.NewAPI(webrtc.WithSettingEngine(e)).NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = x.GracefulClose() })
		*pc = x
	}
	return server, client
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
