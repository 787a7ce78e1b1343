package rtc_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"watchparty/rtc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is for a loaded machine; nothing is measured by it.
const patience = 20 * time.Second

// ears keeps what a room tells.
type ears struct {
	mu    sync.Mutex
	paths map[string]string
	lost  []string
	speak []string
	slots []string
	live  map[string]bool
	info  map[string]rtc.ShareInfo
	news  chan struct{}
}

func newEars() *ears {
	return &ears{paths: map[string]string{}, live: map[string]bool{}, info: map[string]rtc.ShareInfo{}, news: make(chan struct{}, 1)}
}

func (e *ears) note(fn func()) {
	e.mu.Lock()
	fn()
	e.mu.Unlock()
	select {
	case e.news <- struct{}{}:
	default:
	}
}

func (e *ears) Connected(peer string, _ uint64, path string) { e.note(func() { e.paths[peer] = path }) }
func (e *ears) Lost(peer string, _ uint64, reason string) {
	e.note(func() { e.lost = append(e.lost, peer+" "+reason) })
}
func (e *ears) Speaking(peers []string) { e.note(func() { e.speak = peers }) }
func (e *ears) Slots(peers []string)    { e.note(func() { e.slots = peers }) }
func (e *ears) ShareLive(share string, on bool, info rtc.ShareInfo) {
	e.note(func() { e.live[share], e.info[share] = on, info })
}

// until waits for something that the room tells.
func (e *ears) until(t testing.TB, what string, fits func() bool) {
	t.Helper()
	limit := time.After(patience)
	for {
		e.mu.Lock()
		ok := fits()
		e.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-e.news:
		case <-limit:
			t.Fatalf("it is never told that %s", what)
		}
	}
}

func newSFU(t testing.TB, c rtc.Config) *rtc.SFU {
	t.Helper()
	if c.Listen == "" {
		c.Listen = "127.0.0.1"
	}
	s, err := rtc.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// person is a peer of the other side, on a library of its own configuration.
type person struct {
	t     testing.TB
	name  string
	room  *rtc.Room
	pc    *webrtc.PeerConnection
	mic   *webrtc.TrackLocalStaticRTP
	offer rtc.Offer
	heard [8]atomic.Int64 // packets by slot
	seen  atomic.Int64    // packets of pictures
	shown pictures
	last  [8]atomic.Pointer[rtp.Packet]
	seq   uint16
	gaps  atomic.Int64

	each     func(*rtp.Packet) // hears every packet of voice; set before it joins
	sound    func() string     // mid of the sound of its screen; nil: none
	tones    atomic.Int64      // packets of the sound of shares
	reported atomic.Int64      // lines about whose time something was told
}

type shape struct {
	slots int
	views int
	ice   webrtc.Configuration
	set   func(*webrtc.SettingEngine)
	both  bool // it offers its microphone in both directions
	loses int  // one packet in so many is lost on the way to it; 0: none
	flags rtc.Flags
}

// join connects a person with a microphone and some slots.
func join(t testing.TB, r *rtc.Room, name string, s shape) *person {
	t.Helper()
	p := dress(t, r, name, s)
	s.flags.Share = true
	p.enter(s.flags)
	return p
}

// dress makes the connection without joining.
func dress(t testing.TB, r *rtc.Room, name string, s shape) *person {
	t.Helper()
	var e webrtc.SettingEngine
	e.SetIncludeLoopbackCandidate(true)
	e.SetICETimeouts(2*time.Second, 5*time.Second, 500*time.Millisecond)
	if s.set != nil {
		s.set(&e)
	}
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: "urn:ietf:params:rtp-hdrext:ssrc-audio-level"}, webrtc.RTPCodecTypeAudio); err != nil {
		t.Fatal(err)
	}
	way := &interceptor.Registry{}
	if s.loses > 0 {
		way.Add(&lossy{one: s.loses})
	}
	if err := webrtc.RegisterDefaultInterceptors(m, way); err != nil {
		t.Fatal(err)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(e), webrtc.WithInterceptorRegistry(way))
	pc, err := api.NewPeerConnection(s.ice)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	p := &person{t: t, name: name, room: r, pc: pc}
	p.mic, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "mic", "mic")
	if err != nil {
		t.Fatal(err)
	}
	direction := webrtc.RTPTransceiverDirectionSendonly
	if s.both {
		direction = webrtc.RTPTransceiverDirectionSendrecv
	}
	if _, err := pc.AddTransceiverFromTrack(p.mic, webrtc.RTPTransceiverInit{Direction: direction}); err != nil {
		t.Fatal(err)
	}
	for range s.slots {
		p.receive(webrtc.RTPCodecTypeAudio)
	}
	for range s.views {
		p.receive(webrtc.RTPCodecTypeVideo)
	}
	pc.OnTrack(p.listen)
	return p
}

