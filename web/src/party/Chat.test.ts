import { cleanup, fireEvent, render, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, describe, expect, test } from 'vitest';

import Chat from './Chat.svelte';
import { jun, line, mara, room } from './fixtures';

const box = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' });
const type = async (text: string) => {
	box().value = text;
	box().setSelectionRange(text.length, text.length);
	await fireEvent.input(box());
};
const enter = () => fireEvent.keyDown(box(), { key: 'Enter' });

afterEach(cleanup);

describe('the chat list', () => {
	test('teaches what to do while it is empty', () => {
		render(Chat, { room: room(mara, 'host') });
		expect(screen.getByRole('heading', { name: 'Say hi' })).toBeTruthy();
	});

	test('names a person once for lines that follow each other', () => {
		const r = room(mara, 'host');
		r.chat.messages = [line(jun, 'one'), line(jun, 'two'), line(mara, 'three')];
		render(Chat, { room: r });
		const log = screen.getByRole('log');
		expect(within(log).getAllByText('Jun')).toHaveLength(1);
		expect(within(log).getAllByText('Mara')).toHaveLength(1);
	});

	test('shows lines as text, whatever they hold', () => {
		const r = room(mara, 'host');
		r.chat.messages = [line(jun, '<img src=x onerror=alert(1)> & "quotes"')];
		render(Chat, { room: r });
		expect(screen.getByRole('log').querySelector('img')).toBeNull();
		expect(screen.getByText('<img src=x onerror=alert(1)> & "quotes"')).toBeTruthy();
	});

	test('a film time moves only oneself', async () => {
		const r = room(mara, 'host');
		r.chat.messages = [line(jun, 'look at 0:14')];
		render(Chat, { room: r });
		await fireEvent.click(screen.getByRole('button', { name: '0:14' }));
		expect(r.film.out).toBe(true);
	});

	test('a removed line keeps its place and says so', () => {
		const r = room(mara, 'host');
		r.chat.messages = [line(jun, '', { deleted: true })];
		render(Chat, { room: r });
		expect(screen.getByText('removed')).toBeTruthy();
		expect(screen.queryByRole('button', { name: /Reply/ })).toBeNull();
	});

	test('offers each person what he may do with a line, and no more', () => {
		const r = room(jun, 'guest');
		r.chat.messages = [line(mara, 'hers'), line(jun, 'his')];
		render(Chat, { room: r });
		const [hers, his] = screen.getAllByRole('article');
		const names = (el: HTMLElement) =>
			within(el)
				.getAllByRole('button')
				.map((b) => b.getAttribute('aria-label'));
		expect(names(hers)).toEqual(['Reply to Mara']);
		expect(names(his)).toEqual(['Reply to Jun', 'Edit', 'Remove']);
	});

	test('a host may pin and remove what others wrote, but not edit it', () => {
		const r = room(mara, 'host');
		r.chat.messages = [line(jun, 'his')];
		render(Chat, { room: r });
		expect(screen.queryByRole('button', { name: 'Edit' })).toBeNull();
		expect(screen.getByRole('button', { name: 'Pin' })).toBeTruthy();
		expect(screen.getByRole('button', { name: 'Remove' })).toBeTruthy();
	});
});

describe('the composer', () => {
	test('keeps a line in sight that the server does not have yet', async () => {
		const r = room(mara, 'host');
		render(Chat, { room: r });
		await type('can you hear me?');
		await enter();
		expect(box().value).toBe('');
		expect(r.chat.drafts.map((d) => d.text)).toEqual(['can you hear me?']);
		expect(screen.getByText(/kept; goes out when you are back online/)).toBeTruthy();
	});

	test('says why a line was refused, and gives it back', async () => {
		const r = room(mara, 'host');
		r.chat.drafts = [{ op: 'o', text: 'too soon', failed: 'Slow mode is on.' }];
		render(Chat, { room: r });
		expect(screen.getByRole('alert').textContent).toBe('Slow mode is on.');
		await fireEvent.click(screen.getByRole('button', { name: 'Discard' }));
		expect(r.chat.drafts).toEqual([]);
	});

	test('answers the line that was chosen, once', async () => {
		const r = room(mara, 'host');
		r.chat.messages = [line(jun, 'that shadow!')];
		render(Chat, { room: r });
		await fireEvent.click(screen.getByRole('button', { name: 'Reply to Jun' }));
		await type('the zither…');
		await enter();
		await type('and again');
		await enter();
		expect(r.chat.drafts.map((d) => d.replyTo?.text)).toEqual(['that shadow!', undefined]);
	});

	test('an edit brings the old text, and leaving it brings the draft back', async () => {
		const r = room(mara, 'host');
		r.chat.messages = [line(mara, 'teh end')];
		render(Chat, { room: r });
		await type('half a thought');
		await fireEvent.click(screen.getByRole('button', { name: 'Edit' }));
		await tick();
		expect(box().value).toBe('teh end');
		await fireEvent.keyDown(box(), { key: 'Escape' });
		await tick();
		expect(box().value).toBe('half a thought');
	});

	test('completes a name, and Enter then does not send', async () => {
		const r = room(mara, 'host');
		render(Chat, { room: r });
		await type('hi @ju');
		expect(screen.getByRole('option').textContent).toContain('Jun');
		await enter();
		await tick();
		expect(box().value).toBe('hi @jun ');
		expect(r.chat.drafts).toEqual([]);
	});

	test('keeps what was begun when the chat is left and opened again', async () => {
		const r = room(mara, 'host');
		const { unmount } = render(Chat, { room: r });
		await type('not sent yet');
		unmount();
		render(Chat, { room: r });
		expect(box().value).toBe('not sent yet');
	});

	test('is not there when the host has closed the chat', () => {
		render(Chat, { room: room(jun, 'guest', { allow_chat: false }) });
		expect(screen.queryByRole('textbox')).toBeNull();
		expect(screen.getByText('The host has closed the chat.')).toBeTruthy();
	});
});

test('a slash offers the commands, and Enter completes one and then carries it out', async () => {
	const r = room(mara, 'host');
	render(Chat, { room: r });
	await type('/un');
	expect(screen.getAllByRole('option').map((o) => o.querySelector('b')?.textContent)).toEqual(['/undo', '/unpin']);
	await fireEvent.keyDown(box(), { key: 'ArrowDown' });
	await enter();
	await tick();
	expect(box().value).toBe('/unpin');
	let unpinned = false;
	r.chat.pin = async (m) => void (unpinned = m === null);
	await enter();
	expect(unpinned).toBe(true);
	expect(r.chat.drafts).toHaveLength(0);
});
