import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { mara, room } from './fixtures';
import Scrubber from './Scrubber.svelte';

afterEach(cleanup);

describe('the scrubber by keyboard', () => {
	let asked: number[];
	let bar: HTMLElement;
	let r: ReturnType<typeof room>;

	beforeEach(() => {
		asked = [];
		r = room(mara, 'host');
		r.film.duration = 96;
		r.film.at = 40;
		render(Scrubber, { room: r, onseek: (s: number) => asked.push(s) });
		bar = screen.getByRole('slider', { name: 'Position in the film' });
	});

	test.each([
		['ArrowRight', 45],
		['ArrowUp', 45],
		['ArrowLeft', 35],
		['PageUp', 70],
		['PageDown', 10],
		['Home', 0],
		['End', 96],
	])('%s asks for %d s', async (key, want) => {
		await fireEvent.keyDown(bar, { key });
		expect(asked).toEqual([want]);
	});

	test('never asks for what is not in the film', async () => {
		r.film.at = 94;
		await fireEvent.keyDown(bar, { key: 'ArrowRight' });
		r.film.at = 2;
		await fireEvent.keyDown(bar, { key: 'ArrowLeft' });
		expect(asked).toEqual([96, 0]);
	});

	test('leaves other keys and chords to the page', async () => {
		await fireEvent.keyDown(bar, { key: 'k' });
		await fireEvent.keyDown(bar, { key: 'ArrowLeft', altKey: true });
		await fireEvent.keyDown(bar, { key: 'Home', ctrlKey: true });
		expect(asked).toEqual([]);
	});

	test('a key that it takes does not reach the page as well', async () => {
		let heard = 0;
		const hear = () => heard++;
		document.addEventListener('keydown', hear);
		await fireEvent.keyDown(bar, { key: 'ArrowLeft' });
		document.removeEventListener('keydown', hear);
		expect(heard).toBe(0);
	});

	test('says where it is in words', () => {
		expect(bar.getAttribute('aria-valuetext')).toBe('0:40 of 1:36');
		expect(bar.getAttribute('aria-valuenow')).toBe('40');
	});
});
