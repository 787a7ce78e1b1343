//go:build !unix

package splice

import (
	"errors"
	"net"
	"syscall"
)

// rawConn has no call here that writes without waiting.
func rawConn(net.Conn) (syscall.RawConn, error) { return nil, errors.ErrUnsupported }

func (*Conn) try(uintptr) bool { return true }
