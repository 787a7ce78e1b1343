// What one person draws lies at the same place of the film in windows of every
// shape.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { desktop } from './browser';
import { Person } from './person';
import { Server } from './server';

const shots = resolve(import.meta.dirname, 'out');

let server: Server;
let mara: Person;
let jun: Person;

beforeAll(async () => {
	mkdirSync(shots, { recursive: true });
	server = await new Server().start();
	mara = await Person.open(server.url);
	jun = await Person.open(server.url, { ...desktop, viewport: { width: 1000, height: 820 } });
});

afterAll(async () => {
	await Promise.all([mara?.close(), jun?.close()]);
	await server?.close();
});

/** Where the film's frame lies in the window, by the film's own shape. */
const frame = (p: Person) =>
	p.page.getByTestId('film').evaluate((v: HTMLVideoElement) => {
		const r = v.getBoundingClientRect();
		const scale = Math.min(r.width / v.videoWidth, r.height / v.videoHeight);
		const [w, h] = [v.videoWidth * scale, v.videoHeight * scale];
		return { x: r.left + (r.width - w) / 2, y: r.top + (r.height - h) / 2, w, h };
	});

/** The middle of what is painted in Mara's colour, as a fraction of the frame as it lies in the window. */
const inked = async (p: Person): Promise<{ x: number; y: number; n: number }> => {
	const f = await frame(p);
	return p.page.getByTestId('drawing').evaluate((c: HTMLCanvasElement, f) => {
		const r = c.getBoundingClientRect();
		const d = c.getContext('2d')!.getImageData(0, 0, c.width, c.height).data;
		let [sx, sy, n] = [0, 0, 0];
		for (let i = 0; i < d.length; i += 4) {
			if (d[i + 3]! < 250 || d[i]! < 245 || Math.abs(d[i + 1]! - 0xb3) > 12) continue;
			sx += (i / 4) % c.width;
			sy += Math.floor(i / 4 / c.width);
			n++;
		}
		const [x, y] = [((sx / n + 0.5) / c.width) * r.width + r.left, ((sy / n + 0.5) / c.height) * r.height + r.top];
		return { x: (x - f.x) / f.w, y: (y - f.y) / f.h, n };
	}, f);
};

/** Asked until something is painted. */
async function sees(p: Person): Promise<{ x: number; y: number }> {
	for (let i = 0; i < 60; i++) {
		if (await p.page.getByTestId('drawing').count()) {
			const seen = await inked(p);
			if (seen.n > 8) return seen;
		}
		await p.page.waitForTimeout(100);
	}
	throw new Error('nothing is drawn');
}

async function seesNothing(p: Person): Promise<void> {
	for (let i = 0; i < 60; i++) {
		if ((await inked(p)).n === 0) return;
		await p.page.waitForTimeout(100);
	}
	throw new Error('something is still drawn');
}

