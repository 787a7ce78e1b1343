/** What others threw at this film before one came, shown again at its second. */

export interface Echo {
	emoji: string;
	x: number;
	y: number;
	film_at: number;
}

const ahead = 30; // seconds that are loaded at once
const jump = 2; // further than this is a seek, not playing on

export class Replay {
	#last: number | undefined;
	#until = -1; // loaded as far as this
	#waiting: Echo[] = [];
	#turn = 0;

	/** load gives what was thrown from one second to another, in order. */
	constructor(readonly load: (from: number, to: number) => Promise<Echo[]>) {}

	/** What is due now that the film stands at this second. */
	at(second: number): Echo[] {
		const last = this.#last;
		this.#last = second;
		if (last === undefined || second < last || second - last > jump) {
			this.#waiting = [];
			this.#until = second;
			this.#turn++;
			this.#fetch();
			return [];
		}
		if (second > this.#until - ahead / 3) this.#fetch();
		const due = this.#waiting.filter((e) => e.film_at <= second);
		if (due.length > 0) this.#waiting = this.#waiting.slice(due.length);
		return due;
	}

	#fetch(): void {
		const [from, turn] = [this.#until, this.#turn];
		this.#until = from + ahead;
		this.load(from, this.#until).then(
			(list) => turn === this.#turn && this.#waiting.push(...list.filter((e) => e.film_at > from)),
			() => {}, // the film goes on without them
		);
	}
}
