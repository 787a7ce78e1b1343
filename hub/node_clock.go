package hub

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"

	"watchparty/hub/wire"
)

const (
	clockWindow = 90_000.0 // milliseconds in which the smallest difference counts
	clockAging  = 0.05     // milliseconds a second: what two good clocks may part
	sameClock   = 0.2      // milliseconds; nearer clocks are taken for one
)

// leastSeen is the smallest of some differences over a sliding window. An old
// one counts a little more with time, so that drifting clocks are followed.
type leastSeen struct {
	now, before sampled
	since       float64
}

type sampled struct {
	value, at float64
	ok        bool
}

func (s sampled) aged(at float64) float64 {
	if !s.ok {
		return math.Inf(1)
	}
	return s.value + clockAging*(at-s.at)/1000
}

func (l *leastSeen) add(at, v float64) {
	if at-l.since > clockWindow/2 {
		l.before, l.now, l.since = l.now, sampled{}, at
	}
	if v <= l.now.aged(at) {
		l.now = sampled{v, at, true}
	}
}

func (l *leastSeen) get(at float64) (float64, bool) {
	v := min(l.now.aged(at), l.before.aged(at))
	return v, !math.IsInf(v, 1)
}

// clocks compares the clock of this node with another's by the packets that go
// each way. The fastest of each direction count, and what the way takes cancels
// out as far as both directions take the same.
type clocks struct {
	here  leastSeen // our clock at arrival less theirs at sending
	there *float64  // the same as they see it
}

func (c *clocks) heard(at, diff float64, there *float64) {
	c.here.add(at, diff)
	if there != nil {
		c.there = there
	}
}

// least is what the other node is told.
func (c *clocks) least(at float64) *float64 {
	v, ok := c.here.get(at)
	if !ok {
		return nil
	}
	return &v
}

// ahead says by how many milliseconds our clock is ahead of theirs; 0 when that
// is not known, for both begin with the wall clock.
func (c *clocks) ahead(at float64) float64 {
	here, ok := c.here.get(at)
	if !ok || c.there == nil {
		return 0
	}
	if d := (here - *c.there) / 2; math.Abs(d) >= sameClock {
		return d
	}
	return 0
}

// inOurTime puts a frame of another node into the clock of this one. A browser
// holds one clock for its socket, whatever nodes its rooms run on, and keeps it
// when a room moves: so the pings are answered here, and everything that a frame
// says of time is said in the same clock.
func inOurTime(body []byte, ahead float64) []byte {
	if ahead == 0 {
		return body
	}
	switch kindOf(body) {
	case wire.PlaybackState.Name:
		return shifted(body, func(v *wire.Playback) { shiftPlayback(v, ahead) }, ahead)
	case wire.PartyWelcome.Name:
		return shifted(body, func(v *wire.Welcome) {
			shiftPlayback(&v.Playback, ahead)
			for i := range v.Marks {
				shiftMark(&v.Marks[i], ahead)
			}
		}, ahead)
	case wire.DrawMark.Name:
		return shifted(body, func(v *wire.Mark) { shiftMark(v, ahead) }, ahead)
	case wire.DrawStrokes.Name:
		return shifted(body, func(v *wire.Strokes) { shiftStrokes(v, ahead) }, ahead)
	}
	return shiftStamp(body, ahead)
}

// kindOf reads the name of a frame that encode made: it comes first.
func kindOf(body []byte) string {
	rest, ok := bytes.CutPrefix(body, []byte(`{"type":"`))
	if !ok {
		return ""
	}
	name, _, _ := bytes.Cut(rest, []byte{'"'})
	return string(name)
}

func shiftPlayback(v *wire.Playback, ahead float64) {
	v.Vector.T += ahead
	for i := range v.Waiting {
		v.Waiting[i].Since += ahead
	}
	if v.Deadline != 0 {
		v.Deadline += ahead
	}
}

func shifted[T any](body []byte, shift func(*T), ahead float64) []byte {
	var data T
	d := wire.Down{Data: &data}
	if json.Unmarshal(body, &d) != nil {
		return body
	}
	shift(&data)
	if d.ST != 0 {
		d.ST += ahead
	}
	out, err := json.Marshal(d)
	if err != nil {
		return body
	}
	return out
}

// shiftStamp changes the stamp in the envelope and nothing else. A quote inside
// of a string is escaped, so the first such key is the envelope's, if it comes
// before the data.
func shiftStamp(body []byte, ahead float64) []byte {
	head, tail, ok := bytes.Cut(body, []byte(`,"st":`))
	if !ok || bytes.Contains(head, []byte(`,"data":`)) {
		return body
	}
	end := bytes.IndexAny(tail, ",}")
	if end < 0 {
		return body
	}
	st, err := strconv.ParseFloat(string(tail[:end]), 64)
	if err != nil {
		return body
	}
	out := make([]byte, 0, len(body)+8)
	out = append(append(out, head...), `,"st":`...)
	out = strconv.AppendFloat(out, st+ahead, 'f', -1, 64)
	return append(out, tail[end:]...)
}
