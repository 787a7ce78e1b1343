import { parties, type Invite } from '../lib/api/client';

const hour = 3_600_000;

/** A link that is good for anybody and for a while yet: one that there is, or a new one. */
export async function inviteOf(party: string): Promise<Invite> {
	const { results } = await parties.invites(party);
	const good = (i: Invite) => !i.revoked && i.max_uses === 0 && (!i.expires_at || Date.parse(i.expires_at) > Date.now() + hour);
	return results.find(good) ?? (await parties.invite(party));
}

/** Whether the text is in the clipboard now; browsers refuse that on plain http. */
export async function copy(text: string): Promise<boolean> {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		return false;
	}
}
