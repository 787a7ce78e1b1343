package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"watchparty/internal/fault"
)

// Found is what a link leads to.
type Found struct {
	URL      string
	HLS      bool
	Type     Type
	Title    string
	Size     int64 // 0 when not told
	Duration time.Duration
	Ranges   bool // the server can give parts, so that seeking is quick
}

// Prober looks at links. Its client must refuse addresses that are not public.
type Prober struct{ Client *http.Client }

const (
	maxLink = 2048
	// probeLen is how much of a film is fetched: enough for the index of a short
	// one that is made for the web.
	probeLen = 256 << 10
)

// CheckURL reads a link to a film without following it.
func CheckURL(link string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(link))
	switch {
	case err != nil, len(link) > maxLink, u.Hostname() == "", u.Opaque != "":
		return nil, ErrBadURL
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, ErrBadURL.Saying("The address must begin with https:// or http://.")
	case u.User != nil:
		return nil, ErrBadURL.Saying("The address must not hold a password.")
	}
	u.Fragment = ""
	return u, nil
}

// Probe follows a link and says what it leads to, by its first bytes and not
// by what its server calls it.
func (p Prober) Probe(ctx context.Context, link string) (Found, error) {
	u, err := CheckURL(link)
	if err != nil {
		return Found{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Found{}, ErrBadURL.Because(err)
	}
	r.Header.Set("Range", "bytes=0-"+strconv.Itoa(probeLen-1))
	r.Header.Set("Accept", "video/*, application/vnd.apple.mpegurl, */*;q=0.5")
	r.Header.Set("User-Agent", "watchparty")
	resp, err := p.Client.Do(r)
	if err != nil {
		return Found{}, unreachable(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		return Found{}, ErrUnreachable.Saying("That address answers with an error: " + strconv.Itoa(resp.StatusCode) + ".")
	}
	return found(u, resp)
}

func found(u *url.URL, resp *http.Response) (Found, error) {
	f := Found{URL: u.String(), Title: titleOf(u, resp.Header), Ranges: resp.StatusCode == http.StatusPartialContent}
	// A server that breaks off after the first bytes has shown enough.
	head, err := io.ReadAll(io.LimitReader(resp.Body, probeLen))
	if f.Type, _ = Sniff(head); f.Type == "" {
		if err != nil && len(head) < sniffLen {
			return Found{}, unreachable(err)
		}
		return Found{}, ErrNotFilm
	}
	f.HLS = f.Type == HLS
	if f.HLS {
		return f, nil
	}
	f.Size = sizeOf(resp)
	if info, err := Inspect(bytes.NewReader(head), max(f.Size, int64(len(head))), f.Type); err == nil {
		f.Duration = info.Duration
	}
	return f, nil
}

// unreachable hides from the caller why a connection failed: the difference
// would map our network. A refused address is said, it comes before any.
func unreachable(err error) error {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return ErrUnreachable.Because(err)
}

func sizeOf(resp *http.Response) int64 {
	if resp.StatusCode == http.StatusOK {
		return max(resp.ContentLength, 0)
	}
	_, total, _ := strings.Cut(resp.Header.Get("Content-Range"), "/")
	n, err := strconv.ParseInt(total, 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// titleOf names a film after its file.
func titleOf(u *url.URL, h http.Header) string {
	if _, params, err := mime.ParseMediaType(h.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		return Title(params["filename"])
	}
	name := path.Base(u.Path)
	if name == "." || name == "/" {
		return u.Hostname()
	}
	return Title(name)
}
