/** How a chat line is read: its film times, its mentions, and what belongs together. */
import { timeParts } from '../lib/format';
import type { Message, User } from '../lib/protocol/generated';

export interface Part {
	text: string;
	/** A second of the film. */
	seconds?: number;
	/** Names a person of the room. */
	mention?: 'me' | 'other';
}

/** Splits a line; only those whom the server took for mentioned are marked. */
export function parts(m: Pick<Message, 'text' | 'mentions'>, person: (id: string) => User | undefined, me: string): Part[] {
	const names = m.mentions.flatMap((id) => {
		const u = person(id);
		return u ? [{ handle: `@${u.username}`, mine: id === me }] : [];
	});
	const out: Part[] = [];
	let from = 0;
	for (const at of m.text.matchAll(/@/g)) {
		if (at.index < from) continue;
		const rest = m.text.slice(at.index).toLocaleLowerCase();
		const hit = names
			.filter((n) => rest.startsWith(n.handle.toLocaleLowerCase()))
			.sort((a, b) => b.handle.length - a.handle.length)[0];
		if (!hit) continue;
		if (at.index > from) out.push(...timeParts(m.text.slice(from, at.index)));
		from = at.index + hit.handle.length;
		out.push({ text: m.text.slice(at.index, from), mention: hit.mine ? 'me' : 'other' });
	}
	if (from < m.text.length) out.push(...timeParts(m.text.slice(from)));
	return out;
}

const pause = 120_000;

/** Whether a line goes on where the same person stopped a moment ago. */
export function together(before: Message | undefined, m: Message): boolean {
	return (
		before !== undefined &&
		before.type === 'text' &&
		m.type === 'text' &&
		before.user.id === m.user.id &&
		!m.reply_to &&
		Date.parse(m.created_at) - Date.parse(before.created_at) < pause
	);
}

/** The half-typed mention before the cursor. */
export function mentioning(text: string, cursor: number): { from: number; typed: string } | undefined {
	const m = /(?:^|\s)@([\p{L}\p{N}_.-]{0,30})$/u.exec(text.slice(0, cursor));
	return m ? { from: cursor - m[1].length - 1, typed: m[1].toLocaleLowerCase() } : undefined;
}
