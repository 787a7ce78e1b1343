/** The next date of a party that is over: planned by a host, told as a line of the chat. */
import type { Message } from '../lib/protocol/generated';

const week = 7 * 86_400_000;

/** The same hour a week after a moment, and later again by weeks until it lies ahead. */
export function nextDate(iso: string, now = Date.now()): Date {
	const d = new Date(iso);
	d.setSeconds(0, 0);
	// By days, so that the hour stays when the clocks change.
	do d.setDate(d.getDate() + 7);
	while (d.getTime() <= now && now - d.getTime() < 5200 * week);
	return d;
}

/** A moment as a field of kind datetime-local wants it. */
export const localField = (d: Date): string => new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

const telling = /^The next one has a date: .*\/i\/([\w-]+)/;

/** The line that tells of it. It names no hour: that is another for each reader. */
export const nextLine = (link: string): string => `The next one has a date: ${link}`;

/** The code of the invitation that a host told of last. */
export function nextInvite(messages: readonly Pick<Message, 'text' | 'role' | 'deleted'>[]): string | undefined {
	const told = messages.findLast((m) => !m.deleted && (m.role === 'host' || m.role === 'co-host') && telling.test(m.text));
	return told && telling.exec(told.text)?.[1];
}
