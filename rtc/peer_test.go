package rtc_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"watchparty/internal/fault"
	"watchparty/rtc"
)

func TestWhoComesAnotherWayGoesOn(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	ada, bob := join(t, r, "ada", shape{slots: 2}), join(t, r, "bob", shape{slots: 2})
	ada.talk(20)
	bob.talk(20)
	eventually(t, "they hear each other", func() bool { return bob.hears("ada") && ada.hears("bob") })
	old := ufrag(ada.pc.RemoteDescription().SDP)
	ada.describeAs(&webrtc.OfferOptions{ICERestart: true})
	again(t, ada)
	if ufrag(ada.pc.RemoteDescription().SDP) == old {
		t.Error("the answer is no restart")
	}
	mine, his := total(ada), total(bob)
	eventually(t, "they hear each other again", func() bool {
		return total(ada) > mine+25 && total(bob) > his+25
	})
	e.until(t, "nobody is lost", func() bool { return len(e.lost) == 0 })
}

func total(p *person) int64 { return p.heard[0].Load() + p.heard[1].Load() }

func ufrag(sdp string) string {
	_, rest, _ := strings.Cut(sdp, "a=ice-ufrag:")
	v, _, _ := strings.Cut(rest, "\r\n")
	return v
}

func TestWhoClosesOrVanishesIsLost(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{LostAfter: 2 * time.Second}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	ada, bob := join(t, r, "ada", shape{slots: 1}), join(t, r, "bob", shape{slots: 1})
	ada.talk(20)
	eventually(t, "bob hears ada", func() bool { return bob.hears("ada") })
	if err := ada.pc.GracefulClose(); err != nil {
		t.Fatal(err)
	}
	e.until(t, "ada has closed", func() bool { return slices.Contains(e.lost, "ada closed") })
	// Somebody who offers and never comes.
	dress(t, r, "eve", shape{slots: 1}).describeAndJoin(t)
	e.until(t, "eve is lost", func() bool { return slices.Contains(e.lost, "eve lost") })
	eventually(t, "only bob is left", func() bool { return r.Peers() == 1 })
	e.until(t, "nobody is in a slot", func() bool { return !slices.Contains(e.slots, "ada") })
}

