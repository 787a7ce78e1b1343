package rest

import (
	"context"
	"encoding/base64"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/media"
)

// MediaService is what can be done with films.
type MediaService interface {
	Create(ctx context.Context, filename string, size int64) (media.Film, error)
	Mine(ctx context.Context, m id.Media) (media.Film, error)
	Write(ctx context.Context, m id.Media, p media.Piece) (media.Film, error)
	Remove(ctx context.Context, m id.Media) error
	Open(ctx context.Context, m id.Media, token string) (media.Film, *os.File, error)
	Probe(ctx context.Context, link string) (media.Found, error)
	Quota() media.Quota
}

// chunkMax is how much a client should send in one piece: what arrives of a
// refused one is still read, so that the client gets to see why.
const chunkMax = 8 << 20

// MediaOut is a film that its owner uploads or has uploaded.
type MediaOut struct {
	ID        id.Media   `json:"id" format:"uuid"`
	Title     string     `json:"title"`
	Status    string     `json:"status" enum:"uploading,ready,refused"`
	Reason    string     `json:"reason" doc:"Code of the fault that it was refused with, or empty."`
	Size      int64      `json:"size" doc:"Bytes in all."`
	Offset    int64      `json:"offset" doc:"Bytes that have arrived."`
	Duration  float64    `json:"duration" doc:"Seconds; 0 when not known."`
	Width     int        `json:"width"`
	Height    int        `json:"height"`
	Type      string     `json:"type" doc:"MIME type by content; empty until it is known."`
	URL       string     `json:"url" doc:"Where to watch it; empty until it is ready."`
	Thumbnail string     `json:"thumbnail"`
	UploadURL string     `json:"upload_url" doc:"Where to send it, by tus or with PUT and Content-Range."`
	ChunkMax  int64      `json:"chunk_max" doc:"Bytes to send in one piece at most."`
	ExpiresAt *wire.Time `json:"expires_at" doc:"When an upload that does not go on is given up."`
}

func mediaOut(f media.Film) MediaOut {
	m := MediaOut{
		ID: f.ID, Title: f.Title, Status: string(f.Status), Reason: f.Reason, Size: f.Size, Offset: f.Offset,
		Duration: f.Duration.Seconds(), Width: f.Width, Height: f.Height, Type: string(f.Type), URL: f.URL(),
		UploadURL: uploadPath(f.ID), ChunkMax: chunkMax,
	}
	if f.Status == media.Uploading {
		ends := f.Expires()
		m.ExpiresAt = wire.When(&ends)
	}
	return m
}

func uploadPath(m id.Media) string { return "/api/media/" + string(m) + "/" }

// Media serves uploads, by tus 1.0 and by plain PUT, their films, and the look
// at what a link leads to.
func Media(svc MediaService) Feature {
	return func(a *API) {
		createMedia(a, svc)
		op(a, Op{
			Method: http.MethodGet, Path: "/api/media/{id}/", ID: "media-get", Tag: "media",
			Doc: "How far an upload is, and where to watch it.", Needs: access.MediaUpload,
		}, func(ctx context.Context, in *mediaID) (*Answer[MediaOut], error) {
			m, err := id.Parse[id.Media](in.ID)
			if err != nil {
				return nil, err
			}
			f, err := svc.Mine(ctx, m)
			if err != nil {
				return nil, err
			}
			return answer(mediaOut(f)), nil
		})
		probeMedia(a, svc)
		uploads(a, svc)
		watch(a, svc)
	}
}

type mediaID struct {
	ID string `path:"id"`
}

type mediaCreate struct {
	Resumable string       `header:"Tus-Resumable" doc:"1.0.0 for tus."`
	Length    int64        `header:"Upload-Length" minimum:"0" doc:"For tus: bytes in all, instead of a body."`
	Metadata  string       `header:"Upload-Metadata" maxLength:"4096" doc:"For tus: filename and its base64."`
	Body      *mediaIntent `required:"false"`
}

