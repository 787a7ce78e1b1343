package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"watchparty/hub/wire"
)

// Bounds of a run, whatever the flags say.
const (
	maxMembers = 1000
	maxTime    = 10 * time.Minute
)

// chatCmd drives the chat of one party and checks order and loss.
type chatCmd struct {
	URL     []string      `arg:"" help:"Addresses of the nodes, http://127.0.0.1:8080; members spread over them."`
	Members int           `help:"People in the party." default:"10"`
	Writers int           `help:"How many of them write." default:"4"`
	Rate    float64       `help:"Lines a second of each writer." default:"2"`
	For     time.Duration `help:"How long they write." default:"10s"`
	Settle  time.Duration `help:"How long to wait for the last lines." default:"15s"`
	PID     int           `help:"Process of the server, to show its CPU time per delivery."`
	JSON    bool          `help:"Print the result as JSON."`
}

// result is what a run found.
type result struct {
	Acked         int     `json:"acked"`
	Unacked       int     `json:"unacked"`
	Delivered     int     `json:"delivered"`
	Lost          int     `json:"lost"`
	Doubled       int     `json:"doubled"`
	Reordered     int     `json:"reordered"`
	Gaps          int     `json:"gaps"`
	Resyncs       int     `json:"resyncs"`
	Cuts          int     `json:"cuts"`
	P50MS         float64 `json:"p50_ms"`
	P99MS         float64 `json:"p99_ms"`
	MaxMS         float64 `json:"max_ms"`
	CPUPerMillion float64 `json:"cpu_s_per_million,omitempty"`
}

// Run drives, checks, prints, and fails when a line was lost, doubled or out
// of order.
func (c *chatCmd) Run() error {
	if c.Members < 1 || c.Members > maxMembers || c.For > maxTime || c.Writers > c.Members {
		return fmt.Errorf("at most %d members and %v", maxMembers, maxTime)
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.For+c.Settle+time.Minute)
	defer cancel()
	members, err := gather(ctx, c.URL, c.Members)
	if err != nil {
		return err
	}
	before := cpuSeconds(c.PID)
	r, err := c.drive(ctx, members)
	if err != nil {
		return err
	}
	if r.Delivered > 0 && c.PID > 0 {
		r.CPUPerMillion = (cpuSeconds(c.PID) - before) / float64(r.Delivered) * 1e6
	}
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(r)
	} else {
		_, err = fmt.Printf("acked %d, unacked %d, delivered %d, lost %d, doubled %d, reordered %d, gaps %d, resyncs %d, cuts %d, p50 %.1f ms, p99 %.1f ms, max %.1f ms, cpu %.1f s/M\n",
			r.Acked, r.Unacked, r.Delivered, r.Lost, r.Doubled, r.Reordered, r.Gaps, r.Resyncs, r.Cuts, r.P50MS, r.P99MS, r.MaxMS, r.CPUPerMillion)
	}
	if err == nil && r.Lost+r.Doubled+r.Reordered+r.Gaps > 0 {
		err = errors.New("the room's promise was broken")
	}
	return err
}

// gather makes a party and the people in it, the host first. They spread over
// the nodes.
func gather(ctx context.Context, nodes []string, people int) ([]*member, error) {
	var urls []string
	for _, u := range nodes {
		u = strings.TrimSuffix(u, "/")
		if err := loopbackOnly(strings.TrimPrefix(u, "http://")); err != nil {
			return nil, err
		}
		urls = append(urls, u)
	}
	base := urls[0]
	client := &http.Client{Timeout: 20 * time.Second}
	var login struct {
		Access string `json:"access_token"`
	}
	host := &api{base: base, http: client}
	mail := fmt.Sprintf("load-%d@example.test", time.Now().UnixNano())
	if err := host.call(ctx, http.MethodPost, "/api/auth/register/", map[string]any{"email": mail, "password": "a long enough phrase", "name": "Load"}, &login); err != nil {
		return nil, err
	}
	host.token = login.Access
	var p wire.Party
	if err := host.call(ctx, http.MethodPost, "/api/parties/", map[string]any{"title": "Load", "visibility": "public", "max_participants": max(2, min(100, people)), "film": map[string]string{"kind": "sample"}}, &p); err != nil {
		return nil, err
	}
	members := []*member{newMember(host, urls, p.ID)}
	for n := 1; n < people; n++ {
		a := &api{base: base, http: client}
		if err := a.call(ctx, http.MethodPost, "/api/auth/guest/", map[string]string{"name": "Guest " + strconv.Itoa(n)}, &login); err != nil {
			return nil, err
		}
		a.token = login.Access
		var joined struct{ Status string }
		if err := a.call(ctx, http.MethodPost, "/api/parties/"+string(p.ID)+"/join/", map[string]any{}, &joined); err != nil {
			return nil, err
		}
		k := n % len(urls)
		members = append(members, newMember(a, append(slices.Clone(urls[k:]), urls[:k]...), p.ID))
	}
	return members, nil
}

// drive connects all, lets the writers write, and compares.
func (c *chatCmd) drive(ctx context.Context, members []*member) (result, error) {
	ctx, stop := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	for _, m := range members {
		g.Go(func() error { return m.run(ctx) })
	}
	for _, m := range members {
		select {
		case <-m.joined:
		case <-ctx.Done():
			stop()
			return result{}, errors.Join(errors.New("not all could join"), g.Wait())
		}
	}
	var writers errgroup.Group
	for w := range c.Writers {
		writers.Go(func() error {
			tick := time.NewTicker(time.Duration(float64(time.Second) / c.Rate))
			defer tick.Stop()
			for n := range int(c.For.Seconds() * c.Rate) {
				select {
				case <-tick.C:
					members[w].say(ctx, w, n)
				case <-ctx.Done():
					return nil
				}
			}
			return nil
		})
	}
	_ = writers.Wait()
	settled := time.Now().Add(c.Settle)
	r := compare(members)
	for (r.Unacked > 0 || r.Lost > 0) && time.Now().Before(settled) && ctx.Err() == nil {
		time.Sleep(100 * time.Millisecond)
		r = compare(members)
	}
	stop()
	return r, g.Wait()
}

// compare holds what each member saw against what was acknowledged.
func compare(members []*member) result {
	var r result
	acked := map[string]int64{}
	var late []time.Duration
	for _, m := range members {
		m.mu.Lock()
		for op, seq := range m.acked {
			acked[op] = seq
		}
		r.Unacked += len(m.pending)
		r.Gaps, r.Doubled, r.Resyncs, r.Cuts = r.Gaps+m.gaps, r.Doubled+m.doubles, r.Resyncs+m.resyncs, r.Cuts+m.cuts
		late = append(late, m.late...)
		m.mu.Unlock()
	}
	r.Acked = len(acked)
	for _, m := range members {
		m.mu.Lock()
		r.Delivered += len(m.seen)
		for op, seq := range acked {
			switch got, ok := m.seen[op]; {
			case !ok && m.resyncs == 0: // a resync shows the last 50 lines only
				r.Lost++
			case ok && got != seq:
				r.Reordered++
			}
		}
		m.mu.Unlock()
	}
	if slices.Sort(late); len(late) > 0 {
		r.P50MS = float64(late[len(late)/2]) / 1e6
		r.P99MS = float64(late[len(late)*99/100]) / 1e6
		r.MaxMS = float64(late[len(late)-1]) / 1e6
	}
	return r
}

// cpuSeconds reads how much processor time a process has used.
func cpuSeconds(pid int) float64 {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	return (user + system) / 100
}
