import { afterEach, describe, expect, test, vi } from 'vitest';

import { parties } from '../lib/api/client';
import { jun, line, mara, room } from './fixtures';
import { carryOut } from './typed';

afterEach(() => vi.restoreAllMocks());

describe('a line that is typed', () => {
	test('is said, and with two slashes said with one', async () => {
		const r = room(mara, 'host');
		const said = vi.spyOn(r.chat, 'send').mockResolvedValue();
		await carryOut('hello', { room: r });
		await carryOut('//seek is a word', { room: r });
		expect(said.mock.calls.map((c) => c[0])).toEqual(['hello', '/seek is a word']);
	});

	test('moves the film for everybody, where one may', async () => {
		const r = room(mara, 'host');
		const seek = vi.spyOn(r, 'seek').mockResolvedValue();
		await carryOut('/seek 41:58', { room: r });
		expect(seek).toHaveBeenCalledWith(2518);

		const guest = room(jun, 'guest', { control: 'hosts' });
		const tried = vi.spyOn(guest, 'seek').mockResolvedValue();
		await carryOut('/seek 0:10', { room: guest });
		expect(tried).not.toHaveBeenCalled();
		expect(guest.notice).toBe('Only the hosts move this film.');
	});

	test('never becomes a chat line when it is no command', async () => {
		const r = room(mara, 'host');
		const said = vi.spyOn(r.chat, 'send').mockResolvedValue();
		await carryOut('/dance', { room: r });
		expect(said).not.toHaveBeenCalled();
		expect(r.notice).toContain('/dance');
	});

	test('pins the last line with a text', async () => {
		const r = room(mara, 'host');
		r.chat.messages = [line(jun, 'that SHADOW'), line(jun, 'something else')];
		const pin = vi.spyOn(r.chat, 'pin').mockResolvedValue();
		await carryOut('/pin shadow', { room: r });
		expect(pin.mock.calls[0][0]?.text).toBe('that SHADOW');
	});

	test('sends out whom it names, and nobody when it names nobody', async () => {
		const r = room(mara, 'host');
		const kick = vi.spyOn(parties, 'kick').mockResolvedValue(undefined as never);
		await carryOut('/kick ju', { room: r });
		expect(kick).toHaveBeenCalledWith(r.id, jun.id);
		await carryOut('/kick ines', { room: r });
		expect(kick).toHaveBeenCalledTimes(1);
		expect(r.notice).toContain('ines');
	});
});
