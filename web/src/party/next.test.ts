import { describe, expect, test } from 'vitest';

import { localField, nextDate, nextInvite, nextLine } from './next';
import { placesOf } from './words';

const said = (text: string, more: object = {}) => ({ text, role: 'host' as const, deleted: false, ...more });

describe('the next date', () => {
	test('is a week on, at the same hour', () => {
		const at = new Date(2026, 10, 20, 20, 30);
		const next = nextDate(at.toISOString(), new Date(2026, 10, 20, 23).getTime());
		expect(localField(next)).toBe('2026-11-27T20:30');
	});

	test('keeps its hour when the clocks change, and lies ahead', () => {
		const at = new Date(2026, 9, 23, 20, 30);
		expect(localField(nextDate(at.toISOString(), at.getTime()))).toBe('2026-10-30T20:30');
		expect(localField(nextDate(at.toISOString(), new Date(2026, 10, 9).getTime()))).toBe('2026-11-13T20:30');
	});

	test('is what a host told of last', () => {
		const lines = [said(nextLine('https://x.test/i/first')), said(nextLine('https://x.test/i/second-1')), said('see you')];
		expect(nextInvite(lines)).toBe('second-1');
		expect(nextInvite([said(nextLine('https://x.test/i/mine'), { role: 'member' })])).toBeUndefined();
		expect(nextInvite([said(nextLine('https://x.test/i/gone'), { deleted: true })])).toBeUndefined();
		expect(nextInvite([said('look: https://x.test/i/other')])).toBeUndefined();
	});
});

test('equal points share a place', () => {
	expect(placesOf([300, 200, 200, 100])).toEqual([1, 2, 2, 4]);
	expect(placesOf([])).toEqual([]);
});
