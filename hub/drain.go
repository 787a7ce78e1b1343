package hub

import (
	"context"
	"math/rand/v2"
	"time"

	"watchparty/hub/wire"
)

const (
	drainSpread = 10 * time.Second // over which the clients come back
	roomsWithin = 10 * time.Second
)

// Drain ends the hub in good order: nobody new gets in, what is on its way
// into the journals is committed and acknowledged, the films are saved, the
// rooms handed back, and each client is told when to come back. It returns when
// all has ended, or with ctx's error after cutting what was left.
func (h *Hub) Drain(ctx context.Context) error {
	h.mu.Lock()
	h.draining = true
	conns := make([]*conn, 0, len(h.conns))
	for c := range h.conns {
		conns = append(conns, c)
	}
	rooms := make([]*room, 0, len(h.rooms))
	for _, r := range h.rooms {
		rooms = append(rooms, r)
	}
	h.mu.Unlock()
	for _, c := range conns {
		after := int(rand.Int64N(int64(drainSpread / time.Millisecond)))
		c.deliver(encode(wire.ServerDrain, wire.Down{ST: h.time.ms()}, wire.Drain{AfterMS: after, Resume: true}))
	}
	h.closeRooms(ctx, rooms)
	for _, c := range conns {
		c.shut(wire.CloseDrain)
	}
	return h.end(ctx)
}

// closeRooms waits until the rooms have brought everything home.
func (h *Hub) closeRooms(ctx context.Context, rooms []*room) {
	for _, r := range rooms {
		r.mail.put(r.finish)
	}
	limit := time.NewTimer(roomsWithin)
	defer limit.Stop()
	for _, r := range rooms {
		select {
		case <-r.done:
		case <-limit.C:
			limit.Reset(0)
			r.cancel()
		case <-ctx.Done():
			r.cancel()
		}
	}
}

// finish ends the room once nothing waits to be committed.
func (r *room) finish() {
	r.final = true
	r.stopping = true
	r.journal.dirty = true
}

// end waits for everything to end, and cuts it when ctx ends.
func (h *Hub) end(ctx context.Context) error {
	ended := make(chan struct{})
	go func() {
		h.work.Wait()
		close(ended)
	}()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if h.peers != nil {
		h.peers()
	}
	h.stop()
	<-ended
	return err
}

// Close cuts everything at once, as a crash would, and waits for the end.
func (h *Hub) Close() {
	h.mu.Lock()
	h.draining = true
	h.mu.Unlock()
	h.stop()
	h.work.Wait()
	if h.peers != nil {
		h.peers()
	}
}
