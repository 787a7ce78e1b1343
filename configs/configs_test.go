package configs_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"watchparty/configs"
	"watchparty/internal/config"
	"watchparty/internal/obs"
)

// read gives a file of this folder.
func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// load reads settings as the program does.
func load(t *testing.T, file []byte, args ...string) config.Config {
	t.Helper()
	var c config.Config
	options := []kong.Option{kong.Writers(io.Discard, io.Discard)}
	if file != nil {
		r, err := config.YAML(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		options = append(options, kong.Resolvers(r))
	}
	k, err := kong.New(&c, options...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Parse(args); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c
}

// setting is the two names of one field of the struct.
type setting struct{ key, env string }

func settings(t *testing.T) []setting {
	t.Helper()
	k, err := kong.New(&config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var all []setting
	for _, f := range k.Model.Flags {
		if f.Name != "help" {
			all = append(all, setting{f.Name, f.Envs[0]})
		}
	}
	if len(all) != reflect.TypeFor[config.Config]().NumField() {
		t.Fatalf("%d flags for %d fields", len(all), reflect.TypeFor[config.Config]().NumField())
	}
	return all
}

func TestEverySettingIsNamedAlikeEverywhere(t *testing.T) {
	t.Parallel()
	for _, s := range settings(t) {
		want := "WATCHPARTY_" + strings.ToUpper(strings.ReplaceAll(s.key, "-", "_"))
		if s.env != want {
			t.Errorf("--%s is %s in the environment, not %s", s.key, s.env, want)
		}
	}
}

func TestTheDefaultFileSaysWhatHoldsWithoutIt(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(load(t, nil), load(t, configs.Default), cmp.Transformer("reveal", config.Secret.Reveal), emptyIsNil); diff != "" {
		t.Error(diff)
	}
	var keys map[string]any
	if err := yaml.Unmarshal(configs.Default, &keys); err != nil {
		t.Fatal(err)
	}
	for _, s := range settings(t) {
		if _, ok := keys[s.key]; !ok {
			t.Errorf("default.yaml does not show %s", s.key)
		}
	}
}

// emptyIsNil takes an empty list for none.
var emptyIsNil = cmp.Transformer("list", func(s []string) string { return strings.Join(s, "\n") })

func TestTheProductionExampleStartsAndExplainsEverySetting(t *testing.T) {
	t.Parallel()
	file := read(t, "production.example.yaml")
	c := load(t, file)
	if c.DatabaseURL == "" || c.RedisURL == "" || c.Secret == "" || c.SMTPURL == "" || len(c.TrustedProxies) == 0 {
		t.Error("a node of a production has a database, Redis, mail, a secret and a proxy")
	}
	for _, s := range settings(t) {
		if !regexp.MustCompile(`(?m)^(# )?` + regexp.QuoteMeta(s.key) + `:`).Match(file) {
			t.Errorf("%s is not in the example", s.key)
		}
	}
}

// compose is as much of compose.yaml as this test judges.
type compose struct {
	Services map[string]struct {
		Image       string
		Build       struct{ Context, Dockerfile string }
		Environment map[string]string
		Volumes     []string
		Networks    []string
		Stop        string                       `yaml:"stop_grace_period"`
		Needs       map[string]map[string]string `yaml:"depends_on"`
	}
	Networks map[string]struct {
		IPAM struct{ Config []struct{ Subnet string } }
	}
	Volumes map[string]any
}

var variable = regexp.MustCompile(`\$\{([A-Z_]+)(?::?[-?]([^}]*))?\}`)

// sample fills in what compose takes from its surroundings.
func sample(file []byte) []byte {
	given := map[string]string{
		"SITE_HOST": "party.example.org", "POSTGRES_PASSWORD": "0a1b2c", "SMTP_URL": "smtp://mail:587",
		"WATCHPARTY_SECRET": "0123456789abcdef0123456789abcdef",
	}
	return variable.ReplaceAllFunc(file, func(m []byte) []byte {
		return []byte(given[string(variable.FindSubmatch(m)[1])])
	})
}

func readCompose(t *testing.T) compose {
	t.Helper()
	var c compose
	if err := yaml.Unmarshal(sample(read(t, "compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheNodesOfComposeStart(t *testing.T) {
	t.Parallel()
	c := readCompose(t)
	names := map[string]string{}
	for _, s := range settings(t) {
		names[s.env] = s.key
	}
	var nodes []config.Config
	for _, service := range []string{"node1", "node2"} {
		node := c.Services[service]
		if _, err := os.Stat(filepath.Join(node.Build.Context, node.Build.Dockerfile)); err != nil {
			t.Error(err)
		}
		var args []string
		for env, value := range node.Environment {
			key, ok := names[env]
			if !ok {
				t.Errorf("%s: there is no setting %s", service, env)
				continue
			}
			args = append(args, "--"+key+"="+value)
		}
		cfg := load(t, nil, args...)
		nodes = append(nodes, cfg)
		if grace, err := time.ParseDuration(node.Stop); err != nil || grace <= cfg.Drain {
			t.Errorf("%s is killed after %s, before it has drained for %s", service, node.Stop, cfg.Drain)
		}
		if !slices.Contains(cfg.TrustedProxies, c.Networks["inside"].IPAM.Config[0].Subnet) {
			t.Errorf("%s does not trust the proxy's network", service)
		}
		if !slices.Contains(node.Volumes, "data:/data") {
			t.Errorf("%s has no films of its neighbour", service)
		}
	}
	a, b := nodes[0], nodes[1]
	if a.Node == b.Node {
		t.Errorf("both nodes are named %q", a.Node)
	}
	b.Node = a.Node
	if diff := cmp.Diff(a, b, cmp.Transformer("reveal", config.Secret.Reveal)); diff != "" {
		t.Errorf("the nodes differ in more than their name: %s", diff)
	}
}

func TestComposeRefersOnlyToWhatItHas(t *testing.T) {
	t.Parallel()
	c := readCompose(t)
	for name, s := range c.Services {
		for other := range s.Needs {
			if _, ok := c.Services[other]; !ok {
				t.Errorf("%s needs %s, which is not there", name, other)
			}
		}
		for _, n := range s.Networks {
			if _, ok := c.Networks[n]; !ok {
				t.Errorf("%s is on the network %s, which is not there", name, n)
			}
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if strings.HasPrefix(from, "./") {
				if _, err := os.Stat(from); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			} else if _, ok := c.Volumes[from]; !ok {
				t.Errorf("%s has the volume %s, which is not there", name, from)
			}
		}
	}
	_, port, err := net.SplitHostPort(c.Services["node1"].Environment["WATCHPARTY_LISTEN"])
	if err != nil {
		t.Fatal(err)
	}
	if caddy := string(read(t, "Caddyfile")); !strings.Contains(caddy, "reverse_proxy node1:"+port+" node2:"+port+" ") {
		t.Error("the proxy does not lead to the nodes")
	}
}

func TestTheImageBuildsFromThisTree(t *testing.T) {
	t.Parallel()
	file := string(read(t, "Dockerfile"))
	for _, env := range regexp.MustCompile(`WATCHPARTY_[A-Z_]+`).FindAllString(file, -1) {
		if !slices.ContainsFunc(settings(t), func(s setting) bool { return s.env == env }) {
			t.Errorf("there is no setting %s", env)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^COPY ([^-].*) \S+$`).FindAllStringSubmatch(file, -1) {
		for name := range strings.FieldsSeq(m[1]) {
			if _, err := os.Stat(path.Join("..", name)); err != nil {
				t.Error(err)
			}
		}
	}
	module := string(read(t, "../go.mod"))
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(module)[1]
	if !strings.Contains(file, "FROM golang:"+version+"-") {
		t.Errorf("the module wants Go %s, the image builds with another", version)
	}
	if !regexp.MustCompile(`(?m)^USER [1-9]\d*:`).MatchString(file) {
		t.Error("the image runs as root")
	}
}

func TestPrometheusAsksWhereTheNodesAnswer(t *testing.T) {
	t.Parallel()
	var p struct {
		Jobs []struct {
			Name    string                       `yaml:"job_name"`
			Targets []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal(read(t, "prometheus.yml"), &p); err != nil {
		t.Fatal(err)
	}
	c := readCompose(t)
	for _, target := range p.Jobs[0].Targets[0].Targets {
		host, port, err := net.SplitHostPort(target)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Services[host].Environment["WATCHPARTY_METRICS_LISTEN"]; got != ":"+port {
			t.Errorf("%s answers on %q", target, got)
		}
	}
}

func TestTheDashboardShowsOnlyNumbersThatThereAre(t *testing.T) {
	t.Parallel()
	m := obs.NewMetrics()
	m.Request("GET", "/", 404, "not_found", time.Millisecond)
	m.Connections(1)
	m.Rooms(1)
	m.Received("ping")
	m.Sent("log", 1)
	m.Dropped("burst")
	m.Closed(4200)
	m.Joined("fresh")
	m.Committed(1, time.Millisecond)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))

	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(read(t, "grafana-dashboard.json"), &d); err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	name := regexp.MustCompile(`(watchparty|process|go)_[a-z_]+`)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			for _, n := range name.FindAllString(target.Expr, -1) {
				shown[n] = true
				if !regexp.MustCompile(`(?m)^` + n + `[ {]`).MatchString(w.Body.String()) {
					t.Errorf("%s: there is no %s", p.Title, n)
				}
			}
		}
	}
	for _, line := range regexp.MustCompile(`(?m)^# TYPE (watchparty_\w+) `).FindAllStringSubmatch(w.Body.String(), -1) {
		if !slices.ContainsFunc([]string{"", "_bucket", "_sum", "_count"}, func(end string) bool { return shown[line[1]+end] }) {
			t.Errorf("no panel shows %s", line[1])
		}
	}
}
