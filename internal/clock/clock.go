// Package clock is the only home of the machine's time. Everything else gets
// a Now, so that tests can turn the clock.
package clock

import "time"

// Now tells the time. It carries Go's monotonic reading, so differences of two
// answers survive a step of the wall clock.
type Now func() time.Time

// System is the machine's clock.
func System() time.Time { return time.Now() }

// Millis rounds down to the millisecond in UTC: the precision that both
// databases keep and that the wire shows.
func Millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// Boot counts milliseconds since a fixed moment on the monotonic clock: the
// time base of the playback vector.
type Boot struct {
	now   Now
	start time.Time
}

// NewBoot starts counting at now's present.
func NewBoot(now Now) Boot { return Boot{now: now, start: now()} }

// MS gives milliseconds since boot, with fractions.
func (b Boot) MS() float64 { return b.At(b.now()) }

// At converts a moment to milliseconds since boot.
func (b Boot) At(t time.Time) float64 { return float64(t.Sub(b.start)) / float64(time.Millisecond) }

// Wall converts milliseconds since boot to a moment.
func (b Boot) Wall(ms float64) time.Time {
	return b.start.Add(time.Duration(ms * float64(time.Millisecond)))
}
