// People without a page: a blank page in a browser of its own holds their
// sockets and lets each do something many times a second.
import { request } from 'playwright-core';

import { Person, type Party } from './person';

export class Crowd {
	private constructor(private readonly home: Person) {}

	/** Brings so many guests into a party. */
	static async open(base: string, party: Party, n: number): Promise<Crowd> {
		const home = await Person.open(base);
		await home.goto('/icon.svg');
		const tickets = await Promise.all(Array.from({ length: n }, (_, i) => guest(base, party, `Guest ${i + 1}`)));
		await home.page.evaluate(
			async ({ tickets, party }) => {
				const sockets = await Promise.all(
					tickets.map(
						(t) =>
							new Promise<WebSocket>((ok, fail) => {
								const s = new WebSocket(`${location.origin.replace('http', 'ws')}/ws?ticket=${t}`, 'watchparty.v1');
								s.onerror = () => fail(new Error('no socket'));
								s.onmessage = (m) => {
									const type = (JSON.parse(m.data as string) as { type: string }).type;
									if (type === 'hello') s.send(JSON.stringify({ type: 'party.join', id: '1', data: { party } }));
									if (type === 'party.welcome') ok(s);
									if (type === 'error') w.refused.push(m.data as string);
								};
							}),
					),
				);
				const w = Object.assign(window, {
					refused: [] as string[],
					tell: (i: number, type: string, data: object) => sockets[i]!.send(JSON.stringify({ type, data })),
				});
			},
			{ tickets, party: party.id },
		);
		return new Crowd(home);
	}

	/** Each of the people does what the function says, so often a second, for a while. */
	act<T>(perSecond: number, ms: number, people: number, what: (tell: Tell, who: number, nth: number, arg: T) => void, arg: T) {
		return this.home.page.evaluate(
			async ({ perSecond, ms, people, what, arg }) => {
				const w = window as unknown as { tell: Tell; refused: string[] };
				const act = new Function(`return (${what})`)() as (tell: Tell, who: number, nth: number, arg: unknown) => void;
				const start = performance.now();
				let done = 0;
				await new Promise<void>((ok) => {
					const timer = setInterval(() => {
						const t = performance.now() - start;
						for (; done < Math.min(t, ms) * (perSecond / 1000); done++)
							for (let who = 0; who < people; who++) act(w.tell, who, done, arg);
						if (t < ms) return;
						clearInterval(timer);
						ok();
					}, 1000 / perSecond);
				});
				return { sent: done * people, refused: w.refused };
			},
			{ perSecond, ms, people, what: what.toString(), arg },
		);
	}

	close(): Promise<void> {
		return this.home.close();
	}
}

export type Tell = (who: number, type: string, data: object) => void;

/** A guest with a seat, and a ticket for one socket. */
async function guest(base: string, party: Party, name: string): Promise<string> {
	const api = await request.newContext({ baseURL: base, extraHTTPHeaders: { origin: base } });
	const post = async (path: string, data: object) => {
		const res = await api.post(path, { data });
		if (!res.ok()) throw new Error(`${path}: ${res.status()} ${await res.text()}`);
		return (await res.json()) as { ticket: string };
	};
	try {
		await post('/api/auth/guest/', { name });
		await post(`/api/parties/${party.id}/join/`, {});
		return (await post('/api/auth/ticket/', {})).ticket;
	} finally {
		await api.dispose();
	}
}
