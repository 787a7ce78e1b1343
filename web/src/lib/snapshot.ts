/** The film's picture with what is drawn on it, as a file. */
import { Painter } from './paint';
import type { Mark } from './protocol/generated';

/** What the server takes. */
export const mostBytes = 2 << 20;
/** Sides that are tried until the file is small enough, as parts of the film's. */
const scales = [1, 0.75, 0.5, 0.33];

/** Paints at a part of the film's size; undefined where the film's site does not let its picture be read. */
function paint(film: HTMLVideoElement, marks: Mark[], now: number, scale: number): Promise<Blob | undefined> {
	const out = document.createElement('canvas');
	out.width = Math.max(1, Math.round(film.videoWidth * scale));
	out.height = Math.max(1, Math.round(film.videoHeight * scale));
	const c = out.getContext('2d');
	if (!c) return Promise.resolve(undefined);
	c.drawImage(film, 0, 0, out.width, out.height);
	const p = new Painter(c, out.width, out.height);
	for (const m of marks) p.mark(m, now);
	return new Promise((ok) => {
		try {
			out.toBlob((b) => ok(b ?? undefined), 'image/png');
		} catch {
			ok(undefined);
		}
	});
}

/** A PNG of at most so many bytes, as large as that allows. */
export async function snapshot(film: HTMLVideoElement, marks: Mark[], now: number, most = Infinity): Promise<Blob | undefined> {
	for (const scale of scales) {
		const blob = await paint(film, marks, now, scale);
		if (!blob || blob.size <= most) return blob;
	}
	return undefined;
}

/** Lets the browser keep a file. */
export function keep(blob: Blob, name: string): void {
	const a = document.createElement('a');
	a.href = URL.createObjectURL(blob);
	a.download = name;
	a.click();
	setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
}
