import { expect, test } from 'vitest';

import { bytes, clockTime, initials, parseTime, timeParts, when } from './format';

test('film times are written as people write them', () => {
	expect([0, 59.9, 125, 3725, -3, NaN].map(clockTime)).toEqual(['0:00', '0:59', '2:05', '1:02:05', '0:00', '0:00']);
});

test('film times are read back', () => {
	expect(['90', '2:05', '1:02:05', '0:59.5', '2:75', '1:99:00', 'x', ''].map(parseTime)).toEqual([
		90,
		125,
		3725,
		59.5,
		undefined,
		undefined,
		undefined,
		undefined,
	]);
});

test('film times in a line become links', () => {
	expect(timeParts('that shadow 41:58, and 1:02:03!')).toEqual([
		{ text: 'that shadow ' },
		{ text: '41:58', seconds: 2518 },
		{ text: ', and ' },
		{ text: '1:02:03', seconds: 3723 },
		{ text: '!' },
	]);
	expect(timeParts('at 12:75 or 1:2')).toEqual([{ text: 'at 12:75 or 1:2' }]);
});

test('names have initials', () => {
	expect(['Mara Lind', 'jun', ' ', 'Ana de la Cruz', '😀 x'].map(initials)).toEqual(['ML', 'J', '?', 'AC', '😀X']);
});

test('sizes are short', () => {
	expect([0, 999, 1500, 15_000_000, 4.2e9].map(bytes)).toEqual(['0 B', '999 B', '1.5 kB', '15 MB', '4.2 GB']);
});

test('near days have names', () => {
	const now = new Date('2026-11-23T12:00:00');
	expect(when('2026-11-23T20:30:00', now)).toMatch(/^today at /);
	expect(when('2026-11-24T20:30:00', now)).toMatch(/^tomorrow at /);
	expect(when('2026-12-24T20:30:00', now)).toMatch(/24/);
});
