// A host asks questions of every kind, two others answer, and each page shows
// what the visibility says.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { desktop, phone } from './browser';
import { Person, type Party } from './person';
import { Server } from './server';

const shots = resolve(import.meta.dirname, 'out');

let server: Server;
let mara: Person;
let jun: Person;
let ines: Person;
let party: Party;

beforeAll(async () => {
	mkdirSync(shots, { recursive: true });
	server = await new Server().start(['--no-rate-limits']);
	[mara, jun, ines] = await Promise.all([
		Person.open(server.url, { ...desktop, colorScheme: 'dark' }),
		Person.open(server.url, { ...desktop, colorScheme: 'light' }),
		Person.open(server.url, phone),
	]);
	await mara.register('Mara');
	await jun.register('Jun');
	await ines.enterAsGuest('Ines');
	party = await mara.host('Friday Film Club');
	await Promise.all([jun.join(party), ines.join(party)]);
	await mara.call('POST', `/api/parties/${party.id}/start/`, {});
	await Promise.all([mara, jun, ines].map((p) => p.goto(`/watch/${party.id}`)));
	await Promise.all([mara, jun, ines].map((p) => p.page.getByRole('tab', { name: /Polls/ }).click()));
});

afterAll(async () => {
	await Promise.all([mara, jun, ines].map((p) => p?.close()));
	await server?.close();
});

const card = (p: Person, question: string) => p.page.getByRole('article', { name: question });
const option = (p: Person, question: string, name: string) =>
	card(p, question).getByRole('radio', { name: new RegExp(`^${name}`) });

interface Making {
	kind: string;
	question: string;
	options?: string[];
	right?: number;
	shows?: string;
}

/** Fills the composer in, as a person does. */
async function ask(m: Making): Promise<void> {
	const page = mara.page;
	await page
		.getByRole('button', { name: /New poll|Something else/ })
		.first()
		.click();
	const form = page.getByRole('form', { name: 'New poll' });
	await form.getByLabel('What kind').selectOption({ label: m.kind });
	await form.getByLabel('Question').fill(m.question);
	for (const [i, o] of (m.options ?? []).entries()) {
		if (i >= 2) await form.getByRole('button', { name: 'Option', exact: true }).click();
		await form.getByRole('textbox', { name: `Option ${i + 1}`, exact: true }).fill(o);
	}
	if (m.right !== undefined) await form.getByRole('checkbox', { name: `Option ${m.right + 1} is right` }).check();
	if (m.shows) await form.getByLabel('Who sees results').selectOption({ label: m.shows });
	await form.getByRole('button', { name: 'Start' }).click();
	await Promise.all([jun, ines].map((p) => card(p, m.question).waitFor()));
}

const close = (question: string, button = 'Close poll') => card(mara, question).getByRole('button', { name: button }).click();

test('a choice shows its count at once, on every page', async () => {
	const q = 'Who did it?';
	await ask({ kind: 'Choice', question: q, options: ['Harry', 'Popescu', 'Anna'] });
	await option(jun, q, 'Popescu').click();
	await option(ines, q, 'Popescu').click();
	await Promise.all([mara, jun, ines].map((p) => option(p, q, 'Popescu, 2 votes').waitFor()));
	expect(await card(mara, q).textContent()).toContain('2 of 3 answered');
	// A change moves the vote.
	await option(jun, q, 'Harry').click();
	await option(mara, q, 'Harry, 1 votes').waitFor();
	await option(mara, q, 'Popescu, 1 votes').waitFor();
	await mara.page.screenshot({ path: resolve(shots, 'poll-choice-host.png') });
	await ines.page.screenshot({ path: resolve(shots, 'poll-choice-phone.png') });
	await close(q);
	await card(jun, q).getByText('closed').waitFor();
});

test('results after my vote are hidden until I vote', async () => {
	const q = 'Again next week?';
	await ask({ kind: 'Yes or no', question: q, shows: 'Who has voted' });
	await option(jun, q, 'Yes').click();
	await option(jun, q, 'Yes, 1 votes').waitFor();
	await card(ines, q).getByText('1 of 3 answered').waitFor();
	expect(await option(ines, q, 'Yes').getAttribute('aria-label')).toBe('Yes');
	await option(ines, q, 'No').click();
	await option(ines, q, 'No, 1 votes').waitFor();
	await close(q);
});

test('a rating is given with a key and shown with its average', async () => {
	const q = 'How was the ending?';
	await ask({ kind: 'Rating', question: q });
	await option(jun, q, '1').focus();
	await jun.page.keyboard.press('4');
	await option(ines, q, '5').click();
	await card(mara, q).getByText('∅ 4.5').waitFor();
	await close(q);
});

test('written answers are liked', async () => {
	const q = 'Best line?';
	await ask({ kind: 'Written answers', question: q });
	await card(jun, q).getByLabel('Your answer').fill('the cuckoo clock');
	await card(jun, q).getByRole('button', { name: 'Send' }).click();
	await card(ines, q).getByRole('button', { name: 'Like: the cuckoo clock' }).click();
	await card(mara, q).getByRole('button', { name: 'Like: the cuckoo clock' }).filter({ hasText: '1' }).waitFor();
	await close(q);
});

test('a ranking counts places', async () => {
	const q = 'Which next?';
	await ask({ kind: 'Ranking', question: q, options: ['Stalker', 'M', 'Laura'] });
	await card(jun, q).getByRole('button', { name: 'Move Laura up' }).click();
	await card(jun, q).getByRole('button', { name: 'Move Laura up' }).click();
	await card(jun, q).getByRole('button', { name: 'Send' }).click();
	await card(jun, q)
		.getByRole('listitem')
		.filter({ hasText: /Laura\s*2/ })
		.waitFor();
	await close(q);
});

