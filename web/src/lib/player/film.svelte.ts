/**
 * One player on the shared timeline: loads the film, ticks the controller ten
 * times a second and reports what the room needs to know. Nothing that the
 * media element does ever becomes a command: only gestures do.
 */
import type { Clock } from '../clock';
import type { Item, Vector } from '../protocol/generated';
import { Controller, Drift, position } from './control';

export interface FilmEvents {
	/** The player stands at the barrier with enough in its buffer. */
	ready(seq: number): void;
	stall(seq: number, stalled: boolean): void;
	duration(item: string, seconds: number): void;
}

export interface Trouble {
	title: string;
	hint: string;
}

const tick = 100;
/** Seconds in the buffer that count as ready. */
const ahead = 1;
const dryAfter = 250;

export class Film {
	/** Seconds of film shown now. */
	at = $state(0);
	duration = $state(0);
	/** End of the buffered range around the position. */
	buffered = $state(0);
	/** Seconds of film that the room is at. */
	roomAt = $state(0);
	moving = $state(false);
	word = $state<'in sync' | 'catching up'>('in sync');
	/** p95 of the distance over 10 s, in ms; undefined on the way to the room's place. */
	drift = $state<number | undefined>(undefined);
	/** The browser wants a gesture before it lets the film sound. */
	blocked = $state(false);
	struggling = $state(false);
	/** Watches at one's own place; the room goes on. */
	out = $state(false);
	dry = $state(false);
	trouble = $state<Trouble | undefined>(undefined);
	readonly graph = new Drift();

	#el: HTMLVideoElement | undefined;
	#item: Item | undefined;
	#vector: Vector | undefined;
	#before: Vector | undefined;
	#controller = new Controller();
	#timer: ReturnType<typeof setInterval> | undefined;
	#due: ReturnType<typeof setTimeout> | undefined;
	#hls: { destroy(): void } | undefined;
	#dryedAt: number | undefined;
	#told = false;
	#readySent = 0;
	#starting = false;
	#lastTick = 0;
	#undo: (() => void)[] = [];

	constructor(
		private readonly clock: Clock,
		private readonly events: FilmEvents,
		private readonly offset: (item: string) => number = () => 0,
	) {}

