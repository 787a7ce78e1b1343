package wire

import (
	"time"

	"watchparty/internal/id"
)

// Time is a moment on the wire: RFC 3339, UTC, milliseconds.
type Time time.Time

// MarshalJSON writes the one form of time that the wire knows.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format(`"2006-01-02T15:04:05.000Z07:00"`)), nil
}

// UnmarshalJSON reads any RFC 3339 time.
func (t *Time) UnmarshalJSON(b []byte) error {
	v, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(b))
	*t = Time(v.UTC())
	return err
}

// When turns a moment that may be missing into its wire form.
func When(t *time.Time) *Time {
	if t == nil {
		return nil
	}
	w := Time(*t)
	return &w
}

// User is a person as others may see him.
type User struct {
	ID        id.User `json:"id" format:"uuid"`
	Username  string  `json:"username" doc:"Stable, unique handle."`
	Name      string  `json:"name" doc:"What to show."`
	FirstName string  `json:"first_name"`
	LastName  string  `json:"last_name"`
	Avatar    string  `json:"avatar" doc:"Path of the picture, or empty."`
	IsGuest   bool    `json:"is_guest" doc:"Came by a link, has no account."`
}

// Item is one film of a party's queue.
type Item struct {
	ID        id.Item  `json:"id" format:"uuid"`
	Title     string   `json:"title"`
	Kind      string   `json:"kind" enum:"sample,url,hls,upload" doc:"Where the film comes from."`
	URL       string   `json:"url" doc:"What the player loads."`
	Thumbnail string   `json:"thumbnail" doc:"Path of a still, or empty."`
	Duration  float64  `json:"duration" doc:"Seconds; 0 when not known yet."`
	MediaID   id.Media `json:"media_id,omitempty" doc:"The upload it plays."`
	AddedBy   id.User  `json:"added_by" format:"uuid"`
	Position  int      `json:"position" doc:"Place in the queue, from 0."`
}

// Party is a party as somebody who may see it sees it.
type Party struct {
	ID               id.Party `json:"id" format:"uuid"`
	RoomCode         string   `json:"room_code" doc:"Six characters that people can type. Empty for those who only see the card."`
	Title            string   `json:"title"`
	Description      string   `json:"description"`
	Visibility       string   `json:"visibility" enum:"public,friends,private"`
	Status           string   `json:"status" enum:"scheduled,live,paused,ended,cancelled"`
	Host             User     `json:"host"`
	MaxParticipants  int      `json:"max_participants"`
	ParticipantCount int      `json:"participant_count" doc:"People who have a seat."`
	IsFull           bool     `json:"is_full"`
	RequireApproval  bool     `json:"require_approval"`
	AllowChat        bool     `json:"allow_chat"`
	AllowReactions   bool     `json:"allow_reactions"`
	AllowJoinByCode  bool     `json:"allow_join_by_code"`
	Locked           bool     `json:"locked" doc:"Nobody new gets in."`
	WaitForSlow      bool     `json:"wait_for_slow" doc:"A small room pauses for a member whose player stalls."`
	Control          string   `json:"control" enum:"everyone,hosts,ask" doc:"Who may play, pause and seek. With ask, others send a request to the hosts."`
	SlowModeSeconds  int      `json:"slow_mode_seconds" doc:"Seconds between two chat lines of one person; 0 is off."`
	ScheduledStart   *Time    `json:"scheduled_start"`
	StartedAt        *Time    `json:"started_at"`
	EndedAt          *Time    `json:"ended_at"`
	CreatedAt        Time     `json:"created_at"`
	UpdatedAt        Time     `json:"updated_at"`
	Version          int      `json:"version" doc:"For If-Match."`
	Video            *Item    `json:"video" doc:"What plays or comes first."`
	MyRole           string   `json:"my_role" enum:"none,guest,member,co-host,host"`
	MyStatus         string   `json:"my_status" enum:"none,approved,pending,rejected,left,banned"`
	CanJoin          bool     `json:"can_join"`
	CanEdit          bool     `json:"can_edit"`
}

