/** The lines of a party: what was said, what is on its way, who is about to speak. */
import { parties } from './api/client';
import { newId } from './ids';
import type { Message, ServerFrames, Welcome } from './protocol/generated';
import { Refused } from './socket';
import type { Wire } from './wire';

/** A line of one's own that the server has not confirmed. */
export interface Draft {
	op: string;
	text: string;
	replyTo?: Message;
	failed?: string;
}

const typingFor = 5000;
const typingEvery = 3000;

export class Chat {
	messages = $state<Message[]>([]);
	drafts = $state<Draft[]>([]);
	typing = $state<{ user: string; until: number }[]>([]);
	pinned = $state<Message | null>(null);
	hasOlder = $state(false);
	#typingSaid = 0;
	#older: string | null | undefined;

	constructor(
		private readonly wire: Wire,
		/** The party, who one is, and the second of the film that a line belongs to. */
		private readonly here: { readonly party: string; me(): string; filmAt(): number | undefined },
	) {}

	/** Writes a line. It is shown at once and sent until the server has it. */
	async send(text: string, replyTo?: Message): Promise<void> {
		const draft: Draft = { op: newId(), text, replyTo };
		this.drafts.push(draft);
		this.#typingSaid = 0;
		await this.#post(draft);
	}

	async again(draft: Draft): Promise<void> {
		this.drafts = this.drafts.map((d) => (d.op === draft.op ? { ...d, failed: undefined } : d));
		await this.#post(draft);
	}

	discard(draft: Draft): void {
		this.drafts = this.drafts.filter((d) => d.op !== draft.op);
	}

	async #post(draft: Draft): Promise<void> {
		try {
			const line = { text: draft.text, reply_to: draft.replyTo?.id, film_at: this.here.filmAt() };
			await this.wire.ask('chat.send', line, true, draft.op);
			this.discard(draft);
		} catch (e) {
			if (!(e instanceof Refused)) return; // the page was left
			this.drafts = this.drafts.map((d) => (d.op === draft.op ? { ...d, failed: e.problem.detail } : d));
		}
	}

	async edit(message: Message, text: string): Promise<void> {
		await this.wire.run('chat.edit', { message: message.id, text });
	}
	async remove(message: Message): Promise<void> {
		await this.wire.run('chat.delete', { message: message.id });
	}
	async pin(message: Message | null): Promise<void> {
		await this.wire.run('chat.pin', { message: message?.id ?? '' });
	}

	/** Called on every key: tells the others now and then. */
	types(): void {
		const now = performance.now();
		if (now - this.#typingSaid < typingEvery) return;
		this.#typingSaid = now;
		this.wire.tell('chat.typing', { on: true });
	}

	/** Loads lines from before the first one. */
	async loadOlder(): Promise<void> {
		if (this.#older === null) return;
		const page = await parties.history(this.here.party, this.#older);
		this.#older = page.has_more ? page.next : null;
		this.hasOlder = this.#older !== null;
		const known = new Set(this.messages.map((m) => m.id));
		this.messages = [...page.results.filter((m) => !known.has(m.id)).reverse(), ...this.messages].sort((a, b) => a.seq - b.seq);
	}

	welcome(w: Pick<Welcome, 'mode' | 'messages' | 'pinned'>): void {
		if (w.mode !== 'resumed') {
			this.messages = w.messages;
			this.#older = undefined;
			this.hasOlder = w.messages.length >= 50;
		}
		this.pinned = w.pinned;
	}

	/** Called now and then: who has stopped typing is forgotten. */
	tick(): void {
		if (this.typing.length === 0) return;
		const t = performance.now();
		if (this.typing.some((x) => x.until <= t)) this.typing = this.typing.filter((x) => x.until > t);
	}

	readonly handlers: { [K in keyof ServerFrames]?: (d: ServerFrames[K]) => void } = {
		'chat.message': (d) => {
			this.messages = [...this.messages, d];
			if (d.op) this.drafts = this.drafts.filter((x) => x.op !== d.op);
			this.typing = this.typing.filter((t) => t.user !== d.user.id);
		},
		'chat.edited': (d) =>
			(this.messages = this.messages.map((m) =>
				m.id === d.message ? { ...m, text: d.text, mentions: d.mentions, edited_at: d.edited_at } : m,
			)),
		'chat.deleted': (d) => {
			this.messages = this.messages.map((m) => {
				if (m.id === d.message) return { ...m, text: '', image: undefined, deleted: true };
				return m.reply_to?.id === d.message ? { ...m, reply_to: { ...m.reply_to, text: '' } } : m;
			});
			if (this.pinned?.id === d.message) this.pinned = null;
		},
		'chat.pinned': (d) => (this.pinned = d.message),
		'chat.typers': (d) => {
			const until = performance.now() + typingFor;
			this.typing = d.users.filter((u) => u !== this.here.me()).map((user) => ({ user, until }));
		},
	};
}
