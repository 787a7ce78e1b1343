package limit

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"watchparty/internal/clock"
)

// script is Step on the server: one key, its time of arrival in milliseconds.
// It takes Redis's own clock, so that nodes need not agree on theirs.
var script = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
local per = tonumber(ARGV[2])
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local next = tat + per / tonumber(ARGV[1])
local wait = next - now - per
if wait > 0 then return math.ceil(wait) end
redis.call('SET', KEYS[1], string.format('%.3f', next), 'PX', math.ceil(next - now) + 1000)
return 0
`)

// away is how long a node counts alone after a call that Redis did not answer.
const away = time.Second

// Redis counts over all nodes, on top of this node's own count: with Redis
// away each node still keeps to the limit by itself.
type Redis struct {
	local  *Mem
	now    clock.Now
	client redis.Scripter
	prefix string
	until  atomic.Int64 // Unix nanoseconds up to which Redis is not asked
}

// NewRedis makes a counter whose keys begin with prefix. The client's own
// bounds are how long a call can wait: bus.Client makes one.
func NewRedis(client redis.Scripter, prefix string, now clock.Now) *Redis {
	return &Redis{local: NewMem(now), now: now, client: client, prefix: prefix}
}

// Allow is Mem's Allow over all nodes.
func (r *Redis) Allow(ctx context.Context, key string, n int, per time.Duration) (bool, time.Duration) {
	if ok, wait := r.local.Allow(ctx, key, n, per); !ok {
		return false, wait
	}
	now := r.now().UnixNano()
	if now < r.until.Load() {
		return true, 0
	}
	wait, err := script.Run(ctx, r.client, []string{r.prefix + "limit:" + key}, n, per.Milliseconds()).Int64()
	switch {
	case err != nil && ctx.Err() == nil:
		r.until.Store(now + int64(away))
		return true, 0
	case err != nil || wait == 0:
		return true, 0
	}
	return false, time.Duration(wait) * time.Millisecond
}
