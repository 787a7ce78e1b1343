package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
)

const shipped = "../first-light.mp4"

func TestMarksReadBackWhatWasDrawn(t *testing.T) {
	t.Parallel()
	base := &picture{bytes.Repeat([]byte{90}, 3*width*height)}
	for _, n := range []int{0, 1, 2, 624, 1023, 1024, frames - 1, 1<<markBits - 1} {
		p := base.clone()
		marks(p, n)
		luma := func(x, y int) byte { return p.pix[3*(y*width+x)] }
		if got, ok := readMarks(luma); !ok || got != n {
			t.Errorf("drew %d, read %d, %v", n, got, ok)
		}
	}
	if _, ok := readMarks(func(int, int) byte { return 200 }); ok {
		t.Error("a white wall was read as a number")
	}
}

func TestTheSameFrameIsDrawnTheSameTwice(t *testing.T) {
	t.Parallel()
	draw := func() []byte {
		p := dawn(0.4)
		dial(p, 960)
		track(p, 960)
		return p.pix
	}
	if !bytes.Equal(draw(), draw()) {
		t.Error("two pictures of one frame differ")
	}
}

func TestTheShippedFilmShowsEveryFrameOnceAndInOrder(t *testing.T) {
	t.Parallel()
	const left, top, w, h = 0, 480, 288, 60
	out, ended := decode(t, "-vf", "crop=288:60:0:480", "-pix_fmt", "gray", "-f", "rawvideo")
	picture := make([]byte, w*h)
	for want := 0; ; want++ {
		_, err := io.ReadFull(out, picture)
		if errors.Is(err, io.EOF) {
			if want != frames {
				t.Fatalf("the film has %d frames, want %d", want, frames)
			}
			ended()
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		got, ok := readMarks(func(x, y int) byte { return picture[(y-top)*w+x-left] })
		if !ok || got != want {
			t.Fatalf("frame %d shows %d, %v", want, got, ok)
		}
	}
}

func TestTheShippedFilmBeepsAsEachSecondStarts(t *testing.T) {
	t.Parallel()
	const rate = 44100
	out, ended := decode(t, "-f", "s16le", "-ac", "1", "-ar", "44100")
	raw, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	ended()
	loud := func(i int) bool {
		v := int(int16(binary.LittleEndian.Uint16(raw[2*i:])))
		return v > 8000 || v < -8000
	}
	for second := 1; second < length; second++ {
		// From the quiet middle of the second before, to the first loud sample.
		i := second*rate - rate/2
		for i < len(raw)/2 && !loud(i) {
			i++
		}
		if off := i - second*rate; off < -rate/100 || off > rate/100 {
			t.Fatalf("the beep of second %d is off by %d samples", second, off)
		}
	}
}

func TestTheShippedFilmIsSmallAndStartsFast(t *testing.T) {
	t.Parallel()
	film, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	if len(film) >= 4_000_000 {
		t.Errorf("the film has %d bytes", len(film))
	}
	index, data := bytes.Index(film, []byte("moov")), bytes.Index(film, []byte("mdat"))
	if index < 0 || data < index {
		t.Errorf("the index is at %d, behind the data at %d: a player must fetch the end first", index, data)
	}
	still, err := os.Stat("../first-light.jpg")
	if err != nil || still.Size() >= 60_000 {
		t.Errorf("the still: %v, %v", still, err)
	}
}

// decode runs ffmpeg over the shipped film and gives its output, and a way to
// hear that it ended well.
func decode(t *testing.T, args ...string) (out io.Reader, ended func()) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("WATCHPARTY_TEST_REQUIRE") != "" {
			t.Fatal(err)
		}
		t.Skip("needs ffmpeg")
	}
	all := append([]string{"-loglevel", "error", "-i", shipped}, args...)
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append(all, "-")...)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	wait := sync.OnceValue(cmd.Wait)
	t.Cleanup(func() { _ = wait() }) // where the test gave up, ffmpeg was ended with it
	return bufio.NewReaderSize(pipe, 1<<20), func() {
		t.Helper()
		if err := wait(); err != nil {
			t.Error("ffmpeg:", err)
		}
	}
}
