import { expect, test } from 'vitest';

import { location, match } from './router.svelte';

const routes = [
	{ pattern: '/', page: 'landing' },
	{ pattern: '/watch/:party', page: 'watch' },
	{ pattern: '/home', page: 'home' },
];

test('paths find their page', () => {
	expect(match(routes, '/')?.page).toBe('landing');
	expect(match(routes, '/home/')?.page).toBe('home');
	expect(match(routes, '/watch/a%20b')).toEqual({ page: 'watch', params: { party: 'a b' } });
	expect(match(routes, '/watch/')).toBeUndefined();
	expect(match(routes, '/watch/%E0%A4%A')).toBeUndefined();
	expect(match(routes, '/nothing')).toBeUndefined();
});

test.each(['//evil.example', 'https://evil.example', '/\\evil.example', 'javascript:alert(1)', '', '%2f%2fevil.example'])(
	'a next of %s stays here',
	(next) => {
		location.go(`/login?next=${encodeURIComponent(next)}`);
		const to = location.next();
		expect(new URL(to, window.location.origin).origin).toBe(window.location.origin);
		expect(to.startsWith('/')).toBe(true);
		expect(to.startsWith('//')).toBe(false);
	},
);
