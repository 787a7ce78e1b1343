// Voice as a page shows it. The room's side of voice is played by this test: a
// peer in a blank page answers the offers and gives every slot the sound of a
// tone; all else is the real server.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { WebSocketRoute } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { desktop, phone } from './browser';
import { Person, type Party } from './person';
import { Server } from './server';

const shots = resolve(import.meta.dirname, 'out');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Up {
	type: string;
	id?: string;
	data: Record<string, unknown>;
}

let server: Server;
let mara: Person;
let jun: Person;
let far: Person;
let party: Party;

const settings = {
	active: true,
	max_participants: 10,
	require_permission: false,
	audio_quality: 'medium',
	noise_cancellation: true,
	echo_cancellation: true,
	stage: false,
	last_n: 4,
	shares: 'one',
};
const member = (user: string, more: object = {}) => ({
	user,
	epoch: 1,
	connected: true,
	muted: false,
	server_muted: false,
	may_speak: true,
	deafened: false,
	hand: 0,
	priority: false,
	joined_at: '2026-11-24T00:00:00Z',
	...more,
});

/** The voice of one page's room. */
class Played {
	socket!: WebSocketRoute;
	heard: Up[] = [];
	members: object[] = [];
	epoch = 1;

	constructor(
		readonly who: Person,
		readonly id: string,
	) {}

	tell(type: string, data: object, re?: string) {
		this.socket.send(JSON.stringify({ type, re, room: `party:${party.id}`, data }));
	}
	room() {
		this.tell('voice.room', { epoch: this.epoch, settings, members: this.members });
	}
	has(type: string): Up | undefined {
		return this.heard.findLast((u) => u.type === type);
	}

	async route(): Promise<void> {
		await this.who.page.routeWebSocket(/\/ws$/, (ws) => {
			this.socket = ws;
			const up = ws.connectToServer();
			ws.onMessage((m) => {
				const f = JSON.parse(m.toString()) as Up;
				if (f.type.startsWith('voice.') || f.type.startsWith('share.')) void this.answer(f);
				else up.send(m);
			});
			up.onMessage((m) => {
				const f = JSON.parse(m.toString()) as { type: string; data: object };
				if (f.type === 'party.welcome')
					Object.assign(f.data, { voice: { epoch: this.epoch, settings, members: this.members }, shares: [], slots: [] });
				ws.send(JSON.stringify(f));
			});
		});
	}

	async answer(f: Up): Promise<void> {
		this.heard.push(f);
		if (f.type === 'voice.prepare') return this.tell('voice.prepared', { ice_servers: [], settings, last_n: 4 }, f.id);
		if (f.type !== 'voice.join' && f.type !== 'voice.offer') return this.tell('ack', { id: 'share-1' }, f.id);
		const sdp = await far.page.evaluate(
			async ({ sdp, id, fresh }) => {
				const w = window as unknown as Record<string, { pc: RTCPeerConnection; in: MediaStreamTrack[] }>;
				if (fresh) w[id]?.pc.close();
				const context = new AudioContext();
				const room = fresh || !w[id] ? (w[id] = { pc: new RTCPeerConnection(), in: [] }) : w[id]!;
				room.pc.ontrack = (e) => {
					room.in.push(e.track);
					const a = new Audio(); // what nobody plays is not decoded
					a.srcObject = new MediaStream([e.track]);
					void a.play();
				};
				await room.pc.setRemoteDescription({ type: 'offer', sdp });
				for (const t of room.pc.getTransceivers()) {
					if (t.direction !== 'recvonly' || t.sender.track) continue;
					const wants = /a=recvonly/.test(sdp.split('m=')[room.pc.getTransceivers().indexOf(t) + 1] ?? '');
					if (!wants) continue;
					if (t.receiver.track.kind === 'audio') {
						const tone = context.createOscillator();
						const out = context.createMediaStreamDestination();
						tone.connect(out);
						tone.start();
						await t.sender.replaceTrack(out.stream.getAudioTracks()[0]!);
					} else {
						const c = document.createElement('canvas');
						[c.width, c.height] = [1280, 720];
						const x = c.getContext('2d')!;
						let n = 0;
						setInterval(() => {
							x.fillStyle = '#f4f1ea';
							x.fillRect(0, 0, 1280, 720);
							x.fillStyle = '#26374d';
							x.fillRect(0, 0, 1280, 56);
							x.font = '600 42px sans-serif';
							x.fillText(`Slide ${n++}`, 96, 200);
						}, 66);
						await t.sender.replaceTrack(c.captureStream(15).getVideoTracks()[0]!);
					}
					t.direction = 'sendonly';
				}
				await room.pc.setLocalDescription(await room.pc.createAnswer());
				await new Promise<void>((ok) => {
					if (room.pc.iceGatheringState === 'complete') return ok();
					room.pc.onicegatheringstatechange = () => room.pc.iceGatheringState === 'complete' && ok();
				});
				return room.pc.localDescription!.sdp;
			},
			{ sdp: f.data.sdp as string, id: this.id, fresh: f.type === 'voice.join' },
		);
		this.tell('voice.answer', { sdp, epoch: 1, ice_servers: [] }, f.id);
		if (f.type === 'voice.join') {
			this.members = [...this.members, member(this.id)];
			this.room();
		}
	}
}

