import { afterEach, describe, expect, test } from 'vitest';

import { actionOf, keys } from './keyboard';

/** What a key means when it is pressed in an element. */
function press(key: string, markup = '<p id="x"></p>', letters = true, more: KeyboardEventInit = {}) {
	document.body.innerHTML = markup;
	let got: ReturnType<typeof actionOf>;
	document.body.addEventListener('keydown', (e) => (got = actionOf(e, letters)), { once: true });
	document.getElementById('x')!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...more }));
	return got;
}

afterEach(() => (document.body.innerHTML = ''));

describe('the keys', () => {
	test('no key has two meanings', () => {
		const all = keys.flatMap((k) => k.keys);
		expect(new Set(all).size).toBe(all.length);
	});

	test.each([
		[' ', 'toggle'],
		['k', 'toggle'],
		['K', 'toggle'],
		['ArrowLeft', 'back5'],
		['f', 'fullscreen'],
		['?', 'help'],
		['x', undefined],
	])('%s on the page means %s', (key, action) => expect(press(key)).toBe(action));

	test.each([
		['f', '<input id="x">'],
		[' ', '<textarea id="x"></textarea>'],
		[' ', '<button id="x">y</button>'],
		['Enter', '<a id="x" href="/">y</a>'],
		['ArrowLeft', '<input id="x" type="range">'],
	])('%s belongs to what has the focus', (key, markup) => expect(press(key, markup)).toBeUndefined());

	test('Escape leads back from a field', () => expect(press('Escape', '<input id="x">')).toBe('escape'));

	test('single letters can be turned off, the others stay', () => {
		expect(press('f', undefined, false)).toBeUndefined();
		expect(press('k', undefined, false)).toBeUndefined();
		expect(press(' ', undefined, false)).toBe('toggle');
	});

	test('the browser keeps its own shortcuts', () => {
		expect(press('f', undefined, true, { ctrlKey: true })).toBeUndefined();
		expect(press('l', undefined, true, { metaKey: true })).toBeUndefined();
	});
});
