import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { toolKeys, tools } from '../lib/draw';
import type { Mark, Playback } from '../lib/protocol/generated';
import DrawTools from './DrawTools.svelte';
import { jun, mara, room } from './fixtures';

afterEach(cleanup);

const mark = (by: string): Mark => ({
	id: `m-${by}`,
	by,
	color: 0,
	tool: 'pin',
	points: [[0.5, 0.5]],
	text: '',
	number: 1,
	item_id: '',
	film_at: 0,
	at: 0,
	until: 0,
});

function show(r: ReturnType<typeof room>, more: object = {}) {
	const does = { onpick: vi.fn(), onundo: vi.fn(), onclear: vi.fn(), sending: false, onsave: vi.fn(), onsend: vi.fn() };
	render(DrawTools, { room: r, tool: 'pen' as const, shown: r.drawing.marks, mine: 1, ...does, ...more });
	return does;
}

describe('the drawing tools', () => {
	test('every tool has a letter of its own', () => {
		expect(Object.values(toolKeys).sort()).toEqual([...tools].sort());
	});

	test('while the film runs only what fades is offered', () => {
		const r = room(jun, 'guest');
		r.playback = { vector: { plays: true } } as unknown as Playback;
		show(r);
		expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Laser (L)' }).disabled).toBe(false);
		expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Fading ink (I)' }).disabled).toBe(false);
		expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Pen (P)' }).disabled).toBe(true);
	});

	test('a member undoes and clears what is his, and says nothing about others', async () => {
		const does = show(room(jun, 'guest'));
		await fireEvent.click(screen.getByRole('button', { name: 'Undo mine' }));
		await fireEvent.click(screen.getByRole('button', { name: 'Clear mine' }));
		expect(does.onundo).toHaveBeenCalledOnce();
		expect(does.onclear).toHaveBeenCalledWith('mine');
		expect(screen.queryByRole('combobox')).toBeNull();
	});

	test('who has drawn nothing has nothing to take back', () => {
		show(room(jun, 'guest'), { mine: 0 });
		for (const name of ['Undo mine', 'Clear mine'])
			expect(screen.getByRole<HTMLButtonElement>('button', { name }).disabled).toBe(true);
	});

	test('a host says who draws, lets people draw, and clears', async () => {
		const r = room(mara, 'host');
		r.drawing.rules = { mode: 'asked', granted: [] };
		r.drawing.marks = [mark('u1'), mark('u2')];
		const draw = vi.spyOn(r.drawing, 'run').mockResolvedValue(true);
		const does = show(r);
		await fireEvent.change(screen.getByRole('combobox', { name: 'Who may draw' }), { target: { value: 'presenter' } });
		expect(draw).toHaveBeenLastCalledWith('draw.mode', { mode: 'presenter' });
		await fireEvent.click(screen.getByRole('button', { name: 'Jun', pressed: false }));
		expect(draw).toHaveBeenLastCalledWith('draw.grant', { user: 'u2', on: true });
		const clear = screen.getByRole('combobox', { name: "Clear others' marks" });
		expect([...clear.querySelectorAll('option')].map((o) => o.textContent)).toEqual(['Clear…', 'All marks', "Jun's marks"]);
		await fireEvent.change(clear, { target: { value: 'u2' } });
		expect(does.onclear).toHaveBeenLastCalledWith('u2');
	});

	test('a host of a party where nobody draws can still change that', () => {
		const r = room(mara, 'host');
		r.drawing.rules = { mode: 'nobody', granted: [] };
		show(r);
		expect(screen.queryByRole('button', { name: 'Pen (P)' })).toBeNull();
		expect(screen.getByRole('combobox', { name: 'Who may draw' })).toBeTruthy();
	});

	test.each([
		['all', 'guest', [], true],
		['nobody', 'host', [], false],
		['presenter', 'member', [], false],
		['presenter', 'co-host', [], true],
		['asked', 'guest', [], false],
		['asked', 'guest', ['u2'], true],
		['asked', 'guest', ['u1'], false],
	] as const)('with mode %s a %s (granted: %j) may draw: %s', (mode, role, granted, want) => {
		const r = room(jun, role);
		r.drawing.rules = { mode, granted: [...granted] };
		expect(r.drawing.may).toBe(want);
	});
});
