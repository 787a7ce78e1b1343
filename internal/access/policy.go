package access

// The actions of the program. Every REST operation and every frame names one;
// one that is not in rules stops the server from starting.
const (
	// Everybody's.
	SiteRead     Action = "site.read"
	AuthEnter    Action = "auth.enter"
	SessionUse   Action = "session.use"
	ProfileRead  Action = "profile.read"
	ProfileWrite Action = "profile.write"
	PasswordSet  Action = "password.set"
	AccountMake  Action = "account.make"

	// People.
	UserSearch  Action = "user.search"
	UserRead    Action = "user.read"
	FriendRead  Action = "friend.read"
	FriendWrite Action = "friend.write"
	UserBlock   Action = "user.block"

	// Parties.
	PartyList    Action = "party.list"
	PartyCreate  Action = "party.create"
	PartyPreview Action = "party.preview"
	PartyRead    Action = "party.read"
	PartyJoin    Action = "party.join"
	PartyEdit    Action = "party.edit"
	PartyDelete  Action = "party.delete"
	PartyStart   Action = "party.start"
	PartyEnd     Action = "party.end"
	InviteRead   Action = "invite.read"
	InviteWrite  Action = "invite.write"
	MemberRead   Action = "member.read"
	MemberAdmit  Action = "member.admit"
	MemberKick   Action = "member.kick"
	MemberBan    Action = "member.ban"
	MemberRole   Action = "member.role"
	HostHandOver Action = "host.hand_over"
	QueueRead    Action = "queue.read"
	QueueWrite   Action = "queue.write"
	MediaUpload  Action = "media.upload"
	MediaRead    Action = "media.read"

	// The live room.
	RoomPresence    Action = "room.presence"
	PlaybackControl Action = "playback.control"
	PlaybackAsk     Action = "playback.ask"
	PlaybackReport  Action = "playback.report"
	PlaybackForce   Action = "playback.force"
	ChatRead        Action = "chat.read"
	ChatWrite       Action = "chat.write"
	ChatModerate    Action = "chat.moderate"
	ReactSend       Action = "react.send"
	PollRead        Action = "poll.read"
	PollVote        Action = "poll.vote"
	PollWrite       Action = "poll.write"
	DrawRead        Action = "draw.read"
	DrawWrite       Action = "draw.write"
	DrawModerate    Action = "draw.moderate"
	VoiceUse        Action = "voice.use"
	VoiceRead       Action = "voice.read"
	VoiceModerate   Action = "voice.moderate"
	ReactRead       Action = "react.read"
	ReportRead      Action = "report.read"
	ConnectionUse   Action = "connection.use"
)

var rules = []Rule{
	{SiteRead, Anyone, None, "Read the public pages, the configuration of the client and the health of the server."},
	{AuthEnter, Anyone, None, "Register, sign in, refresh, reset a password, verify an address, enter as a guest."},
	{SessionUse, Guest, None, "Sign out, list and revoke one's sessions, get a socket ticket."},
	{ProfileRead, Guest, None, "Read one's own profile."},
	{ProfileWrite, Guest, None, "Change one's own profile."},
	{PasswordSet, User, None, "Change one's password."},
	{AccountMake, Guest, None, "Turn a guest into an account."},

	{UserSearch, User, None, "Find people by name."},
	{UserRead, User, None, "Read a person's public profile."},
	{FriendRead, User, None, "List one's friends and requests."},
	{FriendWrite, User, None, "Ask, accept, decline and end friendships."},
	{UserBlock, User, None, "Block and unblock people."},

	{PartyList, Anyone, None, "List the parties one may see."},
	{PartyCreate, User, None, "Create a party."},
	{PartyPreview, Anyone, None, "See what an invite link or a room code leads to."},
	{PartyRead, Anyone, None, "Read a party one may see."},
	{PartyJoin, Guest, None, "Join, leave, or knock at a party."},
	{PartyEdit, Guest, Host, "Change a party and its settings."},
	{PartyDelete, Guest, Host, "Delete a party."},
	{PartyStart, Guest, CoHost, "Start a party."},
	{PartyEnd, Guest, Host, "End a party."},
	{InviteRead, Guest, CoHost, "See the invite links of a party."},
	{InviteWrite, Guest, CoHost, "Make and revoke invite links."},
	{MemberRead, Guest, Viewer, "See who is in the party."},
	{MemberAdmit, Guest, CoHost, "Let people in who knock."},
	{MemberKick, Guest, CoHost, "Send somebody out."},
	{MemberBan, Guest, CoHost, "Ban somebody, and lift a ban."},
	{MemberRole, Guest, Host, "Change somebody's role."},
	{HostHandOver, Guest, Host, "Hand the party over."},
	{QueueRead, Guest, Viewer, "See the queue."},
	{QueueWrite, Guest, CoHost, "Add, order and remove items of the queue, choose what plays."},
	{MediaUpload, User, None, "Upload a film."},
	{MediaRead, Anyone, None, "Fetch a film by its unguessable address."},

	{ConnectionUse, Guest, None, "Keep a socket open: ping, join, leave."},
	{RoomPresence, Guest, Viewer, "Say whether one is ready, away or typing."},
	{PlaybackControl, Guest, Viewer, "Play, pause, seek, change speed. The party's control mode raises this."},
	{PlaybackAsk, Guest, Viewer, "Ask the hosts for a playback change."},
	{PlaybackReport, Guest, Viewer, "Report readiness, stalls and drift."},
	{PlaybackForce, Guest, CoHost, "Start now without waiting, answer requests for control."},
	{ChatRead, Guest, Viewer, "Read the chat."},
	{ChatWrite, Guest, Viewer, "Write in the chat, edit and delete one's own lines."},
	{ChatModerate, Guest, CoHost, "Delete others' lines, pin, set slow mode."},
	{ReactSend, Guest, Viewer, "Throw a reaction, and take one's own back."},
	{ReactRead, Guest, Viewer, "See what was thrown when, and the recap after the film."},
	{ReportRead, Guest, CoHost, "See who did what at the party. Admins of the site see it as well."},
	{PollRead, Guest, Viewer, "See polls, and their results when they are shown."},
	{PollVote, Guest, Viewer, "Answer polls, like written answers."},
	{PollWrite, Guest, CoHost, "Make, open, close and resolve polls, hide written answers."},
	{DrawRead, Guest, Viewer, "See what is drawn."},
	{DrawWrite, Guest, Viewer, "Draw over the film and take one's own marks back. The party's drawing mode decides who draws."},
	{VoiceRead, Guest, Viewer, "See the voice room, and the shared screens."},
	{VoiceUse, Guest, Viewer, "Join the voice room, speak, share a screen. The voice room's settings decide who may."},
	{VoiceModerate, Guest, CoHost, "Mute others, let them speak, send them out, set the voice room."},
	{DrawModerate, Guest, CoHost, "Say who may draw, and clear others' marks."},
}
