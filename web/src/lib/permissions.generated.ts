// Made by `make gen` from the Go tables; changes here are lost.

export const roles = ['none', 'guest', 'member', 'co-host', 'host'] as const;
export type Role = (typeof roles)[number];

export const sites = ['anyone', 'guest', 'user', 'agent', 'admin'] as const;
export type Site = (typeof sites)[number];

/** The lowest standing that each action needs. */
export const policy = {
	'account.make': { site: 'guest', role: 'none' },
	'auth.enter': { site: 'anyone', role: 'none' },
	'chat.moderate': { site: 'guest', role: 'co-host' },
	'chat.read': { site: 'guest', role: 'guest' },
	'chat.write': { site: 'guest', role: 'guest' },
	'connection.use': { site: 'guest', role: 'none' },
	'draw.moderate': { site: 'guest', role: 'co-host' },
	'draw.read': { site: 'guest', role: 'guest' },
	'draw.write': { site: 'guest', role: 'guest' },
	'friend.read': { site: 'user', role: 'none' },
	'friend.write': { site: 'user', role: 'none' },
	'host.hand_over': { site: 'guest', role: 'host' },
	'invite.read': { site: 'guest', role: 'co-host' },
	'invite.write': { site: 'guest', role: 'co-host' },
	'media.read': { site: 'anyone', role: 'none' },
	'media.upload': { site: 'user', role: 'none' },
	'member.admit': { site: 'guest', role: 'co-host' },
	'member.ban': { site: 'guest', role: 'co-host' },
	'member.kick': { site: 'guest', role: 'co-host' },
	'member.read': { site: 'guest', role: 'guest' },
	'member.role': { site: 'guest', role: 'host' },
	'party.create': { site: 'user', role: 'none' },
	'party.delete': { site: 'guest', role: 'host' },
	'party.edit': { site: 'guest', role: 'host' },
	'party.end': { site: 'guest', role: 'host' },
	'party.join': { site: 'guest', role: 'none' },
	'party.list': { site: 'anyone', role: 'none' },
	'party.preview': { site: 'anyone', role: 'none' },
	'party.read': { site: 'anyone', role: 'none' },
	'party.start': { site: 'guest', role: 'co-host' },
	'password.set': { site: 'user', role: 'none' },
	'playback.ask': { site: 'guest', role: 'guest' },
	'playback.control': { site: 'guest', role: 'guest' },
	'playback.force': { site: 'guest', role: 'co-host' },
	'playback.report': { site: 'guest', role: 'guest' },
	'poll.read': { site: 'guest', role: 'guest' },
	'poll.vote': { site: 'guest', role: 'guest' },
	'poll.write': { site: 'guest', role: 'co-host' },
	'profile.read': { site: 'guest', role: 'none' },
	'profile.write': { site: 'guest', role: 'none' },
	'queue.read': { site: 'guest', role: 'guest' },
	'queue.write': { site: 'guest', role: 'co-host' },
	'react.read': { site: 'guest', role: 'guest' },
	'react.send': { site: 'guest', role: 'guest' },
	'report.read': { site: 'guest', role: 'co-host' },
	'room.presence': { site: 'guest', role: 'guest' },
	'session.use': { site: 'guest', role: 'none' },
	'site.read': { site: 'anyone', role: 'none' },
	'user.block': { site: 'user', role: 'none' },
	'user.read': { site: 'user', role: 'none' },
	'user.search': { site: 'user', role: 'none' },
	'voice.moderate': { site: 'guest', role: 'co-host' },
	'voice.read': { site: 'guest', role: 'guest' },
	'voice.use': { site: 'guest', role: 'guest' },
} as const satisfies Record<string, { site: Site; role: Role }>;

export type Action = keyof typeof policy;
