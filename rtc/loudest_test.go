package rtc

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// packetTime is how much voice is in one packet.
const packetTime = 20 * time.Millisecond

// hall is a room full of microphones with a clock of its own.
type hall struct {
	*loudest[string]
	now   time.Time
	swaps int
}

func newHall(slots int) *hall {
	return &hall{loudest: newLoudest[string](slots), now: time.Unix(1000, 0)}
}

// round is one packet of everybody.
func (h *hall) round(levels map[string]uint8) {
	names := make([]string, 0, len(levels))
	for n := range levels {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		before := slices.Clone(h.slots)
		if h.hear(n, levels[n], h.now) {
			for i, k := range before {
				if k != "" && h.slots[i] != k {
					h.swaps++
				}
			}
		}
	}
	h.now = h.now.Add(packetTime)
}

func (h *hall) has(name string) bool { return slices.Contains(h.slots, name) }

func crowd(n int, level uint8) map[string]uint8 {
	all := map[string]uint8{}
	for i := range n {
		all[fmt.Sprintf("m%02d", i)] = level
	}
	return all
}

func TestWhoBeginsToSpeakIsHeardWithinSixtyMilliseconds(t *testing.T) {
	t.Parallel()
	for what, others := range map[string]uint8{"in silence": 127, "over fans": 62, "over loud fans": 52} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := newHall(4)
			levels := crowd(50, others)
			for range 200 {
				h.round(levels)
			}
			began := h.now
			levels["m49"] = 25
			for !h.has("m49") {
				h.round(levels)
				if h.now.Sub(began) > 60*time.Millisecond {
					t.Fatal("not heard after 60 ms")
				}
			}
		})
	}
}

func TestNoiseDoesNotFlap(t *testing.T) {
	t.Parallel()
	const seconds = 60
	for _, noise := range []struct{ mean, spread float64 }{{70, 6}, {60, 6}, {55, 5}, {50, 6}, {45, 4}} {
		t.Run(fmt.Sprint(noise), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(1, uint64(noise.mean)))
			h := newHall(4)
			for range seconds * int(time.Second/packetTime) {
				levels := crowd(50, 0)
				for n := range levels {
					levels[n] = uint8(min(127, max(0, noise.mean+noise.spread*rnd.NormFloat64())))
				}
				h.round(levels)
			}
			if h.swaps > seconds+guesses {
				t.Errorf("%d swaps in %d s", h.swaps, seconds)
			}
		})
	}
}

func TestWhoSpeaksKeepsTheSlotThroughPauses(t *testing.T) {
	t.Parallel()
	h := newHall(2)
	levels := map[string]uint8{"ada": 30, "bob": 30, "cyd": 127}
	for i := range 500 {
		levels["ada"] = 30
		if i%40 > 25 {
			levels["ada"] = 127 // 300 ms between sentences
		}
		levels["cyd"] = 28 // hardly louder, all the time
		if i < 50 {
			levels["cyd"] = 127
		}
		h.round(levels)
	}
	if !h.has("ada") || !h.has("bob") {
		t.Errorf("%v", h.slots)
	}
}

func TestAmongSpeakersTheLouderTakesOver(t *testing.T) {
	t.Parallel()
	h := newHall(2)
	levels := map[string]uint8{"ada": 40, "bob": 30}
	for range 100 {
		h.round(levels)
	}
	levels["cyd"] = 20
	for range 10 {
		h.round(levels)
	}
	if !h.has("cyd") || h.has("ada") {
		t.Errorf("%v", h.slots)
	}
}

func TestAPrioritySpeakerIsHeardBeforeOthers(t *testing.T) {
	t.Parallel()
	h := newHall(2)
	levels := map[string]uint8{"ada": 10, "bob": 10}
	for range 100 {
		h.round(levels)
	}
	h.hear("host", 127, h.now)
	h.prefer("host", true)
	levels["host"] = 45
	h.round(levels)
	h.round(levels)
	if !h.has("host") {
		t.Fatalf("%v", h.slots)
	}
	levels["host"] = 127
	levels["cyd"] = 5
	for range 100 {
		h.round(levels)
	}
	if !h.has("host") {
		t.Errorf("the slot of a priority speaker was taken: %v", h.slots)
	}
}

func TestTheRingComesAndGoesInTime(t *testing.T) {
	t.Parallel()
	h := newHall(4)
	h.hear("ada", 30, h.now)
	if who, news, more := h.speaking(h.now); len(who) != 0 || news || !more {
		t.Errorf("one packet is no speech: %v %v %v", who, news, more)
	}
	h.now = h.now.Add(packetTime)
	h.hear("ada", 30, h.now)
	if who, news, _ := h.speaking(h.now); !slices.Equal(who, []string{"ada"}) || !news {
		t.Errorf("two are: %v %v", who, news)
	}
	if _, news, _ := h.speaking(h.now.Add(quietAfter / 2)); news {
		t.Error("a breath is no news")
	}
	if who, news, more := h.speaking(h.now.Add(quietAfter)); len(who) != 0 || !news || more {
		t.Errorf("silence is: %v %v %v", who, news, more)
	}
}

func TestWhoSpeaksAndLeavesIsNoSpeakerAnyMore(t *testing.T) {
	t.Parallel()
	h := newHall(4)
	h.round(map[string]uint8{"ada": 30})
	h.round(map[string]uint8{"ada": 30})
	h.speaking(h.now)
	if !h.drop("ada") {
		t.Error("she had a slot")
	}
	if who, news, _ := h.speaking(h.now); len(who) != 0 || !news {
		t.Errorf("%v %v", who, news)
	}
}

// Whatever happens, a voice is in one slot at most, knows which, and nobody is
// in a slot who is not there.
func TestSlotsAndVoicesAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newHall(rapid.IntRange(1, 4).Draw(t, "slots"))
		name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"})
		t.Repeat(map[string]func(*rapid.T){
			"hear": func(t *rapid.T) {
				h.hear(name.Draw(t, "name"), rapid.Uint8Range(0, 127).Draw(t, "level"), h.now)
			},
			"wait": func(t *rapid.T) {
				h.now = h.now.Add(time.Duration(rapid.IntRange(1, 900).Draw(t, "ms")) * time.Millisecond)
			},
			"drop":   func(t *rapid.T) { h.drop(name.Draw(t, "name")) },
			"prefer": func(t *rapid.T) { h.prefer(name.Draw(t, "name"), rapid.Bool().Draw(t, "on")) },
			"resize": func(t *rapid.T) { h.resize(rapid.IntRange(1, 6).Draw(t, "slots")) },
			"ask":    func(*rapid.T) { h.speaking(h.now) },
			"": func(t *rapid.T) {
				for i, k := range h.slots {
					if k != "" && (h.voices[k] == nil || h.voices[k].slot != i) {
						t.Fatalf("slot %d has %q, who is not there", i, k)
					}
				}
				for k, v := range h.voices {
					if v.slot >= len(h.slots) || v.slot >= 0 && h.slots[v.slot] != k {
						t.Fatalf("%q believes to be in slot %d", k, v.slot)
					}
				}
			},
		})
	})
}
