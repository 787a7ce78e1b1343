import { cleanup, render, screen } from '@testing-library/svelte';
import { afterEach, expect, test, vi } from 'vitest';

import Recap from './Recap.svelte';

afterEach(() => {
	cleanup();
	vi.unstubAllGlobals();
});

const answers = (body: object, status = 200) =>
	vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(body), { status })));

const full = {
	together_seconds: 6240,
	my_watch_seconds: 6000,
	reactions_count: 312,
	my_reactions: 4,
	chat_count: 1,
	people: 5,
	peak: 5,
	moments: [{ item_id: 'f', title: 'First light', from: 60, to: 62, at: 61, count: 9, emoji: '🔥', reaction: 'fire' }],
	top_reactions: [{ reaction: 'fire', emoji: '🔥', count: 200 }],
	can_see_report: true,
};

test('the end says how long, how much and when', async () => {
	answers(full);
	render(Recap, { party: 'p1', wait: 0 });
	expect(await screen.findByText('1 h 44 min')).toBeTruthy();
	expect(screen.getByText('312')).toBeTruthy();
	expect(screen.getByText('line of chat')).toBeTruthy();
	expect(screen.getByText('1:01')).toBeTruthy();
	expect(screen.getByText('9 reactions')).toBeTruthy();
	expect(screen.getByRole('link', { name: 'See the report' }).getAttribute('href')).toBe('/watch/p1/report');
});

test('an evening without reactions has no moments, and only hosts a report', async () => {
	answers({ ...full, together_seconds: 0, reactions_count: 0, moments: [], top_reactions: [], can_see_report: false });
	render(Recap, { party: 'p1', wait: 0 });
	expect(await screen.findByText('0')).toBeTruthy();
	expect(screen.queryByText('of film watched together')).toBeNull();
	expect(screen.queryByText('The moments')).toBeNull();
	expect(screen.queryByRole('link')).toBeNull();
});

test('without an answer there is nothing', async () => {
	answers({ code: 'not_found' }, 404);
	const { container } = render(Recap, { party: 'p1', wait: 0 });
	await new Promise((r) => setTimeout(r, 20));
	expect(container.querySelector('section')).toBeNull();
});
