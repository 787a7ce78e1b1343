/** Reactions by second of the film that is on: what was kept, and what comes live. */
export class Heat {
	/** Grows with every change of counts. */
	version = $state(0);
	readonly counts = new Map<number, number>();

	add(second: number, n: number): void {
		const s = Math.floor(second);
		if (!(s >= 0) || !(n > 0)) return;
		this.counts.set(s, (this.counts.get(s) ?? 0) + n);
		this.version++;
	}

	/** Begins anew with what was kept. */
	set(seconds: [number, number][]): void {
		this.counts.clear();
		for (const [s, n] of seconds) this.counts.set(s, n);
		this.version++;
	}
}
