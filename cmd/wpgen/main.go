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
	"strings"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/rest"

	// Their faults are in the list of errors.
	_ "watchparty/hub"
	_ "watchparty/store"
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
	check := flag.Bool("check", false, "write nothing, fail when a file is stale")
	flag.Parse()
	stale, err := write(*root, *check)
	if err != nil {
		log.Fatal(err)
	}
	if *check && len(stale) > 0 {
		log.Fatalf("stale, run make gen: %s", strings.Join(stale, ", "))
	}
}

// write brings every generated file up to date and says which were not. With
// check it only says.
func write(root string, check bool) (stale []string, err error) {
	for _, o := range outputs {
		b, err := o.make()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.path, err)
		}
		if stale, err = put(stale, root, o.path, b, check); err != nil {
			return nil, err
		}
	}
	b, err := between(filepath.Join(root, protocol), frameTable(wire.Catalogue()))
	if err != nil {
		return nil, err
	}
	return put(stale, root, protocol, b, check)
}

// put leaves a file alone that is right already, so that builds see no change.
func put(stale []string, root, path string, b []byte, check bool) ([]string, error) {
	file := filepath.Join(root, path)
	if old, err := os.ReadFile(file); err == nil && bytes.Equal(old, b) {
		return stale, nil
	}
	stale = append(stale, path)
	if check {
		return stale, nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	return stale, os.WriteFile(file, b, 0o644)
}

// protocol is the document whose list of frames is generated.
const protocol = "docs/protocol.md"

// The generated part of a document that people write stands between these.
const (
	begin = "<!-- generated: frames -->\n"
	end   = "<!-- end of generated -->\n"
)

// between gives a document with its generated part replaced.
func between(path string, part []byte) ([]byte, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	head, rest, ok := bytes.Cut(doc, []byte(begin))
	_, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return nil, fmt.Errorf("%s: the marks of the generated part are missing", path)
	}
	return bytes.Join([][]byte{head, []byte(begin), part, []byte(end), tail}, nil), nil
}
