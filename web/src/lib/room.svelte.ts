/**
 * A party's room as this person sees it: frames become state, gestures become
 * commands. Knows nothing of the page.
 */
import { Chat } from './chat.svelte';
import { connection } from './connection.svelte';
import { Drawing } from './drawing.svelte';
import { Heat } from './heat.svelte';
import { may } from './permissions';
import type { Action, Role, Site } from './permissions.generated';
import { Film } from './player/film.svelte';
import { Polls } from './polls.svelte';
import { prefs } from './prefs.svelte';
import type {
	Item,
	Knock,
	Member,
	Party,
	Playback,
	Presence,
	Reaction,
	ServerFrames,
	User,
	Vector,
	Welcome,
} from './protocol/generated';
import { Refused, type Frame, type Problem } from './socket';
import { Voice } from './voice.svelte';
import type { Wire } from './wire';

/** What somebody just did to the film, shown for 3 s with a way back for 8 s. */
export interface Deed {
	by: User | undefined;
	mine: boolean;
	vector: Vector;
	at: number;
}

export interface AskCard {
	ask: string;
	user: User;
	op: string;
	position: number;
}

export type PillWord = 'in sync' | 'catching up' | 'waiting' | 'stepped out' | 'offline';

/** A reaction on its way over the picture. */
export interface Flying extends Reaction {
	key: number;
}

const presenceEvery = 400;
const reportEvery = 5000;
const undoFor = 8000;
/** More would hide the picture, and cost frames. */
const mostFlying = 40;

type Handlers = Record<string, ((data: unknown, f: Frame) => void) | undefined>;

export class Room {
	party = $state<Party>()!;
	me = $state<Member>()!;
	here = $state<Presence[]>([]);
	count = $state(0);
	queue = $state<Item[]>([]);
	knocks = $state<Knock[]>([]);
	asks = $state<AskCard[]>([]);
	playback = $state<Playback>();
	deed = $state<Deed>();
	flying = $state<Flying[]>([]);
	/** Answers to "Ask to pause". */
	notice = $state('');
	joined = $state(false);
	/** Why one is out: a code, or nothing. */
	closed = $state<{ code: string; reason: string }>();
	refused = $state<Problem>();
	/** Server milliseconds, refreshed several times a second for countdowns. */
	now = $state(0);
	readonly film: Film;
	readonly chat: Chat;
	readonly drawing: Drawing;
	readonly polls: Polls;
	readonly voice: Voice;
	/** Reactions by second of the film that is on. */
	readonly heat = new Heat();

	readonly #c = connection();
	readonly #name: string;
	#leave: (() => void) | undefined;
	#timer: ReturnType<typeof setInterval> | undefined;
	#saidState = '';
	#saidAt = 0;
	#reportedAt = 0;
	#key = 0;

	constructor(readonly id: string) {
		this.#name = `party:${id}`;
		this.film = new Film(
			this.#c.clock,
			{
				ready: (seq) => this.#tell('playback.ready', { seq }),
				stall: (seq, stalled) => this.#tell('playback.stall', { seq, stalled }),
				duration: (item, seconds) => this.#tell('playback.duration', { item, seconds }),
			},
			(item) => prefs.offset(item),
		);
		const wire: Wire = {
			run: (type, data) => this.#command(type, data),
			ask: (type, data, keep, op) => this.#c.socket.command(type, this.#name, data, keep, op),
			tell: (type, data) => this.#tell(type, data),
			request: (type, data) => this.#c.socket.request(type, this.#name, data),
		};
		const here = {
			party: id,
			leads: () => this.role === 'host' || this.role === 'co-host',
			notice: (words: string) => (this.notice = words),
			me: () => this.me.user.id,
			may: (action: Action) => this.may(action),
			filmAt: () => (this.item && this.party.status !== 'ended' ? Math.max(0, this.film.at) : undefined),
		};
		this.chat = new Chat(wire, here);
		this.drawing = new Drawing(wire, here);
		this.polls = new Polls(wire.run, here.notice);
		this.voice = new Voice(wire, here);
	}

