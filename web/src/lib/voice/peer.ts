/**
 * One way to the room's media. The page always offers: its microphone, a number
 * of voice slots, a share, and the shares that it looks at. The room only
 * answers, so two offers never meet. All candidates of the room are in its
 * answer, and it learns ours from the packets: nothing trickles.
 */
import type { IceServer, View } from './frames';

export interface Offer {
	sdp: string;
	mic: string;
	voice: string[];
	views: View[];
	share?: { share: string; video: string; audio: string };
}

export interface PeerEvents {
	/** How the way is: up, shaky (it may heal by itself), or down. */
	path(state: 'up' | 'shaky' | 'down'): void;
	/** Something can be heard in a slot, or seen of a share. */
	heard(slot: number, track: MediaStreamTrack): void;
	seen(share: string, track: MediaStreamTrack): void;
}

interface Line {
	video: RTCRtpTransceiver;
	audio: RTCRtpTransceiver;
}

/** Bits a second of a voice, by the room's quality. */
export const voiceBits = { low: 16_000, medium: 32_000, high: 64_000, ultra: 128_000 } as const;

export class Peer {
	readonly #pc: RTCPeerConnection;
	readonly #mic: RTCRtpTransceiver;
	readonly #slots: RTCRtpTransceiver[];
	#share: (Line & { id: string; stream: MediaStream }) | undefined;
	/** Lines on which shares come, with what comes there now. */
	readonly #views: (Line & { share: string; height: number })[] = [];

	constructor(
		make: (c: RTCConfiguration) => RTCPeerConnection,
		ice: IceServer[],
		slots: number,
		private readonly on: PeerEvents,
	) {
		this.#pc = make({ iceServers: ice, bundlePolicy: 'max-bundle' });
		this.#mic = this.#pc.addTransceiver('audio', { direction: 'sendonly' });
		this.#slots = Array.from({ length: slots }, () => this.#pc.addTransceiver('audio', { direction: 'recvonly' }));
		this.#slots.forEach((t, i) => this.on.heard(i, t.receiver.track));
		this.#pc.onconnectionstatechange = () => this.#told();
	}

	#told(): void {
		const s = this.#pc.connectionState;
		if (s === 'connected') this.on.path('up');
		else if (s === 'disconnected') this.on.path('shaky');
		else if (s === 'failed') this.on.path('down');
	}

	/** What one says; nothing while there is no microphone. */
	async speak(track: MediaStreamTrack | null, bits: number): Promise<void> {
		await this.#mic.sender.replaceTrack(track);
		await limit(this.#mic.sender, bits);
	}

	/** Offers all that there is; restart looks for another way. */
	async offer(restart = false): Promise<Offer> {
		await this.#pc.setLocalDescription(await this.#pc.createOffer({ iceRestart: restart }));
		const share = this.#share;
		return {
			sdp: this.#pc.localDescription?.sdp ?? '',
			mic: mid(this.#mic),
			voice: this.#slots.map(mid),
			views: this.views,
			...(share && {
				share: {
					share: share.id,
					video: mid(share.video),
					audio: share.stream.getAudioTracks().length > 0 ? mid(share.audio) : '',
				},
			}),
		};
	}

	async answer(sdp: string): Promise<void> {
		await this.#pc.setRemoteDescription({ type: 'answer', sdp });
	}

	/** What comes on which line. */
	get views(): View[] {
		return this.#views.flatMap((v) => [
			{ mid: mid(v.video), share: v.share, max_height: v.height },
			{ mid: mid(v.audio), share: v.share, max_height: 0 },
		]);
	}

	/** Sends a share from the next offer on. */
	async show(id: string, stream: MediaStream, frames: number): Promise<void> {
		const [video, audio] = [stream.getVideoTracks()[0], stream.getAudioTracks()[0]];
		const old = this.#share;
		const line: Line = old ?? {
			video: this.#pc.addTransceiver('video', { direction: 'sendonly' }),
			audio: this.#pc.addTransceiver('audio', { direction: 'sendonly' }),
		};
		line.video.direction = line.audio.direction = 'sendonly';
		this.#share = { ...line, id, stream };
		await line.video.sender.replaceTrack(video ?? null);
		await line.audio.sender.replaceTrack(audio ?? null);
		await limit(line.video.sender, 4_000_000, frames);
		await limit(line.audio.sender, 128_000);
	}

	/** Ends what one shares; its lines rest from the next offer on. */
	async hide(): Promise<void> {
		const s = this.#share;
		if (!s) return;
		this.#share = undefined;
		await s.video.sender.replaceTrack(null);
		await s.audio.sender.replaceTrack(null);
		s.video.direction = s.audio.direction = 'inactive';
	}

	/** Looks at these shares. True when that needs an offer; otherwise telling the views is enough. */
	look(shares: { share: string; height: number }[]): boolean {
		let fresh = false;
		for (const v of this.#views) if (!shares.some((s) => s.share === v.share)) v.share = '';
		for (const s of shares) {
			let v = this.#views.find((x) => x.share === s.share) ?? this.#views.find((x) => x.share === '');
			if (!v) {
				fresh = true;
				v = {
					video: this.#pc.addTransceiver('video', { direction: 'recvonly' }),
					audio: this.#pc.addTransceiver('audio', { direction: 'recvonly' }),
					share: '',
					height: 0,
				};
				this.#views.push(v);
			}
			const other = v.share !== s.share;
			[v.share, v.height] = [s.share, s.height];
			if (other) for (const line of [v.video, v.audio]) this.on.seen(s.share, line.receiver.track);
		}
		return fresh;
	}

	/** Figures of the connection, as the browser has them. */
	stats(): Promise<RTCStatsReport> {
		return this.#pc.getStats();
	}

	close(): void {
		this.#pc.onconnectionstatechange = null;
		this.#pc.close();
	}
}

const mid = (t: RTCRtpTransceiver): string => t.mid ?? '';

async function limit(sender: RTCRtpSender, bits: number, frames?: number): Promise<void> {
	const p = sender.getParameters();
	if (!p.encodings?.length) return; // before the first answer some browsers have none
	p.encodings[0] = { ...p.encodings[0], maxBitrate: bits, ...(frames !== undefined && { maxFramerate: frames }) };
	await sender.setParameters(p).catch(() => {}); // a wish, not a need
}
