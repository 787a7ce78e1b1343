package rest

import (
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// UnmarshalJSON notes that the field was there at all.
func (m *moment) UnmarshalJSON(b []byte) error {
	m.set = true
	if string(b) == "null" {
		return nil
	}
	var t time.Time
	if err := json.Unmarshal(b, &t); err != nil {
		return err
	}
	m.at = &t
	return nil
}

// Schema is a time or null.
func (moment) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Nullable: true}
}
