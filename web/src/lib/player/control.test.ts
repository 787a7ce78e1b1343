import { describe, expect, test } from 'vitest';

import { Controller, Drift, position, type Look } from './control';
import type { Vector } from '../protocol/generated';

const vector = (v: Partial<Vector>): Vector => ({
	seq: 1,
	item: 'i',
	p: 0,
	v: 1,
	t: 0,
	rate: 1,
	arming: false,
	plays: true,
	by: '',
	why: 'play',
	from: 0,
	...v,
});

/** A player with a start and a seek latency, run in steps of 10 ms. */
class Player {
	now = 0;
	at = 0;
	paused = true;
	seeking = false;
	rate = 1;
	seeks = 0;
	distances: number[] = [];
	#startsAt = Infinity;
	#lands: { at: number; to: number } | undefined;

	constructor(
		readonly controller: Controller,
		readonly latency = { start: 80, seek: 200 },
		readonly skew = 0,
	) {}

	look(): Look {
		return {
			now: this.now,
			at: this.at,
			paused: this.paused,
			seeking: this.seeking,
			ready: this.seeking ? 1 : 4,
			duration: 600,
			buffered: () => true,
		};
	}

	run(v: Vector, ms: number): this {
		for (const end = this.now + ms; this.now < end; this.now += 10) {
			if (this.#lands && this.now >= this.#lands.at) {
				this.at = this.#lands.to;
				this.seeking = false;
				this.#lands = undefined;
				this.controller.seeked();
			}
			if (!this.paused && !this.seeking && this.now >= this.#startsAt) this.at += 0.01 * this.rate * (1 + this.skew * 1e-6);
			if (this.now % 100 === 0) this.#act(v);
			if (!this.paused && this.now > v.t) this.distances.push(Math.abs(position(v, this.now) - this.at) * 1000);
		}
		return this;
	}

	#act(v: Vector): void {
		const act = this.controller.tick(v, this.look());
		if (act.rate !== undefined) this.rate = act.rate;
		if (act.pause) this.paused = true;
		if (act.play) {
			this.paused = false;
			this.#startsAt = this.now + this.latency.start;
		}
		if (act.seek !== undefined) {
			this.seeks++;
			this.seeking = true;
			this.#lands = { at: this.now + this.latency.seek, to: act.seek };
		}
	}

	/** Largest distance of the last so many ms. */
	worst(ms: number): number {
		return Math.max(...this.distances.slice(-ms / 10));
	}
}

describe('the controller', () => {
	test('stands exactly at the frame of a paused film', () => {
		const p = new Player(new Controller()).run(vector({ v: 0, p: 42 }), 1000);
		expect(p.paused).toBe(true);
		expect(p.at).toBe(42);
		expect(p.seeks).toBe(1);
	});

	test('starts with the room and comes within 12 ms', () => {
		const p = new Player(new Controller()).run(vector({ t: 3000 }), 12_000);
		expect(p.worst(3000)).toBeLessThanOrEqual(14);
		expect(p.seeks).toBe(0);
	});

	test('stays near although its own clock is 500 ppm fast', () => {
		const p = new Player(new Controller(), undefined, 500).run(vector({}), 60_000);
		expect(p.worst(30_000)).toBeLessThanOrEqual(14);
		expect(p.seeks).toBeLessThanOrEqual(1);
	});

	test('joins a running film with few seeks', () => {
		const c = new Controller();
		const p = new Player(c);
		p.now = 300_000;
		p.run(vector({}), 10_000);
		expect(p.seeks).toBeLessThanOrEqual(3);
		expect(p.worst(2000)).toBeLessThanOrEqual(20);
	});

	test('closes 80 ms by rate alone, never by a seek', () => {
		const c = new Controller();
		const p = new Player(c).run(vector({}), 10_000);
		const before = p.seeks;
		p.at -= 0.08;
		p.run(vector({}), 6000);
		expect(p.seeks).toBe(before);
		expect(p.worst(1000)).toBeLessThanOrEqual(14);
	});

	test('gives seeking up when it does not help, and says so', () => {
		const c = new Controller();
		const v = vector({});
		let now = 10_000;
		let seeks = 0;
		let struggling = false;
		for (let i = 0; i < 200; i++, now += 100) {
			const act = c.tick(v, { now, at: 1, paused: false, seeking: false, ready: 4, duration: 600, buffered: () => true });
			if (act.seek !== undefined) {
				seeks++;
				c.seeked();
			}
			struggling ||= act.struggling === true;
		}
		expect(seeks).toBeLessThanOrEqual(8);
		expect(struggling).toBe(true);
	});

	test('does not seek to what is not loaded', () => {
		const c = new Controller();
		for (let now = 2000; now < 6000; now += 100) {
			const act = c.tick(vector({}), {
				now,
				at: now / 1000 - 1,
				paused: false,
				seeking: false,
				ready: 4,
				duration: 600,
				buffered: () => false,
			});
			expect(act.seek).toBeUndefined();
		}
	});
});

test('the position of a vector is where it says', () => {
	expect(position(vector({ p: 10, t: 1000, v: 1.5 }), 3000)).toBe(13);
	expect(position(vector({ p: 10, t: 5000 }), 3000)).toBe(10);
	expect(position(vector({ p: 10, t: 0 }), 3e6, 96)).toBe(96);
});

test('drift tells the 95th percentile of ten seconds', () => {
	const d = new Drift();
	for (let i = 0; i < 100; i++) d.add(i * 100, i < 96 ? 5 : 50);
	expect(d.p95(9900, 0)).toBe(5);
	expect(d.p95(60_000, 0)).toBeUndefined();
});

test('the way to the room is not counted as distance from it', () => {
	const d = new Drift();
	for (let i = 0; i < 30; i++) d.add(i * 100, i < 20 ? 180 : 4);
	expect(d.p95(2900, 2000)).toBe(4);
});

test('a controller says since when it is there, and forgets it on a jump', () => {
	const c = new Controller();
	const p = new Player(c).run(vector({}), 200);
	expect(c.thereSince).toBeUndefined();
	p.run(vector({}), 5000);
	expect(c.thereSince).toBeLessThan(4000);
	p.at -= 5;
	p.run(vector({}), 300);
	expect(c.thereSince).toBeUndefined();
});
