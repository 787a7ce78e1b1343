/** How loud everybody is: one gain a voice slot, following who is in it. */

/** What decides how loud somebody is. */
export interface Loudness {
	/** 0 to 2, chosen here. */
	volume: number;
	/** Somebody with priority speaks, and it is not this one. */
	below: boolean;
	deafened: boolean;
}

/** -12 dB: the others, while somebody with priority speaks. */
export const belowPriority = 10 ** (-12 / 20);
/** -10 dB: the film, while anybody speaks. */
export const filmDuck = 10 ** (-10 / 20);

export const gainOf = ({ volume, below, deafened }: Loudness): number =>
	deafened ? 0 : Math.min(2, Math.max(0, volume)) * (below ? belowPriority : 1);

/** Gains change over so many seconds, so that nothing clicks. */
const glide = 0.06;

interface Slot {
	gain: GainNode;
	source: MediaStreamAudioSourceNode;
	/** Chromium feeds remote sound into a graph only while an element plays it, too. */
	element: HTMLAudioElement;
}

export class Mixer {
	readonly #context: AudioContext;
	readonly #slots: (Slot | undefined)[] = [];
	readonly #shares = new Map<string, Slot>();

	constructor(context = new AudioContext()) {
		this.#context = context;
	}

	/** The browser wants a gesture before anybody can be heard. */
	get blocked(): boolean {
		return this.#context.state === 'suspended';
	}

	async unlock(): Promise<void> {
		await this.#context.resume();
	}

	/** Where it sounds; false where the browser does not let one choose. */
	async output(device: string): Promise<boolean> {
		const c = this.#context as AudioContext & { setSinkId?(id: string): Promise<void> };
		if (!c.setSinkId) return false;
		await c.setSinkId(device);
		return true;
	}

	hear(slot: number, track: MediaStreamTrack): void {
		this.#end(this.#slots[slot]);
		this.#slots[slot] = this.#play(track);
	}

	hearShare(share: string, track: MediaStreamTrack): void {
		this.#end(this.#shares.get(share));
		this.#shares.set(share, this.#play(track));
	}

	/** Sets how loud each slot is. */
	set(gains: number[]): void {
		this.#slots.forEach((s, i) => s?.gain.gain.setTargetAtTime(gains[i] ?? 0, this.#context.currentTime, glide));
	}

	setShares(gain: number): void {
		for (const s of this.#shares.values()) s.gain.gain.setTargetAtTime(gain, this.#context.currentTime, glide);
	}

	close(): void {
		this.#slots.splice(0).forEach((s) => this.#end(s));
		for (const s of this.#shares.values()) this.#end(s);
		this.#shares.clear();
		void this.#context.close();
	}

	#play(track: MediaStreamTrack): Slot {
		const stream = new MediaStream([track]);
		const element = new Audio();
		element.srcObject = stream;
		element.muted = true;
		void element.play().catch(() => {}); // the graph is what sounds
		const source = this.#context.createMediaStreamSource(stream);
		const gain = this.#context.createGain();
		gain.gain.value = 0;
		source.connect(gain).connect(this.#context.destination);
		return { gain, source, element };
	}

	#end(s: Slot | undefined): void {
		if (!s) return;
		s.source.disconnect();
		s.gain.disconnect();
		s.element.srcObject = null;
	}
}
