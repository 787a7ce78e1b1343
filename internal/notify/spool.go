package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wneessen/go-mail"

	"watchparty/internal/id"
)

// Spool keeps mail as files in a folder instead of sending it: for a server on
// one machine, whose owner reads the links there.
type Spool struct{ dir string }

// NewSpool makes the folder, readable for the server's account only.
func NewSpool(dir string) (*Spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mail spool: %w", err)
	}
	return &Spool{dir}, nil
}

// Send writes one .eml file. It appears under its name when it is whole. Names
// sort by time.
func (s *Spool) Send(_ context.Context, m *mail.Msg) (err error) {
	f, err := os.CreateTemp(s.dir, ".mail-*")
	if err != nil {
		return fmt.Errorf("mail spool: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("mail spool: %w", errors.Join(err, os.Remove(f.Name())))
		}
	}()
	if _, err := m.WriteTo(f); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(s.dir, string(id.New[id.Fact]())+".eml"))
}
