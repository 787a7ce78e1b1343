package obs

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func ask(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w
}

func TestWhatHappenedIsCounted(t *testing.T) {
	t.Parallel()
	m := NewMetrics()
	m.Request("GET", "/api/parties/{id}/", 200, "", 30*time.Millisecond)
	m.Request("GET", "/api/parties/{id}/", 404, "not_found", time.Millisecond)
	m.Connections(3)
	m.Connections(-1)
	m.Rooms(1)
	m.Received("chat.send")
	m.Received("chat.send")
	m.Sent("log", 1)
	m.Dropped("burst")
	m.Closed(4200)
	m.Joined("resumed")
	m.Committed(5, 7*time.Millisecond)
	page := ask(t, m.Handler(), "/metrics").Body.String()
	for _, line := range []string{
		`watchparty_http_seconds_count{method="GET",route="/api/parties/{id}/",status="200"} 1`,
		`watchparty_http_seconds_bucket{method="GET",route="/api/parties/{id}/",status="200",le="0.02"} 0`,
		`watchparty_http_seconds_bucket{method="GET",route="/api/parties/{id}/",status="200",le="0.1"} 1`,
		`watchparty_http_faults_total{code="not_found"} 1`,
		`watchparty_connections 2`,
		`watchparty_rooms 1`,
		`watchparty_frames_received_total{frame="chat.send"} 2`,
		`watchparty_frames_sent_total{class="log"} 1`,
		`watchparty_frames_dropped_total{class="burst"} 1`,
		`watchparty_closes_total{code="4200"} 1`,
		`watchparty_joins_total{mode="resumed"} 1`,
		`watchparty_commit_entries_sum 5`,
		`watchparty_commit_seconds_sum 0.007`,
		`go_goroutines `,
		`process_resident_memory_bytes `,
	} {
		if !strings.Contains(page, "\n"+line) {
			t.Errorf("%s is missing", line)
		}
	}
}

func TestTwoNodesInOneProcessCountApart(t *testing.T) {
	t.Parallel()
	a, b := NewMetrics(), NewMetrics()
	a.Rooms(7)
	if page := ask(t, b.Handler(), "/metrics").Body.String(); !strings.Contains(page, "\nwatchparty_rooms 0\n") {
		t.Error("one node sees the other's rooms")
	}
}

func TestProfilesAreOnThePrivateListener(t *testing.T) {
	t.Parallel()
	h := NewMetrics().Handler()
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/goroutine?debug=1", "/debug/pprof/heap"} {
		if w := ask(t, h, path); w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := ask(t, h, "/"); w.Code != http.StatusNotFound {
		t.Errorf("/ answers %d", w.Code)
	}
}

func TestTheLogBeginsAtItsLevelAndKeepsOneLineForEach(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log := Logger(&b, "json", "warn")
	log.Info("not this")
	log.Warn("a name", "name", "x\n{\"level\":\"ERROR\"}")
	var line map[string]any
	if err := json.Unmarshal(b.Bytes(), &line); err != nil || line["level"] != "WARN" || strings.Count(b.String(), "\n") != 1 {
		t.Errorf("got %s (%v)", b.String(), err)
	}
	b.Reset()
	Logger(&b, "text", "debug").Debug("a name", "name", "x\nlevel=ERROR")
	if strings.Count(b.String(), "\n") != 1 || !strings.Contains(b.String(), "level=DEBUG") {
		t.Errorf("got %s", b.String())
	}
}
