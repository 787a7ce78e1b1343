import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { ApiError, auth, parties, refresh } from './client';

interface Call {
	method: string;
	path: string;
	headers: Record<string, string>;
	body: unknown;
}

let calls: Call[];
let answers: Record<string, (() => Response | Promise<Response>)[]>;

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
	new Response(status === 204 ? null : JSON.stringify(body), {
		status,
		headers: { 'Content-Type': 'application/json', ...headers },
	});
const unauthenticated = () => json(401, { code: 'not_authenticated', detail: 'Sign in first.' });
const cut = () => Promise.reject(new TypeError('network'));

beforeEach(() => {
	calls = [];
	answers = {};
	vi.stubGlobal('fetch', (path: string, init: RequestInit = {}) => {
		calls.push({
			method: init.method ?? 'GET',
			path,
			headers: init.headers as Record<string, string>,
			body: init.body && JSON.parse(init.body as string),
		});
		const next = answers[path.split('?')[0]]?.shift();
		if (!next) throw new Error(`no answer for ${path}`);
		return Promise.resolve().then(next);
	});
});
afterEach(() => vi.unstubAllGlobals());

const paths = () => calls.map((c) => c.path);

describe('a call', () => {
	test('gets a fresh session once for all who found theirs stale, and is sent again', async () => {
		answers['/api/auth/profile/'] = [
			unauthenticated,
			unauthenticated,
			() => json(200, { id: 'u' }),
			() => json(200, { id: 'u' }),
		];
		answers['/api/auth/refresh/'] = [() => json(200, { success: true })];
		const both = await Promise.all([auth.profile(), auth.profile()]);
		expect(both.map((m) => m.id)).toEqual(['u', 'u']);
		expect(paths().filter((p) => p === '/api/auth/refresh/')).toHaveLength(1);
	});

	test('says so when nobody is signed in', async () => {
		answers['/api/auth/profile/'] = [unauthenticated];
		answers['/api/auth/refresh/'] = [unauthenticated];
		await expect(auth.profile()).rejects.toMatchObject({ status: 401, code: 'not_authenticated' });
	});

	test('does not refresh for a 401 of another kind', async () => {
		answers['/api/auth/profile/'] = [() => json(401, { code: 'something.else', detail: '' })];
		await expect(auth.profile()).rejects.toMatchObject({ status: 401 });
		expect(calls).toHaveLength(1);
	});

	test('tells fields, code and how long to wait', async () => {
		answers['/api/auth/login/'] = [
			() =>
				json(429, { code: 'rate_limited', detail: 'Slow down.', errors: { email: ['Not an address.'] } }, { 'Retry-After': '7' }),
		];
		const e = await auth.login({ email: 'x', password: 'y' }).catch((x: unknown) => x as ApiError);
		expect(e).toBeInstanceOf(ApiError);
		expect(e).toMatchObject({ status: 429, code: 'rate_limited', message: 'Slow down.', retryAfter: 7 });
		expect((e as ApiError).field('email')).toBe('Not an address.');
	});

	test("survives a proxy's page instead of a problem", async () => {
		answers['/api/auth/login/'] = [() => new Response('<h1>Bad gateway</h1>', { status: 502 })];
		await expect(auth.login({ email: 'x', password: 'y' })).rejects.toMatchObject({ status: 502, code: 'unknown' });
	});

	test('says that the server cannot be reached', async () => {
		answers['/api/auth/profile/'] = [cut];
		await expect(auth.profile()).rejects.toMatchObject({ status: 0, code: 'offline' });
	});

	test('that creates something is sent again with the same key after a lost answer', async () => {
		answers['/api/parties/'] = [cut, () => json(201, { id: 'p' })];
		expect(await parties.create({ title: 'Friday' })).toEqual({ id: 'p' });
		expect(calls).toHaveLength(2);
		expect(calls[0].headers['Idempotency-Key']).toMatch(/^[0-9a-f]{32}$/);
		expect(calls[1].headers['Idempotency-Key']).toBe(calls[0].headers['Idempotency-Key']);
	});

	test('escapes what people typed', async () => {
		answers['/api/parties/a%2Fb/'] = [() => json(200, {})];
		answers['/api/parties/'] = [() => json(200, { results: [] })];
		await parties.get('a/b');
		await parties.list({ search: 'x&y=z', page: undefined });
		expect(paths()).toEqual(['/api/parties/a%2Fb/', '/api/parties/?search=x%26y%3Dz']);
	});

	test('that answers nothing is fine', async () => {
		answers['/api/parties/p/'] = [() => json(204, null)];
		await expect(parties.remove('p')).resolves.toBeUndefined();
	});
});

test('a refresh that finds nobody out is not taken for signed out', async () => {
	answers['/api/auth/refresh/'] = [cut, () => json(503, { code: 'unavailable' }), () => json(401, {}), () => json(200, {})];
	await expect(refresh()).rejects.toMatchObject({ code: 'offline' });
	await expect(refresh()).rejects.toMatchObject({ status: 503 });
	await expect(refresh()).resolves.toBe(false);
	await expect(refresh()).resolves.toBe(true);
});
