/** Voice and shared screens as this person sees them. What makes them sound is loaded when one joins. */
import { prefs } from './prefs.svelte';
import { Refused, type Frame } from './socket';
import type { Trouble } from './voice/devices';
import type { Gone, Quality, Share, Signal, VoiceMember, VoiceRoom } from './voice/frames';
import type { Live, Switches } from './voice/live';
import type { State } from './voice/session';
import type { Wire } from './wire';

type Handlers = Record<string, ((data: never, f: Frame) => void) | undefined>;

/** -10 dB: the film, while anybody speaks. */
const duck = 0.316;
const frames = 30;

const overWords: Partial<Record<string, string>> = {
	replaced: 'Your voice is in another window now.',
	removed: 'A host has sent you out of voice.',
};

export const ownerOf = (s: Share): string => (typeof s.user === 'string' ? s.user : s.user.id);

export class Voice {
	/** Undefined where the server has no voice. */
	room = $state.raw<VoiceRoom>();
	speaking = $state.raw<string[]>([]);
	slots = $state.raw<string[]>([]);
	quality = $state.raw<ReadonlyMap<string, Quality>>(new Map());
	shares = $state.raw<Share[]>([]);
	phase = $state<State>('off');
	trouble = $state.raw<Trouble>();
	blocked = $state(false);
	/** One's own switches. */
	muted = $state(false);
	deafened = $state(false);
	held = $state(false);
	/** Of one's own microphone: how loud it is, and whether that is sent. */
	level = $state(0);
	sent = $state(false);
	/** The share one looks at, and what is seen of it. */
	watching = $state<string>();
	picture = $state.raw<MediaStreamTrack>();
	/** What one shares. */
	sharing = $state<string>();
	#live: Live | undefined;
	#screen: MediaStream | undefined;
	/** Shares that one does not want to see. */
	#unwanted = new Set<string>();

	constructor(
		private readonly wire: Wire,
		private readonly here: { me(): string; leads(): boolean; notice(words: string): void },
	) {}

	get on(): boolean {
		return this.phase !== 'off';
	}

	get members(): VoiceMember[] {
		return this.room?.members ?? [];
	}

	member(user: string): VoiceMember | undefined {
		return this.members.find((m) => m.user === user);
	}

	get mine(): VoiceMember | undefined {
		return this.member(this.here.me());
	}

	/** Whether the room lets one speak. */
	get may(): boolean {
		const m = this.mine;
		return m === undefined || (m.may_speak && !m.server_muted);
	}

	get leads(): boolean {
		return this.here.leads();
	}

	speaks(user: string): boolean {
		if (user === this.here.me() && this.phase === 'on') return this.sent;
		return this.speaking.includes(user) && this.member(user)?.server_muted !== true;
	}

	/** How loud the film is beside the voices. */
	get film(): number {
		if (this.phase !== 'on' || this.deafened || !prefs.duck) return 1;
		const me = this.here.me();
		return this.speaking.some((u) => u !== me && prefs.volumeOf(u) > 0) ? duck : 1;
	}

	/** Hands up, who raised first before the others. */
	get hands(): VoiceMember[] {
		return this.members.filter((m) => m.hand > 0).sort((a, b) => a.hand - b.hand);
	}

	get shown(): Share | undefined {
		return this.shares.find((s) => s.share_id === this.watching);
	}

	// Gestures.

