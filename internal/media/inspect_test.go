package media_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"watchparty/internal/media"
	"watchparty/internal/media/mediatest"
)

func TestFilmsAreToldByTheirFirstBytes(t *testing.T) {
	t.Parallel()
	pad := strings.Repeat("x", 600)
	webm := "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm" + pad
	for name, c := range map[string]struct {
		head   string
		want   media.Type
		enough bool
	}{
		"an MP4":                       {"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00" + pad, media.MP4, true},
		"a QuickTime film":             {"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00" + pad, media.MP4, true},
		"a WebM":                       {webm, media.WebM, true},
		"a Matroska":                   {strings.Replace(webm, "\x84webm", "\x88matroska", 1), media.Matroska, true},
		"a playlist":                   {"#EXTM3U\n#EXT-X-VERSION:3\n", media.HLS, true},
		"a playlist with a mark":       {"\xef\xbb\xbf#EXTM3U\n#EXT-X", media.HLS, true},
		"a picture in a film's box":    {"\x00\x00\x00\x20ftypavif\x00\x00\x00\x00" + pad, "", true},
		"sound alone":                  {"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00" + pad, "", true},
		"a box of an odd size":         {"\xff\xff\xff\xffftypisom\x00\x00\x02\x00" + pad, "", true},
		"another EBML document":        {strings.Replace(webm, "\x84webm", "\x84evil", 1), "", true},
		"an EBML document without one": {"\x1a\x45\xdf\xa3\x80" + pad, "", true},
		"a PNG":                        {"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + pad, "", true},
		"a page":                       {"<!DOCTYPE html><html>" + pad, "", true},
		"a drawing with a script":      {`<svg onload="alert(1)">` + pad, "", true},
		"a program":                    {"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00" + pad, "", true},
		"an AVI":                       {"RIFF\x00\x00\x00\x00AVI LIST" + pad, "", true},
		"nothing yet":                  {"", "", false},
		"too little to tell":           {"\x00\x00\x00\x20ftyp", "", false},
		"a WebM that is cut":           {webm[:20], "", false},
	} {
		if got, enough := media.Sniff([]byte(c.head)); got != c.want || enough != c.enough {
			t.Errorf("%s: %q, %v", name, got, enough)
		}
	}
}

func TestWhatAContainerSaysIsRead(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../web/sample/first-light.mp4")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		film     func() []byte
		kind     media.Type
		duration time.Duration
		w, h     int
	}{
		"the shipped film": {func() []byte { return shipped }, media.MP4, 96 * time.Second, 960, 540},
		"the tiny film":    {sample, media.MP4, 10 * time.Second, 320, 180},
		"MP4, index last":  {func() []byte { return makeFilm(t, "a.mp4", "-c:v", "mpeg4") }, media.MP4, 2 * time.Second, 192, 108},
		"MP4 in fragments": {func() []byte {
			return makeFilm(t, "a.mp4", "-c:v", "mpeg4", "-movflags", "frag_keyframe+empty_moov")
		}, media.MP4, 0, 192, 108},
		"QuickTime": {func() []byte { return makeFilm(t, "a.mov", "-c:v", "mpeg4") }, media.MP4, 2 * time.Second, 192, 108},
		"WebM":      {func() []byte { return makeFilm(t, "a.webm", "-c:v", "libvpx", "-b:v", "100k") }, media.WebM, 2 * time.Second, 192, 108},
		"Matroska":  {func() []byte { return makeFilm(t, "a.mkv", "-c:v", "mpeg4") }, media.Matroska, 2 * time.Second, 192, 108},
		"WebM, live": {func() []byte {
			return makeFilm(t, "a.webm", "-c:v", "libvpx", "-b:v", "100k", "-live", "1")
		}, media.WebM, 0, 192, 108},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			film := c.film()
			kind, _ := media.Sniff(film[:min(len(film), 512)])
			info, err := media.Inspect(bytes.NewReader(film), int64(len(film)), kind)
			if err != nil || kind != c.kind {
				t.Fatalf("%q, %v", kind, err)
			}
			if off := info.Duration - c.duration; off < -200*time.Millisecond || off > 200*time.Millisecond {
				t.Errorf("lasts %v, want %v", info.Duration, c.duration)
			}
			if info.Width != c.w || info.Height != c.h {
				t.Errorf("%dx%d", info.Width, info.Height)
			}
		})
	}
}

