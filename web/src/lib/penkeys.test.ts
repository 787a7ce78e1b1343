import { expect, test } from 'vitest';

import { penKey, placeWords } from './penkeys';

const key = (k: string, shiftKey = false) => ({ key: k, shiftKey });

test('arrows move the pen by a hundredth of the frame, with shift by five', () => {
	expect(penKey(key('ArrowRight'), [0.5, 0.5])).toEqual({ does: 'move', to: [0.51, 0.5] });
	expect(penKey(key('ArrowUp', true), [0.5, 0.5])).toEqual({ does: 'move', to: [0.5, 0.45] });
});

test('the pen stays in the frame', () => {
	expect(penKey(key('ArrowLeft', true), [0.02, 0])).toEqual({ does: 'move', to: [0, 0] });
	expect(penKey(key('ArrowDown', true), [1, 0.99])).toEqual({ does: 'move', to: [1, 1] });
});

test('Enter and Space press; other keys are not the pen’s', () => {
	expect(penKey(key('Enter'), [0, 0])).toEqual({ does: 'press' });
	expect(penKey(key(' '), [0, 0])).toEqual({ does: 'press' });
	expect(penKey(key('q'), [0, 0])).toBeUndefined();
	expect(penKey(key('Tab'), [0, 0])).toBeUndefined();
});

test('a place is told in percent', () => {
	expect(placeWords([0.25, 0.506])).toBe('25 percent across, 51 percent down');
});
