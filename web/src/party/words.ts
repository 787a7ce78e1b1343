/** What the party page says about the state of things, in one place. */
import { clockTime } from '../lib/format';
import type { Presence } from '../lib/protocol/generated';
import type { Deed, PillWord } from '../lib/room.svelte';

/** What the pill needs to know of the room. */
export interface Syncing {
	pill: PillWord;
	now: number;
	waiting: { name: string; since: number }[];
	film: { drift: number | undefined; at: number; roomAt: number };
}

/** A distance above this is the way there, not the quality of being there. */
const telling = 500;

/** The five words, with the number that belongs to one of them. */
export function pillWords(room: Syncing): { text: string; number?: string } {
	switch (room.pill) {
		case 'in sync': {
			const { drift } = room.film;
			return {
				text: 'in sync',
				number: drift === undefined || drift > telling ? undefined : `±${Math.max(1, Math.round(drift))} ms`,
			};
		}
		case 'waiting': {
			if (room.waiting.length === 0) return { text: 'waiting' };
			const [first, ...more] = room.waiting;
			const seconds = Math.max(0, Math.round((room.now - first.since) / 1000));
			return { text: `waiting for ${first.name}${more.length > 0 ? ` and ${more.length} more` : ''}`, number: `${seconds} s` };
		}
		case 'stepped out':
			return { text: 'you stepped out – catch up' };
		case 'offline':
			return { text: 'offline, playing on' };
		default:
			return { text: 'catching up' };
	}
}

/** "Jun skipped to 41:58". */
export function deedWords(d: Pick<Deed, 'mine' | 'by' | 'vector'>): string {
	const who = d.mine ? 'You' : (d.by?.name ?? 'Somebody');
	const v = d.vector;
	switch (v.why) {
		case 'play':
			return `${who} pressed play`;
		case 'pause':
			return `${who} paused`;
		case 'seek':
			return `${who} skipped to ${clockTime(v.p)}`;
		case 'rate':
			return `${who} set the speed to ${v.rate}×`;
		case 'item':
			return `${who} put another film on`;
		default:
			return `${who} changed the film`;
	}
}

/** "Ines and Jun are catching up". */
export function waitingWords(names: string[]): string {
	const listed =
		names.length > 3
			? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`
			: names.join(' and ').replace(/ and (?=.* and )/g, ', ');
	return `${listed[0]?.toUpperCase() ?? ''}${listed.slice(1)} ${names.length === 1 && names[0] !== 'you' ? 'is' : 'are'} catching up`;
}

/** What somebody does, in a few words. */
export function presenceWords(p: Pick<Presence, 'state' | 'ready'>, lobby: boolean): string {
	if (p.state === 'offline') return 'connection lost';
	if (lobby) return p.state === 'loading' ? 'loading' : p.ready ? 'ready' : 'not ready yet';
	return {
		lobby: 'in the lobby',
		watching: 'watching',
		loading: 'loading',
		catching_up: 'catching up',
		away: 'away',
		stepped_out: 'stepped out',
	}[p.state];
}

/** Good, under way, or gone: what a dot beside the words shows. */
export function presenceTone(p: Pick<Presence, 'state' | 'ready'>, lobby: boolean): 'good' | 'warn' | 'idle' {
	if (p.state === 'loading' || p.state === 'catching_up') return 'warn';
	if (lobby) return p.ready && p.state !== 'offline' ? 'good' : 'idle';
	return p.state === 'watching' ? 'good' : 'idle';
}

/** The place of each in a list that falls: who has as many as the one before shares his. */
export function placesOf(points: readonly number[]): number[] {
	return points.map((n) => points.indexOf(n) + 1);
}
