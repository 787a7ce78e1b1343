// Package netguard fetches what strangers point at without becoming their
// hand inside the network: it looks at the address that a connection really
// goes to, at the moment it is made, whatever names, redirects and notations
// led there.
package netguard

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"watchparty/internal/fault"
)

var (
	// ErrPrivate refuses an address that is not on the public internet.
	ErrPrivate = fault.New(fault.Invalid, "film.private_address", "That address is not on the public internet, so we do not fetch it.")
	// ErrRedirect refuses a redirect to another scheme than the web's, and a chase
	// of redirects.
	ErrRedirect = fault.New(fault.Invalid, "film.redirect", "That address leads on to where we do not follow.")
)

// Limits of one fetch.
const (
	Timeout      = 5 * time.Second
	maxRedirects = 3
	maxHeader    = 64 << 10
)

// Options say how a client reaches out.
type Options struct {
	// Hosts are names or addresses, with or without a port, that may be private:
	// a media server on the owner's own network.
	Hosts []string
	// Resolver replaces the system's.
	Resolver *net.Resolver
}

// Client makes a client that only connects to public addresses, gives up
// after Timeout, ignores proxy settings and follows few redirects, each
// checked anew. Whoever reads a body bounds it.
func Client(o Options) *http.Client {
	open := &net.Dialer{Timeout: Timeout, Resolver: o.Resolver}
	guarded := &net.Dialer{Timeout: Timeout, Resolver: o.Resolver, ControlContext: control}
	hosts := make(map[string]bool, len(o.Hosts))
	for _, h := range o.Hosts {
		hosts[strings.ToLower(strings.TrimSpace(h))] = true
	}
	return &http.Client{
		Timeout: Timeout,
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				if host, _, err := net.SplitHostPort(addr); err == nil && (hosts[strings.ToLower(host)] || hosts[strings.ToLower(addr)]) {
					return open.DialContext(ctx, network, addr)
				}
				return guarded.DialContext(ctx, network, addr)
			},
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    Timeout,
			ResponseHeaderTimeout:  Timeout,
			MaxResponseHeaderBytes: maxHeader,
			DisableKeepAlives:      true,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return ErrRedirect
			}
			return checkScheme(r)
		},
	}
}

func checkScheme(r *http.Request) error {
	if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return ErrRedirect
	}
	return nil
}

// control runs for each address that is about to be connected, after names
// are resolved: nothing can change between the check and the connection.
func control(_ context.Context, network, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return ErrPrivate.Because(fmt.Errorf("%s %s: %w", network, address, err))
	}
	if !Public(at.Addr()) {
		return ErrPrivate.Because(fmt.Errorf("refused to connect to %s", at.Addr()))
	}
	return nil
}

// special are the blocks inside the unicast ranges that are not the public
// internet, or lead somewhere else (IANA's special-purpose registries).
var special = blocks(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
	"192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
)

// unicast is what of IPv6 is handed out at all. It leaves out loopback, mapped
// and compatible IPv4, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), unique local, link
// local and multicast addresses.
var unicast = netip.MustParsePrefix("2000::/3")

// Public says whether an address is an ordinary one of the public internet.
func Public(a netip.Addr) bool {
	if a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if !a.IsValid() || a.Is6() && !unicast.Contains(a) {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

func blocks(all ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(all))
	for i, s := range all {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}
