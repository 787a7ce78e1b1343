package hub

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/chat"
	"watchparty/internal/draw"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/session"
)

// drawing is what is drawn in a room.
type drawing struct {
	settings draw.Settings // as the room goes by them
	lasting  draw.Settings // as they are committed
	ruling   int           // changes of them on their way into the journal
	live     []draw.Mark   // committed, oldest first
	coming   []draw.Mark   // on their way into the journal
	going    map[id.Mark]bool
	strokes  map[strokeKey]*stroke
	count    int         // of strokes ever, to name them
	flush    *time.Timer // tells how the strokes grew
}

var errSocketOnly = fault.New(fault.Invalid, "draw.socket_only", "A stroke is drawn over a socket; make a mark at once instead.")

func drawRoutes(rs routes) {
	onRoom(rs, wire.DrawBeginUp, (*room).drawBegin)
	onRoom(rs, wire.DrawPointsUp, (*room).drawPoints)
	onRoom(rs, wire.DrawEndUp, (*room).drawEnd)
	onRoom(rs, wire.DrawPutUp, (*room).drawPut)
	onRoom(rs, wire.DrawUndoUp, (*room).drawUndo)
	onRoom(rs, wire.DrawClearUp, (*room).drawClear)
	onRoom(rs, wire.DrawModeUp, (*room).drawMode)
	onRoom(rs, wire.DrawGrantUp, (*room).drawGrant)
}

// loadMarks reads what is drawn in a room that opens.
func (r *room) loadMarks(ctx context.Context, settings []byte) error {
	d := &r.drawing
	d.going, d.strokes = map[id.Mark]bool{}, map[strokeKey]*stroke{}
	if len(settings) > 0 {
		if err := json.Unmarshal(settings, &d.settings); err != nil {
			r.log.Error("who may draw cannot be read", "err", err)
			d.settings = draw.Settings{Mode: draw.Presenter}
		}
		d.lasting = d.settings
	}
	var err error
	d.live, err = r.hub.Store.Marks(ctx, r.id)
	return err
}

// marks shows what is committed and not gone, for a welcome.
func (r *room) marks() []wire.Mark {
	r.drawing.prune(r.ms())
	out := make([]wire.Mark, len(r.drawing.live))
	for i, m := range r.drawing.live {
		out[i] = wire.MarkOf(m)
	}
	return out
}

func (d *drawing) prune(now float64) {
	d.live = slices.DeleteFunc(d.live, func(m draw.Mark) bool { return m.Gone(now) })
}

func (d *drawing) settingsNow() wire.DrawRules { return rulesOf(d.settings) }

func rulesOf(s draw.Settings) wire.DrawRules {
	w := wire.DrawRules{Mode: string(s.Now()), Granted: s.Granted}
	if w.Granted == nil {
		w.Granted = []id.User{}
	}
	return w
}

// there lists the marks that are there once all that waits is committed.
func (r *room) there() []draw.Mark {
	d := &r.drawing
	d.prune(r.ms())
	return slices.DeleteFunc(slices.Concat(d.live, d.coming), func(m draw.Mark) bool { return d.going[m.ID] })
}

func (r *room) mayDraw(c *call) error {
	if !r.drawing.settings.MayDraw(c.user(), c.member.Role) {
		return draw.ErrForbidden
	}
	return nil
}

// drawPut makes a mark at once.
func (r *room) drawPut(c *call, v wire.DrawPut) error {
	if err := r.budget(c.user()).marks.take(r.now()); err != nil {
		return err
	}
	if err := r.mayDraw(c); err != nil {
		return err
	}
	points, err := draw.Points(v.Points, draw.MaxPoints)
	if err != nil {
		return err
	}
	m := draw.Mark{Tool: draw.Tool(v.Tool), Points: points, Text: v.Text, FilmAt: v.FilmAt}
	return r.putMark(c, m, v.Lasts, v.Stroke, nil)
}

// putMark brings a mark into the journal; it is shown and acknowledged once it
// is committed. failed runs when it could not be.
func (r *room) putMark(c *call, m draw.Mark, lasts float64, stroke string, failed func()) error {
	m, err := m.Check()
	if err != nil {
		return err
	}
	there := r.there()
	if err := draw.Room(there, m); err != nil {
		return err
	}
	now := r.ms()
	m.ID, m.Party, m.Item, m.By, m.Color = id.New[id.Mark](), r.id, r.show.Vector().Item, c.user(), c.member.Color
	m.At, m.Until = int64(now), int64(draw.Until(m.Tool, lasts, now))
	if m.Tool == draw.Pin {
		m.Number = draw.NextNumber(there)
	}
	w := wire.MarkOf(m)
	w.Stroke = stroke
	e, err := entryOf(c, wire.DrawMark.Name, id.Message(m.ID), w)
	if err != nil {
		return err
	}
	e.With = draw.Change{Put: &m}
	d := &r.drawing
	answer := r.acknowledge(c, e.Type, nil)
	err = r.append(e, func(done chat.Done, err error) {
		d.coming = slices.DeleteFunc(d.coming, func(x draw.Mark) bool { return x.ID == m.ID })
		if (err != nil || done.Again) && failed != nil {
			failed()
		}
		if err == nil && !done.Again {
			r.keeper.Add(r.now(), m.By, session.Marks, 1)
		}
		answer(done, err)
	})
	if err == nil {
		d.coming = append(d.coming, m)
		c.later = true
	}
	return err
}

