// Every page, in desktop and phone size, in light and dark: no serious or
// critical accessibility problem, nothing in the console, and a picture to look
// at (e2e/out/*.png).
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';

import { desktop, phone } from './browser';
import { Person, type Party } from './person';
import { Server } from './server';

const shots = resolve(import.meta.dirname, 'out');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Finding {
	id: string;
	impact: string;
	nodes: { target: string[]; failureSummary: string }[];
}

/** Problems that axe calls serious or critical, as lines. */
async function problems(page: Page): Promise<string[]> {
	await page.evaluate(axe);
	const found = await page.evaluate(async () => {
		const w = window as unknown as { axe: { run(d: Document, o: unknown): Promise<{ violations: Finding[] }> } };
		return (await w.axe.run(document, { resultTypes: ['violations'] })).violations;
	});
	return found
		.filter((f) => f.impact === 'serious' || f.impact === 'critical')
		.flatMap((f) => f.nodes.map((n) => `${f.id} ${n.target.join(' ')}: ${n.failureSummary.replace(/\s+/g, ' ')}`));
}

/** Lets fonts load and motion end, so that pictures and contrast are of the page at rest. */
async function settled(page: Page): Promise<void> {
	await page.evaluate(() => document.fonts.ready);
	await page.waitForTimeout(700);
}

let server: Server;
let lobby: Party;
let live: Party;
let host: Person;

beforeAll(async () => {
	mkdirSync(shots, { recursive: true });
	server = await new Server().start();
	host = await Person.open(server.url);
	await host.register('Mara Lind');
	lobby = await host.host('Friday Film Club', { scheduled_start: new Date(Date.now() + 252_000).toISOString() });
	live = await host.host('The Sunday Matinee');
	await host.call('POST', `/api/parties/${live.id}/start/`, {});
});

afterAll(async () => {
	await host?.close();
	await server?.close();
});

const open: [string, () => string][] = [
	['landing', () => '/'],
	['login', () => '/login'],
	['register', () => '/register'],
	['forgot', () => '/forgot'],
	['join', () => '/join'],
	['notfound', () => '/no/such/page'],
];
const signedIn: [string, () => string][] = [
	['home', () => '/home'],
	['new', () => '/new'],
	['profile', () => '/profile'],
	['settings', () => '/settings'],
	['lobby', () => `/watch/${lobby.id}`],
	['party', () => `/watch/${live.id}`],
];

describe.each([
	['desktop', desktop],
	['phone', phone],
] as const)('in %s size', (size, device) => {
	test.each(['dark', 'light'] as const)('every page in %s is accessible', { timeout: 240_000 }, async (scheme) => {
		const faults: string[] = [];
		const p = await Person.open(server.url, { ...device, colorScheme: scheme, storageState: undefined });
		p.page.on('console', (m) => {
			if (m.type() === 'error' && !/404|401/.test(m.text())) faults.push(`console: ${m.text()}`);
		});
		p.page.on('pageerror', (e) => faults.push(`error: ${e.message}`));
		const look = async (name: string, path: string) => {
			await p.goto(path);
			await p.page.getByRole('heading', { level: 1 }).first().waitFor();
			await settled(p.page);
			await p.page.screenshot({ path: resolve(shots, `${name}-${size}-${scheme}.png`) });
			for (const line of await problems(p.page)) faults.push(`${name}: ${line}`);
			const wide = await p.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
			if (wide > 0) faults.push(`${name}: scrolls sideways by ${wide} px`);
		};
		try {
			for (const [name, path] of open) await look(name, path());
			await p.context.addCookies(await host.context.cookies());
			for (const [name, path] of signedIn) await look(name, path());
		} finally {
			await p.close();
		}
		expect(faults).toEqual([]);
	});
});
