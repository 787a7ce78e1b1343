package rest

import (
	"encoding/json"
	"testing"
)

func TestTheDocumentCanBeMadeWithoutAServer(t *testing.T) {
	b, err := OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI string         `json:"openapi"`
		Paths   map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" || doc.Paths["/api/config/"] == nil {
		t.Fatalf("%s", b)
	}
}
