package hub

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"watchparty/internal/chat"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

const (
	leaseFor   = 3 * time.Second
	leaseSafe  = 500 * time.Millisecond // an owner stops so long before others may begin
	renewEvery = time.Second
	keepTick   = 250 * time.Millisecond
	// askEarly is how long before its end a lease that Redis does not renew is
	// asked for in the database.
	askEarly = 1500 * time.Millisecond
	// settle is how long after a failure of Redis a room that nobody holds is left
	// to its last owner: it may have come back empty, and the owner renews soon.
	settle       = 2 * time.Second
	askWithin    = 2 * time.Second
	asksAtOnce   = 8
	leaseWithin  = 250 * time.Millisecond
	leaseDivider = "#" // between a node's name and the number of the lease
)

var errNoOwner = fault.New(fault.Unavailable, "room.unsettled", "It is not clear yet which server has the party; try again in a moment.")

// The scripts on leases. The value of a lease is its node and a number, so that
// a lease that was given back late cannot touch the next one of the same node.
var (
	// takeLease answers the node that holds the lease: ours when it was free or
	// ours already. With ARGV[4] 0 a free one is not taken and the answer is empty.
	takeLease = redis.NewScript(`
local held = redis.call('GET', KEYS[1])
if held then
  local node = string.match(held, '^(.*)#')
  if node ~= ARGV[1] then return node end
elseif ARGV[4] == '0' then
  return ''
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return ARGV[1]
`)
	// renewLease answers 1 when the lease was renewed, 2 when it had run out and
	// was free to be taken again, 0 when it is another's.
	renewLease = redis.NewScript(`
local held = redis.call('GET', KEYS[1])
if held == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
elseif held then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 2
`)
	dropLease = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`)
)

// RedisOptions name this node among those that share a Redis.
type RedisOptions struct {
	Node   string
	Prefix string // of the keys; the default is "watchparty:"
	Now    clock.Now
	Log    *slog.Logger
}

// RedisDirectory keeps the rooms' leases in Redis. It loses nothing when Redis
// does: an owner that cannot renew asks the database whether it is the owner
// still, and goes on.
type RedisDirectory struct {
	client *redis.Client
	o      RedisOptions
	self   string
	ctx    context.Context
	stop   context.CancelFunc
	work   sync.WaitGroup
	asks   chan struct{}

	mu       sync.Mutex
	n        int64
	failed   time.Time // when Redis last did not answer
	acquired map[id.Party]grant
	leases   map[id.Party]*lease
}

// grant is a lease that was acquired and not held yet.
type grant struct {
	value string
	at    time.Time
}

// NewRedisDirectory makes a directory over a client whose calls end soon, such
// as bus.Client makes, and which it does not close. The node's name gets an
// addition for this run: after a restart it is another node. It works until
// Close, also when ctx has ended: a hub that drains needs its leases to the end.
func NewRedisDirectory(ctx context.Context, client *redis.Client, o RedisOptions) *RedisDirectory {
	if o.Prefix == "" {
		o.Prefix = "watchparty:"
	}
	if o.Now == nil {
		o.Now = clock.System
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	d := &RedisDirectory{
		client: client, o: o, self: strings.ReplaceAll(o.Node, leaseDivider, "-") + "." + id.Token()[:6], ctx: ctx, stop: stop,
		asks: make(chan struct{}, asksAtOnce), acquired: map[id.Party]grant{}, leases: map[id.Party]*lease{},
	}
	d.work.Go(d.keep)
	return d
}

// Close ends the renewing. Leases that were not given back run out.
func (d *RedisDirectory) Close() error {
	d.stop()
	d.work.Wait()
	return nil
}

// Self is this run of this node.
func (d *RedisDirectory) Self() string { return d.self }

func (d *RedisDirectory) key(p id.Party) string { return d.o.Prefix + "room:" + string(p) }

// Acquire takes the room if nobody holds it. Without Redis nobody knows, except
// for rooms that are here.
func (d *RedisDirectory) Acquire(ctx context.Context, p id.Party) (string, error) {
	now := d.o.Now()
	d.mu.Lock()
	if l := d.leases[p]; l != nil && !l.over() {
		d.mu.Unlock()
		return d.self, nil
	}
	d.n++
	value := d.self + leaseDivider + strconv.FormatInt(d.n, 10)
	free := "1"
	if !d.failed.IsZero() && now.Sub(d.failed) < settle {
		free = "0"
	}
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, leaseWithin)
	defer cancel()
	owner, err := takeLease.Run(ctx, d.client, []string{d.key(p)}, d.self, value, leaseFor.Milliseconds(), free).Text()
	switch {
	case err != nil:
		d.miss(ctx)
		return "", fault.ErrUnavailable.Because(err).After(time.Second)
	case owner == "":
		return "", errNoOwner.After(time.Second)
	case owner == d.self:
		d.mu.Lock()
		d.acquired[p] = grant{value, now}
		d.mu.Unlock()
	}
	return owner, nil
}

// miss notes that Redis did not answer, unless that was the caller's wish.
func (d *RedisDirectory) miss(ctx context.Context) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed = d.o.Now()
}

// Hold keeps the lease.
func (d *RedisDirectory) Hold(p id.Party, confirm func(context.Context) error, lost func()) Lease {
	l := &lease{dir: d, party: p, confirm: confirm, lost: lost, changed: make(chan struct{})}
	d.mu.Lock()
	defer d.mu.Unlock()
	if old := d.leases[p]; old != nil && old.bequeath(l) {
		d.leases[p] = l
		return l
	}
	g, ok := d.acquired[p]
	if !ok {
		// Nobody asked before: it begins in doubt and is settled by the keeper.
		d.n++
		g = grant{value: d.self + leaseDivider + strconv.FormatInt(d.n, 10), at: d.o.Now().Add(-leaseFor)}
	}
	delete(d.acquired, p)
	l.value, l.until, l.renew = g.value, g.at.Add(leaseFor-leaseSafe), g.at.Add(renewEvery)
	d.leases[p] = l
	return l
}

// keep renews what is due, all in one go.
func (d *RedisDirectory) keep() {
	tick := time.NewTicker(keepTick)
	defer tick.Stop()
	for {
		select {
		case <-d.ctx.Done():
			return
		case <-tick.C:
		}
		if due := d.due(); len(due) > 0 {
			d.renew(due)
		}
	}
}

// due gives the leases to renew, and forgets rooms that were never opened.
func (d *RedisDirectory) due() []*lease {
	now := d.o.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for p, g := range d.acquired {
		if now.Sub(g.at) > leaseFor {
			delete(d.acquired, p)
		}
	}
	var out []*lease
	for _, l := range d.leases {
		if l.wants(now) {
			out = append(out, l)
		}
	}
	return out
}

func (d *RedisDirectory) renew(due []*lease) {
	began := d.o.Now()
	ctx, cancel := context.WithTimeout(d.ctx, leaseWithin)
	defer cancel()
	pipe := d.client.Pipeline()
	cmds := make([]*redis.Cmd, len(due))
	for i, l := range due {
		cmds[i] = renewLease.Eval(ctx, pipe, []string{d.key(l.party)}, l.value, leaseFor.Milliseconds())
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	missed := false
	for i, l := range due {
		said, err := cmds[i].Int()
		switch {
		case err != nil:
			missed = true
			d.doubt(l, false)
		case said == 2, said == 1 && l.isUnsure():
			// Somebody else may have had it in between.
			l.setUnsure()
			d.doubt(l, true)
		case said == 1:
			l.extend(began)
		default:
			l.lose()
		}
	}
	if missed {
		d.miss(ctx)
	}
}

// doubt has the database say whose the room is: now, or when the time that is
// left gets short.
func (d *RedisDirectory) doubt(l *lease, now bool) {
	if !l.ask(d.o.Now(), now) {
		return
	}
	d.work.Go(func() {
		defer l.asked()
		select {
		case d.asks <- struct{}{}:
			defer func() { <-d.asks }()
		case <-d.ctx.Done():
			return
		}
		ctx, cancel := context.WithTimeout(d.ctx, askWithin)
		defer cancel()
		began := d.o.Now()
		switch err := l.confirm(ctx); {
		case err == nil:
			l.sure(began)
		case errors.Is(err, chat.ErrFenced):
			l.lose()
			d.drop(l)
		default:
			d.o.Log.Warn("nobody can say whether a room is still ours", "party", l.party, "err", err)
		}
	})
}

// drop gives a lease back in Redis, if it is there.
func (d *RedisDirectory) drop(l *lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.ctx), leaseWithin)
	defer cancel()
	if err := dropLease.Run(ctx, d.client, []string{d.key(l.party)}, l.value).Err(); err != nil {
		d.miss(ctx)
	}
}

func (d *RedisDirectory) forget(l *lease) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.leases[l.party] == l {
		delete(d.leases, l.party)
	}
}
