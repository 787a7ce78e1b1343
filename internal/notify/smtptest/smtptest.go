// Package smtptest is a mail server for tests: it speaks SMTP on a loopback
// port and keeps what it gets.
package smtptest

import (
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
)

// Mail is one mail that arrived.
type Mail struct {
	From string
	To   []string
	Data string
}

// Server takes mail.
type Server struct {
	Addr string

	mu     sync.Mutex
	mails  []Mail
	refuse map[string]string
	auth   []string
}

// New starts a server that stops with the test.
func New(t testing.TB) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: l.Addr().String(), refuse: map[string]string{}}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return s
}

// Refuse answers mail to an address with a reply such as "550 nobody here".
func (s *Server) Refuse(address, reply string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse[address] = reply
}

// Mails lists what arrived.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Auth lists the AUTH lines that came.
func (s *Server) Auth() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.auth...)
}

func (s *Server) serve(conn net.Conn) {
	c := textproto.NewConn(conn)
	defer func() { _ = c.Close() }()
	say := func(line string) { _ = c.PrintfLine("%s", line) }
	say("220 mail.test ESMTP")
	var m Mail
	for {
		line, err := c.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			say("250-mail.test")
			say("250-AUTH PLAIN")
			say("250 8BITMIME")
		case "HELO", "NOOP", "RSET":
			m = Mail{}
			say("250 ok")
		case "AUTH":
			s.mu.Lock()
			s.auth = append(s.auth, rest)
			s.mu.Unlock()
			say("235 welcome")
		case "MAIL":
			m = Mail{From: address(rest)}
			say("250 ok")
		case "RCPT":
			to := address(rest)
			s.mu.Lock()
			reply := s.refuse[to]
			s.mu.Unlock()
			if reply != "" {
				say(reply)
				continue
			}
			m.To = append(m.To, to)
			say("250 ok")
		case "DATA":
			say("354 go on")
			data, err := c.ReadDotBytes()
			if err != nil {
				return
			}
			m.Data = string(data)
			s.mu.Lock()
			s.mails = append(s.mails, m)
			s.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("502 what?")
		}
	}
}

// address cuts the address out of FROM:<a@b> SIZE=1.
func address(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}
