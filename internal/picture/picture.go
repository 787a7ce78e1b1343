// Package picture knows the pictures that people put into a chat: what counts as
// one, how it is named, and where its bytes are kept.
package picture

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"image"
	_ "image/jpeg" // read to see that it is one
	_ "image/png"  // likewise
	"regexp"
	"strings"

	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Bounds of a picture.
const (
	MaxBytes = 2 << 20
	maxSide  = 4096
)

var (
	ErrType  = fault.New(fault.Unsupported, "picture.type", "Send a PNG, JPEG or WebP picture.")
	ErrSides = fault.New(fault.Invalid, "picture.sides", "A picture has from 1 to 4096 pixels on each side.")
	ErrLarge = fault.New(fault.TooLarge, "picture.too_large", "A picture has at most 2 MB.")
)

// types are the endings of names, and what is served for each.
var types = map[string]string{"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}

// Name is the name of a picture: random, so that nobody finds it by trying.
type Name string

// name is 128 bits in base 32, and an ending.
var name = regexp.MustCompile(`^[a-z2-7]{26}\.(png|jpg|webp)$`)

// New names a picture by its content; what is none is refused.
func New(body []byte) (Name, error) {
	if len(body) > MaxBytes {
		return "", ErrLarge
	}
	ending, w, h, ok := look(body)
	switch {
	case !ok:
		return "", ErrType
	case w < 1 || h < 1 || w > maxSide || h > maxSide:
		return "", ErrSides
	}
	return Name(strings.ToLower(rand.Text()) + "." + ending), nil
}

// ParseName takes a name that a stranger sends.
func ParseName(s string) (Name, error) {
	if !name.MatchString(s) {
		return "", fault.ErrNotFound
	}
	return Name(s), nil
}

// Type is the MIME type that n is served with.
func (n Name) Type() string {
	_, ending, _ := strings.Cut(string(n), ".")
	return types[ending]
}

// Path is the address of a party's picture.
func Path(p id.Party, n Name) string {
	return "/api/chat/" + string(p) + "/pictures/" + string(n) + "/"
}

// Of takes the name out of the address of a picture of this very party.
func Of(p id.Party, path string) (Name, bool) {
	rest, ok := strings.CutPrefix(path, "/api/chat/"+string(p)+"/pictures/")
	rest, end := strings.CutSuffix(rest, "/")
	n, err := ParseName(rest)
	return n, ok && end && err == nil
}

// look tells what a picture is by its first bytes, never by what is said of it.
func look(b []byte) (ending string, w, h int, ok bool) {
	if w, h, ok := webp(b); ok {
		return "webp", w, h, true
	}
	c, kind, err := image.DecodeConfig(bytes.NewReader(b))
	switch {
	case err != nil:
		return "", 0, 0, false
	case kind == "jpeg":
		kind = "jpg"
	}
	return kind, c.Width, c.Height, types[kind] != ""
}

// webp reads the size from the first chunk of a WebP picture (RFC 9649).
func webp(b []byte) (w, h int, ok bool) {
	if len(b) < 30 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WEBP" {
		return 0, 0, false
	}
	d := b[20:]
	switch string(b[12:16]) {
	case "VP8X":
		return 1 + (int(d[4]) | int(d[5])<<8 | int(d[6])<<16), 1 + (int(d[7]) | int(d[8])<<8 | int(d[9])<<16), true
	case "VP8L":
		n := binary.LittleEndian.Uint32(d[1:])
		return 1 + int(n&0x3fff), 1 + int(n>>14&0x3fff), d[0] == 0x2f
	case "VP8 ":
		sync := d[3] == 0x9d && d[4] == 0x01 && d[5] == 0x2a
		return int(binary.LittleEndian.Uint16(d[6:]) & 0x3fff), int(binary.LittleEndian.Uint16(d[8:]) & 0x3fff), sync
	}
	return 0, 0, false
}
