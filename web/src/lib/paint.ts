/** Puts strokes and marks on a canvas that is exactly the film's frame. */
import { nameMs, strength, tail, type Stroke, type Tool } from './draw';
import type { Place } from './frame';
import type { Mark } from './protocol/generated';

/** The people's colours, as on their pictures. */
export const colours = [
	'#ffb35c', '#7fc8f8', '#f59bb6', '#8fdc9c', '#c9a7ff', '#ffe08a',
	'#6fdad2', '#ff9f8a', '#b7d66f', '#9db2ff', '#f0a6f0', '#d9c3a5',
] as const; // prettier-ignore

export const colourOf = (n: number): string => colours[n % colours.length] ?? colours[0];

const shade = 'rgb(10 10 18 / 55%)';

/** A canvas of w × h pixels that is the frame. */
export class Painter {
	constructor(
		private readonly c: CanvasRenderingContext2D,
		private readonly w: number,
		private readonly h: number,
	) {}

	clear(): void {
		this.c.clearRect(0, 0, this.w, this.h);
	}

	mark(m: Mark, now: number): void {
		this.c.globalAlpha = strength(now, m.until);
		const ps = m.points.map((p): Place => [p[0] ?? 0, p[1] ?? 0]);
		const colour = colourOf(m.color);
		if (m.tool === 'text') this.#text(ps[0], m.text, colour);
		else if (m.tool === 'pin') this.#pin(ps[0], m.number, m.text, colour);
		else this.#line(m.tool, ps, colour);
		this.c.globalAlpha = 1;
	}

	stroke(s: Stroke, now: number): void {
		if (s.tool === 'laser') return this.#laser(s, now);
		this.c.globalAlpha = strength(now, s.until);
		this.#line(s.tool, s.points, colourOf(s.color));
		this.c.globalAlpha = 1;
	}

	/** A name at the tip of a pen that moved at a moment. */
	name(name: string, tip: Place, color: number, movedAt: number, now: number): void {
		const left = movedAt + nameMs - now;
		if (left <= 0) return;
		const size = Math.max(11, this.h * 0.026);
		this.c.globalAlpha = Math.min(1, left / 300);
		this.#font(size, 600);
		const wide = this.c.measureText(name).width + size;
		const x = Math.min(tip[0] * this.w + size * 0.6, this.w - wide);
		const y = Math.max(0, tip[1] * this.h - size * 2);
		this.c.fillStyle = colourOf(color);
		this.c.beginPath();
		this.c.roundRect(x, y, wide, size * 1.5, size * 0.5);
		this.c.fill();
		this.c.fillStyle = '#15131d';
		this.c.textBaseline = 'middle';
		this.c.textAlign = 'left';
		this.c.fillText(name, x + size / 2, y + size * 0.78);
		this.c.globalAlpha = 1;
	}

