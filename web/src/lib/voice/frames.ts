/** The frames of voice and shared screens, by the names that this folder uses. */
import type {
	ICEServer,
	Share,
	VoiceAnswer,
	VoiceGone,
	VoiceJoin,
	VoiceMember,
	VoiceOffer,
	VoicePrepared,
	VoiceRoom,
	VoiceRules,
	VoiceView,
} from '../protocol/generated';

export type {
	ICEServer as IceServer,
	Share,
	VoiceAnswer,
	VoiceMember,
	VoicePrepared as Prepared,
	VoiceRoom,
	VoiceRules as VoiceSettings,
};
export type View = Required<VoiceView>;
export type OfferFrame = VoiceOffer;
export type Gone = VoiceGone['reason'];

export interface Quality {
	user: string;
	path: string;
	/** 0 to 1. */
	loss: number;
	jitter_ms: number;
	rtt_ms: number;
}

/** What voice asks of the room; each is answered once or refused. */
export interface Signal {
	prepare(): Promise<VoicePrepared>;
	join(d: VoiceJoin): Promise<VoiceAnswer>;
	offer(d: VoiceOffer): Promise<VoiceAnswer>;
	view(views: View[]): Promise<unknown>;
	leave(): Promise<unknown>;
}