let room: Played;
let other: Played;
let ids: { mara: string; jun: string };

beforeAll(async () => {
	mkdirSync(shots, { recursive: true });
	server = await new Server().start();
	[mara, jun, far] = await Promise.all([
		Person.open(server.url, { ...desktop, colorScheme: 'dark', permissions: ['microphone'] }),
		Person.open(server.url, { ...phone, colorScheme: 'light', permissions: ['microphone'] }),
		Person.open(server.url),
	]);
	await far.goto('/login');
	await far.page.mouse.click(5, 300); // a gesture, so that it may sound
	const me = async (p: Person, name: string) => ((await p.register(name)) as { user: { id: string } }).user.id;
	ids = { mara: await me(mara, 'Mara'), jun: await me(jun, 'Jun') };
	party = await mara.host('Friday Film Club');
	await jun.join(party);
	room = new Played(mara, ids.mara);
	other = new Played(jun, ids.jun);
	await Promise.all([room.route(), other.route()]);
});

afterAll(async () => {
	await Promise.all([mara?.close(), jun?.close(), far?.close()]);
	await server?.close();
});

const grave = (p: Person) =>
	p.page.evaluate(axe).then(() =>
		p.page.evaluate(async () => {
			const w = window as unknown as { axe: { run(d: Document): Promise<{ violations: { id: string; impact: string }[] }> } };
			return (await w.axe.run(document)).violations
				.filter((v) => v.impact === 'serious' || v.impact === 'critical')
				.map((v) => v.id);
		}),
	);

test('the microphone is tried out before the film', async () => {
	await Promise.all([mara.goto(`/watch/${party.id}`), jun.goto(`/watch/${party.id}`)]);
	await mara.page.getByRole('button', { name: 'Test mic' }).click();
	await mara.page.getByText('It hears you').waitFor();
	await mara.page.screenshot({ path: resolve(shots, 'voice-mic.png') });
	await mara.page.getByRole('button', { name: 'Close' }).click();
	await mara.page.getByText('Mic ok').waitFor();
	await mara.page.screenshot({ path: resolve(shots, 'voice-lobby.png') });
	await jun.page.getByRole('button', { name: 'Test mic' }).click();
	await jun.page.getByText('It hears you').waitFor();
	await jun.page.screenshot({ path: resolve(shots, 'voice-lobby-phone.png') });
	await jun.page.getByRole('button', { name: 'Close' }).click();
	await mara.call('POST', `/api/parties/${party.id}/start/`, {});
	await Promise.all([mara, jun].map((p) => p.page.getByRole('button', { name: 'Pause', exact: true }).first().waitFor()));
});

test('one joins, is heard, mutes, and sees who speaks', async () => {
	room.members = [member(ids.jun, { muted: true })];
	room.room();
	const bar = mara.page.getByRole('region', { name: 'Voice', exact: true });
	await bar.getByText('Jun: own microphone off').waitFor({ state: 'attached' });
	await mara.page.screenshot({ path: resolve(shots, 'voice-off.png') });
	await bar.getByRole('button', { name: 'Join voice' }).click();
	await bar.getByRole('button', { name: 'Leave voice' }).waitFor();
	const join = room.has('voice.join')!.data as { voice: string[]; mic: string };
	expect(join.voice.length).toBe(4);
	expect(join.mic).not.toBe('');
	// The far side gets sound of the microphone (Chromium's own test tone).
	await expect
		.poll(
			() =>
				far.page.evaluate(async (id) => {
					const { pc } = (window as unknown as Record<string, { pc: RTCPeerConnection }>)[id]!;
					let loud = 0;
					(await pc.getStats()).forEach((s: { type: string; kind?: string; totalAudioEnergy?: number }) => {
						if (s.type === 'inbound-rtp' && s.kind === 'audio') loud += s.totalAudioEnergy ?? 0;
					});
					return loud;
				}, ids.mara),
			{ timeout: 15_000 },
		)
		.toBeGreaterThan(0);
	await mara.page.keyboard.press('m');
	await bar.getByRole('button', { name: 'Muted' }).waitFor();
	expect(room.has('voice.set')!.data).toEqual({ muted: true });
	await mara.page.keyboard.press('m');

	// Jun speaks: a ring in the bar, the film softer.
	room.members = [member(ids.jun), member(ids.mara)];
	room.room();
	room.tell('voice.slots', { slots: [ids.jun, '', '', ''] });
	room.tell('voice.speaking', { users: [ids.jun] });
	await bar.getByText('Jun: speaks').waitFor({ state: 'attached' });
	await expect
		.poll(() => mara.page.getByTestId('film').evaluate((v: HTMLVideoElement) => v.volume), { timeout: 5000 })
		.toBeCloseTo(0.316, 2);
	await mara.page.getByRole('tab', { name: /People/ }).click();
	room.tell('voice.quality', { people: [{ user: ids.jun, path: 'relay', loss: 0.03, jitter_ms: 12, rtt_ms: 80 }] });
	await mara.page.getByRole('button', { name: 'More about Jun' }).click();
	await mara.page.getByText('fair: 80 ms').waitFor();
	await mara.page.getByLabel('Loudness here').fill('150');
	await mara.page.getByRole('button', { name: 'Mute for all' }).click();
	expect(room.has('voice.moderate')!.data).toEqual({ user: ids.jun, muted: true });
	room.members = [member(ids.jun, { server_muted: true, hand: 5 }), member(ids.mara)];
	room.room();
	await mara.page.getByRole('button', { name: 'Let be heard' }).waitFor();
	await mara.page.screenshot({ path: resolve(shots, 'voice-people.png') });
	room.tell('voice.speaking', { users: [] });
	await expect
		.poll(() => mara.page.getByTestId('film').evaluate((v: HTMLVideoElement) => v.volume), { timeout: 5000 })
		.toBeCloseTo(1, 2);
	expect(await grave(mara)).toEqual([]);
});

