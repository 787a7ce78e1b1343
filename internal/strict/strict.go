// Package strict is the one JSON decoder for what strangers send. It refuses
// what encoding/json lets pass: unknown, repeated and differently spelt keys,
// values after the value, deep nesting, broken UTF-8. A refusal names the field.
package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"unicode/utf8"

	"watchparty/internal/fault"
)

// MaxDepth bounds how deep objects and arrays nest.
const MaxDepth = 32

// Decode reads data into v, a pointer. Every refusal is a fault.ErrInvalid that
// names the field by its path, with "body" for the whole.
func Decode(data []byte, v any) error {
	if err := inspect(data, planOf(reflect.TypeOf(v).Elem())); err != nil {
		return err
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
func Check(data []byte) error { return inspect(data, anything) }

func inspect(data []byte, p *plan) error {
	if !utf8.Valid(data) {
		return refuse("", "is not UTF-8")
	}
	if !json.Valid(data) {
		return malformed(data)
	}
	s := scanner{data: data}
	return s.value(p, nil, 0)
}

// malformed says what keeps data from being one JSON value.
func malformed(data []byte) error {
	var first json.RawMessage
	if json.NewDecoder(bytes.NewReader(data)).Decode(&first) == nil {
		return refuse("", "has something after the JSON value")
	}
	return refuse("", "is not JSON")
}

func refuse(path, what string) error {
	if path == "" {
		path = "body"
	}
	return fault.ErrInvalid.At(path, what)
}
