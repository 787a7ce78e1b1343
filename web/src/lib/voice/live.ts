/**
 * Voice in this page, once somebody joins: the microphone, the connection and
 * the sound, put together. Loaded only then.
 */
import { decibels, Gate, meter, rms } from './activity';
import { microphone, trouble, troubleOf, type Trouble } from './devices';
import type { Gone, Signal, VoiceRoom, VoiceSettings } from './frames';
import { gainOf, Mixer, type Loudness } from './mix';
import { Session, type State } from './session';

/** When one is heard: by voice activity, always, or while a key is held. */
export type Mode = 'activity' | 'open' | 'hold';

export interface Says {
	state(s: State): void;
	trouble(t: Trouble | undefined): void;
	blocked(yes: boolean): void;
	/** Loudness of one's own microphone, 0 to 1, and whether it is being sent. */
	level(n: number, sent: boolean): void;
	over(why: Gone | string): void;
	seen(share: string, track: MediaStreamTrack): void;
	final(e: unknown): boolean;
}

/** What one's own switches are now. */
export interface Switches {
	muted: boolean;
	deafened: boolean;
	mode: Mode;
	held: boolean;
	/** The room lets one speak. */
	may: boolean;
}

const every = 50;
/** The last syllable is not cut off when a key is let go. */
const tail = 200;

export class Live {
	readonly #session: Session;
	readonly #mixer = new Mixer();
	readonly #gate = new Gate();
	#mic: MediaStream | undefined;
	#ear: { context: AudioContext; analyser: AnalyserNode; samples: Float32Array<ArrayBuffer>; copy: MediaStreamTrack } | undefined;
	#timer: ReturnType<typeof setInterval>;
	#switches: Switches;
	#heldAt = -Infinity;
	#failed: Trouble | undefined;
	#opening: Promise<void> | undefined;
	readonly #plugged = () => void this.#replugged();

	constructor(
		signal: Signal,
		private readonly says: Says,
		private device: string,
		private wish: Pick<VoiceSettings, 'noise_cancellation' | 'echo_cancellation'>,
		switches: Switches,
	) {
		this.#switches = switches;
		this.#session = new Session({
			signal,
			make: (c) => new RTCPeerConnection(c),
			state: (s) => says.state(s),
			over: (why) => says.over(why),
			heard: (slot, track) => this.#mixer.hear(slot, track),
			seen: (share, track) => {
				if (track.kind === 'audio') this.#mixer.hearShare(share, track);
				else says.seen(share, track);
			},
			final: (e) => says.final(e),
			random: Math.random,
		});
		this.#timer = setInterval(() => this.#listen(), every);
		navigator.mediaDevices?.addEventListener?.('devicechange', this.#plugged);
	}

	/** Goes in: listening works without a microphone, too. */
	async join(): Promise<void> {
		await this.#open();
		const { muted, deafened } = this.#switches;
		await this.#session.join({ muted, deafened });
		this.says.blocked(this.#mixer.blocked);
	}

	async leave(): Promise<void> {
		clearInterval(this.#timer);
		navigator.mediaDevices?.removeEventListener?.('devicechange', this.#plugged);
		this.#shut();
		await this.#session.leave();
		this.#mixer.close();
	}

	switches(s: Switches): void {
		if (this.#switches.held && !s.held) this.#heldAt = performance.now();
		this.#switches = s;
		this.#session.is(s);
		this.#listen();
	}

	told(room: VoiceRoom): void {
		this.#session.told(room);
	}

	gone(why: Gone): void {
		this.#session.gone(why);
	}

	loud(slots: Loudness[], deafened: boolean): void {
		this.#mixer.set(slots.map(gainOf));
		this.#mixer.setShares(deafened ? 0 : 1);
	}

	async unlock(): Promise<void> {
		await this.#mixer.unlock();
		this.says.blocked(this.#mixer.blocked);
	}

	output(device: string): Promise<boolean> {
		return this.#mixer.output(device);
	}

	/** Another microphone, or the same once more. */
	async use(device: string): Promise<void> {
		this.device = device;
		await this.#open();
	}

	share(id: string, stream: MediaStream, frames: number): Promise<void> {
		return this.#session.share(id, stream, frames);
	}

	unshare(): Promise<void> {
		return this.#session.unshare();
	}

	look(shares: { share: string; height: number }[]): Promise<void> {
		return this.#session.look(shares);
	}

	#open(): Promise<void> {
		this.#opening ??= this.#reopen().finally(() => (this.#opening = undefined));
		return this.#opening;
	}

	async #reopen(): Promise<void> {
		this.#shut();
		try {
			this.#mic = await microphone(this.device, this.wish);
			this.#fail(undefined);
		} catch (e) {
			this.#fail(troubleOf(e));
			return this.#session.speak(null);
		}
		const track = this.#mic.getAudioTracks()[0]!;
		track.onended = () => {
			this.#fail(trouble('gone'));
			void this.#session.speak(null);
		};
		// A muted track is silent for whoever listens to it: the meter has a copy.
		const copy = track.clone();
		const context = new AudioContext();
		const analyser = context.createAnalyser();
		analyser.fftSize = 1024;
		context.createMediaStreamSource(new MediaStream([copy])).connect(analyser);
		this.#ear = { context, analyser, samples: new Float32Array(analyser.fftSize), copy };
		track.enabled = false;
		await this.#session.speak(track);
	}

	#shut(): void {
		for (const t of this.#mic?.getTracks() ?? []) {
			t.onended = null;
			t.stop();
		}
		this.#mic = undefined;
		this.#ear?.copy.stop();
		void this.#ear?.context.close();
		this.#ear = undefined;
	}

	#fail(t: Trouble | undefined): void {
		this.#failed = t;
		this.says.trouble(t);
	}

	/** A device came or went. */
	async #replugged(): Promise<void> {
		const live = this.#mic?.getAudioTracks()[0]?.readyState === 'live';
		if (!live && (this.#failed?.kind === 'none' || this.#failed?.kind === 'gone')) await this.#open();
	}

	#listen(): void {
		const ear = this.#ear;
		const track = this.#mic?.getAudioTracks()[0];
		if (!ear || !track) return this.says.level(0, false);
		ear.analyser.getFloatTimeDomainData(ear.samples);
		const db = decibels(rms(ear.samples));
		const now = performance.now();
		const loud = this.#gate.speaks(db, now);
		const { muted, mode, held, may } = this.#switches;
		const pressed = held || now - this.#heldAt < tail;
		const open = may && (pressed || (!muted && (mode === 'open' || (mode === 'activity' && loud))));
		if (track.enabled !== open) track.enabled = open;
		this.says.level(meter(db), open && loud);
	}
}
