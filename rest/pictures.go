package rest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/picture"
)

// PictureFolder keeps pictures; *picture.Folder does.
type PictureFolder interface {
	Keep(p id.Party, body []byte) (picture.Name, error)
	Open(p id.Party, n picture.Name) (*os.File, error)
	Drop(p id.Party, n picture.Name) error
}

// PictureLines knows which pictures lines show.
type PictureLines interface {
	ShowsPicture(ctx context.Context, p id.Party, path string) (bool, error)
}

type pictures struct {
	*API
	parties PartyFinder
	folder  PictureFolder
	lines   PictureLines
	room    ChatRoom
}

// Pictures takes pictures into a party's chat and shows them to its members.
func Pictures(parties PartyFinder, folder PictureFolder, lines PictureLines, room ChatRoom) Feature {
	return func(a *API) {
		x := pictures{a, parties, folder, lines, room}
		raw(a, Op{
			Method: http.MethodPost, Path: "/api/chat/{party}/pictures/", ID: "chat-picture-send", Tag: "chat",
			Doc:   "Write a line with a picture: the body is a PNG, JPEG or WebP of 2 MB at most; text and film_at are in the query.",
			Needs: access.ChatWrite, PerIP: Rate{20, time.Minute},
		}, x.send)
		raw(a, Op{
			Method: http.MethodGet, Path: "/api/chat/{party}/pictures/{name}/", ID: "chat-picture", Tag: "chat",
			Doc: "A picture that a line of the chat shows.", Needs: access.ChatRead,
		}, x.show)
	}
}

func (x pictures) send(c echo.Context) error {
	ctx := c.Request().Context()
	p, _, err := seat(ctx, x.parties, c.Param("party"))
	if err != nil {
		return err
	}
	line := wire.Send{Text: c.QueryParam("text")}
	if line.Text == "" {
		line.Text = "A picture"
	}
	if s := c.QueryParam("film_at"); s != "" {
		at, err := strconv.ParseFloat(s, 64)
		if err != nil || !(at >= 0 && at < 1e6) {
			return fault.ErrInvalid.At("film_at", "A second of the film.")
		}
		line.FilmAt = &at
	}
	body, err := pictureBody(c)
	if err != nil {
		return err
	}
	n, err := x.folder.Keep(p, body)
	if err != nil {
		return err
	}
	line.Image = picture.Path(p, n)
	m, err := x.write(ctx, p, line)
	if err != nil {
		if err := x.folder.Drop(p, n); err != nil {
			x.log.WarnContext(ctx, "a picture stays until the next sweep", "err", err)
		}
		return err
	}
	return c.JSON(http.StatusCreated, m)
}

// pictureBody reads a picture, and says early that it is too large.
func pictureBody(c echo.Context) ([]byte, error) {
	r := c.Request()
	if kind := r.Header.Get(echo.HeaderContentType); !strings.HasPrefix(kind, "image/") {
		return nil, picture.ErrType
	}
	if r.ContentLength > picture.MaxBytes {
		return nil, picture.ErrLarge
	}
	_ = http.NewResponseController(c.Response()).SetReadDeadline(clock.System().Add(callTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, picture.MaxBytes))
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return nil, picture.ErrLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errSlow
	case err != nil:
		return nil, fault.ErrInvalid.Saying("The picture could not be read.").Because(err)
	}
	return body, nil
}

func (x pictures) write(ctx context.Context, p id.Party, line wire.Send) (*wire.Message, error) {
	data, err := json.Marshal(line)
	if err != nil {
		return nil, err
	}
	res, err := x.room.Do(ctx, p, account.Maybe(ctx), wire.Command{Type: wire.ChatSend.Name, Data: data})
	switch {
	case err != nil:
		return nil, err
	case res.Message == nil:
		return nil, fault.ErrInternal
	}
	return res.Message, nil
}

func (x pictures) show(c echo.Context) error {
	ctx := c.Request().Context()
	p, _, err := seat(ctx, x.parties, c.Param("party"))
	if err != nil {
		return err
	}
	n, err := picture.ParseName(c.Param("name"))
	if err != nil {
		return err
	}
	switch shown, err := x.lines.ShowsPicture(ctx, p, picture.Path(p, n)); {
	case err != nil:
		return err
	case !shown:
		return fault.ErrNotFound
	}
	file, err := x.folder.Open(p, n)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	h := c.Response().Header()
	h.Set(echo.HeaderCacheControl, "private, max-age=86400")
	h.Set(echo.HeaderContentType, n.Type())
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, file)
	return nil
}