	/** Takes a media element over. Returns how to give it back. */
	attach(el: HTMLVideoElement): () => void {
		this.#el = el;
		const on = (name: string, fn: () => void) => {
			el.addEventListener(name, fn);
			this.#undo.push(() => el.removeEventListener(name, fn));
		};
		on('seeked', () => {
			this.#controller.seeked();
			this.#tick(); // the others may be waiting for this player
		});
		on('canplay', () => this.#tick());
		on('durationchange', () => this.#measured());
		on('error', () => this.#failed());
		on('loadeddata', () => (this.trouble = undefined));
		this.#timer = setInterval(() => this.#tick(), tick);
		this.#load();
		return () => {
			clearInterval(this.#timer);
			clearTimeout(this.#due);
			for (const fn of this.#undo.splice(0)) fn();
			this.#unload();
			this.#el = undefined;
		};
	}

	/** Another film, or none. */
	show(item: Item | undefined): void {
		if (item?.id === this.#item?.id && item?.url === this.#item?.url) return;
		this.#item = item;
		this.out = false;
		this.trouble = undefined;
		this.duration = item?.duration ?? 0;
		this.#controller.reset();
		this.graph.clear();
		this.#load();
	}

	/** The room's timeline. An older one is ignored; until its time the one before rules. */
	follow(v: Vector): void {
		if (this.#vector && v.seq <= this.#vector.seq && v.item === this.#vector.item) return;
		this.#before = this.#vector;
		this.#vector = v;
		if (v.why === 'seek' || v.why === 'item' || v.why === 'undo' || v.v === 0) this.#controller.reset();
		this.#tick();
	}

	/** A reconnect: what comes next replaces what was known. */
	forget(): void {
		this.#vector = undefined;
		this.#before = undefined;
		this.#readySent = 0;
	}

	get vector(): Vector | undefined {
		return this.#vector;
	}

	/** Where the room is at a server time. */
	positionAt(now: number): number {
		const v = this.#ruling(now);
		return v ? position(v, now, this.duration || undefined) : 0;
	}

	#ruling(now: number): Vector | undefined {
		const v = this.#vector;
		if (v && now < v.t && v.v === 0 && this.#before && this.#before.item === v.item && this.#before.v > 0) return this.#before;
		return v;
	}

	/** Watch at one's own place, from here or from a second of the film. */
	stepOut(to?: number): void {
		this.out = true;
		if (this.#el && to !== undefined) {
			this.#el.currentTime = to;
			void this.#el.play().catch(() => {});
		} else {
			this.#el?.pause();
		}
		if (this.#el) this.#el.playbackRate = 1;
	}

	catchUp(): void {
		this.out = false;
		this.#controller.reset();
	}

	/** A gesture happened: the film may sound. */
	unlock(): void {
		this.blocked = false;
		if (this.#el) this.#el.muted = false;
		this.#tick();
	}

	#load(): void {
		const el = this.#el;
		if (!el) return;
		this.#unload();
		const item = this.#item;
		if (!item?.url) return;
		if (item.kind === 'hls' && !el.canPlayType('application/vnd.apple.mpegurl')) {
			void this.#loadHls(el, item);
			return;
		}
		el.src = item.url;
		el.load();
	}

	async #loadHls(el: HTMLVideoElement, item: Item): Promise<void> {
		const { default: Hls } = await import('hls.js/light');
		if (this.#item !== item || this.#el !== el) return;
		if (!Hls.isSupported()) {
			this.trouble = { title: 'This browser cannot play this stream', hint: 'Try a current Chrome, Firefox, Edge or Safari.' };
			return;
		}
		const hls = new Hls({ maxBufferLength: 30 });
		hls.on(Hls.Events.ERROR, (_, data) => {
			if (data.fatal)
				this.trouble = {
					title: 'The stream cannot be loaded',
					hint: 'It may have moved, or its server refuses other sites. The host can put another film on.',
				};
		});
		hls.loadSource(item.url);
		hls.attachMedia(el);
		this.#hls = hls;
	}

	#unload(): void {
		this.#hls?.destroy();
		this.#hls = undefined;
		const el = this.#el;
		if (el?.hasAttribute('src')) {
			el.removeAttribute('src');
			el.load();
		}
	}

	#measured(): void {
		const d = this.#el?.duration ?? 0;
		if (!Number.isFinite(d) || d <= 0 || !this.#item) return;
		this.duration = d;
		if (Math.abs(d - this.#item.duration) > 0.5) this.events.duration(this.#item.id, d);
	}

	#failed(): void {
		const code = this.#el?.error?.code;
		if (!code || !this.#item) return;
		this.trouble =
			code === MediaError.MEDIA_ERR_DECODE
				? {
						title: 'This film is damaged, or this browser lost its way in it',
						hint: 'Reload the page. If it happens again at the same place, the host can put another copy on.',
					}
				: code === MediaError.MEDIA_ERR_NETWORK
					? {
							title: 'The film stopped loading',
							hint: 'Its server does not answer. Check your connection, then reload the page.',
						}
					: {
							title: 'This film cannot be played here',
							hint: 'The address does not lead to a film any more, or your browser does not know its format. MP4 with H.264 plays everywhere.',
						};
	}

	#tick(): void {
		const el = this.#el;
		if (!el) return;
		const now = this.clock.now();
		if (this.#lastTick > 0 && now - this.#lastTick > 1500) this.#controller.reset(); // slept
		this.#lastTick = now;
		this.at = el.currentTime;
		this.moving = !el.paused && el.readyState >= 3;
		this.buffered = bufferEnd(el, el.currentTime);
		this.roomAt = this.positionAt(now);
		const v = this.#ruling(now);
		if (!v || !this.#item || v.item !== this.#item.id) return;
		this.#report(el, v, now);
		if (this.out || this.trouble) return;
		this.#steer(el, v, now);
	}

	#steer(el: HTMLVideoElement, v: Vector, now: number): void {
		const shift = this.offset(v.item);
		const act = this.#controller.tick(shift === 0 ? v : { ...v, p: Math.max(0, v.p + shift) }, {
			now,
			at: el.currentTime,
			paused: el.paused,
			seeking: el.seeking,
			ready: el.readyState,
			duration: this.duration,
			buffered: (s) => isBuffered(el, s),
		});
		this.word = act.word;
		if (act.struggling) this.struggling = true;
		if (act.seek !== undefined && el.readyState >= 1) el.currentTime = act.seek;
		if (act.rate !== undefined && el.playbackRate !== act.rate) el.playbackRate = act.rate;
		if (act.pause) el.pause();
		if (act.play) void this.#play(el);
		clearTimeout(this.#due);
		if (act.playAt !== undefined && act.playAt - now < tick) this.#due = setTimeout(() => this.#tick(), act.playAt - now);
		if (act.error !== undefined && v.v > 0) {
			this.graph.add(now, act.error);
			const there = this.#controller.thereSince;
			this.drift = there === undefined ? undefined : this.graph.p95(now, there);
		}
	}

	async #play(el: HTMLVideoElement): Promise<void> {
		if (this.#starting) return;
		this.#starting = true;
		try {
			await el.play();
		} catch (e) {
			// Browsers play silently without a gesture, so nobody falls behind; the
			// page offers one big button for the sound.
			if (e instanceof DOMException && e.name === 'NotAllowedError' && !el.muted) {
				el.muted = true;
				this.blocked = true;
				await el.play().catch(() => {});
			}
		} finally {
			this.#starting = false;
		}
	}

	/** Tells the room when the barrier is reached and when the player runs dry. */
	#report(el: HTMLVideoElement, v: Vector, now: number): void {
		if (v.arming) {
			const stands = !el.seeking && Math.abs(el.currentTime - v.p - this.offset(v.item)) < 0.3;
			const enough = this.buffered - el.currentTime >= ahead || (this.duration > 0 && this.buffered >= this.duration - 0.2);
			if (stands && el.readyState >= 3 && enough && this.#readySent !== v.seq) {
				this.#readySent = v.seq;
				this.events.ready(v.seq);
			}
		}
		const runs = v.v > 0 && now > v.t + 500 && !this.out && !(this.duration > 0 && this.roomAt >= this.duration - 0.3);
		const dry = runs && !el.seeking && el.readyState < 3;
		if (!dry) this.#dryedAt = undefined;
		else this.#dryedAt ??= now;
		this.dry = this.#dryedAt !== undefined && now - this.#dryedAt > dryAfter;
		if (this.dry !== this.#told) {
			this.#told = this.dry;
			this.events.stall(v.seq, this.dry);
		}
	}
}

function isBuffered(el: HTMLMediaElement, s: number): boolean {
	for (let i = 0; i < el.buffered.length; i++) if (el.buffered.start(i) <= s && s <= el.buffered.end(i)) return true;
	return false;
}

function bufferEnd(el: HTMLMediaElement, s: number): number {
	for (let i = 0; i < el.buffered.length; i++)
		if (el.buffered.start(i) <= s + 0.1 && s <= el.buffered.end(i)) return el.buffered.end(i);
	return s;
}
