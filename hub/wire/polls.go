package wire

import (
	"time"

	"watchparty/internal/access"
	"watchparty/internal/id"
	"watchparty/internal/poll"
)

// What people vote on.
type (
	// NewPoll makes a poll. Fields that do not belong to its kind are left out.
	NewPoll struct {
		Kind       string   `json:"kind" enum:"multiple_choice,yes_no,rating,text,ranking,quiz,prediction,word_cloud"`
		Question   string   `json:"question" minLength:"1" maxLength:"280"`
		Options    []string `json:"options,omitempty" maxItems:"10" doc:"2 to 10 of 80 characters."`
		Min        int      `json:"min,omitempty" doc:"Fewest choices, or the low end of a rating."`
		Max        int      `json:"max,omitempty" doc:"Most choices, or the high end of a rating."`
		Right      []int    `json:"right,omitempty" maxItems:"10" doc:"Right options of a quiz, counted from 0."`
		Visibility string   `json:"visibility,omitempty" enum:"always,voted,closed,never" doc:"Who sees results before the end; never leaves them to the hosts."`
		Anonymous  bool     `json:"anonymous,omitempty" doc:"Nobody learns who voted what, the hosts neither."`
		Moderated  bool     `json:"moderated,omitempty" doc:"Written answers show once a host lets them."`
		Duration   float64  `json:"duration,omitempty" minimum:"0" maximum:"86400" doc:"Seconds until it closes by itself; 0 is never."`
		FilmAt     *float64 `json:"film_at,omitempty" minimum:"0" doc:"Second of the film that it belongs to."`
		Publish    bool     `json:"publish,omitempty" doc:"Open at once; else it is a draft that only hosts see."`
	}
	// EditPoll changes a draft.
	EditPoll struct {
		Poll id.Poll `json:"poll" format:"uuid"`
		NewPoll
	}
	// PollRef points at a poll.
	PollRef struct {
		Poll id.Poll `json:"poll" format:"uuid"`
	}
	// ResolvePoll tells how a prediction came out.
	ResolvePoll struct {
		Poll  id.Poll `json:"poll" format:"uuid"`
		Right []int   `json:"right" minItems:"1" maxItems:"10"`
	}
	// PollVote answers a poll; the same person's earlier answer is replaced.
	PollVote struct {
		Poll    id.Poll  `json:"poll" format:"uuid"`
		Choices []int    `json:"choices,omitempty" maxItems:"10" doc:"Options, counted from 0; a ranking names all, best first."`
		Rating  *int     `json:"rating,omitempty"`
		Text    string   `json:"text,omitempty" maxLength:"500"`
		Words   []string `json:"words,omitempty" maxItems:"3"`
	}
	// AnswerLike likes a written answer, or no longer.
	AnswerLike struct {
		Poll   id.Poll `json:"poll" format:"uuid"`
		Answer id.Vote `json:"answer" format:"uuid"`
		On     bool    `json:"on"`
	}
	// AnswerHide hides a written answer, or shows it.
	AnswerHide struct {
		Poll   id.Poll `json:"poll" format:"uuid"`
		Answer id.Vote `json:"answer" format:"uuid"`
		Hidden bool    `json:"hidden"`
	}
)

