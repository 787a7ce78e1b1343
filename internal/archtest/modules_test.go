package archtest

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// floors are the oldest versions without a known hole that matters here.
var floors = map[string]string{
	"github.com/coder/websocket":         "v1.8.7",
	"github.com/golang-jwt/jwt/v5":       "v5.2.2",
	"github.com/jackc/pgx/v5":            "v5.9.2",
	"github.com/labstack/echo/v4":        "v4.9.0",
	"github.com/microcosm-cc/bluemonday": "v1.0.16",
	"github.com/pion/dtls/v3":            "v3.1.4",
	"github.com/pion/interceptor":        "v0.1.39",
	"github.com/pion/stun/v3":            "v3.1.5",
	"github.com/redis/go-redis/v9":       "v9.7.3",
	"github.com/yuin/goldmark":           "v1.7.17",
	"golang.org/x/crypto":                "v0.52.0",
	"golang.org/x/image":                 "v0.45.0",
	"golang.org/x/net":                   "v0.56.0",
}

var requirement = regexp.MustCompile(`(?m)^\s*(?:require )?([a-z][\w./-]*\.[\w./-]+) (v\S+)( // indirect)?$`)

func goMod(t *testing.T) [][]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	all := requirement.FindAllStringSubmatch(string(b), -1)
	if len(all) < 20 {
		t.Fatalf("only %d requirements read", len(all))
	}
	return all
}

func TestNoModuleIsBelowItsFloor(t *testing.T) {
	t.Parallel()
	for _, m := range goMod(t) {
		if floor := floors[m[1]]; floor != "" && older(m[2], floor) {
			t.Errorf("%s is %s: everything below %s has a known hole", m[1], m[2], floor)
		}
	}
}

// older compares versions of the form v1.2.3; what follows is left out.
func older(a, b string) bool {
	x, y := numbers(a), numbers(b)
	return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1]), cmp.Compare(x[2], y[2])) < 0
}

func numbers(version string) (n [3]int) {
	core, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), "-")
	for i, part := range strings.SplitN(core, ".", 3) {
		n[i], _ = strconv.Atoi(part)
	}
	return n
}

func TestVersionsAreCompared(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"v1.2.3", "v1.2.10"}, {"v0.9.9", "v1.0.0"}, {"v1.9.0", "v1.10.0"}} {
		if !older(pair[0], pair[1]) || older(pair[1], pair[0]) || older(pair[0], pair[0]) {
			t.Error(pair)
		}
	}
}

func TestEveryLibraryHasItsReason(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(root, "docs/adr/0001-libraries.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range goMod(t) {
		if m[3] == "" && !strings.Contains(string(b), "`"+m[1]+"` "+m[2]) {
			t.Errorf("docs/adr/0001-libraries.md has no line for `%s` %s", m[1], m[2])
		}
	}
}
