package main

import (
	"errors"
	"fmt"

	"watchparty/store"
)

type backupCmd struct {
	To string `arg:"" help:"New file of the copy." type:"path"`
}

// Run copies the database. The films are files: copy data/media beside it.
func (c backupCmd) Run(s *stage) (err error) {
	db, err := store.Open(s.ctx, store.Options{DSN: s.cfg.Database(), Log: s.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Backup(s.ctx, c.To); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "The database is in %s. Keep a copy of %s/media as well.\n", c.To, s.cfg.Data)
	return err
}
