package strict

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"watchparty/internal/fault"
)

// Validate holds a decoded value against the tags of its type, which are also
// its schema: minLength, maxLength, minimum, maximum, enum, format uuid. It
// returns one fault.ErrInvalid that names every wrong field. A string or
// pointer that may be left out (omitempty) is checked only when it is there.
func Validate(v any) error {
	var f *fault.Fault
	check(reflect.ValueOf(v), "", &f)
	if f == nil {
		return nil
	}
	return f
}

func check(v reflect.Value, path string, f **fault.Fault) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return
	}
	t := v.Type()
	for i := range t.NumField() {
		sf := t.Field(i)
		if !sf.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		at, fv := join(path, name), v.Field(i)
		if strings.Contains(options, "omitempty") && fv.IsZero() {
			continue
		}
		for fv.Kind() == reflect.Pointer && !fv.IsNil() {
			fv = fv.Elem()
		}
		if wrong := field(sf.Tag, fv); wrong != nil {
			if *f == nil {
				*f = fault.ErrInvalid
			}
			*f = (*f).At(at, wrong.Error())
			continue
		}
		switch fv.Kind() {
		case reflect.Struct:
			check(fv, at, f)
		case reflect.Slice:
			for j := range fv.Len() {
				check(fv.Index(j), fmt.Sprintf("%s[%d]", at, j), f)
			}
		}
	}
}

// field checks one value against its tags.
func field(tag reflect.StructTag, v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		return text(tag, v.String())
	case reflect.Float32, reflect.Float64:
		return number(tag, v.Float())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return number(tag, float64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return number(tag, float64(v.Uint()))
	}
	return nil
}

func text(tag reflect.StructTag, s string) error {
	n := utf8.RuneCountInString(s)
	if least, ok := bound(tag, "minLength"); ok && float64(n) < least {
		if n == 0 {
			return errors.New("must not be empty")
		}
		return fmt.Errorf("must have %v characters or more", least)
	}
	if most, ok := bound(tag, "maxLength"); ok && float64(n) > most {
		return fmt.Errorf("must have %v characters or less", most)
	}
	if words := tag.Get("enum"); words != "" && !slices.Contains(strings.Split(words, ","), s) {
		return fmt.Errorf("must be one of %s", strings.ReplaceAll(words, ",", ", "))
	}
	if tag.Get("format") == "uuid" && (len(s) != 36 || uuid.Validate(s) != nil) {
		return errors.New("must be a UUID")
	}
	return nil
}

func number(tag reflect.StructTag, n float64) error {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return errors.New("must be a number")
	}
	if least, ok := bound(tag, "minimum"); ok && n < least {
		return fmt.Errorf("must be %v or more", least)
	}
	if most, ok := bound(tag, "maximum"); ok && n > most {
		return fmt.Errorf("must be %v or less", most)
	}
	return nil
}

func bound(tag reflect.StructTag, name string) (float64, bool) {
	n, err := strconv.ParseFloat(tag.Get(name), 64)
	return n, err == nil
}
