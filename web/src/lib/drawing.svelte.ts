/** What is drawn over the film, and who may. The strokes in flight go by to whoever shows them. */
import type { Action } from './permissions.generated';
import type { Ack, ClientFrames, DrawRules, Mark, ServerFrames, Welcome } from './protocol/generated';
import type { Frame } from './socket';
import type { Wire } from './wire';

type Draws = keyof ClientFrames & `draw.${string}`;

/** Frames of strokes that are kept for a view that is still on its way. */
const kept = 100;

export class Drawing {
	/** What lasts. */
	marks = $state.raw<Mark[]>([]);
	rules = $state.raw<DrawRules>({ mode: 'all', granted: [] });
	/** One draws, or is about to. */
	on = $state(false);
	/** Something was drawn, so that what shows it is worth loading. */
	seen = $state(false);
	#waiting: Frame[] = [];
	#view: ((f: Frame) => void) | undefined;

	constructor(
		private readonly wire: Wire,
		private readonly here: { me(): string; may(action: Action): boolean },
	) {}

	/** Whether the hosts let one draw now. */
	get may(): boolean {
		const { mode, granted } = this.rules;
		if (mode === 'nobody' || !this.here.may('draw.write')) return false;
		return mode === 'all' || this.leads || (mode === 'asked' && granted.includes(this.here.me()));
	}

	/** Whether one says who may draw. */
	get leads(): boolean {
		return this.here.may('draw.moderate');
	}

	/** Hands on what is told of strokes in flight, from now on and the moment before. */
	watch(fn: (f: Frame) => void): () => void {
		this.#view = fn;
		this.#waiting.splice(0).forEach(fn);
		return () => (this.#view = undefined);
	}

	/** Draws on, without an answer. */
	points(data: ClientFrames['draw.points']): void {
		this.wire.tell('draw.points', data);
	}

	/** A drawing command; with keep it is sent until the server has answered. */
	ask<K extends Draws>(type: K, data: ClientFrames[K], keep = false, op?: string): Promise<Ack> {
		return this.wire.ask(type, data, keep, op);
	}

	/** A drawing command whose refusal is shown. */
	run<K extends Draws>(type: K, data: ClientFrames[K]): Promise<boolean> {
		return this.wire.run(type, data);
	}

	welcome(w: Welcome): void {
		this.marks = w.marks;
		this.rules = w.draw;
		this.seen ||= w.marks.length > 0;
		this.#waiting = [];
		this.#view?.({ type: 'party.welcome', data: w });
	}

	readonly handlers: { [K in keyof ServerFrames]?: (d: ServerFrames[K], f: Frame) => void } = {
		'draw.mark': (d, f) => {
			this.marks = [...this.marks.filter((m) => m.id !== d.id), d];
			this.#pass(f);
		},
		'draw.gone': (d) => (this.marks = this.marks.filter((m) => !d.marks.includes(m.id))),
		'draw.settings': (d) => (this.rules = d),
		'draw.strokes': (_, f) => this.#pass(f),
		'draw.dropped': (_, f) => this.#pass(f),
	};

	#pass(f: Frame): void {
		this.seen = true;
		if (this.#view) this.#view(f);
		else this.#waiting = [...this.#waiting.slice(-kept), f];
	}
}
