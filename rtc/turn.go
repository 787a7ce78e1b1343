package rtc

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pion/turn/v5"
	"github.com/pion/webrtc/v4"
)

// TURN is the relay for those whom neither UDP nor TCP to the media port
// reaches. It relays to our own media port and nowhere else.
type TURN struct {
	On     bool
	Listen string // as of Config
	Port   int    // UDP and TCP; 0 picks one
	Host   string // what clients are told; empty: the address
	Secret string // shared by the nodes; empty: made anew
	Realm  string
}

const (
	credentialFor = 5 * time.Minute
	relaysEach    = 4 // of one person at once
)

// ICEServer is what a client's connection is configured with.
type ICEServer struct {
	URLs       []string
	Username   string
	Credential string
}

// relay is the TURN server.
type relay struct {
	server *turn.Server
	urls   []string
	secret string

	mu    sync.Mutex
	users map[string]int          // relays of each
	ports map[netip.AddrPort]bool // where they send from
}

func newRelay(c Config, s *sockets) (*relay, error) {
	t := &relay{secret: c.TURN.Secret, users: map[string]int{}, ports: map[netip.AddrPort]bool{}}
	if t.secret == "" {
		var b [32]byte
		_, _ = rand.Read(b[:]) // it never fails
		t.secret = hex.EncodeToString(b[:])
	}
	addrs, err := addresses(c.TURN.Listen)
	if err != nil {
		return nil, err
	}
	config := turn.ServerConfig{
		Realm: c.TURN.Realm, LoggerFactory: silent{},
		AuthHandler:  turn.LongTermTURNRESTAuthHandler(t.secret, silent{}),
		QuotaHandler: t.quota, EventHandler: t.events(),
	}
	port := c.TURN.Port
	for _, at := range addrs {
		if port, err = t.listen(&config, at, port, s); err != nil {
			for _, x := range config.PacketConnConfigs {
				_ = x.PacketConn.Close()
			}
			for _, x := range config.ListenerConfigs {
				_ = x.Listener.Close()
			}
			return nil, fmt.Errorf("rtc: turn: %w", err)
		}
		if c.TURN.Host == "" {
			t.tell(net.JoinHostPort(at.String(), strconv.Itoa(port)))
		}
	}
	if host := c.TURN.Host; host != "" {
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(port))
		}
		t.tell(host)
	}
	if t.server, err = turn.NewServer(config); err != nil {
		return nil, fmt.Errorf("rtc: turn: %w", err)
	}
	return t, nil
}

func (t *relay) tell(host string) {
	t.urls = append(t.urls, "turn:"+host+"?transport=udp", "turn:"+host+"?transport=tcp")
}

// listen opens UDP and TCP at one address.
func (t *relay) listen(to *turn.ServerConfig, at netip.Addr, port int, s *sockets) (int, error) {
	u, err := net.ListenPacket("udp", netip.AddrPortFrom(at, uint16(port)).String())
	if err != nil {
		return 0, err
	}
	port = u.LocalAddr().(*net.UDPAddr).Port
	l, err := net.Listen("tcp", netip.AddrPortFrom(at, uint16(port)).String())
	if err != nil {
		_ = u.Close()
		return 0, err
	}
	make := inward{&turn.RelayAddressGeneratorStatic{RelayAddress: at.AsSlice(), Address: at.String()}, s.inside()}
	may := func(_ net.Addr, peer net.IP) bool {
		a, ok := netip.AddrFromSlice(peer)
		return ok && s.ours(a.Unmap())
	}
	to.PacketConnConfigs = append(to.PacketConnConfigs, turn.PacketConnConfig{PacketConn: u, RelayAddressGenerator: make, PermissionHandler: may})
	to.ListenerConfigs = append(to.ListenerConfigs, turn.ListenerConfig{Listener: l, RelayAddressGenerator: make, PermissionHandler: may})
	return port, nil
}

// quota bounds the relays of one person.
func (t *relay) quota(username, _ string, _ net.Addr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.users[username] < relaysEach
}

