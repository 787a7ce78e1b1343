package poll

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"watchparty/internal/id"
)

// Vote is one person's answer. What of it counts depends on the kind of poll.
type Vote struct {
	ID      id.Vote // names a written answer without naming its author
	Choices []int   // options, counted from 0; of a ranking all of them, best first
	Rating  int
	Text    string
	Words   []string
	Hidden  bool // a written answer that is not shown
	At      time.Time
}

// CleanVote brings an answer to the form that is kept, or says what is wrong.
// Parts that belong to other kinds of polls are refused, not ignored.
func (p Poll) CleanVote(v Vote) (Vote, error) {
	given := map[string]bool{
		"choices": len(v.Choices) > 0, "rating": v.Rating != 0, "text": v.Text != "", "words": len(v.Words) > 0,
	}
	wanted := map[Kind]string{Rating: "rating", Text: "text", Cloud: "words"}[p.Kind]
	if wanted == "" {
		wanted = "choices"
	}
	for field, is := range given {
		if is && field != wanted {
			return v, ErrVote.At(field, "does not belong to this kind of poll")
		}
	}
	switch wanted {
	case "rating":
		if v.Rating < p.Min || v.Rating > p.Max {
			return v, ErrVote.At("rating", "lies outside of the scale")
		}
	case "text":
		v.Text = strings.TrimSpace(v.Text)
		if n := utf8.RuneCountInString(v.Text); n == 0 || n > AnswerRunes || !utf8.ValidString(v.Text) {
			return v, ErrVote.At("text", "has 1 to 500 characters")
		}
		v.Hidden = p.Moderated
	case "words":
		return p.cleanWords(v)
	default:
		return p.cleanChoices(v)
	}
	return v, nil
}

func (p Poll) cleanChoices(v Vote) (Vote, error) {
	if len(v.Choices) > len(p.Options) {
		return v, ErrVote.At("choices", "are more than there are options")
	}
	seen := map[int]bool{}
	for _, c := range v.Choices {
		if c < 0 || c >= len(p.Options) {
			return v, ErrVote.At("choices", "names an option that there is not")
		}
		if seen[c] {
			return v, ErrVote.At("choices", "names an option twice")
		}
		seen[c] = true
	}
	switch n := len(v.Choices); {
	case p.Kind == Ranking && n != len(p.Options):
		return v, ErrVote.At("choices", "has to rank every option")
	case n < p.Min:
		return v, ErrVote.At("choices", "are fewer than asked for")
	case n > p.Max:
		return v, ErrVote.At("choices", "are more than asked for")
	}
	if p.Kind != Ranking {
		v.Choices = slices.Sorted(slices.Values(v.Choices))
	}
	return v, nil
}

func (p Poll) cleanWords(v Vote) (Vote, error) {
	var words []string
	if len(v.Words) > MostWords {
		return v, ErrVote.At("words", "are 1 to 3")
	}
	for _, w := range v.Words {
		whole := utf8.ValidString(w) // lower case would hide what is not
		w = strings.Join(strings.Fields(strings.ToLower(w)), " ")
		if n := utf8.RuneCountInString(w); n == 0 || n > WordRunes || !whole {
			return v, ErrVote.At("words", "have 1 to 30 characters each")
		}
		if slices.Contains(words, w) {
			return v, ErrVote.At("words", "have to differ")
		}
		words = append(words, w)
	}
	if len(words) == 0 {
		return v, ErrVote.At("words", "are 1 to 3")
	}
	v.Words = words
	return v, nil
}

// Slots says what an answer adds to the counts: one for each option that is
// picked, for the step of the scale, for each word; for a ranking the points of
// Borda's count, from 0 for the last place upwards.
func (p Poll) Slots(v Vote) map[string]int64 {
	out := map[string]int64{}
	switch p.Kind {
	case Rating:
		out[slot(v.Rating)] = 1
	case Text:
	case Cloud:
		for _, w := range v.Words {
			out[w] = 1
		}
	case Ranking:
		for place, c := range v.Choices {
			out[slot(c)] = int64(len(v.Choices) - 1 - place)
		}
	default:
		for _, c := range v.Choices {
			out[slot(c)] = 1
		}
	}
	return out
}

// Difference is what changes in the counts when an answer takes the place of
// another; either may be missing. What stays as it was is left out.
func (p Poll) Difference(was, is *Vote) map[string]int64 {
	out := map[string]int64{}
	if is != nil {
		out = p.Slots(*is)
	}
	if was != nil {
		for s, n := range p.Slots(*was) {
			out[s] -= n
		}
	}
	for s, n := range out {
		if n == 0 {
			delete(out, s)
		}
	}
	return out
}

// Ballot is an answer on its way into the box; without a Vote the person takes
// the earlier one back.
type Ballot struct {
	Poll id.Poll
	User id.User
	Vote *Vote
}
