// Made by `make gen` from the Go tables; changes here are lost.

export const subprotocol = 'watchparty.v1';

export interface Ack {
	/** What the command made. */
	id?: string;
	/** Its place in the room's order. */
	seq?: number;
}

export interface AnswerAsk {
	ask: string;
	grant: boolean;
}

export interface AnswerHide {
	poll: string;
	answer: string;
	hidden: boolean;
}

export interface AnswerLike {
	poll: string;
	answer: string;
	on: boolean;
}

export interface Ask {
	op: 'play' | 'pause' | 'seek';
	position?: number;
}

export interface AskAnswered {
	ask: string;
	granted: boolean;
}

export interface Asked {
	/** Names the request. */
	ask: string;
	user: User;
	op: string;
	position: number;
}

export interface Closed {
	/** kicked, banned, ended, deleted, left, replaced. */
	code: string;
	reason: string;
}

export interface Deleted {
	message: string;
	by: string;
}

export interface Drain {
	/** Wait so long, then reconnect; drawn by lot so that not all come at once. */
	after_ms: number;
	resume: boolean;
}

export interface DrawBegin {
	/** The sender's name for the stroke. */
	stroke: string;
	tool: 'laser' | 'ink' | 'pen' | 'highlighter' | 'arrow' | 'rectangle' | 'ellipse';
	/** Fraction of the frame's width. */
	x: number;
	/** Fraction of the frame's height. */
	y: number;
	film_at: number;
	/** Seconds until it is gone after its end. 0: the tool's own, which is 4 for ink, and for all that lasts until it is cleared. */
	lasts?: number;
}

export interface DrawClear {
	/** Empty or mine: one's own. all, or the id of a person: only for hosts. */
	who?: string;
}

export interface DrawEnd {
	stroke: string;
}

export interface DrawGrant {
	user: string;
	on: boolean;
}

export interface DrawMode {
	/** presenter: hosts and co-hosts. asked: they, and whom they let. */
	mode: 'nobody' | 'presenter' | 'asked' | 'all';
}

export interface DrawPoints {
	stroke: string;
	/** Pairs of x and y, at most 64. Of an arrow, a rectangle and an ellipse the last one counts. */
	points: number[][];
}

export interface DrawPut {
	tool: 'pen' | 'highlighter' | 'arrow' | 'rectangle' | 'ellipse' | 'text' | 'pin';
	/** Pairs of x and y: one place of a text or a pin, two corners of a shape, at most 2000 of a line. */
	points: number[][];
	/** Of a text; of a pin, if it says something. */
	text?: string;
	film_at: number;
	/** Seconds until it is gone; 0: until it is cleared. */
	lasts?: number;
	/** The sender's name for it. */
	stroke?: string;
}

export interface DrawRules {
	mode: 'nobody' | 'presenter' | 'asked' | 'all';
	/** Whom the hosts let draw in mode asked. */
	granted: string[];
}

export interface DrawUndo {
	/** Which one; without it the newest. */
	mark?: string;
}

export interface Duration {
	item: string;
	seconds: number;
}

export interface Edit {
	message: string;
	text: string;
}

export interface EditPoll {
	poll: string;
	kind: 'multiple_choice' | 'yes_no' | 'rating' | 'text' | 'ranking' | 'quiz' | 'prediction' | 'word_cloud';
	question: string;
	/** 2 to 10 of 80 characters. */
	options?: string[];
	/** Fewest choices, or the low end of a rating. */
	min?: number;
	/** Most choices, or the high end of a rating. */
	max?: number;
	/** Right options of a quiz, counted from 0. */
	right?: number[];
	/** Who sees results before the end; never leaves them to the hosts. */
	visibility?: 'always' | 'voted' | 'closed' | 'never';
	/** Nobody learns who voted what, the hosts neither. */
	anonymous?: boolean;
	/** Written answers show once a host lets them. */
	moderated?: boolean;
	/** Seconds until it closes by itself; 0 is never. */
	duration?: number;
	/** Second of the film that it belongs to. */
	film_at?: number;
	/** Open at once; else it is a draft that only hosts see. */
	publish?: boolean;
}

