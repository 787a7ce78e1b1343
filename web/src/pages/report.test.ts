import { expect, test } from 'vitest';

import { rowsOf, series, stayed } from './report';

test('minutes in which nothing happened are rows of nothing', () => {
	const rows = rowsOf({
		retention: [
			[0, 3],
			[1, 3],
			[3, 1],
		],
		reactions: [[3, 7]],
		chat: [[1, 2]],
	});
	expect(rows).toEqual([
		{ minute: 0, watching: 3, reactions: 0, chat: 0 },
		{ minute: 1, watching: 3, reactions: 0, chat: 2 },
		{ minute: 2, watching: 0, reactions: 0, chat: 0 },
		{ minute: 3, watching: 1, reactions: 7, chat: 0 },
	]);
	expect(series(rows)).toEqual([
		[0, 1, 2, 3],
		[3, 3, 0, 1],
		[0, 0, 0, 7],
		[0, 2, 0, 0],
	]);
	expect(stayed(rows)).toBe(33);
});

test('a film of which nothing is known has no rows', () => {
	expect(rowsOf({ retention: [], reactions: [], chat: [] })).toEqual([]);
	expect(stayed([])).toBeUndefined();
	expect(stayed(rowsOf({ retention: [[5, 2]], reactions: [], chat: [] }))).toBeUndefined();
});
