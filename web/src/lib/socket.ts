/**
 * The one persistent socket of this browser. It comes back for ever, keeps
 * commands until they are acknowledged and sends them again with the same op,
 * so that nothing is lost and nothing happens twice.
 */
import { Cadence, type Clock } from './clock';
import { newId } from './ids';
import { Outbox, passing, pauseOf, Refused } from './outbox';
import {
	closeReasons,
	subprotocol,
	type Ack,
	type ClientFrames,
	type Frame,
	type Hello,
	type Pong,
	type Problem,
	type ServerFrames,
	type Welcome,
} from './protocol/frames';

export { Refused } from './outbox';
export type { Frame, Problem } from './protocol/frames';

export type State = 'connecting' | 'open' | 'waiting' | 'closed';

/** One room's subscription: where it stands, and who hears of it. */
export interface Subscription {
	party: string;
	onWelcome(w: Welcome): void;
	onFrame(f: Frame): void;
	/** The server refused to let us in. */
	onRefused(p: Problem): void;
}

interface Room {
	name: string;
	says: Subscription;
	epoch: string;
	/** The last log frame that was shown. */
	seq: number;
	joined: boolean;
	/** Session of the connection on which it was joined last. */
	session: string;
	/** Asks again when no answer comes. */
	again?: ReturnType<typeof setTimeout>;
}

interface Pending {
	resolve(data: unknown): void;
	reject(e: unknown): void;
	timer: ReturnType<typeof setTimeout>;
}

export interface SocketOptions {
	url: string;
	clock: Clock;
	/**
	 * Gets a fresh session after the server closed with signed_out. False: nobody
	 * is signed in. Rejects when that could not be found out; then it is tried again.
	 */
	renew(): Promise<boolean>;
	/** retryAt is in terms of Date.now(); code is why it was closed for good. */
	onState(s: State, retryAt?: number, code?: number): void;
	/** Frames that belong to no room. */
	onFrame?(f: Frame): void;
	onHello?(h: Hello): void;
	WebSocket?: typeof WebSocket;
	now?: () => number;
	random?: () => number;
}

const answerWithin = 10_000;
const helloWithin = 12_000;
const longestPause = 15_000;
/** Two pings without a word for so long: the way is dead. */
const silence = 8_000;
/** After waking up one does not wait that long. */
const wakeSilence = 4_000;