// describeAndJoin offers and does not take the answer.
func (p *person) describeAndJoin(t *testing.T) {
	t.Helper()
	p.describe()
	if _, err := p.room.Join(t.Context(), p.name, rtc.Flags{}, p.offer); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsMeasuredOfAPeer(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	ada := join(t, r, "ada", shape{slots: 1})
	join(t, r, "bob", shape{slots: 1, loses: 5})
	ada.talk(20)
	var a, b rtc.PeerStats
	loss := 0.0
	eventually(t, "what ada sends is counted, and what bob loses is known", func() bool {
		all := r.Stats()
		a, b = all[0], all[1]
		loss = max(loss, b.Loss)
		return a.Received > 50 && loss > 0.1 && b.RTT > 0
	})
	if a.Path != "udp" || a.Peer != "ada" || a.Loss > 0.5 || a.Jitter > time.Second || a.Epoch == b.Epoch || b.RTT > 10*time.Second {
		t.Errorf("%+v %+v", a, b)
	}
}

func TestOffersThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newSFU(t, rtc.Config{})
	r := s.Open("room", rtc.Settings{}, newEars())
	p := dress(t, r, "ada", shape{slots: 2, views: 1})
	p.describe()
	good := p.offer
	good.Views = []rtc.View{{Mid: "3", Share: "film"}}
	change := func(fn func(*rtc.Offer)) rtc.Offer {
		o := good
		fn(&o)
		return o
	}
	for what, tc := range map[string]struct {
		code  string
		offer rtc.Offer
	}{
		"no description":                      {"rtc.bad_offer", rtc.Offer{SDP: "hello"}},
		"an empty one":                        {"rtc.too_large", rtc.Offer{SDP: "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"}},
		"more than 64 KiB":                    {"rtc.too_large", change(func(o *rtc.Offer) { o.SDP += strings.Repeat("a=x\r\n", 14000) })},
		"more than 64 lines":                  {"rtc.too_large", change(func(o *rtc.Offer) { o.SDP += strings.Repeat("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", 64) })},
		"more than 40 candidates":             {"rtc.too_large", change(func(o *rtc.Offer) { o.SDP += strings.Repeat("a=candidate:1 1 udp 1 10.0.0.1 1 typ host\r\n", 41) })},
		"a microphone that is not there":      {"rtc.bad_offer", change(func(o *rtc.Offer) { o.Mic = "9" })},
		"a microphone that receives":          {"rtc.bad_offer", change(func(o *rtc.Offer) { o.Mic, o.Voice = "1", []string{"2"} })},
		"a voice that sends":                  {"rtc.bad_offer", change(func(o *rtc.Offer) { o.Mic, o.Voice = "", []string{"0", "1", "2"} })},
		"a voice of pictures":                 {"rtc.bad_offer", change(func(o *rtc.Offer) { o.Voice, o.Views = []string{"1", "2", "3"}, nil })},
		"a line named twice":                  {"rtc.bad_offer", change(func(o *rtc.Offer) { o.Voice = []string{"1", "1", "2"} })},
		"a line that nobody named":            {"rtc.bad_offer", change(func(o *rtc.Offer) { o.Views = nil })},
		"a line that sends and receives":      {"rtc.bad_offer", change(func(o *rtc.Offer) { o.SDP = strings.Replace(o.SDP, "a=sendonly", "a=sendrecv", 1) })},
		"a line of data":                      {"rtc.bad_offer", change(func(o *rtc.Offer) { o.SDP = strings.Replace(o.SDP, "m=video", "m=application", 1) })},
		"two lines with the same mid":         {"rtc.bad_offer", change(func(o *rtc.Offer) { o.SDP = strings.Replace(o.SDP, "a=mid:2", "a=mid:1", 1) })},
		"a share without a name":              {"rtc.bad_offer", change(func(o *rtc.Offer) { o.Share = &rtc.Publish{Video: "0"} })},
		"a share of somebody who may not":     {"rtc.no_share", change(func(o *rtc.Offer) { o.Mic, o.Share = "", &rtc.Publish{Share: "x", Video: "0"} })},
		"no fingerprint":                      {"rtc.bad_offer", change(func(o *rtc.Offer) { o.SDP = strings.ReplaceAll(o.SDP, "a=fingerprint", "a=x") })},
		"no credentials of ICE":               {"rtc.bad_offer", change(func(o *rtc.Offer) { o.SDP = strings.ReplaceAll(o.SDP, "a=ice-ufrag", "a=x") })},
		"no codec that we know":               {"rtc.bad_offer", change(func(o *rtc.Offer) { o.SDP = strings.ReplaceAll(o.SDP, "opus", "sound") })},
		"more lines that send than it may be": {"rtc.too_large", change(func(o *rtc.Offer) { o.SDP += sending(5) })},
	} {
		f := rtc.Flags{Share: tc.code != "rtc.no_share"}
		_, err := r.Join(t.Context(), "eve", f, tc.offer)
		if err == nil || fault.Of(err).Code != tc.code {
			t.Errorf("%s: %v", what, err)
		}
		if r.Peers() != 0 {
			t.Errorf("%s: somebody is in the room", what)
			r.Leave("eve")
		}
	}
	if _, err := r.Join(t.Context(), "ada", rtc.Flags{}, good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func sending(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:s" + string(rune('a'+i)) + "\r\na=sendonly\r\na=rtpmap:111 opus/48000/2\r\n")
	}
	return b.String()
}

func TestOffersHaveALimitInTime(t *testing.T) {
	t.Parallel()
	s := newSFU(t, rtc.Config{})
	r := s.Open("room", rtc.Settings{}, newEars())
	p := join(t, r, "ada", shape{slots: 1})
	n := 0
	for ; n < 30; n++ {
		p.describe()
		a, err := r.Renegotiate(t.Context(), "ada", p.offer)
		if err != nil {
			f := fault.Of(err)
			if f.Code != "rtc.too_many" || f.RetryAfter <= 0 {
				t.Fatal(err)
			}
			break
		}
		p.take(a)
	}
	if n < 15 || n == 30 {
		t.Errorf("%d offers were answered", n)
	}
}

func TestWhoIsNotThere(t *testing.T) {
	t.Parallel()
	s := newSFU(t, rtc.Config{})
	r := s.Open("room", rtc.Settings{}, newEars())
	p := dress(t, r, "ada", shape{slots: 1})
	p.describe()
	if _, err := r.Renegotiate(t.Context(), "ada", p.offer); fault.Of(err).Code != "rtc.no_peer" {
		t.Error(err)
	}
	if err := r.Bind("ada", nil); fault.Of(err).Code != "rtc.no_peer" {
		t.Error(err)
	}
	r.Leave("ada")
	r.Set("ada", rtc.Flags{})
	r.Close()
	if _, err := r.Join(t.Context(), "ada", rtc.Flags{}, p.offer); fault.Of(err).Code != "rtc.busy" {
		t.Error(err)
	}
}
