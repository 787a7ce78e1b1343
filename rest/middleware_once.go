package rest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"watchparty/internal/account"
	"watchparty/internal/fault"
)

var (
	errKeyReused  = fault.New(fault.Conflict, "idempotency.reused", "This Idempotency-Key was used for another call.")
	errKeyRunning = fault.New(fault.Conflict, "idempotency.running", "The first call with this Idempotency-Key still runs.")
)

const maxKey = 200

// once runs a call that carries an Idempotency-Key at most once: the same call
// again gets the first answer. Keys belong to the person.
func (a *API) once(hc *readCall, o Op, next func(huma.Context)) {
	c := humaecho.Unwrap(hc)
	r := c.Request()
	key := r.Header.Get("Idempotency-Key")
	who := account.Maybe(r.Context())
	unsafe := r.Method == http.MethodPost || r.Method == http.MethodPatch || r.Method == http.MethodPut
	if key == "" || o.Secret || who.User == "" || a.cfg.Replies == nil || !unsafe {
		next(hc)
		return
	}
	if len(key) > maxKey {
		a.refuse(c, fault.ErrInvalid.At("Idempotency-Key", "Use at most 200 characters."))
		return
	}
	sum := sha256.Sum256([]byte(r.Method + " " + r.URL.Path + "\n" + string(hc.body)))
	mark := hex.EncodeToString(sum[:])
	kept, first, err := a.cfg.Replies.Claim(r.Context(), who.User, key, mark)
	switch {
	case err != nil:
		a.refuse(c, err)
	case first:
		rec := &recorder{humaContext: hc}
		a.keep(r.Context(), rec, mark, key, func() { next(rec) })
	case kept.Fingerprint != mark:
		a.refuse(c, errKeyReused)
	case kept.Status == 0:
		a.refuse(c, errKeyRunning.After(time.Second))
	default:
		c.Response().Header().Set("Idempotency-Replayed", "true")
		_ = c.Blob(kept.Status, "application/json", []byte(kept.Body)) // the caller is gone when this fails
	}
}

// keep runs the call and stores its answer, or forgets the claim of one that
// failed for a reason that may pass.
func (a *API) keep(ctx context.Context, rec *recorder, mark, key string, run func()) {
	who := account.Maybe(ctx).User
	ctx = context.WithoutCancel(ctx)
	finished := false
	defer func() {
		if finished && rec.status >= 200 && rec.status < 300 {
			return
		}
		if err := a.cfg.Replies.Drop(ctx, who, key); err != nil {
			a.log.WarnContext(ctx, "idempotency claim stays", "err", err)
		}
	}()
	run()
	if rec.status >= 200 && rec.status < 300 {
		r := account.Reply{Fingerprint: mark, Status: rec.status, Body: rec.sent.String()}
		if err := a.cfg.Replies.Keep(ctx, who, key, r); err != nil {
			a.log.WarnContext(ctx, "answer not kept", "err", err)
		}
	}
	finished = true
}

// recorder copies the answer of a call while it is sent.
type recorder struct {
	humaContext
	status int
	sent   bytes.Buffer
}

func (r *recorder) Unwrap() huma.Context { return r.humaContext }

func (r *recorder) SetStatus(code int) {
	r.status = code
	r.humaContext.SetStatus(code)
}

func (r *recorder) BodyWriter() io.Writer {
	return io.MultiWriter(r.humaContext.BodyWriter(), &r.sent)
}
