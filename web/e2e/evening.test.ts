// What stays of an evening: the heat over the seek bar, the recap at the end
// for everybody, and the report for the host, by keyboard and for axe.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';

import { Person, type Party } from './person';
import { Server } from './server';

const shots = resolve(import.meta.dirname, 'out');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let server: Server;
let mara: Person;
let jun: Person;
let party: Party;

beforeAll(async () => {
	mkdirSync(shots, { recursive: true });
	server = await new Server().start();
	[mara, jun] = await Promise.all([Person.open(server.url), Person.open(server.url)]);
	await Promise.all([mara.register('Mara'), jun.register('Jun')]);
	party = await mara.host('Friday Film Club');
	await jun.call('POST', `/api/parties/${party.id}/join/`, {});
	await mara.call('POST', `/api/parties/${party.id}/start/`, {});
});

afterAll(async () => {
	await Promise.all([mara?.close(), jun?.close()]);
	await server?.close();
});

async function grave(page: Page): Promise<string[]> {
	await page.evaluate(axe);
	return page.evaluate(async () => {
		interface Found {
			violations: { id: string; impact: string; nodes: { target: string[] }[] }[];
		}
		const w = window as unknown as { axe: { run(d: Document): Promise<Found> } };
		const found = (await w.axe.run(document)).violations;
		return found
			.filter((f) => f.impact === 'serious' || f.impact === 'critical')
			.map((f) => `${f.id} ${f.nodes[0].target.join(' ')}`);
	});
}

test('an evening leaves its moments behind', { timeout: 120_000 }, async () => {
	const heat = (p: Person) => p.page.getByTestId('heat');
	await Promise.all([mara.goto(`/watch/${party.id}`), jun.goto(`/watch/${party.id}`)]);
	for (const p of [mara, jun])
		await p.page.waitForFunction(
			() => (document.querySelector('[data-testid=film]') as HTMLVideoElement | null)?.paused === false,
			undefined,
			{ timeout: 30_000 },
		);
	expect(await heat(mara).count()).toBe(0);
	for (const [p, n] of [
		[mara, 3],
		[jun, 2],
	] as const)
		for (let i = 0; i < n; i++) await p.page.getByRole('button', { name: 'React with 🔥' }).click();
	await Promise.all([heat(mara).waitFor(), heat(jun).waitFor()]);
	await mara.page.waitForTimeout(1500); // kept within a second
	await mara.page.screenshot({ path: `${shots}/evening-heat.png` });

	// Who comes again finds the line as it was.
	await jun.page.reload();
	await heat(jun).waitFor({ timeout: 20_000 });

	// A quiz, of which Jun knows the answer.
	const made = await mara.call<{ id: string }>('POST', `/api/interactive/parties/${party.id}/polls/create/`, {
		poll_type: 'quiz',
		question: 'What rises first?',
		options: ['The light', 'The fog'],
		right: [0],
		publish: true,
	});
	await jun.call('POST', `/api/interactive/polls/${made.id}/respond/`, { selected_option: 0 });
	await mara.call('POST', `/api/interactive/polls/${made.id}/close/`, {});

	await mara.call('POST', `/api/parties/${party.id}/end/`, {});
	for (const p of [mara, jun]) {
		await p.page.getByText('The moments').waitFor({ timeout: 20_000 });
		await p.page.getByText('5 reactions').waitFor();
	}
	expect(await jun.page.getByRole('link', { name: 'See the report' }).count()).toBe(0);
	for (const p of [mara, jun]) {
		const board = p.page.getByRole('region', { name: 'Score board' });
		expect(await board.getByRole('listitem').first().textContent()).toMatch(/Jun.*100/);
		await p.page.locator('.moment video.shown').first().waitFor(); // a still of the moment
	}

	// The host names the next date, and everybody sees it.
	await mara.page.getByRole('button', { name: 'Name the next date' }).click();
	await mara.page.getByRole('button', { name: 'Tell all' }).click();
	await mara.page.getByRole('link', { name: 'You have a seat' }).waitFor();
	await jun.page.getByRole('region', { name: 'The next one' }).getByRole('link', { name: 'I want to come' }).waitFor();
	expect(await grave(jun.page)).toEqual([]);
	await mara.page.screenshot({ path: `${shots}/evening-end.png` });
	await jun.page.setViewportSize({ width: 390, height: 844 });
	await jun.page.waitForTimeout(500);
	await jun.page.screenshot({ path: `${shots}/evening-end-phone.png` });
	await jun.page.setViewportSize({ width: 1280, height: 720 });

	const link = mara.page.getByRole('link', { name: 'See the report' });
	await link.focus();
	await mara.page.keyboard.press('Enter');
	await mara.page.getByRole('heading', { name: 'Friday Film Club', level: 1 }).waitFor();
	await mara.page.locator('.plot canvas').waitFor();
	const summary = mara.page.getByText('Figures as a table');
	await summary.focus();
	await mara.page.keyboard.press('Enter');
	const row = await mara.page.locator('details tbody tr').first().innerText();
	expect(row.split(/\s+/)).toEqual(['0:00', '2', '5', '0']);
	expect(await mara.page.getByRole('row', { name: /Jun/ }).innerText()).toMatch(/\b2\b/);
	expect(await grave(mara.page)).toEqual([]);
	await mara.page.screenshot({ path: `${shots}/evening-report.png`, fullPage: true });

	await jun.goto(`/watch/${party.id}/report`);
	await jun.page.getByText('The report is for the hosts').waitFor();
});
