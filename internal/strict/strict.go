// Package strict is the one JSON decoder for what strangers send. It refuses
// what encoding/json lets pass: unknown, repeated and differently spelt keys,
// values after the value, deep nesting, broken UTF-8. A refusal names the field.
package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"watchparty/internal/fault"
)

// MaxDepth bounds how deep objects and arrays nest.
const MaxDepth = 32

// Decode reads data into v, a pointer. Every refusal is a fault.ErrInvalid that
// names the field by its path, with "body" for the whole.
func Decode(data []byte, v any) error {
	if !utf8.Valid(data) {
		return refuse("", "is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := walk(d, reflect.TypeOf(v).Elem(), "", 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return refuse("", "has something after the JSON value")
	}
	if err := json.Unmarshal(data, v); err != nil {
		var t *json.UnmarshalTypeError
		if errors.As(err, &t) {
			return refuse(t.Field, "must be "+kindName(t.Type))
		}
		return refuse("", "cannot be read")
	}
	return nil
}

// Check refuses what is not one well-formed JSON value: repeated keys, deep
// nesting, broken UTF-8, anything after the value. The shape is not looked at.
func Check(data []byte) error {
	var v any
	if !utf8.Valid(data) {
		return refuse("", "is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := walk(d, reflect.TypeOf(&v).Elem(), "", 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return refuse("", "has something after the JSON value")
	}
	return nil
}

func refuse(path, what string) error {
	if path == "" {
		path = "body"
	}
	return fault.ErrInvalid.At(path, what)
}

var (
	rawType         = reflect.TypeFor[json.RawMessage]()
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
)

// walk reads one value and holds it against the type that it is for.
func walk(d *json.Decoder, t reflect.Type, path string, depth int) error {
	tok, err := d.Token()
	if err != nil {
		return refuse(path, "is not JSON")
	}
	open, nested := tok.(json.Delim)
	if !nested {
		return scalar(tok, t, path)
	}
	if depth++; depth > MaxDepth {
		return refuse(path, fmt.Sprintf("nests deeper than %d", MaxDepth))
	}
	t = base(t)
	if open == '[' {
		err = array(d, t, path, depth)
	} else {
		err = object(d, t, path, depth)
	}
	if err != nil {
		return err
	}
	if _, err := d.Token(); err != nil {
		return refuse(path, "is not JSON")
	}
	return nil
}

func array(d *json.Decoder, t reflect.Type, path string, depth int) error {
	elem := anything
	if !open(t) {
		if t.Kind() != reflect.Slice && t.Kind() != reflect.Array {
			return refuse(path, "must be "+kindName(t))
		}
		elem = t.Elem()
	}
	for i := 0; d.More(); i++ {
		if err := walk(d, elem, fmt.Sprintf("%s[%d]", path, i), depth); err != nil {
			return err
		}
	}
	return nil
}

func object(d *json.Decoder, t reflect.Type, path string, depth int) error {
	var fields map[string]reflect.Type
	elem := anything
	switch {
	case open(t):
	case t.Kind() == reflect.Map:
		elem = t.Elem()
	case t.Kind() == reflect.Struct:
		fields = fieldsOf(t)
	default:
		return refuse(path, "must be "+kindName(t))
	}
	seen := map[string]bool{}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return refuse(path, "is not JSON")
		}
		key, _ := tok.(string)
		at := join(path, key)
		if seen[key] {
			return refuse(at, "comes twice")
		}
		seen[key] = true
		to := elem
		if fields != nil {
			var known bool
			if to, known = fields[key]; !known {
				return refuse(at, "is not known here")
			}
		}
		if err := walk(d, to, at, depth); err != nil {
			return err
		}
	}
	return nil
}

func scalar(tok json.Token, t reflect.Type, path string) error {
	if tok == nil {
		if k := t.Kind(); open(t) || k == reflect.Pointer || k == reflect.Slice || k == reflect.Map {
			return nil
		}
		return refuse(path, "must not be null")
	}
	t = base(t)
	if open(t) {
		return nil
	}
	var fits bool
	switch tok.(type) {
	case string:
		fits = t.Kind() == reflect.String
	case bool:
		fits = t.Kind() == reflect.Bool
	case json.Number:
		fits = t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64
	}
	if !fits {
		return refuse(path, "must be "+kindName(t))
	}
	return nil
}

var anything = reflect.TypeFor[any]()

// open says whether a type takes any JSON, or judges for itself.
func open(t reflect.Type) bool {
	return t.Kind() == reflect.Interface || t == rawType || reflect.PointerTo(t).Implements(unmarshalerType)
}

func base(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// fieldsOf maps the names that a struct has on the wire to their types.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case f.Anonymous && name == "":
			for n, ft := range fieldsOf(base(f.Type)) {
				fields[n] = ft
			}
		case name == "":
			fields[f.Name] = f.Type
		default:
			fields[name] = f.Type
		}
	}
	return fields
}

func join(path, key string) string {
	// A stranger's key is shown, but not at any length.
	if utf8.RuneCountInString(key) > 64 {
		key = string([]rune(key)[:64]) + "…"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func kindName(t reflect.Type) string {
	switch k := base(t).Kind(); {
	case k == reflect.String:
		return "a string"
	case k == reflect.Bool:
		return "true or false"
	case k >= reflect.Int && k <= reflect.Uintptr:
		return "a whole number"
	case k == reflect.Float32 || k == reflect.Float64:
		return "a number"
	case k == reflect.Slice || k == reflect.Array:
		return "a list"
	}
	return "an object"
}
