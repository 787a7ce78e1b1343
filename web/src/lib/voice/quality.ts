/** How good somebody's connection is, in three steps and in words. */
import type { Quality } from './frames';

export type Grade = 'good' | 'fair' | 'poor';

export function grade(q: Pick<Quality, 'loss' | 'jitter_ms' | 'rtt_ms'>): Grade {
	if (q.loss > 0.08 || q.rtt_ms > 500 || q.jitter_ms > 80) return 'poor';
	if (q.loss > 0.02 || q.rtt_ms > 250 || q.jitter_ms > 30) return 'fair';
	return 'good';
}

const paths: Record<string, string> = { udp: 'direct', tcp: 'over TCP', relay: 'over a relay' };

/** "good: 42 ms, 0.5 % lost, direct" */
export function qualityWords(q: Quality): string {
	const lost = q.loss >= 0.1 ? (q.loss * 100).toFixed(0) : (q.loss * 100).toFixed(1);
	return `${grade(q)}: ${Math.round(q.rtt_ms)} ms, ${lost} % lost, ${paths[q.path] ?? q.path}`;
}
