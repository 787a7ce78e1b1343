import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { Clock } from './clock';
import { Refused, Socket, type Frame, type SocketOptions, type State } from './socket';
import type { Welcome } from './protocol/generated';

/** A server that the test speaks for, one object per connection. */
class Wire {
	static all: Wire[] = [];
	static get last(): Wire {
		return Wire.all[Wire.all.length - 1];
	}
	readyState = 1;
	sent: Record<string, unknown>[] = [];
	onmessage?: (e: { data: string }) => void;
	onclose?: (e: { code: number }) => void;
	constructor(
		readonly url: string,
		readonly protocols: string[],
	) {
		Wire.all.push(this);
	}
	send(text: string) {
		this.sent.push(JSON.parse(text) as Record<string, unknown>);
	}
	close() {
		this.readyState = 3;
	}
	say(type: string, data: unknown, more: Record<string, unknown> = {}) {
		this.onmessage?.({ data: JSON.stringify({ type, data, ...more }) });
	}
	hello() {
		this.say('hello', { session: `s${Wire.all.length}`, boot: 'b', heartbeat: 20, user: {}, now: 0 });
	}
	cut(code = 1006) {
		this.readyState = 3;
		this.onclose?.({ code });
	}
	of(type: string) {
		return this.sent.filter((f) => f.type === type);
	}
}

const room = 'party:p1';
const welcome = (seq: number, mode: Welcome['mode'] = 'fresh') => ({ mode, epoch: 'e', seq, party: { id: 'p1' } });

let states: State[];
let frames: Frame[];
let refused: string[];
let socket: Socket;

function start(more: Partial<SocketOptions> = {}) {
	states = [];
	frames = [];
	refused = [];
	socket = new Socket({
		url: 'ws://x/ws',
		clock: new Clock(() => 0),
		renew: () => Promise.resolve(true),
		onState: (s) => states.push(s),
		WebSocket: Wire as unknown as typeof WebSocket,
		random: () => 0,
		...more,
	});
	socket.subscribe({ party: 'p1', onWelcome: () => {}, onFrame: (f) => frames.push(f), onRefused: (p) => refused.push(p.code) });
	socket.open();
}

/** Connected, and in the room. */
function join() {
	start();
	Wire.last.hello();
	Wire.last.say('party.welcome', welcome(1), { room });
}

beforeEach(() => {
	vi.useFakeTimers();
	Wire.all = [];
});
afterEach(() => {
	socket.close();
	vi.useRealTimers();
});

