/** Carries out what was typed with a slash: the same calls as the buttons. */
import { ApiError, parties } from '../lib/api/client';
import type { Message } from '../lib/protocol/generated';
import type { Room } from '../lib/room.svelte';
import { findPerson, parse, type Command } from '../lib/slash';

export interface Typed {
	room: Room;
	replyTo?: Message;
	/** Shows the list of keys and commands. */
	onhelp?: () => void;
}

/** Says a line, or does what it commands. A refusal stands in room.notice. */
export async function carryOut(line: string, t: Typed): Promise<void> {
	const c = parse(line);
	if (c.do === 'say') return t.room.chat.send(c.text, t.replyTo);
	const notice = await run(c, t);
	if (notice) t.room.notice = notice;
}

type Answer = string | undefined | void;

async function run(c: Exclude<Command, { do: 'say' }>, t: Typed): Promise<Answer> {
	const { room } = t;
	switch (c.do) {
		case 'wrong':
			return c.why;
		case 'help':
			return t.onhelp?.();
		case 'play':
		case 'pause':
			return (c.do === 'play') === room.plays
				? `The film ${room.plays ? 'plays' : 'stands'} already.`
				: steer(room, () => room.toggle());
		case 'seek':
			return steer(room, () => room.seek(c.to));
		case 'skip':
			return steer(room, () => room.skip(c.by));
		case 'rate':
			return steer(room, () => room.rate(c.rate));
		case 'undo':
			return room.undo();
		case 'out':
			return room.film.stepOut();
		case 'back':
			return room.film.catchUp();
		case 'pin':
		case 'unpin':
			return pin(room, c.do === 'pin', 'text' in c ? c.text : undefined);
		case 'poll':
			if (!room.may('poll.write')) return 'Only the hosts make polls.';
			await room.polls.create(c.poll);
			return;
		case 'slow':
			return host(room, 'party.edit', () => parties.edit(room.id, { slow_mode_seconds: c.seconds }));
		case 'kick':
		case 'ban': {
			const who = findPerson(
				room.here.map((p) => p.user).filter((u) => u.id !== room.me.user.id),
				c.who,
			);
			if (!who) return `Nobody here is called ${c.who}, or several are.`;
			return host(room, c.do === 'kick' ? 'member.kick' : 'member.ban', () => parties[c.do](room.id, who.id));
		}
	}
}

function steer(room: Room, fn: () => Promise<void>): Answer | Promise<void> {
	if (!room.may('playback.control') && !room.asking) return 'Only the hosts move this film.';
	return fn();
}

function pin(room: Room, on: boolean, text = ''): Answer | Promise<void> {
	if (!room.may('chat.moderate')) return 'Only the hosts pin lines.';
	if (!on) return room.chat.pin(null);
	const want = text.toLocaleLowerCase();
	const line = room.chat.messages.findLast((m) => m.type === 'text' && !m.deleted && m.text.toLocaleLowerCase().includes(want));
	return line ? room.chat.pin(line) : 'There is no such line here.';
}

async function host(room: Room, action: Parameters<Room['may']>[0], fn: () => Promise<unknown>): Promise<Answer> {
	if (!room.may(action)) return 'Only the hosts do that.';
	try {
		await fn();
	} catch (e) {
		if (e instanceof ApiError) return e.message;
		throw e;
	}
}
