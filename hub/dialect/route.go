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
	Interactive   Kind = "interactive"
	Party         Kind = "party"
	Lobby         Kind = "lobby"
	Sync          Kind = "sync"
	Enhanced      Kind = "enhanced"
	Chat          Kind = "chat"
	Notifications Kind = "notifications"
)

// dialects says how each is spoken.
var dialects = map[Kind]func(*Speaker){
	Interactive:   (*Speaker).interactive,
	Party:         (*Speaker).partyRoute,
	Lobby:         (*Speaker).lobbyRoute,
	Sync:          (*Speaker).syncRoute,
	Enhanced:      (*Speaker).enhanced,
	Chat:          (*Speaker).chatRoute,
	Notifications: (*Speaker).notifications,
}

// Target is what the name in a route names.
type Target string

// A party is named by its id or its room code.
const (
	ByParty Target = "party"
	ByRoom  Target = "voice room"
	ByShare Target = "share"
	// ByNobody is for what belongs to the person alone.
	ByNobody Target = ""
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

func (r Route) enveloped() bool { return r.Kind == Enhanced }

// ParseRoute finds the dialect of an address. A prefix /ws may come twice, for
// clients that put it before an address that has it already.
func ParseRoute(path string) (Route, bool) {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "/ws/ws/"), "/ws/")
	p := strings.Split(strings.TrimSuffix(path, "/"), "/")
	if len(p) == 1 && p[0] == "notifications" {
		return Route{Kind: Notifications}, true
	}
	for _, a := range addresses {
		if name, ok := a.fits(p); ok {
			return Route{Kind: a.kind, Target: a.target, Name: name}, true
		}
	}
	return Route{}, false
}

// address is a route with one name in it, which stands where words has *.
type address struct {
	words  []string
	kind   Kind
	target Target
}

var addresses = []address{
	{[]string{"interactive", "*"}, Interactive, ByParty},
	{[]string{"voice-chat", "room", "*"}, Interactive, ByRoom},
	{[]string{"screen-share", "*"}, Interactive, ByShare},
	{[]string{"party", "*"}, Party, ByParty},
	{[]string{"party", "*", "lobby"}, Lobby, ByParty},
	{[]string{"party", "*", "sync"}, Sync, ByParty},
	{[]string{"party", "*", "enhanced"}, Enhanced, ByParty},
	{[]string{"chat", "*"}, Chat, ByParty},
}

func (a address) fits(path []string) (name string, ok bool) {
	if len(path) != len(a.words) {
		return "", false
	}
	for i, w := range a.words {
		switch {
		case w == "*":
			name = path[i]
		case w != path[i]:
			return "", false
		}
	}
	return name, name != ""
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
