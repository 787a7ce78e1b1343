// Package splice shares a WebSocket connection between a library, which does
// the handshake, the reading and the control frames, and a room, which writes
// data frames that it prepared once for all of its members.
//
// The library gets a connection whose Write is ours. It must write nothing but
// control frames through it: those fit its buffer, so each is one Write and
// lands between two frames of the room, never inside one.
package splice

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"watchparty/internal/clock"
)

// Sizes of the library's buffers. A control frame has at most 127 bytes, so
// the way out never flushes a part of one.
const (
	readBuffer  = 512
	writeBuffer = 256
)

// ErrShut says that nothing more may be sent: a close frame was, or the
// connection is broken.
var ErrShut = errors.New("splice: the connection is shut")

// Handshake is the ResponseWriter for a library that hijacks.
type Handshake struct {
	http.ResponseWriter
	opts Options
	conn *Conn
}

// Options say what becomes of what the other end does not read at once.
type Options struct {
	Now    clock.Now
	Within time.Duration // for it to go out; then the connection is closed
	// Ready is called, on a goroutine of the connection, when it has gone out or
	// never will.
	Ready func()
}

// Wrap makes the ResponseWriter of one handshake.
func Wrap(w http.ResponseWriter, opts Options) *Handshake {
	return &Handshake{ResponseWriter: w, opts: opts}
}

// Conn is what was hijacked; nil before.
func (h *Handshake) Conn() *Conn { return h.conn }

// Hijack is http.Hijacker.
func (h *Handshake) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	c := &Conn{Conn: nc, raw: rawConn(nc), opts: h.opts}
	c.attempt = c.try
	if n := rw.Reader.Buffered(); n > 0 {
		c.early = make([]byte, n)
		if _, err := io.ReadFull(rw.Reader, c.early); err != nil {
			_ = nc.Close()
			return nil, nil, err
		}
	}
	h.conn = c
	return c, bufio.NewReadWriter(bufio.NewReaderSize(c, readBuffer), bufio.NewWriterSize(c, writeBuffer)), nil
}

// Conn is a connection with two writers. It is safe for concurrent use.
type Conn struct {
	net.Conn
	early []byte          // what the server had read when the connection was hijacked
	raw   syscall.RawConn // nil: every write waits, so drain does them all
	opts  Options

	mu      sync.Mutex
	shut    error
	pending []byte // what the socket did not take; a goroutine writes it
	// What attempt, which is try made once, reads and leaves behind.
	attempt func(fd uintptr) bool
	out     []byte
	n       int
	err     error
}

// Read is for the library, from one goroutine.
func (c *Conn) Read(b []byte) (int, error) {
	if len(c.early) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.early)
	if c.early = c.early[n:]; len(c.early) == 0 {
		c.early = nil
	}
	return n, nil
}

// Busy says that what was sent is still on its way, for the other end does not
// read. Ready is called when it is not any more.
func (c *Conn) Busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending) > 0
}

// Send writes whole frames without waiting. What the socket does not take at
// once goes out as soon as the other end reads; who sends while the connection
// is busy only makes that longer. b is the caller's again when Send returns.
func (c *Conn) Send(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.put(b)
}

// Write is for the library's control frames.
func (c *Conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	closing := len(b) > 0 && b[0]&0x0f == opClose
	if err := c.put(b); err != nil {
		return 0, err
	}
	if closing {
		c.shut = ErrShut
	}
	return len(b), nil
}

// put writes b, and keeps what is left of it.
func (c *Conn) put(b []byte) error {
	switch {
	case c.shut != nil:
		return c.shut
	case len(c.pending) > 0:
		c.pending = append(c.pending, b...)
		return nil
	}
	n, err := 0, error(nil)
	if c.raw != nil {
		n, err = c.now(b)
	}
	if err != nil {
		c.fail(err)
		return err
	}
	if n < len(b) {
		c.pending = append([]byte(nil), b[n:]...)
		go c.drain()
	}
	return nil
}

// now writes what the socket takes without waiting.
func (c *Conn) now(b []byte) (int, error) {
	c.out, c.n, c.err = b, 0, nil
	err := c.raw.Write(c.attempt)
	c.out = nil
	return c.n, errors.Join(err, c.err)
}

// fail shuts a broken connection; whoever reads from it learns it too.
func (c *Conn) fail(err error) {
	c.shut = errors.Join(ErrShut, err)
	c.pending = nil
	_ = c.Conn.Close()
}

// drain writes what is pending, waiting for the other end.
func (c *Conn) drain() {
	c.mu.Lock()
	for len(c.pending) > 0 {
		b := c.pending
		c.mu.Unlock()
		err := c.Conn.SetWriteDeadline(c.opts.Now().Add(c.opts.Within))
		if err == nil {
			_, err = c.Conn.Write(b)
		}
		c.mu.Lock()
		if err == nil {
			// An old deadline would end the next attempt before it began.
			err = c.Conn.SetWriteDeadline(time.Time{})
		}
		if err != nil {
			c.fail(err)
			break
		}
		// More may have been added meanwhile.
		if c.pending = c.pending[len(b):]; len(c.pending) == 0 {
			c.pending = nil
		}
	}
	c.mu.Unlock()
	c.opts.Ready()
}

// Close closes the connection under both writers.
func (c *Conn) Close() error {
	c.mu.Lock()
	if c.shut == nil {
		c.shut = ErrShut
	}
	c.mu.Unlock()
	return c.Conn.Close()
}
