/** What every form needs: busy while it is sent, and the server's words at their fields. */
import { ApiError } from './api/client';

export class Form {
	busy = $state(false);
	error = $state('');
	#fields = $state<Record<string, string[]>>({});

	/** Wraps what a form does; refusals are shown, not thrown. */
	submit(fn: () => Promise<void>): (e?: SubmitEvent) => Promise<void> {
		return async (e) => {
			e?.preventDefault();
			if (this.busy) return;
			this.busy = true;
			this.error = '';
			this.#fields = {};
			try {
				await fn();
			} catch (x) {
				if (!(x instanceof ApiError)) throw x;
				this.#fields = x.fields;
				this.error = x.message;
			} finally {
				this.busy = false;
			}
		};
	}

	/** What the server said of a field. */
	field(name: string): string | undefined {
		return this.#fields[name]?.[0];
	}
}