test('who listens raises a hand, and a host lets him speak', async () => {
	await mara.page.getByRole('tab', { name: /Chat/ }).click();
	room.members = [member(ids.jun, { may_speak: false, hand: 9 }), member(ids.mara)];
	room.room();
	const asks = mara.page.getByRole('list', { name: 'Requests' });
	await asks.getByText('Jun asks to speak').waitFor();
	await asks.getByRole('button', { name: 'Let speak' }).click();
	expect(room.has('voice.moderate')!.data).toEqual({ user: ids.jun, speak: true, hand: false });
	await mara.page.keyboard.press('h');
	await mara.page.getByRole('switch', { name: 'Stage' }).waitFor();
	await mara.page.screenshot({ path: resolve(shots, 'voice-host.png') });
	await mara.page.keyboard.press('Escape');
});

test('another incarnation of the room is joined without a click', async () => {
	const joins = () => room.heard.filter((u) => u.type === 'voice.join').length;
	const before = joins();
	room.epoch = 2;
	room.members = [];
	room.room();
	await expect.poll(joins, { timeout: 10_000 }).toBe(before + 1);
	await mara.page.getByRole('toolbar', { name: 'Voice' }).waitFor();
});

test('a shared screen takes the place of the film, which stays in the corner', async () => {
	const share = {
		share_id: 'share-1',
		user: ids.jun,
		title: 'Holiday plan',
		share_type: 'screen',
		resolution: '1280x720',
		frame_rate: 15,
		viewer_count: 1,
		viewers_can_annotate: true,
		is_active: true,
		audio_enabled: true,
		live: true,
	};
	room.tell('share.list', { shares: [share] });
	await mara.page.getByRole('region', { name: 'Jun is sharing' }).waitFor();
	await mara.page.waitForFunction(
		() => ((document.querySelector('[data-testid=share]') as HTMLVideoElement | null)?.videoWidth ?? 0) > 0,
	);
	expect((room.has('voice.offer')!.data as { views: { share: string }[] }).views[0]!.share).toBe('share-1');
	await mara.page.waitForTimeout(800);
	await mara.page.screenshot({ path: resolve(shots, 'voice-share.png') });
	await mara.page.getByRole('button', { name: 'Film beside it' }).click();
	await mara.page.waitForTimeout(300);
	await mara.page.screenshot({ path: resolve(shots, 'voice-share-beside.png') });
	await mara.page.getByRole('button', { name: 'Back to the film' }).click();
	await mara.page.getByTestId('share').waitFor({ state: 'detached' });
	room.tell('share.list', { shares: [] });
});

test('on a phone, by holding the button; in fullscreen the voices lie on the film', async () => {
	other.members = [member(ids.mara)];
	other.room();
	const bar = jun.page.getByRole('region', { name: 'Voice', exact: true });
	await bar.getByRole('button', { name: 'Join voice' }).click();
	await bar.getByRole('button', { name: 'Voice settings' }).click();
	await jun.page.getByLabel('I am heard').selectOption('hold');
	await jun.page.screenshot({ path: resolve(shots, 'voice-settings-phone.png') });
	await jun.page.getByRole('button', { name: 'Close' }).click();
	const hold = bar.getByRole('button', { name: /Hold to talk|Talking/ });
	await hold.dispatchEvent('pointerdown', { pointerId: 1, button: 0 }).catch(() => hold.focus());
	other.tell('voice.speaking', { users: [ids.mara] });
	await jun.page.waitForTimeout(300);
	await jun.page.screenshot({ path: resolve(shots, 'voice-phone.png') });
	expect(await jun.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
	await mara.page.getByRole('button', { name: 'Fullscreen' }).click();
	room.members = [member(ids.jun), member(ids.mara)];
	room.room();
	room.tell('voice.speaking', { users: [ids.jun] });
	await mara.page.waitForTimeout(500);
	await mara.page.screenshot({ path: resolve(shots, 'voice-fullscreen.png') });
	await mara.page.waitForTimeout(3000);
	await mara.page.screenshot({ path: resolve(shots, 'voice-fullscreen-quiet.png') });
});
