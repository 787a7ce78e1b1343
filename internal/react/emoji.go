// Package react is the throwing of emoji onto the picture: which are taken,
// and how bursts of them become one.
package react

import (
	"unicode/utf8"

	"watchparty/internal/fault"
)

// MaxBytes bounds one emoji with all its modifiers.
const MaxBytes = 32

var (
	ErrOff   = fault.New(fault.Forbidden, "react.off", "Reactions are switched off in this party.")
	errEmoji = fault.New(fault.Invalid, "react.emoji", "That is not one emoji.")
)

// Check says whether s is exactly one emoji.
func Check(s string) error {
	if s == "" || len(s) > MaxBytes || !utf8.ValidString(s) || !one([]rune(s)) {
		return errEmoji.At("emoji", "must be a single emoji")
	}
	return nil
}

const (
	joiner     = 0x200D
	asEmoji    = 0xFE0F
	keycap     = 0x20E3
	tagStart   = 0xE0020
	tagEnd     = 0xE007F
	firstFlag  = 0x1F1E6
	lastFlag   = 0x1F1FF
	lightSkin  = 0x1F3FB
	darkSkin   = 0x1F3FF
	blackFlag  = 0x1F3F4
	minTagged  = 3
	keycapHead = "0123456789#*"
)

// one reads an emoji sequence as Unicode TS 51 writes it: flags, keycaps,
// tagged flags, and elements joined by zero width joiners.
func one(r []rune) bool {
	switch {
	case len(r) == 2 && flag(r[0]) && flag(r[1]):
		return true
	case r[len(r)-1] == keycap:
		head := r[:len(r)-1]
		if len(head) == 2 && head[1] == asEmoji {
			head = head[:1]
		}
		return len(head) == 1 && containsRune(keycapHead, head[0])
	case r[0] == blackFlag && len(r) >= minTagged && r[len(r)-1] == tagEnd:
		for _, t := range r[1:] {
			if t < tagStart || t > tagEnd {
				return false
			}
		}
		return true
	}
	for {
		n := element(r)
		if n == 0 {
			return false
		}
		if r = r[n:]; len(r) == 0 {
			return true
		}
		if r[0] != joiner {
			return false
		}
		r = r[1:]
	}
}

// element gives the length of one element at the start of r, or 0.
func element(r []rune) int {
	if len(r) == 0 || flag(r[0]) || !pictograph(r[0]) {
		return 0
	}
	n := 1
	if n < len(r) && (r[n] == asEmoji || r[n] >= lightSkin && r[n] <= darkSkin) {
		n++
	} else if r[0] < 0x2190 {
		return 0 // © and its kind are letters unless they are asked to be emoji
	}
	return n
}

func flag(r rune) bool { return r >= firstFlag && r <= lastFlag }

func containsRune(s string, r rune) bool {
	for _, x := range s {
		if x == r {
			return true
		}
	}
	return false
}

// pictograph says whether r can start an emoji. The blocks are taken whole:
// what a font does not know shows as a box, which hurts nobody.
func pictograph(r rune) bool {
	switch r {
	case 0xA9, 0xAE, 0x203C, 0x2049, 0x2122, 0x2139, 0x3030, 0x303D, 0x3297, 0x3299, 0x1F004, 0x1F0CF:
		return true
	}
	return r >= 0x2190 && r <= 0x21FF || r >= 0x231A && r <= 0x23FF || r >= 0x25AA && r <= 0x27BF ||
		r >= 0x2934 && r <= 0x2935 || r >= 0x2B05 && r <= 0x2B55 || r >= 0x1F170 && r <= 0x1F251 ||
		r >= 0x1F300 && r <= 0x1FAFF
}