// What the party is told of them.
type (
	// Poll is a poll as everybody may see it. Right answers are only there when
	// it is over.
	Poll struct {
		ID         id.Poll  `json:"id" format:"uuid"`
		By         id.User  `json:"by" format:"uuid"`
		Kind       string   `json:"kind" enum:"multiple_choice,yes_no,rating,text,ranking,quiz,prediction,word_cloud"`
		Question   string   `json:"question"`
		Options    []string `json:"options"`
		Min        int      `json:"min"`
		Max        int      `json:"max"`
		Right      []int    `json:"right"`
		Visibility string   `json:"visibility" enum:"always,voted,closed,never"`
		Anonymous  bool     `json:"anonymous"`
		Moderated  bool     `json:"moderated"`
		Duration   float64  `json:"duration" doc:"Seconds; 0 is without a timer."`
		FilmAt     *float64 `json:"film_at"`
		ItemID     id.Item  `json:"item_id,omitempty"`
		State      string   `json:"state" enum:"draft,open,closed,resolved"`
		CreatedAt  Time     `json:"created_at"`
		OpenedAt   *Time    `json:"opened_at"`
		ClosesAt   *Time    `json:"closes_at"`
		Closes     float64  `json:"closes" doc:"The same in server milliseconds, for the shared clock; 0 is never."`
		ClosedAt   *Time    `json:"closed_at"`
		Version    int      `json:"version"`
	}
	// PollResults is what came out, so far or in the end.
	PollResults struct {
		Counts  []int64      `json:"counts" doc:"By option; of a rating by step from min to max; of a ranking Borda's points."`
		Average float64      `json:"average" doc:"Of a rating."`
		Words   []PollWord   `json:"words"`
		Answers []PollAnswer `json:"answers"`
		Who     [][]id.User  `json:"who,omitempty" doc:"Named polls only: the first 60 who picked each."`
	}
	// PollWord is a word of a cloud.
	PollWord struct {
		Text string `json:"text"`
		N    int64  `json:"n"`
	}
	// PollAnswer is a written answer.
	PollAnswer struct {
		ID     id.Vote `json:"id" format:"uuid"`
		Text   string  `json:"text"`
		By     id.User `json:"by" doc:"Empty when the poll is anonymous."`
		Likes  int     `json:"likes"`
		Hidden bool    `json:"hidden"`
	}
	// PollMine is one's own answer.
	PollMine struct {
		Poll    id.Poll   `json:"poll" format:"uuid"`
		Voted   bool      `json:"voted"`
		Choices []int     `json:"choices"`
		Rating  int       `json:"rating"`
		Text    string    `json:"text"`
		Words   []string  `json:"words"`
		Likes   []id.Vote `json:"likes" doc:"Answers that one likes."`
	}
	// PollCard is a poll with what one may know of it.
	PollCard struct {
		Poll    Poll         `json:"poll"`
		Voters  int          `json:"voters"`
		Results *PollResults `json:"results" doc:"Null while they are hidden."`
		Mine    *PollMine    `json:"mine"`
	}
	// PollTally is how an open poll stands.
	PollTally struct {
		Poll    id.Poll      `json:"poll" format:"uuid"`
		Voters  int          `json:"voters"`
		Results *PollResults `json:"results"`
	}
	// PollTallies holds all open polls; sent on change, at most 4 times a second.
	PollTallies struct {
		Items []PollTally `json:"items"`
	}
	// PollOver is a poll that has ended, with the score board after it.
	PollOver struct {
		Card  PollCard `json:"card"`
		Board []Score  `json:"board"`
	}
	// PollDrafts are the polls that wait; to hosts.
	PollDrafts struct {
		Items []Poll `json:"items"`
	}
	// Score is what somebody earned with right answers.
	Score struct {
		User   User `json:"user"`
		Points int  `json:"points"`
		Right  int  `json:"right" doc:"How many answers were right."`
	}
)

var (
	PollCreate  = up[NewPoll]("poll.create", access.PollWrite, "Makes a poll, as a draft or open.")
	PollEdit    = up[EditPoll]("poll.edit", access.PollWrite, "Changes a draft.")
	PollDelete  = up[PollRef]("poll.delete", access.PollWrite, "Forgets a draft.")
	PollPublish = up[PollRef]("poll.publish", access.PollWrite, "Opens a draft.")
	PollClose   = up[PollRef]("poll.close", access.PollWrite, "Ends the voting.")
	PollResolve = up[ResolvePoll]("poll.resolve", access.PollWrite, "Tells how a prediction came out.")
	PollCast    = up[PollVote]("poll.vote", access.PollVote, "Answers a poll, or changes the answer; acknowledged when committed.")
	PollRetract = up[PollRef]("poll.retract", access.PollVote, "Takes the own answer back.")
	PollLike    = up[AnswerLike]("poll.like", access.PollVote, "Likes a written answer, or no longer.")
	PollHide    = up[AnswerHide]("poll.hide", access.PollWrite, "Hides a written answer, or shows it.")

	PollOpened   = down[Poll]("poll.opened", Log, "A poll takes votes.")
	PollClosed   = down[PollOver]("poll.closed", Log, "A poll has ended, with its results where all may see them.")
	PollResolved = down[PollOver]("poll.resolved", Log, "A prediction came out.")
	PollTallied  = down[PollTallies]("poll.tally", State, "How the open polls stand, as far as one may see it.")
	PollMyVote   = down[PollMine]("poll.mine", Direct, "One's own answer, to all of one's connections.")
	PollResult   = down[PollCard]("poll.result", Direct, "Results that are for hosts only.")
	PollDrafted  = down[PollDrafts]("poll.drafts", Direct, "All drafts; to hosts.")
)

