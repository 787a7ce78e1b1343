import { describe, expect, test } from 'vitest';

import { heatColumns, heatPath } from './heat';

const of = (...pairs: [number, number][]) => new Map(pairs);
const points = (path: string) => [...path.matchAll(/[ML](\d+) (\d+)/g)].map((m) => [Number(m[1]), Number(m[2])]);

describe('the heat line', () => {
	test('is nothing where nothing was thrown, or the length is not known', () => {
		expect(heatPath(of(), 90)).toBe('');
		expect(heatPath(of([3, 0]), 90)).toBe('');
		expect(heatPath(of([3, 5]), 0)).toBe('');
		expect(heatPath(of([3, 5]), NaN)).toBe('');
	});

	test('keeps every reaction of the film in its columns, and none from beyond its end', () => {
		const counts = of([0, 1], [59, 2], [60, 3], [7199, 4], [7200, 5], [7201, 100], [-1, 100]);
		const columns = heatColumns(counts, 7200);
		expect(columns.length).toBe(160);
		expect(columns.reduce((a, b) => a + b)).toBe(15);
		expect(columns.at(-1)).toBe(9);
		expect(heatColumns(counts, 12.5).length).toBe(13);
	});

	test('is highest where most were thrown, and starts and ends on the ground', () => {
		const p = points(heatPath(of([10, 2], [50, 8]), 100, 1000, 40));
		expect(p[0]).toEqual([0, 40]);
		expect(p.at(-1)).toEqual([1000, 40]);
		const top = p.find(([, y]) => y === 0);
		expect(top?.[0]).toBe(505);
		expect(p.every(([x, y]) => x >= 0 && x <= 1000 && y >= 0 && y <= 40)).toBe(true);
		const small = p.find(([x]) => x === 105)!;
		expect(40 - small[1]).toBe(20); // a quarter of the height would be 10
	});

	test('goes from left to right', () => {
		const xs = points(heatPath(of([1, 1], [80, 3]), 96)).map(([x]) => x);
		expect(xs).toEqual([...xs].sort((a, b) => a - b));
	});
});
