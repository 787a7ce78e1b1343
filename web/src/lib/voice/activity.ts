/** Tells speech from quiet by loudness: opens at once, closes after a while, and learns the room's noise. */

/** Decibels below full scale. */
const quietest = -60;
/** So far above the noise is speech. */
const above = 9;
const least = -52;
/** It stays open for so long after the last word, in ms. */
const holds = 450;

export const decibels = (rms: number): number => (rms > 0 ? Math.max(-100, 20 * Math.log10(rms)) : -100);

/** Loudness of a block of samples. */
export function rms(samples: ArrayLike<number>): number {
	let sum = 0;
	for (let i = 0; i < samples.length; i++) sum += (samples[i] ?? 0) ** 2;
	return samples.length > 0 ? Math.sqrt(sum / samples.length) : 0;
}

/** 0 to 1, for a meter. */
export const meter = (db: number): number => Math.min(1, Math.max(0, (db - quietest) / -quietest));

/** Noise is the quietest moment of the last three seconds: speech has pauses, a fan has none. */
const spans = 6;
const span = 500;

export class Gate {
	/** The quietest of each half second, the newest last. */
	readonly #least: number[] = [];
	#since = -Infinity;
	#spoke = -Infinity;

	/** Whether somebody speaks, by how loud it is at a moment in ms. */
	speaks(db: number, now: number): boolean {
		if (now - this.#since >= span) {
			this.#since = now;
			this.#least.push(db);
			if (this.#least.length > spans) this.#least.shift();
		}
		const end = this.#least.length - 1;
		this.#least[end] = Math.min(this.#least[end] ?? db, db);
		// Until it knows better, the room is quiet.
		const noise = this.#least.length < spans ? Math.min(quietest, ...this.#least) : Math.min(...this.#least);
		if (db > Math.max(least, noise + above)) this.#spoke = now;
		return now - this.#spoke < holds;
	}
}