	enter(): () => void {
		this.#c.socket.open();
		this.#leave = this.#c.socket.subscribe({
			party: this.id,
			onWelcome: (w) => this.#welcome(w),
			onFrame: (f) => this.#frame(f),
			onRefused: (p) => (this.refused = p),
		});
		this.#timer = setInterval(() => this.#tick(), presenceEvery);
		return () => {
			clearInterval(this.#timer);
			void this.voice.leave();
			this.#leave?.();
		};
	}

	get clock() {
		return this.#c.clock;
	}

	get online(): boolean {
		return this.#c.state === 'open' && this.joined;
	}

	retryNow(): void {
		this.#c.socket.retryNow();
	}

	// What one may do.

	get site(): Site {
		return this.me?.user.is_guest ? 'guest' : 'user';
	}

	get role(): Role {
		return (this.me?.role ?? 'none') as Role;
	}

	may(action: Action): boolean {
		const raised = action === 'playback.control' && this.party?.control !== 'everyone' ? 'co-host' : undefined;
		return may(action, this.site, this.role, raised);
	}

	/** One cannot control, but one can ask. */
	get asking(): boolean {
		return this.party?.control === 'ask' && !this.may('playback.control');
	}

	// What is shown.

	get vector(): Vector | undefined {
		return this.playback?.vector;
	}

	get item(): Item | undefined {
		const id = this.vector?.item;
		return this.queue.find((i) => i.id === id) ?? (id ? undefined : this.queue[0]);
	}

	get waiting(): { name: string; since: number }[] {
		return (this.playback?.waiting ?? []).map((w) => ({
			name: w.user === this.me.user.id ? 'you' : this.nameOf(w.user),
			since: w.since,
		}));
	}

	/** The film runs on, or will as soon as all are there. */
	get plays(): boolean {
		return this.vector?.plays ?? false;
	}

	/** Seconds until the film starts moving, when that lies ahead. */
	get startsIn(): number {
		const v = this.vector;
		return v && v.v > 0 && v.t > this.now ? (v.t - this.now) / 1000 : 0;
	}

	get pill(): PillWord {
		if (!this.online) return 'offline';
		if (this.film.out) return 'stepped out';
		if (this.waiting.length > 0 && this.now - Math.min(...this.waiting.map((w) => w.since)) > 700) return 'waiting';
		return this.film.dry ? 'catching up' : this.film.word;
	}

	nameOf(user: string): string {
		return this.person(user)?.name ?? 'Somebody';
	}

	person(user: string): User | undefined {
		if (this.me?.user.id === user) return this.me.user;
		return this.here.find((p) => p.user.id === user)?.user ?? this.chat.messages.findLast((m) => m.user.id === user)?.user;
	}

	// Gestures.

	async play(): Promise<void> {
		await this.#command('playback.play', { base: this.vector?.seq ?? 0 });
	}
	async pause(): Promise<void> {
		await this.#command('playback.pause', { base: this.vector?.seq ?? 0, position: Math.max(0, this.film.at) });
	}
	async toggle(): Promise<void> {
		if (this.film.out) return this.film.catchUp();
		if (this.asking) return this.ask(this.plays ? 'pause' : 'play');
		await (this.plays ? this.pause() : this.play());
	}
	async seek(to: number): Promise<void> {
		const end = this.film.duration || Infinity;
		const position = Math.max(0, Math.min(to, end));
		if (this.asking) return this.ask('seek', position);
		await this.#command('playback.seek', { base: this.vector?.seq ?? 0, position });
	}
	skip(by: number): Promise<void> {
		return this.seek(this.film.positionAt(this.#c.clock.now()) + by);
	}
	async rate(rate: number): Promise<void> {
		await this.#command('playback.rate', { base: this.vector?.seq ?? 0, rate });
	}
	async undo(): Promise<void> {
		this.deed = undefined;
		await this.#command('playback.undo', {});
	}
	async playItem(item: string): Promise<void> {
		await this.#command('playback.item', { item });
	}
	async startNow(): Promise<void> {
		await this.#command('playback.now', {});
	}
	async ask(op: 'play' | 'pause' | 'seek', position = 0): Promise<void> {
		await this.#command('playback.ask', { op, position });
		this.notice = `The hosts were asked to ${op === 'seek' ? 'jump' : op}.`;
	}
	async answer(ask: string, grant: boolean): Promise<void> {
		this.asks = this.asks.filter((a) => a.ask !== ask);
		await this.#command('playback.answer', { ask, grant });
	}

	say(ready: boolean): void {
		this.#tell('presence.set', { ready });
	}

	react(emoji: string, x = 0.1 + Math.random() * 0.8, y = 0.75 + Math.random() * 0.15): void {
		this.#fly({ emoji, x, y, film_at: this.film.at, by: this.me.user.id, n: 1 });
		this.#tell('react.send', { emoji, x, y, film_at: Math.max(0, this.film.at) });
	}

	// Frames.

	#welcome(w: Welcome): void {
		this.refused = undefined;
		this.closed = undefined;
		this.me = w.me;
		this.party = w.party;
		this.here = w.here;
		this.count = w.count;
		this.queue = w.queue;
		this.knocks = w.knocks ?? [];
		this.chat.welcome(w);
		this.polls.welcome(w);
		this.drawing.welcome(w);
		this.voice.welcome(w);
		this.joined = true;
		this.#saidState = '';
		this.film.forget();
		this.#play(w.playback, false);
	}

	#frame(f: Frame): void {
		for (const part of [this, this.chat, this.polls, this.drawing, this.voice]) {
			const handler = (part.handlers as Handlers)[f.type];
			if (handler) return handler(f.data, f);
		}
	}

	readonly handlers: { [K in keyof ServerFrames]?: (d: ServerFrames[K], f: Frame) => void } = {
		'party.state': (d) => {
			const { my_role, my_status, can_join, can_edit } = this.party;
			this.party = { ...d, my_role, my_status, can_join, can_edit };
		},
		'party.closed': (d) => {
			this.closed = { code: d.code, reason: d.reason };
			this.joined = false;
		},
		'party.knocks': (d) => (this.knocks = d.items),
		'presence.diff': (d) => {
			const fresh = new Map([...d.joined, ...d.changed].map((p) => [p.user.id, p]));
			const kept = this.here.filter((p) => !d.left.includes(p.user.id)).map((p) => fresh.get(p.user.id) ?? p);
			const known = new Set(kept.map((p) => p.user.id));
			this.here = [...kept, ...[...fresh.values()].filter((p) => !known.has(p.user.id) && !d.left.includes(p.user.id))];
			this.count = d.count;
		},
		'member.role': (d) => {
			if (d.user === this.me.user.id) {
				this.me = { ...this.me, role: d.role };
				this.polls.role(this.may('poll.write'));
			}
			this.here = this.here.map((p) => (p.user.id === d.user ? { ...p, role: d.role } : p));
		},
		'member.removed': (d) => {
			this.here = this.here.filter((p) => p.user.id !== d.user.id);
		},
		'playback.state': (d) => this.#play(d, true),
		'playback.asked': (d) => (this.asks = [...this.asks.filter((a) => a.user.id !== d.user.id), d]),
		'playback.answered': (d) => (this.notice = d.granted ? 'The host agreed.' : 'Not now, says the host.'),
		'queue.state': (d) => {
			this.queue = d.items;
			this.#show();
		},
		'react.burst': (d) => d.items.filter((r) => r.by !== this.me.user.id).forEach((r) => this.#fly(r)),
	};

	#play(p: Playback, news: boolean): void {
		const before = this.playback?.vector;
		if (news && before && p.vector.seq < before.seq) return;
		this.playback = p;
		this.film.follow(p.vector);
		this.#show();
		if (news && p.vector.seq !== before?.seq && p.vector.by && ['play', 'pause', 'seek', 'rate', 'item'].includes(p.vector.why)) {
			// The vector that ends a barrier repeats the deed that began it.
			const same = before?.arming && before.by === p.vector.by && before.why === p.vector.why;
			if (!same)
				this.deed = {
					by: this.person(p.vector.by),
					mine: p.vector.by === this.me.user.id,
					vector: p.vector,
					at: this.#c.clock.now(),
				};
		}
	}

	#show(): void {
		this.film.show(this.item);
	}

	#fly(r: Reaction): void {
		this.heat.add(r.film_at, r.n);
		this.fly(r);
	}

	/** Lets one fly that is counted already. */
	fly(r: Reaction): void {
		const key = ++this.#key;
		this.flying = [...this.flying.slice(1 - mostFlying), { ...r, key }];
		setTimeout(() => (this.flying = this.flying.filter((f) => f.key !== key)), 3200);
	}

	#tick(): void {
		this.now = this.#c.clock.now();
		if (this.deed && this.now - this.deed.at > undoFor) this.deed = undefined;
		this.chat.tick();
		if (!this.online) {
			if (this.#c.state !== 'open') this.joined = false;
			return;
		}
		this.#sayState();
		if (this.film.drift !== undefined && this.now - this.#reportedAt > reportEvery) {
			this.#reportedAt = this.now;
			const { certain, rtt } = this.#c.clock;
			this.#tell('playback.report', { drift_ms: this.film.drift, error_ms: Math.min(certain, 1e6), rtt_ms: Math.min(rtt, 1e6) });
		}
	}

	#sayState(): void {
		const state = this.#stateNow();
		if (state === this.#saidState || this.now - this.#saidAt < presenceEvery * 2) return;
		this.#saidState = state;
		this.#saidAt = this.now;
		this.#tell('presence.set', { state });
	}

	#stateNow(): 'lobby' | 'watching' | 'loading' | 'catching_up' | 'away' | 'stepped_out' {
		if (this.party.status === 'scheduled') return 'lobby';
		if (this.film.out) return 'stepped_out';
		if (document.visibilityState === 'hidden' && !this.film.moving) return 'away';
		if (this.film.dry) return 'loading';
		return this.film.word === 'in sync' || !this.plays ? 'watching' : 'catching_up';
	}

	#tell<K extends Parameters<ReturnType<typeof connection>['socket']['tell']>[0]>(
		type: K,
		data: Parameters<ReturnType<typeof connection>['socket']['tell']>[2],
	): void {
		this.#c.socket.tell(type, this.#name, data as never);
	}

	/** Sends a command; what the server refuses becomes a notice. True when it was done. */
	async #command(type: Parameters<ReturnType<typeof connection>['socket']['command']>[0], data: object): Promise<boolean> {
		try {
			await this.#c.socket.command(type, this.#name, data as never);
			return true;
		} catch (e) {
			if (e instanceof Refused) this.notice = e.message;
			else if (e instanceof Error && (e.message === 'offline' || e.message === 'no answer'))
				this.notice = 'You are offline; that was not sent.';
			return false;
		}
	}
}
