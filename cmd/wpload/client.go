package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"watchparty/hub/wire"
	"watchparty/internal/id"
)

// api calls the REST face as one person.
type api struct {
	base  string
	token string
	http  *http.Client
}

// call sends body as JSON and reads the answer into out.
func (a *api) call(ctx context.Context, method, path string, body, out any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	res, err := a.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, answer)
	}
	return json.Unmarshal(answer, out)
}

// sent is a line that waits for its acknowledgement.
type sent struct {
	op   string
	text string
	at   time.Time
}

// member is one person on one socket that comes back after every cut.
type member struct {
	api   *api
	urls  []string // of the nodes; the next one is tried after a cut
	party id.Party

	mu      sync.Mutex
	ws      *websocket.Conn
	session string
	epoch   string
	seq     int64
	pending map[string]sent  // by op
	acked   map[string]int64 // op to seq
	seen    map[string]int64 // op to seq, of chat lines that came
	late    []time.Duration  // from sending to the acknowledgement

	gaps, doubles, resyncs, cuts int
	refused                      int           // frames that were sent and that nobody tries again
	bursts                       bursts        // of reactions
	joined                       chan struct{} // closed at the first welcome
	once                         sync.Once
}

// bursts counts the frames of reactions that came, their bytes, and what they
// showed.
type bursts struct{ frames, bytes, shown int }

func newMember(a *api, urls []string, party id.Party) *member {
	return &member{
		api: a, urls: urls, party: party, pending: map[string]sent{}, acked: map[string]int64{},
		seen: map[string]int64{}, joined: make(chan struct{}),
	}
}

// run keeps the member connected until ctx ends.
func (m *member) run(ctx context.Context) error {
	for n := 0; ctx.Err() == nil; n++ {
		err := m.connect(ctx, m.urls[n%len(m.urls)])
		if ctx.Err() != nil {
			return nil
		}
		if code := websocket.CloseStatus(err); code >= 4000 && code < 4100 {
			return err
		}
		m.mu.Lock()
		m.ws = nil
		m.cuts++
		m.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
}

func (m *member) connect(ctx context.Context, base string) error {
	ws, res, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(base, "http")+"/ws", &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol},
		HTTPHeader:   http.Header{"Authorization": {"Bearer " + m.api.token}},
	})
	if res != nil && res.Body != nil {
		_ = res.Body.Close()
	}
	if err != nil {
		return err
	}
	defer func() { _ = ws.CloseNow() }()
	ws.SetReadLimit(1 << 20)
	m.mu.Lock()
	join := wire.Join{Party: m.party, Session: m.session, Epoch: m.epoch, Seq: m.seq}
	m.mu.Unlock()
	if err := write(ctx, ws, wire.PartyJoin.Name, "join", "", "", join); err != nil {
		return err
	}
	for {
		_, b, err := ws.Read(ctx)
		if err != nil {
			return err
		}
		if err := m.take(ctx, ws, b); err != nil {
			return err
		}
	}
}

func write(ctx context.Context, ws *websocket.Conn, name, re, op, room string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	b, err := json.Marshal(wire.Up{Type: name, ID: re, Op: op, Room: room, Data: raw})
	if err != nil {
		return err
	}
	wctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return ws.Write(wctx, websocket.MessageText, b)
}

// frame is a frame from the server, its data still raw.
type frame struct {
	Type string          `json:"type"`
	Re   string          `json:"re"`
	Seq  int64           `json:"seq"`
	Data json.RawMessage `json:"data"`
}

