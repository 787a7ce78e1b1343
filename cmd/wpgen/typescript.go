package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"watchparty/hub/wire"
)

// scribe writes TypeScript interfaces for Go types, each once.
type scribe struct {
	done  map[reflect.Type]bool
	types []string
}

func typeScript(entries []wire.Entry) []byte {
	s := &scribe{done: map[reflect.Type]bool{}}
	var maps bytes.Buffer
	for _, part := range []struct {
		up        bool
		name, doc string
	}{
		{true, "ClientFrames", "What clients send, by name."},
		{false, "ServerFrames", "What the server sends, by name."},
	} {
		fmt.Fprintf(&maps, "\n/** %s */\nexport interface %s {\n", part.doc, part.name)
		for _, e := range entries {
			if e.Up == part.up {
				fmt.Fprintf(&maps, "\t/** %s */\n\t'%s': %s;\n", e.Doc, e.Name, s.name(e.Type))
			}
		}
		maps.WriteString("}\n")
	}
	slices.Sort(s.types)
	var b bytes.Buffer
	fmt.Fprintf(&b, "// %s\n\n", generated)
	fmt.Fprintf(&b, "export const subprotocol = '%s';\n\n", wire.Subprotocol)
	b.WriteString(strings.Join(s.types, "\n"))
	b.Write(maps.Bytes())
	b.WriteString("\n/** Why a connection ends: 40xx do not return, 41xx return after a pause, 42xx return at once. */\nexport const closeReasons = {\n")
	for _, c := range wire.CloseReasons {
		fmt.Fprintf(&b, "\t/** %s */\n\t%s: %d,\n", c.Doc, c.Word, c.Code)
	}
	b.WriteString("} as const;\n")
	return b.Bytes()
}

// name is how a type is written where it is used.
func (s *scribe) name(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[wire.Time]():
		return "string"
	case t == reflect.TypeFor[json.RawMessage](), t.Kind() == reflect.Interface:
		return "unknown"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.name(t.Elem()) + " | null"
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Slice:
		return s.name(t.Elem()) + "[]"
	case reflect.Map:
		return "Record<string, " + s.name(t.Elem()) + ">"
	case reflect.Struct:
		if t.NumField() == 0 {
			return "Record<string, never>"
		}
		s.declare(t)
		return t.Name()
	default:
		return "number"
	}
}

func (s *scribe) declare(t reflect.Type) {
	if s.done[t] {
		return
	}
	s.done[t] = true
	var b bytes.Buffer
	fmt.Fprintf(&b, "export interface %s {\n", t.Name())
	s.fields(&b, t)
	b.WriteString("}\n")
	s.types = append(s.types, b.String())
}

// fields writes the fields of a type, those of embedded types among them.
func (s *scribe) fields(b *bytes.Buffer, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			s.fields(b, f.Type)
			continue
		}
		if name == "" || name == "-" {
			continue
		}
		optional := ""
		ft := f.Type
		if strings.Contains(options, "omitempty") {
			optional = "?"
			if ft.Kind() == reflect.Pointer {
				ft = ft.Elem()
			}
		}
		if doc := f.Tag.Get("doc"); doc != "" {
			fmt.Fprintf(b, "\t/** %s */\n", doc)
		}
		written := s.name(ft)
		if words := f.Tag.Get("enum"); words != "" {
			written = "'" + strings.Join(strings.Split(words, ","), "' | '") + "'"
		}
		fmt.Fprintf(b, "\t%s%s: %s;\n", name, optional, written)
	}
}
