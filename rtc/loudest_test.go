package rtc

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func at(ms int) time.Time { return time.UnixMilli(int64(1e12) + int64(ms)) }

func TestFreeSlotsAreAnybodys(t *testing.T) {
	t.Parallel()
	l := newLoudest[string](2)
	if !l.hear("a", 127, at(0)) || !l.hear("b", 127, at(1)) || l.hear("c", 100, at(2)) {
		t.Fatal("slots", l.slots)
	}
	if !slices.Equal(l.slots, []string{"a", "b"}) {
		t.Error(l.slots)
	}
}

func TestWhoBeginsToSpeakIsHeardWithHisFirstPacket(t *testing.T) {
	t.Parallel()
	l := newLoudest[string](2)
	l.hear("a", 127, at(0))
	l.hear("b", 127, at(0))
	if !l.hear("c", 30, at(20)) || !slices.Contains(l.slots, "c") {
		t.Error(l.slots)
	}
}

func TestAmongSpeakersTheLouderTakesOverAtMostOnceASecond(t *testing.T) {
	t.Parallel()
	l := newLoudest[string](1)
	l.hear("a", 40, at(0))
	swaps := 0
	for ms := 0; ms < 10_000; ms += 20 {
		l.hear("a", 40, at(ms))
		if l.hear("b", 10, at(ms)) {
			swaps++
		}
		if l.hear("a", 40, at(ms)) {
			swaps++
		}
	}
	if swaps > 10 || !slices.Contains(l.slots, "b") {
		t.Errorf("%d swaps in 10 s, %v", swaps, l.slots)
	}
}

func TestAPrioritySpeakerIsNotDisplaced(t *testing.T) {
	t.Parallel()
	l := newLoudest[string](1)
	l.hear("a", 60, at(0))
	l.prefer("a", true)
	if l.hear("b", 5, at(20)) {
		t.Error("displaced")
	}
	l.prefer("a", false)
	l.hear("b", 5, at(30))
	l.prefer("b", true)
	if l.slots[0] != "b" {
		t.Error(l.slots)
	}
}

func TestWhoSpeaksIsToldSoonAndNotForACough(t *testing.T) {
	t.Parallel()
	l := newLoudest[string](2)
	l.hear("a", 30, at(0))
	if who, _, _ := l.speaking(at(10)); len(who) > 0 {
		t.Error("one packet is a ring")
	}
	l.hear("a", 30, at(20))
	if who, news, more := l.speaking(at(50)); !slices.Equal(who, []string{"a"}) || !news || !more {
		t.Errorf("%v %v %v", who, news, more)
	}
	if who, news, more := l.speaking(at(600)); len(who) > 0 || !news || more {
		t.Errorf("%v %v %v", who, news, more)
	}
	l.hear("a", 30, at(700))
	l.hear("a", 30, at(720))
	l.speaking(at(730))
	l.drop("a")
	if who, news, _ := l.speaking(at(740)); len(who) > 0 || !news {
		t.Errorf("who left: %v %v", who, news)
	}
}

// TestSlotsHoldWhatTheySay runs any order of packets and changes.
func TestSlotsHoldWhatTheySay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := newLoudest[int](rapid.IntRange(1, 4).Draw(t, "slots"))
		ms := 0
		who := rapid.IntRange(1, 8)
		t.Repeat(map[string]func(*rapid.T){
			"hear": func(t *rapid.T) {
				ms += rapid.IntRange(0, 500).Draw(t, "ms")
				l.hear(who.Draw(t, "who"), uint8(rapid.IntRange(0, 127).Draw(t, "level")), at(ms))
			},
			"drop":   func(t *rapid.T) { l.drop(who.Draw(t, "who")) },
			"prefer": func(t *rapid.T) { l.prefer(who.Draw(t, "who"), rapid.Bool().Draw(t, "on")) },
			"resize": func(t *rapid.T) { l.resize(rapid.IntRange(1, 4).Draw(t, "slots")) },
			"look":   func(*rapid.T) { l.speaking(at(ms)) },
			"": func(t *rapid.T) {
				held := 0
				for i, k := range l.slots {
					if k == 0 {
						continue
					}
					held++
					if v := l.voices[k]; v == nil || v.slot != i {
						t.Fatalf("slot %d is said to be %d's, who has %+v", i, k, v)
					}
				}
				for k, v := range l.voices {
					if v.slot >= 0 {
						held--
						if v.slot >= len(l.slots) || l.slots[v.slot] != k {
							t.Fatalf("%d thinks to have slot %d of %v", k, v.slot, l.slots)
						}
					}
				}
				if held != 0 {
					t.Fatalf("slots and voices disagree: %v", l.slots)
				}
			},
		})
	})
}

func FuzzPictures(f *testing.F) {
	f.Add("video/VP8", []byte{0x90, 0x80, 0x80, 1, 0})
	f.Add("video/VP9", []byte{0xa8, 0x80, 1, 0})
	f.Add("video/H264", []byte{28, 0x85})
	f.Add("video/AV1", []byte{8})
	f.Fuzz(func(_ *testing.T, codec string, b []byte) { beginsWhole(codec, b) })
}
