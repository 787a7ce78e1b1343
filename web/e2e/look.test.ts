// Pictures of a party in full swing, to look at (e2e/out/live-*.png).
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

import { desktop, phone } from './browser';
import { Person } from './person';
import { Server } from './server';

const shots = resolve(import.meta.dirname, 'out');

test('a party with two people, on a desk and on a phone', { timeout: 240_000 }, async () => {
	mkdirSync(shots, { recursive: true });
	const server = await new Server().start();
	const dark = await Person.open(server.url, { ...desktop, colorScheme: 'dark' });
	const light = await Person.open(server.url, { ...phone, colorScheme: 'light' });
	try {
		await dark.register('Mara Lind');
		await light.register('Jun Park');
		const party = await dark.host('Friday Film Club');
		await light.join(party);
		await Promise.all([dark.ready(party), light.ready(party)]);
		await dark.page.screenshot({ path: resolve(shots, 'live-lobby-dark.png') });
		await dark.page.getByRole('button', { name: 'Start now' }).click();
		const say = (p: Person, text: string) => p.call('POST', `/api/chat/${party.id}/messages/send/`, { text });
		await say(dark, 'popcorn is on');
		await say(light, 'that light at 0:12!');
		await say(dark, 'nobody breathe');
		await dark.page.waitForTimeout(7000);
		await dark.page.getByRole('button', { name: 'React with ❤️' }).click();
		await light.page
			.getByRole('button', { name: /React with/ })
			.first()
			.click();
		await dark.page.waitForTimeout(500);
		await dark.page.screenshot({ path: resolve(shots, 'live-party-dark.png') });
		await light.page.screenshot({ path: resolve(shots, 'live-phone-light.png') });
		await dark.page.getByRole('button', { name: 'Fullscreen' }).click();
		await dark.page.waitForTimeout(900);
		await say(light, 'the zither…');
		await dark.page.getByText('the zither…').first().waitFor();
		await dark.page.screenshot({ path: resolve(shots, 'live-fullscreen-dark.png') });
		await light.page.setViewportSize({ width: 844, height: 390 });
		await light.page.waitForTimeout(500);
		await light.page.screenshot({ path: resolve(shots, 'live-landscape-light.png') });
		expect(await light.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
	} finally {
		await Promise.all([dark.close(), light.close()]);
		await server.close();
	}
});
