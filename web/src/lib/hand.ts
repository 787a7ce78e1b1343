/** One person's hand over the film: what it draws is on the screen at once and goes to the room. */
import { fades, held, inkMs, laserMs, mostPoints, Outgoing, within, type InFlight, type Stroke, type Tool } from './draw';
import type { Place } from './frame';
import { newId } from './ids';
import type { Room } from './room.svelte';
import { Refused } from './socket';

/** Nearer points of a hand make no difference. */
const near = 0.0004;

export class Hand {
	#stroke: Stroke | undefined;
	/** The server does not know the stroke in hand: it is sent as a whole in the end. */
	#alone = false;
	#out: Outgoing | undefined;

	constructor(
		private readonly room: Pick<Room, 'drawing' | 'clock' | 'film' | 'me' | 'notice' | 'online'>,
		private readonly inFlight: InFlight,
	) {}

	get busy(): boolean {
		return this.#stroke !== undefined;
	}

	down(tool: Tool, place: Place): void {
		if (this.#stroke || !within(place)) return;
		const stroke = newId();
		const film_at = Math.max(0, this.room.film.at);
		const s = this.inFlight.begin(stroke, tool, this.room.me.color, film_at, place, this.room.clock.now());
		const [x, y] = s.points[0]!;
		this.#stroke = s;
		this.#alone = false;
		this.#out = new Outgoing((points) => this.#tell(stroke, points));
		this.room.drawing.ask('draw.begin', { stroke, tool: tool as never, x, y, film_at }).catch((e: unknown) => {
			if (this.#stroke !== s) return;
			this.#alone = true;
			if (!(e instanceof Refused) || e.problem.code !== 'draw.forbidden') return;
			this.cancel();
			this.room.notice = e.message;
		});
	}

	/** Points that nobody would take are not sent. */
	#tell(stroke: string, points: number[][]): void {
		this.#alone ||= !this.room.online;
		if (!this.#alone) this.room.drawing.points({ stroke, points });
	}

	move(place: Place): void {
		const s = this.#stroke;
		const last = s?.points.at(-1);
		if (!s || !last) return;
		if (!this.inFlight.strokes.has(s.key)) return this.#stop(); // it was stopped
		const p = held(place);
		if (Math.hypot(p[0] - last[0], p[1] - last[1]) < near) return;
		s.points.push(p);
		s.at.push(this.room.clock.now());
		s.heard = this.room.clock.now();
		this.#out?.add(p);
		if (s.points.length >= mostPoints && s.tool !== 'laser') void this.up();
	}

	async up(): Promise<void> {
		const s = this.#stroke;
		if (!s) return;
		this.#out?.flush();
		const alone = this.#alone;
		this.#stop();
		const now = this.room.clock.now();
		// Until the server says exactly when.
		if (fades(s.tool)) s.until = now + (s.tool === 'laser' ? laserMs : inkMs) + 100;
		if (!this.inFlight.strokes.has(s.key)) return;
		const op = newId();
		if (alone) return fades(s.tool) ? undefined : this.#whole(s, op);
		try {
			await this.room.drawing.ask('draw.end', { stroke: s.name }, false, op);
		} catch (e) {
			if (fades(s.tool)) return;
			if (e instanceof Refused && e.problem.code !== 'draw.unknown_stroke') return this.#lost(s, e);
			await this.#whole(s, op);
		}
	}

	/** Lets what is being drawn go. */
	cancel(): void {
		if (this.#stroke) this.inFlight.strokes.delete(this.#stroke.key);
		this.#stop();
	}

	/** Puts a text or a pin. */
	async put(tool: 'text' | 'pin', place: Place, text = ''): Promise<void> {
		if (!within(place)) return;
		try {
			const film_at = Math.max(0, this.room.film.at);
			await this.room.drawing.ask('draw.put', { tool, points: [[...held(place)]], text: text || undefined, film_at }, true);
		} catch (e) {
			if (e instanceof Refused) this.room.notice = e.message;
		}
	}

	/** The connection was cut while the stroke was drawn: it is sent as a whole when it is back. */
	async #whole(s: Stroke, op: string): Promise<void> {
		const points = s.points.map(([x, y]) => [x, y]);
		if (s.points.length === 1 && s.tool !== 'pen' && s.tool !== 'highlighter') return this.#lost(s);
		try {
			await this.room.drawing.ask('draw.put', { tool: s.tool as never, points, film_at: s.filmAt, stroke: s.name }, true, op);
		} catch (e) {
			if (e instanceof Refused && e.problem.code !== 'op.reused') this.#lost(s, e);
		}
	}

	#lost(s: Stroke, why?: Refused): void {
		this.inFlight.strokes.delete(s.key);
		if (why) this.room.notice = why.message;
	}

	#stop(): void {
		this.#out?.drop();
		this.#out = undefined;
		this.#stroke = undefined;
	}
}
