package hub

import (
	"context"
	"sync"
	"time"

	"watchparty/internal/id"
)

// lease is one room's. Its deadline is by this node's monotonic clock.
type lease struct {
	dir     *RedisDirectory
	party   id.Party
	value   string
	confirm func(context.Context) error
	lost    func()

	mu      sync.Mutex
	until   time.Time
	renew   time.Time
	asking  bool
	unsure  bool // it had run out: only the database can say
	gone    bool // another's
	back    bool // given back
	changed chan struct{}
}

func (l *lease) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gone || l.back
}

func (l *lease) wants(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.gone && !l.back && !now.Before(l.renew)
}

// ask says whether the database is to be asked now.
func (l *lease) ask(now time.Time, atOnce bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asking || l.gone || l.back || !atOnce && l.until.Sub(now) > askEarly {
		return false
	}
	l.asking = true
	return true
}

func (l *lease) asked() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asking = false
}

// bequeath hands a lease that was not given back yet to the next room of the
// same node.
func (l *lease) bequeath(heir *lease) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone || l.back {
		return false
	}
	l.back = true
	heir.value, heir.until, heir.renew, heir.unsure = l.value, l.until, l.renew, l.unsure
	return true
}

func (l *lease) isUnsure() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.unsure
}

func (l *lease) setUnsure() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unsure = true
}

// sure is extend after the database has spoken.
func (l *lease) sure(began time.Time) {
	l.mu.Lock()
	l.unsure = false
	l.mu.Unlock()
	l.extend(began)
}

// extend makes the lease good for what is left of its time since began.
func (l *lease) extend(began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone || l.back {
		return
	}
	if t := began.Add(leaseFor - leaseSafe); t.After(l.until) {
		l.until = t
	}
	l.renew = began.Add(renewEvery)
	l.tell()
}

func (l *lease) tell() {
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *lease) lose() {
	l.mu.Lock()
	if l.gone || l.back {
		l.mu.Unlock()
		return
	}
	l.gone = true
	l.tell()
	l.mu.Unlock()
	l.dir.forget(l)
	l.lost()
}

// Await says whether the room is ours, and waits while that is in doubt.
func (l *lease) Await(ctx context.Context) bool {
	for {
		l.mu.Lock()
		gone, good, changed := l.gone, l.dir.o.Now().Before(l.until), l.changed
		l.mu.Unlock()
		switch {
		case gone:
			return false
		case good:
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// Release gives the lease back, so that another node can begin at once.
func (l *lease) Release() {
	l.mu.Lock()
	over := l.gone || l.back
	l.back = true
	l.tell()
	l.mu.Unlock()
	if over {
		return
	}
	l.dir.forget(l)
	l.dir.drop(l)
}
