package wire

import (
	"watchparty/internal/access"
	"watchparty/internal/draw"
	"watchparty/internal/id"
)

// Drawing over the film. Places are fractions of the film's frame; letterboxes
// are no part of it.
type (
	// DrawBegin puts the pen down.
	DrawBegin struct {
		Stroke string  `json:"stroke" minLength:"1" maxLength:"40" doc:"The sender's name for the stroke."`
		Tool   string  `json:"tool" enum:"laser,ink,pen,highlighter,arrow,rectangle,ellipse"`
		X      float64 `json:"x" doc:"Fraction of the frame's width."`
		Y      float64 `json:"y" doc:"Fraction of the frame's height."`
		FilmAt float64 `json:"film_at" minimum:"0"`
		Lasts  float64 `json:"lasts,omitempty" minimum:"0" maximum:"3600" doc:"Seconds until it is gone after its end. 0: the tool's own, which is 4 for ink, and for all that lasts until it is cleared."`
	}
	// DrawPoints moves it on.
	DrawPoints struct {
		Stroke string      `json:"stroke" maxLength:"40"`
		Points [][]float64 `json:"points" doc:"Pairs of x and y, at most 64. Of an arrow, a rectangle and an ellipse the last one counts."`
	}
	// DrawEnd lifts it.
	DrawEnd struct {
		Stroke string `json:"stroke" maxLength:"40"`
	}
	// DrawPut makes a mark at once.
	DrawPut struct {
		Tool   string      `json:"tool" enum:"pen,highlighter,arrow,rectangle,ellipse,text,pin"`
		Points [][]float64 `json:"points" doc:"Pairs of x and y: one place of a text or a pin, two corners of a shape, at most 2000 of a line."`
		Text   string      `json:"text,omitempty" maxLength:"200" doc:"Of a text; of a pin, if it says something."`
		FilmAt float64     `json:"film_at" minimum:"0"`
		Lasts  float64     `json:"lasts,omitempty" minimum:"0" maximum:"3600" doc:"Seconds until it is gone; 0: until it is cleared."`
		Stroke string      `json:"stroke,omitempty" maxLength:"40" doc:"The sender's name for it."`
	}
	// DrawUndo takes one of one's own marks back.
	DrawUndo struct {
		Mark id.Mark `json:"mark,omitempty" format:"uuid" doc:"Which one; without it the newest."`
	}
	// DrawClear takes many away.
	DrawClear struct {
		Who string `json:"who,omitempty" maxLength:"40" doc:"Empty or mine: one's own. all, or the id of a person: only for hosts."`
	}
	// DrawMode says who may draw.
	DrawMode struct {
		Mode string `json:"mode" enum:"nobody,presenter,asked,all" doc:"presenter: hosts and co-hosts. asked: they, and whom they let."`
	}
	// DrawGrant lets somebody draw in mode asked, or no more.
	DrawGrant struct {
		User id.User `json:"user" format:"uuid"`
		On   bool    `json:"on"`
	}

	// Mark is something drawn that lasts.
	Mark struct {
		ID     id.Mark     `json:"id" format:"uuid"`
		By     id.User     `json:"by" format:"uuid"`
		Color  int         `json:"color" doc:"The person's colour in this party."`
		Tool   string      `json:"tool" enum:"pen,highlighter,arrow,rectangle,ellipse,text,pin"`
		Points [][]float64 `json:"points" doc:"Pairs of x and y, fractions of the film's frame with four digits."`
		Text   string      `json:"text"`
		Number int         `json:"number" doc:"Of a pin; else 0."`
		ItemID id.Item     `json:"item_id" doc:"The film that it lies on."`
		FilmAt float64     `json:"film_at"`
		At     int64       `json:"at" doc:"Server milliseconds when it was finished."`
		Until  int64       `json:"until" doc:"Server milliseconds when it is gone; 0: when it is cleared."`
		Stroke string      `json:"stroke,omitempty" doc:"The drawer's name for the stroke that it was; what was shown of that in flight gives way to it."`
	}
	// StrokePart is what is new of one stroke in flight. Who draws, with what and
	// when stand in the first part, and again about once a second for those who
	// came later.
	StrokePart struct {
		S      int     `json:"s" doc:"Names the stroke in this room."`
		By     id.User `json:"by,omitempty"`
		Stroke string  `json:"stroke,omitempty" doc:"The drawer's name for it."`
		Tool   string  `json:"tool,omitempty"`
		Color  int     `json:"color,omitempty"`
		FilmAt float64 `json:"film_at,omitempty"`
		I      int     `json:"i" doc:"Place of the first point in the stroke; a gap means that a frame was dropped."`
		P      []int   `json:"p" doc:"x, y, x, y and so on, in ten-thousandths of the frame."`
		Until  float64 `json:"until,omitempty" doc:"It has ended, and is gone at this server millisecond."`
	}
	// Strokes are the strokes in flight, as far as they grew in the last moment.
	Strokes struct {
		Items []StrokePart `json:"items"`
	}
	// MarksGone says which marks are no more.
	MarksGone struct {
		Marks []id.Mark `json:"marks"`
		By    id.User   `json:"by"`
	}
	// DrawRules are who may draw.
	DrawRules struct {
		Mode    string    `json:"mode" enum:"nobody,presenter,asked,all"`
		Granted []id.User `json:"granted" doc:"Whom the hosts let draw in mode asked."`
	}
	// StrokeDropped says that a stroke in flight is void.
	StrokeDropped struct {
		S      int     `json:"s"`
		By     id.User `json:"by"`
		Stroke string  `json:"stroke"`
		Reason string  `json:"reason" enum:"revoked,cleared,left,failed"`
	}
)

