/**
 * A random id of 128 bits. Not crypto.randomUUID: browsers withhold that from
 * pages on plain http, and friends on one network are a case of ours.
 */
export function newId(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}
