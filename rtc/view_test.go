package rtc_test

import (
	"slices"
	"testing"

	"github.com/pion/webrtc/v4"

	"watchparty/internal/fault"
	"watchparty/rtc"
)

// stage is a room with somebody who shows a screen and some who are to see it.
func stage(t *testing.T, viewers int, s shape, heights ...int) (*rtc.Room, *ears, *screen, []*person) {
	t.Helper()
	sfu, e := newSFU(t, rtc.Config{}), newEars()
	r := sfu.Open("room", rtc.Settings{}, e)
	ada := join(t, r, "ada", shape{slots: 1})
	var all []*person
	for _, n := range names(viewers) {
		all = append(all, join(t, r, n, s))
	}
	e.until(t, "all are there", func() bool { return len(e.paths) == viewers+1 })
	scr := shares(t, ada, "film", heights...)
	scr.play(t)
	e.until(t, "the share is live", func() bool { return e.live["film"] })
	return r, e, scr, all
}

func TestWhatAViewerLosesIsSentAgain(t *testing.T) {
	t.Parallel()
	_, _, _, all := stage(t, 1, shape{slots: 1, loses: 10})
	watch(t, all[0], "film")
	eventually(t, "two hundred packets have come", func() bool { return all[0].seen.Load() > 200 })
	eventually(t, "of all packets less than one in a hundred is missing", func() bool {
		n, of := all[0].shown.holes()
		return of > 150 && n*100 <= of
	})
}

func TestWhatTheSharerLosesIsAskedForAgain(t *testing.T) {
	t.Parallel()
	// The server's own ears are good on loopback; that it can ask is what is agreed.
	s := newSFU(t, rtc.Config{})
	r := s.Open("room", rtc.Settings{}, newEars())
	p := join(t, r, "ada", shape{slots: 1})
	shares(t, p, "film")
	if d := p.pc.RemoteDescription().SDP; !containsAll(d, "nack", "transport-cc", "rtx/90000", "nack pli") {
		t.Errorf("the answer agrees to too little:\n%s", d)
	}
}

