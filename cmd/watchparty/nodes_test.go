package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"watchparty/internal/testenv"
)

// compile puts the server and the load driver into folder, once for all tests.
var (
	folder  string
	compile = sync.OnceValue(func() error {
		cmd := exec.Command("go", "build", "-o", folder, "./cmd/watchparty", "./cmd/wpload")
		cmd.Dir = filepath.Join("..", "..")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
)

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "watchparty-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// binaries gives the server and the load driver.
func binaries(t *testing.T) (server, load string) {
	t.Helper()
	if err := compile(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, "watchparty"), filepath.Join(folder, "wpload")
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// start runs a server process and gives its address once it is ready.
func start(t *testing.T, server string, args ...string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(server, append([]string{"serve", "--log-level", "error", "--no-rate-limits"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url := address.FindString(lines.Text()); url != "" {
			return cmd, url
		}
	}
	t.Fatal("the server ended before it was ready")
	return nil, ""
}

// found is what wpload prints.
type found struct {
	Acked, Unacked, Delivered, Lost, Doubled, Reordered, Gaps, Cuts int
	MaxMS                                                           float64 `json:"max_ms"`
}

// drive starts a load and gives a function that waits for its result.
func drive(t *testing.T, load string, args ...string) func() found {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), load, append([]string{"chat", "--json"}, args...)...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() found {
		t.Helper()
		err := cmd.Wait()
		t.Log(out.String())
		var f found
		if jerr := json.Unmarshal([]byte(out.String()), &f); jerr != nil || err != nil {
			t.Fatalf("%v: %s%s", err, out.String(), errs.String())
		}
		return f
	}
}

// kept fails the test when a promise of the room was broken.
func (f found) kept(t *testing.T) {
	t.Helper()
	if f.Acked == 0 || f.Unacked+f.Lost+f.Doubled+f.Reordered+f.Gaps > 0 {
		t.Errorf("found %+v", f)
	}
}

// A server that is killed and started again loses nothing that it acknowledged.
func TestKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	server, load := binaries(t)
	data := t.TempDir()
	cmd, url := start(t, server, "--listen", "127.0.0.1:0", "--data", data)
	result := drive(t, load, "--members", "5", "--writers", "3", "--rate", "4", "--for", "8s", "--settle", "30s", url)
	time.Sleep(3 * time.Second) // under load
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	start(t, server, "--listen", strings.TrimPrefix(url, "http://"), "--data", data)
	f := result()
	f.kept(t)
	if f.Cuts < 5 {
		t.Errorf("only %d connections were cut", f.Cuts)
	}
}

// Two nodes serve one party; the owner is killed; the other takes over.
func TestTheOwnerIsKilled(t *testing.T) {
	t.Parallel()
	server, load := binaries(t)
	dsn, redis := testenv.Postgres(t), testenv.StartRedis(t)
	args := []string{
		"--listen", "127.0.0.1:0", "--database-url", dsn, "--redis-url", redis.URL,
		"--secret", "the same words on every node, 40 letters",
	}
	// The party is made and joined first on the first node, which so owns it.
	owner, first := start(t, server, append(args, "--data", t.TempDir())...)
	_, second := start(t, server, append(args, "--data", t.TempDir())...)
	result := drive(t, load, "--members", "6", "--writers", "4", "--rate", "3", "--for", "12s", "--settle", "30s", first, second)
	time.Sleep(5 * time.Second) // under load
	_ = owner.Process.Kill()
	_ = owner.Wait()
	f := result()
	f.kept(t)
	// A line that waits through the change is acknowledged within five seconds,
	// and a moment for those that the writer's own node was killed under.
	if f.MaxMS > 8000 {
		t.Errorf("control was away for %.1f s", f.MaxMS/1000)
	}
}
