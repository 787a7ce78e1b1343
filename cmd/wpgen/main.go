// Command wpgen writes what follows from the tables of the program: the
// documents of both faces, the types of the client, the lists of errors and
// permissions. `make gen` runs it; `make verify` fails when it changes a file.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/rest"
)

// output is one generated file and what makes it.
type output struct {
	path string
	make func() ([]byte, error)
}

var outputs = []output{
	{"docs/openapi.json", rest.OpenAPI},
	{"docs/asyncapi.json", func() ([]byte, error) { return asyncAPI(wire.Catalogue()) }},
	{"docs/errors.md", func() ([]byte, error) { return errorTable(fault.Declared()), nil }},
	{"docs/permissions.md", func() ([]byte, error) { return permissionTable(access.All()), nil }},
	{"web/src/lib/protocol/generated.ts", func() ([]byte, error) { return typeScript(wire.Catalogue()), nil }},
	{"web/src/lib/api/errors.generated.ts", func() ([]byte, error) { return errorCodes(fault.Declared()), nil }},
	{"web/src/lib/permissions.generated.ts", func() ([]byte, error) { return permissionMap(access.All()), nil }},
}

func main() {
	root := flag.String("root", ".", "folder of the repository")
	flag.Parse()
	if err := write(*root); err != nil {
		log.Fatal(err)
	}
}

func write(root string) error {
	for _, o := range outputs {
		b, err := o.make()
		if err != nil {
			return fmt.Errorf("%s: %w", o.path, err)
		}
		if err := put(filepath.Join(root, o.path), b); err != nil {
			return err
		}
	}
	return between(filepath.Join(root, "docs/protocol.md"), frameTable(wire.Catalogue()))
}

// put leaves a file alone that is right already, so that builds see no change.
func put(path string, b []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, b) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}

// The generated part of a document that people write stands between these.
const (
	begin = "<!-- generated: frames -->\n"
	end   = "<!-- end of generated -->\n"
)

// between replaces the generated part of a document.
func between(path string, part []byte) error {
	doc, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, ok := bytes.Cut(doc, []byte(begin))
	_, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return fmt.Errorf("%s: the marks of the generated part are missing", path)
	}
	return put(path, bytes.Join([][]byte{head, []byte(begin), part, []byte(end), tail}, nil))
}
