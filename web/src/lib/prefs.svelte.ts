/** What this person likes, kept in this browser. */

type Theme = 'auto' | 'dark' | 'light';
type Reactions = 'off' | 'calm' | 'full';
type Speech = 'activity' | 'open' | 'hold';

interface Stored {
	theme: Theme;
	volume: number;
	muted: boolean;
	reactions: Reactions;
	/** Single letters act as shortcuts (WCAG 2.1.4 wants a switch). */
	letters: boolean;
	/** Seconds that this person's copy of a film is ahead, by item. */
	offsets: Record<string, number>;
	/** When one is heard in voice. */
	voice: Speech;
	/** Chosen devices; empty leaves it to the system. */
	mic: string;
	speaker: string;
	/** The film gets quieter while somebody speaks. */
	duck: boolean;
	/** How loud somebody is here, 0 to 2, by person. */
	volumes: Record<string, number>;
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
		voice: 'activity',
		mic: '',
		speaker: '',
		duck: true,
		volumes: {},
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

	get voice(): Speech {
		return this.#stored.voice;
	}
	set voice(v: Speech) {
		this.#set({ voice: v });
	}
	get mic(): string {
		return this.#stored.mic;
	}
	set mic(v: string) {
		this.#set({ mic: v });
	}
	get speaker(): string {
		return this.#stored.speaker;
	}
	set speaker(v: string) {
		this.#set({ speaker: v });
	}
	get duck(): boolean {
		return this.#stored.duck;
	}
	set duck(v: boolean) {
		this.#set({ duck: v });
	}
	volumeOf(user: string): number {
		return this.#stored.volumes[user] ?? 1;
	}
	setVolumeOf(user: string, v: number): void {
		const { [user]: _, ...others } = this.#stored.volumes;
		const held = Math.min(2, Math.max(0, Math.round(v * 20) / 20));
		this.#set({ volumes: held === 1 ? others : { ...others, [user]: held } });
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