	/** How wide a tool's line is: a part of the frame, so that it covers the same everywhere. */
	#width(tool: Tool): number {
		return tool === 'highlighter' ? this.w * 0.018 : Math.max(1.5, this.w * 0.0036);
	}

	#line(tool: Tool, ps: readonly Place[], colour: string): void {
		const [first, last] = [ps[0], ps.at(-1)];
		if (!first || !last) return;
		const c = this.c;
		const width = this.#width(tool);
		c.lineCap = c.lineJoin = 'round';
		c.beginPath();
		if (tool === 'rectangle') this.#rectangle(first, last);
		else if (tool === 'ellipse') this.#ellipse(first, last);
		else if (tool === 'arrow') this.#arrow(first, last, width);
		else this.#path(ps);
		if (tool === 'highlighter') {
			const alpha = c.globalAlpha;
			c.globalAlpha = alpha * 0.42;
			this.#ink(colour, width);
			c.globalAlpha = alpha;
			return;
		}
		this.#ink(shade, width * 1.9);
		this.#ink(colour, width);
	}

	#ink(colour: string, width: number): void {
		this.c.strokeStyle = colour;
		this.c.lineWidth = width;
		this.c.stroke();
	}

	#at([x, y]: Place): [number, number] {
		return [x * this.w, y * this.h];
	}

	/** Through the middles between points, so that a hand's line has no corners. */
	#path(ps: readonly Place[]): void {
		const at = ps.map((p) => this.#at(p));
		const first = at[0]!;
		this.c.moveTo(...first);
		for (let i = 1; i < at.length - 1; i++) {
			const [x, y] = at[i]!;
			const [nx, ny] = at[i + 1]!;
			this.c.quadraticCurveTo(x, y, (x + nx) / 2, (y + ny) / 2);
		}
		this.c.lineTo(...at.at(-1)!);
	}

	#rectangle(a: Place, b: Place): void {
		const [x, y] = this.#at(a);
		const [bx, by] = this.#at(b);
		this.c.rect(x, y, bx - x, by - y);
	}

	#ellipse(a: Place, b: Place): void {
		const [x, y] = this.#at(a);
		const [bx, by] = this.#at(b);
		this.c.ellipse((x + bx) / 2, (y + by) / 2, Math.abs(bx - x) / 2, Math.abs(by - y) / 2, 0, 0, 2 * Math.PI);
	}

	#arrow(a: Place, b: Place, width: number): void {
		const [x, y] = this.#at(a);
		const [bx, by] = this.#at(b);
		const way = Math.atan2(by - y, bx - x);
		const head = Math.min(Math.hypot(bx - x, by - y) / 2, width * 7);
		this.c.moveTo(x, y);
		this.c.lineTo(bx, by);
		for (const turn of [-0.5, 0.5]) {
			this.c.moveTo(bx, by);
			this.c.lineTo(bx - head * Math.cos(way + turn), by - head * Math.sin(way + turn));
		}
	}

	#laser(s: Stroke, now: number): void {
		const c = this.c;
		const width = this.#width('laser') * 1.5;
		c.lineCap = 'round';
		for (let i = 1; i < s.points.length; i++) {
			const left = tail(now - (s.at[i] ?? 0));
			if (left === 0) continue;
			c.beginPath();
			c.moveTo(...this.#at(s.points[i - 1]!));
			c.lineTo(...this.#at(s.points[i]!));
			c.globalAlpha = left;
			this.#ink(colourOf(s.color), width * (0.3 + 0.7 * left));
		}
		const tip = s.points.at(-1);
		c.globalAlpha = tail(now - (s.at.at(-1) ?? 0));
		if (tip && c.globalAlpha > 0) {
			c.beginPath();
			c.arc(...this.#at(tip), width * 0.9, 0, 2 * Math.PI);
			c.fillStyle = '#fff';
			c.shadowColor = colourOf(s.color);
			c.shadowBlur = width * 3;
			c.fill();
			c.shadowBlur = 0;
		}
		c.globalAlpha = 1;
	}

	#font(size: number, weight: number): void {
		this.c.font = `${weight} ${size}px system-ui, sans-serif`;
	}

	#text(p: Place | undefined, text: string, colour: string): void {
		if (!p) return;
		const c = this.c;
		const size = Math.max(12, this.h * 0.042);
		const [x, y] = this.#at(p);
		this.#font(size, 650);
		c.textAlign = 'left';
		c.textBaseline = 'middle';
		c.lineJoin = 'round';
		c.strokeStyle = shade;
		c.lineWidth = size / 4;
		c.strokeText(text, x, y, this.w - x);
		c.fillStyle = colour;
		c.fillText(text, x, y, this.w - x);
	}

	#pin(p: Place | undefined, number: number, text: string, colour: string): void {
		if (!p) return;
		const c = this.c;
		const r = Math.max(9, this.h * 0.026);
		const [x, y] = this.#at(p);
		c.beginPath();
		c.arc(x, y, r, 0, 2 * Math.PI);
		c.fillStyle = colour;
		c.fill();
		this.#ink('#15131d', r / 6);
		this.#font(r * 1.15, 700);
		c.fillStyle = '#15131d';
		c.textAlign = 'center';
		c.textBaseline = 'middle';
		c.fillText(String(number), x, y + r * 0.06);
		if (text) this.#text([p[0] + (r * 1.4) / this.w, p[1]], text, colour);
	}
}
