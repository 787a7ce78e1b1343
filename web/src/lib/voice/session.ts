/**
 * Being in the voice room: joining, coming back, leaving. One thing happens at
 * a time; whatever is lost on the way is tried again until one leaves.
 */
import type { Gone, Signal, View, VoiceRoom, VoiceSettings } from './frames';
import { Peer, voiceBits, type PeerEvents } from './peer';

export type State = 'off' | 'joining' | 'on' | 'lost';

/** What the session asks of its surroundings. */
export interface Place {
	signal: Signal;
	make(c: RTCConfiguration): RTCPeerConnection;
	state(s: State): void;
	/** It is over, and not by one's own wish. */
	over(why: Gone | string): void;
	heard: PeerEvents['heard'];
	seen: PeerEvents['seen'];
	/** Whether a refusal is for good: coming back would not help. */
	final(e: unknown): boolean;
	random(): number;
}

/** Voice slots that this page offers. */
const slots = 4;
/** A shaky way may heal by itself for so long. */
const healsWithin = 2000;
const longest = 15_000;

export class Session {
	#peer: Peer | undefined;
	#state: State = 'off';
	/** Epoch of the last answer, and of the room that gave it. */
	#epoch = 0;
	#room: number | undefined;
	#tries = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#healing: ReturnType<typeof setTimeout> | undefined;
	#queue: Promise<unknown> = Promise.resolve();
	#track: MediaStreamTrack | null = null;
	#quality: VoiceSettings['audio_quality'] = 'medium';
	#self = { muted: true, deafened: false };
	#share: { id: string; stream: MediaStream; frames: number } | undefined;
	#shares: { share: string; height: number }[] = [];

	constructor(private readonly place: Place) {}

	get state(): State {
		return this.#state;
	}

