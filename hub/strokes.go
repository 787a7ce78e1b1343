package hub

import (
	"math"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/draw"
	"watchparty/internal/id"
)

const (
	strokeGap   = 66 * time.Millisecond // strokes in flight are told so often
	sayAgain    = 1000.0                // milliseconds; who draws, for those who came later
	strokeDies  = 30_000.0              // milliseconds without a point
	tenthousand = 10_000
)

// strokeKey names a stroke by its connection: two tabs of one person may draw.
type strokeKey struct {
	spot *spot
	name string
}

// stroke is one in flight.
type stroke struct {
	*draw.Stroke
	key   strokeKey
	no    int
	by    id.User
	color int
	said  float64 // when it was told last who draws
	moved float64
	until float64 // it has ended
}

func (r *room) drawBegin(c *call, v wire.DrawBegin) error {
	if c.spot == nil {
		return errSocketOnly
	}
	if err := r.budget(c.user()).marks.take(r.now()); err != nil {
		return err
	}
	if err := r.mayDraw(c); err != nil {
		return err
	}
	at, err := draw.At(v.X, v.Y)
	if err != nil {
		return err
	}
	s, err := draw.Begin(draw.Tool(v.Tool), at, v.FilmAt, v.Lasts)
	if err != nil {
		return err
	}
	d := &r.drawing
	key := strokeKey{c.spot, v.Stroke}
	mine := 0
	for _, x := range d.strokes {
		if x.by == c.user() {
			mine++
		}
	}
	if mine >= draw.MaxInFlight || d.strokes[key] != nil {
		return draw.ErrTooMany
	}
	d.count++
	now := r.ms()
	d.strokes[key] = &stroke{
		Stroke: s, key: key, no: d.count, by: c.user(), color: c.member.Color, said: math.Inf(-1), moved: now,
	}
	r.strokesGrew()
	return nil
}

func (r *room) drawPoints(c *call, v wire.DrawPoints) error {
	if err := r.budget(c.user()).points.take(r.now()); err != nil {
		return err
	}
	s, err := r.stroke(c, v.Stroke)
	if err != nil {
		return err
	}
	ps, err := draw.Points(v.Points, draw.MaxFrame)
	if err != nil {
		return err
	}
	if err := s.Add(ps); err != nil {
		return err
	}
	s.moved = r.ms()
	r.strokesGrew()
	return nil
}

// stroke finds one that its drawer goes on with, if he may still.
func (r *room) stroke(c *call, name string) (*stroke, error) {
	if c.spot == nil {
		return nil, errSocketOnly
	}
	s := r.drawing.strokes[strokeKey{c.spot, name}]
	if s == nil || s.until != 0 {
		if err := r.mayDraw(c); err != nil {
			return nil, err // that is why it is no more
		}
		return nil, draw.ErrUnknown
	}
	return s, nil
}

func (r *room) drawEnd(c *call, v wire.DrawEnd) error {
	s, err := r.stroke(c, v.Stroke)
	if err != nil {
		return err
	}
	if s.Tool.Fades() {
		s.until = draw.Until(s.Tool, s.Lasts, r.ms())
		r.strokesGrew()
		return nil
	}
	r.tellStrokes() // what is in flight is told before what lasts
	delete(r.drawing.strokes, s.key)
	failed := func() { r.void(s, "failed") }
	err = r.putMark(c, draw.Mark{Tool: s.Tool, Points: s.Kept(), FilmAt: s.FilmAt}, s.Lasts, v.Stroke, failed)
	if err != nil {
		failed()
	}
	return err
}

// strokesGrew tells of strokes in flight in a moment, all together.
func (r *room) strokesGrew() {
	if r.drawing.flush == nil {
		r.drawing.flush = r.after(strokeGap, r.tellStrokes)
	}
}

// tellStrokes sends what is new of the strokes in flight.
func (r *room) tellStrokes() {
	d := &r.drawing
	if d.flush != nil {
		d.flush.Stop()
		d.flush = nil
	}
	now := r.ms()
	var parts []wire.StrokePart
	for _, s := range d.inOrder() {
		if !s.Fresh() && s.until == 0 {
			continue
		}
		from, fresh := s.Take()
		part := wire.StrokePart{S: s.no, I: from, P: make([]int, 0, 2*len(fresh)), Until: math.Round(s.until)}
		for _, p := range fresh {
			part.P = append(part.P, int(math.Round(p.X*tenthousand)), int(math.Round(p.Y*tenthousand)))
		}
		if now-s.said >= sayAgain {
			s.said = now
			part.By, part.Stroke, part.Tool, part.Color, part.FilmAt = s.by, s.key.name, string(s.Tool), s.color, s.FilmAt
		}
		parts = append(parts, part)
		if s.until != 0 {
			delete(d.strokes, s.key)
		}
	}
	if len(parts) > 0 {
		r.send(encode(wire.DrawStrokes, wire.Down{Room: r.name, ST: math.Round(now)}, wire.Strokes{Items: parts}))
	}
}

// checkStrokes ends strokes whose drawer may no more, or is no more: the role,
// the mode, the grant, the seat and the connection of this moment count.
func (r *room) checkStrokes() {
	if len(r.drawing.strokes) == 0 {
		return
	}
	now := r.ms()
	r.dropStrokes("left", func(s *stroke) bool {
		return r.spots[s.key.spot.link.key()] != s.key.spot || now-s.moved > strokeDies
	})
	r.dropStrokes("revoked", func(s *stroke) bool {
		m, ok := r.members[s.by]
		return !ok || !m.Seated() || !r.drawing.settings.MayDraw(s.by, m.Role)
	})
}

// dropStrokes makes strokes in flight void.
func (r *room) dropStrokes(reason string, which func(*stroke) bool) {
	for _, s := range r.drawing.inOrder() {
		if which(s) {
			delete(r.drawing.strokes, s.key)
			r.void(s, reason)
		}
	}
}

func (r *room) void(s *stroke, reason string) {
	r.send(encode(wire.DrawDropped, r.head(), wire.StrokeDropped{S: s.no, By: s.by, Stroke: s.key.name, Reason: reason}))
}

// shiftStrokes puts the ends of strokes into another clock.
func shiftStrokes(s *wire.Strokes, ahead float64) {
	for i := range s.Items {
		if p := &s.Items[i]; p.Until != 0 {
			p.Until += ahead
		}
	}
}
