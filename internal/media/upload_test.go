package media_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/media"
)

var alice, bob = id.New[id.User](), id.New[id.User]()

func TestAnUploadInPiecesBecomesAFilm(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir())
	film := sample()
	ctx := as(alice)
	f, err := b.Create(ctx, "../My holiday.avi", int64(len(film)))
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(film); at += 700 {
		if f.Status != media.Uploading || f.URL() != "" {
			t.Fatalf("at %d: %+v", at, f)
		}
		f, err = b.Write(ctx, f.ID, whole(int64(at), film[at:min(at+700, len(film))]))
		if err != nil {
			t.Fatal(err)
		}
	}
	if f.Status != media.Ready || f.Title != "My holiday" || f.Type != media.MP4 || f.Duration != 10*time.Second ||
		f.Width != 320 || f.Height != 180 || f.URL() != "/media/"+string(f.ID)+"/"+f.Token+"/my-holiday.mp4" {
		t.Fatalf("%+v", f)
	}
	_, file, err := b.Open(t.Context(), f.ID, f.Token)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if got, err := io.ReadAll(file); err != nil || !bytes.Equal(got, film) {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
	if again, err := b.Write(ctx, f.ID, whole(f.Size, nil)); err != nil || again.Status != media.Ready {
		t.Errorf("the last piece again: %+v, %v", again, err)
	}
}

func TestWhatIsNotAFilmIsRefusedWithItsFirstPiece(t *testing.T) {
	t.Parallel()
	page := []byte("<!DOCTYPE html><script>alert(1)</script>" + strings.Repeat(" ", 1000))
	for name, pieces := range map[string][][]byte{
		"at once":               {page[:600]},
		"in pieces of one byte": bytes.SplitAfterN(page[:20], nil, 13),
		"a playlist":            {[]byte("#EXTM3U\n" + strings.Repeat("x", 600))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, t.TempDir())
			f, err := b.Create(as(alice), "film.mp4", 1000)
			if err != nil {
				t.Fatal(err)
			}
			at := int64(0)
			for _, p := range pieces {
				if f, err = b.Write(as(alice), f.ID, whole(at, p)); err != nil {
					break
				}
				at += int64(len(p))
			}
			if !errors.Is(err, media.ErrNotFilm) || f.Status != media.Refused {
				t.Fatalf("got %v, %+v", err, f)
			}
			if n := b.files(t); n != 0 {
				t.Errorf("%d files are kept", n)
			}
			if _, err := b.Write(as(alice), f.ID, whole(0, page[:1])); !errors.Is(err, media.ErrOver) {
				t.Errorf("another piece: %v", err)
			}
			if _, err := b.Ready(t.Context(), alice, f.ID); !errors.Is(err, media.ErrNotFilm) {
				t.Errorf("on a queue: %v", err)
			}
		})
	}
}

