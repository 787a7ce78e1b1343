package party

import (
	"context"
	"slices"
	"strings"
	"time"

	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Bounds of the queue.
const (
	MaxItems     = 100
	MaxItemTitle = 200
	maxURL       = 2048
)

// Choice is a film that somebody wants in the queue.
type Choice struct {
	Kind  Kind // sample, url, hls or upload
	URL   string
	Media id.Media
	Title string // empty takes the film's own
}

// Film is what is known of a film that can be played.
type Film struct {
	Kind      Kind
	Title     string
	URL       string
	Thumbnail string
	Duration  time.Duration // 0 when not known
	Media     id.Media
}

// Films finds out whether something is a film that may be shown.
type Films interface {
	// Check looks at an address on the web and says whether it is url or hls. It
	// refuses private addresses before any connection.
	Check(ctx context.Context, url string) (Film, error)
	// Ready gives an upload of by's that is complete. Others' are not found.
	Ready(ctx context.Context, by id.User, m id.Media) (Film, error)
}

// film looks at a choice. It may call the network, so no transaction is open
// meanwhile.
func (s *Service) film(ctx context.Context, by id.User, c Choice) (Film, error) {
	title := tidy(c.Title)
	if err := text("title", title, MaxItemTitle); err != nil {
		return Film{}, err
	}
	f, err := s.lookAt(ctx, by, c)
	if err != nil {
		return Film{}, err
	}
	if title != "" {
		f.Title = title
	}
	if f.Title = clip(f.Title, MaxItemTitle); f.Title == "" {
		f.Title = "Untitled"
	}
	return f, nil
}

func (s *Service) lookAt(ctx context.Context, by id.User, c Choice) (Film, error) {
	switch c.Kind {
	case Sample:
		f := s.Sample
		f.Kind = Sample
		return f, nil
	case URL, HLS:
		url := strings.TrimSpace(c.URL)
		switch {
		case url == "" || len(url) > maxURL:
			return Film{}, fault.ErrInvalid.At("url", "Give the address of a film.")
		case s.Films == nil:
			return Film{}, ErrNoFilms
		}
		return s.Films.Check(ctx, url)
	case Upload:
		media, err := id.Parse[id.Media](string(c.Media))
		switch {
		case err != nil:
			return Film{}, fault.ErrInvalid.At("media_id", "Name the upload.")
		case s.Films == nil:
			return Film{}, ErrNoFilms
		}
		return s.Films.Ready(ctx, by, media)
	}
	return Film{}, fault.ErrInvalid.At("kind", "One of sample, url, hls, upload.")
}

// item makes a film an entry of the queue, at its end.
func (f Film) item(p id.Party, by id.User, position int) Item {
	return Item{
		ID: id.New[id.Item](), Party: p, Title: f.Title, Kind: f.Kind, URL: f.URL, Thumbnail: f.Thumbnail,
		Duration: f.Duration, Media: f.Media, AddedBy: by, Position: position,
	}
}

// moved gives the order with one item at another place. A place beyond the end
// is the end.
func moved(order []id.Item, item id.Item, to int) []id.Item {
	rest := without(order, item)
	return slices.Insert(rest, max(0, min(to, len(rest))), item)
}

// behind gives the order with item right behind current, or first.
func behind(order []id.Item, item, current id.Item) []id.Item {
	if item == current {
		return order
	}
	rest := without(order, item)
	return slices.Insert(rest, slices.Index(rest, current)+1, item)
}

func without(order []id.Item, item id.Item) []id.Item {
	return slices.DeleteFunc(slices.Clone(order), func(i id.Item) bool { return i == item })
}

// currentWithout is what is current when item goes: what follows it, else what
// was before it, else nothing.
func currentWithout(order []id.Item, item, current id.Item) id.Item {
	if item != current {
		return current
	}
	i := slices.Index(order, item)
	switch rest := without(order, item); {
	case len(rest) == 0:
		return ""
	default:
		return rest[min(max(i, 0), len(rest)-1)]
	}
}

func orderOf(items []Item) []id.Item {
	order := make([]id.Item, len(items))
	for i, x := range items {
		order[i] = x.ID
	}
	return order
}

func clip(s string, n int) string {
	s = tidy(strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > n {
		s = string(r[:n])
	}
	return s
}
