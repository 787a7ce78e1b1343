package account

import (
	_ "embed"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"watchparty/internal/access"
	"watchparty/internal/fault"
)

// Bounds of what people may say about themselves, in characters.
const (
	MaxName     = 60
	MaxPart     = 150 // of a first or last name
	MaxEmail    = 254 // bytes
	MinPassword = 8
	MaxPassword = 128
	MinUsername = 3
	MaxUsername = 30
)

//go:embed common.txt
var commonText string

// common are passwords that everybody tries first, in lower case.
var common = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(commonText) {
		m[w] = true
	}
	return m
}()

// cleanEmail brings an address to the one form in which it is kept: without
// spaces around it and in lower case.
func cleanEmail(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" || len(s) > MaxEmail || strings.ContainsAny(s, " \"<>()\\,;") {
		return "", fault.ErrInvalid.Saying("That is not an e-mail address.").At("email", "Enter an address such as you@example.com.")
	}
	return s, nil
}

// cleanName tidies a display name: one line, no invisible characters.
func cleanName(field, s string, limit int) (string, error) {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > limit {
		return "", fault.ErrInvalid.Saying("That name is too long.").At(field, "Use fewer characters.")
	}
	for _, r := range s {
		// Format characters could turn the text around it; the joiner makes emoji.
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d' || r == utf8.RuneError {
			return "", fault.ErrInvalid.Saying("That name has characters that cannot be shown.").At(field, "Use letters, digits and signs.")
		}
	}
	return s, nil
}

// requireName is cleanName for a name that must be there.
func requireName(s string) (string, error) {
	s, err := cleanName("name", s, MaxName)
	if err == nil && strings.Trim(s, "\u200d ") == "" {
		err = fault.ErrInvalid.Saying("Say how others shall call you.").At("name", "Enter a name.")
	}
	return s, err
}

func usernameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '.' || r == '-'
}

// cleanUsername checks a handle that somebody chose.
func cleanUsername(s string) (string, error) {
	s = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(s), "@"))
	bad := len(s) < MinUsername || len(s) > MaxUsername || strings.IndexFunc(s, func(r rune) bool { return !usernameRune(r) }) >= 0
	if bad {
		return "", fault.ErrInvalid.Saying("That username cannot be used.").
			At("username", "Use 3 to 30 of a to z, digits, dot, dash and underscore.")
	}
	return s, nil
}

// handleFrom derives a handle from the part of an address before the @.
func handleFrom(email string) string {
	local, _, _ := strings.Cut(email, "@")
	local, _, _ = strings.Cut(local, "+")
	h := strings.Map(func(r rune) rune {
		if usernameRune(r) {
			return r
		}
		return -1
	}, local)
	h = h[:min(len(h), MaxUsername-6)]
	if len(h) < MinUsername {
		h += "user"
	}
	return h
}

// checkPassword refuses passwords that are guessed first. About the person it
// knows the e-mail and the names.
func checkPassword(password, email string, names ...string) error {
	weak := func(why string) error { return ErrWeak.Saying(why).At("password", why) }
	n := utf8.RuneCountInString(password)
	lower := strings.ToLower(password)
	switch {
	case !utf8.ValidString(password):
		return weak("A password is text.")
	case n < MinPassword:
		return weak("Use 8 characters or more.")
	case n > MaxPassword:
		return weak("Use at most 128 characters.")
	case common[lower]:
		return weak("Everybody tries this password first.")
	case strings.Trim(password, "0123456789") == "":
		return weak("Use more than digits.")
	case strings.Count(lower, lower[:1]) == len(lower):
		return weak("Use more than one character.")
	}
	local, _, _ := strings.Cut(email, "@")
	for _, known := range append(names, local, email) {
		if alike(lower, strings.ToLower(known)) {
			return weak("This is too much like your name or e-mail.")
		}
	}
	return nil
}

// alike says whether a password is little more than a word that others know.
func alike(password, known string) bool {
	const few = 4 // characters that are quickly tried around a word
	if len(known) < few {
		return false
	}
	return strings.Contains(known, password) ||
		strings.Contains(password, known) && len(password)-len(known) < few
}

// Words are what a person is found by: the handle and each word of the names.
// Guests are not found.
func (u User) Words() []string {
	if u.Site == access.Guest {
		return nil
	}
	seen := map[string]bool{}
	var all []string
	for _, w := range append(splitWords(u.Name+" "+u.FirstName+" "+u.LastName), u.Username) {
		if w != "" && !seen[w] {
			seen[w] = true
			all = append(all, w)
		}
	}
	return all
}

// splitWords brings a text to the words that are compared when searching.
func splitWords(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.IsPunct(r) && r != '_' && r != '.' && r != '-'
	})
}