export interface Edited {
	message: string;
	text: string;
	mentions: string[];
	edited_at: string;
}

export interface Failed {
	problem: Problem;
}

export interface Hello {
	/** Names this connection; party.join may bring it back after a cut. */
	session: string;
	/** Changes when the server's clock started anew. */
	boot: string;
	/** Seconds between the server's WebSocket pings. */
	heartbeat: number;
	user: User;
	/** Server milliseconds. */
	now: number;
}

export interface ICEServer {
	urls: string[];
	username: string;
	credential: string;
}

export interface Item {
	id: string;
	title: string;
	/** Where the film comes from. */
	kind: 'sample' | 'url' | 'hls' | 'upload';
	/** What the player loads. */
	url: string;
	/** Path of a still, or empty. */
	thumbnail: string;
	/** Seconds; 0 when not known yet. */
	duration: number;
	/** The upload it plays. */
	media_id?: string;
	added_by: string;
	/** Place in the queue, from 0. */
	position: number;
}

export interface Join {
	party: string;
	/** Session of the connection that was cut, when coming back. */
	session?: string;
	/** Epoch of the last welcome. */
	epoch?: string;
	/** Last seq that was seen. */
	seq?: number;
}

export interface Knock {
	member: string;
	user: User;
	message: string;
	at: string;
}

export interface Knocks {
	items: Knock[];
}

export interface Mark {
	id: string;
	by: string;
	/** The person's colour in this party. */
	color: number;
	tool: 'pen' | 'highlighter' | 'arrow' | 'rectangle' | 'ellipse' | 'text' | 'pin';
	/** Pairs of x and y, fractions of the film's frame with four digits. */
	points: number[][];
	text: string;
	/** Of a pin; else 0. */
	number: number;
	/** The film that it lies on. */
	item_id: string;
	film_at: number;
	/** Server milliseconds when it was finished. */
	at: number;
	/** Server milliseconds when it is gone; 0: when it is cleared. */
	until: number;
	/** The drawer's name for the stroke that it was; what was shown of that in flight gives way to it. */
	stroke?: string;
}

export interface MarksGone {
	marks: string[];
	by: string;
}

export interface Member {
	id: string;
	user: User;
	role: 'guest' | 'member' | 'co-host' | 'host';
	status: 'approved' | 'pending' | 'rejected' | 'left' | 'banned';
	/** Index of the person's colour, 0 to 11. */
	color: number;
	joined_at: string;
	is_online: boolean;
}

export interface MemberRemoved {
	user: User;
	by: string;
	banned: boolean;
}

export interface Message {
	id: string;
	/** The room's order. */
	seq: number;
	user: User;
	/** Role of the author when it was written. */
	role: string;
	color: number;
	type: 'text' | 'system';
	/** Plain text; empty when deleted. */
	text: string;
	/** Address of a picture that the line shows. */
	image?: string;
	reply_to: Quote | null;
	mentions: string[];
	/** Second of the film at which it was written. */
	film_at: number | null;
	/** The film of film_at. */
	item_id?: string;
	created_at: string;
	edited_at: string | null;
	deleted: boolean;
	/** The author's op id, so that he knows his own line. */
	op?: string;
}

export interface MessageRef {
	message: string;
}

export interface NewPoll {
	kind: 'multiple_choice' | 'yes_no' | 'rating' | 'text' | 'ranking' | 'quiz' | 'prediction' | 'word_cloud';
	question: string;
	/** 2 to 10 of 80 characters. */
	options?: string[];
	/** Fewest choices, or the low end of a rating. */
	min?: number;
	/** Most choices, or the high end of a rating. */
	max?: number;
	/** Right options of a quiz, counted from 0. */
	right?: number[];
	/** Who sees results before the end; never leaves them to the hosts. */
	visibility?: 'always' | 'voted' | 'closed' | 'never';
	/** Nobody learns who voted what, the hosts neither. */
	anonymous?: boolean;
	/** Written answers show once a host lets them. */
	moderated?: boolean;
	/** Seconds until it closes by itself; 0 is never. */
	duration?: number;
	/** Second of the film that it belongs to. */
	film_at?: number;
	/** Open at once; else it is a draft that only hosts see. */
	publish?: boolean;
}

