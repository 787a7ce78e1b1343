package rtc

import "time"

// How a viewer goes between the encodings of a screen.
const (
	downWait   = time.Second      // between two steps down
	upFirst    = 4 * time.Second  // without trouble before a step up
	upMost     = 60 * time.Second // the longest wait after steps up that failed
	regretTime = 10 * time.Second // trouble so soon after a step up means that it failed
)

// rung is one encoding of a screen, from the smallest to the largest.
type rung struct {
	height int // 0: not known
	rate   int // bits a second that came lately
}

// ladder decides which encoding a viewer gets. It is optimistic: without
// trouble it tries the next larger one, and waits longer after each try that
// failed, because a path shows what it carries only when it is used. It does no
// I/O and is not safe for concurrent use.
type ladder struct {
	at      int // the rung that is wanted
	started bool
	moved   time.Time
	rose    bool // the last move was up
	wait    time.Duration
}

// choose gives the rung to want. max bounds the height, 0 does not. trouble
// says that the path carries less than is sent, and carries how much that is in
// bits a second.
func (l *ladder) choose(rungs []rung, max int, trouble bool, carries int, now time.Time) int {
	top := 0
	for i, r := range rungs {
		if max == 0 || r.height == 0 || r.height <= max {
			top = i
		}
	}
	if !l.started {
		l.started, l.at, l.moved, l.wait = true, top, now, upFirst
	}
	if l.at > top {
		l.at = top
	}
	switch {
	case trouble && l.at > 0 && now.Sub(l.moved) >= downWait:
		if l.rose && now.Sub(l.moved) < regretTime {
			l.wait = min(2*l.wait, upMost)
		}
		l.at--
		for l.at > 0 && carries > 0 && rungs[l.at].rate > carries {
			l.at--
		}
		l.moved, l.rose = now, false
	case trouble:
	case l.at < top && now.Sub(l.moved) >= l.wait:
		l.at++
		l.moved, l.rose = now, true
	case l.rose && now.Sub(l.moved) > upMost:
		l.wait = upFirst
	}
	return l.at
}
