/**
 * The server's clock, as seen from here. Two sliding minima of one-way times,
 * one up and one down: the least delayed sample of each direction tells the
 * offset, and they need not belong to the same round trip.
 *
 *   up = s2 - c1 = θ + delay up        down = c4 - s3 = -θ + delay down
 *   θ = (U - D) / 2   with an error of at most   ε = (U + D) / 2
 *
 * All times are milliseconds. θ is the server's clock minus performance.now().
 */

const span = 90_000;
/** A sample loses 0.05 ms a second, so that drifting clocks can pull the minimum. */
const aging = 0.05 / 1000;
const slew = 5;
const step = 250;
/** Less than no delay by so much means that a clock has jumped. */
const contradiction = 1;

interface Sample {
	at: number;
	value: number;
}

/** The smallest value of the last 90 s, older ones counting as a little worse. */
class Minimum {
	#samples: Sample[] = [];

	add(at: number, value: number): void {
		// What is older and not better can never be the minimum again.
		while (this.#samples.length > 0 && this.#aged(this.#samples[this.#samples.length - 1], at) >= value) this.#samples.pop();
		this.#samples.push({ at, value });
	}

	get(now: number): number | undefined {
		while (this.#samples.length > 0 && now - this.#samples[0].at > span) this.#samples.shift();
		let best: number | undefined;
		for (const s of this.#samples) best = Math.min(best ?? Infinity, this.#aged(s, now));
		return best;
	}

	clear(): void {
		this.#samples = [];
	}

	#aged(s: Sample, now: number): number {
		return s.value + (now - s.at) * aging;
	}
}

export interface Pong {
	c1: number;
	s2: number;
	s3: number;
	u?: number | null;
}

export class Clock {
	#up = new Minimum();
	#down = new Minimum();
	#offset: number | undefined;
	#certain = Infinity;
	#jump = false;

	constructor(private readonly local: () => number = () => performance.now()) {}

	/** An answered ping that was received at c4. */
	pong(p: Pong, c4 = this.local()): void {
		this.#take(p, c4);
		if (!this.#update(c4)) {
			// The server's u may be from before the jump, too.
			this.#take({ ...p, u: undefined }, c4);
			this.#update(c4);
		}
	}

	#take(p: Pong, c4: number): void {
		this.#up.add(c4, p.s2 - p.c1);
		if (p.u !== undefined && p.u !== null) this.#up.add(c4, p.u);
		this.#down.add(c4, c4 - p.s3);
	}

	/** A frame that the server stamped with st: a free look at the way down. */
	stamp(st: number, c4 = this.local()): void {
		if (this.#offset === undefined) return; // alone it tells nothing yet
		this.#down.add(c4, c4 - st);
		this.#update(c4);
	}

	/** The machine slept or the server's clock started anew: the next estimate is taken at once. */
	restart(forget = false): void {
		this.#jump = true;
		if (forget) {
			this.#up.clear();
			this.#down.clear();
		}
	}

	/** Answers whether the samples make sense together. */
	#update(now: number): boolean {
		const u = this.#up.get(now);
		const d = this.#down.get(now);
		if (u === undefined || d === undefined) return true;
		const estimate = (u - d) / 2;
		if (u + d < -contradiction) {
			// No way is shorter than nothing: one of the clocks stood still in between
			// (a sleeping machine), and what was measured before says nothing now.
			this.restart(true);
			return false;
		}
		this.#certain = Math.max(0, (u + d) / 2);
		const error = this.#offset === undefined ? Infinity : estimate - this.#offset;
		if (this.#offset === undefined || this.#jump || Math.abs(error) > step) {
			this.#offset = estimate;
			this.#jump = false;
		} else {
			this.#offset += Math.max(-slew, Math.min(slew, error));
		}
		return true;
	}

	get ready(): boolean {
		return this.#offset !== undefined;
	}

	/** Server milliseconds now; local time until the first pong. */
	now(): number {
		return this.at(this.local());
	}

	/** Server milliseconds at a local moment. */
	at(local: number): number {
		return local + (this.#offset ?? 0);
	}

	get offset(): number {
		return this.#offset ?? 0;
	}

	/** Largest possible error. */
	get certain(): number {
		return this.#certain;
	}

	/** Best round trip of late: the best way up and the best way down. */
	get rtt(): number {
		return 2 * this.#certain;
	}
}

/** How long to wait before the next ping: dense at first, then rare once the estimate rests. */
export class Cadence {
	#sent = 0;
	#restedSince: number | undefined;
	#last = 0;

	/** Starts a burst anew: after a reconnect, a return to the page, a sleep. */
	burst(): void {
		this.#sent = Math.min(this.#sent, 5);
		this.#restedSince = undefined;
	}

	next(now: number, offset: number): number {
		this.#sent++;
		if (this.#sent <= 10) return 100;
		if (this.#sent <= 30) return 250;
		if (Math.abs(offset - this.#last) >= 2 || this.#restedSince === undefined) {
			this.#last = offset;
			this.#restedSince = now;
		}
		return now - this.#restedSince > 20_000 ? 5000 : 1000;
	}
}
