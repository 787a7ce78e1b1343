package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"watchparty/internal/config"
)

// load reads settings as the program does: arguments, the real environment,
// and a file.
func load(t testing.TB, file string, environ []string, args ...string) (config.Config, error) {
	t.Helper()
	var cli struct {
		config.Config
		File kong.ConfigFlag `name:"config" env:"WATCHPARTY_CONFIG"`
	}
	k, err := kong.New(&cli, kong.Configuration(func(r io.Reader) (kong.Resolver, error) { return config.YAML(r) }),
		kong.Writers(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	if err := config.UnknownEnv(environ, k); err != nil {
		return cli.Config, err
	}
	if file != "" {
		path := filepath.Join(t.TempDir(), "watchparty.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	if _, err := k.Parse(args); err != nil {
		return cli.Config, err
	}
	return cli.Config, cli.Validate()
}

func TestABrokenConfigurationIsRefusedByName(t *testing.T) {
	const pg, key = "database-url: postgres://db/watchparty\n", "secret: 0123456789abcdef0123456789abcdef\n"
	tests := map[string]struct{ file, arg, env, names string }{
		"an unknown key":                        {file: "listn: :80", names: `"listn"`},
		"a key in another case":                 {file: "Listen: :80", names: `"Listen"`},
		"a key with underlines":                 {file: "public_url: http://x", names: `"public_url"`},
		"a key of a command":                    {file: "help: true", names: `"help"`},
		"a file that names a file":              {file: "config: other.yaml", names: `"config"`},
		"a number for a key":                    {file: "1: x", names: `"1"`},
		"a key twice":                           {file: "listen: :80\nlisten: :81", names: "listen"},
		"a nested key":                          {file: "smtp:\n  url: smtp://x", names: "smtp"},
		"a key without a value":                 {file: "listen:", names: "listen"},
		"a list of lists":                       {file: "film-hosts: [[a]]", names: "film-hosts"},
		"a list of maps":                        {file: "film-hosts: [{a: b}]", names: "film-hosts"},
		"an empty entry in a list":              {file: "film-hosts: [a, ]\nallowed-origins: [null]", names: "allowed-origins"},
		"a date where a word belongs":           {file: "node: 2026-01-01", names: "node"},
		"two documents":                         {file: "listen: :80\n---\nlisten: :81", names: "more than one document"},
		"a list for a file":                     {file: "- listen", names: "configuration file"},
		"text for a file":                       {file: "just words", names: "configuration file"},
		"a tab for indentation":                 {file: "\tlisten: :80", names: "configuration file"},
		"an open quotation":                     {file: `listen: "abc`, names: "configuration file"},
		"an anchor that is not there":           {file: "listen: *a", names: "configuration file"},
		"binary for a file":                     {file: "\x00\x01", names: "configuration file"},
		"an unknown variable":                   {env: "WATCHPARTY_LISTN=:80", names: "WATCHPARTY_LISTN"},
		"a variable in another case":            {env: "WATCHPARTY_Listen=:80", names: "WATCHPARTY_Listen"},
		"an unknown flag":                       {arg: "--listn=:80", names: "--listn"},
		"a flag without its value":              {arg: "--listen", names: "--listen"},
		"an address without a port":             {file: "listen: localhost", names: "listen"},
		"a port that is a word":                 {file: "listen: localhost:http-alt", names: "listen"},
		"a port beyond all ports":               {file: "listen: :65536", names: "listen"},
		"an empty address":                      {arg: "--listen=", names: "listen"},
		"a metrics address without a port":      {file: "metrics-listen: 127.0.0.1", names: "metrics-listen"},
		"a public address without a scheme":     {file: "public-url: party.example.org", names: "public-url"},
		"a public address of another scheme":    {file: "public-url: ftp://party.example.org", names: "public-url"},
		"a public address with a path":          {file: "public-url: https://example.org/party", names: "public-url"},
		"a public address with a query":         {file: "public-url: https://example.org?x=1", names: "public-url"},
		"a public address with a name in it":    {file: "public-url: https://me@example.org", names: "public-url"},
		"a folder without a name":               {arg: "--data=", names: "data"},
		"a node with a blank in its name":       {file: "node: a b", names: "node"},
		"a node with a name without end":        {file: "node: " + strings.Repeat("n", 64), names: "node"},
		"a database of another kind":            {file: "database-url: mysql://db/x", names: "database-url"},
		"a database that is a file":             {file: "database-url: /var/lib/party.db", names: "database-url"},
		"a Redis of another scheme":             {file: pg + key + "redis-url: http://cache", names: "redis-url"},
		"a Redis without a shared database":     {file: key + "redis-url: redis://cache", names: "redis-url"},
		"a Redis without a shared secret":       {file: pg + "redis-url: redis://cache", names: "secret"},
		"a secret that can be guessed":          {file: "secret: changeme", names: "secret"},
		"a mail server of another scheme":       {file: "smtp-url: mailto:me@example.org", names: "smtp-url"},
		"a sender that is no address":           {file: "mail-from: Watchparty", names: "mail-from"},
		"an origin with a path":                 {file: "allowed-origins: [https://example.org/]", names: "allowed-origins"},
		"an origin that is a star":              {file: `allowed-origins: "*"`, names: "allowed-origins"},
		"a proxy that is a name":                {file: "trusted-proxies: [proxy]", names: "trusted-proxies"},
		"a proxy with bits beyond its address":  {file: "trusted-proxies: [10.0.0.0/33]", names: "trusted-proxies"},
		"a film host with a scheme":             {file: "film-hosts: [http://nas]", names: "film-hosts"},
		"a film host with a path":               {file: "film-hosts: [nas/films]", names: "film-hosts"},
		"an RTC port that is a word":            {file: "rtc-port: stun", names: "--rtc-port"},
		"an RTC port below zero":                {file: "rtc-port: -1", names: "rtc-port"},
		"an RTC port beyond all ports":          {file: "rtc-port: 70000", names: "rtc-port"},
		"an upload of nothing":                  {file: "upload-max: 0", names: "upload-max"},
		"an upload with a unit":                 {file: "upload-max: 4GB", names: "--upload-max"},
		"an upload beyond all numbers":          {file: "upload-max: 99999999999999999999", names: "--upload-max"},
		"a quota that one film fills":           {file: "upload-quota: 1000", names: "upload-quota"},
		"no connections":                        {file: "max-conns: 0", names: "max-conns"},
		"a switch that is neither on nor off":   {file: "rate-limits: perhaps", names: "--rate-limits"},
		"a duration without a unit":             {file: "drain: 30", names: "--drain"},
		"a duration below zero":                 {file: "drain: -1s", names: "drain"},
		"a duration that nobody waits for":      {file: "drain: 11m", names: "drain"},
		"a level of logs that there is not":     {file: "log-level: loud", names: "--log-level"},
		"a format of logs that there is not":    {file: "log-format: xml", names: "--log-format"},
		"a configuration file that is not read": {arg: "--config=/nowhere/at/all.yaml", names: "/nowhere/at/all.yaml"},
	}
	if len(tests) < 50 {
		t.Errorf("only %d cases", len(tests))
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var args, environ []string
			if tc.arg != "" {
				args = []string{tc.arg}
			}
			if tc.env != "" {
				environ = []string{tc.env}
			}
			_, err := load(t, tc.file, environ, args...)
			if err == nil {
				t.Fatal("it was taken")
			}
			if !strings.Contains(err.Error(), tc.names) {
				t.Errorf("%q does not name %s", err, tc.names)
			}
		})
	}
}

func TestSeveralFaultsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(t, "listen: x\nsecret: y\ndrain: 1h", nil)
	for _, key := range []string{"listen:", "secret:", "drain:"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%v does not name %s", err, key)
		}
	}
}

