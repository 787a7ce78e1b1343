/** What this person likes, kept in this browser. */

type Theme = 'auto' | 'dark' | 'light';
type Reactions = 'off' | 'calm' | 'full';

interface Stored {
	theme: Theme;
	volume: number;
	muted: boolean;
	reactions: Reactions;
	/** Single letters act as shortcuts (WCAG 2.1.4 wants a switch). */
	letters: boolean;
	/** Seconds that this person's copy of a film is ahead, by item. */
	offsets: Record<string, number>;
}

const key = 'watchparty.prefs';
const calm = () => window.matchMedia?.('(prefers-reduced-motion: reduce)').matches ?? false;

function load(): Stored {
	const fallback: Stored = {
		theme: 'auto',
		volume: 1,
		muted: false,
		reactions: calm() ? 'calm' : 'full',
		letters: true,
		offsets: {},
	};
	try {
		return { ...fallback, ...(JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Stored>) };
	} catch {
		return fallback;
	}
}

class Prefs {
	#stored = $state(load());

	get theme(): Theme {
		return this.#stored.theme;
	}
	set theme(v: Theme) {
		this.#set({ theme: v });
		this.apply();
	}
	get volume(): number {
		return this.#stored.volume;
	}
	set volume(v: number) {
		this.#set({ volume: Math.max(0, Math.min(1, v)), muted: false });
	}
	get muted(): boolean {
		return this.#stored.muted;
	}
	set muted(v: boolean) {
		this.#set({ muted: v });
	}
	get reactions(): Reactions {
		return this.#stored.reactions;
	}
	set reactions(v: Reactions) {
		this.#set({ reactions: v });
	}
	get letters(): boolean {
		return this.#stored.letters;
	}
	set letters(v: boolean) {
		this.#set({ letters: v });
	}

	offset(item: string): number {
		return this.#stored.offsets[item] ?? 0;
	}
	setOffset(item: string, seconds: number): void {
		const rounded = Math.round(seconds * 10) / 10;
		const { [item]: _, ...others } = this.#stored.offsets;
		this.#set({ offsets: rounded === 0 ? others : { ...others, [item]: rounded } });
	}

	/** Puts the theme on the page. */
	apply(): void {
		const root = document.documentElement;
		if (this.theme === 'auto') root.removeAttribute('data-theme');
		else root.dataset.theme = this.theme;
	}

	#set(change: Partial<Stored>): void {
		Object.assign(this.#stored, change);
		try {
			localStorage.setItem(key, JSON.stringify(this.#stored));
		} catch {
			// a full or forbidden storage costs the memory, not the page
		}
	}
}

export const prefs = new Prefs();
