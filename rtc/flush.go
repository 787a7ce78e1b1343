package rtc

import (
	"net"
	"net/netip"
	"sync"
)

// packetConn is a UDP socket under the mux. While a packet is forwarded to
// many, what is media is gathered and leaves in one system call; everything
// else goes at once.
type packetConn struct {
	*net.UDPConn
	at netip.AddrPort

	mu    sync.Mutex
	open  int // forwards under way
	batch *batch
}

func newPacketConn(u *net.UDPConn) *packetConn {
	p := &packetConn{UDPConn: u, batch: newBatch(u)}
	p.at, _ = netip.ParseAddrPort(u.LocalAddr().String())
	return p
}

// ReadFromAddrPort is of ice.AddrPortReaderWriter.
func (p *packetConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	return p.UDPConn.ReadFromUDPAddrPort(b)
}

// WriteToAddrPort is of ice.AddrPortReaderWriter.
func (p *packetConn) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if p.batch != nil && isMedia(b) {
		p.mu.Lock()
		if p.open > 0 {
			p.batch.add(b, to)
			p.mu.Unlock()
			return len(b), nil
		}
		p.mu.Unlock()
	}
	return p.UDPConn.WriteToUDPAddrPort(b, to)
}

// WriteTo is of net.PacketConn.
func (p *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if u, ok := to.(*net.UDPAddr); ok {
		return p.WriteToAddrPort(b, u.AddrPort())
	}
	return p.UDPConn.WriteTo(b, to)
}

// isMedia tells RTP from STUN, DTLS and RTCP, which do not wait (RFC 7983,
// section 7; RFC 5761, section 4).
func isMedia(b []byte) bool {
	return len(b) > 1 && b[0] >= 128 && b[0] <= 191 && (b[1] < 192 || b[1] > 223)
}

func (p *packetConn) begin() {
	p.mu.Lock()
	p.open++
	p.mu.Unlock()
}

func (p *packetConn) end() {
	p.mu.Lock()
	p.open--
	if p.batch != nil {
		p.batch.send()
	}
	p.mu.Unlock()
}

// flusher begins and ends forwards on all sockets.
type flusher []*packetConn

func (s *sockets) flusher() flusher { return s.udp }

func (f flusher) begin() {
	for _, p := range f {
		p.begin()
	}
}

func (f flusher) end() {
	for _, p := range f {
		p.end()
	}
}
