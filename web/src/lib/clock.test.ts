import { describe, expect, test } from 'vitest';

import { Cadence, Clock } from './clock';

/** A small seeded generator: tests draw the same network every time. */
function generator(seed: number): () => number {
	let s = seed;
	return () => {
		s = (s * 1664525 + 1013904223) % 4294967296;
		return s / 4294967296;
	};
}

const quantile = (v: number[], q: number) => [...v].sort((a, b) => a - b)[Math.floor(v.length * q)];

/** Errors of the clock in ms, over trials, after so many seconds of the real cadence. */
function simulate(base: number, jitter: number, seconds: number, trials: number): number[] {
	const errors: number[] = [];
	const random = generator(7);
	for (let i = 0; i < trials; i++) {
		const drift = (random() * 160 - 80) * 1e-6;
		const start = 1.7e12 + random() * 1e6;
		const server = (t: number) => start + t * (1 + drift);
		let t = 0; // local time
		const clock = new Clock(() => t);
		const cadence = new Cadence();
		const delay = () => base + random() * jitter * (random() < 0.05 ? 3 : 1);
		let at = 0;
		while (at < seconds * 1000) {
			const up = delay();
			const down = delay();
			t = at + up + down;
			clock.pong({ c1: at, s2: server(at + up), s3: server(at + up) });
			at += cadence.next(at, clock.offset);
		}
		errors.push(Math.abs(clock.at(t) - server(t)));
	}
	return errors;
}

describe('the clock', () => {
	test.each([
		['a wide network after 10 s', 40, 50, 10, 4],
		['a wide network after 60 s', 40, 50, 60, 4],
		['a bad network after 10 s', 150, 200, 10, 20],
		['a bad network after 60 s', 150, 200, 60, 12],
		['busy wireless after 10 s', 15, 100, 10, 9],
	])('is near the truth on %s', (_, base, jitter, seconds, limit) => {
		expect(quantile(simulate(base, jitter, seconds, 200), 0.95)).toBeLessThanOrEqual(limit);
	});

	test('says how wrong it can be', () => {
		const clock = new Clock(() => 180);
		clock.pong({ c1: 100, s2: 5150, s3: 5150 }, 180);
		expect(clock.offset).toBe(5010);
		expect(clock.certain).toBe(40);
		expect(clock.rtt).toBe(80);
	});

	test('moves by at most 5 ms at a time, and jumps when it may', () => {
		const clock = new Clock(() => 0);
		clock.pong({ c1: 0, s2: 1150, s3: 1150 }, 200); // 150 up, 50 down
		expect(clock.offset).toBe(1050);
		clock.pong({ c1: 1000, s2: 2010, s3: 2010 }, 1020); // now it is known to be 1000
		expect(clock.offset).toBeCloseTo(1045, 5);
		clock.pong({ c1: 2000, s2: 3100, s3: 3100 }, 2200);
		expect(clock.offset).toBeCloseTo(1040, 5);
		clock.restart();
		clock.pong({ c1: 3000, s2: 4100, s3: 4100 }, 3200);
		expect(clock.offset).toBeCloseTo(1000, 0);
	});

	test('jumps when it is wrong by more than 250 ms', () => {
		const clock = new Clock(() => 0);
		clock.pong({ c1: 0, s2: 2000, s3: 2000 }, 1010); // 1000 up, 10 down
		expect(clock.offset).toBe(1495);
		clock.pong({ c1: 2000, s2: 3010, s3: 3010 }, 2020);
		expect(clock.offset).toBeCloseTo(1000, 0);
	});

	test('starts anew when the machine slept and its clock stood still', () => {
		const clock = new Clock(() => 0);
		for (let t = 0; t < 10_000; t += 1000) clock.pong({ c1: t, s2: t + 5020, s3: t + 5020, u: 5015 }, t + 40);
		expect(clock.offset).toBeCloseTo(4997.5, 0);
		// An hour passes that performance.now() does not count; u is from before it.
		clock.pong({ c1: 11_000, s2: 11_000 + 3_605_020, s3: 11_000 + 3_605_020, u: 5015 }, 11_040);
		expect(clock.offset).toBeCloseTo(3_605_000, 0);
		expect(clock.certain).toBeCloseTo(20, 0);
	});

	test('takes stamped frames as samples of the way down, and late ones do no harm', () => {
		const clock = new Clock(() => 0);
		clock.stamp(7000, 0); // before any pong: tells nothing
		expect(clock.ready).toBe(false);
		clock.pong({ c1: 0, s2: 5050, s3: 5050 }, 100);
		expect(clock.certain).toBe(50);
		clock.stamp(5000 + 200 - 10, 200); // came down in 10 ms
		expect(clock.certain).toBeCloseTo(30, 1);
		clock.stamp(5000 - 60_000, 300); // a replay of a minute ago
		expect(clock.certain).toBeCloseTo(30, 1);
	});

	test('keeps fractions of a millisecond although the server counts from 1970', () => {
		const clock = new Clock(() => 0);
		clock.pong({ c1: 0.25, s2: 1.8e12 + 10.5, s3: 1.8e12 + 10.5 }, 20.25);
		expect(clock.at(10.25)).toBeCloseTo(1.8e12 + 10.5, 2);
	});

	test('asks often at first and rarely at rest', () => {
		const c = new Cadence();
		const waits: number[] = [];
		for (let now = 0, i = 0; i < 60; i++) {
			const w = c.next(now, 3);
			waits.push(w);
			now += w;
		}
		expect(waits[0]).toBe(100);
		expect(waits[15]).toBe(250);
		expect(waits[35]).toBe(1000);
		expect(waits[59]).toBe(5000);
	});
});
