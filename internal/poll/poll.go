// Package poll is what a party votes on: the kinds of questions, who may see
// which results when, and the count. It does no I/O.
package poll

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Kind is what is asked for.
type Kind string

const (
	Choice     Kind = "multiple_choice"
	YesNo      Kind = "yes_no"
	Rating     Kind = "rating"
	Text       Kind = "text"
	Ranking    Kind = "ranking"
	Quiz       Kind = "quiz"
	Prediction Kind = "prediction"
	Cloud      Kind = "word_cloud"
)

// Visibility is who sees results before the end; after it everybody does,
// except with Never, which leaves them to the hosts.
type Visibility string

const (
	Always Visibility = "always"
	Voted  Visibility = "voted"
	Closed Visibility = "closed"
	Never  Visibility = "never"
)

// State is where a poll stands. Only a prediction is ever resolved.
type State string

const (
	Draft    State = "draft"
	Open     State = "open"
	Ended    State = "closed"
	Resolved State = "resolved"
)

// Bounds of a poll.
const (
	QuestionRunes = 280
	OptionRunes   = 80
	AnswerRunes   = 500
	WordRunes     = 30
	MostWords     = 3
	MostOptions   = 10
	WidestScale   = 10 // steps of a rating
	ShortestTimer = 10 * time.Second
	LongestTimer  = 24 * time.Hour
	// MostAtOnce is how many polls of a party may be open, and MostKept how many
	// it may have in all.
	MostAtOnce = 5
	MostKept   = 100
)

var (
	ErrNotOpen   = fault.New(fault.Conflict, "poll.not_open", "This poll takes no votes now.")
	ErrState     = fault.New(fault.Conflict, "poll.state", "That cannot be done with a poll that stands like this.")
	ErrTooMany   = fault.New(fault.Conflict, "poll.too_many", "This party has as many polls as it may have.")
	errInvalid   = fault.New(fault.Invalid, "poll.invalid", "The poll is not complete.")
	ErrVote      = fault.New(fault.Invalid, "poll.vote", "That is no answer to this poll.")
	errNoAnswers = fault.New(fault.Invalid, "poll.no_answers", "Only written answers can be liked or hidden.")
)

// Poll is a question to the party.
type Poll struct {
	ID         id.Poll
	Party      id.Party
	By         id.User
	Kind       Kind
	Question   string
	Options    []string
	Min, Max   int   // of choices to pick; of a rating, its ends
	Right      []int // quiz: from the start; prediction: once resolved
	Visibility Visibility
	Anonymous  bool // nobody learns who voted what, the hosts neither
	Moderated  bool // written answers show once a host lets them
	Timer      time.Duration
	FilmAt     *float64
	Item       id.Item
	State      State
	CreatedAt  time.Time
	OpenedAt   *time.Time
	ClosesAt   *time.Time
	ClosedAt   *time.Time
	Version    int
}

// picks says whether one picks from options.
func (k Kind) picks() bool {
	return k == Choice || k == YesNo || k == Quiz || k == Prediction
}

// Scored says whether right answers earn points.
func (k Kind) Scored() bool { return k == Quiz || k == Prediction }

// Clean fills in what was left out and says what is wrong.
func (p Poll) Clean() (Poll, error) {
	bad := errInvalid
	wrong := func(field, why string) { bad = bad.At(field, why) }
	p.Question = strings.TrimSpace(p.Question)
	if n := utf8.RuneCountInString(p.Question); n == 0 || n > QuestionRunes || !utf8.ValidString(p.Question) {
		wrong("question", "has to have 1 to 280 characters")
	}
	p.cleanOptions(wrong)
	p.cleanRange(wrong)
	p.cleanRight(wrong)
	switch p.Visibility {
	case "":
		p.Visibility = Always
		if p.Kind == Quiz {
			p.Visibility = Closed
		}
	case Always, Voted, Closed, Never:
	default:
		wrong("visibility", "is always, voted, closed or never")
	}
	if p.Kind == Quiz && (p.Visibility == Always || p.Visibility == Voted) {
		wrong("visibility", "of a quiz is closed or never: others could copy")
	}
	if p.Timer != 0 && (p.Timer < ShortestTimer || p.Timer > LongestTimer) {
		wrong("duration", "is 10 seconds to 24 hours, or 0 for none")
	}
	if p.FilmAt != nil && !(*p.FilmAt >= 0 && *p.FilmAt < 1e7) {
		wrong("film_at", "is a second of the film")
	}
	p.Moderated = p.Moderated && p.Kind == Text
	if len(bad.Fields) > 0 {
		return p, bad
	}
	return p, nil
}

