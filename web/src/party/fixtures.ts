/** A room as tests want it: real, with people and lines, never connected. */
import type { Message, Party, Presence, User } from '../lib/protocol/generated';
import { Room } from '../lib/room.svelte';

export const person = (id: string, name: string, more: Partial<User> = {}): User => ({
	id,
	username: name.toLowerCase(),
	name,
	first_name: name,
	last_name: '',
	avatar: '',
	is_guest: false,
	...more,
});

export const mara = person('u1', 'Mara');
export const jun = person('u2', 'Jun', { is_guest: true });

export const present = (user: User, more: Partial<Presence> = {}): Presence => ({
	user,
	role: 'member',
	color: 1,
	ready: false,
	state: 'watching',
	drift_ms: 0,
	...more,
});

let made = 0;

export const line = (user: User, text: string, more: Partial<Message> = {}): Message => ({
	id: `m${++made}`,
	seq: made,
	user,
	role: 'member',
	color: 0,
	type: 'text',
	text,
	reply_to: null,
	mentions: [],
	film_at: null,
	created_at: new Date(Date.UTC(2026, 10, 1, 20, 0, made)).toISOString(),
	edited_at: null,
	deleted: false,
	...more,
});

/** The room of a party that runs, seen by one of its people. */
export function room(me: User, role: Room['me']['role'], change: Partial<Party> = {}): Room {
	const r = new Room(`p${++made}`);
	const at = '2026-11-01T20:00:00.000Z';
	r.me = { id: 's1', user: me, role, status: 'approved', color: 0, joined_at: at, is_online: true };
	r.party = {
		id: r.id,
		room_code: 'K7N2FQ',
		title: 'Friday Film Club',
		description: '',
		visibility: 'private',
		status: 'live',
		host: mara,
		max_participants: 50,
		participant_count: 2,
		is_full: false,
		require_approval: false,
		allow_chat: true,
		allow_reactions: true,
		allow_join_by_code: true,
		locked: false,
		wait_for_slow: true,
		control: 'everyone',
		slow_mode_seconds: 0,
		scheduled_start: null,
		started_at: at,
		ended_at: null,
		created_at: at,
		updated_at: at,
		version: 1,
		video: null,
		my_role: role,
		my_status: 'approved',
		can_join: true,
		can_edit: false,
		...change,
	};
	r.here = [present(mara, { role: 'host' }), present(jun, { role: 'guest' })];
	r.count = 2;
	return r;
}