export interface Party {
	id: string;
	/** Six characters that people can type. Empty for those who only see the card. */
	room_code: string;
	title: string;
	description: string;
	visibility: 'public' | 'friends' | 'private';
	status: 'scheduled' | 'live' | 'paused' | 'ended' | 'cancelled';
	host: User;
	max_participants: number;
	/** People who have a seat. */
	participant_count: number;
	is_full: boolean;
	require_approval: boolean;
	allow_chat: boolean;
	allow_reactions: boolean;
	allow_join_by_code: boolean;
	/** Nobody new gets in. */
	locked: boolean;
	/** A small room pauses for a member whose player stalls. */
	wait_for_slow: boolean;
	/** Who may play, pause and seek. With ask, others send a request to the hosts. */
	control: 'everyone' | 'hosts' | 'ask';
	/** Seconds between two chat lines of one person; 0 is off. */
	slow_mode_seconds: number;
	scheduled_start: string | null;
	started_at: string | null;
	ended_at: string | null;
	created_at: string;
	updated_at: string;
	/** For If-Match. */
	version: number;
	/** What plays or comes first. */
	video: Item | null;
	my_role: 'none' | 'guest' | 'member' | 'co-host' | 'host';
	my_status: 'none' | 'approved' | 'pending' | 'rejected' | 'left' | 'banned';
	can_join: boolean;
	can_edit: boolean;
}

export interface PartyRef {
	party: string;
	reason?: string;
}

export interface Pause {
	base: number;
	/** Second that the sender saw; taken when within 250 ms of the server's. */
	position: number;
}

export interface Pin {
	message: string;
}

export interface Ping {
	n: number;
	/** performance.now() at sending. */
	c1: number;
}

export interface Pinned {
	message: Message | null;
	by: string;
}

export interface Play {
	/** Seq of the vector that the sender saw. */
	base: number;
}

export interface PlayItem {
	item: string;
}

export interface Playback {
	vector: Vector;
	/** For whom a barrier or a stall waits. */
	waiting: Waiting[];
	/** Server milliseconds at which waiting ends; 0 when nobody is waited for. */
	deadline: number;
}

export interface Poll {
	id: string;
	by: string;
	kind: 'multiple_choice' | 'yes_no' | 'rating' | 'text' | 'ranking' | 'quiz' | 'prediction' | 'word_cloud';
	question: string;
	options: string[];
	min: number;
	max: number;
	right: number[];
	visibility: 'always' | 'voted' | 'closed' | 'never';
	anonymous: boolean;
	moderated: boolean;
	/** Seconds; 0 is without a timer. */
	duration: number;
	film_at: number | null;
	item_id?: string;
	state: 'draft' | 'open' | 'closed' | 'resolved';
	created_at: string;
	opened_at: string | null;
	closes_at: string | null;
	/** The same in server milliseconds, for the shared clock; 0 is never. */
	closes: number;
	closed_at: string | null;
	version: number;
}

export interface PollAnswer {
	id: string;
	text: string;
	/** Empty when the poll is anonymous. */
	by: string;
	likes: number;
	hidden: boolean;
}

export interface PollCard {
	poll: Poll;
	voters: number;
	/** Null while they are hidden. */
	results: PollResults | null;
	mine: PollMine | null;
}

export interface PollDrafts {
	items: Poll[];
}

export interface PollMine {
	poll: string;
	voted: boolean;
	choices: number[];
	rating: number;
	text: string;
	words: string[];
	/** Answers that one likes. */
	likes: string[];
}

export interface PollOver {
	card: PollCard;
	board: Score[];
}

export interface PollRef {
	poll: string;
}

export interface PollResults {
	/** By option; of a rating by step from min to max; of a ranking Borda's points. */
	counts: number[];
	/** Of a rating. */
	average: number;
	words: PollWord[];
	answers: PollAnswer[];
	/** Named polls only: the first 60 who picked each. */
	who?: string[][];
}

