// Package limit counts calls: at most n in a span, spread evenly, with a burst
// of n. The sum is the generic cell rate algorithm, one number for each key.
package limit

import (
	"context"
	"sync"
	"time"

	"watchparty/internal/clock"
)

// Step asks for one call at now. tat is the moment at which all earlier calls
// are paid for; the answer holds the new one, or how long to wait.
func Step(tat, now time.Time, n int, per time.Duration) (next time.Time, wait time.Duration) {
	cost := per / time.Duration(n)
	if tat.Before(now) {
		tat = now
	}
	next = tat.Add(cost)
	if wait = next.Sub(now) - per; wait > 0 {
		return tat, wait
	}
	return next, 0
}

// maxKeys bounds the memory of a Mem. A full one forgets what is paid, and of
// the rest as much as it needs: who calls from so many addresses loses some
// counts, and nobody else's room.
const maxKeys = 100_000

// Mem counts on this node.
type Mem struct {
	now  clock.Now
	mu   sync.Mutex
	owed map[string]time.Time
}

// NewMem makes a counter.
func NewMem(now clock.Now) *Mem { return &Mem{now: now, owed: map[string]time.Time{}} }

// Allow says whether one more call under key is within n calls per span, and
// otherwise how long to wait.
func (m *Mem) Allow(_ context.Context, key string, n int, per time.Duration) (bool, time.Duration) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.owed) >= maxKeys {
		m.forget(now)
	}
	next, wait := Step(m.owed[key], now, n, per)
	if wait > 0 {
		return false, wait
	}
	m.owed[key] = next
	return true, 0
}

// forget makes room for many keys at once, so that a flood does not pay for it
// at every call.
func (m *Mem) forget(now time.Time) {
	for key, tat := range m.owed {
		if tat.Before(now) {
			delete(m.owed, key)
		}
	}
	for key := range m.owed {
		if len(m.owed) <= maxKeys-maxKeys/16 {
			return
		}
		delete(m.owed, key)
	}
}