describe('the socket', () => {
	test('joins after hello and comes back where it was', () => {
		start();
		Wire.last.hello();
		expect(Wire.last.of('party.join')[0].data).toEqual({ party: 'p1' });
		Wire.last.say('party.welcome', welcome(7), { room });
		Wire.last.say('chat.message', { text: 'x' }, { room, seq: 8 });
		Wire.last.cut();
		vi.advanceTimersByTime(500);
		expect(Wire.all).toHaveLength(2);
		Wire.last.hello();
		expect(Wire.last.of('party.join')[0].data).toEqual({ party: 'p1', epoch: 'e', seq: 8, session: 's1' });
	});

	test('shows each seq once and asks again when one is missing', () => {
		start();
		Wire.last.hello();
		Wire.last.say('party.welcome', welcome(7), { room });
		for (const seq of [7, 8, 8, 10]) Wire.last.say('chat.message', {}, { room, seq });
		expect(frames.map((f) => f.seq)).toEqual([8]);
		expect(Wire.last.of('party.join')[1].data).toMatchObject({ epoch: 'e', seq: 8 });
		Wire.last.say('party.welcome', welcome(10, 'resumed'), { room });
		for (const seq of [9, 10]) Wire.last.say('chat.message', {}, { room, seq });
		expect(frames.map((f) => f.seq)).toEqual([8, 9, 10]);
	});

	test('sends a kept command again with the same op until it is answered', async () => {
		start();
		const done = socket.command('chat.send', room, { text: 'hi' }, true);
		Wire.last.hello();
		expect(Wire.last.of('chat.send')).toHaveLength(0); // not before the welcome
		Wire.last.say('party.welcome', welcome(1), { room });
		const first = Wire.last.of('chat.send')[0];
		Wire.last.cut();
		vi.advanceTimersByTime(500);
		Wire.last.hello();
		Wire.last.say('party.welcome', welcome(1, 'resumed'), { room });
		const second = Wire.last.of('chat.send')[0];
		expect(second.op).toBe(first.op);
		expect(second.op).toBeTruthy();
		Wire.last.say('ack', { id: 'm', seq: 2 }, { re: second.id });
		await expect(done).resolves.toEqual({ id: 'm', seq: 2 });
		Wire.last.cut();
		vi.advanceTimersByTime(500);
		Wire.last.hello();
		Wire.last.say('party.welcome', welcome(2, 'resumed'), { room });
		expect(Wire.last.of('chat.send')).toHaveLength(0);
	});

	test('gives up a command that cannot wait', async () => {
		start();
		await expect(socket.command('playback.play', room, { base: 1 })).rejects.toThrow('offline');
	});

	test('repeats a kept command that the server could not take now', async () => {
		start();
		Wire.last.hello();
		Wire.last.say('party.welcome', welcome(1), { room });
		const done = socket.command('chat.send', room, { text: 'hi' }, true);
		const sent = Wire.last.of('chat.send')[0];
		Wire.last.say('error', { problem: { code: 'unavailable', status: 503, detail: '' } }, { re: sent.id });
		vi.advanceTimersByTime(1000);
		expect(Wire.last.of('chat.send')).toHaveLength(2);
		Wire.last.say('error', { problem: { code: 'chat.slow', status: 409, detail: 'Wait.' } }, { re: sent.id });
		await expect(done).rejects.toBeInstanceOf(Refused);
	});

	test.each([
		[1006, 'waiting'],
		[4003, 'closed'],
		[4100, 'waiting'],
		[4201, 'waiting'],
	])('after close code %i it is %s', (code, state) => {
		start();
		Wire.last.hello();
		Wire.last.cut(code);
		expect(states.at(-1)).toBe(state);
	});

	test('waits as long as a draining server advises', () => {
		start();
		Wire.last.hello();
		Wire.last.say('server.drain', { after_ms: 3000, resume: true });
		Wire.last.cut(4201);
		vi.advanceTimersByTime(2900);
		expect(Wire.all).toHaveLength(1);
		vi.advanceTimersByTime(200);
		expect(Wire.all).toHaveLength(2);
	});

	test('never stops trying, with pauses that grow to 15 s', () => {
		start({ random: () => 1 });
		for (let i = 0; i < 12; i++) {
			const before = Wire.all.length;
			Wire.last.cut();
			for (let ms = 0; Wire.all.length === before; ms += 50) {
				expect(ms).toBeLessThanOrEqual(15_000);
				vi.advanceTimersByTime(50);
			}
		}
		expect(Wire.all).toHaveLength(13);
	});

	test('says that it is offline while it cannot find out who is signed in, and goes on', async () => {
		const renew = vi.fn<() => Promise<boolean>>().mockRejectedValueOnce(new Error('offline')).mockResolvedValue(true);
		start({ renew });
		Wire.last.cut(4001);
		await vi.advanceTimersByTimeAsync(1000);
		expect(Wire.all).toHaveLength(2);
		Wire.last.cut(4001);
		await vi.advanceTimersByTimeAsync(1000);
		Wire.last.hello();
		expect(states.at(-1)).toBe('open');
	});

	test('takes the advice of a draining server once, then backs off', () => {
		start({ random: () => 1 });
		Wire.last.hello();
		Wire.last.say('server.drain', { after_ms: 1, resume: true });
		Wire.last.cut(4201);
		vi.advanceTimersByTime(1);
		expect(Wire.all).toHaveLength(2);
		for (let i = 0; i < 6; i++) {
			Wire.last.cut();
			vi.advanceTimersByTime(200);
		}
		expect(Wire.all.length).toBeLessThan(6);
	});

	test('keeps the order of kept commands when one has to wait', async () => {
		join();
		const all = ['one', 'two', 'three'].map((text) => socket.command('chat.send', room, { text }, true));
		const texts = () => Wire.last.of('chat.send').map((f) => (f.data as { text: string }).text);
		expect(texts()).toEqual(['one']);
		const refusal = { problem: { code: 'rate_limited', status: 429, detail: '', retry_after: 2 } };
		Wire.last.say('error', refusal, { re: Wire.last.of('chat.send')[0].id });
		vi.advanceTimersByTime(1900);
		expect(texts()).toEqual(['one']);
		vi.advanceTimersByTime(200);
		for (let i = 1; i <= 3; i++) Wire.last.say('ack', { seq: i }, { re: Wire.last.of('chat.send').at(-1)!.id });
		expect(texts()).toEqual(['one', 'one', 'two', 'three']);
		await expect(Promise.all(all)).resolves.toEqual([{ seq: 1 }, { seq: 2 }, { seq: 3 }]);
	});

	test('sends a kept command again when no answer comes, with the same op', () => {
		join();
		void socket.command('chat.send', room, { text: 'hi' }, true).catch(() => {});
		for (let i = 0; i < 11; i++) {
			vi.advanceTimersByTime(1000);
			Wire.last.say('pong', { n: i, c1: 0, s2: 0, s3: 0, u: null });
		}
		const sent = Wire.last.of('chat.send');
		expect(sent).toHaveLength(2);
		expect(sent[0].op).toBe(sent[1].op);
	});

	test('leaves a connection that says nothing any more', () => {
		join();
		vi.advanceTimersByTime(12_000);
		expect(Wire.all.length).toBeGreaterThan(1);
	});

	test('does not blame the connection when the page was asleep', () => {
		let t = 0;
		start({ now: () => t });
		Wire.last.hello();
		vi.advanceTimersByTime(50);
		t = 600_000; // the timers stood still meanwhile
		vi.advanceTimersByTime(60);
		expect(Wire.all).toHaveLength(1);
		expect(states.at(-1)).toBe('open');
	});

	test('after waking up, four seconds of silence are enough', () => {
		join();
		Wire.last.say('pong', { n: 1, c1: 0, s2: 0, s3: 0, u: null });
		socket.wake();
		vi.advanceTimersByTime(4500);
		expect(Wire.all).toHaveLength(2);
	});

	test('gives up a connection that is never greeted', () => {
		start();
		vi.advanceTimersByTime(13_000);
		expect(Wire.all).toHaveLength(2);
	});

	test('asks again for a room when the answer is lost or the server is busy', () => {
		start();
		Wire.last.hello();
		Wire.last.say('error', { problem: { code: 'server.busy', status: 503, detail: '', retry_after: 1 } }, { re: 'join:p1' });
		vi.advanceTimersByTime(1100);
		expect(Wire.last.of('party.join')).toHaveLength(2);
		expect(refused).toEqual([]);
	});

	test('does not come back to a room that sent it out', async () => {
		join();
		const lost = socket.command('chat.send', room, { text: 'hi' }, true);
		Wire.last.say('party.closed', { code: 'kicked', reason: '' }, { room });
		await expect(lost).rejects.toThrow('left');
		expect(frames.at(-1)?.type).toBe('party.closed');
		Wire.last.cut();
		vi.advanceTimersByTime(500);
		Wire.last.hello();
		expect(Wire.last.of('party.join')).toHaveLength(0);
	});

	test('passes on what belongs to no room', () => {
		const heard: string[] = [];
		start({ onFrame: (f) => heard.push(f.type) });
		Wire.last.hello();
		Wire.last.say('party.admitted', { party: 'p2' });
		expect(heard).toEqual(['party.admitted']);
	});

	test('renews its session once after signed_out', async () => {
		const renew = vi.fn(() => Promise.resolve(true));
		start({ renew });
		Wire.last.cut(4001);
		await vi.advanceTimersByTimeAsync(0);
		expect(Wire.all).toHaveLength(2);
		Wire.last.cut(4001);
		await vi.advanceTimersByTimeAsync(60_000);
		expect(renew).toHaveBeenCalledTimes(1);
		expect(states.at(-1)).toBe('closed');
	});

	test('tells why a room did not let it in', () => {
		start();
		Wire.last.hello();
		Wire.last.say('error', { problem: { code: 'party.banned', status: 403, detail: '' } }, { re: 'join:p1' });
		expect(refused).toEqual(['party.banned']);
	});
});
