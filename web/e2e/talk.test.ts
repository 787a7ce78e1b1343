// Two real pages and the real server: they hear each other, see a screen, and
// come back by themselves after a kill of the server. Chromium's own devices
// beep and paint.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { desktop } from './browser';
import { Person, type Party } from './person';
import { Server } from './server';

const shots = resolve(import.meta.dirname, 'out');

let server: Server;
let mara: Person;
let jun: Person;
let party: Party;

interface Kept {
	peers: RTCPeerConnection[];
	taps: { id: string; ear: AnalyserNode }[];
	loudest: number;
}

/**
 * Keeps the page's connections, and listens where the page mixes: what is
 * measured is what goes to the loudspeaker of a voice, decoded.
 */
const keepPeers = (p: Person) =>
	p.context.addInitScript(() => {
		const w = window as unknown as Kept & { RTCPeerConnection: typeof RTCPeerConnection };
		[w.peers, w.taps, w.loudest] = [[], [], 0];
		const Real = w.RTCPeerConnection;
		w.RTCPeerConnection = class extends Real {
			constructor(c?: RTCConfiguration) {
				super(c);
				w.peers.push(this);
			}
		};
		const make = AudioContext.prototype.createMediaStreamSource;
		AudioContext.prototype.createMediaStreamSource = function (stream: MediaStream) {
			const source = make.call(this, stream);
			const ear = this.createAnalyser();
			source.connect(ear);
			w.taps.push({ id: stream.getTracks()[0]!.id, ear });
			return source;
		};
		const wave = new Float32Array(2048);
		setInterval(() => {
			const theirs = new Set(w.peers.flatMap((pc) => pc.getReceivers().map((r) => r.track.id)));
			for (const t of w.taps) {
				if (!theirs.has(t.id)) continue;
				t.ear.getFloatTimeDomainData(wave);
				w.loudest = Math.max(w.loudest, Math.hypot(...wave) / Math.sqrt(wave.length));
			}
		}, 30);
	});

/** What came in: the loudest moment of the others' voices, packets of sound, pictures decoded. */
const came = (p: Person): Promise<{ loudest: number; packets: number; frames: number }> =>
	p.page.evaluate(async () => {
		const w = window as unknown as Kept;
		const sum = { loudest: w.loudest, packets: 0, frames: 0 };
		for (const pc of w.peers) {
			if (pc.connectionState !== 'connected') continue;
			(await pc.getStats()).forEach((s: Record<string, unknown>) => {
				if (s.type !== 'inbound-rtp') return;
				if (s.kind === 'audio') sum.packets += Number(s.packetsReceived ?? 0);
				else sum.frames += Number(s.framesDecoded ?? 0);
			});
		}
		return sum;
	});

const bar = (p: Person) => p.page.getByRole('region', { name: 'Voice', exact: true });

beforeAll(async () => {
	mkdirSync(shots, { recursive: true });
	server = await new Server().start();
	[mara, jun] = await Promise.all([
		Person.open(server.url, { ...desktop, permissions: ['microphone'] }),
		Person.open(server.url, { ...desktop, colorScheme: 'dark', permissions: ['microphone'] }),
	]);
	await Promise.all([mara, jun].map(keepPeers));
	await mara.register('Mara');
	await jun.register('Jun');
	party = await mara.host('Voices');
	await jun.join(party);
	await mara.call('POST', `/api/parties/${party.id}/start/`, {});
	await Promise.all([mara, jun].map((p) => p.goto(`/watch/${party.id}`)));
}, 120_000);

afterAll(async () => {
	await Promise.all([mara?.close(), jun?.close()]);
	await server?.close();
});

test('two people hear each other, and see who speaks', { timeout: 90_000 }, async () => {
	for (const p of [mara, jun]) {
		await bar(p).getByRole('button', { name: 'Join voice' }).click();
		await bar(p).getByRole('button', { name: 'Leave voice' }).waitFor();
	}
	for (const p of [mara, jun]) {
		await expect.poll(async () => (await came(p)).loudest, { timeout: 30_000 }).toBeGreaterThan(0.01);
	}
	await bar(jun).getByText('Mara: speaks').waitFor({ state: 'attached', timeout: 20_000 });
	await jun.page.screenshot({ path: resolve(shots, 'talk.png') });
});

test('who mutes is not heard, and the others see it', { timeout: 60_000 }, async () => {
	await mara.page.keyboard.press('m');
	await bar(jun).getByText('Mara: own microphone off').waitFor({ state: 'attached' });
	await expect
		.poll(
			async () => {
				const before = (await came(jun)).packets;
				await jun.page.waitForTimeout(1000);
				return (await came(jun)).packets - before;
			},
			{ timeout: 20_000 },
		)
		.toBe(0);
	await mara.page.keyboard.press('m');
	const before = (await came(jun)).packets;
	await expect.poll(async () => (await came(jun)).packets, { timeout: 20_000 }).toBeGreaterThan(before + 20);
});

test('a shared screen is seen by the other, as it is', { timeout: 90_000 }, async () => {
	await mara.page.getByRole('button', { name: 'Share a screen' }).click();
	await mara.page.getByRole('button', { name: 'Whole screen' }).click();
	await jun.page.getByRole('region', { name: 'Mara is sharing' }).waitFor({ timeout: 30_000 });
	await expect.poll(async () => (await came(jun)).frames, { timeout: 30_000 }).toBeGreaterThan(10);
	// The picture is the sharer's own: compared in a coarse grid of colours.
	const grid = (p: Person, which: string) =>
		p.page.evaluate((sel) => {
			const v = document.querySelector(sel) as HTMLVideoElement;
			const c = document.createElement('canvas');
			[c.width, c.height] = [8, 6];
			const x = c.getContext('2d')!;
			x.drawImage(v, 0, 0, 8, 6);
			return [...x.getImageData(0, 0, 8, 6).data].filter((_, i) => i % 4 !== 3);
		}, which);
	await expect
		.poll(
			async () => {
				const seen = await grid(jun, '[data-testid=share]');
				return Math.max(...seen) - Math.min(...seen);
			},
			{ timeout: 20_000 },
		)
		.toBeGreaterThan(30); // not one flat colour
	await jun.page.screenshot({ path: resolve(shots, 'talk-share.png') });
});

test('after a kill of the server the voices come back without a click', { timeout: 120_000 }, async () => {
	await server.kill();
	await server.start();
	for (const p of [mara, jun]) {
		await expect
			.poll(
				async () => {
					const before = (await came(p)).packets;
					await p.page.waitForTimeout(700);
					return (await came(p)).packets - before;
				},
				{ timeout: 60_000 },
			)
			.toBeGreaterThan(10);
	}
});
