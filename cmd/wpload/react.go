package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"watchparty/hub/wire"
)

// reactCmd floods one party with reactions and looks at what a client gets.
type reactCmd struct {
	URL     []string      `arg:"" help:"Addresses of the nodes, http://127.0.0.1:8080; sockets spread over them."`
	People  int           `help:"People in the party." default:"100"`
	Sockets int           `help:"Sockets that they have open together." default:"500"`
	Rate    float64       `help:"Reactions a second of all together." default:"2000"`
	For     time.Duration `help:"How long they react." default:"10s"`
	PID     int           `help:"Process of the server, to show its CPU time."`
	JSON    bool          `help:"Print the result as JSON."`
}

// flood is what a run found.
type flood struct {
	Thrown      int     `json:"thrown"`
	Shown       int     `json:"shown"`  // to somebody who threw nothing
	Stored      int     `json:"stored"` // as the server's history counts
	PerSecond   float64 `json:"thrown_per_s"`
	Frames      float64 `json:"frames_per_s"` // the most that a socket got
	Bytes       float64 `json:"bytes_per_s"`  // the most that a socket got
	Refused     int     `json:"refused"`
	CPUSeconds  float64 `json:"cpu_s,omitempty"`
	DrivenForMS int64   `json:"driven_for_ms"`
}

// Run drives, counts, prints, and fails when a total is not exact.
func (c *reactCmd) Run() error {
	if c.People < 2 || c.People > 100 || c.Sockets < c.People || c.Sockets > maxMembers || c.For > maxTime || c.Rate > 10000 {
		return fmt.Errorf("2 to 100 people, at most %d sockets, %v and 10000 a second", maxMembers, maxTime)
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.For+2*time.Minute)
	defer cancel()
	people, err := gather(ctx, c.URL, c.People)
	if err != nil {
		return err
	}
	sockets := people
	for n := 0; len(sockets) < c.Sockets; n++ {
		p := people[n%c.People]
		sockets = append(sockets, newMember(p.api, p.urls, p.party))
	}
	before := cpuSeconds(c.PID)
	r, err := c.drive(ctx, people[0], sockets)
	if err != nil {
		return err
	}
	if c.PID > 0 {
		r.CPUSeconds = cpuSeconds(c.PID) - before
	}
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(r)
	} else {
		_, err = fmt.Printf("thrown %d (%.0f/s), shown %d, stored %d, refused %d; at most %.1f frames/s and %.0f bytes/s to a socket; cpu %.1f s\n",
			r.Thrown, r.PerSecond, r.Shown, r.Stored, r.Refused, r.Frames, r.Bytes, r.CPUSeconds)
	}
	if err == nil && (r.Shown != r.Thrown-r.Refused || r.Stored != r.Thrown-r.Refused) {
		err = errors.New("a total is not exact")
	}
	return err
}

// drive connects all, lets everybody but the quiet one react, and counts.
func (c *reactCmd) drive(ctx context.Context, quiet *member, sockets []*member) (flood, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	for _, m := range sockets {
		g.Go(func() error { return m.run(ctx) })
	}
	for _, m := range sockets {
		select {
		case <-m.joined:
		case <-ctx.Done():
			return flood{}, errors.Join(errors.New("not all could join"), g.Wait())
		}
	}
	var loud []*member
	for _, m := range sockets {
		if m.api != quiet.api {
			loud = append(loud, m)
		}
	}
	began := time.Now()
	r := flood{Thrown: c.throw(ctx, loud)}
	took := time.Since(began)
	r.DrivenForMS, r.PerSecond = took.Milliseconds(), float64(r.Thrown)/took.Seconds()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		r.Refused = 0
		for _, m := range sockets {
			m.mu.Lock()
			r.Refused += m.refused
			r.Frames = max(r.Frames, float64(m.bursts.frames)/took.Seconds())
			r.Bytes = max(r.Bytes, float64(m.bursts.bytes)/took.Seconds())
			m.mu.Unlock()
		}
		quiet.mu.Lock()
		r.Shown = quiet.bursts.shown
		quiet.mu.Unlock()
		var kept struct {
			Total int `json:"total_count"`
		}
		if err := quiet.api.call(ctx, http.MethodGet, "/api/interactive/parties/"+string(quiet.party)+"/reactions/?limit=1", nil, &kept); err != nil {
			return r, err
		}
		if r.Stored = kept.Total; r.Stored == r.Thrown-r.Refused && r.Shown == r.Stored {
			break
		}
	}
	stop()
	return r, g.Wait()
}

// throw has the sockets react in turn, at the rate of all together.
func (c *reactCmd) throw(ctx context.Context, loud []*member) int {
	emoji := strings.Fields("😂 ❤️ 😮 😢 😡 👍 👎 🔥 👏 🤯")
	n := 0
	const step = 10 * time.Millisecond
	tick := time.NewTicker(step)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < c.For; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return n
		}
		for ; float64(n) < c.Rate*time.Since(began).Seconds(); n++ {
			loud[n%len(loud)].react(ctx, wire.React{Emoji: emoji[n/7%len(emoji)], X: float64(n%100) / 100, Y: float64(n%37) / 37})
		}
	}
	return n
}
