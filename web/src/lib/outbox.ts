/**
 * Commands that must not be lost and must not happen twice. Each has an op id;
 * it is sent again, with the same one, until the server has answered it. Those
 * of one room go one after another, so that their order stands.
 */
import type { Ack, Problem } from './protocol/frames';

/** What the server says when it refuses. */
export class Refused extends Error {
	constructor(readonly problem: Problem) {
		super(problem.detail);
	}
}

export interface Kept {
	id: string;
	op: string;
	room: string;
	type: string;
	data: unknown;
	resolve(a: Ack): void;
	reject(e: unknown): void;
}

/** No answer for so long: it goes again. */
const answerWithin = 10_000;

/** Nothing is wrong with the command itself: the server could not take it now. */
export function passing(p: Problem): boolean {
	return p.status >= 500 || p.code === 'rate_limited' || p.code === 'room.not_joined';
}

export function pauseOf(p: Problem): number {
	return 1000 * Math.max(1, p.retry_after ?? 1);
}

export class Outbox {
	#rooms = new Map<string, Kept[]>();
	/** Rooms whose first command is on its way or rests, with what ends that. */
	#busy = new Map<string, ReturnType<typeof setTimeout>>();

	/** send answers whether the command could be sent just now. */
	constructor(private readonly send: (k: Kept) => boolean) {}

	add(k: Kept): void {
		const all = this.#rooms.get(k.room);
		if (all) all.push(k);
		else this.#rooms.set(k.room, [k]);
		this.flush(k.room);
	}

	/** Sends the room's first command, unless it is on its way. */
	flush(room: string): void {
		const first = this.#rooms.get(room)?.[0];
		if (first && !this.#busy.has(room) && this.send(first)) this.#rest(room, answerWithin);
	}

	/** The connection is gone: nothing is on its way any more. */
	cut(): void {
		for (const t of this.#busy.values()) clearTimeout(t);
		this.#busy.clear();
	}

	ack(id: string, a: Ack): boolean {
		return this.#done(id, (k) => k.resolve(a));
	}

	refuse(id: string, p: Problem): boolean {
		const first = this.#first(id);
		if (first && passing(p)) {
			this.#rest(first.room, pauseOf(p));
			return true;
		}
		return this.#done(id, (k) => k.reject(new Refused(p)));
	}

	/** Gives a room's commands up: it was left. */
	drop(room: string | undefined, e: Error): void {
		for (const name of room === undefined ? [...this.#rooms.keys()] : [room]) {
			clearTimeout(this.#busy.get(name));
			this.#busy.delete(name);
			for (const k of this.#rooms.get(name) ?? []) k.reject(e);
			this.#rooms.delete(name);
		}
	}

	#first(id: string): Kept | undefined {
		for (const all of this.#rooms.values()) if (all[0]?.id === id) return all[0];
		return undefined;
	}

	#done(id: string, fn: (k: Kept) => void): boolean {
		const first = this.#first(id);
		if (!first) return false;
		clearTimeout(this.#busy.get(first.room));
		this.#busy.delete(first.room);
		this.#rooms.get(first.room)!.shift();
		fn(first);
		this.flush(first.room);
		return true;
	}

	#rest(room: string, ms: number): void {
		clearTimeout(this.#busy.get(room));
		this.#busy.set(
			room,
			setTimeout(() => {
				this.#busy.delete(room);
				this.flush(room);
			}, ms),
		);
	}
}
