// Command film draws the pictures of the sample film, "First Light": a night
// that turns into a morning, a hand that goes round once a second, and the
// frame's number as black and white squares for programs to read.
//
// It writes raw RGB frames to standard output; make-film.sh adds the text and
// the sound, and encodes.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// What the film is. web/sample/README.md repeats it for readers of the marks.
const (
	width  = 960
	height = 540
	fps    = 25
	length = 96 // seconds
	frames = fps * length
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "film:", err)
		os.Exit(1)
	}
}

func run(w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<20)
	var sky *picture
	for n := range frames {
		// The sky changes with the key frames only: between them nothing moves
		// but the hand, the comet and the digits, so the file stays small.
		if n%fps == 0 {
			sky = dawn(float64(n) / frames)
		}
		p := sky.clone()
		dial(p, n)
		track(p, n)
		marks(p, n)
		if err := p.write(out); err != nil {
			return err
		}
	}
	return out.Flush()
}
