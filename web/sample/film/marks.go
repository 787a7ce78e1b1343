package main

// The marks: two rows of squares at the bottom left. The upper row is the
// frame's number, highest bit first, white for 1; the lower row is its
// inverse, so that a reader knows when it looks at half a change. The squares
// lie on the macroblocks of the codec, which keeps their edges.
const (
	markSide = 16
	markLeft = 16
	markTop  = 496
	markBits = 16
)

func marks(p *picture, n int) {
	for y := markTop - 4; y < markTop+2*markSide+4; y++ {
		for x := markLeft - 4; x < markLeft+markBits*markSide+4; x++ {
			p.blend(x, y, rgb{}, 1)
		}
	}
	for bit := range markBits {
		row := 1 - n>>(markBits-1-bit)&1 // the row that is white
		for y := range markSide {
			for x := range markSide {
				p.blend(markLeft+bit*markSide+x, markTop+row*markSide+y, white, 1)
			}
		}
	}
}

// readMarks reads the frame's number back from a picture's brightness, and
// says whether the two rows agree.
func readMarks(luma func(x, y int) byte) (n int, ok bool) {
	for bit := range markBits {
		x := markLeft + bit*markSide + markSide/2
		up := luma(x, markTop+markSide/2) > 127
		if low := luma(x, markTop+markSide+markSide/2) > 127; up == low {
			return 0, false
		}
		n <<= 1
		if up {
			n |= 1
		}
	}
	return n, true
}
