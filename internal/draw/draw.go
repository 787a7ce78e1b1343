// Package draw is what people draw over the film: which tools there are, what
// a stroke may be, who may draw, and whose marks somebody may take away.
// Places are fractions of the film's frame, never of a window.
package draw

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Bounds of what is drawn.
const (
	MaxPoints   = 2000 // of one stroke
	MaxFrame    = 64   // points in one frame
	MaxRunes    = 200  // of a text
	MaxMarks    = 500  // that last, in one party
	MaxLasting  = 40_000
	MaxInFlight = 4    // strokes of one person at once
	MaxLasts    = 3600 // seconds
	slack       = 0.05 // a hand may leave the frame so far; the stroke is cut at its edge
)

// How long what fades is seen, in milliseconds.
const (
	LaserMS = 1200
	InkMS   = 4000
)

var (
	ErrForbidden = fault.New(fault.Forbidden, "draw.forbidden", "You may not draw here now.")
	ErrUnknown   = fault.New(fault.Conflict, "draw.unknown_stroke", "That stroke is not being drawn any more.")
	ErrTooLong   = fault.New(fault.Conflict, "draw.too_long", "That stroke is full; begin another one.")
	ErrTooMany   = fault.New(fault.Conflict, "draw.too_many_strokes", "You are drawing too many strokes at once.")
	ErrFull      = fault.New(fault.Conflict, "draw.full", "The picture is full; clear some marks first.")
	ErrNothing   = fault.New(fault.Conflict, "draw.nothing", "There is nothing of yours to take back.")
	errShape     = fault.New(fault.Invalid, "draw.shape", "That cannot be drawn.")
)

// Tool is what somebody draws with.
type Tool string

// The tools. Laser and ink fade and are never kept.
const (
	Laser       Tool = "laser"
	Ink         Tool = "ink"
	Pen         Tool = "pen"
	Highlighter Tool = "highlighter"
	Arrow       Tool = "arrow"
	Box         Tool = "rectangle"
	Ellipse     Tool = "ellipse"
	Text        Tool = "text"
	Pin         Tool = "pin"
)

// Fades says whether what the tool draws goes away by itself and is not kept.
func (t Tool) Fades() bool { return t == Laser || t == Ink }

// Streams says whether the tool draws while the hand moves.
func (t Tool) Streams() bool { return t != Text && t != Pin }

// shape says whether only the first and the last point count.
func (t Tool) shape() bool { return t == Arrow || t == Box || t == Ellipse }

// known says whether there is such a tool.
func (t Tool) known() bool {
	switch t {
	case Laser, Ink, Pen, Highlighter, Arrow, Box, Ellipse, Text, Pin:
		return true
	}
	return false
}

// Point is a place in the film's frame; both are fractions, rounded to four
// digits.
type Point struct{ X, Y float64 }

// At makes a point of what a stranger sent. It refuses what is no place, or far
// outside; what is a little outside is cut at the edge.
func At(x, y float64) (Point, error) {
	for _, v := range [...]float64{x, y} {
		if !(v >= -slack && v <= 1+slack) { // also refuses NaN
			return Point{}, errShape.At("points", "must be fractions of the film's frame")
		}
	}
	return Point{round(x), round(y)}, nil
}

func round(v float64) float64 { return math.Round(min(max(v, 0), 1)*10_000) / 10_000 }

// Points makes points of pairs.
func Points(pairs [][]float64, most int) ([]Point, error) {
	if len(pairs) == 0 || len(pairs) > most {
		return nil, errShape.At("points", "there are none, or too many")
	}
	out := make([]Point, len(pairs))
	for i, p := range pairs {
		if len(p) != 2 {
			return nil, errShape.At("points", "must be pairs of x and y")
		}
		var err error
		if out[i], err = At(p[0], p[1]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Mark is something drawn that lasts. At and Until are server milliseconds; an
// Until of 0 means until it is cleared.
type Mark struct {
	ID     id.Mark
	Party  id.Party
	Item   id.Item // the film that it lies on
	By     id.User
	Color  int
	Tool   Tool
	Points []Point
	Text   string
	Number int     // of a pin
	FilmAt float64 // second of the film
	At     int64
	Until  int64
}

// Gone says whether the mark has faded by now.
func (m Mark) Gone(now float64) bool { return m.Until != 0 && float64(m.Until) <= now }

// Check holds a new mark against the rules of its tool and brings it to the
// form that is kept.
func (m Mark) Check() (Mark, error) {
	switch {
	case !m.Tool.known() || m.Tool.Fades():
		return m, errShape.At("tool", "draws nothing that lasts")
	case !(m.FilmAt >= 0 && m.FilmAt <= 864_000):
		return m, errShape.At("film_at", "must be a second of the film")
	case len(m.Points) == 0 || len(m.Points) > MaxPoints:
		return m, errShape.At("points", "there are none, or too many")
	case !m.Tool.Streams() && len(m.Points) != 1:
		return m, errShape.At("points", "must be one place")
	case m.Tool.shape() && len(m.Points) < 2:
		return m, errShape.At("points", "must be two corners")
	}
	if m.Tool.shape() {
		m.Points = []Point{m.Points[0], m.Points[len(m.Points)-1]}
	}
	text, err := clean(m.Text)
	switch {
	case err != nil:
		return m, err
	case m.Tool == Text && text == "":
		return m, errShape.At("text", "must not be empty")
	case m.Tool.Streams() && text != "":
		return m, errShape.At("text", "belongs to texts and pins only")
	}
	m.Text = text
	return m, nil
}

func clean(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case !utf8.ValidString(text), strings.ContainsFunc(text, forbidden):
		return "", errShape.At("text", "must not hold control characters")
	case utf8.RuneCountInString(text) > MaxRunes:
		return "", errShape.At("text", "must have at most 200 characters")
	}
	return text, nil
}

// forbidden are characters that draw nothing, and those that turn the
// direction of what follows.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// Change is what happens to the marks that are kept; it is committed together
// with the entry of the journal that tells of it.
type Change struct {
	Put      *Mark
	Drop     []id.Mark
	Settings *Settings
}
