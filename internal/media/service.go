package media

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"watchparty/internal/account"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Store keeps the rows of films.
type Store interface {
	// AddMedia adds a film if the owner's quota has room, also against others at
	// the same moment.
	AddMedia(ctx context.Context, f Film, q Quota) error
	Media(ctx context.Context, m id.Media) (Film, error)
	// SettleMedia writes how an upload ended; only the first end counts.
	SettleMedia(ctx context.Context, f Film) error
	TouchMedia(ctx context.Context, m id.Media, at time.Time) error
	DropMedia(ctx context.Context, m id.Media) error
	// IdleMedia lists what is not ready and was not touched since before.
	IdleMedia(ctx context.Context, before time.Time, limit int) ([]Film, error)
}

// Service is what can be done with films.
type Service struct {
	store  Store
	folder *Folder
	quota  Quota
	now    clock.Now
	prober Prober

	mu      sync.Mutex
	writing map[id.Media]bool
}

// NewService joins rows, folder and the way to the web.
func NewService(store Store, folder *Folder, quota Quota, now clock.Now, prober Prober) *Service {
	return &Service{store: store, folder: folder, quota: quota, now: now, prober: prober, writing: map[id.Media]bool{}}
}

// Quota is what one person may keep.
func (s *Service) Quota() Quota { return s.quota }

// Create begins an upload of size bytes for the caller.
func (s *Service) Create(ctx context.Context, filename string, size int64) (Film, error) {
	who, err := account.From(ctx)
	if err != nil {
		return Film{}, err
	}
	switch {
	case size <= 0:
		return Film{}, fault.ErrInvalid.At("size", "Say how many bytes the film has.")
	case size > s.quota.Film:
		return Film{}, ErrTooLarge.At("size", fmt.Sprintf("At most %d bytes.", s.quota.Film))
	}
	now := clock.Millis(s.now())
	f := Film{
		ID: id.New[id.Media](), Owner: who.User, Token: id.Token(), Name: address(filename, MP4), Title: Title(filename),
		Size: size, Status: Uploading, CreatedAt: now, TouchedAt: now,
	}
	return f, s.store.AddMedia(ctx, f, s.quota)
}

// Mine is a film of the caller, with how much of it has arrived.
func (s *Service) Mine(ctx context.Context, m id.Media) (Film, error) {
	who, err := account.From(ctx)
	if err != nil {
		return Film{}, err
	}
	return s.whole(ctx, who.User, m)
}

// whole finds a film, and finishes it where that is all it needs.
func (s *Service) whole(ctx context.Context, owner id.User, m id.Media) (Film, error) {
	f, err := s.owned(ctx, owner, m)
	if err != nil || f.Status != Uploading || f.Offset < f.Size {
		return f, err
	}
	// All arrived, but the server ended before it said so.
	if !s.lock(m) {
		return f, nil
	}
	defer s.unlock(m)
	return s.finish(ctx, f)
}

func (s *Service) owned(ctx context.Context, owner id.User, m id.Media) (Film, error) {
	f, err := s.store.Media(ctx, m)
	if err != nil {
		return Film{}, err
	}
	if f.Owner != owner {
		return Film{}, fault.ErrNotFound
	}
	switch f.Status {
	case Ready:
		f.Offset = f.Size
	case Uploading:
		f.Offset, err = s.folder.size(m)
	}
	return f, err
}

// Remove deletes a film of the caller, whatever has arrived of it.
func (s *Service) Remove(ctx context.Context, m id.Media) error {
	who, err := account.From(ctx)
	if err != nil {
		return err
	}
	if _, err := s.owned(ctx, who.User, m); err != nil {
		return err
	}
	if !s.lock(m) {
		return ErrBusy
	}
	defer s.unlock(m)
	return s.drop(ctx, m)
}

// drop forgets the row first: a file without a row is found by nobody.
func (s *Service) drop(ctx context.Context, m id.Media) error {
	if err := s.store.DropMedia(ctx, m); err != nil {
		return err
	}
	return s.folder.remove(m)
}

// Open gives the bytes of a ready film to whoever has its address. A wrong
// token is answered like a film that is not there.
func (s *Service) Open(ctx context.Context, m id.Media, token string) (Film, *os.File, error) {
	f, err := s.store.Media(ctx, m)
	if err != nil {
		return Film{}, nil, err
	}
	if subtle.ConstantTimeCompare([]byte(token), []byte(f.Token)) != 1 || f.Status != Ready {
		return Film{}, nil, fault.ErrNotFound
	}
	file, err := s.folder.read(m)
	if errors.Is(err, fs.ErrNotExist) {
		return Film{}, nil, fault.ErrNotFound.Because(err)
	}
	return f, file, err
}

// Ready finds a whole film of owner's, for a queue. Others' are not found.
func (s *Service) Ready(ctx context.Context, owner id.User, m id.Media) (Film, error) {
	f, err := s.whole(ctx, owner, m)
	switch {
	case err != nil:
		return Film{}, err
	case f.Status == Refused:
		return Film{}, ErrNotFilm
	case f.Status != Ready:
		return Film{}, ErrNotReady
	}
	return f, nil
}

// Probe says what a link leads to.
func (s *Service) Probe(ctx context.Context, link string) (Found, error) {
	return s.prober.Probe(ctx, link)
}

// sweep is how many uploads Expire looks at in one go.
const sweep = 200

// Expire removes the uploads that were given up, and says how many.
func (s *Service) Expire(ctx context.Context) (int, error) {
	idle, err := s.store.IdleMedia(ctx, s.now().Add(-Patience), sweep)
	if err != nil {
		return 0, err
	}
	gone := 0
	for _, f := range idle {
		if !s.lock(f.ID) {
			continue
		}
		err = errors.Join(err, s.drop(ctx, f.ID))
		s.unlock(f.ID)
		gone++
	}
	return gone, err
}

// lock takes the one right to write an upload.
func (s *Service) lock(m id.Media) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writing[m] {
		return false
	}
	s.writing[m] = true
	return true
}

func (s *Service) unlock(m id.Media) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.writing, m)
}
