package rtc

import (
	"time"

	"github.com/pion/rtcp"
)

// reportEvery is how often peers are told how the time of what we send relates
// to the clock; only about lines that sent something since.
const reportEvery = 2 * time.Second

// ntpTime gives a moment in NTP's format: seconds since 1900, in 2^-32 s.
func ntpTime(t time.Time) uint64 {
	const to1900 = 2208988800
	return uint64(t.Unix()+to1900)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// ntpSpan gives a span in the same units.
func ntpSpan(d time.Duration) uint64 {
	return uint64(d/time.Second)<<32 + uint64(d%time.Second)<<32/uint64(time.Second)
}

// reports runs until over.
func (s *SFU) reports(over <-chan struct{}) {
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for _, r := range s.allRooms() {
				r.report(s.now())
			}
		case <-over:
			return
		}
	}
}

// report tells the peers of one room. It is done by a timer, and not beside each
// packet.
func (r *Room) report(now time.Time) {
	all := map[*peer][]rtcp.Packet{}
	add := func(g *leg, ntp uint64, ts uint32) {
		o := g.out.Load()
		if o == nil || g.peer.gone.Load() || g.sent.told == g.sent.packets {
			return
		}
		g.sent.told = g.sent.packets
		all[g.peer] = append(all[g.peer], &rtcp.SenderReport{
			SSRC: o.ssrc, NTPTime: ntp, RTPTime: ts, PacketCount: g.sent.packets, OctetCount: g.sent.octets,
		})
	}
	for _, s := range r.slots {
		s.mu.Lock()
		for _, g := range s.legs {
			add(g, ntpTime(now), g.sent.ts+ticks(now.Sub(g.sent.at), opusRate))
		}
		s.mu.Unlock()
	}
	for _, s := range r.allShares() {
		offset := s.clockOffset()
		for _, st := range s.streams() {
			st.mu.Lock()
			for _, g := range st.legs {
				// Picture and sound by the sharer's clock: so they stay together.
				if l := g.view.layer; l != nil && l.report.ok {
					since := now.Sub(l.report.at)
					add(g, l.report.ntp+offset+ntpSpan(since), l.report.rtp+l.shift+ticks(since, st.rate))
				}
			}
			st.mu.Unlock()
		}
	}
	for p, list := range all {
		if !p.gone.Load() {
			_ = p.pc.WriteRTCP(list)
		}
	}
}

func ticks(d time.Duration, rate int) uint32 {
	return uint32(int64(d) * int64(rate) / int64(time.Second))
}
