/** Calls to REST: same origin, cookies, problems as errors. */
import { newId } from '../ids';
import type { Item, Knock, Member, Message, Party, Playback, User } from '../protocol/generated';
import type { Role, Site } from '../permissions.generated';

export class ApiError extends Error {
	constructor(
		readonly status: number,
		readonly code: string,
		detail: string,
		readonly fields: Record<string, string[]> = {},
		readonly retryAfter = 0,
	) {
		super(detail);
	}

	/** What is wrong with one field, or nothing. */
	field(name: string): string | undefined {
		return this.fields[name]?.[0];
	}
}

export interface Me extends User {
	email: string | null;
	is_email_verified: boolean;
	role: Exclude<Site, 'anyone'>;
	date_joined: string;
}

export interface Page<T> {
	count: number;
	next: string | null;
	previous: string | null;
	results: T[];
}

export interface SessionRow {
	id: string;
	current: boolean;
	created_at: string;
	last_seen: string;
	user_agent: string;
	ip: string;
}

export interface Film {
	kind: 'sample' | 'url' | 'upload';
	url?: string;
	title?: string;
	media_id?: string;
}

export interface NewParty {
	title: string;
	description?: string;
	visibility?: Party['visibility'];
	max_participants?: number;
	require_approval?: boolean;
	control?: Party['control'];
	scheduled_start?: string;
	film?: Film;
}

export interface Joined {
	status: 'approved' | 'pending';
	already_member: boolean;
	member: Member;
	party: Party;
}

export interface Invite {
	id: string;
	code: string;
	url: string;
	expires_at: string | null;
	max_uses: number;
	uses: number;
	revoked: boolean;
}

export interface InvitePreview {
	party: Party;
	code: string;
	usable: boolean;
	reason: '' | 'expired' | 'revoked' | 'used_up' | 'ended' | 'full' | 'locked';
	needs_approval: boolean;
	me_status: string;
}

export interface Media {
	id: string;
	title: string;
	status: 'uploading' | 'ready' | 'refused';
	reason: string;
	size: number;
	offset: number;
	duration: number;
	url: string;
}

export interface SiteConfig {
	version: string;
	public_url: string;
	sample: { url: string; title: string; duration: number };
	limits: { upload_bytes: number; chat_length: number; party_max: number };
}

type Body = Record<string, unknown> | object;

const offline = () => new ApiError(0, 'offline', 'The server cannot be reached. Check your connection and try again.');

let refreshing: Promise<boolean> | undefined;

/**
 * Gets fresh cookies, once for all who ask at the same time. False: nobody is
 * signed in. Rejects when that could not be found out.
 */
export function refresh(): Promise<boolean> {
	refreshing ??= fetch('/api/auth/refresh/', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })
		.then(
			async (r) => {
				if (r.ok) return true;
				if (r.status < 500 && r.status !== 429) return false;
				throw await problem(r);
			},
			() => {
				throw offline();
			},
		)
		.finally(() => {
			refreshing = undefined;
		});
	return refreshing;
}

async function problem(res: Response): Promise<ApiError> {
	let p: { code?: string; detail?: string; errors?: Record<string, string[]>; retry_after?: number } = {};
	try {
		p = (await res.json()) as typeof p;
	} catch {
		// a proxy's page, not ours
	}
	const wait = p.retry_after ?? (Number(res.headers.get('Retry-After')) || 0);
	return new ApiError(res.status, p.code ?? 'unknown', p.detail ?? `The server answered ${res.status}.`, p.errors, wait);
}

/** Codes of a 401 that a fresh session mends. */
const stale = new Set(['not_authenticated', 'token_not_valid']);

