import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { InFlight } from './draw';
import { Hand } from './hand';
import { Refused, type Problem } from './socket';

type Sent = [type: string, data: Record<string, unknown>, keep?: boolean, op?: string];

/** A room that writes down what it is asked, and answers as a test says. */
function setting(answers: Record<string, Error> = {}) {
	const sent: Sent[] = [];
	const room = {
		me: { user: { id: 'me' }, color: 2 },
		film: { at: 12.5 },
		clock: { now: () => 1000 },
		notice: '',
		online: true,
		drawing: {
			points: (data: Record<string, unknown>) => void sent.push(['draw.points', data]),
			ask: (type: string, data: Record<string, unknown>, keep?: boolean, op?: string) => {
				sent.push([type, data, keep, op]);
				return answers[type] ? Promise.reject(answers[type]) : Promise.resolve({ id: 'x' });
			},
		},
	};
	const inFlight = new InFlight('me');
	return { sent, room, inFlight, hand: new Hand(room as never, inFlight) };
}

const refused = (code: string) => new Refused({ code, detail: `no: ${code}` } as Problem);

describe('a hand', () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => void vi.useRealTimers());

	test('tells of a stroke as it grows, and asks for it to be kept', async () => {
		const { sent, hand, inFlight } = setting();
		hand.down('pen', [0.25, 0.5]);
		hand.move([0.3, 0.5]);
		hand.move([0.3, 0.5]); // it rests
		hand.move([0.3, 1.4]); // it leaves the frame
		vi.advanceTimersByTime(50);
		hand.move([0.5, 0.5]);
		await hand.up();
		const name = [...inFlight.strokes.values()][0]!.name;
		expect(sent.map(([type, data]) => [type, data.points ?? data.tool])).toEqual([
			['draw.begin', 'pen'],
			['draw.points', [[0.3, 0.5], [0.3, 1]]],
			['draw.points', [[0.5, 0.5]]],
			['draw.end', undefined],
		]); // prettier-ignore
		expect(sent[0]![1]).toEqual({ stroke: name, tool: 'pen', x: 0.25, y: 0.5, film_at: 12.5 });
		expect(sent.every(([, data]) => data.stroke === name)).toBe(true);
	});

	test('does not begin outside of the frame', () => {
		const { sent, hand } = setting();
		hand.down('pen', [1.2, 0.5]);
		expect(sent).toEqual([]);
		expect(hand.busy).toBe(false);
	});

	test('stops sending when its stroke was stopped', () => {
		const { sent, hand, inFlight } = setting();
		hand.down('pen', [0.25, 0.5]);
		const s = [...inFlight.strokes.values()][0]!;
		inFlight.dropped({ s: 1, by: 'me', stroke: s.name, reason: 'revoked' });
		hand.move([0.3, 0.5]);
		hand.move([0.4, 0.5]);
		vi.advanceTimersByTime(500);
		expect(sent.length).toBe(1);
		expect(hand.busy).toBe(false);
	});

	test.each([
		['the connection was cut', new Error('offline')],
		['the server had lost it', refused('draw.unknown_stroke')],
	])('sends a stroke as a whole, under the same op, when %s', async (_, why) => {
		const { sent, hand } = setting({ 'draw.end': why });
		hand.down('arrow', [0, 0]);
		hand.move([1, 1]);
		await hand.up();
		const [end, put] = sent.slice(-2);
		expect(put).toMatchObject([
			'draw.put',
			{ tool: 'arrow', film_at: 12.5, points: [[0, 0], [1, 1]] }, // prettier-ignore
			true,
			end![3],
		]);
		expect(end![3]).toBeTruthy();
	});

	test.each([
		['was cut off meanwhile', {}],
		['was not let begin', { 'draw.begin': refused('rate_limited') }],
	])('that %s sends no points that nobody takes, and the whole stroke in the end', async (_, answers) => {
		const { sent, room, hand } = setting(answers);
		hand.down('pen', [0, 0]);
		await Promise.resolve();
		room.online = 'draw.begin' in answers;
		hand.move([0.5, 0.5]);
		vi.advanceTimersByTime(50);
		room.online = true;
		hand.move([0.6, 0.6]);
		await hand.up();
		expect(sent.map(([type, data]) => [type, data.points])).toEqual([
				['draw.begin', undefined],
				['draw.put', [[0, 0], [0.5, 0.5], [0.6, 0.6]]],
			]); // prettier-ignore
	});

	test('that may not draw lets go at once', async () => {
		const { sent, room, hand, inFlight } = setting({ 'draw.begin': refused('draw.forbidden') });
		hand.down('pen', [0, 0]);
		await Promise.resolve();
		await Promise.resolve();
		expect(hand.busy).toBe(false);
		expect(inFlight.strokes.size).toBe(0);
		expect(room.notice).toBe('no: draw.forbidden');
		expect(sent.length).toBe(1);
	});

	test('lets go of what may not be drawn, and says why', async () => {
		const { sent, hand, inFlight, room } = setting({ 'draw.end': refused('draw.forbidden') });
		hand.down('pen', [0, 0]);
		await hand.up();
		expect(inFlight.strokes.size).toBe(0);
		expect(room.notice).toBe('no: draw.forbidden');
		expect(sent.at(-1)![0]).toBe('draw.end');
	});

	test('ink ends by itself when nobody answers', async () => {
		const { hand, inFlight, sent } = setting({ 'draw.end': new Error('offline') });
		hand.down('ink', [0, 0]);
		await hand.up();
		expect([...inFlight.strokes.values()][0]!.until).toBe(1000 + 4000 + 100);
		expect(sent.some(([type]) => type === 'draw.put')).toBe(false);
	});

	test('puts texts and pins, which survive a cut', async () => {
		const { hand, sent } = setting();
		await hand.put('pin', [0.5, 0.5]);
		await hand.put('text', [0.1, 1.01], 'there!');
		await hand.put('text', [0.1, 2], 'outside');
		expect(sent.map(([, data, keep]) => [data.tool, data.points, data.text, keep])).toEqual([
			['pin', [[0.5, 0.5]], undefined, true],
			['text', [[0.1, 1]], 'there!', true],
		]);
	});
});
