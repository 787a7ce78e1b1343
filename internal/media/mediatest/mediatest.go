// Package mediatest has what tests of films need: rows in memory and the
// smallest film.
package mediatest

import (
	"bytes"
	"context"
	"encoding/binary"
	"sync"
	"time"

	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/media"
)

// Shelf keeps the rows of films in memory.
type Shelf struct {
	mu    sync.Mutex
	films map[id.Media]media.Film
}

// NewShelf makes an empty one.
func NewShelf() *Shelf { return &Shelf{films: map[id.Media]media.Film{}} }

// AddMedia adds a film if its owner has room.
func (s *Shelf) AddMedia(_ context.Context, f media.Film, q media.Quota) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var u media.Usage
	for _, x := range s.films {
		if x.Owner == f.Owner && x.Status != media.Refused {
			u.Bytes, u.Films = u.Bytes+x.Size, u.Films+1
			if x.Status == media.Uploading {
				u.Open++
			}
		}
	}
	if err := q.Fits(u, f.Size); err != nil {
		return err
	}
	s.films[f.ID] = f
	return nil
}

// Media finds a film.
func (s *Shelf) Media(_ context.Context, m id.Media) (media.Film, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.films[m]
	if !ok {
		return media.Film{}, fault.ErrNotFound
	}
	f.Offset = 0
	return f, nil
}

// SettleMedia ends an upload.
func (s *Shelf) SettleMedia(_ context.Context, f media.Film) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.films[f.ID].Status != media.Uploading {
		return fault.ErrNotFound
	}
	s.films[f.ID] = f
	return nil
}

// TouchMedia notes that an upload grows.
func (s *Shelf) TouchMedia(_ context.Context, m id.Media, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.films[m]
	f.TouchedAt = at
	s.films[m] = f
	return nil
}

// DropMedia forgets a film.
func (s *Shelf) DropMedia(_ context.Context, m id.Media) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.films, m)
	return nil
}

// IdleMedia lists what is given up.
func (s *Shelf) IdleMedia(_ context.Context, before time.Time, _ int) (out []media.Film, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.films {
		if f.Status != media.Ready && f.TouchedAt.Before(before) {
			out = append(out, f)
		}
	}
	return out, nil
}

// Box makes a box.
func Box(name string, body ...[]byte) []byte {
	all := bytes.Join(body, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(all))), name...), all...)
}

// MP4 is the smallest film that has everything we read, with n bytes of
// picture: 10 s, 320x180.
func MP4(n int) []byte {
	mvhd := make([]byte, 100)
	binary.BigEndian.PutUint32(mvhd[12:], 1000)
	binary.BigEndian.PutUint32(mvhd[16:], 10_000)
	tkhd := make([]byte, 84)
	binary.BigEndian.PutUint32(tkhd[76:], 320<<16)
	binary.BigEndian.PutUint32(tkhd[80:], 180<<16)
	hdlr := append(make([]byte, 8), "vide\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	return bytes.Join([][]byte{
		Box("ftyp", []byte("isom\x00\x00\x02\x00isomiso2avc1mp41")),
		Box("moov", Box("mvhd", mvhd), Box("trak", Box("tkhd", tkhd), Box("mdia", Box("hdlr", hdlr)))),
		Box("mdat", bytes.Repeat([]byte("frame"), n/5)),
	}, nil)
}
