package hub

import (
	"math"
	"slices"

	"watchparty/internal/clock"
)

// timeline is this node's clock on the wire: the wall clock at the start, in
// milliseconds since 1970, and monotonic from there. So the clocks of several
// nodes lie near one another, and none ever jumps.
type timeline struct {
	base float64
	boot clock.Boot
}

func newTimeline(now clock.Now) timeline {
	return timeline{base: float64(now().UnixMicro()) / 1000, boot: clock.NewBoot(now)}
}

func (t timeline) ms() float64 { return t.base + t.boot.MS() }

// The spread of the way up is taken from so many frames, the best round trip
// from so many trips. With fewer, a single late frame in twenty would pass for
// what is usual.
const (
	meterSamples = 64
	meterTrips   = 16
)

// meter watches the way up of one connection: server time of arrival less the
// client's stamp. That difference holds the two clocks' offset, so only its
// spread and its smallest value mean something.
type meter struct {
	least  float64 // since the last pong
	some   bool
	recent window
	trips  window
}

// window holds the last values of something.
type window struct {
	values []float64
	at     int // the oldest, once it is full
}

func (w *window) add(v float64, most int) {
	if len(w.values) < most {
		w.values = append(w.values, v)
		return
	}
	w.values[w.at] = v
	w.at = (w.at + 1) % most
}

// sample takes a stamped frame.
func (m *meter) sample(c1, at float64) {
	up := at - c1
	if !m.some || up < m.least {
		m.least, m.some = up, true
	}
	m.recent.add(up, meterSamples)
}

// uplink gives the smallest sample since the last pong and starts anew.
func (m *meter) uplink() *float64 {
	if !m.some {
		return nil
	}
	u := m.least
	m.some = false
	return &u
}

// trip takes a round trip in milliseconds. The best of the last ones counts.
func (m *meter) trip(rtt float64) {
	if rtt > 0 && rtt <= 60000 {
		m.trips.add(rtt, meterTrips)
	}
}

// quality gives half the round trip and the p95 of the spread on top.
func (m *meter) quality() quality {
	var q quality
	if len(m.trips.values) > 0 {
		q.RTT = slices.Min(m.trips.values)
		q.OneWay = q.RTT / 2
	}
	if n := len(m.recent.values); n >= 4 {
		s := slices.Sorted(slices.Values(m.recent.values))
		q.OneWay += s[int(math.Ceil(0.95*float64(n)))-1] - s[0]
	}
	return q
}
