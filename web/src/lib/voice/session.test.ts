import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { FakePeer } from './fake';
import type { OfferFrame, VoiceRoom, VoiceSettings } from './frames';
import { Session, type Place, type State } from './session';

const settings = { audio_quality: 'medium' } as VoiceSettings;
const inRoom = (epoch: number): VoiceRoom => ({ epoch, settings, members: [] });
const self = { muted: false, deafened: false };

class Final extends Error {}

/** A session in surroundings that write down what happens; refuse fails the next askings of a kind. */
function setting() {
	const asked: string[] = [];
	const offers: OfferFrame[] = [];
	const states: State[] = [];
	const over: string[] = [];
	const refuse: Record<string, Error[]> = {};
	let epoch = 0;
	const ask = <T>(kind: string, answer: () => T): Promise<T> => {
		asked.push(kind);
		const e = refuse[kind]?.shift();
		return e ? Promise.reject(e) : Promise.resolve(answer());
	};
	const place: Place = {
		signal: {
			prepare: () =>
				ask('prepare', () => ({ ice_servers: [{ urls: ['turn:x'], username: 'u', credential: 'c' }], settings, last_n: 4 })),
			join: () => ask('join', () => ({ sdp: 'answer', epoch: ++epoch, ice_servers: [] })),
			offer: (d) => {
				offers.push(d);
				return ask('offer', () => ({ sdp: 'answer', epoch, ice_servers: [] }));
			},
			view: () => ask('view', () => ({})),
			leave: () => ask('leave', () => ({})),
		},
		make: (c) => new FakePeer(c) as unknown as RTCPeerConnection,
		state: (s) => states.push(s),
		over: (why) => over.push(why),
		heard: () => {},
		seen: () => {},
		final: (e) => e instanceof Final,
		random: () => 1,
	};
	return { session: new Session(place), asked, offers, states, over, refuse };
}

const last = () => FakePeer.all.at(-1)!;
const settled = () => vi.advanceTimersByTimeAsync(0);