func TestEachViewerGetsTheSizeThatItWants(t *testing.T) {
	t.Parallel()
	r, e, _, all := stage(t, 2, shape{slots: 1}, 360, 720)
	e.until(t, "the largest is known", func() bool { return e.info["film"].Height == 720 })
	for _, p := range all {
		watch(t, p, "film")
	}
	eventually(t, "both see the large one", func() bool { return all[0].shown.size() == 720 && all[1].shown.size() == 720 })
	if err := r.Bind(all[0].name, []rtc.View{{Mid: all[0].offer.Views[0].Mid, Share: "film", MaxHeight: 400}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "one sees the small one", func() bool { return all[0].shown.size() == 360 })
	if all[1].shown.size() != 720 {
		t.Error("the other sees it, too")
	}
	sameTimes(t, all[0], all[1])
}

// sameTimes wants the same moment to have the same timestamp for both; a viewer
// who changes between sizes may be off by one for one picture.
func sameTimes(t *testing.T, a, b *person) {
	t.Helper()
	both, off := 0, 0
	a.shown.mu.Lock()
	b.shown.mu.Lock()
	defer a.shown.mu.Unlock()
	defer b.shown.mu.Unlock()
	for moment, ts := range a.shown.times {
		if other, ok := b.shown.times[moment]; ok {
			both++
			switch d := int32(ts - other); {
			case d < -100 || d > 100: // a millisecond: reports of clocks round
				t.Fatalf("moment %d has the timestamps %d and %d", moment, ts, other)
			case d != 0:
				off++
			}
		}
	}
	if both == 0 {
		t.Error("they saw nothing in common")
	}
	t.Logf("%d pictures in common, %d a little off", both, off)
}

func TestAllViewersSeeTheSameTimes(t *testing.T) {
	t.Parallel()
	_, _, _, all := stage(t, 3, shape{slots: 1})
	for _, p := range all {
		watch(t, p, "film")
		eventually(t, "it is seen", func() bool { return p.seen.Load() > 20 })
	}
	sameTimes(t, all[0], all[1])
	sameTimes(t, all[0], all[2])
}

func TestAShareThatIsTakenBackEndsAndMayComeAgain(t *testing.T) {
	t.Parallel()
	r, e, scr, all := stage(t, 1, shape{slots: 1})
	watch(t, all[0], "film")
	eventually(t, "it is seen", func() bool { return all[0].seen.Load() > 10 })
	r.Set("ada", rtc.Flags{}) // she may not any more, and goes on
	e.until(t, "it has ended", func() bool { return !e.live["film"] })
	quietPictures(t, all[0])
	scr.p.describe()
	if _, err := r.Renegotiate(t.Context(), "ada", scr.p.offer); fault.Of(err).Code != "rtc.no_share" {
		t.Errorf("showing without leave: %v", err)
	}
}

func quietPictures(t *testing.T, p *person) { t.Helper(); still(t, p.seen.Load) }

func TestEndingTheLineEndsTheShare(t *testing.T) {
	t.Parallel()
	_, e, scr, all := stage(t, 1, shape{slots: 1})
	watch(t, all[0], "film")
	eventually(t, "it is seen", func() bool { return all[0].seen.Load() > 10 })
	if err := scr.p.pc.RemoveTrack(scr.sender); err != nil {
		t.Fatal(err)
	}
	scr.p.describe()
	again(t, scr.p)
	e.until(t, "it has ended", func() bool { return !e.live["film"] })
}

func TestASharerWhoComesAgainIsSeenAgain(t *testing.T) {
	t.Parallel()
	r, e, _, all := stage(t, 1, shape{slots: 1})
	watch(t, all[0], "film")
	eventually(t, "it is seen", func() bool { return all[0].seen.Load() > 10 })
	r.Leave("ada")
	e.until(t, "it has ended", func() bool { return !e.live["film"] })
	ada := join(t, r, "ada", shape{slots: 1})
	before := all[0].seen.Load()
	shares(t, ada, "film").play(t)
	eventually(t, "it is seen again, without an offer", func() bool { return all[0].seen.Load() > before+10 })
	if n, of := all[0].shown.holes(); n > 0 {
		t.Errorf("the change looks like %d losses in %d", n, of)
	}
}

func TestTheSoundOfAShare(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	ada, bob := join(t, r, "ada", shape{slots: 1}), join(t, r, "bob", shape{slots: 1})
	e.until(t, "both are there", func() bool { return len(e.paths) == 2 })
	sound, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "sound", "screen")
	if err != nil {
		t.Fatal(err)
	}
	x, err := ada.pc.AddTransceiverFromTrack(sound, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		t.Fatal(err)
	}
	ada.sound = x.Mid
	shares(t, ada, "film").play(t)
	bob.receive(webrtc.RTPCodecTypeVideo)
	bob.receive(webrtc.RTPCodecTypeAudio)
	bob.describe()
	all := bob.pc.GetTransceivers()
	picture, tone := all[len(all)-2].Mid(), all[len(all)-1].Mid()
	bob.offer.Voice = slices.DeleteFunc(bob.offer.Voice, func(m string) bool { return m == tone })
	bob.offer.Views = []rtc.View{{Mid: picture, Share: "film"}, {Mid: tone, Share: "film"}}
	again(t, bob)
	ada.mic = sound // what she says goes there
	ada.talk(20)
	eventually(t, "picture and sound come", func() bool { return bob.seen.Load() > 50 && bob.tones.Load() > 10 })
	// Only both together say the same moment, so both are told about time.
	eventually(t, "their times are told", func() bool { return bob.reported.Load() >= 2 })
}

func TestAnotherShareOnTheSameLines(t *testing.T) {
	t.Parallel()
	r, e, scr, all := stage(t, 1, shape{slots: 1})
	watch(t, all[0], "slides")
	scr.p.describe()
	scr.p.offer.Share = &rtc.Publish{Share: "slides", Video: scr.p.offer.Share.Video}
	again(t, scr.p)
	e.until(t, "one has ended, the other is live", func() bool { return !e.live["film"] && e.live["slides"] })
	eventually(t, "the other is seen", func() bool { return all[0].seen.Load() > 10 })
	// Ended by the room, it comes again only with an offer.
	r.Unshare("slides")
	e.until(t, "it has ended", func() bool { return !e.live["slides"] })
	quietPictures(t, all[0])
	before := all[0].seen.Load()
	scr.p.describe()
	again(t, scr.p)
	eventually(t, "it is seen again", func() bool { return all[0].seen.Load() > before+10 })
}
