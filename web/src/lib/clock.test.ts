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

	test('moves by at most 5 ms at a time, and jumps when it is far off', () => {
		let t = 0;
		const clock = new Clock(() => t);
		clock.pong({ c1: 0, s2: 1000, s3: 1000 }, 0);
		t = 1000;
		clock.pong({ c1: 1000, s2: 1950, s3: 1950 }, 1000); // the server fell 50 ms behind
		const first = clock.offset;
		expect(first).toBeGreaterThanOrEqual(994);
		t = 2000;
		clock.pong({ c1: 2000, s2: 9000, s3: 9000 }, 2000);
		clock.restart(true);
		clock.pong({ c1: 2000, s2: 9000, s3: 9000 }, 2000);
		expect(clock.offset).toBe(7000);
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