func TestAFilmWithAnHonestHeadAndARottenBodyIsRefusedAtItsEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir())
	lie := append(bytes.Clone(sample()[:32]), bytes.Repeat([]byte("<script>"), 200)...)
	f, err := b.Create(as(alice), "film.mp4", int64(len(lie)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = b.Write(as(alice), f.ID, whole(0, lie)); !errors.Is(err, media.ErrNotFilm) || b.files(t) != 0 {
		t.Errorf("got %v, %d files", err, b.files(t))
	}
}

func TestAPersonKeepsWithinTheQuota(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir())
	for size, want := range map[int64]error{0: fault.ErrInvalid, -1: fault.ErrInvalid, 1<<20 + 1: media.ErrTooLarge} {
		if _, err := b.Create(as(alice), "a.mp4", size); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	for range 2 {
		if _, err := b.Create(as(alice), "a.mp4", 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Create(as(alice), "a.mp4", 1); !errors.Is(err, media.ErrQuota) {
		t.Errorf("one byte more than the quota: %v", err)
	}
	for i := range 4 {
		if _, err := b.Create(as(bob), "a.mp4", 1); (err == nil) != (i < 3) {
			t.Errorf("open upload %d: %v", i+1, err)
		}
	}
}

func TestOthersDoNotSeeAnUpload(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir())
	f, err := b.Create(as(alice), "a.mp4", int64(len(sample())))
	if err != nil {
		t.Fatal(err)
	}
	_, see := b.Mine(as(bob), f.ID)
	_, write := b.Write(as(bob), f.ID, whole(0, sample()))
	_, ready := b.Ready(t.Context(), bob, f.ID)
	_, _, open := b.Open(t.Context(), f.ID, f.Token) // not ready yet
	_, anyone := b.Mine(t.Context(), f.ID)
	for what, err := range map[string]error{"see": see, "write": write, "ready": ready, "open": open, "remove": b.Remove(as(bob), f.ID)} {
		if !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if !errors.Is(anyone, fault.ErrUnauthenticated) {
		t.Errorf("nobody in particular: %v", anyone)
	}
	if _, err := b.Write(as(alice), f.ID, whole(0, sample())); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"", "x", f.Token[1:], strings.ToUpper(f.Token) + "x"} {
		if _, _, err := b.Open(t.Context(), f.ID, token); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("with token %q: %v", token, err)
		}
	}
}

// gate is a body that waits in the middle until the test lets it go on.
type gate struct {
	first, rest []byte
	reached     chan struct{}
	open        chan struct{}
}

func (g *gate) Read(b []byte) (int, error) {
	if len(g.first) > 0 {
		n := copy(b, g.first)
		g.first = g.first[n:]
		return n, nil
	}
	if g.reached != nil {
		close(g.reached)
		g.reached = nil
		<-g.open
	}
	n := copy(b, g.rest)
	if g.rest = g.rest[n:]; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func TestOfTwoWritersOneWins(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir())
	film := sample()
	f, err := b.Create(as(alice), "a.mp4", int64(len(film)))
	if err != nil {
		t.Fatal(err)
	}
	reached := make(chan struct{})
	g := &gate{first: film[:1000], rest: film[1000:], reached: reached, open: make(chan struct{})}
	won := make(chan error, 1)
	go func() {
		_, err := b.Write(as(alice), f.ID, media.Piece{Length: int64(len(film)), Body: g})
		won <- err
	}()
	<-reached
	for range 3 {
		if _, err := b.Write(as(alice), f.ID, whole(0, film)); !errors.Is(err, media.ErrBusy) {
			t.Errorf("the second writer: %v", err)
		}
	}
	if err := b.Remove(as(alice), f.ID); !errors.Is(err, media.ErrBusy) {
		t.Errorf("removing meanwhile: %v", err)
	}
	b.now = b.now.Add(48 * time.Hour)
	if n, err := b.Expire(t.Context()); n != 0 || err != nil {
		t.Errorf("a growing upload expired: %d, %v", n, err)
	}
	close(g.open)
	if err := <-won; err != nil {
		t.Fatal(err)
	}
	if f, err := b.Ready(t.Context(), alice, f.ID); err != nil || f.Offset != f.Size {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestAnUploadThatNobodyGoesOnWithIsRemovedAfterADay(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir())
	film := sample()
	left, err := b.Create(as(alice), "a.mp4", int64(len(film)))
	if err != nil {
		t.Fatal(err)
	}
	done, err := b.Create(as(alice), "b.mp4", int64(len(film)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Write(as(alice), done.ID, whole(0, film)); err != nil {
		t.Fatal(err)
	}
	b.now = b.now.Add(12 * time.Hour)
	if left, err = b.Write(as(alice), left.ID, whole(0, film[:100])); err != nil {
		t.Fatal(err)
	}
	if want := b.now.Add(24 * time.Hour); !left.Expires().Equal(want) {
		t.Errorf("expires at %v, want %v", left.Expires(), want)
	}
	b.now = b.now.Add(24 * time.Hour)
	if n, err := b.Expire(t.Context()); n != 0 || err != nil {
		t.Fatalf("a day after it grew: %d, %v", n, err)
	}
	b.now = b.now.Add(time.Second)
	if n, err := b.Expire(t.Context()); n != 1 || err != nil {
		t.Fatalf("after more than a day: %d, %v", n, err)
	}
	if _, err := b.Mine(as(alice), left.ID); !errors.Is(err, fault.ErrNotFound) || b.files(t) != 1 {
		t.Errorf("%v, %d files", err, b.files(t))
	}
	if _, err := b.Ready(t.Context(), alice, done.ID); err != nil {
		t.Errorf("a ready film expired: %v", err)
	}
}

func TestAnUploadThatWasWholeWhenTheServerEndedGetsReady(t *testing.T) {
	t.Parallel()
	film := sample()
	for name, file := range map[string]string{"before the rename": ".part", "after it": ".film"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, t.TempDir())
			f, err := b.Create(as(alice), "a.mp4", int64(len(film)))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(b.dir, string(f.ID)+file), film, 0o600); err != nil {
				t.Fatal(err)
			}
			b.start(t)
			if f, err = b.Mine(as(alice), f.ID); err != nil || f.Status != media.Ready || f.Width != 320 {
				t.Errorf("%+v, %v", f, err)
			}
			if _, _, err := b.Open(t.Context(), f.ID, f.Token); err != nil {
				t.Error(err)
			}
		})
	}
}

