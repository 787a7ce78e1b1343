package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"watchparty/hub/wire"
)

// The repository holds what the tables say today.
func TestGeneratedFilesAreFresh(t *testing.T) {
	t.Parallel()
	for _, o := range outputs {
		got, err := o.make()
		if err != nil {
			t.Fatalf("%s: %v", o.path, err)
		}
		have, err := os.ReadFile(filepath.Join("../..", o.path))
		if err != nil || !bytes.Equal(got, have) {
			t.Errorf("%s is stale (%v): run make gen", o.path, err)
		}
	}
	doc, err := os.ReadFile("../../docs/protocol.md")
	if err != nil || !bytes.Contains(doc, frameTable(wire.Catalogue())) {
		t.Errorf("the frames of docs/protocol.md are stale (%v): run make gen", err)
	}
}

func TestAsyncAPIRefersOnlyToWhatItHas(t *testing.T) {
	t.Parallel()
	b, err := asyncAPI(wire.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	var refs int
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, x := range v {
				if ref, ok := x.(string); ok && key == "$ref" {
					refs++
					if !resolves(doc, ref) {
						t.Errorf("%s leads nowhere", ref)
					}
				}
				visit(x)
			}
		case []any:
			for _, x := range v {
				visit(x)
			}
		}
	}
	visit(doc)
	if refs < 2*len(wire.Catalogue()) {
		t.Errorf("only %d references", refs)
	}
}

func resolves(doc map[string]any, ref string) bool {
	var at any = doc
	for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		m, ok := at.(map[string]any)
		if !ok {
			return false
		}
		if at, ok = m[part]; !ok {
			return false
		}
	}
	return true
}
