package hub

import "sync"

// mailRoom is how many letters may wait before commands are refused. What a
// room cannot do without is taken beyond it: its sources are bounded elsewhere.
const mailRoom = 4096

// mailbox is how others speak to a room. Putting never waits, so nobody can
// stall a room and no two rooms can stall one another.
type mailbox struct {
	mu     sync.Mutex
	queue  []func()
	closed bool
	wake   chan struct{}
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

// put leaves a letter; false says that the room has stopped.
func (m *mailbox) put(fn func()) bool { return m.add(fn, false) }

// offer leaves a command; false says that the room has stopped or is flooded.
func (m *mailbox) offer(fn func()) bool { return m.add(fn, true) }

func (m *mailbox) add(fn func(), command bool) bool {
	m.mu.Lock()
	if m.closed || command && len(m.queue) >= mailRoom {
		m.mu.Unlock()
		return false
	}
	m.queue = append(m.queue, fn)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
	return true
}

// take empties the box.
func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queue
	m.queue = nil
	return q
}

// close takes no more letters. Unless forced it only closes an empty box, and
// says whether it did.
func (m *mailbox) close(force bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !force && len(m.queue) > 0 {
		return false
	}
	m.closed = true
	return true
}
