package dialect

import (
	"net/http"
	"strings"

	"watchparty/hub/wire"
)

// Kind is a dialect.
type Kind string

// The dialects, one for each of the original's consumers.
const (
	Interactive Kind = "interactive"
)

// dialects says how each is spoken.
var dialects = map[Kind]func(*Speaker){
	Interactive: (*Speaker).interactive,
}

// Target is what the name in a route names.
type Target string

// A party is named by its id or its room code.
const (
	ByParty Target = "party"
	ByRoom  Target = "voice room"
	ByShare Target = "share"
)

// Route is an address of the original.
type Route struct {
	Kind   Kind
	Target Target
	Name   string
	// Flat chooses, where two older clients differ, the words of the one whose
	// messages have no nesting.
	Flat bool
}

func (r Route) enveloped() bool { return false }

// ParseRoute finds the dialect of an address. A prefix /ws may come twice, for
// clients that put it before an address that has it already.
func ParseRoute(path string) (Route, bool) {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "/ws/ws/"), "/ws/")
	p := strings.Split(strings.TrimSuffix(path, "/"), "/")
	switch {
	case len(p) == 2 && p[0] == "interactive":
		return Route{Kind: Interactive, Target: ByParty, Name: p[1]}, p[1] != ""
	case len(p) == 3 && p[0] == "voice-chat" && p[1] == "room":
		return Route{Kind: Interactive, Target: ByRoom, Name: p[2]}, p[2] != ""
	case len(p) == 2 && p[0] == "screen-share":
		return Route{Kind: Interactive, Target: ByShare, Name: p[1]}, p[1] != ""
	}
	return Route{}, false
}

// The original's codes of a connection's end. Which of them a client comes back
// after is its own affair.
var (
	endFailure  = End{4000, "failure"}
	endNoAccess = End{4003, "no_access"}
	endRemoved  = End{4008, "removed"}
	endOver     = End{4010, "party_over"}
	endAway     = End{1001, "come_back"}
	endBusy     = End{1013, "busy"}
	endLeft     = End{1000, "left"}
)

// EndFor translates a reason to close.
func EndFor(code int, word string) End {
	switch code {
	case wire.CloseProtocol.Code:
		return End{1003, word}
	case wire.CloseRate.Code:
		return End{4029, word}
	case wire.CloseBusy.Code:
		return End{1013, word}
	}
	if code >= 4200 && code < 4300 {
		return End{1001, word}
	}
	return End{code, word}
}

// endOf is the end of who is no longer in the room, by the code of party.closed.
func endOf(code string) End {
	switch code {
	case "kicked", "banned":
		return endRemoved
	case "ended", "deleted":
		return endOver
	case "left":
		return endLeft
	}
	return endAway
}

// endOfJoin is the end of who could not join. A party that is not there and one
// that is not for him end the same.
func endOfJoin(status int) End {
	switch {
	case status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests:
		return endBusy
	case status >= http.StatusInternalServerError:
		return endFailure
	}
	return endNoAccess
}