export class Socket {
	#ws: WebSocket | undefined;
	#rooms = new Map<string, Room>();
	#pending = new Map<string, Pending>();
	#outbox = new Outbox((k) => {
		if (!this.#usable(k.room)) return false;
		this.#raw({ type: k.type, id: k.id, op: k.op, room: k.room, data: k.data });
		return true;
	});
	#id = 0;
	#tries = 0;
	#session = '';
	#boot = '';
	#state: State = 'closed';
	#retry: ReturnType<typeof setTimeout> | undefined;
	#greeting: ReturnType<typeof setTimeout> | undefined;
	#ping: ReturnType<typeof setTimeout> | undefined;
	#check: ReturnType<typeof setTimeout> | undefined;
	#cadence = new Cadence();
	#n = 0;
	#pingDue = 0;
	/** Pings since the last word of the server, when the first of them went, and when that word came. */
	#unanswered = 0;
	#silentSince = 0;
	#heardAt = 0;
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
		if (this.#ws) return;
		clearTimeout(this.#retry);
		this.#set('connecting');
		const ws = new (this.o.WebSocket ?? WebSocket)(this.o.url, [subprotocol]);
		this.#ws = ws;
		ws.onmessage = (e) => this.#ws === ws && this.#receive(String(e.data));
		ws.onclose = (e) => this.#ws === ws && this.#closed(e.code);
		this.#greeting = setTimeout(() => this.#cut(), helloWithin);
	}

	/** Ends it: nobody is signed in any more. */
	close(): void {
		clearTimeout(this.#retry);
		this.#quiet();
		const ws = this.#ws;
		this.#ws = undefined;
		this.#session = '';
		this.#renewed = false;
		this.#set('closed');
		ws?.close(1000);
		this.#fail(new Error('closed'));
		this.#outbox.drop(undefined, new Error('closed'));
		for (const r of this.#rooms.values()) clearTimeout(r.again);
		this.#rooms.clear();
	}

	/** The person does not want to wait. */
	retryNow(): void {
		if (this.#state !== 'waiting' && this.#state !== 'closed') return;
		this.#tries = 0;
		this.#renewed = false;
		this.open();
	}

	/** The page woke up or the network came back: measure anew, and do not trust a silent socket. */
	wake(): void {
		if (this.#state === 'waiting') return this.retryNow();
		if (this.#state !== 'open') return;
		this.o.clock.restart();
		this.#cadence.burst();
		this.#sendPing();
		const heard = this.#heardAt;
		clearTimeout(this.#check);
		this.#check = setTimeout(() => this.#heardAt === heard && this.#cut(), wakeSilence);
	}

	/** Enters a room and stays in it across cuts. Returns how to leave. */
	subscribe(says: Subscription): () => void {
		const name = `party:${says.party}`;
		const room: Room = { name, says, epoch: '', seq: 0, joined: false, session: '' };
		clearTimeout(this.#rooms.get(name)?.again);
		this.#rooms.set(name, room);
		if (this.#state === 'open') this.#join(room);
		return () => {
			if (this.#rooms.get(name) !== room) return;
			if (room.joined) this.#raw({ type: 'party.leave', room: name, data: {} });
			this.#forget(room);
		};
	}

	/**
	 * Sends a command and waits for its acknowledgement. With keep it survives
	 * cuts: it is sent again with the same op until the server has answered.
	 */
	command<K extends keyof ClientFrames>(
		type: K,
		room: string | undefined,
		data: ClientFrames[K],
		keep = false,
		op?: string,
	): Promise<Ack> {
		const id = String(++this.#id);
		return new Promise((resolve, reject) => {
			if (keep && room !== undefined) return this.#outbox.add({ id, op: op ?? newId(), room, type, data, resolve, reject });
			this.#ask(id, { type, op, room, data }, { resolve: resolve as Pending['resolve'], reject });
		});
	}

	/** Sends a frame that is answered by one of its own, and gives the data of that. */
	request<T>(type: string, room: string | undefined, data: object): Promise<T> {
		return new Promise((resolve, reject) => {
			this.#ask(String(++this.#id), { type, room, data }, { resolve: resolve as Pending['resolve'], reject });
		});
	}

	#ask(
		id: string,
		frame: { type: string; op?: string; room: string | undefined; data: unknown },
		then: Pick<Pending, 'resolve' | 'reject'>,
	): void {
		if (!this.#usable(frame.room)) return then.reject(new Error('offline'));
		const timer = setTimeout(() => this.#answer(id)?.reject(new Error('no answer')), answerWithin);
		this.#pending.set(id, { ...then, timer });
		this.#raw({ ...frame, id });
	}

	/** Sends a frame that needs no answer; lost when there is no connection. */
	tell<K extends keyof ClientFrames>(type: K, room: string | undefined, data: ClientFrames[K]): void {
		if (this.#usable(room)) this.#raw({ type, room, data });
	}

	#usable(room: string | undefined): boolean {
		return this.#state === 'open' && (room === undefined || this.#rooms.get(room)?.joined === true);
	}

	#raw(frame: { type: string; id?: string; op?: string; room?: string; data: unknown }): void {
		if (this.#ws?.readyState === 1) this.#ws.send(JSON.stringify({ ...frame, c1: this.#now() }));
	}

	#join(room: Room): void {
		room.joined = false;
		const back = room.epoch ? { epoch: room.epoch, seq: room.seq, session: room.session } : {};
		this.#raw({ type: 'party.join', id: `join:${room.says.party}`, data: { party: room.says.party, ...back } });
		this.#joinAgain(room, answerWithin);
	}

	#joinAgain(room: Room, ms: number): void {
		clearTimeout(room.again);
		room.again = setTimeout(() => this.#state === 'open' && this.#rooms.get(room.name) === room && this.#join(room), ms);
	}

	#forget(room: Room): void {
		clearTimeout(room.again);
		this.#rooms.delete(room.name);
		this.#outbox.drop(room.name, new Error('left'));
	}

	#receive(text: string): void {
		const c4 = this.#now();
		this.#heardAt = c4;
		this.#unanswered = 0;
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
				if (f.re !== undefined && !this.#outbox.ack(f.re, f.data as Ack)) this.#answer(f.re)?.resolve(f.data as Ack);
				return;
			case 'error':
				return this.#refused(f.re ?? '', (f.data as ServerFrames['error']).problem);
			case 'server.drain':
				this.#drainAfter = (f.data as ServerFrames['server.drain']).after_ms;
				return;
			case 'party.welcome':
				return this.#welcome(f as Frame<'party.welcome'>);
		}
		this.#pass(f);
	}

	#hello(h: Hello): void {
		clearTimeout(this.#greeting);
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
	}

	#welcome(f: Frame<'party.welcome'>): void {
		const room = this.#rooms.get(f.room ?? `party:${f.data.party.id}`);
		if (!room) return;
		clearTimeout(room.again);
		room.epoch = f.data.epoch;
		// A replay follows a resumed welcome; a snapshot stands where it says.
		if (f.data.mode !== 'resumed') room.seq = f.data.seq;
		room.joined = true;
		room.session = this.#session;
		room.says.onWelcome(f.data);
		this.#outbox.flush(room.name);
	}

	#pass(f: Frame): void {
		const asked = f.re === undefined ? undefined : this.#answer(f.re);
		if (asked) return asked.resolve(f.data);
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
		if (f.type === 'party.closed') this.#forget(room);
		room.says.onFrame(f);
	}

	#refused(re: string, problem: Problem): void {
		if (!re.startsWith('join:')) {
			if (!this.#outbox.refuse(re, problem)) this.#answer(re)?.reject(new Refused(problem));
			return;
		}
		const room = this.#rooms.get(`party:${re.slice(5)}`);
		if (!room) return;
		if (passing(problem)) return this.#joinAgain(room, pauseOf(problem) + 500 * this.#random());
		this.#forget(room);
		room.says.onRefused(problem);
	}

	#answer(id: string): Pending | undefined {
		const p = this.#pending.get(id);
		if (p) clearTimeout(p.timer);
		this.#pending.delete(id);
		return p;
	}

	#fail(e: Error): void {
		for (const id of [...this.#pending.keys()]) this.#answer(id)?.reject(e);
	}

	#sendPing(): void {
		clearTimeout(this.#ping);
		if (this.#state !== 'open') return;
		const now = this.#now();
		if (this.#pingDue > 0 && now - this.#pingDue > 1000) {
			// A timer that comes so late means that the machine slept, or the page.
			this.o.clock.restart();
			this.#cadence.burst();
		} else if (this.#unanswered >= 2 && now - this.#silentSince > silence) {
			return this.#cut();
		}
		if (this.#unanswered++ === 0) this.#silentSince = now;
		// A room may live on another server: it names the clock that is asked for.
		const room = this.#rooms.keys().next().value;
		this.#raw({ type: 'ping', room, data: { n: ++this.#n, c1: this.#now() } });
		const wait = this.#cadence.next(now, this.o.clock.offset);
		this.#pingDue = now + wait;
		this.#ping = setTimeout(() => this.#sendPing(), wait);
	}

	/** Gives a connection up that says nothing, without waiting for its end. */
	#cut(): void {
		const ws = this.#ws;
		this.#ws = undefined;
		ws?.close();
		this.#closed(1006);
	}

	/** Stops all that belongs to the present connection. */
	#quiet(): void {
		for (const t of [this.#greeting, this.#ping, this.#check]) clearTimeout(t);
		this.#pingDue = 0;
		this.#unanswered = 0;
	}

	#closed(code: number): void {
		this.#ws = undefined;
		this.#quiet();
		for (const r of this.#rooms.values()) {
			r.joined = false;
			clearTimeout(r.again);
		}
		this.#outbox.cut();
		this.#fail(new Error('offline'));
		if (code === closeReasons.signed_out && !this.#renewed) return this.#renew();
		if (code >= 4000 && code < 4100) return this.#set('closed', undefined, code);
		this.#wait(this.#pause(code));
	}

	#renew(): void {
		this.#renewed = true;
		this.#set('waiting');
		this.o.renew().then(
			(ok) => {
				if (this.#state !== 'waiting' || this.#ws) return;
				if (ok) this.open();
				else this.#set('closed', undefined, closeReasons.signed_out);
			},
			() => {
				this.#renewed = false;
				if (this.#state === 'waiting' && !this.#ws) this.#wait(this.#pause(1006));
			},
		);
	}

	#wait(ms: number): void {
		this.#set('waiting', Date.now() + ms);
		clearTimeout(this.#retry);
		this.#retry = setTimeout(() => this.open(), ms);
	}

	/** How long to wait: what the server advised, once, or doubling with jitter. */
	#pause(code: number): number {
		const advised = this.#drainAfter;
		this.#drainAfter = undefined;
		if (advised !== undefined) return advised;
		const tries = this.#tries++;
		if (code >= 4200 && code < 4300 && tries === 0) return 50 + 200 * this.#random();
		const floor = code >= 4100 && code < 4200 ? 1000 : 250;
		const most = Math.min(longestPause, floor * 2 ** Math.min(tries, 10));
		return Math.max(floor >= 1000 ? 1000 : 0, most / 2 + (most / 2) * this.#random());
	}

	#set(s: State, retryAt?: number, code?: number): void {
		if (this.#state === s && retryAt === undefined) return;
		this.#state = s;
		this.o.onState(s, retryAt, code);
	}
}
