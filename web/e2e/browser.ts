// Opens Chromium, one process a person, and knows what a person can see.
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const args = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
	'--disable-background-timer-throttling',
	'--disable-backgrounding-occluded-windows',
	'--disable-renderer-backgrounding',
	'--use-fake-device-for-media-stream',
	'--use-fake-ui-for-media-stream',
	'--mute-audio',
];

export const launch = (): Promise<Browser> =>
	chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });

export const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 720 } };
export const phone: BrowserContextOptions = {
	viewport: { width: 390, height: 844 },
	isMobile: true,
	hasTouch: true,
	deviceScaleFactor: 2,
};

/** Makes the page's clocks lie: off by `offset` milliseconds and fast by `ppm`. */
export async function skewClock(page: Page, offset: number, ppm: number): Promise<void> {
	await page.addInitScript(
		([off, rate]) => {
			const real = performance.now.bind(performance);
			const origin = performance.timeOrigin;
			const bend = (t: number) => t * (1 + rate * 1e-6) + off;
			performance.now = () => bend(real());
			const epoch = Date.now;
			Date.now = () => Math.round(epoch() + off + real() * rate * 1e-6);
			const frame = window.requestAnimationFrame.bind(window);
			window.requestAnimationFrame = (f) => frame((t) => f(bend(t)));
			const proto = HTMLVideoElement.prototype;
			const video = proto.requestVideoFrameCallback;
			proto.requestVideoFrameCallback = function (f) {
				return video.call(this, (t, m) =>
					f(bend(t), { ...m, presentationTime: bend(m.presentationTime), expectedDisplayTime: bend(m.expectedDisplayTime) }),
				);
			};
			Object.assign(window, { realNow: () => origin + real() });
		},
		[offset, ppm] as const,
	);
}

/** Where the film is: its time and whether it stands. */
export const film = (page: Page): Promise<{ at: number; paused: boolean; ready: number }> =>
	page.getByTestId('film').evaluate((v: HTMLVideoElement) => ({ at: v.currentTime, paused: v.paused, ready: v.readyState }));
