import { describe, expect, test } from 'vitest';

import { jun, mara, room } from './fixtures';
import { Reach } from './reach.svelte';

const playing = (r: ReturnType<typeof room>) => {
	r.playback = {
		vector: { seq: 1, item: 'i', p: 0, v: 1, t: 0, rate: 1, arming: false, plays: true, by: '', why: 'play', from: 0 },
		waiting: [],
		deadline: 0,
	};
	return r;
};

describe('what one button reaches', () => {
	test.each([
		['everyone', jun, 'guest', 'room', 'Pause'],
		['ask', jun, 'guest', 'ask', 'Ask to pause'],
		['hosts', jun, 'guest', 'me', 'Pause for me'],
		['hosts', mara, 'host', 'room', 'Pause'],
		['ask', mara, 'co-host', 'room', 'Pause'],
	] as const)('with control for %s, for the %s', (control, who, role, way, label) => {
		const reach = new Reach(playing(room(who, role, { control })));
		expect(reach.way).toBe(way);
		expect(reach.label).toBe(label);
	});
});

test('where only hosts control, pressing pause stops one’s own picture and says so', () => {
	const r = playing(room(jun, 'guest', { control: 'hosts' }));
	new Reach(r).toggle();
	expect(r.film.out).toBe(true);
	expect(r.plays).toBe(true);
	expect(r.notice).toContain('just for you');
});

test('whoever has stepped out moves only himself, host or not', () => {
	const r = playing(room(mara, 'host'));
	r.film.stepOut();
	const reach = new Reach(r);
	expect(reach.label).toBe('Play');
	reach.seek(30);
	expect(r.film.out).toBe(true);
	expect(r.notice).toBe('');
});
