// What the first visit of a party costs before the first frame of the film.
import { afterAll, beforeAll, expect, test } from 'vitest';

import { Person } from './person';
import { Server } from './server';

let server: Server;
let host: Person;

beforeAll(async () => {
	server = await new Server().start();
	host = await Person.open(server.url);
	await host.register('Mara');
});

afterAll(async () => {
	await host?.close();
	await server?.close();
});

test('the party page loads at most 80 kB of compressed script before the first frame', async () => {
	const party = await host.host('Budget');
	await host.call('POST', `/api/parties/${party.id}/start/`, {});
	const scripts = new Map<string, number>();
	const cdp = await host.context.newCDPSession(host.page);
	await cdp.send('Network.enable');
	const urls = new Map<string, string>();
	cdp.on('Network.responseReceived', (e) => e.type === 'Script' && urls.set(e.requestId, e.response.url));
	cdp.on('Network.loadingFinished', (e) => {
		const url = urls.get(e.requestId);
		if (url) scripts.set(new URL(url).pathname, e.encodedDataLength);
	});
	await host.goto(`/watch/${party.id}`);
	await host.page.waitForFunction(
		() => ((document.querySelector('[data-testid=film]') as HTMLVideoElement | null)?.readyState ?? 0) >= 2,
		undefined,
		{ timeout: 20_000 },
	);
	const total = [...scripts.values()].reduce((a, b) => a + b, 0);
	console.log(`${scripts.size} scripts, ${(total / 1024).toFixed(1)} kB compressed`);
	expect(total).toBeGreaterThan(10_000);
	expect(total).toBeLessThanOrEqual(80 * 1024);
});
