/** Film times and other things that people read and write. */

/** 2:05, 1:02:05. */
export function clockTime(seconds: number): string {
	const s = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
	const two = (n: number) => String(n).padStart(2, '0');
	const h = Math.floor(s / 3600);
	const m = Math.floor((s % 3600) / 60);
	return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** Seconds of 41:58, 1:02:03 or 90; undefined when it is none of them. */
export function parseTime(text: string): number | undefined {
	const m = /^(?:(\d{1,3}):)?(?:(\d{1,2}):)?(\d{1,6}(?:\.\d+)?)$/.exec(text.trim());
	if (!m) return undefined;
	const [first, second, last] = [m[1], m[2], Number(m[3])];
	if ((first !== undefined || second !== undefined) && last >= 60) return undefined;
	if (first !== undefined && second !== undefined)
		return Number(second) < 60 ? Number(first) * 3600 + Number(second) * 60 + last : undefined;
	return Number(first ?? 0) * 60 + last;
}

/** Film times inside a chat line, as parts. */
export function timeParts(text: string): { text: string; seconds?: number }[] {
	const parts: { text: string; seconds?: number }[] = [];
	let from = 0;
	for (const m of text.matchAll(/(?<![\d:])(?:\d{1,2}:)?\d{1,2}:\d{2}(?![\d:])/g)) {
		const seconds = parseTime(m[0]);
		if (seconds === undefined) continue;
		if (m.index > from) parts.push({ text: text.slice(from, m.index) });
		parts.push({ text: m[0], seconds });
		from = m.index + m[0].length;
	}
	if (from < text.length) parts.push({ text: text.slice(from) });
	return parts;
}

export function bytes(n: number): string {
	const units = ['B', 'kB', 'MB', 'GB', 'TB'];
	let i = 0;
	while (n >= 1000 && i < units.length - 1) {
		n /= 1000;
		i++;
	}
	return `${i === 0 ? n : n.toFixed(n < 10 ? 1 : 0)} ${units[i]}`;
}

/** "K7N-2FQ": six characters are read more easily in two groups. */
export const roomCode = (code: string): string => (code.length === 6 ? `${code.slice(0, 3)}-${code.slice(3)}` : code);

export function initials(name: string): string {
	const words = name.trim().split(/\s+/).filter(Boolean);
	const letter = (w: string | undefined) => (w ? [...w][0].toLocaleUpperCase() : '');
	return words.length === 0 ? '?' : letter(words[0]) + (words.length > 1 ? letter(words[words.length - 1]) : '');
}

/** "today at 20:30", "Friday at 20:30", "3 Dec at 20:30", in the reader's words and zone. */
export function when(iso: string, now = new Date()): string {
	const d = new Date(iso);
	const time = d.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
	const days = Math.round((new Date(d).setHours(0, 0, 0, 0) - new Date(now).setHours(0, 0, 0, 0)) / 86_400_000);
	if (days >= -1 && days <= 1) return `${['yesterday', 'today', 'tomorrow'][days + 1]} at ${time}`;
	if (days > 1 && days < 7) return `${d.toLocaleDateString(undefined, { weekday: 'long' })} at ${time}`;
	const year = d.getFullYear() === now.getFullYear() ? undefined : 'numeric';
	return `${d.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year })} at ${time}`;
}

/** How far behind or ahead, in words of a few characters. */
export const behind = (seconds: number): string => clockTime(Math.abs(seconds));
