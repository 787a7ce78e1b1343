/** How the parts of a room speak to the server. */
import type { Ack, ClientFrames } from './protocol/generated';

export interface Wire {
	/** Sends a command; what the server refuses becomes a notice. True when it was done. */
	run<K extends keyof ClientFrames>(type: K, data: ClientFrames[K]): Promise<boolean>;
	/** Sends a command and waits for its answer; with keep it is sent until the server has answered. */
	ask<K extends keyof ClientFrames>(type: K, data: ClientFrames[K], keep?: boolean, op?: string): Promise<Ack>;
	/** Tells something that needs no answer, if there is a connection. */
	tell<K extends keyof ClientFrames>(type: K, data: ClientFrames[K]): void;
	/** Asks for something that is answered by a frame of its own. */
	request<T>(type: string, data: object): Promise<T>;
}
