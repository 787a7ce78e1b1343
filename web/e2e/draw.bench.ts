// Drawing by many: when a stroke is gone on pages whose clocks lie, and what
// eight hands cost each who looks on.
import { afterAll, describe, expect, test } from 'vitest';

import { Crowd } from './crowd';
import { Person, type Party } from './person';
import { delayed, Server } from './server';
import { quantile } from './stats';

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
	for (const close of closing.reverse()) await close();
});

async function served(args: string[] = []): Promise<Server> {
	const server = await new Server().start(args);
	closing.push(() => server.close());
	return server;
}

async function opened(base: string, skew?: { offset: number; ppm: number }): Promise<Person> {
	const p = await Person.open(base, undefined, skew);
	closing.push(() => p.close());
	return p;
}

const playing = (p: Person) =>
	p.page.waitForFunction(() => {
		const v = document.querySelector('[data-testid=film]') as HTMLVideoElement | null;
		return v !== null && !v.paused && v.currentTime > 1;
	});

describe('two people far apart, with clocks that are minutes wrong', async () => {
	/** Where a stroke ends. */
	const place = { x: 0.4, y: 0.4 };

	/**
	 * Waits for ink left of the place (the drawer's name stands right of it) and
	 * then until it is gone; the machine's time of the first frame without.
	 */
	const gone = (p: Person): Promise<number> =>
		p.page.evaluate(
			(place) =>
				new Promise<number>((ok) => {
					const w = window as unknown as { realNow(): number };
					let seen = false;
					const look = () => {
						const c = document.querySelector('[data-testid=drawing]') as HTMLCanvasElement | null;
						const painted = c
							?.getContext('2d')
							?.getImageData(place.x * c.width - 30, place.y * c.height - 10, 34, 20)
							.data.some((v, i) => i % 4 === 3 && v > 0);
						if (seen && !painted) return ok(w.realNow());
						seen ||= painted ?? false;
						requestAnimationFrame(look);
					};
					look();
				}),
			place,
		);

	async function stroke(p: Person): Promise<void> {
		const box = await p.page.getByTestId('drawing').boundingBox();
		const [x, y] = [box!.x + place.x * box!.width, box!.y + place.y * box!.height];
		await p.page.mouse.move(x - 20, y);
		await p.page.mouse.down();
		await p.page.mouse.move(x, y, { steps: 6 });
		await p.page.mouse.up();
		await p.page.mouse.move(5, 300);
	}

	test('see ink and laser go within 50 ms of each other', { timeout: 240_000 }, async () => {
		const server = await served();
		const lines = await Promise.all(
			[40, 60].map((ms, i) => delayed(server, { up: ms, down: ms, jitter: 50, tail: 0.05, seed: 31 + i })),
		);
		lines.forEach((l) => closing.push(() => l.close()));
		const [mara, jun] = await Promise.all([
			opened(lines[0]!.url, { offset: 180_000, ppm: 80 }),
			opened(lines[1]!.url, { offset: -300_000, ppm: -80 }),
		]);
		await mara.register('Mara');
		await jun.register('Jun');
		const party = await mara.host('Fades');
		await jun.join(party);
		await mara.call('POST', `/api/parties/${party.id}/start/`, {});
		await Promise.all([mara, jun].map((p) => p.goto(`/watch/${party.id}`)));
		await Promise.all([mara, jun].map(playing));
		await mara.page.waitForTimeout(15_000); // clocks settle
		await mara.page.keyboard.press('a');
		for (const tool of ['Fading ink (I)', 'Laser (L)']) {
			await mara.page.getByRole('button', { name: tool }).click();
			const apart: number[] = [];
			for (let i = 0; i < 5; i++) {
				const both = Promise.all([gone(mara), gone(jun)]);
				await stroke(mara);
				const [a, b] = await both;
				apart.push(a - b);
				await mara.page.waitForTimeout(1700); // the name at the tip is gone
			}
			console.log(`${tool}: gone ${apart.map((d) => d.toFixed(0)).join(' ')} ms apart`);
			expect(
				quantile(
					apart.map((d) => Math.abs(d)),
					0.5,
				),
			).toBeLessThanOrEqual(50);
		}
	});
});

test('eight people who draw 60 points a second cost at most 3 kB a second each', { timeout: 180_000 }, async () => {
	const [drawers, seconds] = [8, 15];
	const server = await served();
	const mara = await opened(server.url);
	await mara.register('Mara');
	const party: Party = await mara.host('Hands');
	await mara.call('POST', `/api/parties/${party.id}/start/`, {});
	const crowd = await Crowd.open(server.url, party, drawers);
	closing.push(() => crowd.close());
	const told = { bytes: 0, frames: 0, points: 0, people: new Set<string>() };
	mara.page.on('websocket', (ws) =>
		ws.on('framereceived', ({ payload }) => {
			const text = payload.toString();
			if (!text.includes('"draw.strokes"')) return;
			const { items } = (JSON.parse(text) as { data: { items: { by?: string; p: number[] }[] } }).data;
			told.bytes += Buffer.byteLength(text);
			told.frames++;
			for (const s of items) {
				told.points += s.p.length / 2;
				if (s.by) told.people.add(s.by);
			}
		}),
	);
	await mara.goto(`/watch/${party.id}`);
	await playing(mara);
	// As the page does it: three points in a frame, twenty frames a second.
	const { sent, refused } = await crowd.act(
		20,
		seconds * 1000,
		drawers,
		(tell, who, nth, stroke) => {
			const at = (i: number) =>
				[0.5 + 0.4 * Math.cos(i / 40 + who), 0.5 + 0.4 * Math.sin(i / 23 + who)].map((v) => Math.round(v * 1e4) / 1e4);
			const [x, y] = at(0);
			if (nth === 0) tell(who, 'draw.begin', { stroke, tool: 'pen', x, y, film_at: 2 });
			else tell(who, 'draw.points', { stroke, points: [at(3 * nth), at(3 * nth + 1), at(3 * nth + 2)] });
		},
		'one',
	);
	await mara.page.waitForTimeout(500);
	const each = told.bytes / drawers / seconds;
	console.log(
		`${told.people.size} drawers, ${(sent * 3) / seconds / drawers} points a second each: ${told.frames} frames, ${told.points} points told, ` +
			`${each.toFixed(0)} bytes a second a drawer before compression, ${refused.length} refused`,
	);
	expect(refused).toEqual([]);
	expect(told.people.size).toBe(drawers);
	expect(told.points).toBeGreaterThanOrEqual((sent - drawers) * 3);
	expect(each).toBeLessThanOrEqual(3000);
});
