package hub

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/coder/websocket"

	"watchparty/hub/splice"
	"watchparty/hub/wire"
)

// pump writes what is queued until the queue says to close.
func (c *conn) pump() {
	defer c.cancel()
	for {
		p, f, closing := c.out.next()
		var err error
		switch {
		case p != nil:
			err = c.write(c.pong(*p))
		case f != nil:
			err = c.write(f.body)
			c.hub.Metrics.Sent(f.class, 1)
		case closing != nil:
			c.goodbye(closing)
			return
		default:
			select {
			case <-c.out.wake:
			case <-c.ctx.Done():
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// write sends one message through the library.
func (c *conn) write(b []byte) error {
	ctx, cancel := context.WithTimeout(c.ctx, writeWithin)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageText, b)
}

// pong answers a ping with the clock of this moment.
func (c *conn) pong(p pong) []byte {
	p.data.S3 = c.hub.time.ms()
	b, err := json.Marshal(wire.Down{Type: wire.PongDown.Name, Re: p.re, Data: p.data})
	if err != nil {
		panic("hub: a pong: " + err.Error()) // it always marshals
	}
	return b
}

// goodbye closes the connection, which takes until the browser has answered.
func (c *conn) goodbye(reason *wire.CloseReason) {
	c.hub.Metrics.Closed(reason.Code)
	_ = c.ws.Close(websocket.StatusCode(reason.Code), reason.Word)
	c.cancel()
}

var scratch = sync.Pool{New: func() any {
	b := make([]byte, 0, 4<<10)
	return &b
}}

// flush writes what is queued, as far as that goes without waiting: several
// messages in one system call. What is left goes when the browser reads again.
func (c *conn) flush() {
	if c.spliced == nil {
		c.out.signal()
		return
	}
	if !c.out.begin() {
		return
	}
	buf, _ := scratch.Get().(*[]byte)
	for {
		*buf = c.writeHeld(*buf)
		if c.out.end() {
			break
		}
	}
	if cap(*buf) <= 2*batchBytes {
		scratch.Put(buf)
	}
}

func (c *conn) writeHeld(buf []byte) []byte {
	for !c.spliced.Busy() {
		b, counts, closing := c.out.batch(buf[:0], c.pongWhole)
		buf = b
		if len(b) == 0 {
			if closing != nil {
				c.bye.Do(func() { c.aside(func() { c.goodbye(closing) }) })
			}
			break
		}
		if c.spliced.Send(b) != nil {
			c.cancel()
			break
		}
		for class, n := range counts {
			if n > 0 {
				c.hub.Metrics.Sent(wire.Class(class), n)
			}
		}
	}
	return buf
}

func (c *conn) pongWhole(p pong) []byte { return splice.Text(c.pong(p)) }

// aside runs fn beside the connection, unless that is over.
func (c *conn) aside(fn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.side.Go(fn)
	}
}
