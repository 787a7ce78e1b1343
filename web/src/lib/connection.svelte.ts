/** The one socket of this page, and the clock that it keeps. */
import { refresh } from './api/client';
import { Clock } from './clock';
import { Socket, type Frame, type State } from './socket';

class Connection {
	readonly clock = new Clock();
	state = $state<State>('closed');
	/** When the next try is, in Date.now() terms. */
	retryAt = $state<number | undefined>(undefined);
	/** The close code after which it does not come back by itself. */
	closedBy = $state<number | undefined>(undefined);
	readonly #heard = new Set<(f: Frame) => void>();
	readonly socket: Socket;

	constructor() {
		this.socket = new Socket({
			url: `${window.location.protocol === 'https:' ? 'wss' : 'ws'}://${window.location.host}/ws`,
			clock: this.clock,
			renew: refresh,
			onState: (s, at, code) => {
				this.state = s;
				this.retryAt = at;
				this.closedBy = code;
			},
			onFrame: (f) => this.#heard.forEach((fn) => fn(f)),
		});
		window.addEventListener('online', () => this.socket.wake());
		document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.socket.wake());
	}

	/** Hears frames that belong to no room, such as being let in. */
	listen(fn: (f: Frame) => void): () => void {
		this.#heard.add(fn);
		return () => this.#heard.delete(fn);
	}

	/** Somebody else signed in: the socket must be his. */
	restart(): void {
		this.socket.close();
		this.socket.open();
	}
}

let one: Connection | undefined;

/** Made when the first page needs it. */
export const connection = (): Connection => (one ??= new Connection());
