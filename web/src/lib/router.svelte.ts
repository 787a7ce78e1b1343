/** A router over the browser's history: patterns with `:name` parts. */

export interface Route<P> {
	pattern: string;
	page: P;
}

/** Finds the first route that matches a path. */
export function match<P>(routes: readonly Route<P>[], path: string): { page: P; params: Record<string, string> } | undefined {
	const parts = path.replace(/\/+$/, '').split('/');
	for (const r of routes) {
		const want = r.pattern.replace(/\/+$/, '').split('/');
		if (want.length !== parts.length) continue;
		const params: Record<string, string> = {};
		const fits = want.every((w, i) => {
			if (!w.startsWith(':')) return w === parts[i];
			try {
				params[w.slice(1)] = decodeURIComponent(parts[i]);
			} catch {
				return false;
			}
			return parts[i] !== '';
		});
		if (fits) return { page: r.page, params };
	}
	return undefined;
}

class Location {
	path = $state(window.location.pathname);
	search = $state(window.location.search);

	constructor() {
		window.addEventListener('popstate', () => this.#read());
		document.addEventListener('click', (e) => this.#click(e));
	}

	get query(): URLSearchParams {
		return new URLSearchParams(this.search);
	}

	go(to: string, replace = false): void {
		if (replace) history.replaceState(null, '', to);
		else history.pushState(null, '', to);
		this.#read();
		window.scrollTo(0, 0);
	}

	/** A path of ours to go on to, from a query that anybody may have written. */
	next(fallback = '/home'): string {
		const wanted = this.query.get('next') ?? '';
		try {
			const u = new URL(wanted, window.location.origin);
			if (wanted.startsWith('/') && u.origin === window.location.origin) return u.pathname + u.search;
		} catch {
			// not a path
		}
		return fallback;
	}

	#read(): void {
		this.path = window.location.pathname;
		this.search = window.location.search;
	}

	/** Ordinary clicks on links of ours stay in the page. */
	#click(e: MouseEvent): void {
		if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
		const a = (e.target as Element | null)?.closest?.('a');
		if (!a || a.target || a.hasAttribute('download') || a.origin !== window.location.origin) return;
		if (/^\/(api|media|sample)\//.test(a.pathname)) return;
		if (a.hash && a.pathname === window.location.pathname) return;
		e.preventDefault();
		this.go(a.pathname + a.search);
	}
}

export const location = new Location();
