import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { belongs, held, InFlight, Outgoing, strength, tail, within } from './draw';
import { frameIn, toBox, toFrame, type Place } from './frame';

describe('the frame in its element', () => {
	test.each([
		['the same shape', [1280, 720, 1920, 1080], { left: 0, top: 0, width: 1280, height: 720 }],
		['bars above and below', [1000, 1000, 1920, 1080], { left: 0, top: 218.75, width: 1000, height: 562.5 }],
		['bars at the sides', [1600, 720, 1280, 720], { left: 160, top: 0, width: 1280, height: 720 }],
		['an upright film', [1280, 720, 1080, 1920], { left: 437.5, top: 0, width: 405, height: 720 }],
		['no film yet', [1280, 720, 0, 0], { left: 0, top: 0, width: 0, height: 0 }],
		['no element yet', [0, 0, 1280, 720], { left: 0, top: 0, width: 0, height: 0 }],
	] as const)('%s', (_, [w, h, vw, vh], want) => {
		const got = frameIn(w, h, vw, vh);
		for (const k of ['left', 'top', 'width', 'height'] as const) expect(got[k]).toBeCloseTo(want[k], 6);
	});

	test('a place is the same place in every window, within 0.2 % of the frame', () => {
		for (const [w, h] of [
			[1280, 720],
			[390, 219],
			[2560, 1080],
			[333, 777],
		] as const)
			for (const place of [
				[0, 0],
				[1, 1],
				[0.123456, 0.654321],
			] as const) {
				const box = frameIn(w, h, 1920, 1080);
				const [x, y] = toBox(box, held(toFrame(box, ...toBox(box, place))));
				const [wx, wy] = toBox(box, place);
				expect(Math.hypot(x - wx, y - wy)).toBeLessThan(0.002 * box.width);
			}
	});

	test('a hand that leaves the frame goes along its edge', () => {
		expect(held([-0.3, 1.2])).toEqual([0, 1]);
		expect(held([0.123449, 0.5])).toEqual([0.1234, 0.5]);
		expect(within([-0.04, 1.04])).toBe(true);
		expect(within([-0.06, 0.5])).toBe(false);
		expect(within([NaN, 0.5])).toBe(false);
	});
});

describe('what fades', () => {
	test.each([
		[0, 0, 1],
		[0, 4000, 1],
		[3000, 4000, 1],
		[3500, 4000, 0.5],
		[4000, 4000, 0],
		[9000, 4000, 0],
	])('at %d, gone at %d: %d', (now, until, want) => expect(strength(now, until)).toBe(want));

	test('the tail of the laser lasts 1.2 s', () => {
		expect(tail(0)).toBe(1);
		expect(tail(600)).toBe(0.5);
		expect(tail(1200)).toBe(0);
		expect(tail(-5)).toBe(1);
	});

	test('a mark is seen where it was drawn, not elsewhere in the film', () => {
		const m = { item_id: 'a', film_at: 42, until: 0 };
		expect(belongs(m, 'a', 42.4, 1)).toBe(true);
		expect(belongs(m, 'a', 44, 1)).toBe(false);
		expect(belongs(m, 'b', 42, 1)).toBe(false);
		expect(belongs({ ...m, until: 100 }, 'a', 42, 100)).toBe(false);
	});
});

