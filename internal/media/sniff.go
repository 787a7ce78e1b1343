package media

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Type is the MIME type of a film.
type Type string

// The types that a browser plays. QuickTime files are served as MP4: the
// containers are one family, and browsers ask for the name.
const (
	MP4      Type = "video/mp4"
	WebM     Type = "video/webm"
	Matroska Type = "video/x-matroska"
	HLS      Type = "application/vnd.apple.mpegurl"
)

// ext is the extension for the address of a film.
func (t Type) ext() string {
	switch t {
	case WebM:
		return ".webm"
	case Matroska:
		return ".mkv"
	}
	return ".mp4"
}

// sniffLen is how many first bytes always tell what a file is.
const sniffLen = 512

// Sniff tells a film by its first bytes, whatever its name or header claims.
// With enough false, more bytes are needed to tell; an empty type with enough
// true is not a film.
func Sniff(head []byte) (t Type, enough bool) {
	enough = len(head) >= sniffLen
	switch {
	case len(head) < 12:
		return "", enough
	case string(head[4:8]) == "ftyp":
		return sniffMP4(head)
	case bytes.HasPrefix(head, ebmlMagic):
		return sniffEBML(head, enough)
	case bytes.HasPrefix(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), []byte("#EXTM3U")):
		return HLS, true
	}
	return "", true
}

// notFilms are the brands of pictures and of sound alone, which share the
// container of MP4.
var notFilms = []string{"heic", "heix", "heim", "heis", "hevc", "mif1", "msf1", "avif", "avis", "crx ", "jp2 ", "jpx ", "M4A ", "M4B ", "M4P "}

func sniffMP4(head []byte) (Type, bool) {
	size := binary.BigEndian.Uint32(head)
	if size < 16 || size > 4096 || slices.Contains(notFilms, string(head[8:12])) {
		return "", true
	}
	return MP4, true
}

func sniffEBML(head []byte, enough bool) (Type, bool) {
	_, size, at := element(bytes.NewReader(head), 0)
	if at == 0 {
		return "", enough
	}
	end := min(at+size, int64(len(head)))
	for at < end {
		name, size, body := element(bytes.NewReader(head), at)
		if body == 0 || size > end-body {
			break
		}
		if name == ebmlDocType {
			switch string(bytes.TrimRight(head[body:body+size], "\x00")) {
			case "webm":
				return WebM, true
			case "matroska":
				return Matroska, true
			}
			return "", true
		}
		at = body + size
	}
	return "", enough
}
