// Package chat is what people write to one another in a party: lines, replies,
// mentions, and the journal that gives all lasting events of a room one order.
package chat

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Bounds of a line.
const (
	MaxRunes    = 2000
	QuoteRunes  = 140
	maxMentions = 20
)

// Types of a line.
const (
	Text   = "text"
	System = "system"
)

var (
	ErrOff     = fault.New(fault.Forbidden, "chat.off", "The chat is switched off in this party.")
	ErrSlow    = fault.New(fault.TooMany, "chat.slow_mode", "Slow mode is on; wait a moment before the next line.")
	ErrDeleted = fault.New(fault.Conflict, "chat.deleted", "That line is gone.")
	errText    = fault.New(fault.Invalid, "chat.text", "That cannot be sent as a line.")
	errOthers  = fault.New(fault.Forbidden, "chat.not_yours", "That line is somebody else's.")
)

// Author is a person as the chat shows him.
type Author struct {
	ID        id.User
	Username  string
	Name      string
	FirstName string
	LastName  string
	Avatar    string
	Guest     bool
}

// Message is one line.
type Message struct {
	ID        id.Message
	Party     id.Party
	Seq       int64
	Author    Author
	Role      string // of the author when it was written
	Color     int
	Type      string
	Text      string // empty when deleted
	Image     string // address of a picture, or empty
	ReplyTo   *Quote
	Mentions  []id.User
	FilmAt    *float64
	Item      id.Item // the film of FilmAt
	CreatedAt time.Time
	EditedAt  *time.Time
	Deleted   bool
	Op        string
}

// Quote is the line that a reply answers, as far as it is shown with it.
type Quote struct {
	ID     id.Message
	Author Author
	Text   string // empty when deleted
}

// Clean brings a line to the form that is kept, or says what is wrong with it.
func Clean(text string) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	n := utf8.RuneCountInString(text)
	switch {
	case !utf8.ValidString(text):
		return "", errText.At("text", "must be valid text")
	case n == 0:
		return "", errText.At("text", "must not be empty")
	case n > MaxRunes:
		return "", errText.At("text", "must have at most 2000 characters")
	case strings.ContainsFunc(text, forbidden):
		return "", errText.At("text", "must not hold control characters")
	}
	return text, nil
}

// forbidden are characters that draw nothing, and those that turn the
// direction of what follows: they make a line look like another's.
func forbidden(r rune) bool {
	return r != '\n' && unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// Mentions finds the members that text names as @username, in the order of
// their first mention. lookup knows the usernames in lower case.
func Mentions(text string, lookup func(username string) (id.User, bool)) []id.User {
	found := []id.User{}
	seen := map[id.User]bool{}
	prev := ' '
	for i, r := range text {
		if r == '@' && !nameRune(prev) {
			if u, ok := longest(text[i+1:], lookup); ok && !seen[u] && len(found) < maxMentions {
				seen[u] = true
				found = append(found, u)
			}
		}
		prev = r
	}
	return found
}

// longest finds the username at the start of s. A dot or dash behind it may
// belong to the sentence, so shorter names are tried as well.
func longest(s string, lookup func(string) (id.User, bool)) (id.User, bool) {
	end := strings.IndexFunc(s, func(r rune) bool { return !nameRune(r) && r != '.' && r != '-' })
	if end < 0 {
		end = len(s)
	}
	name := strings.ToLower(s[:min(end, 64)])
	for name != "" {
		if u, ok := lookup(name); ok {
			return u, true
		}
		short := strings.TrimRight(name, ".-")
		if short == name {
			return "", false
		}
		name = short
	}
	return "", false
}

func nameRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// Quoted gives the part of m that is shown with a reply to it.
func Quoted(m Message) *Quote {
	q := &Quote{ID: m.ID, Author: m.Author, Text: m.Text}
	if utf8.RuneCountInString(q.Text) > QuoteRunes {
		r := []rune(q.Text)
		q.Text = string(r[:QuoteRunes-1]) + "…"
	}
	return q
}

// MayWrite says whether somebody may write a line now. Hosts and co-hosts are
// free of slow mode, and may write where the chat is off. last is the moment
// of the person's last line; zero is none.
func MayWrite(on bool, slow time.Duration, role access.Role, last, now time.Time) error {
	if role >= access.CoHost {
		return nil
	}
	if !on {
		return ErrOff
	}
	if wait := last.Add(slow).Sub(now); slow > 0 && !last.IsZero() && wait > 0 {
		return ErrSlow.After(wait)
	}
	return nil
}

// Edit gives m with another text, written by its author.
func (m Message) Edit(by id.User, text string, mentions []id.User, now time.Time) (Message, error) {
	switch {
	case m.Deleted:
		return m, ErrDeleted
	case m.Author.ID != by || m.Type != Text:
		return m, errOthers
	}
	text, err := Clean(text)
	if err != nil {
		return m, err
	}
	m.Text, m.Mentions, m.EditedAt = text, mentions, &now
	return m, nil
}

// Delete gives m emptied, by its author or by somebody who moderates. What is
// gone already stays gone.
func (m Message) Delete(by id.User, moderates bool) (Message, error) {
	if m.Author.ID != by && !moderates {
		return m, errOthers
	}
	m.Text, m.Image, m.Mentions, m.ReplyTo, m.Deleted = "", "", []id.User{}, nil, true
	return m, nil
}
