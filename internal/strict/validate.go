package strict

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"watchparty/internal/fault"
)

// Validate holds a decoded value against the tags of its type, which are also
// its schema: minLength, maxLength, minimum, maximum, enum, format uuid.
// Lengths are counted in characters. It returns one fault.ErrInvalid that names
// every wrong field. A value that may be left out (omitempty) is checked only
// when it is there.
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
	switch v.Kind() {
	case reflect.Struct:
		checkFields(v, planOf(v.Type()), path, f)
	case reflect.Slice, reflect.Array:
		if planOf(v.Type()).checked {
			for i := range v.Len() {
				check(v.Index(i), fmt.Sprintf("%s[%d]", path, i), f)
			}
		}
	}
}

func checkFields(v reflect.Value, p *plan, path string, f **fault.Fault) {
	if !p.checked {
		return
	}
	for i := range p.fields {
		pf := &p.fields[i]
		fv, err := v.FieldByIndexErr(pf.index)
		if err != nil || pf.optional && fv.IsZero() { // an error is an embedded pointer that is nil
			continue
		}
		for fv.Kind() == reflect.Pointer && !fv.IsNil() {
			fv = fv.Elem()
		}
		if wrong := within(pf.bounds, fv); wrong != nil {
			if *f == nil {
				*f = fault.ErrInvalid
			}
			*f = (*f).At(join(path, pf.name), wrong.Error())
			continue
		}
		if pf.plan.checked {
			check(fv, join(path, pf.name), f)
		}
	}
}

// none is for values without bounds of their own.
var none bounds

// within holds one value against its bounds.
func within(b *bounds, v reflect.Value) error {
	if b == nil {
		b = &none
	}
	switch k := v.Kind(); {
	case k == reflect.String:
		return b.text(v.String())
	case v.CanFloat():
		return b.number(v.Float())
	case v.CanInt():
		return b.number(float64(v.Int()))
	case v.CanUint():
		return b.number(float64(v.Uint()))
	}
	return nil
}

func (b *bounds) text(s string) error {
	n := float64(utf8.RuneCountInString(s))
	switch {
	case b.minLength != nil && n < *b.minLength && n == 0:
		return errors.New("must not be empty")
	case b.minLength != nil && n < *b.minLength:
		return fmt.Errorf("must have %v characters or more", *b.minLength)
	case b.maxLength != nil && n > *b.maxLength:
		return fmt.Errorf("must have %v characters or less", *b.maxLength)
	case b.enum != nil && !slices.Contains(b.enum, s):
		return fmt.Errorf("must be one of %s", strings.Join(b.enum, ", "))
	case b.uuid && (len(s) != 36 || uuid.Validate(s) != nil):
		return errors.New("must be a UUID")
	}
	return nil
}

func (b *bounds) number(n float64) error {
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return errors.New("must be a number")
	case b.minimum != nil && n < *b.minimum:
		return fmt.Errorf("must be %v or more", *b.minimum)
	case b.maximum != nil && n > *b.maximum:
		return fmt.Errorf("must be %v or less", *b.maximum)
	}
	return nil
}
