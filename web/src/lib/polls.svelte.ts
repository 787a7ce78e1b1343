/** What the party votes on, as this person sees it. */
import type {
	ClientFrames,
	NewPoll,
	Poll,
	PollCard,
	PollMine,
	PollResults,
	Score,
	ServerFrames,
	Welcome,
} from './protocol/generated';

/** Sends a command; a refusal is shown by whoever gives this. True when it was done. */
export type Send = <K extends keyof ClientFrames>(type: K, data: ClientFrames[K]) => Promise<boolean>;

export type Given = Partial<Pick<PollMine, 'choices' | 'text' | 'words'>> & { rating?: number };

const nothing = (poll: string): PollMine => ({ poll, voted: false, choices: [], rating: 0, text: '', words: [], likes: [] });

export class Polls {
	/** Open and over, the newest first. */
	cards = $state<PollCard[]>([]);
	drafts = $state<Poll[]>([]);
	board = $state<Score[]>([]);
	/** Questions that one has put away for now. */
	#later = $state<string[]>([]);

	constructor(
		private readonly send: Send,
		/** Called when one opens or ends. */
		private readonly news: (words: string) => void,
	) {}

	/** Open, the newest first. */
	get open(): PollCard[] {
		return this.cards.filter((c) => c.poll.state === 'open');
	}

	/** The newest question that waits for one's answer. */
	get asked(): PollCard | undefined {
		return this.open.find((c) => !c.mine?.voted && !this.#later.includes(c.poll.id));
	}

	/** Puts a question away; it stays among the polls. */
	later(poll: string): void {
		this.#later = [...this.#later, poll];
	}

	/** The role of this person is another. */
	role(host: boolean): void {
		if (!host) this.drafts = [];
	}

	/** Polls that belong to a second of a film, in the film's order. */
	pins(item: string): { at: number; question: string; draft: boolean; id: string }[] {
		const shown = this.cards.map((c) => c.poll);
		return [...shown, ...this.drafts]
			.filter((p) => p.film_at !== null && p.item_id === item)
			.map((p) => ({ at: p.film_at ?? 0, question: p.question, draft: p.state === 'draft', id: p.id }))
			.sort((a, b) => a.at - b.at);
	}

	welcome(w: Pick<Welcome, 'polls' | 'board'>): void {
		this.drafts = w.polls.filter((c) => c.poll.state === 'draft').map((c) => c.poll);
		this.cards = w.polls.filter((c) => c.poll.state !== 'draft').reverse();
		this.board = w.board;
	}

	readonly handlers: { [K in keyof ServerFrames]?: (d: ServerFrames[K]) => void } = {
		'poll.opened': (poll) => {
			if (this.cards.some((c) => c.poll.id === poll.id)) return;
			const results = poll.visibility === 'always' ? empty(poll) : null;
			this.cards = [{ poll, voters: 0, results, mine: nothing(poll.id) }, ...this.cards];
			this.news(`New poll: ${poll.question}`);
		},
		'poll.tally': ({ items }) => {
			const by = new Map(items.map((t) => [t.poll, t]));
			this.cards = this.cards.map((c) => {
				const t = by.get(c.poll.id);
				return t ? { ...c, voters: t.voters, results: t.results } : c;
			});
		},
		'poll.closed': ({ card, board }) => {
			this.#over(card);
			this.board = board;
			this.news(`The poll is over: ${card.poll.question}`);
		},
		'poll.resolved': ({ card, board }) => {
			this.#over(card);
			this.board = board;
			this.news(`Resolved: ${card.poll.question}`);
		},
		'poll.result': (card) => this.#over(card),
		'poll.mine': (mine) => (this.cards = this.cards.map((c) => (c.poll.id === mine.poll ? { ...c, mine } : c))),
		'poll.drafts': ({ items }) => (this.drafts = items),
	};

	#over(card: PollCard): void {
		const known = this.cards.find((c) => c.poll.id === card.poll.id);
		const next = { ...card, mine: card.mine ?? known?.mine ?? nothing(card.poll.id) };
		this.cards = known ? this.cards.map((c) => (c === known ? next : c)) : [next, ...this.cards];
	}

	create(p: NewPoll): Promise<boolean> {
		return this.send('poll.create', p);
	}
	edit(poll: string, p: NewPoll): Promise<boolean> {
		return this.send('poll.edit', { poll, ...p });
	}
	discard(poll: string): Promise<boolean> {
		return this.send('poll.delete', { poll });
	}
	publish(poll: string): Promise<boolean> {
		return this.send('poll.publish', { poll });
	}
	close(poll: string): Promise<boolean> {
		return this.send('poll.close', { poll });
	}
	resolve(poll: string, right: number[]): Promise<boolean> {
		return this.send('poll.resolve', { poll, right });
	}
	vote(poll: string, given: Given): Promise<boolean> {
		return this.send('poll.vote', { poll, ...given });
	}
	retract(poll: string): Promise<boolean> {
		return this.send('poll.retract', { poll });
	}
	like(poll: string, answer: string, on: boolean): Promise<boolean> {
		return this.send('poll.like', { poll, answer, on });
	}
	hide(poll: string, answer: string, hidden: boolean): Promise<boolean> {
		return this.send('poll.hide', { poll, answer, hidden });
	}
}

function empty(poll: Poll): PollResults {
	const n = poll.kind === 'rating' ? poll.max - poll.min + 1 : poll.options.length;
	return { counts: Array.from({ length: n }, () => 0), average: 0, words: [], answers: [] };
}

/** The kinds, for people. */
export const kindWords: Record<Poll['kind'], string> = {
	multiple_choice: 'Choice',
	yes_no: 'Yes or no',
	rating: 'Rating',
	text: 'Written answers',
	ranking: 'Ranking',
	quiz: 'Quiz',
	prediction: 'Prediction',
	word_cloud: 'Word cloud',
};

/** What each bar stands for. */
export function labels(poll: Poll): string[] {
	if (poll.kind !== 'rating') return poll.options;
	return Array.from({ length: poll.max - poll.min + 1 }, (_, i) => String(poll.min + i));
}

/** When results are shown, in words. */
export function visibilityWords(poll: Poll): string {
	return {
		always: 'results show at once',
		voted: 'results show after your vote',
		closed: 'results show at the end',
		never: 'only the hosts see results',
	}[poll.visibility];
}

/** "0:18 left", or nothing without a timer. */
export function leftWords(poll: Poll, now: number): string {
	if (poll.state !== 'open' || poll.closes === 0) return '';
	const s = Math.max(0, Math.ceil((poll.closes - now) / 1000));
	const h = Math.floor(s / 3600);
	const two = (n: number) => String(n).padStart(2, '0');
	const m = Math.floor((s % 3600) / 60);
	return `${h > 0 ? `${h}:${two(m)}` : m}:${two(s % 60)} left`;
}

/** Reads "/poll Who did it? Harry | Popescu". Without options it asks for yes or no. */
export function pollOf(line: string): NewPoll | undefined {
	const m = /^(.+?\?)\s*(.*)$/s.exec(line.trim());
	const [question, rest] = m ? [m[1].trim(), m[2]] : [line.trim(), ''];
	if (!question) return undefined;
	const options = rest
		.split('|')
		.map((o) => o.trim())
		.filter((o) => o !== '');
	if (options.length === 1) return undefined;
	return options.length === 0
		? { kind: 'yes_no', question, publish: true }
		: { kind: 'multiple_choice', question, options, publish: true };
}
