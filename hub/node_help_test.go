package hub_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"watchparty/hub"
	"watchparty/hub/hubtest"
	"watchparty/hub/wire"
	"watchparty/internal/bus"
	"watchparty/internal/clock"
	"watchparty/internal/testenv"
)

// cluster is several nodes on one Redis and one database.
type cluster struct {
	t       *testing.T
	url     string
	prefix  string
	parties *hubtest.Parties
	journal *hubtest.Journal
	people  *hubtest.People
	config  func(*hub.Config) // where the database is a real one
	wrap    func(bus.Bus) bus.Bus
	n       int
}

// member is one node of a cluster.
type member struct {
	*hubtest.World
	bus    *bus.Redis
	client *redis.Client
	dir    *hub.RedisDirectory
	once   sync.Once
}

func newCluster(t *testing.T, url, prefix string) *cluster {
	t.Helper()
	return &cluster{t: t, url: url, prefix: prefix, journal: hubtest.NewJournal(), people: hubtest.NewPeople()}
}

// sharedCluster is a cluster in a corner of the Redis of all tests.
func sharedCluster(t *testing.T) *cluster {
	t.Helper()
	url, prefix := testenv.Redis(t)
	return newCluster(t, url, prefix)
}

// node starts one more. The first one's bus is the one that parties speak on.
func (c *cluster) node(now clock.Now) *member {
	c.t.Helper()
	if now == nil {
		now = time.Now
	}
	client, err := bus.Client(c.url)
	if err != nil {
		c.t.Fatal(err)
	}
	name := string(rune('a' + c.n))
	c.n++
	m := &member{client: client}
	m.bus = bus.NewRedis(client, bus.RedisOptions{Node: name, Key: []byte("key"), Prefix: c.prefix})
	m.dir = hub.NewRedisDirectory(context.WithoutCancel(c.t.Context()), client, hub.RedisOptions{Node: name, Prefix: c.prefix, Now: now})
	var b bus.Bus = m.bus
	if c.wrap != nil {
		b = c.wrap(b)
	}
	if c.parties == nil {
		c.parties = hubtest.NewParties(context.WithoutCancel(c.t.Context()), b)
	}
	m.World = hubtest.New(c.t, hubtest.Options{Bus: b, Parties: c.parties, Journal: c.journal, People: c.people, Config: func(hc *hub.Config) {
		hc.Directory, hc.Peers, hc.Now = m.dir, hub.NewNodes(b), now
		if c.config != nil {
			c.config(hc)
		}
	}})
	c.t.Cleanup(m.kill)
	return m
}

// kill ends a node as a crash does: not a word more goes out.
func (m *member) kill() {
	m.once.Do(func() {
		_ = m.client.Close()
		m.World.Stop()
		_ = m.bus.Close()
		_ = m.dir.Close()
	})
}

// lossy drops and doubles messages between nodes by lot.
type lossy struct {
	bus.Bus
	mu   sync.Mutex
	lot  *rand.Rand
	loss float64
	twin float64
}

func (l *lossy) Publish(ctx context.Context, msgs ...bus.Message) error {
	var out []bus.Message
	l.mu.Lock()
	for _, m := range msgs {
		if !strings.HasPrefix(m.Topic, "node:") {
			out = append(out, m)
			continue
		}
		switch x := l.lot.Float64(); {
		case x < l.loss:
		case x < l.loss+l.twin:
			out = append(out, m, m)
		default:
			out = append(out, m)
		}
	}
	l.mu.Unlock()
	return l.Bus.Publish(ctx, out...)
}

// picky drops the messages that fit.
type picky struct {
	bus.Bus
	drop func(bus.Message) bool
}

func (p picky) Publish(ctx context.Context, msgs ...bus.Message) error {
	return p.Bus.Publish(ctx, slices.DeleteFunc(slices.Clone(msgs), p.drop)...)
}

// speaker says lines and does not rest until each is acknowledged, as the
// client does: after a refusal that passes, a silence or a cut it says the same
// again with the same op.
type speaker struct {
	*hubtest.Client
	t     *testing.T
	acked map[string]int64
}

func (s *speaker) say(op string) {
	s.t.Helper()
	for try := 0; ; try++ {
		if try == 100 {
			s.t.Fatalf("%s is never acknowledged", op)
		}
		re := s.SendOp("chat.send", op, wire.Send{Text: op})
		f, ok := s.Within(3*time.Second, func(f hubtest.Frame) bool { return f.Re == re })
		switch {
		case !ok:
		case f.Type == "ack":
			s.acked[op] = hubtest.Data[wire.Ack](s.Client, f).Seq
			return
		default:
			p := hubtest.Data[wire.Failed](s.Client, f).Problem
			if p.Status < 500 && p.Code != "rate_limited" && p.Code != "room.not_joined" {
				s.t.Fatalf("%s is refused: %+v", op, p)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// lines are the chat lines that a client got, as "seq text".
func lines(c *hubtest.Client, n int) []string {
	var out []string
	for range n {
		m := hubtest.Expect(c, wire.ChatMessage)
		out = append(out, fmt.Sprint(m.Seq, " ", m.Text))
	}
	return out
}