export interface PollTallies {
	items: PollTally[];
}

export interface PollTally {
	poll: string;
	voters: number;
	results: PollResults | null;
}

export interface PollVote {
	poll: string;
	/** Options, counted from 0; a ranking names all, best first. */
	choices?: number[];
	rating?: number;
	text?: string;
	words?: string[];
}

export interface PollWord {
	text: string;
	n: number;
}

export interface Pong {
	n: number;
	c1: number;
	/** Server milliseconds when the ping was read. */
	s2: number;
	/** Server milliseconds just before this was written. */
	s3: number;
	/** Smallest s2-c1 seen on this connection since the last pong: the best uplink sample. */
	u: number | null;
}

export interface Presence {
	user: User;
	role: 'guest' | 'member' | 'co-host' | 'host';
	color: number;
	/** Pressed 'I'm ready' in the lobby. */
	ready: boolean;
	/** What the person's player does; offline is a lost socket within its grace. */
	state: 'lobby' | 'watching' | 'loading' | 'catching_up' | 'away' | 'stepped_out' | 'offline';
	/** p95 distance from the timeline over the last 10 s, as reported. */
	drift_ms: number;
}

export interface PresenceDiff {
	joined: Presence[];
	changed: Presence[];
	left: string[];
	count: number;
}

export interface Problem {
	/** Path of the description of this problem. */
	type: string;
	title: string;
	status: number;
	/** Stable name of the fault. */
	code: string;
	/** One sentence for a person. */
	detail: string;
	/** The same sentence, for clients that read message. */
	message: string;
	/** Always false. */
	success: boolean;
	/** Field name to what is wrong with it. */
	errors?: Record<string, string[]>;
	/** Seconds to wait. */
	retry_after?: number;
	request_id?: string;
}

export interface Queue {
	items: Item[];
}

export interface Quote {
	id: string;
	user: User;
	/** First 140 characters; empty when deleted. */
	text: string;
}

export interface React {
	emoji: string;
	/** Fraction of the picture's width. */
	x: number;
	y: number;
	/** Second of film; where the room is when not given. */
	film_at?: number;
}

export interface Reaction {
	emoji: string;
	x: number;
	y: number;
	film_at: number;
	/** Empty when several people's were merged. */
	by: string;
	/** How many. */
	n: number;
}

export interface Reactions {
	items: Reaction[];
}

export interface Ready {
	/** Seq of the arming vector. */
	seq: number;
}

export interface Report {
	/** p95 of the last 10 s. */
	drift_ms: number;
	/** Bound of the clock's error. */
	error_ms: number;
	rtt_ms: number;
}

export interface ResolvePoll {
	poll: string;
	right: number[];
}

export interface RoleChanged {
	user: string;
	role: 'guest' | 'member' | 'co-host' | 'host';
	/** Empty when the room did it: succession of the host. */
	by: string;
}

export interface Score {
	user: User;
	points: number;
	/** How many answers were right. */
	right: number;
}

export interface Seek {
	base: number;
	position: number;
}

export interface Send {
	text: string;
	reply_to?: string;
	film_at?: number;
	/** Set by the server alone: a picture is sent with POST /api/chat/{party}/pictures/. */
	image?: string;
}

export interface SetPresence {
	ready?: boolean;
	state?: 'lobby' | 'watching' | 'loading' | 'catching_up' | 'away' | 'stepped_out';
}

export interface SetRate {
	base: number;
	rate: number;
}

export interface SetTyping {
	on: boolean;
}

export interface Share {
	share_id: string;
	/** The same. */
	id: string;
	user: User;
	party: string;
	title: string;
	share_type: 'screen' | 'window' | 'tab';
	resolution: string;
	frame_rate: number;
	/** The same. */
	fps: number;
	viewer_count: number;
	viewers_can_annotate: boolean;
	allow_remote_control: boolean;
	is_recording: boolean;
	is_active: boolean;
	/** Pictures flow. */
	live: boolean;
	quality: 'low' | 'medium' | 'high';
	audio_enabled: boolean;
	started_at: string;
	ended_at: string | null;
	/** Seconds; 0 while it runs. */
	share_duration: number;
}

