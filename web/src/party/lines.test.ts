import { describe, expect, test } from 'vitest';

import { jun, line, mara, person } from './fixtures';
import { mentioning, parts, together } from './lines';

describe('a line is split into what can be pressed and what is marked', () => {
	const ines = person('u3', 'Ines');
	const inesse = person('u4', 'Inesse');
	const known = (id: string) => [mara, jun, ines, inesse].find((u) => u.id === id);
	const split = (text: string, mentions: string[] = []) => parts({ text, mentions }, known, mara.id);

	test('a film time is a part of its own', () => {
		expect(split('look at 0:14, there')).toEqual([{ text: 'look at ' }, { text: '0:14', seconds: 14 }, { text: ', there' }]);
	});
	test('a mention of oneself is told from one of others', () => {
		expect(split('@mara and @jun', [mara.id, jun.id])).toEqual([
			{ text: '@mara', mention: 'me' },
			{ text: ' and ' },
			{ text: '@jun', mention: 'other' },
		]);
	});
	test('only those whom the server took for mentioned are marked', () => {
		expect(split('@jun', [])).toEqual([{ text: '@jun' }]);
		expect(split('@jun', ['gone'])).toEqual([{ text: '@jun' }]);
	});
	test('the longer of two names wins', () => {
		expect(split('@inesse', [ines.id, inesse.id])).toEqual([{ text: '@inesse', mention: 'other' }]);
	});
	test('nothing is lost or said twice', () => {
		const text = 'hi @Mara, at 1:02:03 @nobody said @mara 0:07';
		expect(
			split(text, [mara.id])
				.map((p) => p.text)
				.join(''),
		).toBe(text);
	});
});

describe('lines of one person stand together', () => {
	const first = line(mara, 'a', { created_at: '2026-11-01T20:00:00.000Z' });
	const at = (s: number) => new Date(Date.parse(first.created_at) + s * 1000).toISOString();
	test.each([
		['soon after', line(mara, 'b', { created_at: at(100) }), true],
		['after two minutes', line(mara, 'b', { created_at: at(121) }), false],
		['of another person', line(jun, 'b', { created_at: at(1) }), false],
		['as a reply', line(mara, 'b', { created_at: at(1), reply_to: { id: 'x', user: jun, text: '' } }), false],
		['from the room itself', line(mara, 'b', { created_at: at(1), type: 'system' }), false],
	])('%s', (_, next, want) => expect(together(first, next)).toBe(want));
	test('the first line stands alone', () => expect(together(undefined, first)).toBe(false));
});

describe('a half-typed mention', () => {
	test.each([
		['hi @ju', 6, { from: 3, typed: 'ju' }],
		['@', 1, { from: 0, typed: '' }],
		['mail@ju', 7, undefined],
		['@jun hi', 7, undefined],
		['@jun hi', 3, { from: 0, typed: 'ju' }],
	])('%s at %d', (text, cursor, want) => expect(mentioning(text, cursor)).toEqual(want));
});
