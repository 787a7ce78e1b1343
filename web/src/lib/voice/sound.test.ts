import { describe, expect, test } from 'vitest';

import { decibels, Gate, meter, rms } from './activity';
import { troubleOf } from './devices';
import { belowPriority, filmDuck, gainOf } from './mix';
import { grade, qualityWords } from './quality';

describe('the gate', () => {
	/** Feeds a loudness for so long, every 50 ms; what it says at the end. */
	const feed = (g: Gate, db: number, from: number, ms: number) => {
		let said = false;
		for (let t = from; t < from + ms; t += 50) said = g.speaks(db, t);
		return said;
	};

	test('opens at the first loud block, and closes half a second after the last', () => {
		const g = new Gate();
		expect(feed(g, -70, 0, 1000)).toBe(false);
		expect(g.speaks(-25, 1000)).toBe(true);
		expect(g.speaks(-70, 1300)).toBe(true);
		expect(g.speaks(-70, 1500)).toBe(false);
	});

	test('learns a fan, and hears speech over it', () => {
		const g = new Gate();
		feed(g, -45, 0, 10_000);
		expect(g.speaks(-45, 10_000)).toBe(false);
		expect(g.speaks(-28, 10_050)).toBe(true);
	});

	test('does not take a long sentence for noise', () => {
		const g = new Gate();
		feed(g, -65, 0, 2000);
		// A breath of a tenth of a second now and then.
		for (let t = 2000; t < 17_000; t += 2000) {
			expect(feed(g, -24, t, 1900)).toBe(true);
			feed(g, -62, t + 1900, 100);
		}
	});
});

test('loudness is measured in decibels below the fullest', () => {
	expect(decibels(rms([1, -1, 1, -1]))).toBeCloseTo(0);
	expect(decibels(rms([0.1, -0.1]))).toBeCloseTo(-20);
	expect(decibels(rms([]))).toBe(-100);
	expect([meter(0), meter(-60), meter(-90)]).toEqual([1, 0, 0]);
});

test('a volume goes from nothing to double; priority puts the others 12 dB down, and who is deaf hears nothing', () => {
	const at = (volume: number, more = {}) => gainOf({ volume, below: false, deafened: false, ...more });
	expect([at(0), at(1), at(2), at(9), at(-1)]).toEqual([0, 1, 2, 2, 0]);
	expect(20 * Math.log10(at(1, { below: true }))).toBeCloseTo(-12);
	expect(at(2, { deafened: true })).toBe(0);
	expect(20 * Math.log10(filmDuck)).toBeCloseTo(-10);
	expect(belowPriority).toBeLessThan(1);
});

test.each([
	['NotAllowedError', 'denied'],
	['NotFoundError', 'none'],
	['NotReadableError', 'busy'],
	['InsecureError', 'insecure'],
	['TypeError', 'other'],
])('%s of the browser is "%s", with a way out in words', (name, kind) => {
	const t = troubleOf(Object.assign(new Error(), { name }));
	expect(t.kind).toBe(kind);
	expect(t.title.length).toBeGreaterThan(10);
	expect(t.hint.length).toBeGreaterThan(10);
});

test.each([
	[{ loss: 0, jitter_ms: 4, rtt_ms: 40 }, 'good'],
	[{ loss: 0.03, jitter_ms: 4, rtt_ms: 40 }, 'fair'],
	[{ loss: 0, jitter_ms: 4, rtt_ms: 300 }, 'fair'],
	[{ loss: 0.2, jitter_ms: 4, rtt_ms: 40 }, 'poor'],
	[{ loss: 0, jitter_ms: 100, rtt_ms: 40 }, 'poor'],
])('a connection with %o is %s', (q, want) => {
	expect(grade(q)).toBe(want);
});

test('a connection is told in words', () => {
	const q = { user: 'u', path: 'relay', loss: 0.005, jitter_ms: 3, rtt_ms: 42.4 };
	expect(qualityWords(q)).toBe('good: 42 ms, 0.5 % lost, over a relay');
});
