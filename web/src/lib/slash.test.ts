import { describe, expect, test } from 'vitest';

import { commands, findPerson, parse } from './slash';

describe('a typed line', () => {
	test.each([
		['hello there', { do: 'say', text: 'hello there' }],
		['  //not a command ', { do: 'say', text: '/not a command' }],
		['/ what', { do: 'say', text: '/ what' }],
		['/seek 41:58', { do: 'seek', to: 41 * 60 + 58 }],
		['/SEEK 1:02:03', { do: 'seek', to: 3723 }],
		['/seek +30', { do: 'skip', by: 30 }],
		['/seek -1:00', { do: 'skip', by: -60 }],
		['/rate 1.25x', { do: 'rate', rate: 1.25 }],
		['/kick @jun', { do: 'kick', who: 'jun' }],
		['/ban Ines Maria', { do: 'ban', who: 'Ines Maria' }],
		['/slow 10', { do: 'slow', seconds: 10 }],
		['/slow off', { do: 'slow', seconds: 0 }],
		['/pin', { do: 'pin' }],
		['/pin no spoilers', { do: 'pin', text: 'no spoilers' }],
		['/undo', { do: 'undo' }],
	])('%s is understood', (line, want) => {
		expect(parse(line)).toEqual(want);
	});

	test.each(['/seek', '/seek soon', '/seek 1:99', '/rate', '/rate 9', '/slow -1', '/slow a while', '/kick', '/dance'])(
		'%s is refused with a hint and is not said',
		(line) => {
			const c = parse(line);
			expect(c.do).toBe('wrong');
			expect(c.do === 'wrong' && c.why.length).toBeGreaterThan(10);
		},
	);

	test('every command of the list is understood', () => {
		for (const c of commands) expect(parse(`/${c.name} ${c.args}`).do, c.name).not.toBe('wrong');
	});
});

describe('a typed name', () => {
	const people = [
		{ username: 'jun', name: 'Jun Ito' },
		{ username: 'june', name: 'Jun' },
		{ username: 'mara', name: 'Mara Lind' },
		{ username: 'mark', name: 'Mark' },
	];
	test.each([
		['jun', 'jun'],
		['JUN ITO', 'jun'],
		['june', 'june'],
		['mara l', 'mara'],
		['mar', undefined],
		['nobody', undefined],
	])('%s means %s', (typed, want) => {
		expect(findPerson(people, typed)?.username).toBe(want);
	});
});
