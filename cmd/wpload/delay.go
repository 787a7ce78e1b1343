package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"
)

// delayCmd is a network in a box: a TCP proxy that delays each direction.
type delayCmd struct {
	Listen string        `help:"Loopback address to listen on." default:"127.0.0.1:0"`
	To     string        `help:"Loopback address to pass on to." required:""`
	Up     time.Duration `help:"Base one-way delay towards the server." default:"40ms"`
	Down   time.Duration `help:"Base one-way delay from the server." default:"40ms"`
	Jitter time.Duration `help:"Extra delay of each chunk, uniform from zero." default:"0s"`
	Tail   float64       `help:"Share of chunks whose jitter is tripled." default:"0"`
	Seed   uint64        `help:"Seed of the jitter; the same seed draws the same delays." default:"1"`
	For    time.Duration `help:"Ends by itself after this time." default:"10m"`
}

// Run listens, prints the address, and proxies until its time is over.
func (c *delayCmd) Run() error {
	for _, a := range []string{c.Listen, c.To} {
		if err := loopbackOnly(a); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.For)
	defer cancel()
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return c.serve(ctx, l)
}

func (c *delayCmd) serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	for n := uint64(0); ; n++ {
		in, err := l.Accept()
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		wg.Go(func() { c.join(ctx, in, n) })
	}
}

// join passes one connection on, both ways.
func (c *delayCmd) join(ctx context.Context, in net.Conn, n uint64) {
	out, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.To)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		_ = in.Close()
		return
	}
	closeBoth := sync.OnceFunc(func() { _, _ = in.Close(), out.Close() })
	defer closeBoth()
	stop := context.AfterFunc(ctx, closeBoth)
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() { c.line(out, in, c.Up, rand.New(rand.NewPCG(c.Seed, 2*n))); closeBoth() })
	wg.Go(func() { c.line(in, out, c.Down, rand.New(rand.NewPCG(c.Seed, 2*n+1))); closeBoth() })
	wg.Wait()
}

// chunk is what one read gave, and when it is due at the other end.
type chunk struct {
	data []byte
	due  time.Time
}

// line copies src to dst, each chunk late by the base delay and its jitter. A
// late chunk holds up those behind it, as TCP does.
func (c *delayCmd) line(dst io.Writer, src io.Reader, base time.Duration, rng *rand.Rand) {
	queue := make(chan chunk, 4096)
	go func() {
		defer close(queue)
		for {
			buf := make([]byte, 16<<10)
			n, err := src.Read(buf)
			if n > 0 {
				queue <- chunk{buf[:n], time.Now().Add(base + c.jitter(rng))}
			}
			if err != nil {
				return
			}
		}
	}()
	for k := range queue {
		if wait := time.Until(k.due); wait > 0 {
			time.Sleep(wait)
		}
		if _, err := dst.Write(k.data); err != nil {
			break
		}
	}
	for range queue { // let the reader end; its source is closed with the connection
	}
}

func (c *delayCmd) jitter(rng *rand.Rand) time.Duration {
	if c.Jitter <= 0 {
		return 0
	}
	d := time.Duration(rng.Int64N(int64(c.Jitter)))
	if rng.Float64() < c.Tail {
		d *= 3
	}
	return d
}

// loopbackOnly refuses every address that is not on this machine.
func loopbackOnly(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%s is not on this machine; this tool talks to loopback only", address)
	}
	return nil
}
