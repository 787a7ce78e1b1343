import { describe, expect, test } from 'vitest';

import { jun } from './fixtures';
import { deedWords, pillWords, presenceTone, presenceWords, waitingWords, type Syncing } from './words';

const room = (more: Partial<Syncing>): Syncing => ({
	pill: 'in sync',
	now: 10_000,
	waiting: [],
	film: { drift: undefined, at: 0, roomAt: 0 },
	...more,
});

describe('the pill says one of five things', () => {
	test.each<[string, Partial<Syncing>, string, string | undefined]>([
		['in sync, with the measured distance', { film: { drift: 13.6, at: 0, roomAt: 0 } }, 'in sync', '±14 ms'],
		['in sync, never better than a millisecond', { film: { drift: 0.2, at: 0, roomAt: 0 } }, 'in sync', '±1 ms'],
		['in sync, before there is a measure', {}, 'in sync', undefined],
		['in sync, while the measure still holds the way there', { film: { drift: 31_000, at: 0, roomAt: 0 } }, 'in sync', undefined],
		['catching up', { pill: 'catching up' }, 'catching up', undefined],
		['for whom it waits, and how long', { pill: 'waiting', waiting: [{ name: 'Ines', since: 7000 }] }, 'waiting for Ines', '3 s'],
		[
			'for how many more',
			{
				pill: 'waiting',
				waiting: [
					{ name: 'Ines', since: 9000 },
					{ name: 'Jun', since: 9500 },
				],
			},
			'waiting for Ines and 1 more',
			'1 s',
		],
		['that one has stepped out', { pill: 'stepped out' }, 'you stepped out – catch up', undefined],
		['that the film goes on without the server', { pill: 'offline' }, 'offline, playing on', undefined],
	])('%s', (_, more, text, number) => {
		expect(pillWords(room(more))).toEqual(number === undefined ? { text } : { text, number });
	});
});

describe('who is waited for', () => {
	test.each([
		[['Ines'], 'Ines is catching up'],
		[['you'], 'You are catching up'],
		[['Ines', 'Jun'], 'Ines and Jun are catching up'],
		[['Ines', 'Jun', 'Lee'], 'Ines, Jun and Lee are catching up'],
		[['Ines', 'Jun', 'Lee', 'Ada'], 'Ines, Jun and 2 more are catching up'],
	])('%j', (names, words) => expect(waitingWords(names)).toBe(words));
});

describe('a deed names who did it', () => {
	const vector = { seq: 1, item: 'i', p: 2518, v: 1, t: 0, rate: 1.25, arming: false, plays: true, by: jun.id, from: 0 };
	test.each([
		[{ mine: false, by: jun, vector: { ...vector, why: 'seek' as const } }, 'Jun skipped to 41:58'],
		[{ mine: true, by: jun, vector: { ...vector, why: 'pause' as const } }, 'You paused'],
		[{ mine: false, by: undefined, vector: { ...vector, why: 'rate' as const } }, 'Somebody set the speed to 1.25×'],
	])('%#', (deed, words) => expect(deedWords(deed)).toBe(words));
});

test('in a lobby readiness counts, later what the player does', () => {
	expect(presenceWords({ state: 'lobby', ready: true }, true)).toBe('ready');
	expect(presenceTone({ state: 'lobby', ready: false }, true)).toBe('idle');
	expect(presenceWords({ state: 'offline', ready: true }, true)).toBe('connection lost');
	expect(presenceTone({ state: 'catching_up', ready: true }, false)).toBe('warn');
	expect(presenceWords({ state: 'stepped_out', ready: true }, false)).toBe('stepped out');
});
