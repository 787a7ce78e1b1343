package react

import "strings"

// names are the ten reactions that have a word, in the order of the picker.
var names = []struct{ name, emoji string }{
	{"laugh", "😂"}, {"love", "❤️"}, {"surprise", "😮"}, {"cry", "😢"}, {"angry", "😡"},
	{"thumbs_up", "👍"}, {"thumbs_down", "👎"}, {"fire", "🔥"}, {"clap", "👏"}, {"mind_blown", "🤯"},
}

// alike are emoji that other palettes offer for one of the ten.
var alike = map[string]string{"😠": "angry"}

// Named gives the emoji of a word, such as thumbs_up.
func Named(name string) (emoji string, ok bool) {
	for _, n := range names {
		if n.name == name {
			return n.emoji, true
		}
	}
	return "", false
}

// NameOf gives the word of an emoji, or nothing where it has none. With and
// without the selector that asks for colours it is the same emoji.
func NameOf(emoji string) string {
	for _, n := range names {
		if plain(n.emoji) == plain(emoji) {
			return n.name
		}
	}
	return alike[emoji]
}

func plain(emoji string) string { return strings.ReplaceAll(emoji, string(rune(asEmoji)), "") }

// Parse reads a reaction that is a word of the ten or an emoji.
func Parse(s string) (string, error) {
	if e, ok := Named(s); ok {
		return e, nil
	}
	return s, Check(s)
}
