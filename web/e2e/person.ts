// A person at a browser: a process, a page, and the calls that set a scene.
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

import { desktop, launch, skewClock } from './browser';

export interface Party {
	id: string;
	room_code: string;
	title: string;
}

export class Person {
	private constructor(
		readonly browser: Browser,
		readonly context: BrowserContext,
		readonly page: Page,
		readonly base: string,
	) {}

	/** Opens a browser process of its own, as far away as base says. */
	static async open(
		base: string,
		options: BrowserContextOptions = desktop,
		skew?: { offset: number; ppm: number },
	): Promise<Person> {
		const browser = await launch();
		const context = await browser.newContext(options);
		const page = await context.newPage();
		if (skew) await skewClock(page, skew.offset, skew.ppm);
		return new Person(browser, context, page, base);
	}

	goto(path: string) {
		return this.page.goto(this.base + path);
	}

	/** Calls REST with the cookies of this browser. */
	async call<T>(method: string, path: string, data?: unknown): Promise<T> {
		const res = await this.context.request.fetch(this.base + path, {
			method,
			data: data === undefined ? undefined : JSON.stringify(data),
			headers: { 'content-type': 'application/json', origin: new URL(this.base).origin },
		});
		if (!res.ok()) throw new Error(`${method} ${path}: ${res.status()} ${await res.text()}`);
		return (res.status() === 204 ? undefined : await res.json()) as T;
	}

	register(name: string): Promise<unknown> {
		const email = `${name.toLowerCase().replace(/\W/g, '')}-${Date.now()}-${Math.floor(Math.random() * 1e6)}@example.test`;
		return this.call('POST', '/api/auth/register/', { email, password: 'a long enough phrase', name });
	}

	enterAsGuest(name: string): Promise<unknown> {
		return this.call('POST', '/api/auth/guest/', { name });
	}

	host(title: string, more: Record<string, unknown> = {}): Promise<Party> {
		return this.call('POST', '/api/parties/', { title, visibility: 'public', film: { kind: 'sample' }, ...more });
	}

	join(party: Party): Promise<unknown> {
		return this.call('POST', `/api/parties/${party.id}/join/`, {});
	}

	/** Opens the party and presses "I'm ready", which also lets the film sound. */
	async ready(party: Party): Promise<void> {
		await this.goto(`/watch/${party.id}`);
		await this.page.getByRole('button', { name: "I'm ready" }).click();
	}

	close(): Promise<void> {
		return this.browser.close();
	}
}
