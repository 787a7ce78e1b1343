package rtc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/binary"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"watchparty/internal/clock"
)

// Config says where media is sent and received.
type Config struct {
	// Listen is the address of the one UDP port, and of TCP on the same number;
	// empty: those of all interfaces but loopback.
	Listen string
	Port   int // 0 picks one
	// Hosts are what clients are told instead of the addresses of the interfaces:
	// addresses, each with a port if that is another outside.
	Hosts []string
	// NoUDP and NoTCP leave one of the two out.
	NoUDP, NoTCP bool
	TURN         TURN
	// LostAfter is how long a peer may be without a path; 0: 30 s.
	LostAfter time.Duration
	Now       clock.Now
	Log       *slog.Logger
	Metrics   Metrics
}

// Metrics counts. Its methods must not block.
type Metrics interface {
	Peers(delta int)
	Rooms(delta int)
	Forwarded(packets int)
	Dropped(packets int)
}

type quiet struct{}

func (quiet) Peers(int)     {}
func (quiet) Rooms(int)     {}
func (quiet) Forwarded(int) {}
func (quiet) Dropped(int)   {}

// SFU forwards the media of this node's rooms.
type SFU struct {
	cfg          Config
	log          *slog.Logger
	now          clock.Now
	metrics      Metrics
	api          *webrtc.API
	certificates []webrtc.Certificate
	sockets      *sockets
	flush        flusher
	relay        *relay // nil: off
	work         sync.WaitGroup
	over         chan struct{}

	mu    sync.Mutex
	rooms map[*Room]struct{}
}

// New opens the ports. Close ends everything.
func New(c Config) (*SFU, error) {
	if c.Now == nil {
		c.Now = clock.System
	}
	if c.Log == nil {
		c.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if c.Metrics == nil {
		c.Metrics = quiet{}
	}
	if c.LostAfter <= 0 {
		c.LostAfter = lostAfter
	}
	s := &SFU{cfg: c, log: c.Log, now: c.Now, metrics: c.Metrics, rooms: map[*Room]struct{}{}, over: make(chan struct{})}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, err
	}
	s.certificates = []webrtc.Certificate{*certificate}
	if s.sockets, err = listen(c); err != nil {
		return nil, err
	}
	s.flush = s.sockets.flusher()
	if s.api, err = newAPI(c, s.sockets); err != nil {
		s.sockets.close()
		return nil, err
	}
	if c.TURN.On {
		if s.relay, err = newRelay(c, s.sockets); err != nil {
			s.sockets.close()
			return nil, err
		}
	}
	s.work.Go(func() { s.reports(s.over) })
	return s, nil
}

// Port is where media comes in.
func (s *SFU) Port() int { return s.sockets.port }

// Open makes a room, until its Close.
func (s *SFU) Open(name string, set Settings, h Handler) *Room {
	r := newRoom(s, name, set, h)
	s.mu.Lock()
	s.rooms[r] = struct{}{}
	s.mu.Unlock()
	s.metrics.Rooms(1)
	return r
}

func (s *SFU) forget(r *Room) {
	s.mu.Lock()
	delete(s.rooms, r)
	s.mu.Unlock()
	s.metrics.Rooms(-1)
}

func (s *SFU) allRooms() []*Room {
	s.mu.Lock()
	defer s.mu.Unlock()
	rooms := make([]*Room, 0, len(s.rooms))
	for r := range s.rooms {
		rooms = append(rooms, r)
	}
	return rooms
}

// Close ends all rooms and closes the ports. It is called once.
func (s *SFU) Close() error {
	close(s.over)
	for _, r := range s.allRooms() {
		r.Close()
	}
	s.work.Wait()
	if s.relay != nil {
		s.relay.close()
	}
	return s.sockets.close()
}

// random32 is where numbers begin that a stranger is not to guess (RFC 3550,
// section 5.1).
func random32() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // it never fails
	return binary.BigEndian.Uint32(b[:])
}
