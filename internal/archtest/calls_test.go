package archtest

import (
	"go/ast"
	"path"
	"testing"
)

// banned is a call that has a home and is forbidden elsewhere.
type banned struct {
	pkg, name string
	homes     []string
	reason    string
}

var calls = []banned{
	{"time", "Now", []string{"cmd", "internal/clock"}, "take a clock.Now, so that tests can turn it"},
	{"time", "Since", []string{"cmd", "internal/clock"}, "it reads the machine's clock: subtract from a clock.Now"},
	{"time", "Until", []string{"cmd", "internal/clock"}, "it reads the machine's clock: subtract a clock.Now"},
	{"time", "Sleep", []string{"cmd"}, "sleep is not synchronisation: wait on a timer and the context"},
	{"time", "Tick", nil, "it cannot be stopped: use time.NewTicker"},
	{"context", "Background", []string{"cmd"}, "take the caller's context"},
	{"context", "TODO", nil, "take the caller's context"},
	{"fmt", "Print", []string{"cmd"}, "write to the writer or the log that you were given"},
	{"fmt", "Printf", []string{"cmd"}, "write to the writer or the log that you were given"},
	{"fmt", "Println", []string{"cmd"}, "write to the writer or the log that you were given"},
	{"slog", "Default", nil, "there is no global logger: take one"},
	{"slog", "SetDefault", nil, "there is no global logger: take one"},
	{"log", "Fatal", []string{"cmd"}, "return an error"},
	{"os", "Exit", []string{"cmd"}, "return an error"},
	{"http", "DefaultClient", []string{"cmd"}, "it has no limits: take a client, or netguard's for addresses that strangers name"},
	{"http", "Get", []string{"cmd"}, "it has no limits: take a client, or netguard's for addresses that strangers name"},
}

// exceptions are files that may, and why.
var exceptions = map[string]string{
	"internal/bus/redis.go context.Background": "a bus is opened before anything runs and lives until Close",
	"store/querylog.go time.Since":             "GORM hands over the moment at which it began, read from the machine's clock",
}

// strayCalls gives the banned calls of a file: where each is, and its key in
// exceptions.
func strayCalls(s source) (at []string, keys []string) {
	if s.support() || below(s.pkg, "web/sample/film") {
		return nil, nil
	}
	names := s.imports()
	ast.Inspect(s.file, func(n ast.Node) bool {
		x, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		of, ok := x.X.(*ast.Ident)
		if !ok {
			return true
		}
		for _, b := range calls {
			if path.Base(names[of.Name]) == b.pkg && x.Sel.Name == b.name && !below(s.pkg, b.homes...) {
				at = append(at, s.at(n)+": "+b.pkg+"."+b.name+": "+b.reason)
				keys = append(keys, s.pkg+"/"+s.name+" "+b.pkg+"."+b.name)
			}
		}
		return true
	})
	return at, keys
}

func TestTheClockAndTheContextAreInjected(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, s := range sources(t) {
		at, keys := strayCalls(s)
		for i, key := range keys {
			used[key] = true
			if exceptions[key] == "" {
				t.Error(at[i])
			}
		}
	}
	for key := range exceptions {
		if !used[key] {
			t.Errorf("the exception for %s is not needed any more", key)
		}
	}
}

func TestNothingHappensByImporting(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init: what has effects is called by cmd, in the open", s.at(f))
			}
		}
	}
}

func TestGORMDoesOnlyWhatIsWritten(t *testing.T) {
	t.Parallel()
	reasons := map[string]string{
		"Save":          "it writes every column, also those that somebody else just changed: name the columns",
		"AutoMigrate":   "migrations are SQL files with numbers, the same on both engines",
		"Preload":       "joins are written",
		"Association":   "joins are written",
		"FirstOrCreate": "it races with itself: insert, and read what the unique index refused",
	}
	for _, s := range sources(t) {
		if !below(s.pkg, "store") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if x, ok := call.Fun.(*ast.SelectorExpr); ok && reasons[x.Sel.Name] != "" {
				t.Errorf("%s: %s: %s", s.at(call), x.Sel.Name, reasons[x.Sel.Name])
			}
			return true
		})
	}
}
