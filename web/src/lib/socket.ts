/**
 * The one persistent socket of this browser. It comes back for ever, keeps
 * commands until they are acknowledged and sends them again with the same op,
 * so that nothing is lost and nothing happens twice.
 */
import { Cadence, Clock } from './clock';
import { closeReasons, subprotocol, type Ack, type ClientFrames, type Hello, type Pong, type ServerFrames, type Welcome } from './protocol/generated';

/** What the server says when it refuses. */
export interface Problem {
	code: string;
	detail: string;
	status: number;
	retry_after?: number;
	errors?: Record<string, string[]>;
}

export class Refused extends Error {
	constructor(readonly problem: Problem) {
		super(problem.detail);
	}
}

export type State = 'connecting' | 'open' | 'waiting' | 'closed';

/** A frame from the server. */
export interface Frame<K extends keyof ServerFrames = keyof ServerFrames> {
	type: K;
	re?: string;
	room?: string;
	seq?: number;
	st?: number;
	data: ServerFrames[K];
}

/** One room's subscription: where it stands, and who hears of it. */
export interface Subscription {
	party: string;
	onWelcome(w: Welcome): void;
	onFrame(f: Frame): void;
	/** The server refused to let us in. */
	onRefused(p: Problem): void;
}

interface Room extends Subscription {
	epoch: string;
	seq: number;
	joined: boolean;
	/** Session of the connection on which it was joined last. */
	session: string;
}

interface Pending {
	type: string;
	room?: string;
	op?: string;
	data: unknown;
	keep: boolean;
	sent: boolean;
	resolve(a: Ack): void;
	reject(e: unknown): void;
	timer?: ReturnType<typeof setTimeout>;
}

export interface SocketOptions {
	url: string;
	clock: Clock;
	/** Gets a fresh session after the server closed with signed_out; false gives up. */
	renew(): Promise<boolean>;
	onState(s: State, retryAt?: number): void;
	/** Frames that belong to no room. */
	onFrame?(f: Frame): void;
	onHello?(h: Hello): void;
	WebSocket?: typeof WebSocket;
	now?: () => number;
	random?: () => number;
}

const answerWithin = 10_000;
const longestPause = 15_000;

export class Socket {
	#ws: WebSocket | undefined;
	#rooms = new Map<string, Room>();
	#pending = new Map<string, Pending>();
	#id = 0;
	#tries = 0;
	#session = '';
	#boot = '';
	#state: State = 'closed';
	#retry: ReturnType<typeof setTimeout> | undefined;
	#ping: ReturnType<typeof setTimeout> | undefined;
	#cadence = new Cadence();
	#n = 0;
	#lastHeard = 0;
	#lastPing = 0;
	#drainAfter: number | undefined;
	#renewed = false;
	readonly #now: () => number;
	readonly #random: () => number;

	constructor(private readonly o: SocketOptions) {
		this.#now = o.now ?? (() => performance.now());
		this.#random = o.random ?? Math.random;
	}

	get state(): State {
		return this.#state;
	}