export interface ShareList {
	shares: Share[];
}

export interface SharePublish {
	share: string;
	video: string;
	audio?: string;
}

export interface ShareRef {
	share: string;
}

export interface ShareStart {
	title?: string;
	share_type?: 'screen' | 'window' | 'tab';
	resolution?: string;
	frame_rate?: number;
	has_audio?: boolean;
	viewers_can_annotate?: boolean;
	allow_remote_control?: boolean;
	quality?: 'low' | 'medium' | 'high';
}

export interface ShareUpdate {
	share: string;
	title?: string;
	share_type?: 'screen' | 'window' | 'tab';
	resolution?: string;
	frame_rate?: number;
	has_audio?: boolean;
	viewers_can_annotate?: boolean;
	allow_remote_control?: boolean;
	quality?: 'low' | 'medium' | 'high';
	is_recording?: boolean;
}

export interface Stall {
	seq: number;
	stalled: boolean;
}

export interface StrokeDropped {
	s: number;
	by: string;
	stroke: string;
	reason: 'revoked' | 'cleared' | 'left' | 'failed';
}

export interface StrokePart {
	/** Names the stroke in this room. */
	s: number;
	by?: string;
	/** The drawer's name for it. */
	stroke?: string;
	tool?: string;
	color?: number;
	film_at?: number;
	/** Place of the first point in the stroke; a gap means that a frame was dropped. */
	i: number;
	/** x, y, x, y and so on, in ten-thousandths of the frame. */
	p: number[];
	/** It has ended, and is gone at this server millisecond. */
	until?: number;
}

export interface Strokes {
	items: StrokePart[];
}

export interface Typing {
	users: string[];
}

export interface User {
	id: string;
	/** Stable, unique handle. */
	username: string;
	/** What to show. */
	name: string;
	first_name: string;
	last_name: string;
	/** Path of the picture, or empty. */
	avatar: string;
	/** Came by a link, has no account. */
	is_guest: boolean;
}

export interface Vector {
	/** Grows by one per change; an older one is ignored. */
	seq: number;
	/** The film; empty when there is none. */
	item: string;
	/** Seconds of film. */
	p: number;
	/** Rate; 0 is paused. */
	v: number;
	/** Server milliseconds from which it holds; may lie ahead. */
	t: number;
	/** The chosen speed, kept while paused. */
	rate: number;
	/** A barrier: seek there, stay paused, send playback.ready. */
	arming: boolean;
	/** Whether it plays, or will after the barrier. */
	plays: boolean;
	by: string;
	why: 'play' | 'pause' | 'seek' | 'rate' | 'item' | 'start' | 'stall' | 'undo' | 'end' | 'restore';
	/** Where the film was before this change, in seconds: what undo returns to. */
	from: number;
}

export interface VoiceAnswer {
	sdp: string;
	/** Of this connection; a later join replaces it. */
	epoch: number;
	ice_servers: ICEServer[];
}

export interface VoiceGone {
	/** After lost a client joins again by itself. */
	reason: 'replaced' | 'removed' | 'lost' | 'closed';
}

export interface VoiceJoin {
	/** Only clients offer; the server answers. */
	sdp: string;
	/** The line that sends the microphone, sendonly. */
	mic?: string;
	/** Lines that receive voices, recvonly: the slots, in order. */
	voice?: string[];
	/** Lines that receive a share. */
	views?: VoiceView[];
	muted?: boolean;
	deafened?: boolean;
}

export interface VoiceMember {
	user: string;
	epoch: number;
	/** Media flows. */
	connected: boolean;
	/** udp, tcp or relay; empty before. */
	path: string;
	/** By himself. */
	muted: boolean;
	/** By a host. */
	server_muted: boolean;
	may_speak: boolean;
	deafened: boolean;
	/** Server milliseconds when it was raised; 0: it is down. */
	hand: number;
	priority: boolean;
	joined_at: string;
}

