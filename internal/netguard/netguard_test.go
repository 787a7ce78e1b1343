package netguard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"watchparty/internal/netguard"
)

func TestOnlyOrdinaryAddressesArePublic(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]bool{
		"93.184.215.14": true, "1.1.1.1": true, "2606:4700::1111": true, "2a00:1450:4001::200e": true,
		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "100.64.0.1": false, "100.127.255.255": false,
		"127.0.0.1": false, "127.255.0.1": false, "169.254.169.254": false, "172.16.0.1": false, "172.31.0.1": false,
		"192.0.0.8": false, "192.168.1.1": false, "198.18.0.1": false, "198.19.255.255": false, "224.0.0.1": false,
		"239.255.255.250": false, "240.0.0.1": false, "255.255.255.255": false, "192.88.99.1": false,
		"172.32.0.1": true, "100.128.0.1": true, "198.20.0.1": true,
		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::127.0.0.1": false,
		"64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "2002:7f00:1::": false, "2001::1": false,
		"fc00::1": false, "fd00:ec2::254": false, "fe80::1": false, "fe80::1%eth0": false, "ff02::1": false,
		"2001:db8::1": false, "100::1": false, "::ffff:8.8.8.8": true,
	} {
		if got := netguard.Public(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Public(%s) = %v", addr, got)
		}
	}
	if netguard.Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// world is a loopback listener that must never be reached, and a name server
// that tells lies about it.
type world struct {
	canary   *httptest.Server
	port     string
	accepted atomic.Int64
	asked    atomic.Int64
	resolver *net.Resolver
}

// names are what the name server answers, first and afterwards.
var names = map[string][2]string{
	"loopback.test.": {"127.0.0.1", "127.0.0.1"},
	"rebind.test.":   {"198.51.100.1", "127.0.0.1"},
	"mapped.test.":   {"::ffff:127.0.0.1", "::ffff:127.0.0.1"},
	"six.test.":      {"::1", "::1"},
	"lan.test.":      {"127.0.0.1", "127.0.0.1"},
	"meta.test.":     {"169.254.169.254", "169.254.169.254"},
	"nat64.test.":    {"64:ff9b::7f00:1", "64:ff9b::7f00:1"},
	// What some resolvers make of odd notations.
	"2130706433.": {"127.0.0.1", "127.0.0.1"},
	"0x7f000001.": {"127.0.0.1", "127.0.0.1"},
	"0177.0.0.1.": {"127.0.0.1", "127.0.0.1"},
	"127.1.":      {"127.0.0.1", "127.0.0.1"},
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{}
	w.canary = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(rw, r, to, http.StatusFound)
			return
		}
		_, _ = io.WriteString(rw, "secret")
	}))
	w.canary.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			w.accepted.Add(1)
		}
	}
	w.canary.Start()
	t.Cleanup(w.canary.Close)
	_, w.port, _ = net.SplitHostPort(w.canary.Listener.Addr().String())

	dns, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dns.Close() })
	go w.answer(dns)
	w.resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", dns.LocalAddr().String())
	}}
	return w
}

func (w *world) answer(dns net.PacketConn) {
	buf := make([]byte, 1500)
	var mu sync.Mutex
	for {
		n, from, err := dns.ReadFrom(buf)
		if err != nil {
			return
		}
		mu.Lock()
		var m dnsmessage.Message
		if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
			mu.Unlock()
			continue
		}
		q := m.Questions[0]
		m.Response, m.Authoritative, m.Additionals = true, true, nil
		answers, known := names[q.Name.String()]
		if !known {
			m.RCode = dnsmessage.RCodeNameError
		} else {
			which := 0
			if w.asked.Add(1) > 2 { // A and AAAA of the first question
				which = 1
			}
			m.Answers = resource(q, netip.MustParseAddr(answers[which]))
		}
		mu.Unlock()
		if b, err := m.Pack(); err == nil {
			_, _ = dns.WriteTo(b, from)
		}
	}
}

func resource(q dnsmessage.Question, a netip.Addr) []dnsmessage.Resource {
	h := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 0}
	switch {
	case q.Type == dnsmessage.TypeA && a.Is4():
		return []dnsmessage.Resource{{Header: h, Body: &dnsmessage.AResource{A: a.As4()}}}
	case q.Type == dnsmessage.TypeAAAA && a.Is6():
		return []dnsmessage.Resource{{Header: h, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}}}
	}
	return nil
}

