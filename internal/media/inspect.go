package media

import (
	"io"
	"time"
)

// Info is what the container says about a film. Zero is not known.
type Info struct {
	Duration time.Duration
	Width    int
	Height   int
	Video    bool // it has a picture
}

// longest and widest are the most that is believed.
const (
	longest = 100 * time.Hour
	widest  = 1 << 16
)

// steps bounds how many boxes or elements are looked at, whatever the file
// says about itself.
const steps = 20_000

// Inspect reads what the container says, and whether it is whole enough to be
// played. It reads headers only, in bounded number.
func Inspect(r io.ReaderAt, size int64, t Type) (Info, error) {
	var info Info
	var whole bool
	switch t {
	case MP4:
		info, whole = inspectMP4(r, size)
	case WebM, Matroska:
		info, whole = inspectEBML(r, size)
	}
	if !whole || !info.Video {
		return Info{}, ErrNotFilm
	}
	return info, nil
}

// believed drops numbers that cannot be.
func (i Info) believed() Info {
	if i.Duration < 0 || i.Duration > longest {
		i.Duration = 0
	}
	if i.Width <= 0 || i.Height <= 0 || i.Width > widest || i.Height > widest {
		i.Width, i.Height = 0, 0
	}
	return i
}

// seconds is n units of scale a second, without overflow.
func seconds(n uint64, scale uint32) time.Duration {
	if scale == 0 {
		return 0
	}
	s := float64(n) / float64(scale)
	if s < 0 || s > longest.Seconds() {
		return 0
	}
	return time.Duration(s * float64(time.Second)).Round(time.Millisecond)
}