// broken gives some bytes and then fails, like a client that leaves.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// TestAnyWayOfUploadingKeepsTheTruth drives one upload with pieces of every
// size and kind against a model that knows how much must have arrived.
func TestAnyWayOfUploadingKeepsTheTruth(t *testing.T) {
	t.Parallel()
	film := sample()
	size := int64(len(film))
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t, dir)
		f, err := b.Create(as(alice), "a.mp4", size)
		if err != nil {
			rt.Fatal(err)
		}
		at := int64(0)
		expect := func(what string, got media.Film, err, want error) {
			if !errors.Is(err, want) {
				rt.Fatalf("%s at %d: %v, want %v", what, at, err, want)
			}
			if got.Offset != at {
				rt.Fatalf("%s: the offset is %d, want %d", what, got.Offset, at)
			}
		}
		piece := func() int64 { return rapid.Int64Range(0, size-at).Draw(rt, "n") }
		rt.Repeat(map[string]func(*rapid.T){
			"a piece": func(*rapid.T) {
				n := piece()
				got, err := b.Write(as(alice), f.ID, whole(at, film[at:at+n]))
				at += n
				expect("a piece", got, err, nil)
			},
			"a piece of unsaid length": func(*rapid.T) {
				n := piece()
				got, err := b.Write(as(alice), f.ID, media.Piece{Offset: at, Length: -1, Body: bytes.NewReader(film[at : at+n])})
				if at == size {
					return // a ready film takes no more; nothing was sent
				}
				at += n
				expect("a piece of unsaid length", got, err, nil)
			},
			"a piece that breaks off": func(*rapid.T) {
				n := piece()
				if n == size-at {
					return
				}
				got, err := b.Write(as(alice), f.ID, media.Piece{Offset: at, Length: size - at, Body: broken{bytes.NewReader(film[at : at+n])}})
				at += n
				expect("a piece that breaks off", got, err, media.ErrCut)
			},
			"a piece at another place": func(*rapid.T) {
				off := rapid.Int64Range(0, size).Filter(func(o int64) bool { return o != at }).Draw(rt, "offset")
				got, err := b.Write(as(alice), f.ID, whole(off, film[:1]))
				expect("a piece at another place", got, err, media.ErrOffset)
			},
			"more than was said": func(*rapid.T) {
				if at == size {
					return
				}
				more := append(bytes.Clone(film[at:]), 'x')
				got, err := b.Write(as(alice), f.ID, whole(at, more))
				expect("more than was said", got, err, media.ErrTooLarge)
				got, err = b.Write(as(alice), f.ID, media.Piece{Offset: at, Length: -1, Body: bytes.NewReader(more)})
				expect("more than was said, quietly", got, err, media.ErrTooLarge)
			},
			"a restart": func(*rapid.T) { b.start(t) },
			"": func(rt *rapid.T) {
				got, err := b.Mine(as(alice), f.ID)
				expect("asking", got, err, nil)
				if (got.Status == media.Ready) != (at == size) {
					rt.Fatalf("%s at %d of %d", got.Status, at, size)
				}
			},
		})
	})
}