export interface VoiceModerate {
	user: string;
	/** The server's mute. It never touches the person's own. */
	muted?: boolean;
	/** Lets somebody speak where that needs leave. */
	speak?: boolean;
	/** Only false: the hand is answered. */
	hand?: boolean;
	/** Is heard before others. */
	priority?: boolean;
	/** Sends him out of the voice room. */
	out?: boolean;
}

export interface VoiceOffer {
	/** Only clients offer; the server answers. */
	sdp: string;
	/** The line that sends the microphone, sendonly. */
	mic?: string;
	/** Lines that receive voices, recvonly: the slots, in order. */
	voice?: string[];
	/** Lines that receive a share. */
	views?: VoiceView[];
	share?: SharePublish;
	/** Of the connection that it changes, as the last answer gave it. */
	epoch?: number;
}

export interface VoicePrepared {
	/** Good for five minutes. */
	ice_servers: ICEServer[];
	settings: VoiceRules;
	/** How many lines for voices make sense. */
	last_n: number;
}

export interface VoiceRoom {
	/** Of the room. Who joined under another one joins again, at once. */
	epoch: number;
	settings: VoiceRules;
	/** Who came first is first. */
	members: VoiceMember[];
}

export interface VoiceRules {
	active: boolean;
	max_participants: number;
	require_permission: boolean;
	audio_quality: 'low' | 'medium' | 'high' | 'ultra';
	noise_cancellation: boolean;
	echo_cancellation: boolean;
	stage: boolean;
	last_n: number;
	shares: 'one' | 'several';
}

export interface VoiceSet {
	muted?: boolean;
	deafened?: boolean;
	/** Raised or not, to be let speak. */
	hand?: boolean;
}

export interface VoiceSettings {
	active?: boolean;
	max_participants?: number;
	require_permission?: boolean;
	audio_quality?: 'low' | 'medium' | 'high' | 'ultra';
	noise_cancellation?: boolean;
	echo_cancellation?: boolean;
	/** Hosts speak; others raise a hand. */
	stage?: boolean;
	/** So many of the loudest are forwarded; 0: all. */
	last_n?: number;
	/** How many may share a screen at once. */
	shares?: 'one' | 'several';
}

export interface VoiceSlots {
	/** Empty where a slot is. */
	slots: string[];
}

export interface VoiceSpeaking {
	users: string[];
}

export interface VoiceView {
	mid: string;
	/** Empty frees the line. */
	share?: string;
	/** How high the picture is shown at most, in pixels; 0 is not known. */
	max_height?: number;
}

export interface VoiceViews {
	views: VoiceView[];
}

export interface Waiting {
	user: string;
	/** Server milliseconds. */
	since: number;
}

export interface Welcome {
	mode: 'fresh' | 'resumed' | 'resync';
	epoch: string;
	/** Position of this snapshot; after resumed, where the replay ends. */
	seq: number;
	me: Member;
	party: Party;
	here: Presence[];
	/** People in the room; here may be shorter. */
	count: number;
	playback: Playback;
	queue: Item[];
	/** The last 50 lines, oldest first. */
	messages: Message[];
	pinned: Message | null;
	/** Only for those who may let people in. */
	knocks: Knock[];
	/** The oldest first; drafts only for hosts. */
	polls: PollCard[];
	/** What people earned with right answers, the best first. */
	board: Score[];
	/** What is drawn over the film and lasts, oldest first. */
	marks: Mark[];
	/** Who may draw. */
	draw: DrawRules;
	/** Missing where the server carries no voices. */
	voice?: VoiceRoom;
	/** Whose voice is in which slot. */
	slots: string[];
	speaking: string[];
	shares: Share[];
}

