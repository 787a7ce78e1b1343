package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"

	"watchparty/internal/notify"
	"watchparty/store"
	"watchparty/web"
)

type doctorCmd struct{}

// errSick is the exit of a doctor who found something.
var errSick = errors.New("something is wrong, see above")

// checkWithin bounds each look.
const checkWithin = 5 * time.Second

// Run looks at each part and says in words what is wrong with it. It changes
// nothing but an empty file in the data folder, which it removes.
func (doctorCmd) Run(s *stage) error {
	checks := []struct {
		name string
		look func(context.Context, *stage) (string, error)
	}{
		{"data folder", lookAtFolder}, {"database", lookAtDatabase}, {"redis", lookAtRedis}, {"mail", lookAtMail},
		{"listener", lookAtListener}, {"media port", lookAtRTC}, {"public address", lookAtPublic}, {"client", lookAtClient}, {"clock", lookAtClock},
	}
	sick := false
	for _, c := range checks {
		ctx, cancel := context.WithTimeout(s.ctx, checkWithin)
		words, err := c.look(ctx, s)
		cancel()
		mark := "ok   "
		if err != nil {
			mark, words, sick = "WRONG", err.Error(), true
		}
		if _, err := fmt.Fprintf(s.out, "%s  %-15s %s\n", mark, c.name, words); err != nil {
			return err
		}
	}
	if sick {
		return errSick
	}
	return nil
}

func lookAtFolder(_ context.Context, s *stage) (string, error) {
	if err := os.MkdirAll(s.cfg.Data, 0o700); err != nil {
		return "", fmt.Errorf("%s cannot be made: %w", s.cfg.Data, err)
	}
	f, err := os.CreateTemp(s.cfg.Data, ".doctor-*")
	if err != nil {
		return "", fmt.Errorf("nothing can be written into %s: %w", s.cfg.Data, err)
	}
	return s.cfg.Data + " can be written", errors.Join(f.Close(), os.Remove(f.Name()))
}

func lookAtDatabase(ctx context.Context, s *stage) (words string, err error) {
	file := s.cfg.Database()
	if _, statErr := os.Stat(file); s.cfg.DatabaseURL == "" && errors.Is(statErr, os.ErrNotExist) {
		return "SQLite, not made yet: the first start does it", nil
	}
	db, err := store.Open(ctx, store.Options{DSN: file})
	if err != nil {
		return "", fmt.Errorf("it does not answer: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	engine, err := db.Engine(ctx)
	if err != nil {
		return "", err
	}
	have, want, err := db.Versions(ctx)
	switch {
	case err != nil:
		return "", err
	case have > want:
		return "", fmt.Errorf("%s: its schema %d is newer than this program's %d: update the program", engine, have, want)
	case have < want:
		return fmt.Sprintf("%s, schema %d of %d: the next start migrates", engine, have, want), nil
	}
	return fmt.Sprintf("%s, schema %d", engine, have), nil
}

func lookAtRedis(ctx context.Context, s *stage) (words string, err error) {
	if s.cfg.RedisURL == "" {
		return "not used: this is a single node", nil
	}
	o, err := redis.ParseURL(s.cfg.RedisURL.Reveal())
	if err != nil {
		return "", errors.New("redis-url is not an address of Redis")
	}
	c := redis.NewClient(o)
	defer func() { err = errors.Join(err, c.Close()) }()
	began := time.Now()
	if err := c.Ping(ctx).Err(); err != nil {
		return "", fmt.Errorf("it does not answer: %w", err)
	}
	return fmt.Sprintf("answers in %v", time.Since(began).Round(10*time.Microsecond)), nil
}

func lookAtMail(ctx context.Context, s *stage) (string, error) {
	if s.cfg.SMTPURL == "" {
		return "letters go to " + filepath.Join(s.cfg.Data, "mail"), nil
	}
	m, err := notify.NewSMTP(s.cfg.SMTPURL.Reveal())
	if err != nil {
		return "", err
	}
	return "the mail server takes us", m.Check(ctx)
}

func lookAtListener(ctx context.Context, s *stage) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.cfg.Listen)
	if err != nil {
		return "", fmt.Errorf("%s cannot be opened; is the server running already? %w", s.cfg.Listen, err)
	}
	return l.Addr().String() + " is free", l.Close()
}

func lookAtRTC(ctx context.Context, s *stage) (string, error) {
	host, _, err := net.SplitHostPort(s.cfg.Listen)
	if err != nil {
		return "", err
	}
	address := fmt.Sprintf("%s:%d", host, s.cfg.RTCPort)
	udp, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", address)
	if err != nil {
		return "", fmt.Errorf("UDP %s cannot be opened: %w", address, err)
	}
	return "UDP " + udp.LocalAddr().String() + " is free", udp.Close()
}

func lookAtPublic(_ context.Context, s *stage) (string, error) {
	if s.cfg.PublicURL == "" {
		return "not set: links lead to the listener, which only this machine reaches", nil
	}
	return s.cfg.PublicURL, nil
}

func lookAtClient(context.Context, *stage) (string, error) {
	if !web.Built() {
		return "", errors.New("this binary was built without the browser client: run make build")
	}
	return "built in", nil
}

// lookAtClock compares with the Date of our own public address, where there is
// one: a proxy in front has a clock of its own.
func lookAtClock(ctx context.Context, s *stage) (string, error) {
	now := time.Now()
	if now.Year() < 2026 {
		return "", fmt.Errorf("it says %s: sign-ins and schedules will fail", now.Format(time.DateOnly))
	}
	if s.cfg.PublicURL == "" {
		return now.UTC().Format(time.RFC3339), nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, s.cfg.PublicURL+"/healthz", nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return now.UTC().Format(time.RFC3339) + ", nothing to compare with: the public address does not answer yet", nil
	}
	_ = res.Body.Close()
	theirs, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		return now.UTC().Format(time.RFC3339), nil
	}
	if off := theirs.Sub(time.Now()).Seconds(); math.Abs(off) > 5 {
		return "", fmt.Errorf("it is %.0f s away from the proxy's", off)
	}
	return now.UTC().Format(time.RFC3339) + ", as the proxy's", nil
}
