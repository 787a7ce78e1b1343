package poll

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"watchparty/internal/id"
)

// Live is a poll with all that was answered. Counts always equals what a
// recount of Votes gives.
type Live struct {
	Poll
	Votes  map[id.User]Vote
	Counts map[string]int64
	Likes  map[id.Vote]map[id.User]bool // of written answers
}

// NewLive is a poll that nobody has answered.
func NewLive(p Poll) *Live {
	return &Live{Poll: p, Votes: map[id.User]Vote{}, Counts: map[string]int64{}, Likes: map[id.Vote]map[id.User]bool{}}
}

// Put takes an answer in the place of the person's earlier one; nil takes that
// one back. It does not ask whether the poll is open: that is Admit's.
func (l *Live) Put(u id.User, v *Vote) {
	var was *Vote
	if old, ok := l.Votes[u]; ok {
		was = &old
	}
	for s, n := range l.Difference(was, v) {
		if l.Counts[s] += n; l.Counts[s] == 0 {
			delete(l.Counts, s)
		}
	}
	if was != nil && (v == nil || v.ID != was.ID) {
		delete(l.Likes, was.ID)
	}
	if v == nil {
		delete(l.Votes, u)
		return
	}
	l.Votes[u] = *v
}

// Admit checks an answer of u before it is kept: the poll is open and the
// answer fits. A changed text is another answer, with its own likes; the same
// again keeps its name.
func (l *Live) Admit(u id.User, v Vote, now time.Time) (Vote, error) {
	if !l.OpenNow(now) {
		return v, ErrNotOpen
	}
	v, err := l.CleanVote(v)
	if err != nil {
		return v, err
	}
	v.ID, v.At = id.New[id.Vote](), now
	if old, ok := l.Votes[u]; ok && old.Text == v.Text {
		v.ID = old.ID
		v.Hidden = old.Hidden
	}
	return v, nil
}

// Recount counts all answers anew.
func (l *Live) Recount() map[string]int64 {
	out := map[string]int64{}
	for _, v := range l.Votes {
		for s, n := range l.Slots(v) {
			if n != 0 {
				out[s] += n
			}
		}
	}
	return out
}

// Answer finds a written answer.
func (l *Live) Answer(ref id.Vote) (id.User, Vote, bool) {
	for u, v := range l.Votes {
		if v.ID == ref && l.Kind == Text {
			return u, v, true
		}
	}
	return "", Vote{}, false
}

// Like turns u's like of a written answer on or off.
func (l *Live) Like(u id.User, ref id.Vote, on bool) {
	if !on {
		delete(l.Likes[ref], u)
		return
	}
	if l.Likes[ref] == nil {
		l.Likes[ref] = map[id.User]bool{}
	}
	l.Likes[ref][u] = true
}

// Hide shows or hides a written answer.
func (l *Live) Hide(ref id.Vote, hidden bool) {
	if u, v, ok := l.Answer(ref); ok {
		v.Hidden = hidden
		l.Votes[u] = v
	}
}

// MayLike says whether answers can be liked now.
func (l *Live) MayLike(ref id.Vote, now time.Time) error {
	if l.Kind != Text {
		return errNoAnswers
	}
	if !l.OpenNow(now) {
		return ErrNotOpen
	}
	if _, v, ok := l.Answer(ref); !ok || v.Hidden {
		return errNoAnswers.At("answer", "is not there")
	}
	return nil
}

// MayHide says whether an answer can be hidden or let.
func (l *Live) MayHide(ref id.Vote) error {
	if _, _, ok := l.Answer(ref); !ok {
		return errNoAnswers.At("answer", "is not there")
	}
	return nil
}

// Shows says whether somebody may see results now; before the end hosts
// see no more than others, except answers that they have to let.
func (l *Live) Shows(u id.User, host bool) bool {
	if l.Over() {
		return l.Visibility != Never || host
	}
	if l.State != Open {
		return false
	}
	if host && l.Moderated {
		return true // somebody has to read what is to be let
	}
	_, voted := l.Votes[u]
	return l.Visibility == Always || l.Visibility == Voted && voted
}

// Bounds of what results carry.
const (
	mostCloudWords = 60
	mostAnswers    = 100
	mostNames      = 60
)

// Results is what came out, so far or in the end.
type Results struct {
	Voters  int
	Counts  []int64 // by option, or by step of the scale from Min to Max
	Average float64 // of a rating
	Words   []Word
	Answers []Answer
	Who     [][]id.User // named polls: who picked what, as Counts; the first ones
	Right   []int
}

// Word is one word of a cloud.
type Word struct {
	Text string
	N    int64
}

// Answer is one written answer.
type Answer struct {
	ID     id.Vote
	Text   string
	By     id.User // empty when the poll is anonymous
	Likes  int
	Hidden bool
}

// Results counts up. Hidden answers are only for hosts.
func (l *Live) Results(host bool) Results {
	r := Results{Voters: len(l.Votes), Counts: []int64{}, Words: []Word{}, Answers: []Answer{}}
	switch l.Kind {
	case Text:
		r.Answers = l.answers(host)
	case Cloud:
		for w, n := range l.Counts {
			r.Words = append(r.Words, Word{w, n})
		}
		slices.SortFunc(r.Words, func(a, b Word) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Text, b.Text)) })
		r.Words = r.Words[:min(len(r.Words), mostCloudWords)]
	case Rating:
		sum := int64(0)
		for step := l.Min; step <= l.Max; step++ {
			n := l.Counts[slot(step)]
			r.Counts = append(r.Counts, n)
			sum += n * int64(step)
		}
		if r.Voters > 0 {
			r.Average = float64(sum) / float64(r.Voters)
		}
	default:
		for i := range l.Options {
			r.Counts = append(r.Counts, l.Counts[slot(i)])
		}
	}
	if l.Over() {
		r.Right = l.Right
	}
	if !l.Anonymous {
		r.Who = l.who(len(r.Counts))
	}
	return r
}

func (l *Live) answers(host bool) []Answer {
	out := []Answer{}
	for u, v := range l.Votes {
		if v.Hidden && !host {
			continue
		}
		a := Answer{ID: v.ID, Text: v.Text, By: u, Likes: len(l.Likes[v.ID]), Hidden: v.Hidden}
		if l.Anonymous {
			a.By = ""
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Answer) int { return cmp.Or(cmp.Compare(b.Likes, a.Likes), cmp.Compare(a.ID, b.ID)) })
	return out[:min(len(out), mostAnswers)]
}

// who lists voters by what they picked; of a ranking, by their first place.
func (l *Live) who(n int) [][]id.User {
	if n == 0 {
		return nil
	}
	out := make([][]id.User, n)
	for _, u := range slices.Sorted(maps.Keys(l.Votes)) {
		v := l.Votes[u]
		picks := v.Choices
		switch l.Kind {
		case Rating:
			picks = []int{v.Rating - l.Min}
		case Ranking:
			picks = picks[:1]
		}
		for _, i := range picks {
			if len(out[i]) < mostNames {
				out[i] = append(out[i], u)
			}
		}
	}
	return out
}

// Score is what somebody has earned with right answers.
type Score struct {
	User   id.User
	Points int
	Right  int
}

// points of a right answer: the same for all, and up to as much again for
// haste where there was a timer.
const points = 100

// earned is what an answer earns; of several right options any will do.
func (l *Live) earned(v Vote) int {
	if len(v.Choices) != 1 || !slices.Contains(l.Right, v.Choices[0]) {
		return 0
	}
	if l.Kind != Quiz || l.Timer <= 0 || l.OpenedAt == nil {
		return points
	}
	left := 1 - float64(v.At.Sub(*l.OpenedAt))/float64(l.Timer)
	return points + int(points*max(0, min(1, left)))
}

// Board adds up what people earned in polls that are over, the best first.
// Anonymous polls earn nothing: they would tell who voted what.
func Board(polls []*Live) []Score {
	sum := map[id.User]Score{}
	for _, l := range polls {
		if !l.Kind.Scored() || l.Anonymous || !l.Over() || len(l.Right) == 0 || l.Visibility == Never {
			continue
		}
		for u, v := range l.Votes {
			s := sum[u]
			s.User = u
			if n := l.earned(v); n > 0 {
				s.Points += n
				s.Right++
			}
			sum[u] = s
		}
	}
	out := slices.Collect(maps.Values(sum))
	slices.SortFunc(out, func(a, b Score) int { return cmp.Or(cmp.Compare(b.Points, a.Points), cmp.Compare(a.User, b.User)) })
	return out
}

// Settle shows a poll whose time is over as closed, also where no room was
// there to close it.
func (l *Live) Settle(now time.Time) {
	if l.State == Open && !l.OpenNow(now) {
		l.State, l.ClosedAt = Ended, l.ClosesAt
	}
}

// Label says in words what a slot of the counts stands for.
func (p Poll) Label(s string) string {
	i, err := strconv.Atoi(s)
	if err == nil && p.Kind != Cloud && p.Kind != Rating && i >= 0 && i < len(p.Options) {
		return p.Options[i]
	}
	return s
}

// Says tells an answer in words.
func (p Poll) Says(v Vote) string {
	switch p.Kind {
	case Rating:
		return slot(v.Rating)
	case Text:
		return v.Text
	case Cloud:
		return strings.Join(v.Words, ", ")
	}
	names := make([]string, len(v.Choices))
	for i, c := range v.Choices {
		names[i] = p.Options[c]
	}
	if p.Kind == Ranking {
		return strings.Join(names, " > ")
	}
	return strings.Join(names, ", ")
}