func TestWhatCannotBePlayedIsNoFilm(t *testing.T) {
	t.Parallel()
	film := sample()
	index := bytes.Index(film, []byte("moov")) - 4
	for name, b := range map[string][]byte{
		"no index":               append(bytes.Clone(film[:index]), mediatest.Box("mdat", make([]byte, 100))...),
		"a cut index":            film[:index+60],
		"a header alone":         film[:index],
		"no picture":             bytes.Replace(film, []byte("vide"), []byte("soun"), 1),
		"a box of size 1 and 0":  append(bytes.Clone(film[:index]), 0, 0, 0, 1, 'm', 'o', 'o', 'v', 0, 0, 0, 0, 0, 0, 0, 0),
		"garbage after its head": append(bytes.Clone(film[:index]), bytes.Repeat([]byte{0xfe}, 4000)...),
	} {
		if _, err := media.Inspect(bytes.NewReader(b), int64(len(b)), media.MP4); !errors.Is(err, media.ErrNotFilm) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNamesOfFilesBecomeTitles(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"holiday.mp4":                     "holiday",
		"My_summer_film.2026.webm":        "My summer film.2026",
		`C:\films\Über uns.MP4`:           "Über uns",
		"../../etc/passwd":                "passwd",
		"..":                              "Untitled film",
		"":                                "Untitled film",
		".mp4":                            "Untitled film",
		"a\x00b\x1b[31m\u202egpj.mp4":     "ab[31mgpj",
		"\xff\xfe.mp4":                    "Untitled film",
		"Dr. Who":                         "Dr. Who",
		strings.Repeat("é", 300) + ".mp4": strings.Repeat("é", 120),
	} {
		if got := media.Title(in); got != want {
			t.Errorf("Title(%q) = %q, want %q", in, got, want)
		}
	}
}

// counting reads from memory and counts the calls.
type counting struct {
	*bytes.Reader
	calls int
}

func (c *counting) ReadAt(b []byte, off int64) (int, error) {
	c.calls++
	return c.Reader.ReadAt(b, off)
}

func FuzzInspect(f *testing.F) {
	webm := []byte("\x1a\x45\xdf\xa3\x87\x42\x82\x84webm\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff\x15\x49\xa9\x66\x8e\x2a\xd7\xb1\x83\x0f\x42\x40\x44\x89\x84\x45\x1c\x40\x00" +
		"\x16\x54\xae\x6b\x8d\xae\x8b\x83\x81\x01\xe0\x86\xb0\x81\x20\xba\x81\x10")
	f.Add(sample()[:600])
	f.Add(webm)
	f.Add([]byte("\x00\x00\x00\x01ftypisom\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		media.Sniff(b[:min(len(b), 512)])
		for _, kind := range []media.Type{media.MP4, media.WebM} {
			r := &counting{Reader: bytes.NewReader(b)}
			info, err := media.Inspect(r, int64(len(b)), kind)
			if r.calls > 100_000 {
				t.Fatalf("%d reads for %d bytes", r.calls, len(b))
			}
			if err == nil && (info.Duration < 0 || info.Duration > 100*time.Hour || info.Width < 0 || info.Height < 0) {
				t.Fatalf("believed %+v", info)
			}
		}
	})
}

func FuzzTitle(f *testing.F) {
	f.Add("a/b\\c.mp4")
	f.Fuzz(func(t *testing.T, name string) {
		got := media.Title(name)
		if got == "" || strings.ContainsAny(got, "/\\\x00\n\r") || len([]rune(got)) > 120 {
			t.Fatalf("Title(%q) = %q", name, got)
		}
	})
}
