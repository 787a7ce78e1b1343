package strict

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// scanner goes once over data that is one valid JSON value and holds it against
// a plan.
type scanner struct {
	data []byte
	at   int
}

// place is where a value stands. It becomes a path only when something is wrong
// there.
type place struct {
	above *place
	key   string
	index int // in a list, where key is empty
}

func (p *place) String() string {
	switch {
	case p == nil:
		return ""
	case p.key == "" && p.index >= 0:
		return p.above.String() + "[" + strconv.Itoa(p.index) + "]"
	}
	return join(p.above.String(), p.key)
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

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// next skips blanks and gives the byte that follows.
func (s *scanner) next() byte {
	s.space()
	return s.data[s.at]
}

func (s *scanner) value(p *plan, at *place, depth int) error {
	switch c := s.next(); c {
	case '{', '[':
		if depth++; depth > MaxDepth {
			return refuse(at.String(), fmt.Sprintf("nests deeper than %d", MaxDepth))
		}
		s.at++
		if c == '[' {
			return s.list(p, at, depth)
		}
		return s.object(p, at, depth)
	case '"':
		s.text()
		return fits(p, at, p.kind == reflect.String)
	case 't', 'f':
		s.word()
		return fits(p, at, p.kind == reflect.Bool)
	case 'n':
		s.word()
		if !p.nullable {
			return refuse(at.String(), "must not be null")
		}
		return nil
	}
	s.word()
	return fits(p, at, p.kind >= reflect.Int && p.kind <= reflect.Float64)
}

func fits(p *plan, at *place, ok bool) error {
	if ok || p.kind == reflect.Interface {
		return nil
	}
	return refuse(at.String(), "must be "+kindName(p.typ))
}

// word passes a number, true, false or null.
func (s *scanner) word() {
	for s.at < len(s.data) && bytes.IndexByte([]byte(",]} \t\r\n"), s.data[s.at]) < 0 {
		s.at++
	}
}

// text passes a string and gives it with its quotes.
func (s *scanner) text() []byte {
	from := s.at
	for s.at++; s.data[s.at] != '"'; s.at++ {
		if s.data[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
	return s.data[from:s.at]
}

// key passes a key and its colon.
func (s *scanner) key() string {
	s.space()
	quoted := s.text()
	s.space()
	s.at++
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var k string
	_ = json.Unmarshal(quoted, &k) // it is valid
	return k
}

// more says whether another member follows, or passes the end.
func (s *scanner) more(end byte) bool {
	switch s.next() {
	case end:
		s.at++
		return false
	case ',':
		s.at++
	}
	return true
}

func (s *scanner) list(p *plan, at *place, depth int) error {
	elem := anything
	if p.kind != reflect.Interface {
		if p.kind != reflect.Slice && p.kind != reflect.Array {
			return refuse(at.String(), "must be "+kindName(p.typ))
		}
		elem = p.elem
	}
	here := place{above: at}
	for s.more(']') {
		if err := s.value(elem, &here, depth); err != nil {
			return err
		}
		here.index++
	}
	return nil
}

func (s *scanner) object(p *plan, at *place, depth int) error {
	if p.kind != reflect.Interface && p.kind != reflect.Map && p.kind != reflect.Struct {
		return refuse(at.String(), "must be "+kindName(p.typ))
	}
	var seen keys
	here := place{above: at, index: -1}
	for s.more('}') {
		here.key = s.key()
		if !seen.add(here.key) {
			return refuse(here.String(), "comes twice")
		}
		to := anything
		switch p.kind {
		case reflect.Map:
			to = p.elem
		case reflect.Struct:
			i, known := p.byName[here.key]
			if !known {
				return refuse(here.String(), "is not known here")
			}
			to = p.fields[i].plan
		}
		if err := s.value(to, &here, depth); err != nil {
			return err
		}
	}
	return nil
}

// keys are those of one object. Few are compared one by one; a stranger's
// thousands go into a map.
type keys struct {
	few  [12]string
	n    int
	many map[string]bool
}

// add notes a key and says whether it is new.
func (k *keys) add(key string) bool {
	if k.many != nil {
		if k.many[key] {
			return false
		}
		k.many[key] = true
		return true
	}
	for _, x := range k.few[:k.n] {
		if x == key {
			return false
		}
	}
	if k.n < len(k.few) {
		k.few[k.n] = key
		k.n++
		return true
	}
	k.many = map[string]bool{key: true}
	for _, x := range k.few {
		k.many[x] = true
	}
	return true
}
