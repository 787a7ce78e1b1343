package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"watchparty/docs"
	"watchparty/hub"
	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/bus"
	"watchparty/internal/chat"
	"watchparty/internal/clock"
	"watchparty/internal/config"
	"watchparty/internal/id"
	"watchparty/internal/jobs"
	"watchparty/internal/limit"
	"watchparty/internal/media"
	"watchparty/internal/netguard"
	"watchparty/internal/notify"
	"watchparty/internal/obs"
	"watchparty/internal/party"
	"watchparty/internal/picture"
	"watchparty/rest"
	"watchparty/store"
	"watchparty/web"
)

// node is one server, put together. Only here does everything meet.
type node struct {
	cfg      *config.Config
	log      *slog.Logger
	name     string
	public   string // scheme and host, without a slash at the end
	metrics  *obs.Metrics
	redis    *redis.Client // nil on a single node
	bus      bus.Bus
	store    *store.Store
	runner   *jobs.Runner
	account  *account.Service
	party    *party.Service
	media    *media.Service
	pictures *picture.Folder
	hub      *hub.Hub
	handler  http.Handler
	voices   hub.Media // nil: switched off
	closers  []func() error
}

// build makes a node that is ready to listen. public is where people reach it.
func build(ctx context.Context, cfg *config.Config, log *slog.Logger, public string) (n *node, err error) {
	n = &node{cfg: cfg, log: log, name: cmp.Or(cfg.Node, id.Token()[:8]), public: public, metrics: obs.NewMetrics()}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.close())
		}
	}()
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return n, fmt.Errorf("data: %w", err)
	}
	for _, step := range []func(context.Context) error{n.openBus, n.openStore, n.makeServices, n.openMedia, n.makeHub, n.makeFace} {
		if err := step(ctx); err != nil {
			return n, err
		}
	}
	return n, nil
}

// close ends what build began, the last first.
func (n *node) close() error {
	var errs []error
	for i := len(n.closers) - 1; i >= 0; i-- {
		errs = append(errs, n.closers[i]())
	}
	n.closers = nil
	return errors.Join(errs...)
}

func (n *node) openBus(context.Context) error {
	if n.cfg.RedisURL == "" {
		n.bus = bus.NewMem()
		return nil
	}
	key, err := n.secret()
	if err != nil {
		return err
	}
	if n.redis, err = bus.Client(n.cfg.RedisURL.Reveal()); err != nil {
		return fmt.Errorf("redis-url: %w", err)
	}
	n.closers = append(n.closers, n.redis.Close)
	b := bus.NewRedis(n.redis, bus.RedisOptions{Node: n.name, Key: key, Log: n.log})
	n.closers = append(n.closers, b.Close)
	n.bus = b
	return nil
}

func (n *node) openStore(ctx context.Context) error {
	s, err := store.Open(ctx, store.Options{DSN: n.cfg.Database(), Bus: n.bus, Log: n.log})
	if err != nil {
		return err
	}
	n.closers = append(n.closers, s.Close)
	n.store = s
	steps, err := s.Migrate(ctx)
	if steps > 0 {
		n.log.Info("database migrated", "steps", steps)
	}
	return err
}

