package rtc_test

import (
	"testing"

	"github.com/pion/rtp"

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

// FuzzPackets reads what may come as media: headers with their extensions, and
// the first bytes of pictures.
func FuzzPackets(f *testing.F) {
	f.Add([]byte{0x90, 0x6f, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0xbe, 0xde, 0, 1, 0x10, 0x85, 0, 0, 1, 2, 3}, uint8(1))
	f.Add([]byte{0xb0, 0x6f, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0x10, 0x00, 0, 1, 1, 1, 0x85, 0, 1, 2, 2}, uint8(1))
	f.Add([]byte{0x80, 0x60, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0x50, 0x05, 0xbb, 0x01, 0x10}, uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, ext uint8) {
		var h rtp.Header
		payload := rtc.PayloadOf(&h, b)
		if payload == nil {
			return
		}
		if len(payload) > len(b)-12 {
			t.Fatalf("%d bytes of %d", len(payload), len(b))
		}
		if level := rtc.LevelOf(&h, ext); level > 127 {
			t.Fatalf("a level of %d", level)
		}
		for _, mime := range []string{"video/vp8", "video/vp9", "video/h264", "video/av1"} {
			rtc.BeginsWhole(mime, payload)
			if w, h := rtc.PictureSize(mime, payload); w < 0 || h < 0 || w > 1<<16 || h > 1<<16 {
				t.Fatalf("%s of %d x %d", mime, w, h)
			}
		}
	})
}

// FuzzReceipts reads what may come beside media.
func FuzzReceipts(f *testing.F) {
	f.Add([]byte{0xaf, 0xcd, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 3, 0, 0, 1, 0, 0x20, 0x03, 1, 2, 3, 0, 0, 0})
	f.Add([]byte{0x81, 0xcd, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0xff, 0xff})
	f.Add([]byte{0x81, 0xc9, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) { rtc.Receive(b) })
}
