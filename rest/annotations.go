package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/draw"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// MarkArchive is what was drawn over a party's films and lasts.
type MarkArchive interface {
	Marks(ctx context.Context, p id.Party) ([]draw.Mark, error)
}

// marks is the face of what people draw. What changes something runs the same
// command as the frame.
type marks struct {
	*API
	parties PartyFinder
	archive MarkArchive
	room    ChatRoom
}

// Annotations serves what is drawn over a party's films.
func Annotations(parties PartyFinder, archive MarkArchive, room ChatRoom) Feature {
	return func(a *API) {
		m := marks{API: a, parties: parties, archive: archive, room: room}
		m.register()
	}
}

// tools maps the words of older clients.
var tools = map[string]draw.Tool{"circle": draw.Ellipse, "freehand": draw.Pen, "highlight": draw.Highlighter}

// annotation is a mark with the names of its fields that clients know.
type annotation struct {
	ID      id.Mark      `json:"id" format:"uuid"`
	MarkID  id.Mark      `json:"annotation_id" format:"uuid" doc:"The same as id."`
	User    wire.User    `json:"user"`
	Type    string       `json:"annotation_type" enum:"pen,highlighter,arrow,rectangle,ellipse,text,pin"`
	X       float64      `json:"position_x" doc:"Fraction of the film's frame: left edge, or where an arrow begins."`
	Y       float64      `json:"position_y"`
	Width   float64      `json:"width" doc:"Negative where an arrow points left."`
	Height  float64      `json:"height"`
	Points  [][2]float64 `json:"points"`
	Content string       `json:"content"`
	Color   int          `json:"color_index" doc:"Index of the person's colour, 0 to 11."`
	Number  int          `json:"number" doc:"Of a pin."`
	ItemID  id.Item      `json:"item_id"`
	FilmAt  float64      `json:"video_timestamp" doc:"Second of the film that it belongs to."`
	Visible bool         `json:"is_visible"`
	Expires *wire.Time   `json:"expires_at" doc:"Null until somebody clears it."`
	Made    wire.Time    `json:"created_at"`
}

type annotations struct {
	Annotations []annotation `json:"annotations"`
	Results     []annotation `json:"results" doc:"The same."`
	TotalCount  int          `json:"total_count"`
}

// MarkParty names the party of what is drawn.
type MarkParty struct {
	Party string `path:"party" maxLength:"64" doc:"Id or room code."`
}

type markMake struct {
	MarkParty
	Key  string `header:"Idempotency-Key" maxLength:"64"`
	Body struct {
		Type     string      `json:"annotation_type" enum:"pen,highlighter,arrow,rectangle,ellipse,text,pin,circle,freehand,highlight"`
		X        *float64    `json:"position_x,omitempty"`
		Y        *float64    `json:"position_y,omitempty"`
		Width    float64     `json:"width,omitempty"`
		Height   float64     `json:"height,omitempty"`
		Points   [][]float64 `json:"points,omitempty" maxItems:"2000" doc:"Pairs of x and y, instead of the position."`
		Content  string      `json:"content,omitempty" maxLength:"200"`
		FilmAt   float64     `json:"video_timestamp,omitempty" minimum:"0"`
		Duration float64     `json:"duration,omitempty" minimum:"0" maximum:"3600" doc:"Seconds until it is gone; 0 until it is cleared."`
	}
}

type markName struct {
	MarkParty
	Mark string `path:"mark" maxLength:"64"`
	Key  string `header:"Idempotency-Key" maxLength:"64"`
}

type markClear struct {
	MarkParty
	Key  string `header:"Idempotency-Key" maxLength:"64"`
	Body struct {
		Who string `json:"who,omitempty" maxLength:"64" doc:"mine, all, or somebody's id; mine when left out."`
	}
}

