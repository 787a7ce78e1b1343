import { describe, expect, test } from 'vitest';

import { Replay, type Echo } from './replay';

const echo = (film_at: number): Echo => ({ emoji: '😂', x: 0.5, y: 0.5, film_at });

describe('what was thrown before', () => {
	const all = [5, 10, 10.5, 33, 61].map(echo);
	let asked: [number, number][];
	const replay = () => {
		asked = [];
		return new Replay((from, to) => {
			asked.push([from, to]);
			return Promise.resolve(all.filter((e) => e.film_at >= from && e.film_at <= to));
		});
	};
	const settle = () => new Promise((r) => setTimeout(r));
	async function play(r: Replay, from: number, to: number): Promise<number[]> {
		const seen: number[] = [];
		for (let s = from; s <= to; s += 0.5) {
			seen.push(...r.at(s).map((e) => e.film_at));
			await settle();
		}
		return seen;
	}

	test('comes once at its second, over as few calls as the film has half minutes', async () => {
		expect(await play(replay(), 0, 62)).toEqual([5, 10, 10.5, 33, 61]);
		expect(asked).toEqual([
			[0, 30],
			[30, 60],
			[60, 90],
		]);
	});

	test('does not come in a heap after a seek, and comes again after one back', async () => {
		const r = replay();
		await play(r, 0, 7);
		expect(await play(r, 40, 62)).toEqual([61]);
		expect(await play(r, 9, 12)).toEqual([10, 10.5]);
	});

	test('what arrives after a seek was for another place', async () => {
		let answer: (list: Echo[]) => void = () => {};
		const r = new Replay(() => new Promise((ok) => (answer = ok)));
		r.at(0);
		const late = answer;
		r.at(50);
		late([echo(50.2)]);
		await settle();
		expect(r.at(51)).toEqual([]);
	});
});
