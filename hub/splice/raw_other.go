//go:build !unix

package splice

import (
	"net"
	"syscall"
)

// rawConn has no call here that writes without waiting.
func rawConn(net.Conn) syscall.RawConn { return nil }

func (*Conn) try(uintptr) bool { return true }