async function request<T>(method: string, path: string, body?: Body, headers: Record<string, string> = {}): Promise<T> {
	const file = body instanceof Blob;
	const send = () =>
		fetch(path, {
			method,
			credentials: 'same-origin',
			headers: {
				Accept: 'application/json',
				...(body ? { 'Content-Type': file ? body.type : 'application/json' } : {}),
				...headers,
			},
			body: file ? body : body ? JSON.stringify(body) : undefined,
		}).catch(() => {
			throw offline();
		});
	// What carries a key may be sent again: it has no second effect.
	let res = await ('Idempotency-Key' in headers ? send().catch(send) : send());
	if (res.status === 401) {
		const e = await problem(res);
		if (!stale.has(e.code) || !(await refresh())) throw e;
		res = await send();
	}
	if (!res.ok) throw await problem(res);
	return (res.status === 204 ? undefined : await res.json()) as T;
}

export const get = <T>(path: string) => request<T>('GET', path);
const post = <T>(path: string, body: Body = {}) => request<T>('POST', path, body);
/** A create that may be repeated after a lost answer without a second effect. */
const create = <T>(path: string, body: Body = {}) => request<T>('POST', path, body, { 'Idempotency-Key': newId() });
const patch = <T>(path: string, body: Body) => request<T>('PATCH', path, body);
const remove = <T = void>(path: string) => request<T>('DELETE', path);
const query = (q: Record<string, string | number | undefined>) => {
	const s = new URLSearchParams(Object.entries(q).flatMap(([k, v]) => (v === undefined || v === '' ? [] : [[k, String(v)]])));
	return s.size > 0 ? `?${s}` : '';
};
const at = (id: string) => `/api/parties/${encodeURIComponent(id)}/`;

type Session = { user: Me };

export const auth = {
	register: (b: { email: string; password: string; name: string }) => post<Session>('/api/auth/register/', b),
	login: (b: { email: string; password: string }) => post<Session>('/api/auth/login/', b),
	guest: (name: string) => post<Session>('/api/auth/guest/', { name }),
	upgrade: (b: { email: string; password: string; name?: string }) => post<Session>('/api/auth/upgrade/', b),
	logout: () => post('/api/auth/logout/'),
	profile: () => get<Me>('/api/auth/profile/'),
	saveProfile: (b: { name?: string; username?: string }) => patch<Me>('/api/auth/profile/', b),
	changePassword: (b: { old_password: string; new_password: string }) => post('/api/auth/change-password/', b),
	forgot: (email: string) => post('/api/auth/forgot-password/', { email }),
	reset: (b: { token: string; new_password: string }) => post('/api/auth/reset-password/', b),
	verify: (token: string) => post('/api/auth/verify-email/', { token }),
	resend: () => post('/api/auth/resend-verification/'),
	sessions: () => get<Page<SessionRow>>('/api/auth/sessions/'),
	revoke: (id: string) => remove(`/api/auth/sessions/${id}/`),
	revokeOthers: () => remove('/api/auth/sessions/'),
};

