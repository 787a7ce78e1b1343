package account

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

// Params are the costs of argon2id.
type Params struct {
	Memory  uint32 // KiB
	Time    uint32
	Threads uint8
}

// Costs are those of new hashes: the least that OWASP advises.
var Costs = Params{Memory: 19456, Time: 2, Threads: 1}

const (
	saltLen = 16
	hashLen = 32
)

// Hasher hashes passwords, a few at a time: hashing is the dearest thing that
// a stranger can make the server do.
type Hasher struct {
	costs Params
	slots chan struct{} // running
	queue chan struct{} // running and waiting
	wait  time.Duration
	dummy Secret
}

const (
	hashQueue = 32
	hashWait  = 2 * time.Second
)

// NewHasher makes a hasher that runs at most so many at once. Further calls
// wait for up to two seconds, 32 of them; beyond, they are ErrBusy.
func NewHasher(costs Params, atOnce int) *Hasher {
	h := &Hasher{
		costs: costs, wait: hashWait,
		slots: make(chan struct{}, atOnce), queue: make(chan struct{}, atOnce+hashQueue),
	}
	h.dummy = h.hash("nobody has this password")
	return h
}

// Hash makes the hash to keep.
func (h *Hasher) Hash(ctx context.Context, password string) (Secret, error) {
	free, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer free()
	return h.hash(password), nil
}

// Verify compares a password with a kept hash. Without a hash it takes as long
// and says no. stale says that the hash should be made anew.
func (h *Hasher) Verify(ctx context.Context, password string, kept Secret) (ok, stale bool, err error) {
	free, err := h.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer free()
	if kept == "" {
		_, _ = verifyArgon(password, string(h.dummy))
		return false, false, nil
	}
	if strings.HasPrefix(string(kept), djangoPrefix) {
		ok, err = verifyDjango(password, string(kept))
		return ok, ok, err
	}
	costs, err := verifyArgon(password, string(kept))
	if errors.Is(err, errMismatch) {
		return false, false, nil
	}
	return err == nil, err == nil && costs != h.costs, err
}

// enter waits for a slot.
func (h *Hasher) enter(ctx context.Context) (free func(), err error) {
	select {
	case h.queue <- struct{}{}:
	default:
		return nil, ErrBusy.After(h.wait)
	}
	timer := time.NewTimer(h.wait)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots; <-h.queue }, nil
	case <-timer.C:
		err = ErrBusy.After(h.wait)
	case <-ctx.Done():
		err = ctx.Err()
	}
	<-h.queue
	return nil, err
}

var b64 = base64.RawStdEncoding

func (h *Hasher) hash(password string) Secret {
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never fails, by its contract
	c := h.costs
	sum := argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, hashLen)
	return Secret(fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, c.Memory, c.Time, c.Threads, b64.EncodeToString(salt), b64.EncodeToString(sum)))
}

var (
	errMismatch = errors.New("another password")
	errHash     = errors.New("account: a kept password hash cannot be read")
)

// Bounds of what a kept hash may cost to check: a spoilt row must not eat the
// machine.
const (
	maxMemory = 1 << 20 // KiB
	maxTime   = 16
	maxRounds = 5_000_000
)

func verifyArgon(password, kept string) (Params, error) {
	var p Params
	parts := strings.Split(kept, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return p, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.Memory, &p.Time, &p.Threads); err != nil {
		return p, errHash
	}
	salt, err1 := b64.DecodeString(parts[4])
	want, err2 := b64.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(want) < 16 || p.Memory > maxMemory || p.Time < 1 || p.Time > maxTime || p.Threads < 1 {
		return p, errHash
	}
	got := argon2.IDKey([]byte(password), salt, p.Time, p.Memory, p.Threads, uint32(len(want)))
	if subtle.ConstantTimeCompare(got, want) != 1 {
		return p, errMismatch
	}
	return p, nil
}

// djangoPrefix starts the hashes of accounts that came from the original.
const djangoPrefix = "pbkdf2_sha256$"

func verifyDjango(password, kept string) (bool, error) {
	parts := strings.Split(kept, "$")
	if len(parts) != 4 {
		return false, errHash
	}
	rounds, err := strconv.Atoi(parts[1])
	want, err2 := base64.StdEncoding.DecodeString(parts[3])
	if err != nil || err2 != nil || rounds < 1 || rounds > maxRounds || len(want) != sha256.Size {
		return false, errHash
	}
	got, err := pbkdf2.Key(sha256.New, password, []byte(parts[2]), rounds, sha256.Size)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}
