/** Who sits at this browser. */
import { ApiError, auth, type Me } from './api/client';

class Session {
	/** undefined until the server was asked, null for nobody. */
	me = $state<Me | null | undefined>(undefined);
	#asked: Promise<void> | undefined;

	/** Asks the server once. */
	load(): Promise<void> {
		this.#asked ??= auth
			.profile()
			.then((me) => {
				this.me = me;
			})
			.catch((e: unknown) => {
				if (e instanceof ApiError && e.status === 401) this.me = null;
				else {
					this.me = null;
					this.#asked = undefined;
				}
			});
		return this.#asked;
	}

	set(me: Me): void {
		this.me = me;
		this.#asked = Promise.resolve();
	}

	async logout(): Promise<void> {
		await auth.logout();
		this.me = null;
	}
}

export const session = new Session();
