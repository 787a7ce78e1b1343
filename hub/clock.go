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

// meterSamples is how many frames the spread of the way up is taken from.
const meterSamples = 32

// meter watches the way up of one connection: server time of arrival less the
// client's stamp. That difference holds the two clocks' offset, so only its
// spread and its smallest value mean something.
type meter struct {
	least  float64 // since the last pong
	some   bool
	recent []float64
	at     int
	rtt    float64
}

// sample takes a stamped frame.
func (m *meter) sample(c1, at float64) {
	up := at - c1
	if !m.some || up < m.least {
		m.least, m.some = up, true
	}
	if len(m.recent) < meterSamples {
		m.recent = append(m.recent, up)
		return
	}
	m.recent[m.at] = up
	m.at = (m.at + 1) % meterSamples
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

// trip takes a round trip in milliseconds. The best one counts; it is let go
// slowly, for networks change.
func (m *meter) trip(rtt float64) {
	if !(rtt > 0) || rtt > 60000 {
		return
	}
	if m.rtt == 0 || rtt < m.rtt {
		m.rtt = rtt
		return
	}
	m.rtt += (rtt - m.rtt) / 16
}

// quality gives half the round trip and the p95 of the spread on top.
func (m *meter) quality() quality {
	q := quality{RTT: m.rtt, OneWay: m.rtt / 2}
	if n := len(m.recent); n >= 4 {
		s := slices.Clone(m.recent)
		slices.Sort(s)
		q.OneWay += s[int(math.Ceil(0.95*float64(n)))-1] - s[0]
	}
	return q
}
