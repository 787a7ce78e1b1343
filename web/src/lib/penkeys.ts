/** Drawing with keys alone: where the pen is, and what a key does to it. */
import type { Place } from './frame';

/** One step of an arrow key, as a part of the frame; with shift five of them. */
const step = 0.01;

const moves: Record<string, Place> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export type PenKey = { does: 'move'; to: Place } | { does: 'press' } | undefined;

/** What a key does to a pen that is at a place. */
export function penKey(e: Pick<KeyboardEvent, 'key' | 'shiftKey'>, [x, y]: Place): PenKey {
	if (e.key === 'Enter' || e.key === ' ') return { does: 'press' };
	const by = moves[e.key];
	if (!by) return undefined;
	const n = step * (e.shiftKey ? 5 : 1);
	const held = (v: number) => Math.round(Math.min(1, Math.max(0, v)) * 1000) / 1000;
	return { does: 'move', to: [held(x + by[0] * n), held(y + by[1] * n)] };
}

/** A place in words: percent from the left and from the top. */
export const placeWords = ([x, y]: Place): string => `${Math.round(x * 100)} percent across, ${Math.round(y * 100)} percent down`;
