package rtc

import "sync"

// events tells a handler what happens, one thing after the other, from a
// goroutine of its own. Telling never blocks.
type events struct {
	to Handler

	mu    sync.Mutex
	queue []func(Handler)
	ended bool
	wake  chan struct{}
}

func newEvents(h Handler) *events { return &events{to: h, wake: make(chan struct{}, 1)} }

func (e *events) put(fn func(Handler)) {
	e.mu.Lock()
	if !e.ended {
		e.queue = append(e.queue, fn)
	}
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// end drops what is not told yet.
func (e *events) end() {
	e.mu.Lock()
	e.ended, e.queue = true, nil
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// run tells until the end.
func (e *events) run() {
	for {
		e.mu.Lock()
		all, ended := e.queue, e.ended
		e.queue = nil
		e.mu.Unlock()
		for _, fn := range all {
			fn(e.to)
		}
		switch {
		case ended:
			return
		case len(all) == 0:
			<-e.wake
		}
	}
}