func (p *person) receive(kind webrtc.RTPCodecType) {
	if _, err := p.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *person) listen(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	slot := -1
	for _, x := range p.pc.GetTransceivers() {
		if x.Receiver() == receiver {
			slot = slices.Index(p.offer.Voice, x.Mid())
		}
	}
	go p.times(track, receiver)
	var before *rtp.Packet
	for {
		k, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if slot < 0 && track.Kind() == webrtc.RTPCodecTypeAudio {
			p.tones.Add(1)
			continue
		}
		if slot < 0 {
			p.seen.Add(1)
			p.shown.add(k)
			continue
		}
		if before != nil && k.SequenceNumber != before.SequenceNumber+1 {
			p.gaps.Add(1)
		}
		before = k
		if p.each != nil {
			p.each(k)
		}
		p.heard[slot].Add(1)
		p.last[slot].Store(k)
	}
}

// times reads what is told about the time of a line.
func (p *person) times(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	told := false
	for {
		all, _, err := receiver.ReadRTCP()
		if err != nil {
			return
		}
		for _, k := range all {
			if r, ok := k.(*rtcp.SenderReport); ok && r.SSRC == uint32(track.SSRC()) && !told {
				told = true
				p.reported.Add(1)
			}
		}
	}
}

func containsAll(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}

// describe makes the next offer, and names its lines.
func (p *person) describe() { p.describeAs(nil) }

func (p *person) describeAs(how *webrtc.OfferOptions) {
	p.t.Helper()
	o, err := p.pc.CreateOffer(how)
	if err != nil {
		p.t.Fatal(err)
	}
	done := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(o); err != nil {
		p.t.Fatal(err)
	}
	<-done
	p.offer.SDP, p.offer.Voice = p.pc.LocalDescription().SDP, nil
	for i, x := range p.pc.GetTransceivers() {
		switch {
		case i == 0:
			p.offer.Mic = x.Mid()
		case slices.ContainsFunc(p.offer.Views, func(v rtc.View) bool { return v.Mid == x.Mid() }):
		case x.Kind() == webrtc.RTPCodecTypeAudio && x.Direction() == webrtc.RTPTransceiverDirectionRecvonly:
			p.offer.Voice = append(p.offer.Voice, x.Mid())
		}
	}
}

func (p *person) enter(f rtc.Flags) {
	p.t.Helper()
	p.describe()
	a, err := p.room.Join(p.t.Context(), p.name, f, p.offer)
	if err != nil {
		p.t.Fatal(err)
	}
	p.take(a)
}

func (p *person) take(a rtc.Answer) {
	p.t.Helper()
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: a.SDP}); err != nil {
		p.t.Fatalf("%v in %s", err, a.SDP)
	}
}

// say sends one packet of voice with a level.
func (p *person) say(level uint8) {
	k := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: p.seq, Timestamp: uint32(p.seq) * 960}, Payload: make([]byte, 80)}
	binary.BigEndian.PutUint16(k.Payload, p.seq)
	copy(k.Payload[2:], p.name)
	for _, x := range p.pc.GetTransceivers()[0].Sender().GetParameters().HeaderExtensions {
		if strings.Contains(x.URI, "audio-level") {
			_ = k.SetExtension(uint8(x.ID), []byte{0x80 | level})
		}
	}
	p.seq++
	_ = p.mic.WriteRTP(k)
}

// talk says a packet every 20 ms until stop.
func (p *person) talk(level uint8) (stop func()) {
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.say(level)
			case <-end:
				return
			}
		}
	}()
	var once sync.Once
	stop = func() { once.Do(func() { close(end); <-done }) }
	p.t.Cleanup(stop)
	return stop
}

// hears says in which slots packets of a voice came last.
func (p *person) hears(name string) bool {
	for i := range p.last {
		if k := p.last[i].Load(); k != nil && string(k.Payload[2:2+len(name)]) == name {
			return true
		}
	}
	return false
}

func eventually(t testing.TB, what string, fits func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if fits() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func names(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprint("p", i))
	}
	return all
}
