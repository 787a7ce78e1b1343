/** Sends a film in pieces, goes on after a cut where the server stands. */
import { ApiError, media, type Media } from './client';

const piece = 8 << 20;
const patience = 60_000;

export interface Progress {
	sent: number;
	total: number;
	/** Waits for the network to come back. */
	waiting: boolean;
}

export async function upload(file: File, onProgress: (p: Progress) => void, signal: AbortSignal): Promise<Media> {
	const film = await media.begin(file.name, file.size);
	signal.addEventListener('abort', () => void media.remove(film.id).catch(() => {}), { once: true });
	let offset = 0;
	let failingSince: number | undefined;
	while (offset < file.size) {
		signal.throwIfAborted();
		onProgress({ sent: offset, total: file.size, waiting: failingSince !== undefined });
		try {
			offset = await sendPiece(film.id, file, offset, (n) => onProgress({ sent: n, total: file.size, waiting: false }), signal);
			failingSince = undefined;
		} catch (e) {
			if (signal.aborted) throw e;
			if (e instanceof ApiError && e.status >= 400 && e.status < 500 && e.status !== 409) throw e;
			failingSince ??= Date.now();
			if (Date.now() - failingSince > patience) throw e;
			await new Promise((ok) => setTimeout(ok, 1000));
			offset = await media.get(film.id).then(
				(m) => m.offset,
				() => offset,
			);
		}
	}
	onProgress({ sent: file.size, total: file.size, waiting: false });
	return media.get(film.id);
}

/** One piece, by XMLHttpRequest because only it tells how much has left. */
function sendPiece(id: string, file: File, offset: number, onSent: (n: number) => void, signal: AbortSignal): Promise<number> {
	return new Promise((resolve, reject) => {
		const x = new XMLHttpRequest();
		const end = Math.min(file.size, offset + piece);
		x.open('PATCH', `/api/media/${id}/`);
		x.setRequestHeader('Content-Type', 'application/offset+octet-stream');
		x.setRequestHeader('Upload-Offset', String(offset));
		x.setRequestHeader('Tus-Resumable', '1.0.0');
		x.upload.onprogress = (e) => onSent(offset + e.loaded);
		x.onerror = () => reject(new ApiError(0, 'offline', 'The connection was cut.'));
		x.onabort = () => reject(new DOMException('aborted', 'AbortError'));
		x.onload = () => {
			if (x.status >= 200 && x.status < 300) return resolve(Number(x.getResponseHeader('Upload-Offset') ?? end));
			let p: { code?: string; detail?: string } = {};
			try {
				p = JSON.parse(x.responseText) as typeof p;
			} catch {
				// not ours
			}
			reject(new ApiError(x.status, p.code ?? 'unknown', p.detail ?? `The server answered ${x.status}.`));
		};
		signal.addEventListener('abort', () => x.abort(), { once: true });
		x.send(file.slice(offset, end));
	});
}
