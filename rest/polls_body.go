package rest

import (
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/fault"
)

// PollBody is a new poll, in the words of the socket or in those of older
// clients.
type PollBody struct {
	Question string   `json:"question" minLength:"1" maxLength:"500" doc:"280 characters at most."`
	Kind     string   `json:"kind,omitempty" enum:"multiple_choice,yes_no,rating,text,ranking,quiz,prediction,word_cloud"`
	PollType string   `json:"poll_type,omitempty" enum:"multiple_choice,yes_no,rating,text,ranking,quiz,prediction,word_cloud" doc:"Another name of kind."`
	Type     string   `json:"type,omitempty" enum:"single,multiple" doc:"An older client's way to say max; its duration is in minutes."`
	Options  []string `json:"options,omitempty" maxItems:"10"`
	Min      int      `json:"min,omitempty"`
	Max      int      `json:"max,omitempty"`
	Low      *int     `json:"min_rating,omitempty" doc:"Another name of min."`
	High     *int     `json:"max_rating,omitempty" doc:"Another name of max."`
	Multiple bool     `json:"allows_multiple,omitempty" doc:"Any number of choices."`
	Right    []int    `json:"right,omitempty" maxItems:"10"`

	Visibility string `json:"visibility,omitempty" enum:"always,voted,closed,never"`
	Anonymous  bool   `json:"anonymous,omitempty"`
	Moderated  bool   `json:"moderated,omitempty"`

	FilmAt    *float64   `json:"film_at,omitempty" minimum:"0"`
	Video     *float64   `json:"video_timestamp,omitempty" minimum:"0" doc:"Another name of film_at."`
	Duration  *float64   `json:"duration,omitempty" minimum:"0" maximum:"86400" doc:"Seconds until it closes by itself."`
	ExpiresAt *wire.Time `json:"expires_at,omitempty" format:"date-time" doc:"When it closes, instead of duration."`

	Publish bool `json:"publish,omitempty"`
	Now     bool `json:"publish_immediately,omitempty" doc:"Another name of publish."`
}

// poll translates into the words of the socket.
func (b PollBody) poll(now time.Time) (wire.NewPoll, error) {
	n := wire.NewPoll{
		Kind: b.Kind, Question: b.Question, Options: b.Options, Min: b.Min, Max: b.Max, Right: b.Right, Visibility: b.Visibility,
		Anonymous: b.Anonymous, Moderated: b.Moderated, FilmAt: b.FilmAt, Publish: b.Publish || b.Now,
	}
	if n.Kind == "" {
		n.Kind = b.PollType
	}
	if n.Kind == "" {
		n.Kind = "multiple_choice"
	}
	if b.Low != nil && n.Kind == "rating" {
		n.Min = *b.Low
	}
	if b.High != nil && n.Kind == "rating" {
		n.Max = *b.High
	}
	if (b.Multiple || b.Type == "multiple") && n.Kind == "multiple_choice" && n.Max == 0 {
		n.Min, n.Max = 1, len(b.Options)
	}
	if n.FilmAt == nil {
		n.FilmAt = b.Video
	}
	switch {
	case b.Duration != nil && b.Type != "":
		n.Duration = *b.Duration * 60
	case b.Duration != nil:
		n.Duration = *b.Duration
	case b.ExpiresAt != nil:
		if n.Duration = time.Time(*b.ExpiresAt).Sub(now).Seconds(); n.Duration <= 0 {
			return n, fault.ErrInvalid.At("expires_at", "lies in the past")
		}
	}
	return n, nil
}

type pollMake struct {
	Party string `path:"party" maxLength:"64" doc:"Id or room code."`
	Key   string `header:"Idempotency-Key" maxLength:"64"`
	Body  PollBody
}

type pollMakeShort struct {
	Key  string `header:"Idempotency-Key" maxLength:"64"`
	Body struct {
		PartyID string `json:"party_id" maxLength:"64"`
		PollBody
	}
}

// voteBody is an answer, in the words of the socket or in those of older
// clients.
type voteBody struct {
	Choices []int    `json:"choices,omitempty" maxItems:"10" doc:"Options, counted from 0; a ranking names all, best first."`
	Option  *int     `json:"selected_option,omitempty" doc:"One option."`
	Index   *int     `json:"option_index,omitempty" doc:"Another name of selected_option."`
	Options []int    `json:"selected_options,omitempty" maxItems:"10" doc:"Another name of choices."`
	Rating  *int     `json:"rating,omitempty"`
	Value   *int     `json:"rating_value,omitempty" doc:"Another name of rating."`
	Text    string   `json:"text,omitempty" maxLength:"500"`
	Written string   `json:"text_response,omitempty" maxLength:"1000" doc:"Another name of text."`
	Words   []string `json:"words,omitempty" maxItems:"3"`
}

func (b voteBody) vote() wire.PollVote {
	v := wire.PollVote{Choices: b.Choices, Rating: b.Rating, Text: b.Text, Words: b.Words}
	if v.Choices == nil {
		v.Choices = b.Options
	}
	for _, one := range []*int{b.Option, b.Index} {
		if v.Choices == nil && one != nil {
			v.Choices = []int{*one}
		}
	}
	if v.Rating == nil {
		v.Rating = b.Value
	}
	if v.Text == "" {
		v.Text = b.Written
	}
	return v
}
