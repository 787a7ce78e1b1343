/** The heat line: how many reactions each second of a film got, as a curve. */

const columns = 160;

/** Sums of neighbouring seconds: as many columns as the line can show. */
export function heatColumns(counts: ReadonlyMap<number, number>, duration: number, most = columns): number[] {
	if (!(duration > 0)) return [];
	const n = Math.max(1, Math.min(most, Math.ceil(duration)));
	const out = Array<number>(n).fill(0);
	for (const [second, count] of counts) {
		if (second < 0 || second > duration || !(count > 0)) continue;
		out[Math.min(n - 1, Math.floor((second / duration) * n))] += count;
	}
	return out;
}

/**
 * The outline of the heat in a box of width x height, from the left bottom to
 * the right; nothing where nothing was thrown. Neighbours are blended, and
 * small numbers are raised, so that a single laugh is seen beside a storm.
 */
export function heatPath(counts: ReadonlyMap<number, number>, duration: number, width = 1000, height = 100): string {
	const raw = heatColumns(counts, duration);
	if (!raw.some((n) => n > 0)) return '';
	const soft = raw.map((n, i) => ((raw[i - 1] ?? 0) + 2 * n + (raw[i + 1] ?? 0)) / 4);
	const top = Math.max(...soft);
	const x = (i: number) => Math.round(((i + 0.5) / raw.length) * width);
	const y = (n: number) => Math.round(height * (1 - Math.sqrt(n / top)));
	return `M0 ${height}${soft.map((n, i) => `L${x(i)} ${y(n)}`).join('')}L${width} ${height}Z`;
}