// MarkOf shows a mark.
func MarkOf(m draw.Mark) Mark {
	w := Mark{
		ID: m.ID, By: m.By, Color: m.Color, Tool: string(m.Tool), Points: make([][]float64, len(m.Points)), Text: m.Text,
		Number: m.Number, ItemID: m.Item, FilmAt: m.FilmAt, At: m.At, Until: m.Until,
	}
	for i, p := range m.Points {
		w.Points[i] = []float64{p.X, p.Y}
	}
	return w
}

// MarkFrom reads a mark that MarkOf wrote.
func MarkFrom(w Mark, p id.Party) draw.Mark {
	m := draw.Mark{
		ID: w.ID, Party: p, Item: w.ItemID, By: w.By, Color: w.Color, Tool: draw.Tool(w.Tool), Text: w.Text,
		Number: w.Number, FilmAt: w.FilmAt, At: w.At, Until: w.Until,
	}
	for _, x := range w.Points {
		if len(x) == 2 {
			m.Points = append(m.Points, draw.Point{X: x[0], Y: x[1]})
		}
	}
	return m
}

// What clients send to draw.
var (
	DrawBeginUp  = up[DrawBegin]("draw.begin", access.DrawWrite, "Begins a stroke that the others see grow.")
	DrawPointsUp = up[DrawPoints]("draw.points", access.DrawWrite, "Adds points to it.")
	DrawEndUp    = up[DrawEnd]("draw.end", access.DrawWrite, "Ends it; acknowledged when committed. What laser and ink draw is not kept.")
	DrawPutUp    = up[DrawPut]("draw.put", access.DrawWrite, "Makes a mark at once; acknowledged when committed.")
	DrawUndoUp   = up[DrawUndo]("draw.undo", access.DrawWrite, "Takes one of one's own marks back.")
	DrawClearUp  = up[DrawClear]("draw.clear", access.DrawWrite, "Takes one's own marks away; as a host one person's, or all.")
	DrawModeUp   = up[DrawMode]("draw.mode", access.DrawModerate, "Says who may draw.")
	DrawGrantUp  = up[DrawGrant]("draw.grant", access.DrawModerate, "Lets one person draw in mode asked, or no more.")
)

// What the server sends of it.
var (
	DrawStrokes  = down[Strokes]("draw.strokes", Burst, "How the strokes in flight grew; the drawer gets his own as well.")
	DrawMark     = down[Mark]("draw.mark", Log, "A mark that lasts.")
	DrawGone     = down[MarksGone]("draw.gone", Log, "Marks are taken away.")
	DrawSettings = down[DrawRules]("draw.settings", Log, "Who may draw from now on.")
	DrawDropped  = down[StrokeDropped]("draw.dropped", Direct, "A stroke in flight is void; to everybody.")
)