func (m marks) register() {
	op(m.API, Op{
		Method: http.MethodGet, Path: "/api/interactive/parties/{party}/annotations/", ID: "annotations-list", Tag: "annotations",
		Doc: "What is drawn over the party's films and lasts, the oldest first.", Needs: access.DrawRead,
	}, func(ctx context.Context, in *MarkParty) (*Answer[annotations], error) {
		p, _, err := seat(ctx, m.parties, in.Party)
		if err != nil {
			return nil, err
		}
		all, err := m.list(ctx, p)
		if err != nil {
			return nil, err
		}
		return answer(annotations{all, all, len(all)}), nil
	})
	op(m.API, Op{
		Method: http.MethodPost, Path: "/api/interactive/parties/{party}/annotations/", ID: "annotations-create", Tag: "annotations",
		Status: http.StatusCreated, Doc: "Draw a mark.", Needs: access.DrawWrite, PerIP: Rate{300, time.Minute},
	}, m.create)
	op(m.API, Op{
		Method: http.MethodDelete, Path: "/api/interactive/parties/{party}/annotations/{mark}/", ID: "annotations-undo", Tag: "annotations",
		Doc: "Take one of one's own marks back.", Needs: access.DrawWrite,
	}, func(ctx context.Context, in *markName) (*None, error) {
		p, _, err := seat(ctx, m.parties, in.Party)
		if err != nil {
			return nil, err
		}
		mark, err := id.Parse[id.Mark](in.Mark)
		if err != nil {
			return nil, err
		}
		_, err = m.run(ctx, p, wire.DrawUndoUp.Name, in.Key, wire.DrawUndo{Mark: mark})
		return nil, err
	})
	op(m.API, Op{
		Method: http.MethodPost, Path: "/api/interactive/parties/{party}/annotations/clear/", ID: "annotations-clear", Tag: "annotations",
		Doc: "Clear one's own marks, or as a host somebody's or all.", Needs: access.DrawWrite,
	}, func(ctx context.Context, in *markClear) (*Answer[Done], error) {
		p, _, err := seat(ctx, m.parties, in.Party)
		if err != nil {
			return nil, err
		}
		if _, err := m.run(ctx, p, wire.DrawClearUp.Name, in.Key, wire.DrawClear{Who: in.Body.Who}); err != nil {
			return nil, err
		}
		return done("The marks are gone."), nil
	})
}

func (m marks) run(ctx context.Context, p id.Party, kind, key string, data any) (wire.Result, error) {
	b, err := json.Marshal(data)
	if err != nil {
		return wire.Result{}, err
	}
	return m.room.Do(ctx, p, account.Maybe(ctx), wire.Command{Type: kind, Op: key, Data: b})
}

func (m marks) create(ctx context.Context, in *markMake) (*Answer[annotation], error) {
	p, _, err := seat(ctx, m.parties, in.Party)
	if err != nil {
		return nil, err
	}
	b := in.Body
	put := wire.DrawPut{Tool: b.Type, Points: b.Points, Text: b.Content, FilmAt: b.FilmAt, Lasts: b.Duration}
	if t, ok := tools[b.Type]; ok {
		put.Tool = string(t)
	}
	if put.Points == nil {
		if b.X == nil || b.Y == nil {
			return nil, fault.ErrInvalid.At("position_x", "is needed, with position_y, or points")
		}
		put.Points = [][]float64{{*b.X, *b.Y}}
		if put.Tool != string(draw.Text) && put.Tool != string(draw.Pin) {
			put.Points = append(put.Points, []float64{*b.X + b.Width, *b.Y + b.Height})
		}
	}
	res, err := m.run(ctx, p, wire.DrawPutUp.Name, in.Key, put)
	if err != nil {
		return nil, err
	}
	all, err := m.list(ctx, p)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if string(a.ID) == res.Ack.ID {
			return answer(a), nil
		}
	}
	return nil, fault.ErrConflict // somebody cleared it at once
}

// list shows what has not faded.
func (m marks) list(ctx context.Context, p id.Party) ([]annotation, error) {
	_, members, _, err := m.parties.Load(ctx, p)
	if err != nil {
		return nil, err
	}
	people := map[id.User]wire.User{}
	for _, x := range members {
		people[x.Person.ID] = wire.UserOf(x.Person)
	}
	all, err := m.archive.Marks(ctx, p)
	if err != nil {
		return nil, err
	}
	out := []annotation{}
	for _, x := range all {
		out = append(out, annotationOf(x, people[x.By]))
	}
	return out, nil
}

func annotationOf(m draw.Mark, by wire.User) annotation {
	a := annotation{
		ID: m.ID, MarkID: m.ID, User: by, Type: string(m.Tool), Points: [][2]float64{}, Content: m.Text, Color: m.Color, Number: m.Number,
		ItemID: m.Item, FilmAt: m.FilmAt, Visible: true, Made: wire.Time(time.UnixMilli(m.At)),
	}
	for _, p := range m.Points {
		a.Points = append(a.Points, [2]float64{p.X, p.Y})
	}
	if n := len(m.Points); n > 0 {
		a.X, a.Y = m.Points[0].X, m.Points[0].Y
		a.Width, a.Height = m.Points[n-1].X-a.X, m.Points[n-1].Y-a.Y
	}
	if m.Until > 0 {
		t := wire.Time(time.UnixMilli(m.Until))
		a.Expires = &t
	}
	return a
}
