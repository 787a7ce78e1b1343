package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

type adminCreateCmd struct {
	Email    string `arg:"" help:"E-mail address."`
	Name     string `help:"Name to show." default:"Administrator"`
	Password string `help:"Password; left out it is read from standard input, so that no process list shows it." env:"-"`
}

// Run makes the account.
func (c adminCreateCmd) Run(s *stage) (err error) {
	password := c.Password
	if password == "" {
		if password, err = readLine(os.Stdin); err != nil {
			return err
		}
	}
	n, err := build(s.ctx, s.cfg, s.log, s.cfg.PublicURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	u, err := n.account.CreateAdmin(s.ctx, c.Email, password, c.Name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s runs this site now.\n", u.Email)
	return err
}

func readLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 1024)).ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("a password is needed: --password, or a line on standard input")
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return line, err
}
