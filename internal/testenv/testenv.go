// Package testenv gives tests the real servers that `make test` starts: a
// database of their own on Postgres, a corner of their own on Redis, or a whole
// Redis that a test may kill.
package testenv

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that makes databases

	"watchparty/internal/id"
)

// The addresses that `make test` gives.
const (
	PostgresEnv = "WATCHPARTY_TEST_POSTGRES" // address of a superuser
	RedisEnv    = "WATCHPARTY_TEST_REDIS"
	RequireEnv  = "WATCHPARTY_TEST_REQUIRE" // 1: a missing server fails the test
)

// missing skips the test, or fails it where everything is said to be there.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(RequireEnv) == "1" {
		t.Fatal(what + " is missing")
	}
	t.Skip(what + " is missing; `make test` sets it up")
}

// Require skips or fails the test when a program is not installed, and gives
// its path.
func Require(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		missing(t, program)
	}
	return path
}

// Postgres makes an empty database and gives its address. It is dropped when
// the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	admin := os.Getenv(PostgresEnv)
	if admin == "" {
		missing(t, PostgresEnv)
	}
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", admin)
	if err != nil {
		t.Fatal(err)
	}
	name := "t" + strings.ReplaceAll(string(id.New[id.Job]()), "-", "")
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		_, err := db.ExecContext(context.WithoutCancel(t.Context()), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		if err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	u.Path = "/" + name
	return u.String()
}

var corner atomic.Int64

// Redis gives the address of the shared Redis and a prefix that no other test
// uses, for keys and channels.
func Redis(t testing.TB) (address, prefix string) {
	t.Helper()
	address = os.Getenv(RedisEnv)
	if address == "" {
		missing(t, RedisEnv)
	}
	return address, fmt.Sprintf("t%d-%d-%d:", os.Getpid(), time.Now().UnixNano(), corner.Add(1))
}

// RedisServer is a Redis process of one test.
type RedisServer struct {
	URL  string
	t    testing.TB
	port string
	dir  string
	cmd  *exec.Cmd
}

// StartRedis starts a Redis on a free port. It ends with the test.
func StartRedis(t testing.TB) *RedisServer {
	t.Helper()
	Require(t, "redis-server")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	s := &RedisServer{URL: "redis://127.0.0.1:" + port, t: t, port: port, dir: t.TempDir()}
	s.Start()
	t.Cleanup(s.Kill)
	return s
}

// Start runs it, the first time or again, and waits until it answers.
func (s *RedisServer) Start() {
	s.t.Helper()
	s.cmd = exec.Command("redis-server", "--port", s.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", s.dir)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; {
		c, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(end) {
			s.t.Fatal("redis-server does not answer: ", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Kill ends it at once. What it held is gone.
func (s *RedisServer) Kill() {
	if s.cmd == nil || s.cmd.ProcessState != nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// Process is the running process, for tests that stop and continue it.
func (s *RedisServer) Process() *os.Process { return s.cmd.Process }
