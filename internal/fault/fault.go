// Package fault is the one vocabulary of errors: a kind says what the caller
// can do about it, a code names it for programs, a sentence for people.
package fault

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// Kind says what the caller can do about a fault.
type Kind uint8

const (
	Internal        Kind = iota // ours to fix; never shown
	Invalid                     // change the input
	Unauthenticated             // sign in
	Forbidden                   // ask someone with the role
	NotFound                    // also: not yours to know about
	Conflict                    // reload and try again
	Stale                       // the version that was named is not the newest
	Gone                        // stop asking
	TooLarge                    // send less
	Unsupported                 // send another type
	TooMany                     // wait RetryAfter
	Unavailable                 // wait RetryAfter; nothing is wrong with the request
)

// Fault is an error that a client may read.
type Fault struct {
	Kind       Kind
	Code       string // stable, feature.reason
	Detail     string // one sentence for a person
	Fields     []Field
	RetryAfter time.Duration
	cause      error
}

// Field names one wrong input and what is wrong with it.
type Field struct {
	Name   string
	Detail string
}

var (
	mu       sync.Mutex
	declared []*Fault
)

// New declares a fault. Declare at package level: the declarations are the
// error table of the documentation.
func New(kind Kind, code, detail string) *Fault {
	f := &Fault{Kind: kind, Code: code, Detail: detail}
	mu.Lock()
	declared = append(declared, f)
	mu.Unlock()
	return f
}

// Declared lists every declared fault, by code.
func Declared() []*Fault {
	mu.Lock()
	defer mu.Unlock()
	all := slices.Clone(declared)
	slices.SortFunc(all, func(a, b *Fault) int {
		switch {
		case a.Code < b.Code:
			return -1
		case a.Code > b.Code:
			return 1
		}
		return 0
	})
	return all
}

func (f *Fault) Error() string {
	if f.cause != nil {
		return f.Code + ": " + f.cause.Error()
	}
	return f.Code + ": " + f.Detail
}

func (f *Fault) Unwrap() error { return f.cause }

// Is matches by code, so a decorated copy still equals its declaration.
func (f *Fault) Is(target error) bool {
	t, ok := target.(*Fault)
	return ok && t.Code == f.Code
}

// At returns a copy that also names a wrong field.
func (f *Fault) At(field, detail string) *Fault {
	c := *f
	c.Fields = append(slices.Clone(f.Fields), Field{field, detail})
	return &c
}

// After returns a copy that says when to come back.
func (f *Fault) After(d time.Duration) *Fault {
	c := *f
	c.RetryAfter = d
	return &c
}

// Because returns a copy that carries its cause for the log.
func (f *Fault) Because(err error) *Fault {
	c := *f
	c.cause = err
	return &c
}

// Saying returns a copy with another sentence.
func (f *Fault) Saying(detail string) *Fault {
	c := *f
	c.Detail = detail
	return &c
}

// Faults of no particular feature.
var (
	ErrInternal        = New(Internal, "internal", "Something went wrong on our side.")
	ErrInvalid         = New(Invalid, "input.invalid", "Some of the input is not right.")
	ErrUnauthenticated = New(Unauthenticated, "not_authenticated", "Sign in first.")
	ErrForbidden       = New(Forbidden, "access.forbidden", "You are not allowed to do that here.")
	ErrNotFound        = New(NotFound, "not_found", "There is nothing here that you can see.")
	ErrConflict        = New(Conflict, "conflict", "Somebody was faster; reload and try again.")
	ErrStale           = New(Stale, "version.stale", "This was changed since you loaded it.")
	ErrTooLarge        = New(TooLarge, "input.too_large", "That is more than we take in one piece.")
	ErrUnsupported     = New(Unsupported, "input.unsupported", "Send JSON.")
	ErrTooMany         = New(TooMany, "rate_limited", "That was too fast; wait a moment.")
	ErrUnavailable     = New(Unavailable, "unavailable", "A part we need is away; try again soon.")
)

// Of finds the fault in err, or hides err behind the internal one.
func Of(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return ErrInternal.Because(err)
}