// PollOf shows a poll.
func PollOf(p poll.Poll) Poll {
	w := Poll{
		ID: p.ID, By: p.By, Kind: string(p.Kind), Question: p.Question, Options: p.Options, Min: p.Min, Max: p.Max,
		Right: []int{}, Visibility: string(p.Visibility), Anonymous: p.Anonymous, Moderated: p.Moderated,
		Duration: p.Timer.Seconds(), FilmAt: p.FilmAt, ItemID: p.Item, State: string(p.State), CreatedAt: Time(p.CreatedAt),
		OpenedAt: When(p.OpenedAt), ClosesAt: When(p.ClosesAt), ClosedAt: When(p.ClosedAt), Version: p.Version,
	}
	if w.Options == nil {
		w.Options = []string{}
	}
	if p.ClosesAt != nil {
		w.Closes = float64(p.ClosesAt.UnixMilli())
	}
	if p.Over() && p.Right != nil {
		w.Right = p.Right
	}
	return w
}

// DraftOf shows a poll to hosts, who know the right answers.
func DraftOf(p poll.Poll) Poll {
	w := PollOf(p)
	if p.Right != nil {
		w.Right = p.Right
	}
	return w
}

// ResultsOf shows results.
func ResultsOf(r poll.Results) *PollResults {
	w := &PollResults{Counts: r.Counts, Average: r.Average, Words: []PollWord{}, Answers: []PollAnswer{}, Who: r.Who}
	for _, x := range r.Words {
		w.Words = append(w.Words, PollWord(x))
	}
	for _, a := range r.Answers {
		w.Answers = append(w.Answers, PollAnswer(a))
	}
	return w
}

// MineOf shows u's own answer.
func MineOf(l *poll.Live, u id.User) *PollMine {
	m := &PollMine{Poll: l.ID, Choices: []int{}, Words: []string{}, Likes: []id.Vote{}}
	if v, ok := l.Votes[u]; ok {
		m.Voted, m.Rating, m.Text = true, v.Rating, v.Text
		m.Choices, m.Words = append(m.Choices, v.Choices...), append(m.Words, v.Words...)
	}
	for answer, likes := range l.Likes {
		if likes[u] {
			m.Likes = append(m.Likes, answer)
		}
	}
	return m
}

// CardOf shows a poll to u, with the results that u may see.
func CardOf(l *poll.Live, u id.User, host bool) PollCard {
	c := PollCard{Poll: PollOf(l.Poll), Voters: len(l.Votes), Mine: MineOf(l, u)}
	if host && l.State == poll.Draft {
		c.Poll = DraftOf(l.Poll)
	}
	if l.Shows(u, host) {
		c.Results = ResultsOf(l.Results(host))
	}
	return c
}

// PollFrom reads what was asked for.
func PollFrom(n NewPoll) poll.Poll {
	return poll.Poll{
		Kind: poll.Kind(n.Kind), Question: n.Question, Options: n.Options, Min: n.Min, Max: n.Max, Right: n.Right,
		Visibility: poll.Visibility(n.Visibility), Anonymous: n.Anonymous, Moderated: n.Moderated,
		Timer: time.Duration(n.Duration * float64(time.Second)), FilmAt: n.FilmAt,
	}
}
