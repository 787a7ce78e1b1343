package dialect

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"

	"watchparty/internal/fault"
	"watchparty/internal/strict"
)

// fields is a message of the client, not looked at further.
type fields map[string]json.RawMessage

// pick reads those fields that T has. Others are left alone, and null is like
// missing: older clients send both.
func pick[T any](fs fields) (T, error) {
	var v T
	known := fields{}
	names(reflect.TypeFor[T](), func(name string) {
		if raw, ok := fs[name]; ok && string(raw) != "null" {
			known[name] = raw
		}
	})
	b, err := json.Marshal(known)
	if err == nil {
		err = strict.Decode(b, &v)
	}
	if err == nil {
		err = strict.Validate(v)
	}
	return v, err
}

func names(t reflect.Type, fn func(string)) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			names(f.Type, fn)
		case name != "":
			fn(name)
		}
	}
}

// secondsOf reads a length of time: a number, the same in quotes, or hours,
// minutes and seconds. What is missing is nil.
func secondsOf(field string, raw json.RawMessage) (*float64, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var v float64
	var text string
	switch {
	case json.Unmarshal(raw, &v) == nil:
	case json.Unmarshal(raw, &text) == nil:
		var ok bool
		if v, ok = clockTime(text); !ok {
			return nil, fault.ErrInvalid.At(field, "must be seconds, or HH:MM:SS")
		}
	default:
		return nil, fault.ErrInvalid.At(field, "must be seconds, or HH:MM:SS")
	}
	if v < 0 {
		return nil, fault.ErrInvalid.At(field, "must not be less than 0")
	}
	return &v, nil
}

// clockTime reads seconds, or hours, minutes and seconds.
func clockTime(text string) (sum float64, ok bool) {
	parts := strings.Split(strings.TrimSpace(text), ":")
	if len(parts) > 3 {
		return 0, false
	}
	for i, p := range parts {
		n, err := strconv.ParseFloat(p, 64)
		whole := i == len(parts)-1 || n == math.Trunc(n)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || !whole || i > 0 && (n < 0 || n >= 60) {
			return 0, false
		}
		sum = sum*60 + n
	}
	return sum, !math.IsInf(sum, 0)
}

// first gives the first that is there.
func first[T any](all ...*T) *T {
	for _, x := range all {
		if x != nil {
			return x
		}
	}
	return nil
}

// or gives what is there, or something else.
func or[T any](x *T, other T) T {
	if x != nil {
		return *x
	}
	return other
}
