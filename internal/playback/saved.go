package playback

import "math"

// Saved is what is kept of a show, so that another node or the next start goes
// on with the film. Wall is the wall clock, in milliseconds since 1970, at
// which the vector's T lay.
type Saved struct {
	Vector   Vector  `json:"vector"`
	Duration float64 `json:"duration"`
	Wall     float64 `json:"wall"`
}

// Save gives what is to be kept; wall is the wall clock at now.
func (s *Show) Save(now, wall float64) Saved {
	return Saved{Vector: s.vec, Duration: s.duration, Wall: s.vec.T - now + wall}
}

// Restore goes on with a saved film in the clock of this node. A barrier or a
// stall that was waiting is over.
func (s *Show) Restore(now, wall float64, k Saved) {
	v := k.Vector
	// Floats of a damaged row must not become everybody's position.
	for _, f := range []float64{v.P, v.V, v.Rate, k.Wall, k.Duration} {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return
		}
	}
	if !(v.Rate >= MinRate && v.Rate <= MaxRate) {
		v.Rate = 1
	}
	s.duration = max(0, k.Duration)
	t := k.Wall - wall + now
	if !v.Plays || v.Item == "" {
		v.V, v.T, v.Plays = 0, now, false
	} else if v.V == 0 {
		v.V, v.T = v.Rate, now+s.lead()
	} else {
		// A wall clock that was set back must not freeze the film.
		v.V, v.T = v.Rate, min(t, now+startLead)
	}
	v.Arming = false
	v.P = clamp(v.P, s.duration)
	v.Seq++
	v.Why, v.From = WhyRestore, v.P
	s.vec = v
	s.flipSeq, s.flipBy = v.Seq, ""
	s.rev++
}
