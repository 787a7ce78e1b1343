import { policy, roles, sites, type Action, type Role, type Site } from './permissions.generated';

/** Whether somebody may do something, by the table that the server goes by. */
export function may(action: Action, site: Site, role: Role, raised?: Role): boolean {
	const rule = policy[action];
	const bar = Math.max(roles.indexOf(rule.role), raised ? roles.indexOf(raised) : 0);
	return sites.indexOf(site) >= sites.indexOf(rule.site) && roles.indexOf(role) >= bar;
}