func (m *member) take(ctx context.Context, ws *websocket.Conn, b []byte) error {
	var f frame
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.Seq > 0 {
		switch {
		case f.Seq <= m.seq:
			m.doubles++
			return nil
		case f.Seq > m.seq+1:
			m.gaps++
		}
		m.seq = f.Seq
	}
	switch f.Type {
	case wire.HelloDown.Name:
		var h wire.Hello
		err := json.Unmarshal(f.Data, &h)
		m.session = h.Session
		return err
	case wire.PartyWelcome.Name:
		return m.welcome(ctx, ws, f)
	case wire.AckDown.Name:
		var a wire.Ack
		if s, ok := m.pending[f.Re]; ok {
			delete(m.pending, f.Re)
			if err := json.Unmarshal(f.Data, &a); err != nil {
				return err
			}
			m.acked[s.op] = a.Seq
			m.late = append(m.late, time.Since(s.at))
		}
	case wire.ErrorDown.Name:
		var e wire.Failed
		if err := json.Unmarshal(f.Data, &e); err != nil {
			return err
		}
		if f.Re == "join" {
			return errors.New(e.Problem.Code)
		}
		if s, ok := m.pending[f.Re]; ok && (e.Problem.Status == http.StatusTooManyRequests || e.Problem.Status >= 500) {
			time.AfterFunc(time.Second, func() { m.again(ctx, s) })
		} else {
			delete(m.pending, f.Re)
			m.refused++
		}
	case wire.ChatMessage.Name:
		var line wire.Message
		if err := json.Unmarshal(f.Data, &line); err != nil {
			return err
		}
		m.line(line)
	case wire.ReactBurst.Name:
		var all wire.Reactions
		if err := json.Unmarshal(f.Data, &all); err != nil {
			return err
		}
		m.bursts.frames++
		m.bursts.bytes += len(b)
		for _, x := range all.Items {
			m.bursts.shown += x.N
		}
	}
	return nil
}

// welcome takes the room's position and sends again what was not acknowledged.
func (m *member) welcome(ctx context.Context, ws *websocket.Conn, f frame) error {
	var w wire.Welcome
	if err := json.Unmarshal(f.Data, &w); err != nil {
		return err
	}
	m.epoch = w.Epoch
	if w.Mode != "resumed" {
		if m.seq > 0 {
			m.resyncs++
		}
		m.seq = w.Seq
		for _, line := range w.Messages {
			m.line(line)
		}
	}
	m.ws = ws
	m.once.Do(func() { close(m.joined) })
	for op, s := range m.pending {
		if err := write(ctx, ws, wire.ChatSend.Name, op, op, wire.PartyRoom(string(m.party)), wire.Send{Text: s.text}); err != nil {
			return err
		}
	}
	return nil
}

// again sends a line that the server could not take.
func (m *member) again(ctx context.Context, s sent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, waits := m.pending[s.op]; waits && m.ws != nil {
		_ = write(ctx, m.ws, wire.ChatSend.Name, s.op, s.op, wire.PartyRoom(string(m.party)), wire.Send{Text: s.text})
	}
}

// line notes a chat line. The op that its author gave stands in its text,
// because others are not shown it.
func (m *member) line(l wire.Message) {
	op, _, ok := strings.Cut(l.Text, " ")
	if !ok {
		return
	}
	if seq, again := m.seen[op]; again {
		if seq != l.Seq {
			m.doubles++ // the same line was stored twice
		}
		return
	}
	m.seen[op] = l.Seq
}

// say writes one line. It counts as sent even when the socket is cut: it goes
// out again with the next welcome.
func (m *member) say(ctx context.Context, who, n int) {
	op := "m" + strconv.Itoa(who) + "-" + strconv.Itoa(n)
	s := sent{op: op, text: op + " the quick brown fox jumps over the lazy dog", at: time.Now()}
	m.mu.Lock()
	m.pending[op] = s
	ws := m.ws
	m.mu.Unlock()
	if ws != nil {
		_ = write(ctx, ws, wire.ChatSend.Name, op, op, wire.PartyRoom(string(m.party)), wire.Send{Text: s.text})
	}
}

// react throws one reaction; nothing of it is tried again.
func (m *member) react(ctx context.Context, r wire.React) {
	m.mu.Lock()
	ws := m.ws
	m.mu.Unlock()
	if ws == nil || write(ctx, ws, wire.ReactSend.Name, "", "", wire.PartyRoom(string(m.party)), r) != nil {
		m.mu.Lock()
		m.refused++
		m.mu.Unlock()
	}
}
