package media

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"watchparty/internal/account"
	"watchparty/internal/clock"
	"watchparty/internal/id"
)

const (
	retryNoSpace = 30 * time.Second
	retryBusy    = 2 * time.Second
	// touchAfter spares the database a write for each piece.
	touchAfter = 10 * time.Minute
	copyBuffer = 256 << 10
)

// Piece is a part of an upload on its way in.
type Piece struct {
	Offset int64 // where it begins
	Length int64 // how long it says it is; -1 is not said
	Body   io.Reader
}

// check says whether a piece may be added to a film that has got so far.
func (f Film) check(p Piece) error {
	switch {
	case f.Status == Refused:
		return ErrOver
	case p.Offset != f.Offset:
		return ErrOffset
	case p.Length > f.Size-f.Offset:
		return ErrTooLarge.Saying("That is more than the film was said to have.")
	}
	return nil
}

// Write adds a piece to an upload of the caller, straight to the disk. What
// has arrived of a piece that breaks off is kept. The film comes back with its
// true offset also beside an error.
func (s *Service) Write(ctx context.Context, m id.Media, p Piece) (Film, error) {
	who, err := account.From(ctx)
	if err != nil {
		return Film{}, err
	}
	// Somebody else's upload is not there: it must not answer that it is busy.
	if _, err := s.owned(ctx, who.User, m); err != nil {
		return Film{}, err
	}
	if !s.lock(m) {
		return Film{}, ErrBusy.After(retryBusy)
	}
	defer s.unlock(m)
	f, err := s.owned(ctx, who.User, m)
	if err != nil {
		return Film{}, err
	}
	if f.Status == Ready && p.Offset == f.Size && p.Length <= 0 {
		return f, nil
	}
	if err := f.check(p); err != nil {
		return f, err
	}
	if now := clock.Millis(s.now()); now.Sub(f.TouchedAt) >= touchAfter {
		if err := s.store.TouchMedia(ctx, m, now); err != nil {
			return f, err
		}
		f.TouchedAt = now
	}
	err = s.append(&f, p)
	switch {
	case errors.Is(err, ErrNotFilm):
		return s.refuse(ctx, f, ErrNotFilm)
	case err != nil:
		return f, err
	case f.Offset == f.Size:
		return s.finish(ctx, f)
	}
	return f, nil
}

// append copies a piece to the end of the file and moves the film's offset to
// what is there afterwards.
func (s *Service) append(f *Film, p Piece) (err error) {
	file, err := s.folder.grow(f.ID)
	if err != nil {
		return err
	}
	start := f.Offset
	defer func() {
		if info, e := file.Stat(); e == nil {
			f.Offset = info.Size()
		}
		err = errors.Join(err, file.Close())
	}()
	body := &source{r: io.LimitReader(p.Body, f.Size-start)}
	if err := f.head(file, body); err != nil {
		return err
	}
	if _, err := io.CopyBuffer(onlyWriter{file}, body, make([]byte, copyBuffer)); err != nil {
		if body.err != nil {
			return ErrCut.Because(body.err)
		}
		return full(err)
	}
	if p.Length >= 0 {
		return nil
	}
	// The length was not said: whoever sends more than the film has is wrong
	// about all of it.
	if n, _ := io.ReadFull(p.Body, make([]byte, 1)); n > 0 {
		return errors.Join(ErrTooLarge.Saying("That is more than the film was said to have."), file.Truncate(start))
	}
	return nil
}

// head copies the first bytes of a film and looks at them: what is not a film
// is refused with its first piece.
func (f *Film) head(file *os.File, body *source) error {
	if f.Offset >= sniffLen {
		return nil
	}
	head := make([]byte, sniffLen)
	if _, err := file.ReadAt(head[:f.Offset], 0); err != nil {
		return err
	}
	n, err := io.ReadFull(body, head[f.Offset:])
	head = head[:f.Offset+int64(n)]
	if t, enough := Sniff(head); t == HLS || t == "" && (enough || int64(len(head)) == f.Size) {
		return ErrNotFilm
	}
	if _, werr := file.Write(head[f.Offset:]); werr != nil {
		return full(werr)
	}
	if err != nil && body.err != nil {
		return ErrCut.Because(err)
	}
	return nil
}

// finish looks into a whole upload, makes it durable and declares it ready, or
// refuses it.
func (s *Service) finish(ctx context.Context, f Film) (Film, error) {
	file, err := s.folder.read(f.ID)
	if err != nil {
		return f, err
	}
	head := make([]byte, min(sniffLen, f.Size))
	_, err = file.ReadAt(head, 0)
	var info Info
	if err == nil {
		f.Type, _ = Sniff(head)
		info, err = Inspect(file, f.Size, f.Type)
	}
	_ = file.Close() // it was only read
	if errors.Is(err, ErrNotFilm) {
		return s.refuse(ctx, f, ErrNotFilm)
	}
	if err != nil {
		return f, err
	}
	if err := s.folder.settle(f.ID); err != nil {
		return f, err
	}
	f.Status, f.Name = Ready, address(f.Name, f.Type)
	f.Duration, f.Width, f.Height = info.Duration, info.Width, info.Height
	f.TouchedAt = clock.Millis(s.now())
	return f, s.store.SettleMedia(ctx, f)
}

// refuse ends an upload that is not a film. Nothing of it is kept.
func (s *Service) refuse(ctx context.Context, f Film, why error) (Film, error) {
	f.Status, f.Reason, f.Offset = Refused, ErrNotFilm.Code, 0
	f.TouchedAt = clock.Millis(s.now())
	if err := s.store.SettleMedia(ctx, f); err != nil {
		return f, err
	}
	return f, errors.Join(why, s.folder.remove(f.ID))
}

// source remembers whether reading failed, to tell a client that left from a
// disk that is full.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// onlyWriter hides ReadFrom, so that the buffer is used and its size bounded.
type onlyWriter struct{ io.Writer }
