package archtest

import (
	"slices"
	"strings"
	"testing"
)

// room is what one part of the house may import of the others.
type room struct {
	pkg    string
	may    []string
	reason string
}

// vocabulary is what every rule may speak.
var vocabulary = []string{"internal/fault", "internal/access", "internal/id", "internal/clock"}

// rooms are looked up by the longest name that fits. Imports point down:
// cmd, then hub, rest, rtc and store, then internal.
var rooms = []room{
	{"cmd", []string{"cmd", "hub", "rest", "rtc", "store", "web", "configs", "docs", "internal"}, ""},
	{"hub", []string{"hub", "internal"}, "the hub is a face: rest, rtc and store meet it in cmd, through interfaces that it declares"},
	{"rest", []string{"rest", "hub/wire", "internal"}, "rest is a face: it shares the shapes of hub/wire and nothing else of the hub"},
	{"rtc", []string{"rtc", "internal"}, "rtc moves packets and knows no parties"},
	{"store", []string{"store", "internal"}, "the store serves the features and knows no face"},
	{"hub/wire", []string{"internal"}, "the protocol must be usable without the hub"},
	{"web", []string{"web"}, "the client's files need nothing of the server"},
	{"configs", nil, "files only"},
	{"docs", nil, "files only"},

	{"internal", vocabulary, "a feature speaks of others by id and fact only"},
	{"internal/fault", nil, "the vocabulary stands on the standard library"},
	{"internal/id", []string{"internal/fault"}, "the vocabulary stands on the standard library"},
	{"internal/clock", nil, "the vocabulary stands on the standard library"},
	{"internal/access", []string{"internal/fault"}, "the vocabulary stands on the standard library"},
	{"internal/strict", []string{"internal/fault"}, "the decoder knows shapes, not features"},
	{"internal/config", nil, "settings are plain values"},
	{"internal/obs", nil, "numbers are plain values: the caller names them"},
	// A caller is an account.Identity, and a fact is a bus.Fact; both are values.
	{"internal/party", append([]string{"internal/account", "internal/bus"}, vocabulary...), "a feature speaks of others by id and fact only"},
	{"internal/media", append([]string{"internal/account", "internal/bus", "internal/media"}, vocabulary...), "a feature speaks of others by id and fact only"},
	{"internal/chat", append([]string{"internal/bus"}, vocabulary...), "a feature speaks of others by id and fact only"},
	{"internal/account", append([]string{"internal/bus"}, vocabulary...), "a feature speaks of others by id and fact only"},
}

func roomOf(pkg string) (room, bool) {
	var best room
	for _, r := range rooms {
		if below(pkg, r.pkg) && len(r.pkg) > len(best.pkg) {
			best = r
		}
	}
	return best, best.pkg != ""
}

// wrongRooms says what a file imports of the house that it may not.
func wrongRooms(s source) (wrong []string) {
	r, ok := roomOf(s.pkg)
	if !ok {
		return []string{"it has no room in the house: see rooms in this test"}
	}
	for _, p := range s.imports() {
		to, own := strings.CutPrefix(p, module+"/")
		switch {
		case !own, s.support() && !below(to, "cmd"):
		case below(to, "internal/config", "internal/obs") && !below(s.pkg, "cmd"):
			wrong = append(wrong, to+": only cmd wires settings and numbers; take the values that you need")
		case !below(to, r.may...):
			wrong = append(wrong, to+": "+r.reason)
		}
	}
	return wrong
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, w := range wrongRooms(s) {
			t.Errorf("%s/%s imports %s", s.pkg, s.name, w)
		}
	}
}

// homes says where each library may be imported. One that is not here has no
// place yet: give it one, and a line in docs/adr/0001-libraries.md.
var homes = map[string][]string{
	"gorm.io":                             {"store"},
	"github.com/jackc/pgx":                {"store"},
	"github.com/pressly/goose":            {"store"},
	"modernc.org/sqlite":                  {"store"},
	"github.com/labstack/echo":            {"rest", "cmd"},
	"github.com/danielgtaylor/huma":       {"rest", "cmd"},
	"github.com/coder/websocket":          {"hub", "cmd/wpload"},
	"github.com/pion":                     {"rtc"},
	"golang.org/x/sys":                    {"rtc"},
	"github.com/redis/go-redis":           {"internal/bus", "internal/limit", "hub", "cmd/watchparty"},
	"github.com/alecthomas/kong":          {"internal/config", "cmd"},
	"go.yaml.in/yaml":                     {"internal/config"},
	"github.com/prometheus/client_golang": {"internal/obs"},
	"github.com/wneessen/go-mail":         {"internal/notify"},
	"github.com/golang-jwt/jwt":           {"internal/account"},
	"golang.org/x/crypto":                 {"internal/account"},
	"github.com/google/uuid":              {"internal/id", "internal/strict"},
	"github.com/yuin/goldmark":            {"internal/notify", "internal/faq"},
	"github.com/microcosm-cc/bluemonday":  {"internal/notify", "internal/faq"},
	"golang.org/x/sync":                   {"cmd", "hub", "rest", "store", "internal"},
	"golang.org/x/time":                   {"hub", "internal/limit"},
	"golang.org/x/net":                    {"rest", "internal/netguard"},
}

// strays says which libraries a file imports away from their home.
func strays(s source) (wrong []string) {
	if s.support() {
		return nil
	}
	for _, p := range s.imports() {
		if first, _, _ := strings.Cut(p, "/"); !strings.Contains(first, ".") {
			continue
		}
		lib := ""
		for name := range homes {
			if below(p, name) {
				lib = name
			}
		}
		switch {
		case lib == "":
			wrong = append(wrong, p+", which has no home: see homes in this test")
		case !below(s.pkg, homes[lib]...):
			wrong = append(wrong, p+", whose home is "+strings.Join(homes[lib], ", "))
		}
	}
	return wrong
}

func TestLibrariesStayAtHome(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, w := range strays(s) {
			t.Errorf("%s/%s imports %s", s.pkg, s.name, w)
		}
	}
}

// pure are the rules that could be wrong without a network, a file or a
// database: they take values and give values.
var pure = []string{"internal/access", "internal/chat", "internal/party", "internal/playback", "internal/poll", "internal/draw", "internal/react"}

func TestRulesDoNoIO(t *testing.T) {
	t.Parallel()
	io := []string{"net", "net/http", "os", "os/exec", "database/sql", "log", "log/slog", "io/fs", "syscall", "unsafe"}
	for _, s := range sources(t) {
		if !below(s.pkg, pure...) || s.support() {
			continue
		}
		for _, p := range s.imports() {
			if slices.Contains(io, p) {
				t.Errorf("%s/%s imports %s: rules are pure; what they need comes as a value", s.pkg, s.name, p)
			}
		}
	}
}
