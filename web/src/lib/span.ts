/** A length of time in words that are said: "1 h 44 min", "12 min", "40 s". */
export function span(seconds: number): string {
	const s = Math.max(0, Math.round(Number.isFinite(seconds) ? seconds : 0));
	if (s < 60) return `${s} s`;
	const m = Math.round(s / 60);
	return m < 60 ? `${m} min` : `${Math.floor(m / 60)} h ${m % 60} min`;
}

/** "1 reaction", "2 reactions". */
export const many = (n: number, one: string, more = `${one}s`): string => `${n} ${n === 1 ? one : more}`;
