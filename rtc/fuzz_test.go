package rtc_test

import (
	"testing"

	"watchparty/internal/fault"
	"watchparty/rtc"
)

// FuzzOffers throws offers at a room: they are answered or refused with a
// fault, and nothing breaks.
func FuzzOffers(f *testing.F) {
	s, err := rtc.New(rtc.Config{Listen: "127.0.0.1", NoTCP: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	r := s.Open("room", rtc.Settings{}, newEars())
	p := dress(f, r, "ada", shape{slots: 2, views: 1})
	p.describe()
	f.Add(p.offer.SDP, "0", "1", "3")
	f.Add("v=0\r\n", "", "", "")
	f.Add(p.offer.SDP, "1", "0", "0")
	f.Fuzz(func(t *testing.T, sdp, mic, slot, view string) {
		o := rtc.Offer{SDP: sdp, Mic: mic, Voice: []string{slot}, Views: []rtc.View{{Mid: view, Share: "x"}}}
		_, err := r.Join(t.Context(), "eve", rtc.Flags{}, o)
		if err != nil && fault.Of(err).Kind == fault.Internal {
			t.Errorf("an offer of a stranger is an internal error: %v", err)
		}
		r.Leave("eve")
	})
}
