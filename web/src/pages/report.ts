/** The figures of the hosts' report, as rows and as curves. */
import type { FilmReport, Pairs } from '../lib/api/acts';

/** One minute of a film. */
export interface Row {
	minute: number;
	watching: number;
	reactions: number;
	chat: number;
}

/** Every minute from the first to the last that anything is known of. */
export function rowsOf(f: Pick<FilmReport, 'retention' | 'reactions' | 'chat'>): Row[] {
	const [watching, reactions, chat] = [f.retention, f.reactions, f.chat].map((p: Pairs) => new Map(p));
	const minutes = [...watching.keys(), ...reactions.keys(), ...chat.keys()];
	if (minutes.length === 0) return [];
	const first = Math.min(...minutes);
	const last = Math.max(...minutes);
	return Array.from({ length: last - first + 1 }, (_, i) => {
		const minute = first + i;
		return {
			minute,
			watching: watching.get(minute) ?? 0,
			reactions: reactions.get(minute) ?? 0,
			chat: chat.get(minute) ?? 0,
		};
	});
}

/** The columns that a plot wants. */
export const series = (rows: Row[]): [number[], number[], number[], number[]] => [
	rows.map((r) => r.minute),
	rows.map((r) => r.watching),
	rows.map((r) => r.reactions),
	rows.map((r) => r.chat),
];

/** How many saw the last minute, in percent of the fullest one. */
export function stayed(rows: Row[]): number | undefined {
	const seen = rows.filter((r) => r.watching > 0);
	if (seen.length < 2) return undefined;
	const most = Math.max(...seen.map((r) => r.watching));
	return Math.round((seen[seen.length - 1].watching / most) * 100);
}
