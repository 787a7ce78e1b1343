// Package notify writes letters and sends them: through a mail server, or into
// a folder where there is none.
package notify

import (
	"context"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	netmail "net/mail"
	"net/url"
	"strings"
	texttemplate "text/template"

	"github.com/wneessen/go-mail"

	"watchparty/internal/clock"
	"watchparty/internal/id"
)

// ErrRefused says that a letter will never arrive, however often it is sent.
var ErrRefused = errors.New("mail: refused for good")

// Mailer delivers one mail. A refusal for good is ErrRefused.
type Mailer interface {
	Send(ctx context.Context, m *mail.Msg) error
}

//go:embed letters
var letters embed.FS

// subjects are the letters that there are.
var subjects = map[string]string{
	"verify":  "Confirm your e-mail address",
	"reset":   "Set a new password",
	"changed": "Your password was changed",
}

// Office writes letters and gives them to a mailer.
type Office struct {
	mailer Mailer
	from   *netmail.Address
	public string
	host   string
	now    clock.Now
	text   *texttemplate.Template
	html   *htmltemplate.Template
}

// NewOffice makes an office whose letters come from an address, "Name <address>",
// and name the site at public.
func NewOffice(m Mailer, from, public string, now clock.Now) (*Office, error) {
	o := &Office{mailer: m, public: strings.TrimSuffix(public, "/"), now: now}
	var err error
	if o.from, err = netmail.ParseAddress(from); err != nil {
		return nil, fmt.Errorf("mail-from: %w", err)
	}
	u, err := url.Parse(public)
	if err != nil {
		return nil, fmt.Errorf("public-url: %w", err)
	}
	o.host = u.Host
	if o.text, err = texttemplate.ParseFS(letters, "letters/*.txt"); err != nil {
		return nil, err
	}
	o.html, err = htmltemplate.ParseFS(letters, "letters/*.html")
	return o, err
}

// Send writes one letter and sends it. Any error but ErrRefused may pass.
func (o *Office) Send(ctx context.Context, letter, to, name, link string) error {
	subject, ok := subjects[letter]
	if !ok {
		return fmt.Errorf("%w: there is no letter %q", ErrRefused, letter)
	}
	m := mail.NewMsg()
	if err := errors.Join(m.FromFormat(o.from.Name, o.from.Address), m.To(to)); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	m.Subject(subject)
	m.SetDateWithValue(o.now())
	m.SetMessageIDWithValue(string(id.New[id.Fact]()) + "@" + o.host)
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	data := struct{ Subject, Name, Link, Public, Host string }{subject, oneLine(name), link, o.public, o.host}
	err := errors.Join(
		m.SetBodyTextTemplate(o.text.Lookup(letter+".txt"), data),
		m.AddAlternativeHTMLTemplate(o.html.Lookup(letter+".html"), data),
	)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return o.mailer.Send(ctx, m)
}

// oneLine keeps a name from being more than that.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