func TestAFlagGoesBeforeTheEnvironmentAndThatBeforeTheFile(t *testing.T) {
	file := "listen: 127.0.0.1:1\nnode: file\nlog-level: warn\nrate-limits: false\nfilm-hosts: [nas, nas:8096]\ndrain: 5s\n"
	t.Setenv("WATCHPARTY_LISTEN", "127.0.0.1:2")
	t.Setenv("WATCHPARTY_NODE", "env")
	c, err := load(t, file, nil, "--listen=127.0.0.1:3")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(c.Listen, c.Node, c.LogLevel, c.RateLimits, c.FilmHosts, c.Drain, c.LogFormat)
	want := fmt.Sprint("127.0.0.1:3", "env", "warn", false, []string{"nas", "nas:8096"}, 5*time.Second, "text")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheEnvironmentCanNameTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte("node: from-file"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WATCHPARTY_CONFIG", path)
	c, err := load(t, "", os.Environ())
	if err != nil || c.Node != "from-file" {
		t.Errorf("got %q, %v", c.Node, err)
	}
}

func TestASecretShowsNothingOfItself(t *testing.T) {
	t.Parallel()
	const canary = "canary-0123456789abcdef0123456789"
	c, err := load(t, "", nil, "--secret="+canary, "--database-url=postgres://u:"+canary+"@db/x", "--smtp-url=smtp://u:"+canary+"@mail")
	if err != nil {
		t.Fatal(err)
	}
	if c.Secret.Reveal() != canary {
		t.Error("the secret is lost")
	}
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb+" "+verb+"\n", c, c.Secret)
	}
	if err := json.NewEncoder(&b).Encode(c); err != nil {
		t.Fatal(err)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("settings", "config", c, "secret", c.Secret)
	}
	bad := c
	bad.DatabaseURL, bad.SMTPURL, bad.RedisURL = "mysql://u:"+canary+"@db", canary, canary
	fmt.Fprintln(&b, bad.Validate())
	for _, form := range []string{canary, fmt.Sprintf("%x", canary)} {
		if strings.Contains(b.String(), form) {
			t.Errorf("the secret is seen in\n%s", b.String())
		}
	}
}

func TestTheDatabaseIsAFileUnlessOneIsNamed(t *testing.T) {
	t.Parallel()
	c := config.Config{Data: "d"}
	if got := c.Database(); got != filepath.Join("d", "watchparty.db") {
		t.Error(got)
	}
	c.DatabaseURL = "postgres://db/x"
	if got := c.Database(); got != "postgres://db/x" {
		t.Error(got)
	}
}

func FuzzYAML(f *testing.F) {
	f.Add("listen: 127.0.0.1:8080\ntrusted-proxies: [10.0.0.0/8, ::1]\n")
	f.Add("a: &a [1]\nb: *a\n---\nc: !!binary x")
	f.Add("rate-limits: no\nupload-max: 1e3\nnode: ~")
	f.Fuzz(func(t *testing.T, file string) {
		c, err := load(t, "# \n"+file, nil)
		if err != nil {
			return
		}
		// What was taken can be used.
		if _, err := c.Proxies(); err != nil {
			t.Errorf("taken, but %v", err)
		}
		if err := c.Validate(); err != nil {
			t.Errorf("taken, but %v", err)
		}
	})
}
