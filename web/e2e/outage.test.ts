// A bad day: the server is killed in the middle of the film, with two pages
// open. The film plays on, both come back, and what was acknowledged is there
// once.
import { afterAll, beforeAll, expect, test } from 'vitest';

import { film } from './browser';
import { Person, type Party } from './person';
import { Server } from './server';

let server: Server;
let people: Person[];
let party: Party;

beforeAll(async () => {
	server = await new Server().start();
	people = await Promise.all([Person.open(server.url), Person.open(server.url)]);
	const [a, b] = people;
	await a.register('Mara');
	await b.enterAsGuest('Jun');
	party = await a.host('Bad day');
	await b.join(party);
	await Promise.all(people.map((p) => p.ready(party)));
	await a.call('POST', `/api/parties/${party.id}/start/`, {});
	await Promise.all(people.map((p) => beyond(p, 1)));
});

afterAll(async () => {
	await Promise.all(people.map((p) => p.close()));
	await server.close();
});

/** The film of this page is past a second and moves. */
const beyond = (p: Person, second: number) =>
	p.page.waitForFunction(
		(s) => {
			const v = document.querySelector<HTMLVideoElement>('[data-testid=film]');
			return v !== null && !v.paused && v.currentTime > s;
		},
		second,
		{ timeout: 30_000 },
	);

const say = async (p: Person, text: string) => {
	await p.page.getByRole('textbox', { name: 'Message' }).fill(text);
	await p.page.keyboard.press('Enter');
};

const pill = (p: Person, word: string) =>
	p.page.getByRole('status', { name: 'Sync' }).getByText(word).waitFor({ timeout: 30_000 });

/** The lines of the chat that hold a number sign, as this page shows them. */
const lines = (p: Person) =>
	p.page.getByRole('log').evaluate((log) => [...(log as HTMLElement).innerText.matchAll(/#\d+ \w+/g)].map((m) => m[0]));

test('a server that is killed mid-film costs nobody the film or a line', { timeout: 180_000 }, async () => {
	const [a, b] = people;
	for (let i = 0; i < 5; i++) {
		await say(a, `#${i} before`);
		await say(b, `#${i + 5} before`);
	}
	await b.page.getByRole('log').getByText('#4 before').waitFor();

	// Killed while lines are on their way.
	await say(a, '#10 falling');
	await say(b, '#11 falling');
	await server.kill();
	await Promise.all(people.map((p) => pill(p, 'offline')));
	const then = await Promise.all(people.map((p) => film(p.page)));

	// Nobody stops: the film goes on by the page's own clock, and one may write.
	await say(a, '#12 offline');
	await say(b, '#13 offline');
	await Promise.all(people.map((p, i) => beyond(p, then[i].at + 3)));
	await a.page.getByText('kept; goes out when you are back online').last().waitFor();

	await server.start();
	await Promise.all(people.map((p) => pill(p, 'in sync')));
	await Promise.all(people.map((p) => p.page.getByRole('log').getByText('#13 offline').waitFor({ timeout: 30_000 })));
	await Promise.all(people.map((p) => p.page.getByRole('log').getByText('#12 offline').waitFor({ timeout: 30_000 })));
	await a.page.waitForFunction(() => !document.body.innerText.includes('kept; goes out'), undefined, { timeout: 20_000 });

	const [seen, other] = await Promise.all(people.map(lines));
	expect([...seen].sort(), 'each line once').toEqual([...new Set(seen)].sort());
	expect(seen, 'both pages show the same').toEqual(other);
	expect(seen, 'nothing is missing').toHaveLength(14);

	// The two are together again, and where the film would have been without the fall.
	const now = await Promise.all(people.map((p) => film(p.page)));
	expect(now.every((f) => !f.paused)).toBe(true);
	expect(Math.abs(now[0].at - now[1].at)).toBeLessThan(1);

	// And the room obeys again.
	await a.page.getByRole('button', { name: 'Pause', exact: true }).click();
	await b.page.waitForFunction(() => document.querySelector<HTMLVideoElement>('[data-testid=film]')!.paused, undefined, {
		timeout: 10_000,
	});
});