type mediaIntent struct {
	Filename string `json:"filename" maxLength:"500"`
	Size     int64  `json:"size" minimum:"1" doc:"Bytes in all."`
	Type     string `json:"type,omitempty" maxLength:"200" doc:"What the client takes it for. The content decides."`
}

type mediaCreated struct {
	Location  string `header:"Location"`
	Offset    int64  `header:"Upload-Offset"`
	Resumable string `header:"Tus-Resumable"`
	Expires   string `header:"Upload-Expires"`
	Body      MediaOut
}

func createMedia(a *API, svc MediaService) {
	op(a, Op{
		Method: http.MethodPost, Path: "/api/media/", ID: "media-create", Tag: "media", Status: http.StatusCreated,
		Doc: "Begin an upload.", Needs: access.MediaUpload, PerIP: Rate{60, time.Minute},
	}, func(ctx context.Context, in *mediaCreate) (*mediaCreated, error) {
		want := mediaIntent{Size: in.Length, Filename: tusName(in.Metadata)}
		if in.Body != nil {
			want = *in.Body
		} else if err := tusVersion(in.Resumable); err != nil {
			return nil, err
		}
		f, err := svc.Create(ctx, want.Filename, want.Size)
		if err != nil {
			return nil, err
		}
		return &mediaCreated{
			Location: uploadPath(f.ID), Resumable: tus, Expires: httpTime(f.Expires()), Body: mediaOut(f),
		}, nil
	})
}

// tusName finds the file's name in tus metadata: pairs of a key and base64,
// with commas between.
func tusName(metadata string) string {
	for pair := range strings.SplitSeq(metadata, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if key != "filename" && key != "name" {
			continue
		}
		if name, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value)); err == nil {
			return string(name)
		}
	}
	return ""
}

type mediaLink struct {
	Body struct {
		URL string `json:"url" maxLength:"4096"`
	}
}

// MediaFound is what a link leads to.
type MediaFound struct {
	OK       bool    `json:"ok"`
	Kind     string  `json:"kind" enum:"url,hls"`
	URL      string  `json:"url"`
	Type     string  `json:"type" doc:"MIME type by content."`
	Size     int64   `json:"size" doc:"Bytes; 0 when not told."`
	Title    string  `json:"title"`
	Duration float64 `json:"duration" doc:"Seconds; 0 when not known."`
	Seekable bool    `json:"seekable" doc:"The server gives parts, so that seeking is quick."`
}

func probeMedia(a *API, svc MediaService) {
	op(a, Op{
		Method: http.MethodPost, Path: "/api/media/probe/", ID: "media-probe", Tag: "media",
		Doc: "Look at what a link leads to, before it goes on a queue.", Needs: access.MediaUpload, PerIP: Rate{30, time.Minute},
	}, func(ctx context.Context, in *mediaLink) (*Answer[MediaFound], error) {
		f, err := svc.Probe(ctx, in.Body.URL)
		if err != nil {
			return nil, err
		}
		kind := "url"
		if f.HLS {
			kind = "hls"
		}
		return answer(MediaFound{
			OK: true, Kind: kind, URL: f.URL, Type: string(f.Type), Size: f.Size, Title: f.Title,
			Duration: f.Duration.Seconds(), Seekable: f.Ranges || f.HLS,
		}), nil
	})
}

func httpTime(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// pathMedia reads the film that a raw operation is about.
func pathMedia(c echo.Context) (id.Media, error) { return id.Parse[id.Media](c.Param("id")) }

// headerInt reads a header that must be a number of bytes.
func headerInt(r *http.Request, name string) (int64, error) {
	n, err := strconv.ParseInt(r.Header.Get(name), 10, 64)
	if err != nil || n < 0 {
		return 0, fault.ErrInvalid.At(name, "Must be a number of bytes.")
	}
	return n, nil
}
