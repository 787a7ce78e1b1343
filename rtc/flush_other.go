//go:build !linux || !(amd64 || arm64 || riscv64 || loong64)

package rtc

import (
	"net"
	"net/netip"
)

// batch is not there: packets go one by one.
type batch struct{}

func newBatch(*net.UDPConn) *batch { return nil }

func (*batch) add([]byte, netip.AddrPort) {}

func (*batch) send() {}
