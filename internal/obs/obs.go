// Package obs is how the program tells what it does: logs and metrics.
package obs

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Logger writes lines of text or JSON from a level on.
func Logger(w io.Writer, format, level string) *slog.Logger {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level)) // the configuration lets only known levels pass
	o := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// Metrics are the numbers of one node, on a registry of its own.
type Metrics struct {
	registry    *prometheus.Registry
	requests    *prometheus.HistogramVec
	faults      *prometheus.CounterVec
	connections prometheus.Gauge
	rooms       prometheus.Gauge
	received    *prometheus.CounterVec
	sent        *prometheus.CounterVec
	dropped     *prometheus.CounterVec
	closed      *prometheus.CounterVec
	joined      *prometheus.CounterVec
	batch       prometheus.Histogram
	commit      prometheus.Histogram
}

// NewMetrics makes the numbers, all zero.
func NewMetrics() *Metrics {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "watchparty", Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "watchparty", Name: name, Help: help})
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "watchparty", Name: "http_seconds", Help: "Time of REST calls.",
			Buckets: []float64{.001, .005, .02, .1, .5, 2, 10},
		}, []string{"method", "route", "status"}),
		faults:      vec("http_faults_total", "Refused REST calls by code.", "code"),
		connections: gauge("connections", "Open sockets."),
		rooms:       gauge("rooms", "Rooms that run here."),
		received:    vec("frames_received_total", "Frames from clients by name.", "frame"),
		sent:        vec("frames_sent_total", "Frames to clients by class.", "class"),
		dropped:     vec("frames_dropped_total", "Frames that a slow reader did not get, by class.", "class"),
		closed:      vec("closes_total", "Closed sockets by code.", "code"),
		joined:      vec("joins_total", "Welcomes by mode: fresh, resumed, resync.", "mode"),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "watchparty", Name: "commit_entries", Help: "Log entries of one commit.", Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128},
		}),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "watchparty", Name: "commit_seconds", Help: "Time of a room's commit.", Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 5},
		}),
	}
	m.registry.MustRegister(m.requests, m.faults, m.connections, m.rooms, m.received, m.sent, m.dropped, m.closed, m.joined, m.batch, m.commit,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Request counts one REST call. route is the pattern, never the path.
func (m *Metrics) Request(method, route string, status int, code string, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
	if code != "" {
		m.faults.WithLabelValues(code).Inc()
	}
}

// Connections counts opened and closed sockets.
func (m *Metrics) Connections(delta int) { m.connections.Add(float64(delta)) }

// Rooms counts opened and closed rooms.
func (m *Metrics) Rooms(delta int) { m.rooms.Add(float64(delta)) }

// Received counts a frame from a client.
func (m *Metrics) Received(frame string) { m.received.WithLabelValues(frame).Inc() }

// Sent counts frames to a client.
func (m *Metrics) Sent(class string, n int) { m.sent.WithLabelValues(class).Add(float64(n)) }

// Dropped counts a frame that was left out.
func (m *Metrics) Dropped(class string) { m.dropped.WithLabelValues(class).Inc() }

// Closed counts a closed socket.
func (m *Metrics) Closed(code int) { m.closed.WithLabelValues(strconv.Itoa(code)).Inc() }

// Joined counts a welcome.
func (m *Metrics) Joined(mode string) { m.joined.WithLabelValues(mode).Inc() }

// Committed counts a commit of a room.
func (m *Metrics) Committed(entries int, took time.Duration) {
	m.batch.Observe(float64(entries))
	m.commit.Observe(took.Seconds())
}

// Handler serves the numbers and the profiles. It belongs on a private
// listener.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
