package rtc

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

const (
	socketBuffer = 4 << 20
	tcpBuffer    = 1 << 20 // that waits for one slow reader
)

// sockets are the ports that all connections share.
type sockets struct {
	port  int
	addrs []netip.Addr
	hosts []netip.AddrPort // told instead of addrs; empty: addrs
	udp   []*packetConn
	mux   ice.UDPMux
	tcp   []net.Listener
	muxes []ice.TCPMux
	cfg   Config
}

// listen opens UDP, and TCP on the same number, at each address: an answer has
// to leave from the address that was asked.
func listen(c Config) (*sockets, error) {
	s := &sockets{cfg: c, port: c.Port}
	var err error
	if s.addrs, err = addresses(c.Listen); err != nil {
		return nil, err
	}
	if c.NoUDP && c.NoTCP {
		return nil, errors.New("rtc: neither UDP nor TCP is left")
	}
	// A number that was picked may be taken at another address or by TCP.
	for try := 0; ; try++ {
		err = s.open()
		if err == nil {
			break
		}
		_ = s.close()
		if c.Port != 0 || try == 20 {
			return nil, err
		}
		s.port = 0
	}
	for _, h := range c.Hosts {
		at, err := hostOf(h, s.port)
		if err != nil {
			_ = s.close()
			return nil, err
		}
		s.hosts = append(s.hosts, at...)
	}
	return s, nil
}

func (s *sockets) open() error {
	s.udp, s.tcp, s.muxes = nil, nil, nil
	var muxes []ice.UDPMux
	for _, a := range s.addrs {
		if !s.cfg.NoUDP {
			u, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, uint16(s.port))))
			if err != nil {
				return fmt.Errorf("rtc: %w", err)
			}
			_ = u.SetReadBuffer(socketBuffer)
			_ = u.SetWriteBuffer(socketBuffer)
			p := newPacketConn(u)
			s.udp = append(s.udp, p)
			s.port = int(p.at.Port())
			muxes = append(muxes, ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: p, Logger: silent{}}))
		}
		if !s.cfg.NoTCP {
			l, err := net.Listen("tcp", netip.AddrPortFrom(a, uint16(s.port)).String())
			if err != nil {
				return fmt.Errorf("rtc: %w", err)
			}
			s.port = l.Addr().(*net.TCPAddr).Port
			s.tcp = append(s.tcp, l)
			s.muxes = append(s.muxes, ice.NewTCPMuxDefault(ice.TCPMuxParams{
				Listener: l, ReadBufferSize: 32, WriteBufferSize: tcpBuffer, Logger: silent{},
			}))
		}
	}
	if len(muxes) > 0 {
		s.mux = ice.NewMultiUDPMuxDefault(muxes...)
	}
	return nil
}

// use makes connections go by these ports.
func (s *sockets) use(e *webrtc.SettingEngine) {
	var kinds []webrtc.NetworkType
	if s.mux != nil {
		e.SetICEUDPMux(s.mux)
		kinds = append(kinds, webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6)
	}
	if len(s.muxes) > 0 {
		e.SetICETCPMux(ice.NewMultiTCPMuxDefault(s.muxes...))
		kinds = append(kinds, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	e.SetNetworkTypes(kinds)
	e.SetIncludeLoopbackCandidate(slices.ContainsFunc(s.addrs, netip.Addr.IsLoopback))
	e.SetIPFilter(func(ip net.IP) bool {
		a, ok := netip.AddrFromSlice(ip)
		return ok && slices.Contains(s.addrs, a.Unmap())
	})
}

// inside gives where media comes in by UDP, by the addresses that clients are
// told.
func (s *sockets) inside() map[netip.AddrPort]netip.AddrPort {
	at := map[netip.AddrPort]netip.AddrPort{}
	for _, a := range s.addrs {
		here := netip.AddrPortFrom(a, uint16(s.port))
		at[here] = here
	}
	for _, h := range s.hosts {
		for _, a := range s.addrs {
			if _, known := at[h]; !known && a.Is4() == h.Addr().Is4() {
				at[h] = netip.AddrPortFrom(a, uint16(s.port))
			}
		}
	}
	return at
}

// ours says whether an address is one of our media ports', as clients know them.
func (s *sockets) ours(a netip.Addr) bool {
	return slices.Contains(s.addrs, a) || slices.ContainsFunc(s.hosts, func(h netip.AddrPort) bool { return h.Addr() == a })
}

func (s *sockets) close() error {
	var errs []error
	if s.mux != nil {
		errs = append(errs, s.mux.Close())
	}
	for _, m := range s.muxes {
		errs = append(errs, m.Close())
	}
	for _, u := range s.udp {
		_ = u.Close()
	}
	for _, l := range s.tcp {
		_ = l.Close()
	}
	s.mux = nil
	return errors.Join(errs...)
}

// addresses lists where to listen: the one that is given, or those of all
// interfaces; loopback only where there is nothing else.
func addresses(listen string) ([]netip.Addr, error) {
	if listen != "" {
		a, err := netip.ParseAddr(listen)
		if err != nil {
			return nil, fmt.Errorf("rtc: listen at an address, not at %q", listen)
		}
		if !a.IsUnspecified() {
			return []netip.Addr{a.Unmap()}, nil
		}
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out, local []netip.Addr
	for _, x := range all {
		p, err := netip.ParsePrefix(x.String())
		a := p.Addr().Unmap()
		switch {
		case err != nil || a.IsLinkLocalUnicast() || a.IsMulticast():
		case a.IsLoopback():
			local = append(local, a)
		default:
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		out = local
	}
	return out, nil
}

// hostOf reads an address, or a name, that clients are told.
func hostOf(s string, port int) ([]netip.AddrPort, error) {
	host := s
	if h, p, err := net.SplitHostPort(s); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("rtc: host %q: the port is no number", s)
		}
		host, port = h, int(n)
	}
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(a.Unmap(), uint16(port))}, nil
	}
	found, err := net.LookupIP(host)
	if err != nil {
		return nil, fmt.Errorf("rtc: host %q: %w", s, err)
	}
	var out []netip.AddrPort
	for _, ip := range found {
		if a, ok := netip.AddrFromSlice(ip); ok {
			out = append(out, netip.AddrPortFrom(a.Unmap(), uint16(port)))
		}
	}
	return out, nil
}
