package media

import (
	"path"
	"strings"
	"unicode"
)

const (
	titleRunes = 120
	nameBytes  = 60
	untitled   = "Untitled film"
)

// Title makes a film's title of the name of its file: without folders and
// extension, without what cannot be seen.
func Title(filename string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r == '_':
			return ' '
		case !unicode.IsPrint(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ToValidUTF8(base(filename), ""))
	if e := path.Ext(s); len(e) > 1 && len(e) <= 6 && !strings.Contains(e, " ") {
		s = strings.TrimSuffix(s, e)
	}
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > titleRunes {
		s = strings.TrimSpace(string(r[:titleRunes]))
	}
	if strings.Trim(s, ". ") == "" {
		return untitled
	}
	return s
}

// address makes the last part of a film's address of the name of its file:
// ASCII letters, digits and dashes, and the extension of what it really is.
func address(filename string, t Type) string {
	var b strings.Builder
	dash := true
	for _, r := range strings.ToLower(strings.TrimSuffix(base(filename), path.Ext(base(filename)))) {
		switch {
		case b.Len() >= nameBytes:
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
			dash = false
		case !dash:
			b.WriteByte('-')
			dash = true
		}
	}
	s := strings.Trim(b.String(), "-")
	if s == "" {
		s = "film"
	}
	return s + t.ext()
}

func base(filename string) string {
	return filename[strings.LastIndexAny(filename, `/\`)+1:]
}