func TestNoNotationReachesAPrivateAddress(t *testing.T) {
	t.Parallel()
	for name, host := range map[string]string{
		"a literal":                  "127.0.0.1",
		"another loopback":           "127.9.9.9",
		"a decimal number":           "2130706433",
		"a hexadecimal number":       "0x7f000001",
		"octal digits":               "0177.0.0.1",
		"a short form":               "127.1",
		"the zero address":           "0.0.0.0",
		"the IPv6 zero address":      "[::]",
		"IPv6 loopback":              "[::1]",
		"IPv4 mapped into IPv6":      "[::ffff:127.0.0.1]",
		"mapped, in hexadecimal":     "[::ffff:7f00:1]",
		"IPv4 compatible":            "[::127.0.0.1]",
		"NAT64":                      "[64:ff9b::7f00:1]",
		"6to4":                       "[2002:7f00:1::]",
		"a name of loopback":         "loopback.test",
		"a name of the metadata":     "meta.test",
		"a name of IPv6 loopback":    "six.test",
		"a name of a mapped address": "mapped.test",
		"a name of NAT64":            "nat64.test",
		"localhost":                  "localhost",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := netguard.Client(netguard.Options{Resolver: w.resolver})
			resp, err := get(t, c, "http://"+host+":"+w.port+"/")
			if err == nil {
				t.Fatalf("answered with %s", resp)
			}
			if n := w.accepted.Load(); n != 0 {
				t.Fatalf("%d connections reached the canary", n)
			}
			if !errors.Is(err, netguard.ErrPrivate) && !strings.Contains(err.Error(), "no such host") {
				t.Errorf("refused for another reason: %v", err)
			}
		})
	}
}

func TestANameThatTurnsPrivateAfterTheCheckIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.resolver.LookupHost(t.Context(), "rebind.test"); err != nil {
		t.Fatal(err) // somebody looked first, and saw a public address
	}
	c := netguard.Client(netguard.Options{Resolver: w.resolver})
	_, err := get(t, c, "http://rebind.test:"+w.port+"/")
	if !errors.Is(err, netguard.ErrPrivate) || w.accepted.Load() != 0 {
		t.Fatalf("got %v, %d connections", err, w.accepted.Load())
	}
}

func TestARedirectIsCheckedLikeTheFirstAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	door := newWorld(t) // stands for a public server: it alone is allowed
	c := netguard.Client(netguard.Options{Resolver: w.resolver, Hosts: []string{"127.0.0.1:" + door.port}})
	for _, to := range []string{
		"http://127.0.0.1:" + w.port + "/", "http://loopback.test:" + w.port + "/", "http://[::ffff:127.0.0.1]:" + w.port + "/",
		"gopher://127.0.0.1:" + w.port + "/", "file:///etc/passwd", "ftp://127.0.0.1:" + w.port + "/",
	} {
		resp, err := get(t, c, door.canary.URL+"/?to="+to)
		if err == nil {
			t.Errorf("%s answered with %s", to, resp)
		}
		if !errors.Is(err, netguard.ErrPrivate) && !errors.Is(err, netguard.ErrRedirect) {
			t.Errorf("%s: %v", to, err)
		}
	}
	if n := w.accepted.Load(); n != 0 {
		t.Fatalf("%d connections reached the canary", n)
	}
}

func TestAFewRedirectsAreFollowedAndNoMore(t *testing.T) {
	t.Parallel()
	for hops, ok := range map[int]bool{0: true, 3: true, 4: false} {
		t.Run(fmt.Sprint(hops), func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var n int
				_, _ = fmt.Sscanf(r.URL.Path, "/%d", &n)
				if n > 0 {
					http.Redirect(w, r, fmt.Sprintf("/%d", n-1), http.StatusFound)
				}
			}))
			defer srv.Close()
			c := netguard.Client(netguard.Options{Hosts: []string{srv.Listener.Addr().String()}})
			if _, err := get(t, c, fmt.Sprintf("%s/%d", srv.URL, hops)); (err == nil) != ok {
				t.Errorf("%d redirects: %v", hops, err)
			}
		})
	}
}

func TestAllowedHostsAreReachedAndOnlyThose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := netguard.Client(netguard.Options{Resolver: w.resolver, Hosts: []string{"LAN.test"}})
	if body, err := get(t, c, "http://lan.test:"+w.port+"/"); err != nil || body != "secret" {
		t.Errorf("the allowed host: %q, %v", body, err)
	}
	if _, err := get(t, c, "http://loopback.test:"+w.port+"/"); !errors.Is(err, netguard.ErrPrivate) {
		t.Errorf("another name of the same machine: %v", err)
	}
}

func TestProxySettingsAreIgnored(t *testing.T) {
	w := newWorld(t)
	t.Setenv("HTTP_PROXY", w.canary.URL)
	t.Setenv("http_proxy", w.canary.URL)
	c := netguard.Client(netguard.Options{Resolver: w.resolver})
	if _, err := get(t, c, "http://rebind.test:1/"); err == nil || w.accepted.Load() != 0 {
		t.Fatalf("got %v, %d connections to the proxy", err, w.accepted.Load())
	}
}

func get(t *testing.T, c *http.Client, url string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}
