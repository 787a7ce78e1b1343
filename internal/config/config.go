// Package config is every setting of the server, once: a field here is a flag,
// an environment variable, a key of the YAML file and a line of --help.
package config

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Secret is a value that must not be seen in a log, an error or a page.
type Secret string

// redacted is all that a secret shows of itself.
const redacted = "[redacted]"

// String hides the value.
func (Secret) String() string { return redacted }

// Format hides the value from every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText hides the value from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Reveal gives the value to the one who needs it.
func (s Secret) Reveal() string { return string(s) }

// DefaultRTCPort is where voice and screen share come in unless somebody says
// otherwise.
const DefaultRTCPort = 7882

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

	RTC         bool     `name:"rtc" help:"Carry voices and shared screens." default:"true" negatable:"" env:"WATCHPARTY_RTC"`
	RTCPort     int      `name:"rtc-port" help:"UDP and TCP port of voice and screen share; 0 picks one." default:"7882" env:"WATCHPARTY_RTC_PORT"`
	RTCListen   string   `name:"rtc-listen" help:"Address of that port. Empty is every interface; only this machine where the listener is." env:"WATCHPARTY_RTC_LISTEN"`
	RTCHosts    []string `name:"rtc-hosts" help:"Addresses or names under which browsers reach that port, such as 203.0.113.5 or voice.example.org:7882. Empty tells those of the interfaces." env:"WATCHPARTY_RTC_HOSTS"`
	TURNPort    int      `name:"turn-port" help:"UDP and TCP port of the built-in relay, for networks that let nothing else pass; 0 is none." default:"0" env:"WATCHPARTY_TURN_PORT"`
	TURNHost    string   `name:"turn-host" help:"Host and port under which browsers reach the relay. Empty tells its address." env:"WATCHPARTY_TURN_HOST"`
	UploadMax   int64    `name:"upload-max" help:"Bytes of one uploaded film." default:"4294967296" env:"WATCHPARTY_UPLOAD_MAX"`
	UploadQuota int64    `name:"upload-quota" help:"Bytes of all films of one person." default:"21474836480" env:"WATCHPARTY_UPLOAD_QUOTA"`
	FilmHosts   []string `name:"film-hosts" help:"Hosts on private addresses that films may come from, such as a media server at home." env:"WATCHPARTY_FILM_HOSTS"`

	MaxConns   int           `name:"max-conns" help:"Sockets on this node." default:"20000" env:"WATCHPARTY_MAX_CONNS"`
	RateLimits bool          `name:"rate-limits" help:"Limit calls per address and person." default:"true" negatable:"" env:"WATCHPARTY_RATE_LIMITS"`
	Drain      time.Duration `help:"Longest time for going down in good order." default:"30s" env:"WATCHPARTY_DRAIN"`
	LogLevel   string        `name:"log-level" help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error" env:"WATCHPARTY_LOG_LEVEL"`
	LogFormat  string        `name:"log-format" help:"text or json." default:"text" enum:"text,json" env:"WATCHPARTY_LOG_FORMAT"`
}

// nodeName is what may stand in the keys and channels that nodes share.
var nodeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// problems collects what is wrong, each with the key that it is about.
type problems []error

func (p *problems) add(key, format string, args ...any) {
	*p = append(*p, fmt.Errorf(key+": "+format, args...))
}

// Validate says what is wrong with the values, naming each key.
func (c *Config) Validate() error {
	var p problems
	c.validateAddresses(&p)
	c.validateParts(&p)
	if c.Data == "" {
		p.add("data", "needs a folder")
	}
	if c.Node != "" && !nodeName.MatchString(c.Node) {
		p.add("node", "%q is no name: letters, digits, dot, dash and underline, 63 at most", c.Node)
	}
	if c.Secret != "" && len(c.Secret) < 32 {
		p.add("secret", "needs 32 characters or more")
	}
	if _, err := mail.ParseAddress(c.MailFrom); err != nil {
		p.add("mail-from", "%q is not an address such as Watchparty <noreply@example.org>", c.MailFrom)
	}
	if c.RTCPort < 0 || c.RTCPort > 65535 {
		p.add("rtc-port", "%d is not a port", c.RTCPort)
	}
	if c.TURNPort < 0 || c.TURNPort > 65535 {
		p.add("turn-port", "%d is not a port", c.TURNPort)
	}
	if c.UploadMax < 1 {
		p.add("upload-max", "must be at least 1")
	}
	if c.UploadQuota < c.UploadMax {
		p.add("upload-quota", "must not be less than upload-max")
	}
	if c.MaxConns < 1 {
		p.add("max-conns", "must be at least 1")
	}
	if c.Drain < 0 || c.Drain > 10*time.Minute {
		p.add("drain", "must be between 0s and 10m")
	}
	return errors.Join(p...)
}

// validateAddresses looks at where the node listens and who may call it.
func (c *Config) validateAddresses(p *problems) {
	listener(p, "listen", c.Listen)
	if c.MetricsListen != "" {
		listener(p, "metrics-listen", c.MetricsListen)
	}
	if c.PublicURL != "" && !origin(strings.TrimSuffix(c.PublicURL, "/")) {
		p.add("public-url", "wants http:// or https:// and a host, and nothing behind it")
	}
	for _, o := range c.AllowedOrigins {
		if !origin(o) {
			p.add("allowed-origins", "%q is not http:// or https:// and a host", o)
		}
	}
	if _, err := c.Proxies(); err != nil {
		p.add("trusted-proxies", "%v", err)
	}
	for _, h := range c.FilmHosts {
		if u, err := url.Parse("//" + h); err != nil || u.Hostname() == "" || u.Host != h {
			p.add("film-hosts", "%q is neither a host nor host:port", h)
		}
	}
}

// validateParts looks at the addresses of the servers behind the node. They
// hold passwords, so a complaint never repeats them.
func (c *Config) validateParts(p *problems) {
	for _, s := range []struct {
		key     string
		value   Secret
		schemes []string
	}{
		{"database-url", c.DatabaseURL, []string{"postgres", "postgresql"}},
		{"redis-url", c.RedisURL, []string{"redis", "rediss"}},
		{"smtp-url", c.SMTPURL, []string{"smtp", "smtps"}},
	} {
		if s.value == "" {
			continue
		}
		u, err := url.Parse(s.value.Reveal())
		if err != nil || u.Host == "" || !slices.Contains(s.schemes, u.Scheme) {
			p.add(s.key, "wants %s://host", strings.Join(s.schemes, ":// or "))
		}
	}
	if c.RedisURL == "" {
		return
	}
	if c.DatabaseURL == "" {
		p.add("redis-url", "several nodes need a database-url as well: a SQLite file belongs to one")
	}
	if c.Secret == "" {
		p.add("secret", "several nodes need the same one: set it where redis-url is set")
	}
}

func listener(p *problems, key, value string) {
	_, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		p.add(key, "%q is not host:port", value)
	}
}

// origin says whether s is a scheme and a host, as a browser names a site.
func origin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && s == u.Scheme+"://"+u.Host
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
