package hub

import (
	"encoding/json"

	"watchparty/hub/wire"
)

// frame is one encoded message on its way to members: encoded once, shared by
// all. Nobody changes it after it was made.
type frame struct {
	class wire.Class
	key   string // of class state: the newest with the same key replaces the others
	seq   int64  // of class log
	body  []byte
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
	out := &frame{class: f.Class, seq: d.Seq, body: body}
	if f.Class == wire.State {
		out.key = d.Room + "|" + f.Name
	}
	return out
}
