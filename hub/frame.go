package hub

import (
	"encoding/json"

	"watchparty/hub/splice"
	"watchparty/hub/wire"
)

// frame is one encoded message on its way to members: encoded once, shared by
// all. Nobody changes it after it was made.
type frame struct {
	class wire.Class
	key   string // of class state: the newest with the same key replaces the others
	seq   int64  // of class log
	body  []byte // the JSON
	whole []byte // body as one WebSocket message; body lies in it
	// refusal marks the answer to a frame that was refused; who gets too many is
	// cut off.
	refusal bool
}

// encode makes a frame of the catalogue's kind. st is server milliseconds.
func encode[T any](f wire.Frame[T], d wire.Down, data T) *frame {
	d.Type, d.Data = f.Name, data
	body, err := json.Marshal(d)
	if err != nil {
		// Every type of the catalogue marshals; a test holds that.
		panic("hub: " + f.Name + ": " + err.Error())
	}
	out := newFrame(f.Class, body)
	out.seq = d.Seq
	if f.Class == wire.State {
		out.key = d.Room + "|" + f.Name
	}
	return out
}

func newFrame(class wire.Class, body []byte) *frame {
	whole := splice.Text(body)
	return &frame{class: class, body: whole[len(whole)-len(body):], whole: whole}
}

// as gives the same message in another class.
func (f *frame) as(class wire.Class) *frame {
	other := *f
	other.class, other.key = class, ""
	return &other
}
