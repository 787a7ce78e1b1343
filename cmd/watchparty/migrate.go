package main

import (
	"errors"
	"fmt"

	"watchparty/store"
)

type migrateCmd struct {
	Back bool `help:"Take the newest step back."`
}

// Run migrates without serving.
func (c migrateCmd) Run(s *stage) (err error) {
	db, err := store.Open(s.ctx, store.Options{DSN: s.cfg.Database(), Log: s.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if c.Back {
		err = db.Rollback(s.ctx)
	} else {
		_, err = db.Migrate(s.ctx)
	}
	if err != nil {
		return err
	}
	have, want, err := db.Versions(s.ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "The database is at step %d of %d.\n", have, want)
	return err
}
