package media

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"watchparty/internal/id"
)

// Folder keeps the bytes of films, one file a film, named by its id. Nothing
// that a stranger says becomes part of a path, and no link leads out of it.
type Folder struct{ root *os.Root }

// OpenFolder opens the folder and makes it if it is not there.
func OpenFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("media folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("media folder: %w", err)
	}
	return &Folder{root}, nil
}

// Close lets go of the folder.
func (f *Folder) Close() error { return f.root.Close() }

// Check says whether films can be kept now.
func (f *Folder) Check() error {
	const probe = "writable.tmp"
	err := f.root.WriteFile(probe, []byte("ok"), 0o640)
	return errors.Join(full(err), ignoreMissing(f.root.Remove(probe)))
}

func part(m id.Media) string { return string(m) + ".part" }
func film(m id.Media) string { return string(m) + ".film" }

// size is how many bytes of a film are kept.
func (f *Folder) size(m id.Media) (int64, error) {
	for _, name := range []string{film(m), part(m)} {
		switch info, err := f.root.Stat(name); {
		case err == nil:
			return info.Size(), nil
		case !errors.Is(err, fs.ErrNotExist):
			return 0, err
		}
	}
	return 0, nil
}

// grow opens an unfinished film for reading and for writing at its end.
func (f *Folder) grow(m id.Media) (*os.File, error) {
	file, err := f.root.OpenFile(part(m), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, full(err)
	}
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// settle makes an unfinished film whole: it is on the disk, also after a
// power cut, when this returns. Doing it again changes nothing.
func (f *Folder) settle(m id.Media) error {
	file, err := f.root.OpenFile(part(m), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		_, err := f.root.Stat(film(m))
		return err
	}
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return full(err)
	}
	if err := f.root.Rename(part(m), film(m)); err != nil {
		return full(err)
	}
	dir, err := f.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// read opens what is kept of a film.
func (f *Folder) read(m id.Media) (*os.File, error) {
	file, err := f.root.Open(film(m))
	if errors.Is(err, fs.ErrNotExist) {
		return f.root.Open(part(m))
	}
	return file, err
}

// remove deletes what is kept of a film.
func (f *Folder) remove(m id.Media) error {
	return errors.Join(ignoreMissing(f.root.Remove(part(m))), ignoreMissing(f.root.Remove(film(m))))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// full names the fault of a disk without room.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return ErrNoSpace.Because(err).After(retryNoSpace)
	}
	return err
}
