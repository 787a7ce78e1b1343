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

export class Gate {
	#noise = quietest;
	#spoke = -Infinity;
	#at: number | undefined;

	/** Whether somebody speaks, by how loud it is at a moment in ms. */
	speaks(db: number, now: number): boolean {
		const passed = Math.min(1, (now - (this.#at ?? now)) / 1000);
		this.#at = now;
		// Noise is learnt downwards at once and upwards slowly, so that speech is not taken for it.
		const up = now - this.#spoke < holds ? 0.6 : 6;
		this.#noise = db < this.#noise ? Math.max(-100, db) : Math.min(db, this.#noise + up * passed);
		if (db > Math.max(least, this.#noise + above)) this.#spoke = now;
		return now - this.#spoke < holds;
	}
}
