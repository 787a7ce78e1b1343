/**
 * Keeps one player on the shared timeline. Pure: it is told what the player
 * does and answers what to do; the driver (film.ts) carries it out.
 */
import type { Vector } from '../protocol/generated';

/** Where the film is at server time now, in seconds. */
export function position(v: Vector, now: number, duration = Infinity): number {
	const p = v.p + (v.v * Math.max(0, now - v.t)) / 1000;
	return Math.max(0, Math.min(p, duration || Infinity));
}

/** What the controller sees each tick. */
export interface Look {
	/** Server milliseconds. */
	now: number;
	/** Seconds of film at now. */
	at: number;
	paused: boolean;
	seeking: boolean;
	/** HTMLMediaElement.readyState. */
	ready: number;
	duration: number;
	/** Whether a position is in the buffer. */
	buffered(seconds: number): boolean;
}

export interface Act {
	play?: boolean;
	pause?: boolean;
	rate?: number;
	/** Seconds to seek to. */
	seek?: number;
	/** Distance from the timeline in milliseconds, filtered; undefined when it cannot be told. */
	error?: number;
	word: 'in sync' | 'catching up';
	/** Too many seeks: tell the person and offer a lower quality. */
	struggling?: boolean;
}

export interface Options {
	/** Film without picture is nudged more gently, because one hears it. */
	music?: boolean;
}

const inner = 0.006;
const outer = 0.012;
const hold = 1500;

export class Controller {
	#errors: number[] = [];
	#settled = false;
	/** Learned time that a seek takes, in seconds. */
	#seekLatency = 0.12;
	/** Learned time between play() and motion, in seconds. */
	#startLatency = 0.05;
	#seekBegan: { now: number } | undefined;
	#startBegan: { now: number; at: number } | undefined;
	#holdUntil = 0;
	#seeks: number[] = [];
	#restUntil = 0;
	#quiet = 0;
	#last: number | undefined;
	#rate = 1;
	#rateAt = 0;
	#slowSince: number | undefined;

	constructor(private readonly options: Options = {}) {}

	/** Forgets what was measured: another film, another timeline. */
	reset(): void {
		this.#errors = [];
		this.#settled = false;
		this.#last = undefined;
		this.#quiet = 0;
		this.#slowSince = undefined;
		this.#seekBegan = undefined;
		this.#holdUntil = 0;
	}

