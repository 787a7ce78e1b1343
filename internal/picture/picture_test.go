package picture_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"time"

	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/picture"
)

func pngOf(w, h int) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)))
	return b.Bytes()
}

func jpegOf(w, h int) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil)
	return b.Bytes()
}

// webpOf is the head of a lossless WebP picture.
func webpOf(w, h int) []byte {
	n := uint32(w-1) | uint32(h-1)<<14
	return append([]byte("RIFF\x20\x00\x00\x00WEBPVP8L\x10\x00\x00\x00\x2f"), byte(n), byte(n>>8), byte(n>>16), byte(n>>24), 0, 0, 0, 0, 0)
}

func TestAPictureIsToldByItsContent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body []byte
		want error
		kind string
	}{
		"a PNG":                 {pngOf(640, 360), nil, "image/png"},
		"a JPEG":                {jpegOf(640, 360), nil, "image/jpeg"},
		"a WebP":                {webpOf(640, 360), nil, "image/webp"},
		"nothing":               {nil, picture.ErrType, ""},
		"a page":                {[]byte("<!doctype html><script>alert(1)</script>"), picture.ErrType, ""},
		"a drawing with script": {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>`), picture.ErrType, ""},
		"the head of a WebP":    {webpOf(640, 360)[:20], picture.ErrType, ""},
		"wider than we take":    {pngOf(4097, 1), picture.ErrSides, ""},
		"a WebP that is wide":   {webpOf(16000, 2), picture.ErrSides, ""},
		"more than 2 MB":        {append(pngOf(2, 2), make([]byte, picture.MaxBytes)...), picture.ErrLarge, ""},
	} {
		n, err := picture.New(c.body)
		if !errors.Is(err, c.want) || n.Type() != c.kind {
			t.Errorf("%s: %q is %q, %v", name, n, n.Type(), err)
		}
	}
}

func TestNamesAreOursOnly(t *testing.T) {
	t.Parallel()
	n, err := picture.New(pngOf(2, 2))
	if err != nil {
		t.Fatal(err)
	}
	p, other := id.New[id.Party](), id.New[id.Party]()
	if got, ok := picture.Of(p, picture.Path(p, n)); !ok || got != n {
		t.Errorf("%q came back as %q", n, got)
	}
	if _, ok := picture.Of(p, picture.Path(other, n)); ok {
		t.Error("another party's picture passes")
	}
	for _, bad := range []string{"", "x.png", "../../secret", strings.Repeat("a", 26) + ".svg", strings.Repeat("a", 26) + ".png/", strings.ToUpper(string(n))} {
		if _, err := picture.ParseName(bad); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%q passes as a name", bad)
		}
	}
}

func TestWhatNoLineShowsIsSweptAfterAnHour(t *testing.T) {
	t.Parallel()
	now := clock.System()
	f, err := picture.OpenFolder(t.TempDir(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	p, gone := id.New[id.Party](), id.New[id.Party]()
	keep := func(p id.Party) picture.Name {
		t.Helper()
		n, err := f.Keep(p, pngOf(3, 3))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	shown, hidden, lost := keep(p), keep(p), keep(gone)
	sweep := func() {
		t.Helper()
		err := f.Sweep(t.Context(), func(_ context.Context, of id.Party) ([]string, error) {
			if of == p {
				return []string{picture.Path(p, shown)}, nil
			}
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	there := func(p id.Party, n picture.Name) bool {
		file, err := f.Open(p, n)
		if err != nil {
			if !errors.Is(err, fault.ErrNotFound) {
				t.Fatal(err)
			}
			return false
		}
		b, _ := io.ReadAll(file)
		_ = file.Close()
		return bytes.Equal(b, pngOf(3, 3))
	}
	sweep()
	if !there(p, shown) || !there(p, hidden) || !there(gone, lost) {
		t.Fatal("a picture was swept before its line could come")
	}
	now = now.Add(2 * time.Hour)
	sweep()
	if !there(p, shown) || there(p, hidden) || there(gone, lost) {
		t.Error("the wrong pictures were swept")
	}
	sweep()
}

func FuzzPicture(f *testing.F) {
	f.Add(pngOf(2, 2))
	f.Add(jpegOf(2, 2))
	f.Add(webpOf(2, 2))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := picture.New(b)
		if err == nil && n.Type() == "" {
			t.Errorf("%q has no type", n)
		}
	})
}