	open(): void {
		if (this.#ws || this.#state === 'connecting') return;
		clearTimeout(this.#retry);
		this.#set('connecting');
		const ws = new (this.o.WebSocket ?? WebSocket)(this.o.url, [subprotocol]);
		this.#ws = ws;
		ws.onmessage = (e) => this.#ws === ws && this.#receive(String(e.data));
		ws.onclose = (e) => this.#ws === ws && this.#closed(e.code);
	}

	close(): void {
		clearTimeout(this.#retry);
		clearTimeout(this.#ping);
		const ws = this.#ws;
		this.#ws = undefined;
		this.#session = '';
		this.#set('closed');
		ws?.close(1000);
		for (const p of this.#pending.values()) p.reject(new Error('closed'));
		this.#pending.clear();
		this.#rooms.clear();
	}

	/** The person does not want to wait. */
	retryNow(): void {
		if (this.#state === 'waiting') {
			this.#tries = 0;
			this.open();
		}
	}

	/** The page woke up or the network came back: measure anew, and do not trust a silent socket. */
	wake(): void {
		this.o.clock.restart();
		this.#cadence.burst();
		if (this.#state === 'open') this.#sendPing();
		else this.retryNow();
	}

	/** Enters a room and stays in it across cuts. Returns how to leave. */
	subscribe(s: Subscription): () => void {
		const name = `party:${s.party}`;
		const room: Room = Object.assign(Object.create(s) as Subscription, { party: s.party, epoch: '', seq: 0, joined: false, session: '' }) as Room;
		this.#rooms.set(name, room);
		if (this.#state === 'open') this.#join(room);
		return () => {
			if (this.#rooms.get(name) !== room) return;
			this.#rooms.delete(name);
			if (room.joined) this.#raw({ type: 'party.leave', room: name, data: {} });
			for (const [id, p] of this.#pending) {
				if (p.room !== name) continue;
				this.#pending.delete(id);
				clearTimeout(p.timer);
				p.reject(new Error('left'));
			}
		};
	}

	/**
	 * Sends a command and waits for its acknowledgement. With keep it survives
	 * cuts: it is sent again with the same op until the server has answered.
	 */
	command<K extends keyof ClientFrames>(type: K, room: string | undefined, data: ClientFrames[K], keep = false, op?: string): Promise<Ack> {
		const id = String(++this.#id);
		return new Promise((resolve, reject) => {
			const p: Pending = { type, room, op: op ?? (keep ? crypto.randomUUID() : undefined), data, keep, sent: false, resolve, reject };
			this.#pending.set(id, p);
			if (!keep) p.timer = setTimeout(() => this.#fail(id, new Error('no answer')), answerWithin);
			if (this.#usable(room)) this.#dispatch(id, p);
			else if (!keep) this.#fail(id, new Error('offline'));
		});
	}

	/** Sends a frame that needs no answer; lost when there is no connection. */
	tell<K extends keyof ClientFrames>(type: K, room: string | undefined, data: ClientFrames[K]): void {
		if (this.#usable(room)) this.#raw({ type, room, data });
	}

	#usable(room: string | undefined): boolean {
		return this.#state === 'open' && (room === undefined || this.#rooms.get(room)?.joined === true);
	}

	#fail(id: string, e: unknown): void {
		const p = this.#pending.get(id);
		if (!p) return;
		this.#pending.delete(id);
		clearTimeout(p.timer);
		p.reject(e);
	}

	#dispatch(id: string, p: Pending): void {
		p.sent = true;
		this.#raw({ type: p.type, id, op: p.op, room: p.room, data: p.data });
	}

	#raw(frame: { type: string; id?: string; op?: string; room?: string; data: unknown }): void {
		if (this.#ws?.readyState === 1) this.#ws.send(JSON.stringify({ ...frame, c1: this.#now() }));
	}

	#join(room: Room): void {
		room.joined = false;
		const back = room.epoch ? { epoch: room.epoch, seq: room.seq, session: room.session } : {};
		this.#raw({ type: 'party.join', id: `join:${room.party}`, data: { party: room.party, ...back } });
	}

	#receive(text: string): void {
		const c4 = this.#now();
		this.#lastHeard = c4;
		const f = JSON.parse(text) as Frame;
		if (f.type === 'pong') {
			this.o.clock.pong(f.data as Pong, c4);
			return;
		}
		if (f.st) this.o.clock.stamp(f.st, c4);
		switch (f.type) {
			case 'hello':
				return this.#hello(f.data as Hello);
			case 'ack':
				return this.#answered(f.re, (p) => p.resolve(f.data as Ack));
			case 'error':
				return this.#refused(f);
			case 'server.drain':
				this.#drainAfter = (f.data as ServerFrames['server.drain']).after_ms;
				return;
			case 'party.welcome':
				return this.#welcome(f as Frame<'party.welcome'>);
		}
		this.#pass(f);
	}

	#hello(h: Hello): void {
		if (this.#boot && this.#boot !== h.boot) this.o.clock.restart(true);
		this.#boot = h.boot;
		this.#session = h.session;
		this.#tries = 0;
		this.#renewed = false;
		this.#drainAfter = undefined;
		this.#set('open');
		this.o.onHello?.(h);
		this.#cadence.burst();
		this.#sendPing();
		for (const room of this.#rooms.values()) this.#join(room);
		for (const [id, p] of this.#pending) if (p.room === undefined && p.keep) this.#dispatch(id, p);
	}

	#welcome(f: Frame<'party.welcome'>): void {
		const name = f.room ?? `party:${f.data.party.id}`;
		const room = this.#rooms.get(name);
		if (!room) return;
		room.epoch = f.data.epoch;
		// A replay follows a resumed welcome; a snapshot stands where it says.
		if (f.data.mode !== 'resumed') room.seq = f.data.seq;
		room.joined = true;
		room.session = this.#session;
		room.onWelcome(f.data);
		for (const [id, p] of this.#pending) if (p.room === name && p.keep) this.#dispatch(id, p);
	}

	#pass(f: Frame): void {
		const room = f.room === undefined ? undefined : this.#rooms.get(f.room);
		if (!room) {
			this.o.onFrame?.(f);
			return;
		}
		if (f.seq !== undefined && f.seq > 0) {
			if (f.seq <= room.seq) return; // seen before
			if (f.seq > room.seq + 1) {
				// Something is missing: ask for it rather than showing a hole.
				if (room.joined) this.#join(room);
				return;
			}
			room.seq = f.seq;
		}
		room.onFrame(f);
	}

	#answered(re: string | undefined, fn: (p: Pending) => void): void {
		const p = re === undefined ? undefined : this.#pending.get(re);
		if (!p) return;
		this.#pending.delete(re!);
		clearTimeout(p.timer);
		fn(p);
	}

	#refused(f: Frame): void {
		const problem = (f.data as ServerFrames['error']).problem as Problem;
		if (f.re?.startsWith('join:')) {
			const room = this.#rooms.get(`party:${f.re.slice(5)}`);
			if (!room) return;
			if (problem.status >= 500 || problem.status === 429) {
				const wait = 1000 * Math.max(1, problem.retry_after ?? 1) + 500 * this.#random();
				setTimeout(() => this.#state === 'open' && this.#rooms.get(`party:${room.party}`) === room && this.#join(room), wait);
				return;
			}
			room.onRefused(problem);
			return;
		}
		const p = f.re === undefined ? undefined : this.#pending.get(f.re);
		if (p?.keep && (problem.status >= 500 || problem.status === 429)) {
			// Nothing is wrong with the command: it goes again a little later.
			const id = f.re!;
			setTimeout(() => this.#pending.has(id) && this.#usable(p.room) && this.#dispatch(id, p), 1000 * Math.max(1, problem.retry_after ?? 1));
			return;
		}
		this.#answered(f.re, (x) => x.reject(new Refused(problem)));
	}

	#sendPing(): void {
		clearTimeout(this.#ping);
		const ws = this.#ws;
		if (this.#state !== 'open' || !ws) return;
		const now = this.#now();
		// A timer that comes more than a second late means that the machine slept.
		const late = this.#lastPing > 0 && now - this.#lastPing > 7000;
		if (late) {
			this.o.clock.restart();
			this.#cadence.burst();
		}
		// No word for long although pings went out: the way is dead.
		if (this.#lastHeard > 0 && now - this.#lastHeard > 25_000) {
			this.#ws = undefined;
			ws.close();
			this.#closed(1006);
			return;
		}
		this.#lastPing = now;
		// Other rooms of other nodes have other clocks: the room names whose clock is asked for.
		const room = [...this.#rooms.keys()][0];
		this.#raw({ type: 'ping', room, data: { n: ++this.#n, c1: this.#now() } });
		this.#ping = setTimeout(() => this.#sendPing(), this.#cadence.next(now, this.o.clock.offset));
	}

	#closed(code: number): void {
		this.#ws = undefined;
		clearTimeout(this.#ping);
		this.#lastPing = 0;
		this.#lastHeard = 0;
		for (const r of this.#rooms.values()) r.joined = false;
		for (const [id, p] of this.#pending) if (!p.keep) this.#fail(id, new Error('offline'));
		if (code === closeReasons.signed_out && !this.#renewed) {
			this.#renewed = true;
			this.#set('waiting');
			void this.o.renew().then((ok) => (ok ? this.open() : this.#set('closed')));
			return;
		}
		if (code >= 4000 && code < 4100) {
			this.#set('closed');
			return;
		}
		const wait = this.#pause(code);
		this.#set('waiting', Date.now() + wait);
		this.#retry = setTimeout(() => this.open(), wait);
	}

	/** How long to wait: what the server advised, or doubling with jitter. */
	#pause(code: number): number {
		if (this.#drainAfter !== undefined) return this.#drainAfter;
		const tries = this.#tries++;
		if (code >= 4200 && code < 4300 && tries === 0) return 50 + 200 * this.#random();
		const floor = code >= 4100 && code < 4200 ? 1000 : 250;
		const most = Math.min(longestPause, floor * 2 ** tries);
		return most / 2 + (most / 2) * this.#random();
	}

	#set(s: State, retryAt?: number): void {
		if (this.#state === s && retryAt === undefined) return;
		this.#state = s;
		this.o.onState(s, retryAt);
	}
}
