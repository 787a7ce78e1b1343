package obs

import "github.com/prometheus/client_golang/prometheus"

// Media counts voices and shared screens.
type Media struct {
	peers, rooms       prometheus.Gauge
	forwarded, dropped prometheus.Counter
}

// Media makes these numbers, once.
func (m *Metrics) Media() *Media {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "watchparty", Subsystem: "media", Name: name, Help: help})
	}
	count := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "watchparty", Subsystem: "media", Name: name, Help: help})
	}
	x := &Media{
		peers: gauge("peers", "Connections of voice and screen share."), rooms: gauge("rooms", "Rooms with somebody in voice."),
		forwarded: count("forwarded_total", "Packets sent on, one for each who gets it."),
		dropped:   count("dropped_total", "Packets of microphones that may not be heard."),
	}
	m.registry.MustRegister(x.peers, x.rooms, x.forwarded, x.dropped)
	return x
}

// Peers counts connections.
func (m *Media) Peers(delta int) { m.peers.Add(float64(delta)) }

// Rooms counts rooms.
func (m *Media) Rooms(delta int) { m.rooms.Add(float64(delta)) }

// Forwarded counts packets that were sent on.
func (m *Media) Forwarded(packets int) { m.forwarded.Add(float64(packets)) }

// Dropped counts packets that were not.
func (m *Media) Dropped(packets int) { m.dropped.Add(float64(packets)) }
