// Package id makes and parses identifiers. Each kind has its own type, so that
// a user id cannot be passed where a party id belongs.
package id

import (
	"crypto/rand"
	"encoding/base64"
	"strings"

	"github.com/google/uuid"

	"watchparty/internal/fault"
)

// The kinds of identifier. All are UUIDv7 in lower-case text.
type (
	User     string
	Session  string
	Party    string
	Member   string // a person's membership in one party
	Item     string // one entry of a party's queue
	Invite   string // an invite link
	Message  string
	Mark     string // something drawn over a film
	Poll     string
	Vote     string // an answer to a poll
	Media    string // an uploaded film
	Friend   string // a friendship or a request for one
	Reaction string // one emoji that was thrown
	Share    string // a shared screen
	Talk     string // one stay in a voice room
	Fact     string
	Job      string
)

// UUID is any of the kinds above.
type UUID interface {
	~string
}

// New makes a fresh, time-ordered identifier.
func New[T UUID]() T { return T(uuid.Must(uuid.NewV7()).String()) }

// Parse reads an identifier from outside. A malformed one is answered like an
// unknown one: there is nothing to see.
func Parse[T UUID](s string) (T, error) {
	if len(s) != 36 {
		return "", fault.ErrNotFound
	}
	u, err := uuid.Parse(s)
	if err != nil {
		return "", fault.ErrNotFound
	}
	return T(u.String()), nil
}

// codeAlphabet leaves out what people mix up when they read a code aloud.
const codeAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// RoomCode makes a code of six characters that people can type.
func RoomCode() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b) // never fails, by its contract
	for i := range b {
		b[i] = codeAlphabet[int(b[i])%len(codeAlphabet)]
	}
	return string(b)
}

// NormalCode brings a typed room code to its stored form: upper case, without
// spaces and dashes.
func NormalCode(s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	return strings.NewReplacer("-", "", " ", "").Replace(s)
}

// Token makes a bearer secret of 256 bits in URL-safe text.
func Token() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}
