// The main job, as two people do it: make a party, share the link, watch the
// same frame, talk and throw reactions.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { film } from './browser';
import { frameOf } from './marks';
import { Person } from './person';
import { Server } from './server';

const shots = resolve(import.meta.dirname, 'out');

let server: Server;
let mara: Person;
let jun: Person;

beforeAll(async () => {
	mkdirSync(shots, { recursive: true });
	server = await new Server().start();
	[mara, jun] = await Promise.all([Person.open(server.url), Person.open(server.url)]);
});

afterAll(async () => {
	await Promise.all([mara?.close(), jun?.close()]);
	await server?.close();
});

const playing = (p: Person, wanted: boolean) =>
	p.page.waitForFunction((w) => (document.querySelector('[data-testid=film]') as HTMLVideoElement | null)?.paused !== w, wanted, {
		timeout: 20_000,
	});

/** Both screens stand on one frame; asked until it is so, because pictures need a moment. */
async function sameFrame(): Promise<number> {
	let seen: number[] = [];
	for (let i = 0; i < 40; i++) {
		seen = await Promise.all([frameOf(mara.page), frameOf(jun.page)]);
		if (seen[0] === seen[1]) return seen[0];
		await mara.page.waitForTimeout(100);
	}
	throw new Error(`frames ${seen.join(' and ')}`);
}

test('two people watch one film together', { timeout: 240_000 }, async () => {
	const a = mara.page;
	const b = jun.page;

	// Mara registers and makes a party with the shipped film.
	await mara.goto('/register');
	await a.getByLabel('Name', { exact: true }).fill('Mara');
	await a.getByLabel('E-mail').fill('mara@example.test');
	await a.getByLabel('Password', { exact: true }).fill('a long enough phrase');
	await a.getByRole('button', { name: 'Create account' }).click();
	await a.waitForURL('**/home');
	await a
		.getByRole('link', { name: /new party/i })
		.first()
		.click();
	await a.getByLabel('Title').fill('Friday Film Club');
	await a.getByRole('button', { name: 'Create party' }).click();
	await a.waitForURL('**/watch/*');

	// She copies the link; Jun opens it and comes in as a guest.
	const party = new URL(a.url()).pathname.split('/')[2];
	const invite = await mara.call<{ url: string }>('POST', `/api/parties/${party}/invites/`, {});
	await b.goto(invite.url);
	await b.getByLabel('Your name').fill('Jun');
	await b.getByRole('button', { name: /join/i }).first().click();
	await b.waitForURL('**/watch/*');

	// Both are ready; the host starts; the film plays on both pages.
	await b.getByRole('button', { name: "I'm ready" }).click();
	await a.getByRole('button', { name: "I'm ready" }).click();
	await a.getByRole('button', { name: 'Start now' }).click();
	await Promise.all([playing(mara, true), playing(jun, true)]);

	// A pause lands both on one frame, a seek moves both.
	await a.waitForTimeout(2_000);
	await a.getByRole('button', { name: 'Pause', exact: true }).click();
	await Promise.all([playing(mara, false), playing(jun, false)]);
	await sameFrame();
	await a.keyboard.press('l');
	await a.waitForTimeout(500);
	const frame = await sameFrame();
	expect(frame).toBeGreaterThan(250);
	await a.getByRole('button', { name: 'Play', exact: true }).click();
	await Promise.all([playing(mara, true), playing(jun, true)]);

	// Chat, with a reply.
	await a.getByRole('textbox', { name: 'Message' }).fill('that shadow!');
	await a.keyboard.press('Enter');
	const chat = b.getByRole('log');
	await chat.getByText('that shadow!').waitFor();
	await chat.getByText('that shadow!').hover();
	await b
		.getByRole('button', { name: /^Reply/ })
		.first()
		.click();
	await b.getByRole('textbox', { name: 'Message' }).fill('the zither…');
	await b.keyboard.press('Enter');
	await a.getByRole('log').getByText('the zither…').waitFor();

	// A reaction travels.
	await b
		.getByRole('button', { name: /React with 😂|😂/ })
		.first()
		.click();
	await a.getByTestId('reaction').first().waitFor({ timeout: 5_000 });

	const where = await Promise.all([film(a), film(b)]);
	expect(Math.abs(where[0].at - where[1].at)).toBeLessThan(1);
});
