package dialect

import (
	"encoding/json"
	"slices"
	"strings"

	"watchparty/hub/wire"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// instead begins the name of a mark that takes another one's place: our rooms
// know no change of a mark, the original does. The name that follows is the one
// by which older clients know it.
const instead = "was:"

// note is a mark that older clients know as one annotation, under the id that
// it had first.
type note struct {
	id   id.Mark
	mark wire.Mark
	all  []id.Mark // of the room: the one that is shown last
}

// drawn is an annotation as the client sends it. It lies on the film; a share
// that it names is not looked at.
type drawn struct {
	Kind   string          `json:"annotation_type,omitempty" maxLength:"20"`
	X      *float64        `json:"position_x,omitempty"`
	Y      *float64        `json:"position_y,omitempty"`
	Width  *float64        `json:"width,omitempty"`
	Height *float64        `json:"height,omitempty"`
	Points [][]float64     `json:"points,omitempty" maxItems:"2000"`
	Text   *string         `json:"content,omitempty" maxLength:"200"`
	At     json.RawMessage `json:"video_timestamp,omitempty"`
	Lasts  *float64        `json:"duration,omitempty" minimum:"0" maximum:"3600"`
}

type drawnAgain struct {
	ID id.Mark `json:"annotation_id" format:"uuid"`
	drawn
}

type annotationRef struct {
	ID id.Mark `json:"annotation_id" format:"uuid"`
}

var (
	markNames = map[string]string{
		"tool": "annotation_type", "points": "position_x", "text": "content", "film_at": "video_timestamp", "lasts": "duration", "mark": "annotation_id",
	}
	// oldTools are the original's words for tools of ours.
	oldTools = map[string]string{"circle": "ellipse", "freehand": "pen", "highlight": "highlighter"}
	// colours are those of people, as clients show them.
	colours = []string{
		"#FFB35C", "#7FC8F8", "#F59BB6", "#8FDC9C", "#C9A7FF", "#FFE08A", "#6FDAD2", "#FF9F8A", "#B7D66F", "#9DB2FF", "#F0A6F0", "#D9C3A5",
	}
)

func (s *Speaker) annotations() {
	hear(s, "annotation_create", func(d drawn) ([]wire.Up, error) {
		put, err := s.put(d, wire.Mark{Tool: d.Kind, FilmAt: s.position()})
		if err != nil {
			return nil, err
		}
		return ask(s, wire.DrawPutUp, put, asked{kind: "annotation_create", names: markNames}), nil
	})
	hear(s, "annotation_update", s.annotationUpdate)
	hear(s, "annotation_delete", func(r annotationRef) ([]wire.Up, error) {
		n := s.notes[r.ID]
		if n == nil {
			return nil, fault.ErrNotFound
		}
		ups := s.undo("annotation_delete", n)
		if len(ups) == 0 {
			return nil, fault.ErrNotFound // it is going already
		}
		return ups, nil
	})
	tell(s, wire.DrawMark, func(_ frame, m wire.Mark) []Message {
		n, changed := s.noted(m)
		kind := "annotation_created"
		if changed {
			kind = "annotation_updated"
		}
		return []Message{{"type": kind, "annotation": s.annotationView(n)}}
	})
	tell(s, wire.DrawGone, func(_ frame, g wire.MarksGone) []Message {
		var out []Message
		for _, m := range g.Marks {
			if n := s.forget(m); n != nil {
				view := s.annotationView(n)
				view["is_visible"] = false
				out = append(out, Message{"type": "annotation_deleted", "annotation_id": n.id, "annotation": view, "deleted_by": g.By})
			}
		}
		return out
	})
}

func (s *Speaker) learnMarks(w wire.Welcome) {
	clear(s.notes)
	clear(s.going)
	for _, m := range w.Marks {
		s.noted(m)
	}
}

// noted remembers a mark, and says whether it is a new look of an annotation.
func (s *Speaker) noted(m wire.Mark) (n *note, changed bool) {
	if was, ok := strings.CutPrefix(m.Stroke, instead); ok {
		n = s.notes[id.Mark(was)]
		changed = n != nil && n.mark.By == m.By // nobody changes another's
	}
	if !changed {
		n = &note{id: m.ID}
		s.notes[n.id] = n
	}
	n.mark, n.all = m, append(n.all, m.ID)
	return n, changed
}

// forget drops a mark, and gives the annotation that is gone with it, if it is.
func (s *Speaker) forget(m id.Mark) *note {
	delete(s.going, m)
	for _, n := range s.notes {
		i := slices.Index(n.all, m)
		if i < 0 {
			continue
		}
		n.all = slices.Delete(n.all, i, i+1)
		if m != n.mark.ID {
			return nil // an earlier look of it
		}
		delete(s.notes, n.id)
		return n
	}
	return nil
}

// annotationUpdate puts the new look first and takes the old one away when the
// new one is kept, so that a refusal loses nothing.
func (s *Speaker) annotationUpdate(d drawnAgain) ([]wire.Up, error) {
	n := s.notes[d.ID]
	switch {
	case n == nil:
		return nil, fault.ErrNotFound
	case n.mark.By != s.me.ID:
		return nil, fault.ErrForbidden
	}
	put, err := s.put(d.drawn, n.mark)
	if err != nil {
		return nil, err
	}
	if d.Lasts == nil && n.mark.Until > 0 {
		put.Lasts = max(1, (float64(n.mark.Until)-s.now())/1000)
	}
	put.Stroke = instead + string(n.id)
	old := note{all: slices.Clone(n.all)}
	return ask(s, wire.DrawPutUp, put, asked{kind: "annotation_update", names: markNames, done: func(wire.Ack) Turn {
		return Turn{Up: s.undo("annotation_update", &old)}
	}}), nil
}

// undo takes all looks of an annotation away, except those that are going.
func (s *Speaker) undo(kind string, n *note) (ups []wire.Up) {
	for _, m := range n.all {
		if s.going[m] {
			continue
		}
		s.going[m] = true
		ups = append(ups, ask(s, wire.DrawUndoUp, wire.DrawUndo{Mark: m}, asked{
			kind: kind, names: markNames, failed: func() { delete(s.going, m) },
		})...)
	}
	return ups
}

// put makes a mark of what the client gave, and of base where it gave nothing.
func (s *Speaker) put(d drawn, base wire.Mark) (wire.DrawPut, error) {
	p := wire.DrawPut{Tool: base.Tool, Points: base.Points, Text: base.Text, FilmAt: base.FilmAt, Lasts: or(d.Lasts, 0)}
	if d.Kind != "" {
		p.Tool = d.Kind
	}
	if t, ok := oldTools[p.Tool]; ok {
		p.Tool = t
	}
	if d.Text != nil {
		p.Text = *d.Text
	}
	at, err := secondsOf("video_timestamp", d.At)
	if err != nil {
		return p, err
	}
	p.FilmAt = or(at, p.FilmAt)
	switch {
	case d.Points != nil:
		p.Points = d.Points
	case len(base.Points) == 0:
		if d.X == nil || d.Y == nil {
			return p, fault.ErrInvalid.At("position_x", "is needed, with position_y, or points")
		}
		p.Points = [][]float64{{*d.X, *d.Y}}
		if p.Tool != "text" && p.Tool != "pin" {
			p.Points = append(p.Points, []float64{*d.X + or(d.Width, 0.1), *d.Y + or(d.Height, 0.1)})
		}
	default:
		p.Points = moved(base.Points, d)
	}
	return p, nil
}

// moved gives points at another place, and where they are two in another size.
func moved(points [][]float64, d drawn) [][]float64 {
	x, y := points[0][0], points[0][1]
	dx, dy := or(d.X, x)-x, or(d.Y, y)-y
	out := make([][]float64, len(points))
	for i, p := range points {
		out[i] = []float64{p[0] + dx, p[1] + dy}
	}
	if len(out) == 2 {
		if d.Width != nil {
			out[1][0] = out[0][0] + *d.Width
		}
		if d.Height != nil {
			out[1][1] = out[0][1] + *d.Height
		}
	}
	return out
}

// annotationView shows a mark in the original's fields.
func (s *Speaker) annotationView(n *note) Message {
	m := n.mark
	v := Message{
		"annotation_id": n.id, "id": n.id, "user": s.user(m.By), "annotation_type": m.Tool, "points": m.Points, "content": m.Text,
		"color": colours[((m.Color%len(colours))+len(colours))%len(colours)], "color_index": m.Color, "stroke_width": 2, "number": m.Number,
		"video_timestamp": m.FilmAt, "item_id": m.ItemID, "is_visible": true, "expires_at": nil, "created_at": s.iso(float64(m.At)),
		"position_x": 0.0, "position_y": 0.0, "width": 0.0, "height": 0.0,
	}
	if k := len(m.Points); k > 0 && len(m.Points[0]) == 2 && len(m.Points[k-1]) == 2 {
		from, to := m.Points[0], m.Points[k-1]
		v["position_x"], v["position_y"], v["width"], v["height"] = from[0], from[1], round4(to[0]-from[0]), round4(to[1]-from[1])
	}
	if m.Until > 0 {
		v["expires_at"] = s.iso(float64(m.Until))
	}
	return v
}

// annotationViews shows what has not faded.
func (s *Speaker) annotationViews() []Message {
	out := []Message{}
	for _, n := range sorted(s.notes) {
		if n.mark.Until == 0 || float64(n.mark.Until) > s.now() {
			out = append(out, s.annotationView(n))
		}
	}
	return out
}
