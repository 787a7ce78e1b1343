/** The envelopes around the generated types. */
import type { ClientFrames, ServerFrames } from './generated';

export * from './generated';

/** A frame to the server. */
export interface UpFrame<K extends keyof ClientFrames = keyof ClientFrames> {
	type: K;
	/** The answer names it in re. */
	id?: string;
	/** Names the command; the same op again has no second effect. */
	op?: string;
	/** party:<uuid> */
	room?: string;
	/** performance.now() at sending: a free clock sample for the server. */
	c1?: number;
	data: ClientFrames[K];
}

/** A frame from the server. */
export interface Frame<K extends keyof ServerFrames = keyof ServerFrames> {
	type: K;
	re?: string;
	room?: string;
	/** The room's order; only on frames of class log. */
	seq?: number;
	/** Server milliseconds at sending: a free clock sample. */
	st?: number;
	data: ServerFrames[K];
}
