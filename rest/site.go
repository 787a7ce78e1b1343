package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"watchparty/internal/access"
	"watchparty/internal/fault"
)

// SiteConfig is what the client may know about the server.
type SiteConfig struct {
	Version     string
	PublicURL   string
	Sample      SampleFilm
	UploadBytes int64
	ChatLength  int
	PartyMax    int
	Features    map[string]bool
	AsyncAPI    []byte
	// Ready fails when a part that every call needs is away.
	Ready func(context.Context) error
}

// SampleFilm is the film that comes with the program.
type SampleFilm struct {
	URL      string  `json:"url"`
	Title    string  `json:"title"`
	Duration float64 `json:"duration" doc:"Seconds."`
}

// Limits are the bounds that a client shows before it hits them.
type Limits struct {
	UploadBytes int64 `json:"upload_bytes"`
	ChatLength  int   `json:"chat_length" doc:"Characters of one chat line."`
	PartyMax    int   `json:"party_max" doc:"Seats of one party."`
}

// Permission is one line of the access table.
type Permission struct {
	Action string `json:"action"`
	Site   string `json:"site" enum:"anyone,guest,user,agent,admin" doc:"Lowest standing on the site."`
	Role   string `json:"role" enum:"none,guest,member,co-host,host" doc:"Lowest role in the party; none where it is not about one."`
	Doc    string `json:"doc"`
}

// ClientConfig is what the client asks for first.
type ClientConfig struct {
	Version     string          `json:"version"`
	PublicURL   string          `json:"public_url"`
	Sample      SampleFilm      `json:"sample"`
	Limits      Limits          `json:"limits"`
	Features    map[string]bool `json:"features"`
	Permissions []Permission    `json:"permissions"`
}

// Health is the answer of the health checks.
type Health struct {
	Status string `json:"status" enum:"ok"`
}

// Site serves the configuration of the client, the documents and the health
// checks.
func Site(cfg SiteConfig) Feature {
	return func(a *API) {
		op(a, Op{
			Method: http.MethodGet, Path: "/api/config/", ID: "config", Tag: "site",
			Doc: "What the client needs to know about the server.", Needs: access.SiteRead,
		}, func(context.Context, *None) (*Answer[ClientConfig], error) {
			return answer(clientConfig(cfg)), nil
		})
		health(a, "/healthz", "health-live", "Whether the process runs.", nil)
		health(a, "/readyz", "health-ready", "Whether calls can be served.", cfg.Ready)
		documents(a, cfg)
	}
}

func clientConfig(cfg SiteConfig) ClientConfig {
	c := ClientConfig{
		Version: cfg.Version, PublicURL: cfg.PublicURL, Sample: cfg.Sample, Features: cfg.Features,
		Limits: Limits{cfg.UploadBytes, cfg.ChatLength, cfg.PartyMax},
	}
	if c.Features == nil {
		c.Features = map[string]bool{}
	}
	for _, r := range access.All() {
		c.Permissions = append(c.Permissions, Permission{string(r.Action), r.Site.String(), r.Role.String(), r.Doc})
	}
	return c
}

// readyWithin bounds the question whether the server is ready: the one who
// asks has a limit too.
const readyWithin = 2 * time.Second

func health(a *API, path, name, doc string, ready func(context.Context) error) {
	op(a, Op{Method: http.MethodGet, Path: path, ID: name, Tag: "site", Doc: doc, Needs: access.SiteRead, Takes: readyWithin},
		func(ctx context.Context, _ *None) (*Answer[Health], error) {
			if ready != nil {
				if err := ready(ctx); err != nil {
					return nil, fault.ErrUnavailable.Because(err).After(time.Second)
				}
			}
			return answer(Health{"ok"}), nil
		})
}

func documents(a *API, cfg SiteConfig) {
	read := Op{Method: http.MethodGet, Tag: "site", Needs: access.SiteRead, Hidden: true}

	o := read
	o.Path, o.ID = "/api/openapi.json/", "openapi"
	raw(a, o, func(c echo.Context) error { return c.JSON(http.StatusOK, a.huma.OpenAPI()) })

	o.Path, o.ID = "/api/asyncapi.json/", "asyncapi"
	raw(a, o, func(c echo.Context) error {
		if len(cfg.AsyncAPI) == 0 {
			return fault.ErrNotFound
		}
		return c.Blob(http.StatusOK, "application/json", cfg.AsyncAPI)
	})

	o.Path, o.ID = "/api/docs/", "docs"
	raw(a, o, func(c echo.Context) error {
		c.Response().Header().Set("Content-Security-Policy", docsPolicy)
		return c.HTMLBlob(http.StatusOK, a.docsPage())
	})
}
