package main

import (
	"io"
	"math"
	"slices"
)

// rgb is a colour in linear steps from 0 to 1.
type rgb struct{ r, g, b float64 }

func hex(v uint32) rgb {
	return rgb{float64(v>>16) / 255, float64(v>>8&0xff) / 255, float64(v&0xff) / 255}
}

// mix goes from a to b as t goes from 0 to 1.
func mix(a, b rgb, t float64) rgb {
	t = min(max(t, 0), 1)
	return rgb{a.r + (b.r-a.r)*t, a.g + (b.g-a.g)*t, a.b + (b.b-a.b)*t}
}

func (c rgb) add(d rgb, k float64) rgb { return rgb{c.r + d.r*k, c.g + d.g*k, c.b + d.b*k} }

// smooth rises from 0 at a to 1 at b without corners.
func smooth(a, b, x float64) float64 {
	t := min(max((x-a)/(b-a), 0), 1)
	return t * t * (3 - 2*t)
}

// picture is one frame.
type picture struct{ pix []byte }

func (p *picture) clone() *picture { return &picture{slices.Clone(p.pix)} }

func (p *picture) write(w io.Writer) error {
	_, err := w.Write(p.pix)
	return err
}

// set puts a colour down, dithered with a fixed pattern so that the slow
// gradients show no bands.
func (p *picture) set(x, y int, c rgb) {
	d := (float64(bayer[y&3][x&3]) + 0.5) / 16
	i := 3 * (y*width + x)
	p.pix[i], p.pix[i+1], p.pix[i+2] = quantise(c.r, d), quantise(c.g, d), quantise(c.b, d)
}

func quantise(v, dither float64) byte { return byte(min(max(v, 0)*255+dither, 255)) }

var bayer = [4][4]int{{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}}

// blend lays a colour over what is there.
func (p *picture) blend(x, y int, c rgb, alpha float64) {
	if x < 0 || y < 0 || x >= width || y >= height || alpha <= 0 {
		return
	}
	alpha = min(alpha, 1)
	i := 3 * (y*width + x)
	for k, v := range [3]float64{c.r, c.g, c.b} {
		p.pix[i+k] = byte(float64(p.pix[i+k])*(1-alpha) + v*255*alpha + 0.5)
	}
}

// stroke draws a round-ended line.
func (p *picture) stroke(x0, y0, x1, y1, w float64, c rgb, alpha float64) {
	dx, dy := x1-x0, y1-y0
	long := dx*dx + dy*dy
	for y := int(min(y0, y1) - w - 1); y <= int(max(y0, y1)+w+1); y++ {
		for x := int(min(x0, x1) - w - 1); x <= int(max(x0, x1)+w+1); x++ {
			px, py := float64(x)-x0, float64(y)-y0
			t := 0.0
			if long > 0 {
				t = min(max((px*dx+py*dy)/long, 0), 1)
			}
			p.blend(x, y, c, alpha*(w/2+0.5-math.Hypot(px-t*dx, py-t*dy)))
		}
	}
}

// ring draws a circle's line.
func (p *picture) ring(cx, cy, r, w float64, c rgb, alpha float64) {
	for y := int(cy - r - w); y <= int(cy+r+w)+1; y++ {
		for x := int(cx - r - w); x <= int(cx+r+w)+1; x++ {
			off := math.Abs(math.Hypot(float64(x)-cx, float64(y)-cy) - r)
			p.blend(x, y, c, alpha*min(max(w/2+0.5-off, 0), 1))
		}
	}
}

// noise is smooth noise of unit grid, the same on every machine.
func noise(x, y float64, seed uint32) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	tx, ty := smooth(0, 1, x-fx), smooth(0, 1, y-fy)
	at := func(i, j int) float64 { return hash(int32(fx)+int32(i), int32(fy)+int32(j), seed) }
	top := at(0, 0) + (at(1, 0)-at(0, 0))*tx
	low := at(0, 1) + (at(1, 1)-at(0, 1))*tx
	return top + (low-top)*ty
}

// hash gives a number from 0 to 1 for a grid point.
func hash(x, y int32, seed uint32) float64 {
	h := uint32(x)*374761393 + uint32(y)*668265263 + seed*2246822519
	h = (h ^ h>>13) * 1274126177
	h ^= h >> 16
	return float64(h) / math.MaxUint32
}

// layers adds up octaves of noise.
func layers(x, y float64, octaves int, seed uint32) float64 {
	sum, k, total := 0.0, 1.0, 0.0
	for o := range octaves {
		sum += k * noise(x, y, seed+uint32(o))
		total += k
		x, y, k = x*2, y*2, k/2
	}
	return sum / total
}
