/** Everything the buttons do, typed: "/seek 41:58", "/kick jun". */
import { parseTime } from './format';
import { pollOf } from './polls.svelte';
import type { NewPoll } from './protocol/generated';

export type Command =
	| { do: 'say'; text: string }
	| { do: 'seek'; to: number }
	| { do: 'skip'; by: number }
	| { do: 'play' | 'pause' | 'undo' | 'out' | 'back' | 'unpin' | 'help' }
	| { do: 'rate'; rate: number }
	| { do: 'kick' | 'ban'; who: string }
	| { do: 'slow'; seconds: number }
	| { do: 'pin'; text?: string }
	| { do: 'poll'; poll: NewPoll }
	| { do: 'wrong'; why: string };

/** For the help list and the composer's suggestions. */
export const commands: { name: string; args: string; does: string }[] = [
	{ name: 'play', args: '', does: 'start the film for everybody' },
	{ name: 'pause', args: '', does: 'stop it for everybody' },
	{ name: 'seek', args: '41:58', does: 'go to a time, or +30 and -30' },
	{ name: 'rate', args: '1.25', does: 'change the speed' },
	{ name: 'undo', args: '', does: 'take the last change back' },
	{ name: 'out', args: '', does: 'step out: watch on your own' },
	{ name: 'back', args: '', does: 'catch up with the others' },
	{ name: 'kick', args: 'name', does: 'send somebody out' },
	{ name: 'ban', args: 'name', does: 'send somebody out for good' },
	{ name: 'slow', args: '10', does: 'seconds between two lines of one person, 0 for off' },
	{ name: 'pin', args: 'text', does: 'pin the last line, or the last one with this text' },
	{ name: 'unpin', args: '', does: 'unpin' },
	{ name: 'poll', args: 'Who? Harry | Anna', does: 'ask everybody; yes or no without options' },
	{ name: 'help', args: '', does: 'this list' },
];

const wrong = (why: string): Command => ({ do: 'wrong', why });

/** Reads what was typed. A line that begins with // is said with one slash. */
export function parse(line: string): Command {
	const text = line.trim();
	if (text.startsWith('//')) return { do: 'say', text: text.slice(1) };
	const m = /^\/([a-z]+)(?:\s+([\s\S]*))?$/i.exec(text);
	if (!m) return { do: 'say', text };
	const name = m[1].toLowerCase();
	const arg = (m[2] ?? '').trim();
	switch (name) {
		case 'play':
		case 'pause':
		case 'undo':
		case 'out':
		case 'back':
		case 'unpin':
		case 'help':
			return { do: name };
		case 'seek':
			return seek(arg);
		case 'rate': {
			const rate = Number(arg.replace(/[x×]$/i, ''));
			return arg !== '' && rate >= 0.25 && rate <= 2
				? { do: 'rate', rate }
				: wrong('Write a speed from 0.25 to 2, like /rate 1.25');
		}
		case 'kick':
		case 'ban': {
			const who = arg.replace(/^@/, '');
			return who ? { do: name, who } : wrong(`Write whom, like /${name} jun`);
		}
		case 'slow': {
			const seconds = arg === 'off' ? 0 : Number(arg);
			return arg !== '' && Number.isInteger(seconds) && seconds >= 0 && seconds <= 3600
				? { do: 'slow', seconds }
				: wrong('Write seconds, like /slow 10, or /slow 0 for off');
		}
		case 'poll': {
			const poll = pollOf(arg);
			return poll ? { do: 'poll', poll } : wrong('Write a question and options, like /poll Who did it? Harry | Anna');
		}
		case 'pin':
			return arg ? { do: 'pin', text: arg } : { do: 'pin' };
	}
	return wrong(`There is no /${name}. Type /help for the list, or // to begin a line with a slash.`);
}

function seek(arg: string): Command {
	const sign = /^([+-])\s*(.+)$/.exec(arg);
	const to = parseTime(sign ? sign[2] : arg);
	if (to === undefined) return wrong('Write a time, like /seek 41:58 or /seek +30');
	return sign ? { do: 'skip', by: sign[1] === '-' ? -to : to } : { do: 'seek', to };
}

/** Finds the one person a typed name means: the handle first, then the shown name, then its only beginning. */
export function findPerson<T extends { username: string; name: string }>(people: readonly T[], typed: string): T | undefined {
	const want = typed.toLocaleLowerCase();
	const exact =
		people.find((p) => p.username.toLocaleLowerCase() === want) ?? people.find((p) => p.name.toLocaleLowerCase() === want);
	if (exact) return exact;
	const begins = people.filter(
		(p) => p.name.toLocaleLowerCase().startsWith(want) || p.username.toLocaleLowerCase().startsWith(want),
	);
	return begins.length === 1 ? begins[0] : undefined;
}
