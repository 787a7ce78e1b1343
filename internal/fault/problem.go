package fault

import (
	"math"
	"net/http"
)

// Problem is what a client reads: RFC 9457, plus the words old clients know.
type Problem struct {
	Type      string              `json:"type" doc:"Path of the description of this problem."`
	Title     string              `json:"title"`
	Status    int                 `json:"status"`
	Code      string              `json:"code" doc:"Stable name of the fault."`
	Detail    string              `json:"detail" doc:"One sentence for a person."`
	Message   string              `json:"message" doc:"The same sentence, for clients that read message."`
	Success   bool                `json:"success" doc:"Always false."`
	Errors    map[string][]string `json:"errors,omitempty" doc:"Field name to what is wrong with it."`
	Retry     int                 `json:"retry_after,omitempty" doc:"Seconds to wait."`
	RequestID string              `json:"request_id,omitempty"`
}

// Row is the HTTP face of a kind.
type Row struct {
	Status int
	Title  string
}

var table = [...]Row{
	Internal:        {http.StatusInternalServerError, "Internal error"},
	Invalid:         {http.StatusBadRequest, "Invalid input"},
	Unauthenticated: {http.StatusUnauthorized, "Sign in first"},
	Forbidden:       {http.StatusForbidden, "Not allowed"},
	NotFound:        {http.StatusNotFound, "Not found"},
	Conflict:        {http.StatusConflict, "Conflict"},
	Stale:           {http.StatusPreconditionFailed, "Changed meanwhile"},
	Gone:            {http.StatusGone, "Gone"},
	TooLarge:        {http.StatusRequestEntityTooLarge, "Too large"},
	Unsupported:     {http.StatusUnsupportedMediaType, "Unsupported type"},
	TooMany:         {http.StatusTooManyRequests, "Slow down"},
	Unavailable:     {http.StatusServiceUnavailable, "Try again soon"},
}

// RowOf gives the HTTP face of a kind.
func RowOf(k Kind) Row { return table[k] }

// ProblemOf is the only place where an error becomes something a client reads.
func ProblemOf(err error, requestID string) Problem {
	f := Of(err)
	row := table[f.Kind]
	p := Problem{
		Type: "/problems/" + f.Code, Title: row.Title, Status: row.Status, Code: f.Code,
		Detail: f.Detail, Message: f.Detail, RequestID: requestID,
		Retry: int(math.Ceil(f.RetryAfter.Seconds())),
	}
	for _, x := range f.Fields {
		if p.Errors == nil {
			p.Errors = map[string][]string{}
		}
		p.Errors[x.Name] = append(p.Errors[x.Name], x.Detail)
	}
	return p
}