describe('being in voice', () => {
	beforeEach(() => {
		FakePeer.all = [];
		vi.useFakeTimers();
	});
	afterEach(() => void vi.useRealTimers());

	test('the first offer has a microphone and four slots to hear in', async () => {
		const { session, asked, states } = setting();
		await session.join(self);
		expect(asked).toEqual(['prepare', 'join']);
		expect(states).toEqual(['joining', 'on']);
		expect(last().transceivers.map((t) => [t.kind, t.direction])).toEqual([
			['audio', 'sendonly'],
			...Array.from({ length: 4 }, () => ['audio', 'recvonly']),
		]);
		expect(last().config.iceServers).toEqual([{ urls: ['turn:x'], username: 'u', credential: 'c' }]);
		expect(last().answers).toEqual(['answer']);
	});

	test('who leaves is out at once, and the room is told', async () => {
		const { session, asked, states } = setting();
		await session.join(self);
		await session.leave();
		expect(states.at(-1)).toBe('off');
		expect(last().closed).toBe(true);
		expect(asked.at(-1)).toBe('leave');
	});

	test('who leaves while the room still answers does not come in after all', async () => {
		const { session, states } = setting();
		const joining = session.join(self);
		const left = session.leave();
		await Promise.all([joining, left]);
		expect(states).toEqual(['joining', 'off']);
		expect(session.state).toBe('off');
		expect(FakePeer.all.every((p) => p.closed)).toBe(true);
	});

	test('a refusal for good is thrown, any other is tried again', async () => {
		const a = setting();
		a.refuse.join = [new Final('full')];
		await expect(a.session.join(self)).rejects.toThrow('full');
		expect(a.session.state).toBe('off');

		const b = setting();
		b.refuse.prepare = [new Error('offline'), new Error('offline')];
		await b.session.join(self);
		expect(b.session.state).toBe('lost');
		await vi.advanceTimersByTimeAsync(5000);
		expect(b.session.state).toBe('on');
		expect(b.asked.filter((x) => x === 'prepare').length).toBe(3);
	});

	test('a way that fails is looked for again on the same connection', async () => {
		const { session, states } = setting();
		await session.join(self);
		last().turns('connected');
		last().turns('failed');
		expect(session.state).toBe('lost');
		await settled();
		expect(last().restarts).toBe(1);
		last().turns('connected');
		expect(states).toEqual(['joining', 'on', 'lost', 'on']);
		await vi.advanceTimersByTimeAsync(20_000);
		expect(FakePeer.all.length).toBe(1);
	});

	test('a shaky way may heal by itself for two seconds', async () => {
		const { session } = setting();
		await session.join(self);
		last().turns('disconnected');
		await vi.advanceTimersByTimeAsync(1500);
		last().turns('connected');
		await vi.advanceTimersByTimeAsync(5000);
		expect(last().restarts).toBe(0);
		last().turns('disconnected');
		await vi.advanceTimersByTimeAsync(2100);
		expect(last().restarts).toBe(1);
		expect(session.state).toBe('lost');
	});

	test('where the new way does not carry either, one joins anew', async () => {
		const { session, asked } = setting();
		await session.join(self);
		last().turns('failed');
		await vi.advanceTimersByTimeAsync(9000);
		expect(FakePeer.all.length).toBe(2);
		expect(FakePeer.all[0]!.closed).toBe(true);
		expect(asked.filter((x) => x === 'join').length).toBe(2);
		expect(session.state).toBe('on');
	});

	test('another incarnation of the room is joined by itself, the same one is not', async () => {
		const { session, asked } = setting();
		await session.join(self);
		session.told(inRoom(7));
		session.told(inRoom(7));
		await settled();
		expect(asked.filter((x) => x === 'join').length).toBe(1);
		session.told(inRoom(8));
		await settled();
		expect(asked.filter((x) => x === 'join').length).toBe(2);
		expect(session.state).toBe('on');
	});

	test.each([
		['lost', 2, 'on', []],
		['replaced', 1, 'off', ['replaced']],
		['removed', 1, 'off', ['removed']],
		['closed', 1, 'off', ['closed']],
	] as const)('out because %s', async (why, joins, state, over) => {
		const x = setting();
		await x.session.join(self);
		x.session.gone(why);
		await settled();
		expect(x.asked.filter((a) => a === 'join').length).toBe(joins);
		expect(x.session.state).toBe(state);
		expect(x.over).toEqual(over);
	});

	test('pauses between tries grow, and end when one leaves', async () => {
		const { session, asked, refuse } = setting();
		refuse.prepare = Array.from({ length: 50 }, () => new Error('offline'));
		await session.join(self);
		await vi.advanceTimersByTimeAsync(60_000);
		const tries = asked.length;
		expect(tries).toBeGreaterThan(5);
		expect(tries).toBeLessThan(12);
		await session.leave();
		await vi.advanceTimersByTimeAsync(60_000);
		expect(asked.filter((a) => a === 'prepare').length).toBe(tries);
	});

	test('a share is offered with lines of its own, and again after joining anew', async () => {
		const { session, offers } = setting();
		await session.join(self);
		const stream = {
			getVideoTracks: () => [{ kind: 'video' }],
			getAudioTracks: () => [{ kind: 'audio' }],
		} as unknown as MediaStream;
		await session.share('s1', stream, 30);
		expect(offers[0]!.share).toEqual({ share: 's1', video: '5', audio: '6' });
		session.gone('lost');
		await settled();
		expect(offers[1]!.share).toEqual({ share: 's1', video: '5', audio: '6' });
		await session.unshare();
		expect(offers[2]!.share).toBeUndefined();
		expect(
			last()
				.transceivers.slice(5)
				.map((t) => t.direction),
		).toEqual(['inactive', 'inactive']);
	});

	test('looking at a share needs an offer once; the next share takes the same lines', async () => {
		const { session, asked, offers } = setting();
		await session.join(self);
		await session.look([{ share: 'a', height: 720 }]);
		expect(offers[0]!.views).toEqual([
			{ mid: '5', share: 'a', max_height: 720 },
			{ mid: '6', share: 'a', max_height: 0 },
		]);
		await session.look([{ share: 'b', height: 1080 }]);
		expect(asked.filter((a) => a === 'offer').length).toBe(1);
		expect(asked.at(-1)).toBe('view');
		expect(last().transceivers.length).toBe(7);
	});

	test('what is changed while one thing is under way waits for it', async () => {
		const { session, asked } = setting();
		const joining = session.join(self);
		const looking = session.look([{ share: 'a', height: 720 }]);
		await Promise.all([joining, looking]);
		expect(asked[0]).toBe('prepare');
		expect(asked.indexOf('join')).toBe(1);
		expect(FakePeer.all.length).toBe(1);
		expect(last().transceivers.filter((t) => t.kind === 'video').length).toBe(1);
	});
});
