package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
	for key, v := range values {
		switch v.(type) {
		case map[string]any, map[any]any, nil:
			return nil, fmt.Errorf("configuration file: %s wants a value, or a list of them", key)
		}
	}
	return values, nil
}

type resolver struct{ values map[string]any }

// Validate refuses keys that no flag has.
func (r *resolver) Validate(app *kong.Application) error {
	known := map[string]bool{}
	_ = kong.Visit(app, func(n kong.Visitable, next kong.Next) error {
		if f, ok := n.(*kong.Flag); ok {
			known[f.Name] = true
		}
		return next(nil)
	})
	for key := range r.values {
		if !known[key] {
			return fmt.Errorf("configuration file: there is no setting %q", key)
		}
	}
	return nil
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
	known := []string{}
	_ = kong.Visit(k.Model, func(n kong.Visitable, next kong.Next) error {
		if f, ok := n.(*kong.Flag); ok {
			known = append(known, f.Envs...)
		}
		return next(nil)
	})
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, envPrefix) && !strings.HasPrefix(name, envPrefix+"TEST_") && !slices.Contains(known, name) {
			return fmt.Errorf("environment: there is no setting %s", name)
		}
	}
	return nil
}
