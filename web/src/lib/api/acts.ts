/** What was thrown and done at a party: heat, recap, the hosts' report. */
import type { User } from '../protocol/generated';
import { get } from './client';

/** Pairs of second or minute and count. */
export type Pairs = [number, number][];

export interface Moment {
	item_id: string;
	title: string;
	from: number;
	to: number;
	at: number;
	count: number;
	emoji: string;
	reaction: string;
}

export interface EmojiCount {
	reaction: string;
	emoji: string;
	count: number;
}

export interface HeatOfParty {
	total: number;
	films: { item_id: string; title: string; total: number; most: number; seconds: Pairs }[];
	moments: Moment[];
}

export interface Recap {
	together_seconds: number;
	my_watch_seconds: number;
	reactions_count: number;
	my_reactions: number;
	chat_count: number;
	people: number;
	peak: number;
	moments: Moment[];
	top_reactions: EmojiCount[];
	can_see_report: boolean;
}

export interface FilmReport {
	item_id: string;
	title: string;
	duration: number;
	retention: Pairs;
	reactions: Pairs;
	chat: Pairs;
}

export interface Sitting {
	user: User;
	reactions_sent: number;
	polls_participated: number;
	annotations_created: number;
	watch_seconds: number;
	voice_chat_duration: number;
	screen_share_duration: number;
	started_at: string;
	ended_at: string | null;
}

export interface Report {
	party_name: string;
	status: string;
	started_at: string | null;
	ended_at: string | null;
	live_reactions: { total_reactions: number; unique_reactors: number; most_popular_reactions: EmojiCount[] };
	sessions: { total_sessions: number; average_watch_time: number; total_watch_time: number };
	reactions_count: number;
	polls_count: number;
	voice_chat_duration: number;
	screen_share_duration: number;
	participation_rate: number;
	chat_count: number;
	together_seconds: number;
	peak: { count: number; at: string | null };
	films: FilmReport[];
	reaction_hotspots: Moment[];
	people: Sitting[];
}

/** A reaction that was kept. */
export interface Kept {
	emoji: string;
	position_x: number;
	position_y: number;
	video_timestamp: number;
	created_at: string;
}

const at = (party: string) => `/api/interactive/parties/${encodeURIComponent(party)}/`;

export const acts = {
	heat: (party: string) => get<HeatOfParty>(`${at(party)}reactions/heat/`),
	/** What was thrown from one second of a film to another, in its order. */
	between: (party: string, item: string, from: number, to: number) =>
		get<{ results: Kept[] }>(
			`${at(party)}reactions/?order=film&page_size=100&item=${item}&from=${from.toFixed(2)}&to=${to.toFixed(2)}`,
		).then((p) => p.results),
	recap: (party: string) => get<Recap>(`${at(party)}recap/`),
	report: (party: string) => get<Report>(`${at(party)}analytics/`),
	/** Where a table of the report is to be had as a file. */
	exportOf: (party: string, of: 'people' | 'minutes') => `${at(party)}analytics/export/?of=${of}`,
};
