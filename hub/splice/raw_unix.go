//go:build unix

package splice

import (
	"errors"
	"net"
	"syscall"
)

// rawConn gives the descriptor of a plain connection; nil for others, such as
// one within TLS.
func rawConn(nc net.Conn) syscall.RawConn {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// try writes as much of out as the socket takes. It always says that it is
// done, so that nobody waits for more room.
func (c *Conn) try(fd uintptr) bool {
	for c.n < len(c.out) {
		n, err := syscall.Write(int(fd), c.out[c.n:])
		switch {
		case err == nil:
			c.n += n
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return true
		default:
			c.err = err
			return true
		}
	}
	return true
}
