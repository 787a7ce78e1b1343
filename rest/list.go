package rest

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"watchparty/internal/fault"
)

// Answer is the output of an operation with a body.
type Answer[T any] struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body T
}

// answer shapes a body without a version.
func answer[T any](body T) *Answer[T] { return &Answer[T]{Body: body} }

// answerAt shapes a body with the version of what it shows.
func answerAt[T any](version int, body T) *Answer[T] {
	return &Answer[T]{ETag: etag(version), Body: body}
}

// None is the output of an operation without a body, and the input of one
// without parameters.
type None struct{}

// Done is what an action answers.
type Done struct {
	Success bool   `json:"success"`
	Message string `json:"message" doc:"One sentence for a person."`
}

func done(message string) *Answer[Done] { return answer(Done{true, message}) }

// Page is embedded by inputs of lists.
type Page struct {
	Number int `query:"page" minimum:"1" maximum:"10000" default:"1" doc:"From 1."`
	Size   int `query:"page_size" minimum:"1" maximum:"100" doc:"Items of a page; 20 when not given."`
	Max    int `query:"limit" minimum:"1" maximum:"100" doc:"Another name of page_size."`
}

// Limit is how many items the page holds.
func (p Page) Limit() int {
	switch {
	case p.Size > 0:
		return p.Size
	case p.Max > 0:
		return p.Max
	}
	return 20
}

// Offset is how many items come before the page.
func (p Page) Offset() int { return (max(p.Number, 1) - 1) * p.Limit() }

// List is one page of a list.
type List[T any] struct {
	Count    int     `json:"count" doc:"Of all pages."`
	Next     *string `json:"next" doc:"Address of the next page."`
	Previous *string `json:"previous" doc:"Address of the page before."`
	Results  []T     `json:"results"`
}

// listOf shapes one page. A page beyond the last is not found.
func listOf[T any](ctx context.Context, p Page, count int, items []T) (*Answer[List[T]], error) {
	if p.Offset() > 0 && p.Offset() >= count {
		return nil, fault.ErrNotFound
	}
	l := List[T]{Count: count, Results: items}
	if items == nil {
		l.Results = []T{}
	}
	if p.Offset()+len(items) < count {
		l.Next = pageURL(ctx, p.Number+1)
	}
	if p.Number > 1 {
		l.Previous = pageURL(ctx, p.Number-1)
	}
	return answer(l), nil
}

// pageURL is the address of this list's page n.
func pageURL(ctx context.Context, n int) *string {
	c := callOf(ctx)
	q := url.Values{}
	for k, v := range c.query {
		q[k] = v
	}
	q.Set("page", strconv.Itoa(n))
	s := c.base + c.path + "?" + q.Encode()
	return &s
}

// IfMatch is embedded by inputs of operations that edit.
type IfMatch struct {
	IfMatch string `header:"If-Match" doc:"The ETag of what is edited; 412 when it has changed since."`
}

// Version is the version that the caller saw; 0 when he did not say.
func (m IfMatch) Version() (int, error) {
	s := strings.TrimPrefix(strings.TrimSpace(m.IfMatch), "W/")
	if s == "" || s == "*" {
		return 0, nil
	}
	v, err := strconv.Atoi(strings.Trim(s, `"`))
	if err != nil || v < 1 {
		return 0, fault.ErrInvalid.At("If-Match", "Send the ETag as it came.")
	}
	return v, nil
}

func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }
