/** What is told of voice and shared screens; the shapes are those of the room's frames. */

export interface VoiceSettings {
	active: boolean;
	max_participants: number;
	require_permission: boolean;
	audio_quality: 'low' | 'medium' | 'high' | 'ultra';
	noise_cancellation: boolean;
	echo_cancellation: boolean;
	stage: boolean;
	last_n: number;
	shares: 'one' | 'several';
}

export interface VoiceMember {
	user: string;
	epoch: number;
	connected: boolean;
	muted: boolean;
	server_muted: boolean;
	may_speak: boolean;
	deafened: boolean;
	/** When the hand was raised in server milliseconds; 0 is down. */
	hand: number;
	priority: boolean;
}

export interface VoiceRoom {
	/** Of the room's incarnation: another one means that one has to join again. */
	epoch: number;
	settings: VoiceSettings;
	members: VoiceMember[];
}

export interface IceServer {
	urls: string[];
	username?: string;
	credential?: string;
}

export interface Prepared {
	ice_servers: IceServer[];
	settings: VoiceSettings;
	last_n: number;
}

export interface VoiceAnswer {
	sdp: string;
	epoch: number;
	ice_servers?: IceServer[];
}

export interface View {
	mid: string;
	/** Empty frees the mid. */
	share: string;
	max_height: number;
}

export interface Quality {
	user: string;
	path: 'udp' | 'tcp' | 'relay' | string;
	/** 0 to 1. */
	loss: number;
	jitter_ms: number;
	rtt_ms: number;
}

export interface Share {
	share_id: string;
	user: string | { id: string };
	title: string;
	share_type: 'screen' | 'window' | 'tab';
	resolution: string;
	frame_rate: number;
	viewer_count: number;
	viewers_can_annotate: boolean;
	is_active: boolean;
	audio_enabled: boolean;
	/** The picture flows. */
	live: boolean;
}

export type Gone = 'replaced' | 'removed' | 'lost' | 'closed' | 'moved';

/** What voice asks of the room; each is answered once or refused. */
export interface Signal {
	prepare(): Promise<Prepared>;
	join(d: { sdp: string; mic: string; voice: string[]; muted: boolean; deafened: boolean }): Promise<VoiceAnswer>;
	offer(d: OfferFrame): Promise<VoiceAnswer>;
	view(views: View[]): Promise<unknown>;
	leave(): Promise<unknown>;
}

export interface OfferFrame {
	sdp: string;
	mic: string;
	voice: string[];
	views: View[];
	share?: { share: string; video: string; audio: string };
	epoch: number;
}
