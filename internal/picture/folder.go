package picture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"time"

	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Folder keeps the bytes: a folder a party, a file a picture. Nothing that a
// stranger says becomes part of a path, and no link leads out of it.
type Folder struct {
	root *os.Root
	now  func() time.Time
}

// OpenFolder opens the folder and makes it if it is not there. Close lets go of it.
func OpenFolder(dir string, now func() time.Time) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("picture folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("picture folder: %w", err)
	}
	return &Folder{root, now}, nil
}

// Close lets go of the folder.
func (f *Folder) Close() error { return f.root.Close() }

func at(p id.Party, n Name) string { return path.Join(string(p), string(n)) }

// Keep checks a picture and keeps it; it is on the disk when this returns.
func (f *Folder) Keep(p id.Party, body []byte) (Name, error) {
	n, err := New(body)
	if err != nil {
		return "", err
	}
	if err := f.root.Mkdir(string(p), 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	file, err := f.root.OpenFile(at(p, n), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return "", err
	}
	_, err = file.Write(body)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", errors.Join(err, f.root.Remove(at(p, n)))
	}
	return n, nil
}

// Open opens a picture for reading.
func (f *Folder) Open(p id.Party, n Name) (*os.File, error) {
	file, err := f.root.Open(at(p, n))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.ErrNotFound
	}
	return file, err
}

// Drop forgets a picture that no line shows after all.
func (f *Folder) Drop(p id.Party, n Name) error { return f.root.Remove(at(p, n)) }

// fresh is how long a picture may be there before the line that shows it.
const fresh = time.Hour

// Sweep removes the pictures that no line shows any more: their line or their
// party is gone. shown gives the addresses of a party's pictures.
func (f *Folder) Sweep(ctx context.Context, shown func(context.Context, id.Party) ([]string, error)) error {
	parties, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, dir := range parties {
		p, err := id.Parse[id.Party](dir.Name())
		if err != nil || !dir.IsDir() {
			continue
		}
		paths, err := shown(ctx, p)
		if err != nil {
			return err
		}
		if err := f.sweep(p, paths); err != nil {
			return err
		}
	}
	return nil
}

func (f *Folder) sweep(p id.Party, shown []string) error {
	kept := map[string]bool{}
	for _, s := range shown {
		if n, ok := Of(p, s); ok {
			kept[string(n)] = true
		}
	}
	files, err := fs.ReadDir(f.root.FS(), string(p))
	if err != nil {
		return err
	}
	left := len(files)
	for _, file := range files {
		info, err := file.Info()
		if kept[file.Name()] || err != nil || f.now().Sub(info.ModTime()) < fresh {
			continue
		}
		if err := f.root.Remove(at(p, Name(file.Name()))); err != nil {
			return err
		}
		left--
	}
	if left == 0 {
		return f.root.Remove(string(p))
	}
	return nil
}