test('a quiz keeps its answer until the end, then pays', async () => {
	const q = 'What plays the theme?';
	await ask({ kind: 'Quiz', question: q, options: ['A zither', 'A harp'], right: 0 });
	await option(jun, q, 'A zither').click();
	await option(ines, q, 'A harp').click();
	await card(mara, q).getByText('2 of 3 answered').waitFor();
	expect(
		await card(mara, q)
			.getByText(/votes|right/)
			.count(),
	).toBe(0);
	await close(q);
	await option(jun, q, 'A zither, 1 votes').waitFor();
	const board = ines.page.getByRole('region', { name: 'Score board' });
	await board.getByText('Jun').waitFor();
	expect(await board.getByRole('listitem').first().textContent()).toContain('100');
	await jun.page.screenshot({ path: resolve(shots, 'poll-quiz-light.png') });
});

test('a prediction is locked and then resolved', async () => {
	const q = 'Will he get away?';
	await ask({ kind: 'Prediction', question: q, options: ['He will', 'Never'] });
	await option(ines, q, 'Never').click();
	await close(q, 'Lock');
	await card(mara, q).getByRole('checkbox', { name: 'Never' }).check();
	await card(mara, q).getByRole('button', { name: 'Resolve' }).click();
	await card(ines, q).getByText('resolved').waitFor();
	await ines.page.getByRole('region', { name: 'Score board' }).getByText('Ines').waitFor();
});

test('words make a cloud', async () => {
	const q = 'The film in three words';
	await ask({ kind: 'Word cloud', question: q });
	for (const [p, words] of [
		[jun, 'dark, wet'],
		[ines, 'dark, slow'],
	] as const) {
		await card(p, q).getByRole('textbox').fill(words);
		await card(p, q).getByRole('button', { name: 'Send' }).click();
	}
	await card(mara, q).getByLabel('Words').getByText(/dark2/).waitFor();
	await mara.page.screenshot({ path: resolve(shots, 'poll-cloud-dark.png') });
	await close(q);
});

test('results that are for hosts only stay with the host', async () => {
	const q = 'Shall we stop here?';
	await ask({ kind: 'Yes or no', question: q, shows: 'Only hosts, at the end' });
	await option(jun, q, 'Yes').click();
	await card(mara, q).getByText('1 of 3 answered').waitFor();
	await close(q);
	await option(mara, q, 'Yes, 1 votes').waitFor();
	await card(jun, q).getByText('closed').waitFor();
	expect(await option(jun, q, 'Yes').getAttribute('aria-label')).toBe('Yes');
});

test('a question lies over the chat until it is answered', async () => {
	await jun.page.getByRole('tab', { name: /Chat/ }).click();
	await mara.page.getByRole('tab', { name: /Chat/ }).click();
	await mara.page.getByRole('textbox', { name: 'Message' }).fill('/poll Popcorn?');
	await mara.page.keyboard.press('Enter');
	await card(jun, 'Popcorn?').waitFor();
	await jun.page.screenshot({ path: resolve(shots, 'poll-over-chat.png') });
	await option(jun, 'Popcorn?', 'Yes').click();
	await card(jun, 'Popcorn?').waitFor({ state: 'detached' });
});

test('in fullscreen a question lies over the film and is answered by keyboard', async () => {
	const q = 'Louder?';
	const form = mara.page.getByRole('textbox', { name: 'Message' });
	await jun.page.getByRole('button', { name: 'Fullscreen' }).click();
	await jun.page.getByRole('button', { name: 'Leave fullscreen' }).waitFor();
	await form.fill(`/poll ${q} Yes please | As it is | Softer`);
	await mara.page.keyboard.press('Enter');
	await card(jun, q).waitFor();
	await jun.page.waitForTimeout(600);
	await jun.page.screenshot({ path: resolve(shots, 'poll-fullscreen.png') });
	await jun.page.keyboard.press('o');
	await jun.page.keyboard.press('2');
	await card(jun, q).waitFor({ state: 'detached' });
	await jun.page.getByRole('button', { name: 'Leave fullscreen' }).click();
	await mara.page.getByRole('tab', { name: /Polls/ }).click();
	await option(mara, q, 'As it is, 1 votes').waitFor();
	await close(q);
});

test('a question that belongs to a second stands on the seek bar; a new host sees what is prepared', async () => {
	const q = 'Did you see that coming?';
	await mara.page.getByRole('button', { name: 'New poll' }).click();
	const form = mara.page.getByRole('form', { name: 'New poll' });
	await form.getByLabel('What kind').selectOption({ label: 'Yes or no' });
	await form.getByLabel('Question').fill(q);
	await form.getByText(/^Belongs to/).click();
	await form.getByRole('button', { name: 'Keep for later' }).click();
	const pin = (p: Person) => p.page.getByTestId('pin');
	await pin(mara).waitFor();
	await mara.page.getByTestId('pin').hover({ force: true });
	await mara.page.screenshot({ path: resolve(shots, 'poll-pin.png') });
	expect(await pin(jun).count()).toBe(0);

	// Jun is made a co-host and has it at once, without a reload.
	await jun.page.getByRole('tab', { name: /Polls/ }).click();
	await mara.page.getByRole('tab', { name: /People/ }).click();
	await mara.page.getByRole('button', { name: 'More about Jun' }).click();
	await mara.page.getByText('Make co-host').click();
	const prepared = jun.page.getByRole('region', { name: 'Prepared' });
	await prepared.getByText(q).waitFor();
	await pin(jun).waitFor();
	await prepared.getByRole('button', { name: 'Start' }).click();
	await card(ines, q).waitFor();
	await pin(ines).waitFor();
	await ines.page.screenshot({ path: resolve(shots, 'poll-pin-phone.png') });
});
