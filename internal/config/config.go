// Package config is every setting of the server, once: a field here is a flag,
// an environment variable, a key of the YAML file and a line of --help.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Secret is a value that must not be seen in a log, an error or a page.
type Secret string

// redacted is all that a secret shows of itself.
const redacted = "[redacted]"

// String hides the value.
func (Secret) String() string { return redacted }

// GoString hides the value from %#v.
func (Secret) GoString() string { return redacted }

// MarshalText hides the value from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Reveal gives the value to the one who needs it.
func (s Secret) Reveal() string { return string(s) }

// Config is the settings of one node.
type Config struct {
	Listen        string `help:"Address of the public listener; port 0 picks a free one and prints it." default:"127.0.0.1:8080" env:"WATCHPARTY_LISTEN"`
	MetricsListen string `help:"Address of the listener for metrics and profiles; empty is none. Keep it private." env:"WATCHPARTY_METRICS_LISTEN"`
	PublicURL     string `name:"public-url" help:"Scheme and host that people type. Empty takes the listener's address." env:"WATCHPARTY_PUBLIC_URL"`
	Data          string `help:"Folder of the database, films and secrets." default:"data" type:"path" env:"WATCHPARTY_DATA"`
	Node          string `help:"Name of this node, unique among those on one Redis. Empty draws one at start." env:"WATCHPARTY_NODE"`

	DatabaseURL Secret `name:"database-url" help:"postgres://... Empty is a SQLite file in the data folder." env:"WATCHPARTY_DATABASE_URL"`
	RedisURL    Secret `name:"redis-url" help:"redis://... Empty is a single node." env:"WATCHPARTY_REDIS_URL"`
	Secret      Secret `help:"Key of all tokens, 32 characters or more, the same on every node. Empty makes one and keeps it in the data folder." env:"WATCHPARTY_SECRET"`

	AllowedOrigins []string `name:"allowed-origins" help:"Origins, besides the own, whose pages may call." env:"WATCHPARTY_ALLOWED_ORIGINS"`
	TrustedProxies []string `name:"trusted-proxies" help:"Networks of the proxies whose X-Forwarded-For is believed." env:"WATCHPARTY_TRUSTED_PROXIES"`

	SMTPURL  Secret `name:"smtp-url" help:"smtp://user:password@host:587 or smtps://... Empty spools mail into the data folder." env:"WATCHPARTY_SMTP_URL"`
	MailFrom string `name:"mail-from" help:"Sender of mail." default:"Watchparty <noreply@localhost>" env:"WATCHPARTY_MAIL_FROM"`

	RTCPort     int      `name:"rtc-port" help:"UDP and TCP port of voice and screen share." default:"7882" env:"WATCHPARTY_RTC_PORT"`
	UploadMax   int64    `name:"upload-max" help:"Bytes of one uploaded film." default:"4294967296" env:"WATCHPARTY_UPLOAD_MAX"`
	UploadQuota int64    `name:"upload-quota" help:"Bytes of all films of one person." default:"21474836480" env:"WATCHPARTY_UPLOAD_QUOTA"`
	FilmHosts   []string `name:"film-hosts" help:"Hosts on private addresses that films may come from, such as a media server at home." env:"WATCHPARTY_FILM_HOSTS"`

	MaxConns   int           `name:"max-conns" help:"Sockets on this node." default:"20000" env:"WATCHPARTY_MAX_CONNS"`
	RateLimits bool          `name:"rate-limits" help:"Limit calls per address and person." default:"true" negatable:"" env:"WATCHPARTY_RATE_LIMITS"`
	Drain      time.Duration `help:"Longest time for going down in good order." default:"30s" env:"WATCHPARTY_DRAIN"`
	LogLevel   string        `name:"log-level" help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error" env:"WATCHPARTY_LOG_LEVEL"`
	LogFormat  string        `name:"log-format" help:"text or json." default:"text" enum:"text,json" env:"WATCHPARTY_LOG_FORMAT"`
}

// Validate says what is wrong with the values, naming each key.
func (c *Config) Validate() error {
	var errs []error
	bad := func(key, format string, args ...any) { errs = append(errs, fmt.Errorf(key+": "+format, args...)) }
	address := func(key, value string) {
		if _, _, err := net.SplitHostPort(value); err != nil {
			bad(key, "%q is not host:port", value)
		}
	}
	address("listen", c.Listen)
	if c.MetricsListen != "" {
		address("metrics-listen", c.MetricsListen)
	}
	scheme := func(key string, value string, schemes ...string) {
		u, err := url.Parse(value)
		if err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme) {
			bad(key, "wants %s://host", strings.Join(schemes, ":// or "))
		}
	}
	if c.PublicURL != "" {
		scheme("public-url", c.PublicURL, "http", "https")
		if u, err := url.Parse(c.PublicURL); err == nil && strings.Trim(u.Path, "/") != "" {
			bad("public-url", "has a path; only scheme and host are possible")
		}
	}
	for key, s := range map[string]struct {
		value   Secret
		schemes []string
	}{
		"database-url": {c.DatabaseURL, []string{"postgres", "postgresql"}},
		"redis-url":    {c.RedisURL, []string{"redis", "rediss"}},
		"smtp-url":     {c.SMTPURL, []string{"smtp", "smtps"}},
	} {
		if s.value != "" {
			scheme(key, s.value.Reveal(), s.schemes...)
		}
	}
	for _, o := range c.AllowedOrigins {
		if u, err := url.Parse(o); err != nil || u.Host == "" || u.Path != "" || u.Scheme != "http" && u.Scheme != "https" {
			bad("allowed-origins", "%q is not scheme://host", o)
		}
	}
	if _, err := c.Proxies(); err != nil {
		bad("trusted-proxies", "%v", err)
	}
	if c.Secret != "" && len(c.Secret) < 32 {
		bad("secret", "needs 32 characters or more")
	}
	if c.RedisURL != "" && c.DatabaseURL == "" {
		bad("redis-url", "several nodes need a database-url as well: a SQLite file belongs to one")
	}
	if c.RTCPort < 0 || c.RTCPort > 65535 {
		bad("rtc-port", "%d is not a port", c.RTCPort)
	}
	for key, n := range map[string]int64{"upload-max": c.UploadMax, "upload-quota": c.UploadQuota, "max-conns": int64(c.MaxConns)} {
		if n < 1 {
			bad(key, "must be at least 1")
		}
	}
	if c.Drain < 0 || c.Drain > 10*time.Minute {
		bad("drain", "must be between 0s and 10m")
	}
	return errors.Join(errs...)
}

// Proxies are the trusted networks, parsed.
func (c *Config) Proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, s := range c.TrustedProxies {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, aerr := netip.ParseAddr(s)
			if aerr != nil {
				return nil, fmt.Errorf("%q is neither a network nor an address", s)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		all = append(all, p)
	}
	return all, nil
}

// Database is what the store opens.
func (c *Config) Database() string {
	if c.DatabaseURL != "" {
		return c.DatabaseURL.Reveal()
	}
	return filepath.Join(c.Data, "watchparty.db")
}
