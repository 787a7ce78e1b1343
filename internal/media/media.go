// Package media knows films as files: what is one, how an upload grows, who
// may have how much, and what a link leads to. Its Folder keeps the bytes and
// its Service joins rules, folder and rows.
package media

import (
	"time"

	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Status is where an upload is in its life.
type Status string

// The statuses. Ready and Refused are final.
const (
	Uploading Status = "uploading"
	Ready     Status = "ready"
	Refused   Status = "refused"
)

// Film is one uploaded film. Its Offset is what the folder has of it.
type Film struct {
	ID        id.Media
	Owner     id.User
	Token     string // the secret part of its address
	Name      string // for the address: plain ASCII with an extension
	Title     string
	Size      int64
	Offset    int64
	Type      Type // empty until the first bytes told
	Status    Status
	Reason    string // code of the fault that it was refused with
	Duration  time.Duration
	Width     int
	Height    int
	CreatedAt time.Time
	TouchedAt time.Time // when it last grew, roughly
}

// URL is the address to watch a film at; empty until it is ready.
func (f Film) URL() string {
	if f.Status != Ready {
		return ""
	}
	return "/media/" + string(f.ID) + "/" + f.Token + "/" + f.Name
}

// Expires says when an unfinished upload is given up.
func (f Film) Expires() time.Time { return f.TouchedAt.Add(Patience) }

// Patience is how long an upload that does not grow is kept.
const Patience = 24 * time.Hour

// Quota bounds what one person may keep.
type Quota struct {
	Film  int64 // bytes of one film
	Bytes int64 // bytes in all
	Films int   // films in all
	Open  int   // unfinished uploads
}

// DefaultQuota is what a person may keep where the owner says nothing else.
var DefaultQuota = Quota{Film: 8 << 30, Bytes: 32 << 30, Films: 500, Open: 8}

// Usage is what a person keeps.
type Usage struct {
	Bytes int64
	Films int
	Open  int
}

// Fits says whether one more film of size bytes is within the quota.
func (q Quota) Fits(u Usage, size int64) error {
	switch {
	case u.Open >= q.Open:
		return ErrQuota.Saying("Finish or cancel your other uploads first.")
	case u.Films >= q.Films, size > q.Bytes-u.Bytes:
		return ErrQuota
	}
	return nil
}

// Faults of films. Those of addresses that are refused before any connection
// are netguard's.
var (
	ErrBadURL      = fault.New(fault.Invalid, "film.bad_url", "That is not the address of a film on the web.")
	ErrUnreachable = fault.New(fault.Invalid, "film.unreachable", "Nothing answers at that address.")
	ErrNotFilm     = fault.New(fault.Invalid, "film.not_a_film", "That is not a film we can play: MP4, MOV, WebM, Matroska, and HLS by its address.")
	ErrNotReady    = fault.New(fault.Conflict, "film.not_ready", "That film is still being uploaded.")
	ErrTooLarge    = fault.New(fault.TooLarge, "media.too_large", "That film is larger than this server takes.")
	ErrQuota       = fault.New(fault.TooLarge, "media.quota", "There is no room left for your films; delete one first.")
	ErrNoSpace     = fault.New(fault.Unavailable, "media.no_space", "The server's disk is full; what has arrived is kept, try again later.")
	ErrOffset      = fault.New(fault.Conflict, "media.offset", "The upload is at another place; ask where, and go on from there.")
	ErrBusy        = fault.New(fault.Conflict, "media.busy", "Another call is writing this upload.")
	ErrOver        = fault.New(fault.Gone, "media.refused", "This upload was refused; start another.")
	ErrCut         = fault.New(fault.Invalid, "media.cut", "The rest did not arrive; what has arrived is kept.")
)