// Member is a person's place in a party.
type Member struct {
	ID       id.Member `json:"id" format:"uuid"`
	User     User      `json:"user"`
	Role     string    `json:"role" enum:"guest,member,co-host,host"`
	Status   string    `json:"status" enum:"approved,pending,rejected,left,banned"`
	Color    int       `json:"color" doc:"Index of the person's colour, 0 to 11."`
	JoinedAt Time      `json:"joined_at"`
	IsOnline bool      `json:"is_online"`
}

// Presence is a member who is in the room now.
type Presence struct {
	User    User    `json:"user"`
	Role    string  `json:"role" enum:"guest,member,co-host,host"`
	Color   int     `json:"color"`
	Ready   bool    `json:"ready" doc:"Pressed 'I'm ready' in the lobby."`
	State   string  `json:"state" enum:"lobby,watching,loading,catching_up,away,stepped_out,offline" doc:"What the person's player does; offline is a lost socket within its grace."`
	DriftMS float64 `json:"drift_ms" doc:"p95 distance from the timeline over the last 10 s, as reported."`
}

// Message is one chat line.
type Message struct {
	ID        id.Message `json:"id" format:"uuid"`
	Seq       int64      `json:"seq" doc:"The room's order."`
	User      User       `json:"user"`
	Role      string     `json:"role" doc:"Role of the author when it was written."`
	Color     int        `json:"color"`
	Type      string     `json:"type" enum:"text,system"`
	Text      string     `json:"text" doc:"Plain text; empty when deleted."`
	Image     string     `json:"image,omitempty" doc:"Address of a picture that the line shows."`
	ReplyTo   *Quote     `json:"reply_to"`
	Mentions  []id.User  `json:"mentions"`
	FilmAt    *float64   `json:"film_at" doc:"Second of the film at which it was written."`
	ItemID    id.Item    `json:"item_id,omitempty" doc:"The film of film_at."`
	CreatedAt Time       `json:"created_at"`
	EditedAt  *Time      `json:"edited_at"`
	Deleted   bool       `json:"deleted"`
	Op        string     `json:"op,omitempty" doc:"The author's op id, so that he knows his own line."`
}

// Quote is the line that a reply answers, as far as it is shown with it.
type Quote struct {
	ID   id.Message `json:"id" format:"uuid"`
	User User       `json:"user"`
	Text string     `json:"text" doc:"First 140 characters; empty when deleted."`
}

// Vector says where the film is: at server time t it is at p and moves with v.
// Before t the previous vector rules. pos(now) = clamp(p + v*max(0, now-t)/1000, 0, duration).
type Vector struct {
	Seq    uint64  `json:"seq" doc:"Grows by one per change; an older one is ignored."`
	Item   id.Item `json:"item" doc:"The film; empty when there is none."`
	P      float64 `json:"p" doc:"Seconds of film."`
	V      float64 `json:"v" doc:"Rate; 0 is paused."`
	T      float64 `json:"t" doc:"Server milliseconds from which it holds; may lie ahead."`
	Rate   float64 `json:"rate" doc:"The chosen speed, kept while paused."`
	Arming bool    `json:"arming" doc:"A barrier: seek there, stay paused, send playback.ready."`
	Plays  bool    `json:"plays" doc:"Whether it plays, or will after the barrier."`
	By     id.User `json:"by"`
	Why    string  `json:"why" enum:"play,pause,seek,rate,item,start,stall,undo,end,restore"`
	From   float64 `json:"from" doc:"Where the film was before this change, in seconds: what undo returns to."`
}

// Waiting is a member for whom the room waits.
type Waiting struct {
	User  id.User `json:"user"`
	Since float64 `json:"since" doc:"Server milliseconds."`
}

// Playback is the shared clock with all that is shown around it.
type Playback struct {
	Vector   Vector    `json:"vector"`
	Waiting  []Waiting `json:"waiting" doc:"For whom a barrier or a stall waits."`
	Deadline float64   `json:"deadline" doc:"Server milliseconds at which waiting ends; 0 when nobody is waited for."`
}

// Knock is somebody who asks to come in.
type Knock struct {
	Member  id.Member `json:"member" format:"uuid"`
	User    User      `json:"user"`
	Message string    `json:"message"`
	At      Time      `json:"at"`
}
