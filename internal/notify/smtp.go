package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"
)

// smtpTimeout bounds the whole talk with a mail server.
const smtpTimeout = 20 * time.Second

// SMTP sends through a mail server.
type SMTP struct {
	host string
	opts []mail.Option
}

// NewSMTP reads an address: smtp://user:password@host:587 upgrades to TLS,
// smtps:// begins with it. A password goes over TLS only, unless the server is
// on this machine.
func NewSMTP(address string) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("smtp-url: must be smtp://host:port or smtps://host:port") // without the address: it has a password
	}
	s := &SMTP{host: u.Hostname(), opts: []mail.Option{mail.WithTimeout(smtpTimeout)}}
	port := 587
	policy := mail.TLSOpportunistic
	switch u.Scheme {
	case "smtp":
	case "smtps":
		port = 465
		s.opts = append(s.opts, mail.WithSSL())
	default:
		return nil, fmt.Errorf("smtp-url: %q is not smtp or smtps", u.Scheme)
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil {
			return nil, errors.New("smtp-url: the port is not a number")
		}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		auth := mail.SMTPAuthAutoDiscover
		if loopback(s.host) {
			auth = mail.SMTPAuthPlainNoEnc
		} else {
			policy = mail.TLSMandatory
		}
		s.opts = append(s.opts, mail.WithSMTPAuth(auth), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	s.opts = append(s.opts, mail.WithTLSPolicy(policy), mail.WithPort(port))
	return s, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Send delivers one mail. A refusal for good is ErrRefused.
func (s *SMTP) Send(ctx context.Context, m *mail.Msg) error {
	c, err := mail.NewClient(s.host, s.opts...)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return final(c.DialAndSendWithContext(ctx, m))
}

// final tells a refusal for good from trouble that may pass.
func final(err error) error {
	var e *mail.SendError
	if errors.As(err, &e) && !e.IsTemp() && e.ErrorCode() >= 500 {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return nil
}

// Check says whether the server answers and takes the credentials, for the
// doctor. It sends nothing.
func (s *SMTP) Check(ctx context.Context) error {
	c, err := mail.NewClient(s.host, s.opts...)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	if err := c.DialWithContext(ctx); err != nil {
		var ne net.Error
		if errors.As(err, &ne) {
			return fmt.Errorf("mail server %s does not answer: %w", s.host, err)
		}
		return fmt.Errorf("mail server %s: %w", s.host, err)
	}
	return c.Close()
}
