package strict

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// plan is what is to know of a type to hold a value against it.
type plan struct {
	kind     reflect.Kind // of what pointers lead to; Interface takes anything
	nullable bool
	typ      reflect.Type
	elem     *plan // of lists and maps
	fields   []field
	byName   map[string]int
	checked  bool // a value inside has bounds
}

// field is one field of a struct, those of embedded structs among them.
type field struct {
	name     string
	index    []int
	plan     *plan
	optional bool // left out when empty
	bounds   *bounds
}

// bounds are the tags that limit a value.
type bounds struct {
	minLength, maxLength *float64
	minimum, maximum     *float64
	enum                 []string
	uuid                 bool
}

var (
	rawType         = reflect.TypeFor[json.RawMessage]()
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
	anything        = &plan{kind: reflect.Interface, nullable: true, typ: reflect.TypeFor[any]()}
)

// plans remembers the plan of each type that was met. It follows from the type
// alone, so it is no state: the same as encoding/json keeps.
var plans sync.Map

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	made := map[reflect.Type]*plan{}
	p := makePlan(t, made)
	for _, p := range made {
		p.checked = p.hasBounds(map[*plan]bool{})
	}
	// Plans lead to one another, so none is shown before all are finished.
	for t, p := range made {
		plans.Store(t, p)
	}
	return p
}

func makePlan(t reflect.Type, made map[reflect.Type]*plan) *plan {
	if p := made[t]; p != nil {
		return p
	}
	p := &plan{nullable: t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map}
	made[t] = p
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	p.typ, p.kind = t, t.Kind()
	if t == rawType || reflect.PointerTo(t).Implements(unmarshalerType) || p.kind == reflect.Interface {
		p.kind, p.nullable = reflect.Interface, true // it judges for itself
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		if t != rawType {
			p.elem = makePlan(t.Elem(), made)
		}
	case reflect.Struct:
		p.addFields(t, nil, made)
		p.byName = make(map[string]int, len(p.fields))
		for i, f := range p.fields {
			p.byName[f.name] = i
		}
	}
	return p
}

func (p *plan) addFields(t reflect.Type, index []int, made map[reflect.Type]*plan) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		at := append(slices.Clone(index), i)
		switch {
		case name == "-":
			continue
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			p.addFields(f.Type, at, made) // also those of an embedded type without an exported name
			continue
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct:
			p.addFields(f.Type.Elem(), at, made)
			continue
		case !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		p.fields = append(p.fields, field{
			name: name, index: at, plan: makePlan(f.Type, made),
			optional: strings.Contains(options, "omitempty"), bounds: boundsOf(f.Tag),
		})
	}
}

func boundsOf(tag reflect.StructTag) *bounds {
	b := bounds{
		minLength: number(tag, "minLength"), maxLength: number(tag, "maxLength"),
		minimum: number(tag, "minimum"), maximum: number(tag, "maximum"), uuid: tag.Get("format") == "uuid",
	}
	if words := tag.Get("enum"); words != "" {
		b.enum = strings.Split(words, ",")
	}
	if b.minLength == nil && b.maxLength == nil && b.minimum == nil && b.maximum == nil && b.enum == nil && !b.uuid {
		return nil
	}
	return &b
}

func number(tag reflect.StructTag, name string) *float64 {
	if n, err := strconv.ParseFloat(tag.Get(name), 64); err == nil {
		return &n
	}
	return nil
}

// hasBounds says whether Validate has anything to look at below p.
func (p *plan) hasBounds(seen map[*plan]bool) bool {
	if seen[p] {
		return false
	}
	seen[p] = true
	if p.elem != nil && p.elem.hasBounds(seen) {
		return true
	}
	return slices.ContainsFunc(p.fields, func(f field) bool {
		k := f.plan.kind
		return f.bounds != nil || k == reflect.Float64 || k == reflect.Float32 || f.plan.hasBounds(seen)
	})
}

func kindName(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch k := t.Kind(); {
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