describe('strokes in flight', () => {
	const part = { s: 4, by: 'jun', stroke: 'x', tool: 'pen', color: 3, film_at: 9, i: 0, p: [1000, 2000] };

	test('they grow by the parts that come', () => {
		const f = new InFlight('me');
		f.grow({ items: [part] }, 1000);
		f.grow({ items: [{ s: 4, i: 1, p: [1500, 2500, 9999, 10000] }] }, 1066);
		const [s] = [...f.strokes.values()];
		expect(s).toMatchObject({ by: 'jun', tool: 'pen', color: 3, filmAt: 9, until: 0 });
		expect(s?.points).toEqual([
			[0.1, 0.2],
			[0.15, 0.25],
			[0.9999, 1],
		]);
		expect(s?.at).toEqual([1000, 1033, 1066]);
	});

	test('who comes in the middle waits until it is said who draws', () => {
		const f = new InFlight('me');
		f.grow({ items: [{ s: 4, i: 9, p: [1, 1] }] }, 1000);
		expect(f.strokes.size).toBe(0);
		f.grow({ items: [{ ...part, i: 12 }] }, 1066);
		expect(f.strokes.size).toBe(1);
	});

	test("one's own are not drawn twice, and end when the server says", () => {
		const f = new InFlight('me');
		const mine = f.begin('a', 'ink', 0, 1, [0.5, 0.5], 1000);
		f.grow({ items: [{ ...part, s: 1, by: 'me', stroke: 'a' }] }, 1050);
		f.grow({ items: [{ s: 1, i: 1, p: [5000, 5000], until: 5050 }] }, 1100);
		expect(f.strokes.size).toBe(1);
		expect(mine.points).toEqual([[0.5, 0.5]]);
		expect(mine.until).toBe(5050);
		f.sweep(5049);
		expect(f.strokes.size).toBe(1);
		f.sweep(5050);
		expect(f.strokes.size).toBe(0);
	});

	test("another tab's strokes of the same person are shown", () => {
		const f = new InFlight('me');
		f.grow({ items: [{ ...part, by: 'me', stroke: 'elsewhere' }] }, 1000);
		expect(f.strokes.size).toBe(1);
	});

	test('the laser goes at the same moment for all, however late its points came', () => {
		const a = new InFlight('me');
		const mine = a.begin('l', 'laser', 0, 0, [0, 0], 900);
		a.grow({ items: [{ ...part, s: 1, by: 'me', stroke: 'l', tool: 'laser', until: 3000 }] }, 1800);
		const b = new InFlight('jun');
		b.grow({ items: [{ ...part, s: 1, by: 'me', stroke: 'l', tool: 'laser', until: 3000 }] }, 1800);
		for (const s of [mine, ...b.strokes.values()]) expect(tail(3000 - (s.at.at(-1) ?? 0))).toBe(0);
		expect(mine.at.at(-1)).toBe(1800);
	});

	test('who comes back does not add a new stroke to an old one of the same number', () => {
		const f = new InFlight('me');
		f.grow({ items: [part] }, 1000);
		f.begin('a', 'pen', 0, 1, [0.5, 0.5], 1000);
		f.anew();
		f.grow({ items: [{ s: 4, i: 7, p: [1, 1] }] }, 2000);
		expect([...f.strokes.keys()]).toEqual(['mine/a']);
	});

	test('a mark takes the place of its stroke, and a void one goes', () => {
		const f = new InFlight('me');
		f.grow({ items: [part, { ...part, s: 5, stroke: 'y' }] }, 1000);
		f.begin('z', 'pen', 0, 0, [0, 0], 1000);
		f.kept({ by: 'jun', stroke: 'x' });
		f.kept({ by: 'jun' });
		expect([...f.strokes.keys()]).toEqual(['5', 'mine/z']);
		f.dropped({ s: 5, by: 'jun', stroke: 'y', reason: 'revoked' });
		f.dropped({ s: 9, by: 'me', stroke: 'z', reason: 'revoked' });
		expect(f.strokes.size).toBe(0);
	});
});

describe('what a hand sends', () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => void vi.useRealTimers());

	test('points go together, every 50 ms, at most 64 in a frame', () => {
		const sent: number[][][] = [];
		const o = new Outgoing((ps) => sent.push(ps));
		const p: Place = [0.5, 0.25];
		o.add(p);
		o.add(p);
		expect(sent).toEqual([]);
		vi.advanceTimersByTime(50);
		expect(sent).toEqual([[[0.5, 0.25], [0.5, 0.25]]]); // prettier-ignore
		for (let i = 0; i < 65; i++) o.add(p);
		o.flush();
		expect(sent.map((x) => x.length)).toEqual([2, 64, 1]);
		o.add(p);
		o.drop();
		vi.advanceTimersByTime(500);
		expect(sent.length).toBe(3);
	});
});
