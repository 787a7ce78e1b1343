package draw

// Stroke is one that is being drawn. Its owner takes what is new of it now and
// then, to show it to the others.
type Stroke struct {
	Tool   Tool
	FilmAt float64
	Lasts  float64 // seconds; 0 is the tool's own
	points []Point // all that will be kept
	fresh  []Point // since the last Take
	taken  int
}

// Begin puts the pen down.
func Begin(tool Tool, at Point, filmAt, lasts float64) (*Stroke, error) {
	switch {
	case !tool.known() || !tool.Streams():
		return nil, errShape.At("tool", "draws no strokes")
	case !(filmAt >= 0 && filmAt <= 864_000):
		return nil, errShape.At("film_at", "must be a second of the film")
	case !(lasts >= 0 && lasts <= MaxLasts):
		return nil, errShape.At("lasts", "must be at most an hour")
	}
	s := &Stroke{Tool: tool, FilmAt: filmAt, Lasts: lasts}
	return s, s.Add([]Point{at})
}

// Add takes the points that the hand went through. A stroke that would get too
// long takes none of them.
func (s *Stroke) Add(ps []Point) error {
	switch {
	case s.Tool == Laser:
	case s.Tool.shape():
		if len(s.points) > 1 {
			s.points = s.points[:1]
		}
		s.points = append(s.points, ps...)
		if last := len(s.points) - 1; last > 1 {
			s.points = []Point{s.points[0], s.points[last]}
		}
	case len(s.points)+len(ps) > MaxPoints:
		return ErrTooLong
	default:
		s.points = append(s.points, ps...)
	}
	s.fresh = append(s.fresh, ps...)
	return nil
}

// Take gives what is new since the last call, and the place of its first point
// in the stroke.
func (s *Stroke) Take() (from int, fresh []Point) {
	from, fresh = s.taken, s.fresh
	s.taken += len(fresh)
	s.fresh = nil
	return from, fresh
}

// Fresh says whether Take has something to give.
func (s *Stroke) Fresh() bool { return len(s.fresh) > 0 }

// Kept gives all points that last.
func (s *Stroke) Kept() []Point { return s.points }

// Until says when a stroke that ends now is gone, on the clock that now is of;
// 0 is never.
func Until(tool Tool, lasts, now float64) float64 {
	switch {
	case tool == Laser:
		return now + LaserMS
	case lasts > 0:
		return now + lasts*1000
	case tool == Ink:
		return now + InkMS
	}
	return 0
}
