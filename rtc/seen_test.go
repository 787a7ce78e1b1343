package rtc_test

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
)

// pictures keeps what was seen.
type pictures struct {
	mu     sync.Mutex
	seqs   map[uint16]bool
	first  uint16
	last   uint16
	height int               // of the picture that came last
	times  map[uint32]uint32 // by the moment that it shows, the timestamp
}

func (s *pictures) add(k *rtp.Packet) {
	if len(k.Payload) < 25 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seqs == nil {
		s.seqs, s.times, s.first, s.last = map[uint16]bool{}, map[uint32]uint32{}, k.SequenceNumber, k.SequenceNumber
	}
	s.seqs[k.SequenceNumber] = true
	if int16(k.SequenceNumber-s.last) > 0 {
		s.last = k.SequenceNumber
	}
	s.height = int(k.Payload[24]) * 8
	s.times[binary.BigEndian.Uint32(k.Payload[20:])] = k.Timestamp
}

// holes counts what has not come, but for the newest.
func (s *pictures) holes() (n, of int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for q := s.first; q != s.last-20; q++ {
		if of++; !s.seqs[q] {
			n++
		}
	}
	return n, of
}

func (s *pictures) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.height
}

// lossy loses packets that come.
type lossy struct {
	interceptor.NoOp
	one int
	n   atomic.Int64
}

func (l *lossy) NewInterceptor(string) (interceptor.Interceptor, error) { return l, nil }

func (l *lossy) BindRemoteStream(_ *interceptor.StreamInfo, r interceptor.RTPReader) interceptor.RTPReader {
	return interceptor.RTPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		for {
			n, x, err := r.Read(b, a)
			if err != nil || l.n.Add(1)%int64(l.one) != 0 {
				return n, x, err
			}
		}
	})
}
