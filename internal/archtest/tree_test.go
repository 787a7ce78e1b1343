package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	root   = "../.."
	module = "watchparty"
)

// source is one Go file of the module that is not a test.
type source struct {
	pkg  string // path below the module, such as hub/wire
	name string
	file *ast.File
	fset *token.FileSet
}

// at says where a node stands.
func (s source) at(n ast.Node) string {
	p := s.fset.Position(n.Pos())
	return path.Join(s.pkg, s.name) + ":" + strconv.Itoa(p.Line)
}

// imports maps the names by which a file calls its imports to their paths.
func (s source) imports() map[string]string {
	names := map[string]string{}
	for _, i := range s.file.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		name := path.Base(p)
		if i.Name != nil {
			name = i.Name.Name
		}
		names[name] = p
	}
	return names
}

// support says whether a file belongs to a package that only tests use.
func (s source) support() bool {
	for _, p := range s.imports() {
		if p == "testing" {
			return true
		}
	}
	return strings.HasSuffix(s.pkg, "test") || s.pkg == "internal/testenv"
}

var tree = sync.OnceValues(func() ([]source, error) {
	var all []source
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); n == "node_modules" || n == "testdata" || n != ".." && strings.HasPrefix(n, ".") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		all = append(all, source{filepath.ToSlash(rel), d.Name(), parsed, fset})
		return err
	})
	return all, err
})

// sources gives every file, and fails when the tree was not found.
func sources(t *testing.T) []source {
	t.Helper()
	all, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d files: is this the tree?", len(all))
	}
	return all
}

// below says whether a package is one of the named, or inside one.
func below(pkg string, names ...string) bool {
	for _, n := range names {
		if pkg == n || strings.HasPrefix(pkg, n+"/") {
			return true
		}
	}
	return false
}
