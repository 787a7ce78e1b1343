package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

type serveCmd struct{}

// Limits of the listener: what a stranger may hold without saying who he is.
const (
	headerWithin = 5 * time.Second
	idleWithin   = 2 * time.Minute
	headerBytes  = 16 << 10
	outboxEvery  = 500 * time.Millisecond
)

// Run listens, prints the address once it is open, and serves until a signal
// comes; then it drains. A second signal ends it at once.
func (serveCmd) Run(s *stage) (err error) {
	l, err := (&net.ListenConfig{}).Listen(s.ctx, "tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	public := s.cfg.PublicURL
	if public == "" {
		public = "http://" + l.Addr().String()
	}
	n, err := build(s.ctx, s.cfg, s.log, public)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer func() { err = errors.Join(err, n.close()) }()
	private, err := s.privateListener()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if _, err := fmt.Fprintf(s.out, "Watchparty is ready: %s\n", public); err != nil {
		return errors.Join(err, l.Close())
	}
	return n.serve(s.ctx, l, private)
}

func (s *stage) privateListener() (net.Listener, error) {
	if s.cfg.MetricsListen == "" {
		return nil, nil
	}
	l, err := (&net.ListenConfig{}).Listen(s.ctx, "tcp", s.cfg.MetricsListen)
	if err != nil {
		return nil, fmt.Errorf("metrics-listen: %w", err)
	}
	return l, nil
}

// serve runs everything that goes on until ctx ends, and then ends it in good
// order: the hub first, because its clients must hear where to go.
func (n *node) serve(ctx context.Context, l, private net.Listener) error {
	server := &http.Server{Handler: n.handler, ReadHeaderTimeout: headerWithin, IdleTimeout: idleWithin, MaxHeaderBytes: headerBytes}
	side := &http.Server{Handler: n.metrics.Handler(), ReadHeaderTimeout: headerWithin}
	// What runs in the background ends after the last client, not before.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var g errgroup.Group
	g.Go(func() error { return served(server.Serve(l)) })
	if private != nil {
		g.Go(func() error { return served(side.Serve(private)) })
	}
	g.Go(func() error { n.store.RunOutbox(work, outboxEvery); return nil })
	g.Go(func() error { n.runner.Run(work); return nil })
	failed := make(chan error, 1)
	go func() { failed <- g.Wait() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	n.log.Info("going down", "within", n.cfg.Drain)
	end, cancel := context.WithTimeout(work, n.cfg.Drain)
	defer cancel()
	end, force := signal.NotifyContext(end, syscall.SIGTERM, syscall.SIGINT)
	defer force()
	err := n.hub.Drain(end)
	err = errors.Join(err, server.Shutdown(end), side.Shutdown(end))
	stop()
	return errors.Join(err, <-failed)
}

// served drops the one error that is no failure.
func served(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
