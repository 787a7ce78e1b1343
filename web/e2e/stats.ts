// Samples of two players on one clock, and what their distance was.

/** One look at a player: milliseconds of the machine's clock, seconds of film. */
export interface Sample {
	now: number;
	at: number;
	paused: boolean;
}

export const quantile = (values: number[], q: number): number => {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
};

/** Where a player was at a moment between two of its samples. */
function between(samples: Sample[], now: number, from: number): { at: number; index: number } | undefined {
	let i = from;
	while (i + 1 < samples.length && samples[i + 1].now < now) i++;
	const a = samples[i];
	const b = samples[i + 1];
	if (!a || !b || a.now > now || a.paused || b.paused || b.now - a.now > 250) return undefined;
	return { at: a.at + ((b.at - a.at) * (now - a.now)) / (b.now - a.now), index: i };
}

/** Distances in milliseconds between two players while both played. */
export function distances(a: Sample[], b: Sample[]): { now: number; ms: number }[] {
	const out: { now: number; ms: number }[] = [];
	let from = 0;
	for (const s of a) {
		if (s.paused) continue;
		const other = between(b, s.now, from);
		if (!other) continue;
		from = other.index;
		out.push({ now: s.now, ms: (s.at - other.at) * 1000 });
	}
	return out;
}

/** First moment after `since` from which both play and stay within `ms` for `hold` milliseconds. */
export function togetherAt(a: Sample[], b: Sample[], since: number, ms: number, hold: number): number | undefined {
	const d = distances(a, b).filter((x) => x.now >= since);
	let start: number | undefined;
	let last = 0;
	for (const x of d) {
		if (Math.abs(x.ms) > ms || (start !== undefined && x.now - last > 250)) start = undefined;
		else start ??= x.now;
		last = x.now;
		if (start !== undefined && x.now - start >= hold) return start;
	}
	return undefined;
}
