package notify_test

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"watchparty/internal/notify"
	"watchparty/internal/notify/smtptest"
)

const from = "Watchparty <noreply@party.example>"

func at() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func office(t *testing.T, m notify.Mailer) *notify.Office {
	t.Helper()
	o, err := notify.NewOffice(m, from, "https://party.example", at)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// parts gives the headers and the bodies by media type.
func parts(t *testing.T, raw string) (mail.Header, map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return m.Header, got
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		got[kind] = strings.ReplaceAll(string(body), "\r\n", "\n")
	}
}

func TestEveryLetterArrivesInTextAndHTML(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t)
	smtp, err := notify.NewSMTP("smtp://user:secret@" + server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	o := office(t, smtp)
	link := "https://party.example/reset?token=abc"
	tests := map[string]struct{ subject, holds string }{
		"verify":  {"Confirm your e-mail address", link},
		"reset":   {"Set a new password", link},
		"changed": {"Your password was changed", "https://party.example/forgot"},
	}
	for letter, want := range tests {
		if err := o.Send(t.Context(), letter, "ana@example.com", "Ana <b>Ö</b>", link); err != nil {
			t.Fatalf("%s: %v", letter, err)
		}
		all := server.Mails()
		got := all[len(all)-1]
		if got.From != "noreply@party.example" || len(got.To) != 1 || got.To[0] != "ana@example.com" {
			t.Errorf("%s went from %s to %v", letter, got.From, got.To)
		}
		head, bodies := parts(t, got.Data)
		if head.Get("Subject") != want.subject || head.Get("Auto-Submitted") == "" || head.Get("Message-Id") == "" {
			t.Errorf("%s has headers %v", letter, head)
		}
		if !strings.Contains(bodies["text/plain"], want.holds) || !strings.Contains(bodies["text/html"], want.holds) {
			t.Errorf("%s lacks %q: %v", letter, want.holds, bodies)
		}
		if strings.Contains(bodies["text/html"], "<b>Ö</b>") {
			t.Errorf("%s takes a name for HTML", letter)
		}
		if !strings.Contains(bodies["text/plain"], "party.example") || !strings.Contains(bodies["text/html"], "party.example") {
			t.Errorf("%s does not name the site", letter)
		}
	}
	if len(server.Auth()) != len(tests) {
		t.Errorf("signed in %d times", len(server.Auth()))
	}
}

func TestANameCannotAddAHeader(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t)
	smtp, err := notify.NewSMTP("smtp://" + server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	name := "Ana\r\nBcc: all@example.com\r\n\r\nHello"
	if err := office(t, smtp).Send(t.Context(), "verify", "ana@example.com", name, "https://party.example/verify?token=x"); err != nil {
		t.Fatal(err)
	}
	head, _ := parts(t, server.Mails()[0].Data)
	if head.Get("Bcc") != "" || len(server.Mails()[0].To) != 1 {
		t.Fatalf("headers %v", head)
	}
}

func TestARefusalForGoodIsToldFromTroubleThatPasses(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t)
	server.Refuse("gone@example.com", "550 5.1.1 nobody here")
	server.Refuse("full@example.com", "451 4.2.2 try later")
	smtp, err := notify.NewSMTP("smtp://" + server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	o := office(t, smtp)
	for to, forGood := range map[string]bool{"gone@example.com": true, "full@example.com": false} {
		err := o.Send(t.Context(), "reset", to, "Ana", "https://party.example/reset?token=x")
		if err == nil || errors.Is(err, notify.ErrRefused) != forGood {
			t.Errorf("%s: %v", to, err)
		}
	}
	if err := o.Send(t.Context(), "poem", "ana@example.com", "Ana", ""); !errors.Is(err, notify.ErrRefused) {
		t.Errorf("an unknown letter: %v", err)
	}
	if err := o.Send(t.Context(), "reset", "not an address", "Ana", ""); !errors.Is(err, notify.ErrRefused) {
		t.Errorf("no address: %v", err)
	}
}

func TestTheDoctorSeesWhetherAServerAnswers(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t)
	up, err := notify.NewSMTP("smtp://" + server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := up.Check(t.Context()); err != nil {
		t.Error(err)
	}
	down, err := notify.NewSMTP("smtp://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := down.Check(t.Context()); err == nil {
		t.Error("a closed port passed")
	}
}

func TestABadAddressOfTheServerIsRefusedWithoutShowingIt(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "smtp://", "http://user:canary@host", "smtp://user:canary@host:notaport", "://canary"} {
		_, err := notify.NewSMTP(address)
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := notify.NewOffice(nil, "nobody", "https://party.example", at); err == nil {
		t.Error("a sender without an address passed")
	}
}

func TestTheSpoolKeepsWholePrivateFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mail")
	spool, err := notify.NewSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	o := office(t, spool)
	for range 3 {
		if err := o.Send(t.Context(), "verify", "ana@example.com", "Ana", "https://party.example/verify?token=x"); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil || info.Mode().Perm() != 0o600 || filepath.Ext(f) != ".eml" {
			t.Errorf("%s: %v, %v", f, info.Mode(), err)
		}
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, bodies := parts(t, string(raw)); !strings.Contains(bodies["text/plain"], "token=x") {
		t.Errorf("%s", raw)
	}
}