	/** The driver says that a seek has ended: the player stands where it should. */
	seeked(now: number): void {
		if (this.#seekBegan) {
			const took = (now - this.#seekBegan.now) / 1000;
			this.#seekLatency = Math.min(1.5, 0.7 * this.#seekLatency + 0.3 * took);
			this.#seekBegan = undefined;
		}
		this.#errors = [];
		this.#quiet = 2;
		this.#last = undefined;
	}

	tick(v: Vector, look: Look): Act {
		if (v.v === 0 || look.now < v.t - this.#startLatency * 1000) return this.#stand(v, look);
		const target = position(v, look.now, look.duration);
		if (look.duration > 0 && target >= look.duration - 0.05) return { word: 'in sync', rate: v.v };
		if (look.paused) {
			// After a long wait the player is far off: go there first, then play.
			this.#startBegan = { now: look.now, at: look.at };
			this.#errors = [];
			this.#quiet = 2;
			const act: Act = { play: true, rate: v.v, word: 'catching up' };
			if (Math.abs(target - look.at) > 0.35 && !look.seeking) Object.assign(act, this.#seek(target + this.#startLatency, look.now));
			return act;
		}
		this.#learnStart(look);
		if (look.seeking || look.ready < 3 || look.now < v.t) return { word: 'catching up', rate: v.v };
		return this.#follow(v, look, target);
	}

	/** The film stands, or will start at v.t: be exactly at the frame. */
	#stand(v: Vector, look: Look): Act {
		this.#errors = [];
		this.#settled = false;
		this.#slowSince = undefined;
		const off = v.p - look.at;
		const act: Act = { word: 'in sync', pause: !look.paused, rate: v.v || 1, error: off * 1000 };
		if (Math.abs(off) > 0.02 && !look.seeking) {
			act.seek = v.p;
			act.word = 'catching up';
		}
		return act;
	}

	#learnStart(look: Look): void {
		const s = this.#startBegan;
		if (!s) return;
		if (look.at > s.at + 0.02) {
			// It moves: what is missing between the clock and the film is the latency.
			const took = (look.now - s.now) / 1000 - (look.at - s.at);
			if (took >= 0 && took < 1) this.#startLatency = 0.7 * this.#startLatency + 0.3 * took;
			this.#startBegan = undefined;
		} else if (look.now - s.now > 2000) {
			this.#startBegan = undefined;
		}
	}

	#follow(v: Vector, look: Look, target: number): Act {
		const raw = target - look.at;
		if (this.#quiet > 0) {
			// After a seek, wait until two samples agree: the first ones lie.
			const calm = this.#last !== undefined && Math.abs(raw - this.#last) < 0.015;
			this.#last = raw;
			this.#quiet = calm ? this.#quiet - 1 : 2;
			if (this.#quiet > 0 && Math.abs(raw) < 1) return { word: 'catching up', rate: v.v };
		}
		this.#errors.push(raw);
		if (this.#errors.length > 5) this.#errors.shift();
		const e = median(this.#errors);
		const size = Math.abs(e);
		const act: Act = { word: size <= 0.1 ? 'in sync' : 'catching up', error: e * 1000 };
		if (size > 0.35) return this.#jump(v, look, target, size, act);
		this.#late(look, target, size, act);
		if (act.seek !== undefined) return act;
		if (this.#settled ? size <= outer : size <= inner) {
			this.#settled = true;
			return { ...act, rate: this.#steady(v.v, look.now) };
		}
		this.#settled = false;
		const most = this.options.music ? 0.02 : size <= 0.1 ? 0.05 : 0.1;
		const dead = this.options.music ? 0.015 : 0;
		if (size <= dead) return { ...act, rate: this.#steady(v.v, look.now) };
		const nudge = Math.max(-most, Math.min(most, 0.9 * e));
		return { ...act, rate: this.#steady(v.v * (1 + nudge), look.now) };
	}

	/** Far off: one seek, if the place is there and seeks help. */
	#jump(v: Vector, look: Look, target: number, size: number, act: Act): Act {
		act.word = 'catching up';
		act.rate = v.v;
		if (look.now < this.#holdUntil) return act;
		if (look.now < this.#restUntil) return { ...act, rate: v.v * (1 + Math.sign(target - look.at) * 0.1), struggling: true };
		if (!look.buffered(target) && size <= 3) return { ...act, rate: v.v * (1 + Math.sign(target - look.at) * 0.1) };
		return { ...act, ...this.#seek(target + this.#seekLatency * v.v, look.now) };
	}

	/** A distance that the rate does not close within 4 s gets one more seek. */
	#late(look: Look, target: number, size: number, act: Act): void {
		if (size < 0.04) {
			this.#slowSince = undefined;
			return;
		}
		this.#slowSince ??= look.now;
		if (look.now - this.#slowSince > 4000 && look.now >= this.#holdUntil && look.now >= this.#restUntil && look.buffered(target)) {
			this.#slowSince = undefined;
			Object.assign(act, this.#seek(target + this.#seekLatency, look.now));
		}
	}

	#seek(to: number, now: number): Pick<Act, 'seek' | 'struggling'> {
		this.#seeks = this.#seeks.filter((s) => now - s < 10_000);
		this.#seeks.push(now);
		this.#seekBegan = { now };
		this.#holdUntil = now + hold;
		this.#errors = [];
		this.#quiet = 2;
		if (this.#seeks.length > 3) {
			this.#restUntil = now + 15_000;
			this.#seeks = [];
			return { seek: to, struggling: true };
		}
		return { seek: to };
	}

	/** Rates in steps of 0.005, changed at most four times a second, so that the player does not hunt. */
	#steady(rate: number, now: number): number {
		const wanted = Math.round(rate * 200) / 200;
		if (wanted !== this.#rate && now - this.#rateAt >= 250) {
			this.#rate = wanted;
			this.#rateAt = now;
		}
		return this.#rate;
	}

	/** Seconds that a start takes: play() is called so much early. */
	get startLatency(): number {
		return this.#startLatency;
	}
}

function median(values: number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[sorted.length >> 1];
}

/** Keeps distances of the last seconds and tells their 95th percentile. */
export class Drift {
	#samples: { at: number; ms: number }[] = [];

	add(at: number, ms: number): void {
		this.#samples.push({ at, ms });
		while (this.#samples.length > 0 && at - this.#samples[0].at > 60_000) this.#samples.shift();
	}

	/** p95 of the absolute distance over the last 10 s, or undefined. */
	p95(now: number): number | undefined {
		const recent = this.#samples.filter((s) => now - s.at <= 10_000).map((s) => Math.abs(s.ms));
		if (recent.length < 5) return undefined;
		recent.sort((a, b) => a - b);
		return recent[Math.min(recent.length - 1, Math.floor(recent.length * 0.95))];
	}

	/** The last minute, for the graph. */
	get history(): readonly { at: number; ms: number }[] {
		return this.#samples;
	}

	clear(): void {
		this.#samples = [];
	}
}