func (p *Poll) cleanOptions(wrong func(field, why string)) {
	switch p.Kind {
	case YesNo:
		p.Options = []string{"Yes", "No"}
	case Choice, Quiz, Prediction, Ranking:
		p.Options = slices.Clone(p.Options)
		if len(p.Options) < 2 || len(p.Options) > MostOptions {
			wrong("options", "are 2 to 10")
			return
		}
		seen := map[string]bool{}
		for i, o := range p.Options {
			o = strings.TrimSpace(o)
			p.Options[i] = o
			if n := utf8.RuneCountInString(o); n == 0 || n > OptionRunes || !utf8.ValidString(o) {
				wrong("options", "have 1 to 80 characters each")
			}
			if seen[strings.ToLower(o)] {
				wrong("options", "have to differ")
			}
			seen[strings.ToLower(o)] = true
		}
	case Rating, Text, Cloud:
		p.Options = nil
	default:
		wrong("kind", "is not one of those that there are")
	}
}

func (p *Poll) cleanRange(wrong func(field, why string)) {
	switch p.Kind {
	case Choice:
		if p.Min == 0 && p.Max == 0 {
			p.Min, p.Max = 1, 1
		}
		p.Min = max(p.Min, 1)
		if p.Max == 0 {
			p.Max = max(p.Min, len(p.Options))
		}
		if p.Max < p.Min || p.Max > max(len(p.Options), 1) {
			wrong("max", "lies between min and the number of options")
		}
	case Rating:
		if p.Min == 0 && p.Max == 0 {
			p.Min, p.Max = 1, 5
		}
		if p.Min < 0 || p.Max <= p.Min || p.Max-p.Min > WidestScale {
			wrong("max", "is above min, by 10 at most")
		}
	case Ranking:
		p.Min, p.Max = len(p.Options), len(p.Options)
	case Cloud:
		p.Min, p.Max = 1, MostWords
	default:
		p.Min, p.Max = 1, 1
	}
}

func (p *Poll) cleanRight(wrong func(field, why string)) {
	if p.Kind != Quiz {
		if p.State != Resolved {
			p.Right = nil
		}
		return
	}
	p.Right = slices.Compact(slices.Sorted(slices.Values(p.Right)))
	if len(p.Right) == 0 || p.Right[0] < 0 || p.Right[len(p.Right)-1] >= len(p.Options) {
		wrong("right", "names at least one of the options, counted from 0")
	}
}

// OpenNow says whether a poll takes votes.
func (p Poll) OpenNow(now time.Time) bool {
	return p.State == Open && (p.ClosesAt == nil || now.Before(*p.ClosesAt))
}

// Over says whether it has had its end.
func (p Poll) Over() bool { return p.State == Ended || p.State == Resolved }

// Publish opens a draft.
func (p Poll) Publish(now time.Time) (Poll, error) {
	if p.State != Draft {
		return p, ErrState
	}
	p.State, p.OpenedAt = Open, &now
	if p.Timer > 0 {
		end := now.Add(p.Timer)
		p.ClosesAt = &end
	}
	p.Version++
	return p, nil
}

// Close ends the voting.
func (p Poll) Close(now time.Time) (Poll, error) {
	if p.State != Open {
		return p, ErrState
	}
	p.State, p.ClosedAt = Ended, &now
	p.Version++
	return p, nil
}

// Resolve tells how a prediction came out.
func (p Poll) Resolve(right []int) (Poll, error) {
	if p.Kind != Prediction || p.State != Ended {
		return p, ErrState
	}
	right = slices.Compact(slices.Sorted(slices.Values(right)))
	if len(right) == 0 || right[0] < 0 || right[len(right)-1] >= len(p.Options) {
		return p, errInvalid.At("right", "names at least one of the options, counted from 0")
	}
	p.State, p.Right = Resolved, right
	p.Version++
	return p, nil
}

// slot names what a vote counts for, in the table of counts.
func slot(i int) string { return strconv.Itoa(i) }
