// Reads the frame number from the marks in the shipped film
// (web/sample/README.md says how they are laid out).
import type { Page } from 'playwright-core';

/** The number of the frame that stands on the screen; throws when the marks cannot be read. */
export const frameOf = (page: Page): Promise<number> =>
	page.getByTestId('film').evaluate((v: HTMLVideoElement) => {
		const canvas = new OffscreenCanvas(960, 540);
		const c = canvas.getContext('2d')!;
		c.drawImage(v, 0, 0, 960, 540);
		const bright = (x: number, y: number) => c.getImageData(x, y, 1, 1).data[0] > 127;
		let n = 0;
		for (let bit = 0; bit < 16; bit++) {
			const x = 16 + bit * 16 + 8;
			const up = bright(x, 496 + 8);
			if (up === bright(x, 496 + 24)) throw new Error(`mark ${bit} cannot be read`);
			n = n * 2 + (up ? 1 : 0);
		}
		return n;
	});
