package media_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"watchparty/internal/fault"
	"watchparty/internal/media"
	"watchparty/internal/media/mediatest"
	"watchparty/internal/testenv"
)

// fullDisk says in which folder the test runs that fills a disk, in a child
// that may mount one.
const fullDisk = "WATCHPARTY_TEST_FULL_DISK"

func TestAFullDiskIsSaidAndOvercome(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(fullDisk); dir != "" {
		fillDisk(t, dir)
		return
	}
	unshare := testenv.Require(t, "unshare")
	dir := t.TempDir()
	script := `mount -t tmpfs -o size=64k none "$1" || exit 77; exec "$2" -test.run "^TestAFullDiskIsSaidAndOvercome$" -test.v`
	cmd := exec.Command(unshare, "--mount", "--map-root-user", "sh", "-c", script, "sh", dir, os.Args[0])
	cmd.Env = append(os.Environ(), fullDisk+"="+dir)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && (exit.ExitCode() == 77 || strings.Contains(string(out), "unshare")) {
		t.Skipf("a small disk cannot be mounted here: %s", out)
	}
	if err != nil || !strings.Contains(string(out), "PASS") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func fillDisk(t *testing.T, dir string) {
	b := newBench(t, dir)
	film := mediatest.MP4(100_000)
	f, err := b.Create(as(alice), "a.mp4", int64(len(film)))
	if err != nil {
		t.Fatal(err)
	}
	f, err = b.Write(as(alice), f.ID, whole(0, film))
	if !errors.Is(err, media.ErrNoSpace) || fault.Of(err).RetryAfter == 0 {
		t.Fatalf("writing beyond the disk: %v", err)
	}
	if f.Offset == 0 || f.Offset > 64<<10 {
		t.Fatalf("the offset is %d", f.Offset)
	}
	kept, err := b.Mine(as(alice), f.ID)
	if err != nil || kept.Offset != f.Offset || kept.Status != media.Uploading {
		t.Fatalf("afterwards: %+v, %v", kept, err)
	}
	small := sample()
	other, err := b.Create(as(alice), "b.mp4", int64(len(small)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Write(as(alice), other.ID, whole(0, small)); !errors.Is(err, media.ErrNoSpace) {
		t.Fatalf("a small film on the full disk: %v", err)
	}
	if err := b.Remove(as(alice), f.ID); err != nil {
		t.Fatal(err)
	}
	at, err := b.Mine(as(alice), other.ID)
	if err != nil {
		t.Fatal(err)
	}
	if at, err = b.Write(as(alice), other.ID, whole(at.Offset, small[at.Offset:])); err != nil || at.Status != media.Ready {
		t.Fatalf("once there is room: %+v, %v", at, err)
	}
}