export const parties = {
	list: (q: { scope?: string; status?: string; search?: string; page?: number; page_size?: number }) =>
		get<Page<Party>>(`/api/parties/${query(q)}`),
	create: (b: NewParty) => create<Party>('/api/parties/', b),
	get: (id: string) => get<Party>(at(id)),
	edit: (id: string, b: Partial<Party>) => patch<Party>(at(id), b),
	remove: (id: string) => remove(at(id)),
	start: (id: string) => post<{ party: Party }>(`${at(id)}start/`),
	end: (id: string) => post<{ party: Party }>(`${at(id)}end/`),
	join: (id: string, b: { message?: string; invite?: string } = {}) => post<Joined>(`${at(id)}join/`, b),
	joinByCode: (code: string) => post<Joined & { party_id: string }>('/api/parties/join-by-code/', { code }),
	leave: (id: string) => post(`${at(id)}leave/`),
	invitePreview: (code: string) => get<InvitePreview>(`/api/parties/invite/${encodeURIComponent(code)}/`),
	byCode: (code: string) => get<Party>(`/api/parties/public/${encodeURIComponent(code)}/`),
	members: (id: string) => get<{ participants: Member[] }>(`${at(id)}participants/`),
	kick: (id: string, user_id: string) => post(`${at(id)}kick/`, { user_id }),
	ban: (id: string, user_id: string) => post(`${at(id)}ban/`, { user_id }),
	bans: (id: string) => get<Page<Member>>(`${at(id)}bans/`),
	unban: (id: string, user_id: string) => post(`${at(id)}unban/`, { user_id }),
	promote: (id: string, user_id: string, role: Extract<Role, 'member' | 'co-host'>) =>
		post(`${at(id)}promote/`, { user_id, role }),
	handOver: (id: string, user_id: string) => post(`${at(id)}hand-over/`, { user_id }),
	knocks: (id: string) => get<Page<Knock>>(`${at(id)}join-requests/`),
	admit: (id: string, member: string) => post(`${at(id)}join-requests/${member}/approve/`),
	refuse: (id: string, member: string) => post(`${at(id)}join-requests/${member}/reject/`),
	invites: (id: string) => get<Page<Invite>>(`${at(id)}invites/`),
	invite: (id: string, b: { expiry_hours?: number; max_uses?: number } = {}) => create<Invite>(`${at(id)}invites/`, b),
	revokeInvite: (id: string, invite: string) => remove(`${at(id)}invites/${invite}/`),
	addFilm: (id: string, film: Film) => create<Item>(`${at(id)}queue/`, film),
	moveFilm: (id: string, item: string, position: number) => patch<Item>(`${at(id)}queue/${item}/`, { position }),
	removeFilm: (id: string, item: string) => remove(`${at(id)}queue/${item}/`),
	playNext: (id: string, item: string) => post(`${at(id)}queue/${item}/next/`),
	syncState: (id: string) => get<{ playback: Playback }>(`${at(id)}sync_state/`),
	/** Writes a line with a picture. */
	picture: (id: string, picture: Blob, text: string, film_at: number) =>
		request<Message>('POST', `/api/chat/${id}/pictures/${query({ text, film_at })}`, picture),
	history: (id: string, cursor?: string) =>
		get<{ results: Message[]; next: string | null; has_more: boolean }>(
			`/api/chat/${id}/messages/${query({ cursor, limit: 50 })}`,
		),
};

export interface Friend extends User {
	friendship_id: string;
	since: string;
	is_online: boolean;
}

export interface FriendRequest {
	id: string;
	user: User;
	message: string;
	created_at: string;
}

export type Friendship = 'none' | 'friends' | 'sent' | 'received' | 'blocked';

const who = (id: string) => `/api/users/${encodeURIComponent(id)}/`;

export const people = {
	search: (q: string) => get<Page<User & { friendship: Friendship }>>(`/api/users/search/${query({ q })}`),
	get: (id: string) =>
		get<User & { friendship: Friendship; mutual_friends_count: number; date_joined: string }>(`${who(id)}profile/`),
	friends: () => get<Page<Friend>>('/api/users/friends/'),
	requests: () => get<{ received: FriendRequest[]; sent: FriendRequest[] }>('/api/users/friends/requests/'),
	befriend: (id: string, message = '') =>
		post<{ friendship: Friendship }>(`${who(id)}friend-request/`, message ? { message } : {}),
	accept: (request: string) => post(`/api/users/friend-requests/${request}/accept/`),
	decline: (request: string) => post(`/api/users/friend-requests/${request}/decline/`),
	withdraw: (request: string) => remove(`/api/users/friend-requests/${request}/`),
	unfriend: (id: string) => remove(`/api/users/friends/${encodeURIComponent(id)}/`),
	block: (id: string) => post(`${who(id)}block/`),
	unblock: (id: string) => post(`${who(id)}unblock/`),
	blocked: () => get<Page<User>>('/api/users/blocked/'),
};

export const site = { config: () => get<SiteConfig>('/api/config/') };

export const media = {
	probe: (url: string) => post<{ ok: boolean; kind: string; title: string; size: number }>('/api/media/probe/', { url }),
	begin: (filename: string, size: number) => create<Media & { chunk_max?: number }>('/api/media/', { filename, size }),
	get: (id: string) => get<Media>(`/api/media/${id}/`),
	remove: (id: string) => remove(`/api/media/${id}/`),
};
