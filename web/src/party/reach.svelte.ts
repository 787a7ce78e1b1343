/**
 * What this person's gestures on the film reach: the room, the hosts (as a
 * request), or only the own screen. So that no control is ever dead.
 */
import type { Room } from '../lib/room.svelte';

export type Way = 'room' | 'ask' | 'me';

export class Reach {
	constructor(private readonly of: Pick<Room, 'film' | 'plays' | 'asking' | 'may' | 'toggle' | 'seek' | 'skip' | 'notice'>) {}

	get way(): Way {
		if (this.of.may('playback.control')) return 'room';
		return this.of.asking ? 'ask' : 'me';
	}

	get room(): boolean {
		return this.way === 'room';
	}

	/** Whether the film runs on the screen of whoever the button is for. */
	get playing(): boolean {
		return this.of.film.out ? this.of.film.moving : this.of.plays;
	}

	/** What the one button does now. */
	get label(): string {
		const verb = this.playing ? 'Pause' : 'Play';
		if (this.of.film.out) return verb;
		return { room: verb, ask: `Ask to ${verb.toLowerCase()}`, me: `${verb} for me` }[this.way];
	}

	toggle(): void {
		const { film } = this.of;
		if (film.out || this.way === 'me') {
			if (this.playing) film.stepOut();
			else film.stepOut(film.at);
			if (this.way === 'me') this.#say();
		} else void this.of.toggle();
	}

	seek(to: number): void {
		const { film } = this.of;
		if (film.out || this.way === 'me') {
			film.stepOut(to);
			if (this.way === 'me') this.#say();
		} else void this.of.seek(to);
	}

	skip(by: number): void {
		const { film } = this.of;
		if (film.out || this.way === 'me') this.seek(Math.max(0, Math.min(film.at + by, film.duration || Infinity)));
		else void this.of.skip(by);
	}

	#say(): void {
		this.of.notice = 'Only hosts move the room. This was just for you.';
	}
}