/** What clients send, by name. */
export interface ClientFrames {
	/** Deletes one's own line, or as a moderator anybody's. */
	'chat.delete': MessageRef;
	/** Changes one's own line. */
	'chat.edit': Edit;
	/** Pins a line, or unpins. */
	'chat.pin': Pin;
	/** Writes a line; acknowledged when committed. */
	'chat.send': Send;
	/** Says whether one types. */
	'chat.typing': SetTyping;
	/** Begins a stroke that the others see grow. */
	'draw.begin': DrawBegin;
	/** Takes one's own marks away; as a host one person's, or all. */
	'draw.clear': DrawClear;
	/** Ends it; acknowledged when committed. What laser and ink draw is not kept. */
	'draw.end': DrawEnd;
	/** Lets one person draw in mode asked, or no more. */
	'draw.grant': DrawGrant;
	/** Says who may draw. */
	'draw.mode': DrawMode;
	/** Adds points to it. */
	'draw.points': DrawPoints;
	/** Makes a mark at once; acknowledged when committed. */
	'draw.put': DrawPut;
	/** Takes one of one's own marks back. */
	'draw.undo': DrawUndo;
	/** Enters a party's room; answered by party.welcome. Who has no seat takes one by REST first. */
	'party.join': Join;
	/** Leaves the room; the seat stays. */
	'party.leave': Record<string, never>;
	/** Asks for the server's clock; answered by pong. */
	'ping': Ping;
	/** Grants or refuses such a request. */
	'playback.answer': AnswerAsk;
	/** Asks the hosts for a change. */
	'playback.ask': Ask;
	/** Tells a length that the server does not know; the host's word wins. */
	'playback.duration': Duration;
	/** Puts an item of the queue on. */
	'playback.item': PlayItem;
	/** Ends a barrier without waiting further. */
	'playback.now': Record<string, never>;
	/** Stops it for all on one frame. */
	'playback.pause': Pause;
	/** Starts the film for all. */
	'playback.play': Play;
	/** Changes the speed for all. */
	'playback.rate': SetRate;
	/** The sender's player stands at the barrier. */
	'playback.ready': Ready;
	/** The sender's measure of its sync, at most every 5 s. */
	'playback.report': Report;
	/** Moves it for all. */
	'playback.seek': Seek;
	/** The sender's player ran dry, or runs again. */
	'playback.stall': Stall;
	/** Takes the last change back, within 8 s. */
	'playback.undo': Record<string, never>;
	/** Ends the voting. */
	'poll.close': PollRef;
	/** Makes a poll, as a draft or open. */
	'poll.create': NewPoll;
	/** Forgets a draft. */
	'poll.delete': PollRef;
	/** Changes a draft. */
	'poll.edit': EditPoll;
	/** Hides a written answer, or shows it. */
	'poll.hide': AnswerHide;
	/** Likes a written answer, or no longer. */
	'poll.like': AnswerLike;
	/** Opens a draft. */
	'poll.publish': PollRef;
	/** Tells how a prediction came out. */
	'poll.resolve': ResolvePoll;
	/** Takes the own answer back. */
	'poll.retract': PollRef;
	/** Answers a poll, or changes the answer; acknowledged when committed. */
	'poll.vote': PollVote;
	/** Says what one does. */
	'presence.set': SetPresence;
	/** Throws a reaction; acknowledged when it is kept. */
	'react.send': React;
	/** Begins a share; acknowledged with its id when committed. */
	'share.start': ShareStart;
	/** Ends a share: one's own, or as a host anybody's. */
	'share.stop': ShareRef;
	/** Changes one's own share; acknowledged when committed. */
	'share.update': ShareUpdate;
	/** Joins the voice room with an offer; answered with voice.answer. */
	'voice.join': VoiceJoin;
	/** Leaves the voice room. */
	'voice.leave': Record<string, never>;
	/** Mutes somebody, lets him speak, sends him out. */
	'voice.moderate': VoiceModerate;
	/** Offers again on the same connection; answered with voice.answer. */
	'voice.offer': VoiceOffer;
	/** Asks for what is needed before an offer; answered with voice.prepared. */
	'voice.prepare': Record<string, never>;
	/** Mutes, deafens, raises a hand. */
	'voice.set': VoiceSet;
	/** Changes how the voice room works; acknowledged when committed. */
	'voice.settings': VoiceSettings;
	/** Says which share a line shows. */
	'voice.view': VoiceViews;
}