	async join(): Promise<void> {
		if (this.on || this.#live) return;
		this.phase = 'joining';
		this.muted = false;
		this.deafened = false;
		const { Live } = await import('./voice/live');
		const settings = this.room?.settings;
		const wish = {
			noise_cancellation: settings?.noise_cancellation ?? true,
			echo_cancellation: settings?.echo_cancellation ?? true,
		};
		const live: Live = new Live(
			this.#signal(),
			this.#says(() => live),
			prefs.mic,
			wish,
			this.#switches(),
		);
		this.#live = live;
		try {
			await live.join();
			if (this.#live !== live) return;
			if (prefs.speaker) void live.output(prefs.speaker).catch(() => {});
			this.#loud();
		} catch (e) {
			this.#end();
			this.here.notice(e instanceof Refused ? e.message : 'Voice cannot be reached now.');
		}
	}

	async leave(): Promise<void> {
		if (this.sharing) await this.unshare();
		this.#end();
	}

	mute(on: boolean): void {
		this.muted = on;
		if (!on && this.deafened) return this.deafen(false);
		this.#tell({ muted: on });
	}

	/** Hears nobody; who does not hear is not heard either. */
	deafen(on: boolean): void {
		this.deafened = on;
		this.muted = on;
		this.#tell({ muted: on, deafened: on });
		this.#loud();
	}

	/** Talks as long as it is held, also while muted. */
	hold(on: boolean): void {
		if (this.held === on || !this.on) return;
		this.held = on;
		this.#live?.switches(this.#switches());
	}

	async raise(on: boolean): Promise<void> {
		await this.#run('voice.set', { hand: on });
	}

	/** The way of being heard, a device or a volume is another. */
	changed(): void {
		this.#live?.switches(this.#switches());
		this.#loud();
	}

	async use(mic: string): Promise<void> {
		prefs.mic = mic;
		await this.#live?.use(mic);
	}

	async output(device: string): Promise<void> {
		prefs.speaker = device;
		if (this.#live && !(await this.#live.output(device).catch(() => false)))
			this.here.notice('This browser plays everything where the system says.');
	}

	/** The microphone once more. */
	again(): Promise<void> | undefined {
		return this.#live?.use(prefs.mic);
	}

	unlock(): Promise<void> | undefined {
		return this.#live?.unlock();
	}

	/** What a host does with somebody's voice. */
	moderate(user: string, what: { muted?: boolean; speak?: boolean; hand?: boolean; priority?: boolean; out?: boolean }) {
		return this.#run('voice.moderate', { user, ...what });
	}

	/** What a host changes about the room's voice. */
	settle(change: Partial<VoiceRoom['settings']>): Promise<void> {
		return this.#run('voice.settings', change);
	}

	/** Shows a screen, a window or a tab to all. */
	async share(surface: 'screen' | 'window' | 'tab'): Promise<void> {
		const { screen, surfaceOf } = await import('./voice/devices');
		if (!this.on) await this.join();
		if (!this.#live) return;
		let stream: MediaStream | undefined;
		try {
			stream = await screen(surface, frames);
		} catch {
			this.here.notice('This browser cannot share a screen here.');
		}
		const video = stream?.getVideoTracks()[0];
		if (!stream || !video) return;
		const { width = 1920, height = 1080 } = video.getSettings();
		try {
			const { id } = await this.wire.request<{ id: string }>('share.start', {
				share_type: surfaceOf(video),
				resolution: `${width}x${height}`,
				frame_rate: frames,
				has_audio: stream.getAudioTracks().length > 0,
				viewers_can_annotate: true,
				allow_remote_control: false,
			});
			this.sharing = id;
			this.#screen = stream;
			video.onended = () => void this.unshare();
			await this.#live.share(id, stream, frames);
		} catch (e) {
			stream.getTracks().forEach((t) => t.stop());
			this.here.notice(e instanceof Refused ? e.message : 'You are offline; nothing was shared.');
		}
	}

	async unshare(): Promise<void> {
		const share = this.sharing;
		if (!share) return;
		this.#stopScreen();
		await this.#live?.unshare();
		await this.#run('share.stop', { share });
	}

	/** Ends somebody's share, as a host. */
	stop(share: string): Promise<void> {
		return this.#run('share.stop', { share });
	}

	/** Looks at a share, or at none. */
	async watch(share: string | undefined, height = 1080): Promise<void> {
		if (!share && this.watching) this.#unwanted.add(this.watching);
		if (share) this.#unwanted.delete(share);
		if (share === this.watching) return;
		this.watching = share;
		this.picture = undefined;
		if (share && !this.on) await this.join();
		await this.#live?.look(share ? [{ share, height }] : []);
	}

	// Frames.

	welcome(w: object): void {
		const { voice, shares, slots } = w as { voice?: VoiceRoom; shares?: Share[]; slots?: string[] };
		if (voice) this.#told(voice);
		this.#listed(shares ?? []);
		this.slots = slots ?? [];
		this.#loud();
	}

	readonly handlers: Handlers = {
		'voice.room': (d: VoiceRoom) => this.#told(d),
		'voice.speaking': (d: { users: string[] }) => {
			this.speaking = d.users;
			this.#loud();
		},
		'voice.slots': (d: { slots: string[] }) => {
			this.slots = d.slots;
			this.#loud();
		},
		'voice.quality': (d: { people: Quality[] }) => (this.quality = new Map(d.people.map((q) => [q.user, q]))),
		'voice.gone': (d: { reason: Gone }) => this.#live?.gone(d.reason),
		'share.list': (d: { shares: Share[] }) => this.#listed(d.shares),
	};

	#told(room: VoiceRoom): void {
		this.room = room;
		if (room.members.length === 0) [this.speaking, this.quality] = [[], new Map()];
		this.#live?.told(room);
		this.#live?.switches(this.#switches());
	}

	#listed(shares: Share[]): void {
		this.shares = shares;
		const gone = this.watching !== undefined && !shares.some((s) => s.share_id === this.watching);
		if (gone) void this.watch(undefined);
		// Who is in voice sees at once what somebody shows.
		const next = shares.find((s) => s.live && ownerOf(s) !== this.here.me() && !this.#unwanted.has(s.share_id));
		if (this.on && next && !this.watching) void this.watch(next.share_id);
		if (this.sharing && !shares.some((s) => s.share_id === this.sharing) && this.#screen) {
			this.#stopScreen();
			void this.#live?.unshare();
		}
	}

	#switches(): Switches {
		return { muted: this.muted, deafened: this.deafened, mode: prefs.voice, held: this.held, may: this.may };
	}

	#tell(change: { muted?: boolean; deafened?: boolean }): void {
		this.#live?.switches(this.#switches());
		void this.#run('voice.set', change);
	}

	#loud(): void {
		if (!this.#live) return;
		const first = this.members.filter((m) => m.priority && this.speaking.includes(m.user));
		const loudness = this.slots.map((user) => ({
			volume: user ? prefs.volumeOf(user) : 1,
			below: first.length > 0 && !first.some((m) => m.user === user),
			deafened: this.deafened,
		}));
		this.#live.loud(loudness, this.deafened);
	}

	#stopScreen(): void {
		this.#screen?.getTracks().forEach((t) => t.stop());
		this.#screen = undefined;
		this.sharing = undefined;
	}

