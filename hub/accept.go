package hub

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"watchparty/hub/dialect"
	"watchparty/hub/splice"
	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

// credential is what a handshake brought, and how.
type credential struct {
	token   string
	ticket  bool
	ambient bool // a cookie, which the browser sends whoever asks it to
}

// ServeHTTP is GET /ws, and the original's routes below it. A page of a foreign
// origin gets 403. Who is not signed in is let through the upgrade and closed
// with 4001, so that a browser can read why.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, known := foreignRoute(r)
	if !known {
		http.NotFound(w, r)
		return
	}
	cred := credentialOf(r)
	if !h.originAllowed(r, cred) {
		http.Error(w, "this origin may not connect", http.StatusForbidden)
		return
	}
	select {
	case h.hands <- struct{}{}:
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many connections are being opened", http.StatusServiceUnavailable)
		return
	}
	c := h.handshake(w, r, cred, route)
	<-h.hands
	if c != nil {
		c.serve()
	}
}

// handshake upgrades, and gives the connection of whoever is signed in. On an
// old route its words are translated.
func (h *Hub) handshake(w http.ResponseWriter, r *http.Request, cred credential, route *dialect.Route) *conn {
	ctx, cancel := context.WithTimeout(r.Context(), authWithin)
	defer cancel()
	who, authErr := h.authenticate(ctx, cred)
	out, ready, err := h.upgrade(w, r, route)
	if err != nil {
		return nil // it was answered
	}
	refuse := func(reason wire.CloseReason) *conn {
		h.Metrics.Closed(reason.Code)
		_ = out.Close(websocket.StatusCode(reason.Code), reason.Word)
		return nil
	}
	if authErr != nil {
		if f := fault.Of(authErr); f.Kind == fault.Unavailable || f.Kind == fault.Internal {
			h.Log.WarnContext(ctx, "authentication is away", "err", authErr)
			return refuse(wire.CloseBusy)
		}
		return refuse(wire.CloseSignedOut)
	}
	c, err := h.admit(out, who, ready)
	if errors.Is(err, errDraining) {
		return refuse(wire.CloseDrain)
	}
	if err != nil {
		return refuse(wire.CloseBusy)
	}
	return c
}

// upgrade answers the handshake. Rooms write to the connection themselves,
// unless its words are translated. ready is called with the connection before
// anybody may write to it.
func (h *Hub) upgrade(w http.ResponseWriter, r *http.Request, route *dialect.Route) (out socket, ready func(*conn), err error) {
	var made atomic.Pointer[conn]
	var hands *splice.Handshake
	if !h.Plain && route == nil {
		hands = splice.Wrap(w, splice.Options{Now: h.Now, Within: writeWithin, Ready: func() {
			if c := made.Load(); c != nil {
				c.flush()
			}
		}})
		w = hands
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       subprotocols(r),
		InsecureSkipVerify: true, // the origin was checked before, more strictly
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		return nil, nil, err
	}
	if route != nil {
		f := &foreign{Conn: ws, route: *route}
		return f, func(c *conn) { f.conn = c }, nil
	}
	return ws, func(c *conn) {
		if hands != nil {
			c.spliced = hands.Conn()
		}
		made.Store(c)
	}, nil
}

func (h *Hub) authenticate(ctx context.Context, c credential) (account.Identity, error) {
	switch {
	case c.token == "":
		return account.Identity{}, fault.ErrUnauthenticated
	case c.ticket:
		return h.Auth.RedeemTicket(ctx, c.token)
	}
	return h.Auth.Authenticate(ctx, c.token)
}

// credentialOf finds the credential: what the client gave on purpose goes
// before what its browser adds by itself.
func credentialOf(r *http.Request) credential {
	q := r.URL.Query()
	if t := q.Get("ticket"); t != "" {
		return credential{token: t, ticket: true}
	}
	if scheme, t, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") && t != "" {
		return credential{token: strings.TrimSpace(t)}
	}
	if t := q.Get("token"); t != "" {
		return credential{token: t}
	}
	for _, p := range offered(r) {
		if t, ok := strings.CutPrefix(p, wire.TokenProtocol); ok && t != "" {
			return credential{token: t}
		}
	}
	if c, err := r.Cookie("access_token"); err == nil {
		return credential{token: c.Value, ambient: true}
	}
	return credential{ambient: true}
}

func offered(r *http.Request) []string {
	var all []string
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		for p := range strings.SplitSeq(line, ",") {
			all = append(all, strings.TrimSpace(p))
		}
	}
	return all
}

// subprotocols chooses what is echoed: our protocol when it is offered, or the
// one that carries the token, for a browser drops a socket that echoes nothing.
func subprotocols(r *http.Request) []string {
	all := offered(r)
	if slices.Contains(all, wire.Subprotocol) {
		return []string{wire.Subprotocol}
	}
	for _, p := range all {
		if strings.HasPrefix(p, wire.TokenProtocol) {
			return []string{p}
		}
	}
	return nil
}

// originAllowed compares whole origins. A request without one does not come
// from a page; it needs more than a cookie.
func (h *Hub) originAllowed(r *http.Request, c credential) bool {
	origins := r.Header.Values("Origin")
	switch len(origins) {
	case 0:
		return !c.ambient || c.token == ""
	case 1:
	default:
		return false
	}
	if slices.Contains(h.Origins, origins[0]) {
		return true
	}
	u, err := url.Parse(origins[0])
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.User == nil &&
		u.Path == "" && u.RawQuery == "" && u.Fragment == "" && u.Host == r.Host
}

// admit registers a connection. ready sees it before anybody may write to it.
func (h *Hub) admit(ws socket, who account.Identity, ready func(*conn)) (*conn, error) {
	ws.SetReadLimit(readLimit)
	ctx, cancel := context.WithCancel(h.ctx)
	c := &conn{
		hub: h, id: h.Directory.Self() + "/" + id.Token()[:16], session: id.Token()[:24], who: who, ws: ws,
		out: newQueue(h.Metrics), ctx: ctx, cancel: cancel, seats: map[id.Party]seat{}, limit: newConnLimit(),
	}
	ready(c)
	// Listening starts before the connection counts, so that no word is missed.
	_, c.unsubscribe = h.Bus.Subscribe(party.UserTopic(who.User), c.userFact)
	if err := h.register(c); err != nil {
		cancel()
		c.unsubscribe()
		return nil, err
	}
	h.Metrics.Connections(1)
	return c, nil
}

func (h *Hub) register(c *conn) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.draining:
		return errDraining
	case len(h.conns) >= h.MaxConns:
		return errBusy.After(time.Second)
	}
	h.conns[c] = struct{}{}
	h.work.Add(1)
	theirs := append(h.users[c.who.User], c)
	if len(theirs) > personConns {
		theirs[0].shut(wire.CloseReplaced)
		theirs = theirs[1:]
	}
	h.users[c.who.User] = theirs
	return nil
}

// dismiss forgets a connection that has ended.
func (h *Hub) dismiss(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c)
	theirs := slices.DeleteFunc(h.users[c.who.User], func(x *conn) bool { return x == c })
	if len(theirs) == 0 {
		delete(h.users, c.who.User)
	} else {
		h.users[c.who.User] = theirs
	}
	h.Metrics.Connections(-1)
	h.work.Done()
}
