package main

import "math"

const (
	horizon = 400
	sunX    = 330
)

// The sky from top to horizon, at night, at dawn and in the morning.
var (
	night   = [3]rgb{hex(0x060a1c), hex(0x0e1836), hex(0x1b2a4e)}
	blush   = [3]rgb{hex(0x16224c), hex(0x5a4a7e), hex(0xf08a6a)}
	morning = [3]rgb{hex(0x2f5f9c), hex(0x7aa6cc), hex(0xf2c58e)}
	white   = hex(0xffffff)
	gold    = hex(0xffd27a)
)

// dawn draws the landscape at moment t of the film, from 0 to 1.
func dawn(t float64) *picture {
	p := &picture{make([]byte, 3*width*height)}
	var sky [3]rgb
	for i := range sky {
		sky[i] = mix(mix(night[i], blush[i], smooth(0, 0.55, t)), morning[i], smooth(0.5, 1, t))
	}
	sunY := horizon + 70 - 190*t
	warm := smooth(0.05, 0.6, t)
	for y := range height {
		for x := range width {
			p.set(x, y, skyAt(float64(x), float64(y), t, sky, sunY, warm))
		}
	}
	stars(p, 1-smooth(0.1, 0.6, t))
	for i := range 4 {
		hills(p, i, t, sky)
	}
	return p
}

func skyAt(x, y, t float64, sky [3]rgb, sunY, warm float64) rgb {
	v := min(y/horizon, 1)
	c := mix(sky[0], sky[1], v*2)
	if v > 0.5 {
		c = mix(sky[1], sky[2], (v-0.5)*2)
	}
	d := math.Hypot(x-sunX, (y-sunY)*1.15)
	day := smooth(0.5, 1, t) // the glow shrinks as the sky gets bright
	c = c.add(hex(0xff9a50), (0.55-0.42*day)*warm*math.Exp(-d/150))
	c = c.add(gold, (0.8-0.45*day)*warm*math.Exp(-d/34))
	// Clouds are lit from where the sun is.
	cloud := smooth(0.52, 0.8, layers(x/210+3*t, y/34, 4, 9)) * smooth(60, 200, y) * (1 - smooth(330, 400, y))
	lit := mix(hex(0x2a3358), mix(hex(0xff9e80), hex(0xfff0dc), day), warm*(0.35+0.65*math.Exp(-d/420)))
	c = mix(c, lit, 0.55*cloud)
	return mix(c, mix(hex(0xfff3d0), white, day), warm*smooth(25, 22, math.Hypot(x-sunX, y-sunY)))
}

func stars(p *picture, bright float64) {
	for i := range int32(170) {
		x, y := hash(i, 1, 4)*width, math.Pow(hash(i, 2, 4), 1.4)*(horizon-60)
		size := 0.8 + 1.4*math.Pow(hash(i, 3, 4), 6)
		p.stroke(x, y, x, y, size, mix(white, hex(0xbcd0ff), hash(i, 4, 4)), bright*(0.35+0.65*hash(i, 5, 4)))
	}
}

// hills draws one ridge; ridge 3 is the nearest.
func hills(p *picture, ridge int, t float64, sky [3]rgb) {
	near := float64(ridge) / 3
	ground := mix(mix(hex(0x0c1430), hex(0x2d2c54), smooth(0, 0.6, t)), hex(0x35507a), smooth(0.5, 1, t))
	c := mix(mix(sky[2], ground, 0.45+0.35*near), hex(0x070b18), 0.75*near)
	for x := range width {
		fx := float64(x)
		crest := horizon - 46 + 42*near - (70-28*near)*(layers(fx/(230-70*near), 7*near, 4, uint32(20+ridge))-0.5)*2
		for y := max(int(crest), 0); y < height; y++ {
			edge := min(float64(y)-crest+0.5, 1)
			mist := 0.10 * (1 - near) * smooth(0, 70, float64(y)-crest)
			p.blend(x, y, mix(c, sky[2], mist), edge)
		}
	}
}

// dial draws a clock whose hand goes round once a second and points up as the
// beep sounds.
func dial(p *picture, n int) {
	const cx, cy, r = 836, 128, 64
	for y := cy - r; y <= cy+r; y++ {
		for x := cx - r; x <= cx+r; x++ {
			p.blend(x, y, hex(0x05070f), 0.42*min(max(r-math.Hypot(float64(x-cx), float64(y-cy)), 0), 1))
		}
	}
	flash := max(0, 1-float64(n%fps)/5)
	p.ring(cx, cy, r, 2+3*flash, mix(white, gold, flash), 0.55+0.45*flash)
	for k := range 12 {
		s, c := math.Sincos(float64(k) * math.Pi / 6)
		long := 6.0
		if k%3 == 0 {
			long = 11
		}
		p.stroke(cx+(r-6)*s, cy-(r-6)*c, cx+(r-6-long)*s, cy-(r-6-long)*c, 1.6, white, 0.6)
	}
	s, c := math.Sincos(2 * math.Pi * float64(n%fps) / fps)
	p.stroke(cx, cy, cx+(r-14)*s, cy-(r-14)*c, 4, white, 1)
	p.stroke(cx, cy, cx, cy, 9, gold, 1)
}

// track draws a comet that crosses from left to right once a second.
func track(p *picture, n int) {
	const left, right, y = 312.0, 936.0, 520.0
	p.stroke(left, y, right, y, 2, white, 0.22)
	for k := range 5 {
		x := left + (right-left)*float64(k)/4
		p.stroke(x, y-5, x, y+5, 2, white, 0.45)
	}
	x := left + (right-left)*float64(n%fps)/fps
	if tail := max(left, x-70); tail < x {
		p.stroke(tail, y, x, y, 4, gold, 0.7)
	}
	p.stroke(x, y, x, y, 15, white, 1)
}
