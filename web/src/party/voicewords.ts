/** What is said of somebody in voice. */
import type { VoiceMember } from '../lib/voice/frames';

type Heard = Pick<VoiceMember, 'muted' | 'server_muted' | 'may_speak' | 'deafened' | 'hand' | 'priority' | 'connected'>;

/** Two mutes are two things: one's own, and a host's, which only a host takes back. */
export function voiceWords(name: string, m: Heard, speaks: boolean): string {
	const says = [
		!m.connected ? 'coming back' : '',
		speaks ? 'speaks' : '',
		m.server_muted ? 'muted by a host' : m.deafened ? 'hears nobody' : m.muted ? 'own microphone off' : '',
		!m.may_speak ? 'listens' : '',
		m.hand > 0 ? 'has a hand up' : '',
		m.priority ? 'goes first' : '',
	].filter(Boolean);
	return says.length > 0 ? `${name}: ${says.join(', ')}` : name;
}
