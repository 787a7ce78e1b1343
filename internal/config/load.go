package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// envPrefix starts every environment variable of the program.
const envPrefix = "WATCHPARTY_"

// YAML reads a file of settings for kong: a flat map of flag names to values. A
// key that no flag has is refused, as is a file that is not such a map.
func YAML(r io.Reader) (kong.Resolver, error) {
	values, err := parseYAML(r)
	if err != nil {
		return nil, err
	}
	return &resolver{values: values}, nil
}

func parseYAML(r io.Reader) (map[string]any, error) {
	b, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	d := yaml.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&values); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("configuration file: has more than one document")
	}
	for key, v := range values {
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, x := range list {
			if !plain(x) {
				return nil, fmt.Errorf("configuration file: %s wants a value, or a list of them", key)
			}
		}
	}
	return values, nil
}

// plain says whether a value is one that a flag could have.
func plain(v any) bool {
	switch v.(type) {
	case string, bool, int, int64, uint64, float64:
		return true
	}
	return false
}

type resolver struct{ values map[string]any }

// Validate refuses keys that no flag has.
func (r *resolver) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, f := range settings(app) {
		known[f.Name] = true
	}
	for _, key := range slices.Sorted(maps.Keys(r.values)) {
		if !known[key] {
			return fmt.Errorf("configuration file: there is no setting %q", key)
		}
	}
	return nil
}

// fileEnv names the file itself, so it cannot stand in it.
const fileEnv = envPrefix + "CONFIG"

// settings are the flags that are settings: those that the environment can set.
func settings(app *kong.Application) []*kong.Flag {
	var all []*kong.Flag
	_ = kong.Visit(app, func(n kong.Visitable, next kong.Next) error {
		if f, ok := n.(*kong.Flag); ok && len(f.Envs) > 0 && strings.HasPrefix(f.Envs[0], envPrefix) && f.Envs[0] != fileEnv {
			all = append(all, f)
		}
		return next(nil)
	})
	return all
}

// Resolve finds a flag's value in the file. The environment comes before it.
func (r *resolver) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, e := range flag.Envs {
		if _, set := os.LookupEnv(e); set {
			return nil, nil
		}
	}
	switch v := r.values[flag.Name].(type) {
	case nil:
		return nil, nil
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = fmt.Sprint(x)
		}
		return strings.Join(parts, ","), nil
	default:
		return fmt.Sprint(v), nil
	}
}

// UnknownEnv finds a variable that looks like a setting and is none: a typing
// error that would otherwise be silent. Those of the tests are let through.
func UnknownEnv(environ []string, k *kong.Kong) error {
	known := []string{fileEnv}
	for _, f := range settings(k.Model) {
		known = append(known, f.Envs...)
	}
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, envPrefix) && !strings.HasPrefix(name, envPrefix+"TEST_") && !slices.Contains(known, name) {
			return fmt.Errorf("environment: there is no setting %s", name)
		}
	}
	return nil
}