	/** Goes in. Rejects when it was refused for good. */
	async join(self: { muted: boolean; deafened: boolean }): Promise<void> {
		if (this.#state !== 'off') return;
		this.#self = { ...self };
		this.#set('joining');
		try {
			await this.#next(() => this.#enter());
		} catch (e) {
			if (this.#left()) return;
			if (!this.place.final(e)) return this.#again();
			this.#drop();
			throw e;
		}
	}

	/** Goes out. The room is told if it can be. */
	async leave(): Promise<void> {
		if (this.#state === 'off') return;
		this.#drop();
		await this.place.signal.leave().catch(() => {}); // it notices by itself
	}

	/** One's own switches, for the next joining. */
	is({ muted, deafened }: { muted: boolean; deafened: boolean }): void {
		this.#self = { muted, deafened };
	}

	/** What one says from now on. */
	async speak(track: MediaStreamTrack | null): Promise<void> {
		this.#track = track;
		await this.#peer?.speak(track, voiceBits[this.#quality]);
	}

	/** The room as it was told: of another incarnation one has to join anew. */
	told(room: Pick<VoiceRoom, 'epoch' | 'settings'>): void {
		const before = this.#room;
		this.#room = room.epoch;
		if (room.settings.audio_quality !== this.#quality) {
			this.#quality = room.settings.audio_quality;
			void this.#peer?.speak(this.#track, voiceBits[this.#quality]);
		}
		if (this.#state === 'on' && before !== undefined && before !== room.epoch) this.#anew();
	}

	/** The room says that one is out. */
	gone(why: Gone): void {
		if (this.#state === 'off') return;
		if (why === 'lost') return this.#anew();
		this.#drop();
		this.place.over(why);
	}

	/** Shares a screen, whose id the room has given. */
	async share(id: string, stream: MediaStream, frames: number): Promise<void> {
		this.#share = { id, stream, frames };
		await this.#change(async (p) => p.show(id, stream, frames));
	}

	async unshare(): Promise<void> {
		if (!this.#share) return;
		this.#share = undefined;
		await this.#change((p) => p.hide());
	}

	/** Looks at these shares and at no others. */
	async look(shares: { share: string; height: number }[]): Promise<void> {
		this.#shares = shares;
		await this.#next(async () => {
			const p = this.#peer;
			if (!p || this.#state !== 'on') return; // joining takes them along
			if (p.look(shares)) await this.#offer(p);
			else await this.place.signal.view(p.views as View[]);
		}).catch((e) => this.#failed(e));
	}

	stats(): Promise<RTCStatsReport> | undefined {
		return this.#peer?.stats();
	}

	async #enter(): Promise<void> {
		this.#close();
		const { ice_servers, settings } = await this.place.signal.prepare();
		if (this.#left()) return;
		this.#quality = settings.audio_quality;
		const p = new Peer(this.place.make, ice_servers, slots, {
			path: (s) => p === this.#peer && this.#path(s),
			heard: this.place.heard,
			seen: this.place.seen,
		});
		this.#peer = p;
		await p.speak(this.#track, voiceBits[this.#quality]);
		const { sdp, mic, voice } = await p.offer();
		const a = await this.place.signal.join({ sdp, mic, voice, ...this.#self });
		if (this.#left()) return void this.place.signal.leave().catch(() => {});
		this.#epoch = a.epoch;
		await p.answer(a.sdp);
		await p.speak(this.#track, voiceBits[this.#quality]);
		if (this.#share) await p.show(this.#share.id, this.#share.stream, this.#share.frames);
		const fresh = p.look(this.#shares);
		if (this.#share || fresh) await this.#offer(p);
		this.#tries = 0;
		this.#set('on');
	}

	async #offer(p: Peer, restart = false): Promise<void> {
		const o = await p.offer(restart);
		const a = await this.place.signal.offer({ ...o, epoch: this.#epoch });
		if (p !== this.#peer) return;
		this.#epoch = a.epoch;
		await p.answer(a.sdp);
	}

	/** Changes what is sent, and offers it. */
	#change(fn: (p: Peer) => Promise<void>): Promise<void> {
		return this.#next(async () => {
			const p = this.#peer;
			if (!p || this.#state !== 'on') return; // joining takes it along
			await fn(p);
			await this.#offer(p);
		}).catch((e) => this.#failed(e));
	}

	#path(s: 'up' | 'shaky' | 'down'): void {
		clearTimeout(this.#healing);
		if (s === 'up') {
			if (this.#state === 'lost') this.#set('on');
			return;
		}
		if (this.#state === 'joining' || this.#state === 'off') return;
		if (s === 'down') return this.#restart();
		this.#healing = setTimeout(() => this.#restart(), healsWithin);
	}

	/** Looks for another way on the same connection; where that fails, begins anew. */
	#restart(): void {
		const p = this.#peer;
		if (!p || this.#left()) return;
		this.#set('lost');
		this.#next(() => (p === this.#peer ? this.#offer(p, true) : Promise.resolve())).catch((e) => this.#failed(e));
		// If the new way does not carry either.
		this.#healing = setTimeout(() => p === this.#peer && this.#state === 'lost' && this.#anew(), 4 * healsWithin);
	}

	#failed(e: unknown): void {
		if (this.#left()) return;
		if (!this.place.final(e)) return this.#anew();
		this.#drop();
		this.place.over(e instanceof Error ? e.message : 'closed');
	}

	/** Joins again, at once. */
	#anew(): void {
		if (this.#left()) return;
		clearTimeout(this.#timer);
		this.#set('lost');
		this.#next(() => (this.#state === 'lost' ? this.#enter() : Promise.resolve())).catch((e) => {
			if (this.#left()) return;
			if (this.place.final(e)) return this.#failed(e);
			this.#again();
		});
	}

	/** Joins again after a pause that grows. */
	#again(): void {
		this.#close();
		this.#set('lost');
		const pause = Math.min(longest, 500 * 2 ** Math.min(this.#tries++, 8));
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#anew(), pause / 2 + (pause / 2) * this.place.random());
	}

	#left(): boolean {
		return this.#state === 'off';
	}

	/** One thing at a time. */
	#next<T>(fn: () => Promise<T>): Promise<T> {
		const run = this.#queue.then(fn);
		this.#queue = run.catch(() => {});
		return run;
	}

	#close(): void {
		clearTimeout(this.#healing);
		this.#peer?.close();
		this.#peer = undefined;
	}

	#drop(): void {
		clearTimeout(this.#timer);
		this.#close();
		this.#share = undefined;
		this.#tries = 0;
		this.#set('off');
	}

	#set(s: State): void {
		if (this.#state === s) return;
		this.#state = s;
		this.place.state(s);
	}
}