func (r *room) drawUndo(c *call, v wire.DrawUndo) error {
	if err := r.budget(c.user()).marks.take(r.now()); err != nil {
		return err
	}
	m, err := draw.Undo(r.there(), c.user(), v.Mark)
	if err != nil {
		return err
	}
	return r.dropMarks(c, []id.Mark{m})
}

// drawClear takes marks away, and what is being drawn by the same people.
func (r *room) drawClear(c *call, v wire.DrawClear) error {
	if err := r.budget(c.user()).marks.take(r.now()); err != nil {
		return err
	}
	whose := c.user()
	switch v.Who {
	case "", "mine", string(c.user()):
	default:
		if err := access.Check(c.who.Site, c.member.Role, access.DrawModerate, r.party.Bars()); err != nil {
			return err
		}
		whose = ""
		if v.Who != "all" {
			var err error
			if whose, err = id.Parse[id.User](v.Who); err != nil {
				return err
			}
		}
	}
	r.dropStrokes("cleared", func(s *stroke) bool { return whose == "" || s.by == whose })
	marks := draw.Of(r.there(), whose)
	if len(marks) == 0 {
		return nil
	}
	return r.dropMarks(c, marks)
}

// dropMarks takes marks away for good.
func (r *room) dropMarks(c *call, marks []id.Mark) error {
	e, err := entryOf(c, wire.DrawGone.Name, "", wire.MarksGone{Marks: marks, By: c.user()})
	if err != nil {
		return err
	}
	e.With = draw.Change{Drop: marks}
	d := &r.drawing
	answer := r.acknowledge(c, e.Type, nil)
	err = r.append(e, func(done chat.Done, err error) {
		for _, m := range marks {
			delete(d.going, m)
		}
		answer(done, err)
	})
	if err != nil {
		return err
	}
	for _, m := range marks {
		d.going[m] = true
	}
	c.later = true
	return nil
}

func (r *room) drawMode(c *call, v wire.DrawMode) error {
	return r.drawRules(c, r.drawing.settings.With(draw.Mode(v.Mode)))
}

func (r *room) drawGrant(c *call, v wire.DrawGrant) error {
	if m, ok := r.members[v.User]; v.On && (!ok || !m.Seated()) {
		return fault.ErrNotFound
	}
	s, err := r.drawing.settings.Grant(v.User, v.On)
	if err != nil {
		return err
	}
	return r.drawRules(c, s)
}

// drawRules changes who may draw. It holds at once: whoever may no more is
// stopped before it is committed (settle looks at the strokes in flight).
func (r *room) drawRules(c *call, s draw.Settings) error {
	if err := r.budget(c.user()).marks.take(r.now()); err != nil {
		return err
	}
	e, err := entryOf(c, wire.DrawSettings.Name, "", rulesOf(s))
	if err != nil {
		return err
	}
	e.With = draw.Change{Settings: &s}
	d := &r.drawing
	answer := r.acknowledge(c, e.Type, nil)
	err = r.append(e, func(done chat.Done, err error) {
		if d.ruling--; d.ruling == 0 {
			d.settings = d.lasting
		}
		answer(done, err)
	})
	if err != nil {
		return err
	}
	d.settings = s
	d.ruling++
	c.later = true
	return nil
}

// rememberMarks keeps what the journal tells of drawing.
func (r *room) rememberMarks(ev chat.Event) {
	d := &r.drawing
	switch ev.Type {
	case wire.DrawMark.Name:
		var w wire.Mark
		if json.Unmarshal(ev.Data, &w) == nil {
			m := wire.MarkFrom(w, r.id)
			d.coming = slices.DeleteFunc(d.coming, func(x draw.Mark) bool { return x.ID == m.ID })
			d.live = append(d.live, m)
		}
	case wire.DrawGone.Name:
		var w wire.MarksGone
		if json.Unmarshal(ev.Data, &w) == nil {
			d.live = slices.DeleteFunc(d.live, func(m draw.Mark) bool { return slices.Contains(w.Marks, m.ID) })
		}
	case wire.DrawSettings.Name:
		var w wire.DrawRules
		if json.Unmarshal(ev.Data, &w) == nil {
			d.lasting = draw.Settings{Mode: draw.Mode(w.Mode), Granted: w.Granted}
		}
	}
}

// inOrder lists the strokes in flight, the first begun first.
func (d *drawing) inOrder() []*stroke {
	return slices.SortedFunc(maps.Values(d.strokes), func(a, b *stroke) int { return cmp.Compare(a.no, b.no) })
}

// shiftMark puts a mark into another clock.
func shiftMark(m *wire.Mark, ahead float64) {
	m.At += int64(ahead)
	if m.Until != 0 {
		m.Until += int64(ahead)
	}
}
