//go:build amd64 || arm64 || riscv64 || loong64

package rtc

import (
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batchSize is how many packets leave in one system call.
const batchSize = 64

// mmsghdr is struct mmsghdr of sendmmsg(2) on machines of 64 bits.
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
	_   [4]byte
}

// batch gathers packets for one sendmmsg. Its memory is laid out once.
type batch struct {
	raw  syscall.RawConn
	v6   bool
	n    int
	sent int
	msgs [batchSize]mmsghdr
	iovs [batchSize]unix.Iovec
	to4  [batchSize]unix.RawSockaddrInet4
	to6  [batchSize]unix.RawSockaddrInet6
	data [batchSize][mtu]byte
	call func(fd uintptr) bool
}

// newBatch gives nil where packets have to go one by one.
func newBatch(u *net.UDPConn) *batch {
	raw, err := u.SyscallConn()
	if err != nil {
		return nil
	}
	at, err := netip.ParseAddrPort(u.LocalAddr().String())
	if err != nil {
		return nil
	}
	b := &batch{raw: raw, v6: at.Addr().Is6() && !at.Addr().Is4In6()}
	b.call = b.write
	for i := range b.msgs {
		h := &b.msgs[i].hdr
		b.iovs[i].Base = &b.data[i][0]
		h.Iov, h.Iovlen = &b.iovs[i], 1
		if b.v6 {
			b.to6[i].Family = unix.AF_INET6
			h.Name, h.Namelen = (*byte)(unsafe.Pointer(&b.to6[i])), unix.SizeofSockaddrInet6
		} else {
			b.to4[i].Family = unix.AF_INET
			h.Name, h.Namelen = (*byte)(unsafe.Pointer(&b.to4[i])), unix.SizeofSockaddrInet4
		}
	}
	return b
}

func (b *batch) add(p []byte, to netip.AddrPort) {
	if len(p) > mtu {
		return // no path would take it
	}
	if b.n == batchSize {
		b.send()
	}
	i := b.n
	b.n++
	b.iovs[i].SetLen(copy(b.data[i][:], p))
	port := to.Port()<<8 | to.Port()>>8 // in the order of the network; all these machines are little endian
	if b.v6 {
		b.to6[i].Port, b.to6[i].Addr = port, to.Addr().As16()
	} else {
		b.to4[i].Port, b.to4[i].Addr = port, to.Addr().Unmap().As4()
	}
}

// send lets everything leave. Where the socket is full packets are lost, as on
// any network.
func (b *batch) send() {
	if b.n == 0 {
		return
	}
	b.sent = 0
	_ = b.raw.Write(b.call)
	b.n = 0
}

func (b *batch) write(fd uintptr) bool {
	for b.sent < b.n {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&b.msgs[b.sent])), uintptr(b.n-b.sent), unix.MSG_DONTWAIT, 0, 0)
		switch {
		case errno == 0:
			b.sent += int(n)
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			return true
		default:
			b.sent++ // this one cannot be sent; the others may
		}
	}
	return true
}
