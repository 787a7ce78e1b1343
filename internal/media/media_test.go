package media_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/id"
	"watchparty/internal/media"
	"watchparty/internal/media/mediatest"
	"watchparty/internal/testenv"
)

// bench is a service over a folder of its own.
type bench struct {
	*media.Service
	shelf *mediatest.Shelf
	dir   string
	now   time.Time
	quota media.Quota
}

func newBench(t testing.TB, dir string) *bench {
	t.Helper()
	b := &bench{shelf: mediatest.NewShelf(), dir: dir, now: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)}
	b.quota = media.Quota{Film: 1 << 20, Bytes: 2 << 20, Films: 4, Open: 3}
	b.start(t)
	return b
}

// start makes the service anew over the same rows and files, as a restart does.
func (b *bench) start(t testing.TB) {
	t.Helper()
	folder, err := media.OpenFolder(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	b.Service = media.NewService(b.shelf, folder, b.quota, func() time.Time { return b.now }, media.Prober{})
}

func (b *bench) files(t testing.TB) int {
	t.Helper()
	all, err := os.ReadDir(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func as(user id.User) context.Context {
	return account.With(context.Background(), account.Identity{User: user, Site: access.User})
}

// whole is a piece that says its length.
func whole(at int64, b []byte) media.Piece {
	return media.Piece{Offset: at, Length: int64(len(b)), Body: bytes.NewReader(b)}
}

// sample is a film of a size that tests can copy a thousand times.
var sample = sync.OnceValue(func() []byte { return mediatest.MP4(4000) })

// makeFilm runs ffmpeg for a second of test picture in another container.
func makeFilm(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	ffmpeg := testenv.Require(t, "ffmpeg")
	file := filepath.Join(t.TempDir(), name)
	all := append([]string{"-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=192x108:rate=10:duration=2"}, args...)
	cmd := exec.Command(ffmpeg, append(all, file)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
