import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { deedOf, groups, listen, type Deed } from './keyboard';

const press = (key: string, more: Partial<KeyboardEvent> = {}) => ({ key, shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, ...more });

describe('the key map', () => {
	test.each([
		[press(' '), 'play-pause'],
		[press('k'), 'play-pause'],
		[press('K'), 'play-pause'],
		[press('J'), 'back-10'],
		[press('ArrowRight'), 'forward-5'],
		[press(','), 'frame-back'],
		[press('<', { shiftKey: true }), 'offset-back'],
		[press('.', { shiftKey: true }), 'offset-forward'],
		[press('?', { shiftKey: true }), 'help'],
		[press('2', { altKey: true }), 'tab-2'],
		[press('2'), undefined],
		[press('k', { ctrlKey: true }), undefined],
		[press('f', { metaKey: true }), undefined],
	])('%o is %s', (e, want) => {
		expect(deedOf(e)).toBe(want);
	});

	test('no key has two meanings', () => {
		const seen = new Map<string, Deed>();
		for (const b of groups.flatMap((g) => g.keys.flatMap((k) => k.bindings))) {
			const name = `${b.shift ? 'shift ' : ''}${b.alt ? 'alt ' : ''}${b.key}`;
			expect(seen.get(name) ?? b.deed, name).toBe(b.deed);
			seen.set(name, b.deed);
		}
	});
});

describe('listening', () => {
	let done: Deed[];
	let reactions: number[];
	let letters: boolean;
	let blocked: boolean;
	let stop: () => void;

	beforeEach(() => {
		[done, reactions, letters, blocked] = [[], [], true, false];
		stop = listen(document, {
			run: (d) => done.push(d) > 0,
			reactWith: (n) => reactions.push(n),
			letters: () => letters,
			blocked: () => blocked,
		});
		document.body.innerHTML = '<input id="field"><button id="button">x</button><div id="slider" role="slider" tabindex="0"></div><input id="tick" type="checkbox">';
	});
	afterEach(() => stop());

	const type = (key: string, where: Element = document.body, more: KeyboardEventInit = {}) => {
		const e = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
		where.dispatchEvent(e);
		return e;
	};
	const at = (id: string) => document.getElementById(id)!;

	test('a key does its deed and the browser does not', () => {
		expect(type('k').defaultPrevented).toBe(true);
		expect(done).toEqual(['play-pause']);
	});
	test('who types in a field keeps every key but Escape', () => {
		type('k', at('field'));
		type(' ', at('field'));
		type('Escape', at('field'));
		expect(done).toEqual(['film']);
	});
	test('a focused button keeps Space, a slider its arrows, a checkbox Space', () => {
		type(' ', at('button'));
		type('ArrowLeft', at('slider'));
		type(' ', at('tick'));
		type('k', at('button'));
		expect(done).toEqual(['play-pause']);
	});
	test('letters can be turned off; Space and arrows stay', () => {
		letters = false;
		type('k');
		type('?', document.body, { shiftKey: true });
		type(' ');
		type('ArrowLeft');
		expect(done).toEqual(['play-pause', 'back-5']);
	});
	test('R and a digit react; a digit alone does not', () => {
		type('3');
		type('r');
		type('3');
		type('4');
		expect(reactions).toEqual([3]);
	});
	test('a held key does not flicker between play and pause', () => {
		type('k');
		type('k', document.body, { repeat: true });
		type('ArrowRight', document.body, { repeat: true });
		expect(done).toEqual(['play-pause', 'forward-5']);
	});
	test('an open dialog keeps its keys, and after stop nothing is heard', () => {
		blocked = true;
		type('k');
		blocked = false;
		stop();
		type('k');
		expect(done).toEqual([]);
	});
});