// events counts relays, and keeps where they send from.
func (t *relay) events() turn.EventHandler {
	of := map[string]netip.AddrPort{} // by the client's address and protocol
	return turn.EventHandler{
		OnAllocationCreated: func(src, _ net.Addr, protocol, user, _ string, at net.Addr, _ int) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.users[user]++
			if a, err := netip.ParseAddrPort(at.String()); err == nil {
				of[protocol+src.String()] = a
				t.ports[a] = true
			}
		},
		OnAllocationDeleted: func(src, _ net.Addr, protocol, user, _ string) {
			t.mu.Lock()
			defer t.mu.Unlock()
			if t.users[user]--; t.users[user] <= 0 {
				delete(t.users, user)
			}
			key := protocol + src.String()
			delete(t.ports, of[key])
			delete(of, key)
		},
	}
}

func (t *relay) close() { _ = t.server.Close() }

// inward makes relays that send to our media ports only: a permission is
// asked for an address, and on that address other things listen, too.
type inward struct {
	*turn.RelayAddressGeneratorStatic
	to map[netip.AddrPort]netip.AddrPort // what clients are told, to where it is
}

// AllocatePacketConn is of turn.RelayAddressGenerator.
func (g inward) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	p, at, err := g.RelayAddressGeneratorStatic.AllocatePacketConn(c)
	if err != nil {
		return nil, nil, err
	}
	return &inwardConn{PacketConn: p, to: g.to, told: map[netip.AddrPort]*net.UDPAddr{}}, at, nil
}

// AllocateListener refuses to relay TCP: media needs none.
func (inward) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errors.ErrUnsupported
}

// AllocateConn refuses the same.
func (inward) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) {
	return nil, errors.ErrUnsupported
}

// inwardConn is a relay's way to us. A client that was told an address outside
// is led to the one inside, and sees only the one outside.
type inwardConn struct {
	net.PacketConn
	to map[netip.AddrPort]netip.AddrPort

	mu   sync.Mutex
	told map[netip.AddrPort]*net.UDPAddr // by where it is, what the client calls it
}

// WriteTo drops what goes elsewhere, as a network would.
func (c *inwardConn) WriteTo(b []byte, to net.Addr) (int, error) {
	u, ok := to.(*net.UDPAddr)
	if !ok {
		return len(b), nil
	}
	a := u.AddrPort()
	at, ok := c.to[netip.AddrPortFrom(a.Addr().Unmap(), a.Port())]
	if !ok {
		return len(b), nil
	}
	c.mu.Lock()
	if k := c.told[at]; k == nil || k.Port != u.Port || !k.IP.Equal(u.IP) {
		c.told[at] = &net.UDPAddr{IP: slices.Clone(u.IP), Port: u.Port}
	}
	c.mu.Unlock()
	return c.PacketConn.WriteTo(b, net.UDPAddrFromAddrPort(at))
}

// ReadFrom gives what comes from us, and nothing else.
func (c *inwardConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		if err != nil {
			return n, from, err
		}
		u, ok := from.(*net.UDPAddr)
		if !ok {
			continue
		}
		a := u.AddrPort()
		c.mu.Lock()
		told := c.told[netip.AddrPortFrom(a.Addr().Unmap(), a.Port())]
		c.mu.Unlock()
		if told != nil {
			return n, told, nil
		}
	}
}

// ICEServers gives a peer's way to the relay, good for five minutes; nothing
// where there is no relay.
func (s *SFU) ICEServers(peer, room string) []ICEServer {
	if s.relay == nil {
		return nil
	}
	// A colon ends the name where the library reads it.
	who := strings.ReplaceAll(peer+"/"+room, ":", ".")
	name, password, err := turn.GenerateLongTermTURNRESTCredentials(s.relay.secret, who, credentialFor)
	if err != nil {
		s.log.Error("no credentials for the relay", "err", err)
		return nil
	}
	return []ICEServer{{URLs: s.relay.urls, Username: name, Credential: password}}
}

// pathOf names the way that a pair of candidates goes.
func (s *SFU) pathOf(pair *webrtc.ICECandidatePair) string {
	if pair.Local.Protocol == webrtc.ICEProtocolTCP {
		return "tcp"
	}
	if a, err := netip.ParseAddr(pair.Remote.Address); err == nil && s.relay != nil {
		s.relay.mu.Lock()
		defer s.relay.mu.Unlock()
		if s.relay.ports[netip.AddrPortFrom(a.Unmap(), pair.Remote.Port)] {
			return "relay"
		}
	}
	return "udp"
}
