/** A connection as tests want it: it knows what it was asked, and fails when told to. */
export class FakePeer {
	static all: FakePeer[] = [];
	connectionState = 'new';
	onconnectionstatechange: (() => void) | null = null;
	closed = false;
	restarts = 0;
	offers = 0;
	localDescription: { sdp: string } | null = null;
	readonly answers: string[] = [];
	readonly transceivers: {
		mid: string | null;
		direction: string;
		kind: string;
		sent: unknown;
		sender: object;
		receiver: object;
	}[] = [];

	constructor(readonly config: RTCConfiguration) {
		FakePeer.all.push(this);
	}

	addTransceiver(kind: string, init: { direction: string }) {
		const t = { mid: null as string | null, kind, direction: init.direction, sent: null as unknown, sender: {}, receiver: {} };
		t.receiver = { track: { kind, id: `${kind}${this.transceivers.length}` } };
		t.sender = {
			replaceTrack: (track: unknown) => Promise.resolve(void (t.sent = track)),
			getParameters: () => ({ encodings: [] }),
			setParameters: () => Promise.resolve(),
		};
		this.transceivers.push(t);
		return t;
	}

	createOffer(o: { iceRestart?: boolean }) {
		this.offers++;
		if (o.iceRestart) this.restarts++;
		return Promise.resolve({ type: 'offer', sdp: `offer ${this.offers}` });
	}
	setLocalDescription(d: { sdp: string }) {
		this.localDescription = d;
		this.transceivers.forEach((t, i) => (t.mid ??= String(i)));
		return Promise.resolve();
	}
	setRemoteDescription(d: { sdp: string }) {
		this.answers.push(d.sdp);
		return Promise.resolve();
	}
	getStats() {
		return Promise.resolve(new Map());
	}
	close() {
		this.closed = true;
	}

	/** The way changes, as the browser would tell. */
	turns(state: string): void {
		this.connectionState = state;
		this.onconnectionstatechange?.();
	}
}
