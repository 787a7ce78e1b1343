package wire

import (
	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Empty is the data of a frame that says everything by its name.
type Empty struct{}

// The connection.
type (
	// Ping asks for the server's clock. Pongs skip every queue.
	Ping struct {
		N  int     `json:"n"`
		C1 float64 `json:"c1" doc:"performance.now() at sending."`
	}
	// Pong answers with the two server stamps.
	Pong struct {
		N  int      `json:"n"`
		C1 float64  `json:"c1"`
		S2 float64  `json:"s2" doc:"Server milliseconds when the ping was read."`
		S3 float64  `json:"s3" doc:"Server milliseconds just before this was written."`
		U  *float64 `json:"u" doc:"Smallest s2-c1 seen on this connection since the last pong: the best uplink sample."`
	}
	// Hello is the first frame of every connection.
	Hello struct {
		Session   string  `json:"session" doc:"Names this connection; party.join may bring it back after a cut."`
		Boot      string  `json:"boot" doc:"Changes when the server's clock started anew."`
		Heartbeat int     `json:"heartbeat" doc:"Seconds between the server's WebSocket pings."`
		User      User    `json:"user"`
		Now       float64 `json:"now" doc:"Server milliseconds."`
	}
	// Failed answers a frame that was refused.
	Failed struct {
		Problem fault.Problem `json:"problem"`
	}
	// Ack says that a command is done and, where it writes, committed.
	Ack struct {
		ID  string `json:"id,omitempty" doc:"What the command made."`
		Seq int64  `json:"seq,omitempty" doc:"Its place in the room's order."`
	}
	// Drain says that this server goes down in good order.
	Drain struct {
		AfterMS int  `json:"after_ms" doc:"Wait so long, then reconnect; drawn by lot so that not all come at once."`
		Resume  bool `json:"resume"`
	}
)

// Joining and leaving.
type (
	// Join enters a room, or comes back to it.
	Join struct {
		Party   id.Party `json:"party" format:"uuid"`
		Session string   `json:"session,omitempty" maxLength:"64" doc:"Session of the connection that was cut, when coming back."`
		Epoch   string   `json:"epoch,omitempty" maxLength:"64" doc:"Epoch of the last welcome."`
		Seq     int64    `json:"seq,omitempty" minimum:"0" doc:"Last seq that was seen."`
	}
	// Welcome is the room as it is now. After mode resumed the missed log frames
	// follow and messages is empty; after fresh or resync what was known is to
	// be replaced.
	Welcome struct {
		Mode     string     `json:"mode" enum:"fresh,resumed,resync"`
		Epoch    string     `json:"epoch"`
		Seq      int64      `json:"seq" doc:"Position of this snapshot; after resumed, where the replay ends."`
		Me       Member     `json:"me"`
		Party    Party      `json:"party"`
		Here     []Presence `json:"here"`
		Count    int        `json:"count" doc:"People in the room; here may be shorter."`
		Playback Playback   `json:"playback"`
		Queue    []Item     `json:"queue"`
		Messages []Message  `json:"messages" doc:"The last 50 lines, oldest first."`
		Pinned   *Message   `json:"pinned"`
		Knocks   []Knock    `json:"knocks" doc:"Only for those who may let people in."`
		Polls    []PollCard `json:"polls" doc:"The oldest first; drafts only for hosts."`
		Board    []Score    `json:"board" doc:"What people earned with right answers, the best first."`
		Marks    []Mark     `json:"marks" doc:"What is drawn over the film and lasts, oldest first."`
		Draw     DrawRules  `json:"draw" doc:"Who may draw."`
		Voice    *VoiceRoom `json:"voice,omitempty" doc:"Missing where the server carries no voices."`
		Slots    []id.User  `json:"slots" doc:"Whose voice is in which slot."`
		Speaking []id.User  `json:"speaking"`
		Shares   []Share    `json:"shares"`
	}
	// Closed says why one is no longer in the room.
	Closed struct {
		Code   string `json:"code" doc:"kicked, banned, ended, deleted, left, replaced."`
		Reason string `json:"reason"`
	}
	// PartyRef points at a party.
	PartyRef struct {
		Party  id.Party `json:"party" format:"uuid"`
		Reason string   `json:"reason,omitempty"`
	}
)

// Presence.
type (
	// SetPresence says what the sender does. A missing field stays as it was.
	SetPresence struct {
		Ready *bool   `json:"ready,omitempty"`
		State *string `json:"state,omitempty" enum:"lobby,watching,loading,catching_up,away,stepped_out"`
	}
	// PresenceDiff is what changed since the last one. Entries of joined and
	// changed replace those of the same user.
	PresenceDiff struct {
		Joined  []Presence `json:"joined"`
		Changed []Presence `json:"changed"`
		Left    []id.User  `json:"left"`
		Count   int        `json:"count"`
	}
	// RoleChanged says that somebody's role is another now.
	RoleChanged struct {
		User id.User `json:"user"`
		Role string  `json:"role" enum:"guest,member,co-host,host"`
		By   id.User `json:"by" doc:"Empty when the room did it: succession of the host."`
	}
	// MemberRemoved says that somebody was sent out.
	MemberRemoved struct {
		User   User    `json:"user"`
		By     id.User `json:"by"`
		Banned bool    `json:"banned"`
	}
)

// Playback. Only a person's gesture makes one of the commands.
type (
	// Play starts the film.
	Play struct {
		Base uint64 `json:"base" doc:"Seq of the vector that the sender saw."`
	}
	// Pause stops it for all on one frame.
	Pause struct {
		Base     uint64  `json:"base"`
		Position float64 `json:"position" minimum:"0" doc:"Second that the sender saw; taken when within 250 ms of the server's."`
	}
	// Seek moves the film; the room waits until the players are ready, 4 s at most.
	Seek struct {
		Base     uint64  `json:"base"`
		Position float64 `json:"position" minimum:"0"`
	}
	// SetRate changes the speed.
	SetRate struct {
		Base uint64  `json:"base"`
		Rate float64 `json:"rate" minimum:"0.25" maximum:"2"`
	}
	// PlayItem puts an item of the queue on.
	PlayItem struct {
		Item id.Item `json:"item" format:"uuid"`
	}
	// Ready says that the sender's player stands at the barrier with a second buffered.
	Ready struct {
		Seq uint64 `json:"seq" doc:"Seq of the arming vector."`
	}
	// Stall says that the sender's player has run dry, or runs again.
	Stall struct {
		Seq     uint64 `json:"seq"`
		Stalled bool   `json:"stalled"`
	}
	// Duration tells the length of a film whose length the server does not know.
	Duration struct {
		Item    id.Item `json:"item" format:"uuid"`
		Seconds float64 `json:"seconds" minimum:"0" maximum:"864000"`
	}
	// Report is the sender's own measure of how well it is in sync.
	Report struct {
		DriftMS float64 `json:"drift_ms" doc:"p95 of the last 10 s."`
		ErrorMS float64 `json:"error_ms" doc:"Bound of the clock's error."`
		RTTMS   float64 `json:"rtt_ms"`
	}
	// Ask asks the hosts for a change that the sender may not make.
	Ask struct {
		Op       string  `json:"op" enum:"play,pause,seek"`
		Position float64 `json:"position,omitempty" minimum:"0"`
	}
	// Asked shows such a request to the hosts.
	Asked struct {
		Ask      string  `json:"ask" doc:"Names the request."`
		User     User    `json:"user"`
		Op       string  `json:"op"`
		Position float64 `json:"position"`
	}
	// AnswerAsk grants or refuses it. Granted, the change is made in the asker's name.
	AnswerAsk struct {
		Ask   string `json:"ask" maxLength:"64"`
		Grant bool   `json:"grant"`
	}
	// AskAnswered tells the asker.
	AskAnswered struct {
		Ask     string `json:"ask"`
		Granted bool   `json:"granted"`
	}
)

// Chat.
type (
	// Send writes a line. With an op, the same again answers the first line's id.
	Send struct {
		Text    string     `json:"text" minLength:"1" maxLength:"2000"`
		ReplyTo id.Message `json:"reply_to,omitempty" format:"uuid"`
		FilmAt  *float64   `json:"film_at,omitempty" minimum:"0"`
		Image   string     `json:"image,omitempty" maxLength:"200" doc:"Set by the server alone: a picture is sent with POST /api/chat/{party}/pictures/."`
	}
	// Edit changes one's own line.
	Edit struct {
		Message id.Message `json:"message" format:"uuid"`
		Text    string     `json:"text" minLength:"1" maxLength:"2000"`
	}
	// MessageRef points at a line.
	MessageRef struct {
		Message id.Message `json:"message" format:"uuid"`
	}
	// Pin pins a line, or with an empty id unpins.
	Pin struct {
		Message id.Message `json:"message"`
	}
	// Edited replaces the text of a line.
	Edited struct {
		Message  id.Message `json:"message"`
		Text     string     `json:"text"`
		Mentions []id.User  `json:"mentions"`
		EditedAt Time       `json:"edited_at"`
	}
	// Deleted empties a line.
	Deleted struct {
		Message id.Message `json:"message"`
		By      id.User    `json:"by"`
	}
	// Pinned says which line is pinned now.
	Pinned struct {
		Message *Message `json:"message"`
		By      id.User  `json:"by"`
	}
	// SetTyping says whether the sender types.
	SetTyping struct {
		On bool `json:"on"`
	}
	// Typing lists who types; it holds for 5 s.
	Typing struct {
		Users []id.User `json:"users"`
	}
)

// Reactions.
type (
	// React throws an emoji onto the picture.
	React struct {
		Emoji  string   `json:"emoji" minLength:"1" maxLength:"32"`
		X      float64  `json:"x" minimum:"0" maximum:"1" doc:"Fraction of the picture's width."`
		Y      float64  `json:"y" minimum:"0" maximum:"1"`
		FilmAt *float64 `json:"film_at,omitempty" minimum:"0" maximum:"864000" doc:"Second of film; where the room is when not given."`
	}
	// Reaction is one emoji, or several of the same that were merged.
	Reaction struct {
		Emoji  string  `json:"emoji"`
		X      float64 `json:"x"`
		Y      float64 `json:"y"`
		FilmAt float64 `json:"film_at"`
		By     id.User `json:"by" doc:"Empty when several people's were merged."`
		N      int     `json:"n" doc:"How many."`
	}
	// Reactions are the reactions of the last 100 ms, or of longer while many are thrown.
	Reactions struct {
		Items []Reaction `json:"items"`
	}
)

// Queue is the queue as it is now.
type Queue struct {
	Items []Item `json:"items"`
}

// Knocks lists who waits at the door, for those who may let people in.
type Knocks struct {
	Items []Knock `json:"items"`
}

// What clients send.
var (
	PingUp      = up[Ping]("ping", access.ConnectionUse, "Asks for the server's clock; answered by pong.")
	PartyJoin   = up[Join]("party.join", access.ConnectionUse, "Enters a party's room; answered by party.welcome. Who has no seat takes one by REST first.")
	PartyLeave  = up[Empty]("party.leave", access.ConnectionUse, "Leaves the room; the seat stays.")
	PresenceSet = up[SetPresence]("presence.set", access.RoomPresence, "Says what one does.")

	PlaybackPlay     = up[Play]("playback.play", access.PlaybackControl, "Starts the film for all.")
	PlaybackPause    = up[Pause]("playback.pause", access.PlaybackControl, "Stops it for all on one frame.")
	PlaybackSeek     = up[Seek]("playback.seek", access.PlaybackControl, "Moves it for all.")
	PlaybackRate     = up[SetRate]("playback.rate", access.PlaybackControl, "Changes the speed for all.")
	PlaybackUndo     = up[Empty]("playback.undo", access.PlaybackControl, "Takes the last change back, within 8 s.")
	PlaybackItem     = up[PlayItem]("playback.item", access.QueueWrite, "Puts an item of the queue on.")
	PlaybackReady    = up[Ready]("playback.ready", access.PlaybackReport, "The sender's player stands at the barrier.")
	PlaybackStall    = up[Stall]("playback.stall", access.PlaybackReport, "The sender's player ran dry, or runs again.")
	PlaybackDuration = up[Duration]("playback.duration", access.PlaybackReport, "Tells a length that the server does not know; the host's word wins.")
	PlaybackReport   = up[Report]("playback.report", access.PlaybackReport, "The sender's measure of its sync, at most every 5 s.")
	PlaybackNow      = up[Empty]("playback.now", access.PlaybackForce, "Ends a barrier without waiting further.")
	PlaybackAsk      = up[Ask]("playback.ask", access.PlaybackAsk, "Asks the hosts for a change.")
	PlaybackAnswer   = up[AnswerAsk]("playback.answer", access.PlaybackForce, "Grants or refuses such a request.")

	ChatSend   = up[Send]("chat.send", access.ChatWrite, "Writes a line; acknowledged when committed.")
	ChatEdit   = up[Edit]("chat.edit", access.ChatWrite, "Changes one's own line.")
	ChatDelete = up[MessageRef]("chat.delete", access.ChatWrite, "Deletes one's own line, or as a moderator anybody's.")
	ChatPin    = up[Pin]("chat.pin", access.ChatModerate, "Pins a line, or unpins.")
	ChatTyping = up[SetTyping]("chat.typing", access.ChatWrite, "Says whether one types.")

	ReactSend = up[React]("react.send", access.ReactSend, "Throws a reaction; acknowledged when it is kept.")
)

// What the server sends.
var (
	HelloDown   = down[Hello]("hello", Direct, "First frame of a connection.")
	PongDown    = down[Pong]("pong", Direct, "Answers ping.")
	AckDown     = down[Ack]("ack", Direct, "The command in re is done.")
	ErrorDown   = down[Failed]("error", Direct, "The frame in re was refused.")
	ServerDrain = down[Drain]("server.drain", Direct, "The server goes down; come back elsewhere.")

	PartyWelcome  = down[Welcome]("party.welcome", Direct, "The room as it is now; answers party.join.")
	PartyClosed   = down[Closed]("party.closed", Direct, "One is no longer in the room, and why.")
	PartyState    = down[Party]("party.state", State, "The party's card and settings, as its members see it; my_role, my_status, can_join and can_edit are empty here.")
	PartyAdmitted = down[PartyRef]("party.admitted", Direct, "The host let one in; to every connection of the person.")
	PartyRefused  = down[PartyRef]("party.refused", Direct, "The host did not let one in.")
	PartyKnocks   = down[Knocks]("party.knocks", Direct, "Who waits at the door; to those who may let in.")

	PresenceChanged = down[PresenceDiff]("presence.diff", Arrival, "Who came, went or changed.")
	MemberRole      = down[RoleChanged]("member.role", Log, "Somebody's role changed.")
	MemberOut       = down[MemberRemoved]("member.removed", Log, "Somebody was sent out.")

	PlaybackState    = down[Playback]("playback.state", State, "The shared clock; sent on change only.")
	PlaybackAsked    = down[Asked]("playback.asked", Direct, "Somebody asks for a change; to the hosts.")
	PlaybackAnswered = down[AskAnswered]("playback.answered", Direct, "The answer, to the asker.")

	QueueState = down[Queue]("queue.state", State, "The whole queue.")

	ChatMessage = down[Message]("chat.message", Log, "A line.")
	ChatEdited  = down[Edited]("chat.edited", Log, "A line has another text.")
	ChatDeleted = down[Deleted]("chat.deleted", Log, "A line is gone.")
	ChatPinned  = down[Pinned]("chat.pinned", Log, "Another line is pinned, or none.")
	ChatTypers  = down[Typing]("chat.typers", Burst, "Who types.")

	ReactBurst = down[Reactions]("react.burst", Burst, "Reactions of the last moment; the sender's own are not repeated to him.")
)
