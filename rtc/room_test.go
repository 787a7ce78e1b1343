package rtc_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"watchparty/rtc"
)

func TestTwoHearEachOtherAndNobodyHimself(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{LastN: 4}, e)
	ada, bob := join(t, r, "ada", shape{slots: 4}), join(t, r, "bob", shape{slots: 4})
	ada.talk(20)
	bob.talk(20)
	eventually(t, "ada hears bob", func() bool { return ada.hears("bob") })
	eventually(t, "bob hears ada", func() bool { return bob.hears("ada") })
	e.until(t, "both speak", func() bool { return slices.Equal(e.speak, []string{"ada", "bob"}) })
	e.until(t, "both are connected by UDP", func() bool { return e.paths["ada"] == "udp" && e.paths["bob"] == "udp" })
	if ada.hears("ada") || bob.hears("bob") {
		t.Error("somebody hears himself")
	}
	if n := ada.gaps.Load() + bob.gaps.Load(); n > 0 {
		t.Errorf("%d gaps on loopback", n)
	}
}

func TestTheAnswerSavesSilenceAndTellsNothingOfOthers(t *testing.T) {
	t.Parallel()
	s := newSFU(t, rtc.Config{Hosts: []string{"192.0.2.7:4000"}})
	r := s.Open("room", rtc.Settings{Bitrate: 40000}, newEars())
	p := dress(t, r, "ada", shape{slots: 2})
	p.describe()
	a, err := r.Join(t.Context(), "ada", rtc.Flags{}, p.offer)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"usedtx=1", "useinbandfec=1", "maxaveragebitrate=40000", "a=ice-lite", "a=setup:passive",
		" udp 2130706431 192.0.2.7 4000 typ host", "192.0.2.7 4000 typ host tcptype passive",
	} {
		if !strings.Contains(a.SDP, want) {
			t.Errorf("no %q in\n%s", want, a.SDP)
		}
	}
	for l := range strings.Lines(a.SDP) {
		if strings.HasPrefix(l, "a=candidate:") && strings.Contains(l, "127.0.0.1") {
			t.Errorf("an address of the inside is told: %s", l)
		}
	}
}

func TestWhoIsMutedIsNotHeardAndWhoIsDeafHearsNothing(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	ada, bob := join(t, r, "ada", shape{slots: 2}), join(t, r, "bob", shape{slots: 2})
	ada.talk(20)
	eventually(t, "bob hears ada", func() bool { return bob.hears("ada") })
	r.Set("ada", rtc.Flags{Muted: true})
	quietFrom(t, bob)
	e.until(t, "nobody speaks", func() bool { return len(e.speak) == 0 && !slices.Contains(e.slots, "ada") })
	r.Set("ada", rtc.Flags{})
	before := bob.heard[0].Load()
	eventually(t, "bob hears ada again", func() bool { return bob.heard[0].Load() > before })
	r.Set("bob", rtc.Flags{Deaf: true})
	quietFrom(t, bob)
	r.Set("bob", rtc.Flags{})
	before = bob.heard[0].Load()
	eventually(t, "bob hears again", func() bool { return bob.heard[0].Load() > before })
	if n := bob.gaps.Load(); n > 0 {
		t.Errorf("what was not sent looks like %d losses", n)
	}
}

// quietFrom wants nothing more to come, but for what is on its way.
func quietFrom(t *testing.T, p *person) { t.Helper(); still(t, func() int64 { return total(p) }) }

// still wants a number to stay as it is for as long as fifteen packets of voice
// would take.
func still(t *testing.T, count func() int64) {
	t.Helper()
	quiet, last := 0, count()
	eventually(t, "nothing comes any more", func() bool {
		if now := count(); now != last {
			quiet, last = 0, now
		}
		quiet++
		return quiet > 30
	})
}

func TestWhoLeavesIsHeardNoMoreAndHearsNoMore(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	ada, bob := join(t, r, "ada", shape{slots: 2}), join(t, r, "bob", shape{slots: 2})
	ada.talk(20)
	bob.talk(20)
	eventually(t, "both hear", func() bool { return ada.hears("bob") && bob.hears("ada") })
	r.Leave("ada") // she goes on sending
	quietFrom(t, bob)
	quietFrom(t, ada)
	if r.Peers() != 1 {
		t.Errorf("%d peers", r.Peers())
	}
}

func TestASecondJoinReplacesTheFirst(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	first, bob := join(t, r, "ada", shape{slots: 2}), join(t, r, "bob", shape{slots: 2})
	bob.talk(20)
	eventually(t, "ada hears", func() bool { return first.hears("bob") })
	second := join(t, r, "ada", shape{slots: 2})
	eventually(t, "she hears in the new place", func() bool { return second.hears("bob") })
	quietFrom(t, first)
	if r.Peers() != 2 {
		t.Errorf("%d peers", r.Peers())
	}
}

func TestOnlyTheLoudestAreForwarded(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{LastN: 2}, e)
	var all []*person
	for _, n := range names(5) {
		all = append(all, join(t, r, n, shape{slots: 4}))
	}
	for _, p := range all[:4] {
		p.talk(100) // a fan, no voice
	}
	eventually(t, "two are heard", func() bool { return all[4].heard[0].Load() > 0 && all[4].heard[1].Load() > 0 })
	if all[4].heard[2].Load()+all[4].heard[3].Load() > 0 {
		t.Error("more than two voices are forwarded")
	}
	stop := all[4].talk(20)
	eventually(t, "who begins to speak is heard", func() bool { return all[0].hears("p4") || all[1].hears("p4") })
	e.until(t, "he alone speaks", func() bool { return slices.Equal(e.speak, []string{"p4"}) })
	stop()
	e.until(t, "nobody speaks", func() bool { return len(e.speak) == 0 })
}

func TestByTCPAlone(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{NoUDP: true}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	tcp := shape{slots: 2, set: func(s *webrtc.SettingEngine) {
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	}}
	ada, bob := join(t, r, "ada", tcp), join(t, r, "bob", tcp)
	ada.talk(20)
	eventually(t, "bob hears ada", func() bool { return bob.hears("ada") })
	e.until(t, "they come by TCP", func() bool { return e.paths["ada"] == "tcp" && e.paths["bob"] == "tcp" })
}

// Encoders often offer lines in both directions and only send.
func TestWhoOnlySendsMayOfferBothDirections(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	bob := join(t, r, "bob", shape{slots: 2})
	whip := dress(t, r, "whip:film", shape{both: true})
	whip.describe()
	if !strings.Contains(whip.offer.SDP, "a=sendrecv") {
		t.Fatal("the offer is another one")
	}
	a, err := r.Join(t.Context(), "whip:film", rtc.Flags{}, whip.offer)
	if err != nil {
		t.Fatal(err)
	}
	whip.take(a)
	whip.talk(20)
	eventually(t, "bob hears it", func() bool { return bob.hears("whip:film") })
}
