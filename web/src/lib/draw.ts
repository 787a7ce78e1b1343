/**
 * The clock and the strokes of drawing over the film. Places are fractions of
 * the film's frame (lib/frame). Knows nothing of the page.
 */
import type { Place } from './frame';
import type { Mark, StrokeDropped, Strokes } from './protocol/generated';

export const tools = ['laser', 'ink', 'pen', 'highlighter', 'arrow', 'rectangle', 'ellipse', 'text', 'pin'] as const;
export type Tool = (typeof tools)[number];

/** Letters of the tools; they act only while one draws. */
export const toolKeys: Partial<Record<string, Tool>> = {
	l: 'laser',
	i: 'ink',
	p: 'pen',
	g: 'highlighter',
	r: 'arrow',
	b: 'rectangle',
	e: 'ellipse',
	t: 'text',
	n: 'pin',
};

/** Tools whose strokes go away by themselves; they may be used while the film runs. */
export const fades = (tool: Tool): boolean => tool === 'laser' || tool === 'ink';
export const isShape = (tool: Tool): boolean => tool === 'arrow' || tool === 'rectangle' || tool === 'ellipse';

export const laserMs = 1200;
export const inkMs = 4000;
/** How long a name stands at the tip of the pen. */
export const nameMs = 1500;
/** The last part of what is seen for a while is spent fading. */
const fadingMs = 1000;
/** A stroke of which nothing more is heard was lost on the way. */
const lostMs = 32_000;
export const mostPoints = 2000;
const slack = 0.05;

const clip = (v: number): number => Math.round(Math.min(Math.max(v, 0), 1) * 10_000) / 10_000;

/** A place as the server keeps it: a hand that leaves the frame goes along its edge. */
export const held = ([x, y]: Place): Place => [clip(x), clip(y)];

/** Whether a stroke may begin here. */
export const within = ([x, y]: Place): boolean => x >= -slack && x <= 1 + slack && y >= -slack && y <= 1 + slack;

/** How strongly something is seen that is gone at a moment; 0 as until is never. */
export function strength(now: number, until: number): number {
	if (until === 0) return 1;
	return Math.min(1, Math.max(0, (until - now) / fadingMs));
}

/** How much of a laser's line is left at a point of that age: it thins towards the tail. */
export const tail = (age: number): number => Math.min(1, Math.max(0, 1 - age / laserMs));

/** Whether a mark belongs to what is on the screen. */
export const belongs = (m: Pick<Mark, 'item_id' | 'film_at' | 'until'>, item: string, at: number, now: number): boolean =>
	m.item_id === item && Math.abs(m.film_at - at) <= 1.5 && (m.until === 0 || m.until > now);

/** A stroke in flight: one's own, or another's as far as it was told. */
export interface Stroke {
	key: string;
	by: string;
	/** The drawer's name for it. */
	name: string;
	tool: Tool;
	color: number;
	filmAt: number;
	points: Place[];
	/** When each point was drawn, in server milliseconds. */
	at: number[];
	/** Known once it has ended, and 0 before. */
	until: number;
	/** When it was heard of last. */
	heard: number;
}

/** All strokes in flight, put together from the parts that come. */
export class InFlight {
	readonly strokes = new Map<string, Stroke>();
	#heard = 0;

	/** me and mine tell one's own strokes, which are on the screen already. */
	constructor(private readonly me: string) {}

	begin(name: string, tool: Tool, color: number, filmAt: number, place: Place, now: number): Stroke {
		const s: Stroke = {
			key: `mine/${name}`,
			by: this.me,
			name,
			tool,
			color,
			filmAt,
			points: [held(place)],
			at: [now],
			until: 0,
			heard: now,
		};
		this.strokes.set(s.key, s);
		return s;
	}

	/** Takes what the server tells of strokes; st is its clock at sending. */
	grow(d: Strokes, st: number): void {
		// The points came over the time since the last frame, not all at once.
		const since = Math.max(this.#heard, st - 100);
		this.#heard = st;
		for (const part of d.items) {
			const own =
				part.by === this.me && part.stroke !== undefined ? this.strokes.get(`mine/${part.stroke}`) : this.#ownBy(part.s);
			if (own) {
				this.#own.set(part.s, own.key);
				own.heard = st;
				if (part.until) this.#end(own, part.until);
				continue;
			}
			const key = String(part.s);
			let s = this.strokes.get(key);
			if (!s) {
				if (!part.by || !part.tool) continue; // who draws is said again soon
				s = {
					key,
					by: part.by,
					name: part.stroke ?? '',
					tool: part.tool as Tool,
					color: part.color ?? 0,
					filmAt: part.film_at ?? 0,
					points: [],
					at: [],
					until: 0,
					heard: st,
				};
				this.strokes.set(key, s);
			}
			const n = part.p.length / 2;
			for (let i = 0; i < n; i++) {
				s.points.push([(part.p[2 * i] ?? 0) / 10_000, (part.p[2 * i + 1] ?? 0) / 10_000]);
				s.at.push(since + ((st - since) * (i + 1)) / n);
			}
			s.heard = st;
			if (part.until) this.#end(s, part.until);
		}
	}

	/** One has come back to the room: what others were drawing is told anew, and numbers may start again. */
	anew(): void {
		this.#own.clear();
		for (const s of this.strokes.values()) if (!s.key.startsWith('mine/')) this.#forget(s);
	}

	/** A stroke was kept: its mark takes its place. */
	kept(m: Pick<Mark, 'by' | 'stroke'>): void {
		if (!m.stroke) return;
		for (const s of this.strokes.values()) if (s.by === m.by && s.name === m.stroke) this.#forget(s);
	}

	dropped(d: StrokeDropped): void {
		for (const s of this.strokes.values()) if (s.key === String(d.s) || (s.by === d.by && s.name === d.stroke)) this.#forget(s);
	}

	/** Forgets what is gone. */
	sweep(now: number): void {
		for (const s of this.strokes.values()) if ((s.until !== 0 && s.until <= now) || now - s.heard > lostMs) this.#forget(s);
	}

	/** One's own strokes by the server's number, once it has told that. */
	readonly #own = new Map<number, string>();

	#ownBy(n: number): Stroke | undefined {
		const key = this.#own.get(n);
		return key === undefined ? undefined : this.strokes.get(key);
	}

	/** The server says when it is gone; a laser's points age so that the last goes then. */
	#end(s: Stroke, until: number): void {
		s.until = until;
		const last = s.at.at(-1);
		if (s.tool !== 'laser' || last === undefined) return;
		const shift = until - laserMs - last;
		s.at = s.at.map((t) => t + shift);
	}

	#forget(s: Stroke): void {
		this.strokes.delete(s.key);
	}
}

/** Gathers points of a hand and hands them on, few frames with many points. */
export class Outgoing {
	#waiting: Place[] = [];
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(
		private readonly send: (points: number[][]) => void,
		private readonly gap = 50,
	) {}

	add(p: Place): void {
		this.#waiting.push(p);
		this.#timer ??= setTimeout(() => this.flush(), this.gap);
	}

	flush(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		for (let i = 0; i < this.#waiting.length; i += 64) this.send(this.#waiting.slice(i, i + 64).map(([x, y]) => [x, y]));
		this.#waiting = [];
	}

	drop(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#waiting = [];
	}
}