// secret is the key of all tokens: the configured one, or one that is made
// once and kept in the data folder.
func (n *node) secret() ([]byte, error) {
	if n.cfg.Secret != "" {
		return []byte(n.cfg.Secret.Reveal()), nil
	}
	if n.cfg.RedisURL != "" {
		return nil, errors.New("secret: several nodes need the same one; set it")
	}
	file := filepath.Join(n.cfg.Data, "secret")
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		b = []byte(id.Token())
		err = os.WriteFile(file, b, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	return []byte(strings.TrimSpace(string(b))), nil
}

func (n *node) makeServices(context.Context) error {
	key, err := n.secret()
	if err != nil {
		return err
	}
	post, err := office(n.cfg, n.public)
	if err != nil {
		return err
	}
	n.runner = jobs.NewRunner(n.store.Jobs(), jobs.Options{Log: n.log})
	n.account, err = account.New(account.Config{
		Store: n.store.Accounts(), Key: key, Now: clock.System, PublicURL: n.public, Log: n.log,
		Hasher: account.NewHasher(account.Costs, runtime.NumCPU()), Post: post,
		Later: func(ctx context.Context, m account.Mail) error {
			return n.store.Jobs().Enqueue(ctx, jobs.Draft{Kind: mailKind, Payload: m})
		},
	})
	if err != nil {
		return err
	}
	if err := n.makeMedia(); err != nil {
		return err
	}
	n.party, err = party.New(party.Config{
		Store: n.store.Parties(), Films: films{n.media}, Key: key, Now: clock.System,
		Sample: party.Film{
			Kind: party.Sample, Title: web.SampleTitle, URL: web.SamplePath, Thumbnail: web.SampleStill, Duration: web.SampleDuration,
		},
	})
	if err != nil {
		return err
	}
	n.register()
	return nil
}

// office sends letters: by SMTP, or into a folder where there is no mail server.
func office(cfg *config.Config, public string) (*notify.Office, error) {
	var m notify.Mailer
	var err error
	if cfg.SMTPURL != "" {
		m, err = notify.NewSMTP(cfg.SMTPURL.Reveal())
	} else {
		m, err = notify.NewSpool(filepath.Join(cfg.Data, "mail"))
	}
	if err != nil {
		return nil, err
	}
	return notify.NewOffice(m, cfg.MailFrom, public, clock.System)
}

func (n *node) makeMedia() error {
	folder, err := media.OpenFolder(filepath.Join(n.cfg.Data, "media"))
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	quota := media.DefaultQuota
	quota.Film, quota.Bytes = n.cfg.UploadMax, n.cfg.UploadQuota
	prober := media.Prober{Client: netguard.Client(netguard.Options{Hosts: n.cfg.FilmHosts})}
	n.media = media.NewService(n.store, folder, quota, clock.System, prober)
	n.pictures, err = picture.OpenFolder(filepath.Join(n.cfg.Data, "media", "pictures"), clock.System)
	return err
}

// The kinds of jobs.
const (
	mailKind     = "mail"
	uploadsKind  = "media.expire"
	tokensKind   = "account.sweep"
	picturesKind = "picture.sweep"
)

func (n *node) register() {
	n.runner.Handle(mailKind, func(ctx context.Context, j jobs.Job) error {
		var m account.Mail
		if err := j.Into(&m); err != nil {
			return err
		}
		return n.account.Deliver(ctx, m)
	})
	n.runner.Every(uploadsKind, time.Hour, func(ctx context.Context, _ jobs.Job) error {
		_, err := n.media.Expire(ctx)
		return err
	})
	n.runner.Every(picturesKind, time.Hour, func(ctx context.Context, _ jobs.Job) error {
		return n.pictures.Sweep(ctx, n.store.Rooms().Pictures)
	})
	n.runner.Every(tokensKind, time.Hour, func(ctx context.Context, _ jobs.Job) error {
		_, err := n.store.Accounts().Sweep(ctx)
		return err
	})
}

func (n *node) makeHub(ctx context.Context) error {
	c := hub.Config{
		Auth: n.account, Parties: n.party, Finder: addresses{n.party, n.store.Rooms()}, Store: n.store.Rooms(), Bus: n.bus, Origins: n.cfg.AllowedOrigins,
		Directory: hub.Solo{Node: n.name}, Now: clock.System, Log: n.log, Metrics: roomMetrics{n.metrics}, MaxConns: n.cfg.MaxConns,
	}
	if n.voices != nil {
		c.Media = n.voices
	}
	// The hub outlives the wish to stop: it drains first.
	ctx = context.WithoutCancel(ctx)
	if n.redis != nil {
		dir := hub.NewRedisDirectory(ctx, n.redis, hub.RedisOptions{Node: n.name, Now: clock.System, Log: n.log})
		n.closers = append(n.closers, dir.Close)
		c.Directory, c.Peers = dir, hub.NewNodes(n.bus)
	}
	h, err := hub.New(ctx, c)
	n.hub = h
	return err
}

// roomMetrics gives the hub's counters their names.
type roomMetrics struct{ *obs.Metrics }

func (m roomMetrics) Sent(c wire.Class, n int) { m.Metrics.Sent(c.String(), n) }
func (m roomMetrics) Dropped(c wire.Class)     { m.Metrics.Dropped(c.String()) }

func (n *node) makeFace(context.Context) error {
	proxies, err := n.cfg.Proxies()
	if err != nil {
		return err
	}
	face, err := rest.New(rest.Config{
		Features: []rest.Feature{
			rest.Site(n.siteConfig()), rest.Accounts(n.account), rest.People(n.account, n.hub), rest.Parties(n.party, n.hub),
			rest.Chat(n.party, history{n.store.Rooms()}, n.hub), rest.Pictures(n.party, n.pictures, n.store.Rooms(), n.hub),
			rest.Polls(n.party, n.store.Rooms(), n.hub), rest.Annotations(n.party, n.store.Rooms(), n.hub),
			rest.Voice(n.party, n.store.Rooms(), n.hub),
			rest.Reactions(n.party, n.store.Rooms(), n.hub), rest.Analytics(n.party, n.store.Rooms()),
			rest.Media(n.media), rest.Sample(web.SampleFilm, web.SamplePoster),
		},
		Auth: n.account, Limiter: n.limiter(), Replies: n.store.Accounts(), PublicURL: n.public, Origins: n.cfg.AllowedOrigins,
		TrustedProxies: proxies, Now: clock.System, Log: n.log,
		Observe: func(s rest.Seen) { n.metrics.Request(s.Method, s.Route, s.Status, s.Code, s.Took) },
	})
	if err != nil {
		return err
	}
	client := web.Handler(web.Client())
	n.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch p := r.URL.Path; {
		case p == "/ws" || strings.HasPrefix(p, "/ws/"):
			n.hub.ServeHTTP(w, r)
		case ours(p):
			face.ServeHTTP(w, r)
		default:
			client.ServeHTTP(w, r)
		}
	})
	return nil
}

// ours says whether a path belongs to REST; all others are the client's.
func ours(p string) bool {
	for _, root := range []string{"/api/", "/media/", "/sample/"} {
		if strings.HasPrefix(p, root) {
			return true
		}
	}
	return p == "/api" || p == "/healthz" || p == "/readyz"
}

func (n *node) limiter() rest.Limiter {
	switch {
	case !n.cfg.RateLimits:
		return nil
	case n.redis != nil:
		return limit.NewRedis(n.redis, "watchparty:", clock.System)
	}
	return limit.NewMem(clock.System)
}

func (n *node) siteConfig() rest.SiteConfig {
	return rest.SiteConfig{
		Version: version(), PublicURL: n.public, UploadBytes: n.cfg.UploadMax, ChatLength: chat.MaxRunes, PartyMax: party.MaxSeats,
		Sample:   rest.SampleFilm{URL: web.SamplePath, Title: web.SampleTitle, Duration: web.SampleDuration.Seconds()},
		AsyncAPI: docs.AsyncAPI, Ready: n.store.Ping,
	}
}
