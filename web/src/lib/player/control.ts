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
	/** Server milliseconds at which to tick again: the film is to start then, on time and not at the next tick. */
	playAt?: number;
}

export interface Options {
	/** Film without picture is nudged more gently, because one hears it. */
	music?: boolean;
}

const inner = 0.006;
const outer = 0.012;
const hold = 1500;
/** Samples older than this say nothing about now: a hidden tab ticks once a second. */
const fresh = 700;
/** Timers may come a little early. */
const early = 2;

export class Controller {
	#errors: { now: number; e: number }[] = [];
	#settled = false;
	#thereSince: number | undefined;
	/** Learned time that a seek takes, in seconds. */
	#seekLatency = 0.12;
	/** Learned time between play() and motion, in seconds. */
	#startLatency = 0.05;
	/** What the next calm sample tells about: how late play() or the seek was, in seconds. */
	#lesson: { of: 'start' | 'seek'; late: number } | undefined;
	#holdUntil = 0;
	#seeks: number[] = [];
	#restUntil = 0;
	#quiet = 0;
	#last: number | undefined;
	#placed: number | undefined;
	#rate = 1;
	#rateAt = 0;
	#slow: { since: number; size: number } | undefined;

	constructor(private readonly options: Options = {}) {}

	/** Forgets what was measured: another film, another timeline. */
	reset(): void {
		this.#errors = [];
		this.#settled = false;
		this.#thereSince = undefined;
		this.#last = undefined;
		this.#quiet = 0;
		this.#slow = undefined;
		this.#lesson = undefined;
		this.#placed = undefined;
		this.#holdUntil = 0;
	}

	/** The driver says that a seek has ended. */
	seeked(): void {
		this.#errors = [];
		this.#quiet = 2;
		this.#last = undefined;
	}

	tick(v: Vector, look: Look): Act {
		const due = v.t - this.#startLatency * 1000;
		if (v.v === 0 || look.now < due - early) return this.#stand(v, look, due);
		this.#placed = undefined;
		const target = position(v, look.now, look.duration);
		if (look.duration > 0 && target >= look.duration - 0.05) return { word: 'in sync', rate: this.#plain(v.v) };
		if (look.paused) return this.#start(v, look, target, due);
		if (look.seeking || look.ready < 3 || look.now < v.t) return { word: 'catching up', rate: this.#plain(v.v) };
		return this.#follow(v, look, target);
	}

	#start(v: Vector, look: Look, target: number, due: number): Act {
		this.#errors = [];
		this.#thereSince = undefined;
		this.#quiet = 2;
		this.#last = undefined;
		const act: Act = { play: true, rate: this.#plain(v.v), word: 'catching up' };
		if (look.seeking) return act;
		// After a long wait the player is far off: go there first, then play.
		if (Math.abs(target - look.at) > 0.35) return { ...act, ...this.#seek(target + this.#startLatency * v.v, look.now) };
		this.#lesson = { of: 'start', late: Math.max(0, look.now - due) / 1000 };
		return act;
	}

	/** The film stands, or will start at v.t: be exactly at the frame. */
	#stand(v: Vector, look: Look, due: number): Act {
		this.#errors = [];
		this.#settled = false;
		this.#slow = undefined;
		const p = look.duration > 0 ? Math.min(v.p, look.duration) : v.p;
		const off = p - look.at;
		const act: Act = { word: 'in sync', pause: !look.paused, rate: this.#plain(v.v || 1), error: off * 1000 };
		if (v.v > 0) act.playAt = due;
		// Two players 5 ms apart can show two frames, so each goes exactly there;
		// once, for a player may round what it is given.
		const size = Math.abs(off);
		if (look.seeking || !(size > 0.02 || (size > 0.001 && this.#placed !== p))) return act;
		this.#placed = p;
		act.seek = p;
		if (size > 0.02) act.word = 'catching up';
		return act;
	}

	/** Learns from where a start or a seek came out. */
	#learn(e: number, v: number): void {
		const l = this.#lesson;
		this.#lesson = undefined;
		if (!l || Math.abs(e) > 1) return;
		const missed = e / v - l.late;
		if (l.of === 'start') this.#startLatency = Math.max(0, Math.min(0.4, this.#startLatency + 0.3 * missed));
		else this.#seekLatency = Math.max(0, Math.min(1.5, this.#seekLatency + 0.3 * missed));
	}

	#follow(v: Vector, look: Look, target: number): Act {
		const raw = target - look.at;
		if (this.#quiet > 0) {
			// After a seek, wait until two samples agree: the first ones lie.
			const calm = this.#last !== undefined && Math.abs(raw - this.#last) < 0.015;
			this.#last = raw;
			this.#quiet = calm ? this.#quiet - 1 : 2;
			if (this.#quiet > 0 && Math.abs(raw) < 1) return { word: 'catching up', rate: this.#plain(v.v) };
			this.#learn(raw, v.v);
		}
		this.#errors = [...this.#errors.filter((x) => look.now - x.now < fresh).slice(-4), { now: look.now, e: raw }];
		const e = median(this.#errors.map((x) => x.e));
		const size = Math.abs(e);
		const act: Act = { word: size <= 0.1 ? 'in sync' : 'catching up', error: e * 1000 };
		if (size > 0.35) return this.#jump(v, look, target, size, act);
		this.#late(v, look, target, size, act);
		if (act.seek !== undefined) return act;
		if (this.#settled ? size <= outer : size <= inner) {
			this.#settled = true;
			this.#thereSince ??= look.now;
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
		act.rate = this.#plain(v.v);
		if (look.now < this.#holdUntil) return act;
		if (look.now < this.#restUntil) return { ...act, rate: v.v * (1 + Math.sign(target - look.at) * 0.1), struggling: true };
		if (!look.buffered(target) && size <= 3) return { ...act, rate: v.v * (1 + Math.sign(target - look.at) * 0.1) };
		return { ...act, ...this.#seek(target + this.#seekLatency * v.v, look.now) };
	}

	/** A distance that the rate does not close gets one more seek. */
	#late(v: Vector, look: Look, target: number, size: number, act: Act): void {
		if (size < 0.04) {
			this.#slow = undefined;
			return;
		}
		this.#slow ??= { since: look.now, size };
		if (look.now - this.#slow.since <= 2000) return;
		const stuck = size > 0.6 * this.#slow.size;
		this.#slow = { since: look.now, size };
		if (stuck && look.now >= this.#holdUntil && look.now >= this.#restUntil && look.buffered(target)) {
			Object.assign(act, this.#seek(target + this.#seekLatency * v.v, look.now));
		}
	}

	#seek(to: number, now: number): Pick<Act, 'seek' | 'struggling'> {
		this.#seeks = this.#seeks.filter((s) => now - s < 10_000);
		this.#seeks.push(now);
		this.#lesson = { of: 'seek', late: 0 };
		this.#thereSince = undefined;
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

	/** The rate of the timeline itself, at once. */
	#plain(rate: number): number {
		this.#rate = rate;
		return rate;
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

	/**
	 * Server milliseconds at which the player came close after its last start or
	 * seek; undefined on the way there. Distances before it are the way, not the
	 * quality of being there.
	 */
	get thereSince(): number | undefined {
		return this.#thereSince;
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

	/** p95 of the absolute distance over the last 10 s, and since a moment; undefined when too little is known. */
	p95(now: number, since: number): number | undefined {
		const recent = this.#samples.filter((s) => s.at >= Math.max(since, now - 10_000)).map((s) => Math.abs(s.ms));
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
