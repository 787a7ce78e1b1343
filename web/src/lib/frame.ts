/**
 * Where the film's frame lies in the element that shows it. What is thrown or
 * drawn onto the picture is told as fractions of the frame; what a window makes
 * of them is worked out here and nowhere else.
 */
export interface Box {
	left: number;
	top: number;
	width: number;
	height: number;
}

/** A place in the frame, as fractions. */
export type Place = readonly [x: number, y: number];

/** Where the frame lies in an element that shows it whole (object-fit: contain). */
export function frameIn(width: number, height: number, videoWidth: number, videoHeight: number): Box {
	const scale = Math.min(width / videoWidth, height / videoHeight);
	if (!Number.isFinite(scale) || scale <= 0) return { left: 0, top: 0, width: 0, height: 0 };
	const w = videoWidth * scale;
	const h = videoHeight * scale;
	return { left: (width - w) / 2, top: (height - h) / 2, width: w, height: h };
}

/** The place in the frame under a point of the element. */
export const toFrame = (box: Box, x: number, y: number): Place => [(x - box.left) / box.width, (y - box.top) / box.height];

/** The point of the element over a place in the frame. */
export const toBox = (box: Box, [x, y]: Place): Place => [box.left + x * box.width, box.top + y * box.height];