	#end(): void {
		const live = this.#live;
		this.#live = undefined;
		this.#stopScreen();
		this.phase = 'off';
		this.held = this.sent = this.blocked = false;
		this.level = 0;
		this.trouble = undefined;
		this.watching = undefined;
		this.picture = undefined;
		void live?.leave();
	}

	#says(live: () => Live): ConstructorParameters<typeof Live>[1] {
		const mine = () => this.#live === live();
		return {
			state: (s) => {
				if (s !== 'off') this.phase = s;
			},
			trouble: (t) => (this.trouble = t),
			blocked: (yes) => (this.blocked = yes),
			level: (n, sent) => {
				this.level = n;
				this.sent = sent;
			},
			over: (why) => {
				if (!mine()) return;
				this.#end();
				this.here.notice(overWords[why] ?? 'You are out of voice.');
			},
			seen: (share, track) => {
				if (share === this.watching) this.picture = track;
			},
			final: (e) => e instanceof Refused && e.problem.status < 500 && e.problem.status !== 429 && e.problem.status !== 409,
		};
	}

	#signal(): Signal {
		const ask = <T>(type: string, data: object) => this.wire.request<T>(type, data);
		return {
			prepare: () => ask('voice.prepare', {}),
			join: (d) => ask('voice.join', d),
			offer: (d) => ask('voice.offer', d),
			view: (views) => ask('voice.view', { views }),
			leave: () => ask('voice.leave', {}),
		};
	}

	async #run(type: string, data: object): Promise<void> {
		try {
			await this.wire.request(type, data);
		} catch (e) {
			this.here.notice(e instanceof Refused ? e.message : 'You are offline; that was not sent.');
		}
	}
}
