package archtest

import (
	"go/parser"
	"go/token"
	"testing"
)

// The rules find what they are for.
func TestAPlantedFaultIsFound(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pkg, code            string
		rooms, libs, strayed int
	}{
		"a face that imports another":        {"hub", `import "watchparty/rest"`, 1, 0, 0},
		"a face that imports the store":      {"rest", `import "watchparty/store"`, 1, 0, 0},
		"a store that imports a face":        {"store", `import "watchparty/hub/wire"`, 1, 0, 0},
		"a feature that imports a feature":   {"internal/chat", `import "watchparty/internal/party"`, 1, 0, 0},
		"a feature that imports upwards":     {"internal/party", `import "watchparty/hub/wire"`, 1, 0, 0},
		"a face that reads the settings":     {"hub", `import "watchparty/internal/config"`, 1, 0, 0},
		"a package that nobody knows":        {"helpers", ``, 1, 0, 0},
		"rest with the shapes of the socket": {"rest", `import "watchparty/hub/wire"`, 0, 0, 0},
		"cmd with everything":                {"cmd/watchparty", `import ("watchparty/hub"; "watchparty/internal/obs")`, 0, 0, 0},
		"GORM outside the store":             {"internal/party", `import "gorm.io/gorm"`, 0, 1, 0},
		"Redis in rest":                      {"rest", `import "github.com/redis/go-redis/v9"`, 0, 1, 0},
		"a library without a home":           {"store", `import "example.org/left-pad"`, 0, 1, 0},
		"the machine's clock":                {"hub", `import "time"; var a = time.Now`, 0, 0, 1},
		"the clock under another name":       {"hub", `import t "time"; var a = t.Now()`, 0, 0, 1},
		"the clock in a closure":             {"hub", `import "time"; func f() { go func() { time.Sleep(1) }() }`, 0, 0, 1},
		"a fresh context":                    {"store", `import "context"; var c = context.Background()`, 0, 0, 1},
		"the clock at home":                  {"internal/clock", `import "time"; var a = time.Now`, 0, 0, 0},
		"a field that is called like one":    {"hub", `type x struct{ Now int }; func f(time x) int { return time.Now }`, 0, 0, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, "planted.go", "package p; "+tc.code, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			s := source{tc.pkg, "planted.go", f, fset}
			if got := wrongRooms(s); len(got) != tc.rooms {
				t.Errorf("rooms: %v", got)
			}
			if got := strays(s); len(got) != tc.libs {
				t.Errorf("libraries: %v", got)
			}
			if got, _ := strayCalls(s); len(got) != tc.strayed {
				t.Errorf("calls: %v", got)
			}
		})
	}
}