test('a mark lies at the same place of the film in windows of every shape', { timeout: 240_000 }, async () => {
	await mara.register('Mara');
	await jun.enterAsGuest('Jun');
	const party = await mara.host('Drawing');
	await jun.join(party);
	await Promise.all([mara.ready(party), jun.ready(party)]);
	await mara.page.getByRole('button', { name: 'Start now' }).click();
	for (const p of [mara, jun])
		await p.page.waitForFunction(() => (document.querySelector('[data-testid=film]') as HTMLVideoElement).currentTime > 1);
	await mara.page.getByRole('button', { name: 'Pause', exact: true }).click();
	for (const p of [mara, jun])
		await p.page.waitForFunction(() => (document.querySelector('[data-testid=film]') as HTMLVideoElement).paused);

	await mara.page.keyboard.press('a');
	await mara.page.getByRole('button', { name: 'Pen (P)' }).click();
	const want = { x: 0.37, y: 0.61 };
	const f = await frame(mara);
	const at = (dx: number): [number, number] => [f.x + (want.x + dx) * f.w, f.y + want.y * f.h];
	await mara.page.mouse.move(...at(-0.08));
	await mara.page.mouse.down();
	await mara.page.mouse.move(...at(0), { steps: 12 });

	// Jun sees it grow, with Mara's name at the tip.
	await sees(jun);
	await jun.page.screenshot({ path: resolve(shots, 'draw-in-flight.png') });
	await mara.page.mouse.move(...at(0.08), { steps: 12 });
	await mara.page.mouse.up();
	await mara.page.waitForTimeout(2000); // the name at the tip is gone
	await mara.page.screenshot({ path: resolve(shots, 'draw-mara.png') });

	for (const [width, height] of [
		[1000, 820],
		[1600, 620],
		[430, 900],
	] as const) {
		await jun.page.setViewportSize({ width, height });
		await jun.page.waitForTimeout(500);
		const seen = await sees(jun);
		const box = await frame(jun);
		const off = Math.hypot(seen.x - want.x, ((seen.y - want.y) * box.h) / box.w);
		console.log(`${width}x${height}: frame ${box.w.toFixed(0)} wide, ${(off * 100).toFixed(3)} % off`);
		expect(off).toBeLessThan(0.002);
		await jun.page.screenshot({ path: resolve(shots, `draw-jun-${width}.png`) });
		const last = await jun.page.getByRole('button', { name: 'Fullscreen' }).boundingBox();
		const side = width > 860 ? await jun.page.getByRole('tablist').boundingBox() : { x: width };
		expect(last!.x + last!.width).toBeLessThanOrEqual(side!.x); // another button in the bar pushes none out
	}

	// A reload brings it back; undo takes it from both.
	await jun.page.reload();
	const again = await sees(jun);
	expect(Math.abs(again.x - want.x)).toBeLessThan(0.002);
	await mara.page.getByRole('button', { name: 'Undo mine' }).click();
	await Promise.all([seesNothing(mara), seesNothing(jun)]);

	await jun.page.setViewportSize({ width: 1280, height: 720 });

	// By keyboard alone: a line of ten hundredths, and a pin that says something.
	const area = mara.page.getByRole('application', { name: /^Drawing area/ });
	await area.focus();
	await mara.page.keyboard.press('Enter');
	for (let i = 0; i < 10; i++) await mara.page.keyboard.press('ArrowRight');
	await mara.page.getByRole('status').filter({ hasText: '60 percent across, 50 percent down' }).waitFor();
	await mara.page.keyboard.press('Enter');
	await mara.page.waitForTimeout(2000); // the name at the tip is gone
	const line = await sees(jun);
	expect(Math.hypot(line.x - 0.55, line.y - 0.5)).toBeLessThan(0.004);
	await mara.page.keyboard.press('n');
	await mara.page.keyboard.press('Shift+ArrowDown');
	await mara.page.keyboard.press('Enter');
	await mara.page.getByLabel('What the pin says').fill('this one');
	await mara.page.keyboard.press('Enter');
	await jun.page
		.getByRole('list', { name: 'Drawn on this picture' })
		.getByText('Mara: pin 1 this one')
		.waitFor({ state: 'attached' });
	await mara.page.waitForTimeout(300);
	await mara.page.screenshot({ path: resolve(shots, 'draw-keys.png') });
	// The picture goes into the chat, and everybody there sees it.
	await mara.page.getByRole('button', { name: 'Picture into the chat' }).click();
	const picture = jun.page.getByRole('img', { name: 'The picture at 0:01, by Mara' });
	await picture.waitFor();
	await jun.page.waitForFunction(
		() => ((document.querySelector('.picture img') as HTMLImageElement | null)?.naturalWidth ?? 0) > 0,
	);
	await jun.page.screenshot({ path: resolve(shots, 'draw-chat-picture.png') });
	await mara.page.getByRole('button', { name: 'Clear mine' }).click();
	await seesNothing(jun);

	// Jun may draw until the host says otherwise; then the tools are gone.
	await jun.page.keyboard.press('a');
	await jun.page.getByRole('button', { name: 'Pen (P)' }).waitFor();
	await mara.page.getByLabel('Who may draw').selectOption('presenter');
	await jun.page.getByRole('toolbar', { name: 'Drawing tools' }).waitFor({ state: 'detached' });
	await mara.page.keyboard.press('Escape');
	await mara.page.getByRole('toolbar', { name: 'Drawing tools' }).waitFor({ state: 'detached' });
});
