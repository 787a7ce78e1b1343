package hubtest

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"watchparty/internal/account"
)

// OldMessage is a message in the words of one of the original's routes.
type OldMessage = map[string]any

// Old is a client that speaks an old route's words.
type Old struct {
	t    testing.TB
	name string
	ws   *websocket.Conn

	mu   sync.Mutex
	got  []OldMessage
	code int
	over bool
	wake chan struct{}
}

// DialOld connects somebody to an old route and waits for nothing.
func (w *World) DialOld(t testing.TB, who account.Identity, path string) *Old {
	t.Helper()
	ws, _, err := w.Raw(t, path, http.Header{"Authorization": {"Bearer " + Token(who)}})
	if err != nil {
		t.Fatal(err)
	}
	return NewOld(t, who.Name, ws)
}

// NewOld reads from ws until it ends, and closes it with the test.
func NewOld(t testing.TB, name string, ws *websocket.Conn) *Old {
	o := &Old{t: t, name: name, ws: ws, wake: make(chan struct{}, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		o.read(context.WithoutCancel(t.Context()))
	}()
	t.Cleanup(func() {
		_ = ws.CloseNow()
		<-done
	})
	return o
}

func (o *Old) read(ctx context.Context) {
	for {
		_, b, err := o.ws.Read(ctx)
		var m OldMessage
		if err == nil {
			if json.Unmarshal(b, &m) != nil {
				o.t.Errorf("%s got what is no object: %s", o.name, b)
			}
		}
		o.mu.Lock()
		if err != nil {
			o.over, o.code = true, int(websocket.CloseStatus(err))
		} else if m["type"] != "heartbeat" {
			o.got = append(o.got, m)
		}
		o.mu.Unlock()
		select {
		case o.wake <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// Say sends one message as it is written.
func (o *Old) Say(message string) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(o.t.Context()), patience)
	defer cancel()
	if err := o.ws.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
		o.t.Fatalf("%s could not send %s: %v", o.name, message, err)
	}
}

// Hear takes the first message of a type that fits; others wait.
func (o *Old) Hear(kind string, fits ...func(OldMessage) bool) OldMessage {
	o.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		o.mu.Lock()
		for i, m := range o.got {
			if m["type"] == kind && (len(fits) == 0 || fits[0](m)) {
				o.got = append(o.got[:i:i], o.got[i+1:]...)
				o.mu.Unlock()
				return m
			}
		}
		over, code, got := o.over, o.code, o.got
		o.mu.Unlock()
		if over {
			o.t.Fatalf("%s waited for %s, but the connection ended with %d; there were %v", o.name, kind, code, got)
		}
		select {
		case <-o.wake:
		case <-limit.C:
			o.t.Fatalf("%s waited for %s in vain; there were %v", o.name, kind, got)
		}
	}
}

// Left counts the messages of a type that came and that nobody took.
func (o *Old) Left(kind string) (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.got {
		if m["type"] == kind {
			n++
		}
	}
	return n
}

// Refused says something and takes the refusal.
func (o *Old) Refused(message string) OldMessage {
	o.t.Helper()
	o.Say(message)
	return o.Hear("error")
}

// Closed waits for the end and gives its code.
func (o *Old) Closed() int {
	o.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		o.mu.Lock()
		over, code := o.over, o.code
		o.mu.Unlock()
		if over {
			return code
		}
		select {
		case <-o.wake:
		case <-limit.C:
			o.t.Fatalf("the connection of %s does not end", o.name)
		}
	}
}

// Cut ends the connection without a word.
func (o *Old) Cut() { _ = o.ws.CloseNow() }

// Flood sends the same until the server has enough of it.
func (o *Old) Flood(message string) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(o.t.Context()), patience)
	defer cancel()
	for o.ws.Write(ctx, websocket.MessageText, []byte(message)) == nil {
	}
	if ctx.Err() != nil {
		o.t.Fatalf("%s is taken without an end", message)
	}
}
