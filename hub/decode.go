package hub

import (
	"encoding/json"

	"watchparty/hub/wire"
	"watchparty/internal/fault"
	"watchparty/internal/strict"
)

// parse reads the envelope of a stranger's frame. What it could read of a
// refused one comes back as well, so that the answer can name it.
func parse(b []byte) (wire.Up, error) {
	var up wire.Up
	err := strict.Decode(b, &up)
	if err == nil {
		err = strict.Validate(up)
	}
	if err == nil && up.Type == "" {
		err = fault.ErrInvalid.At("type", "must not be empty")
	}
	if err != nil {
		var name struct{ Type, ID string }
		_ = json.Unmarshal(b, &name)
		return wire.Up{Type: cut(name.Type), ID: cut(name.ID)}, err
	}
	return up, nil
}

// cut bounds what is said back to a stranger.
func cut(s string) string {
	if len(s) > 64 {
		return ""
	}
	return s
}

// decode reads and checks the data of a frame. Missing data reads as an empty
// object.
func decode[T any](raw json.RawMessage) (T, error) {
	var v T
	if len(raw) == 0 {
		raw = json.RawMessage("{}")
	}
	err := strict.Decode(raw, &v)
	if err == nil {
		err = strict.Validate(v)
	}
	return v, err
}
