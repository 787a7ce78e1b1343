/** Microphones and screens: what a browser gives, and what to say when it does not. */
import type { VoiceSettings } from './frames';

export type TroubleKind = 'denied' | 'none' | 'busy' | 'insecure' | 'gone' | 'other';

export interface Trouble {
	kind: TroubleKind;
	title: string;
	hint: string;
}

const words: Record<TroubleKind, Omit<Trouble, 'kind'>> = {
	denied: {
		title: 'The browser keeps your microphone to itself',
		hint: 'Allow it beside the address of this page, then try again. You hear the others meanwhile.',
	},
	none: { title: 'No microphone is there', hint: 'Plug one in; it is found by itself. You hear the others meanwhile.' },
	busy: { title: 'Another program has your microphone', hint: 'Close it there, then try again.' },
	insecure: {
		title: 'Microphones need a secure address',
		hint: 'Open this page by https, or on the machine that serves it.',
	},
	gone: { title: 'Your microphone is gone', hint: 'Plug it in again or choose another; nobody hears you for now.' },
	other: { title: 'The microphone does not start', hint: 'Try again, or choose another one.' },
};

export const trouble = (kind: TroubleKind): Trouble => ({ kind, ...words[kind] });

/** What an error of the browser means. */
export function troubleOf(e: unknown): Trouble {
	const name = (e as { name?: string } | undefined)?.name;
	if (name === 'NotAllowedError' || name === 'SecurityError' || name === 'PermissionDeniedError') return trouble('denied');
	if (name === 'NotFoundError' || name === 'OverconstrainedError' || name === 'DevicesNotFoundError') return trouble('none');
	if (name === 'NotReadableError' || name === 'AbortError') return trouble('busy');
	if (name === 'InsecureError') return trouble('insecure');
	return trouble('other');
}

/** Opens a microphone; one that was chosen and is not there gives way to any. */
export async function microphone(
	device: string,
	wish: Pick<VoiceSettings, 'noise_cancellation' | 'echo_cancellation'>,
): Promise<MediaStream> {
	const media = navigator.mediaDevices as MediaDevices | undefined;
	if (!media?.getUserMedia) throw Object.assign(new Error('no secure context'), { name: 'InsecureError' });
	const audio: MediaTrackConstraints = {
		noiseSuppression: wish.noise_cancellation,
		echoCancellation: wish.echo_cancellation,
		autoGainControl: true,
	};
	try {
		return await media.getUserMedia({ audio: device ? { ...audio, deviceId: { exact: device } } : audio });
	} catch (e) {
		if (!device || (e as { name?: string }).name !== 'OverconstrainedError') throw e;
		return media.getUserMedia({ audio });
	}
}

export interface Device {
	id: string;
	label: string;
}

/** The devices of a kind, those with names only. */
export async function devices(kind: 'audioinput' | 'audiooutput'): Promise<Device[]> {
	const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
	return all.filter((d) => d.kind === kind && d.label !== '').map((d) => ({ id: d.deviceId, label: d.label }));
}

export type Surface = 'screen' | 'window' | 'tab';

const surfaces = { screen: 'monitor', window: 'window', tab: 'browser' } as const;

/** Lets the person choose what to show; undefined when he thinks better of it. */
export async function screen(surface: Surface, frames: number): Promise<MediaStream | undefined> {
	try {
		return await navigator.mediaDevices.getDisplayMedia({
			video: { displaySurface: surfaces[surface], frameRate: { ideal: frames, max: frames } },
			// One's own party must not come back through the share.
			audio: { restrictOwnAudio: true, suppressLocalAudioPlayback: false },
			systemAudio: 'include',
			selfBrowserSurface: 'exclude',
			surfaceSwitching: 'include',
		} as DisplayMediaStreamOptions);
	} catch (e) {
		if ((e as { name?: string }).name === 'NotAllowedError') return undefined;
		throw e;
	}
}

/** What was chosen in the end. */
export function surfaceOf(track: MediaStreamTrack): Surface {
	const chosen = track.getSettings().displaySurface;
	return chosen === 'browser' ? 'tab' : chosen === 'window' ? 'window' : 'screen';
}