/** What the server sends, by name. */
export interface ServerFrames {
	/** The command in re is done. */
	'ack': Ack;
	/** A line is gone. */
	'chat.deleted': Deleted;
	/** A line has another text. */
	'chat.edited': Edited;
	/** A line. */
	'chat.message': Message;
	/** Another line is pinned, or none. */
	'chat.pinned': Pinned;
	/** Who types. */
	'chat.typers': Typing;
	/** A stroke in flight is void; to everybody. */
	'draw.dropped': StrokeDropped;
	/** Marks are taken away. */
	'draw.gone': MarksGone;
	/** A mark that lasts. */
	'draw.mark': Mark;
	/** Who may draw from now on. */
	'draw.settings': DrawRules;
	/** How the strokes in flight grew; the drawer gets his own as well. */
	'draw.strokes': Strokes;
	/** The frame in re was refused. */
	'error': Failed;
	/** First frame of a connection. */
	'hello': Hello;
	/** Somebody was sent out. */
	'member.removed': MemberRemoved;
	/** Somebody's role changed. */
	'member.role': RoleChanged;
	/** The host let one in; to every connection of the person. */
	'party.admitted': PartyRef;
	/** One is no longer in the room, and why. */
	'party.closed': Closed;
	/** Who waits at the door; to those who may let in. */
	'party.knocks': Knocks;
	/** The host did not let one in. */
	'party.refused': PartyRef;
	/** The party's card and settings, as its members see it; my_role, my_status, can_join and can_edit are empty here. */
	'party.state': Party;
	/** The room as it is now; answers party.join. */
	'party.welcome': Welcome;
	/** The answer, to the asker. */
	'playback.answered': AskAnswered;
	/** Somebody asks for a change; to the hosts. */
	'playback.asked': Asked;
	/** The shared clock; sent on change only. */
	'playback.state': Playback;
	/** A poll has ended, with its results where all may see them. */
	'poll.closed': PollOver;
	/** All drafts; to hosts. */
	'poll.drafts': PollDrafts;
	/** One's own answer, to all of one's connections. */
	'poll.mine': PollMine;
	/** A poll takes votes. */
	'poll.opened': Poll;
	/** A prediction came out. */
	'poll.resolved': PollOver;
	/** Results that are for hosts only. */
	'poll.result': PollCard;
	/** How the open polls stand, as far as one may see it. */
	'poll.tally': PollTallies;
	/** Answers ping. */
	'pong': Pong;
	/** Who came, went or changed. */
	'presence.diff': PresenceDiff;
	/** The whole queue. */
	'queue.state': Queue;
	/** Reactions of the last moment; the sender's own are not repeated to him. */
	'react.burst': Reactions;
	/** The server goes down; come back elsewhere. */
	'server.drain': Drain;
	/** The shares that run. */
	'share.list': ShareList;
	/** Answers voice.join and voice.offer. */
	'voice.answer': VoiceAnswer;
	/** One is not in the voice room any more. */
	'voice.gone': VoiceGone;
	/** Answers voice.prepare. */
	'voice.prepared': VoicePrepared;
	/** The voice room. */
	'voice.room': VoiceRoom;
	/** Whose voice is in which slot. */
	'voice.slots': VoiceSlots;
	/** Who speaks, as a whole, whenever that changes. */
	'voice.speaking': VoiceSpeaking;
}

/** Why a connection ends: 40xx do not return, 41xx return after a pause, 42xx return at once. */
export const closeReasons = {
	/** The server failed in a way that a retry will not mend. */
	failure: 4000,
	/** Not signed in, expired or revoked. */
	signed_out: 4001,
	/** The client does not speak the protocol. */
	protocol: 4002,
	/** Not allowed here. */
	no_access: 4003,
	/** Too many connections of this person; this was the oldest. */
	replaced: 4009,
	/** Kept sending too fast. */
	rate: 4100,
	/** The server takes no more connections now. */
	busy: 4101,
	/** Fell behind; come back and resume. */
	slow: 4200,
	/** The server goes down in good order. */
	drain: 4201,
	/** The room moved to another server. */
	moved: 4202,
	/** Signed in anew; come back with the new session. */
	renewed: 4203,
} as const;
