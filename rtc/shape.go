package rtc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// shape finishes an answer for the client: silence is not sent, losses are
// repaired from within the voice, a microphone keeps to its bit rate, and the
// server's addresses are those that can be reached from outside.
func (s *SFU) shape(sdp string, set Settings) string {
	var b strings.Builder
	b.Grow(len(sdp) + 256)
	told := false
	opus := map[string]bool{}
	for l := range strings.Lines(sdp) {
		l = strings.TrimRight(l, "\r\n")
		if strings.HasPrefix(l, "m=") {
			told = false
		}
		if n, ok := strings.CutPrefix(l, "a=rtpmap:"); ok {
			if number, name, _ := strings.Cut(n, " "); strings.HasPrefix(strings.ToLower(name), "opus/") {
				opus[number] = true
			}
		}
		if n, ok := strings.CutPrefix(l, "a=fmtp:"); ok {
			if number, params, _ := strings.Cut(n, " "); opus[number] {
				l = "a=fmtp:" + number + " " + opusParams(params, set)
			}
		}
		if strings.HasPrefix(l, "a=candidate:") && len(s.sockets.hosts) > 0 {
			if !told {
				told = true
				s.candidates(&b)
			}
			continue
		}
		b.WriteString(l + "\r\n")
	}
	return b.String()
}

func opusParams(params string, set Settings) string {
	all := strings.Split(params, ";")
	put := func(key, value string) {
		all = slices.DeleteFunc(all, func(p string) bool {
			k, _, _ := strings.Cut(strings.TrimSpace(p), "=")
			return k == key || k == ""
		})
		all = append(all, key+"="+value)
	}
	put("useinbandfec", "1")
	put("usedtx", "1")
	if set.Bitrate > 0 {
		put("maxaveragebitrate", strconv.Itoa(set.Bitrate))
	}
	return strings.Join(all, ";")
}

// candidates writes the addresses that the host has given (RFC 8839, section
// 5.1; TCP: RFC 6544, section 4.5).
func (s *SFU) candidates(b *strings.Builder) {
	for i, h := range s.sockets.hosts {
		rank := 65535 - i
		if !s.cfg.NoUDP {
			fmt.Fprintf(b, "a=candidate:%d 1 udp %d %s %d typ host\r\n", i+1, 126<<24|rank<<8|255, h.Addr(), h.Port())
		}
		if !s.cfg.NoTCP {
			fmt.Fprintf(b, "a=candidate:%d 1 tcp %d %s %d typ host tcptype passive\r\n", i+101, 90<<24|rank<<8|255, h.Addr(), h.Port())
		}
	}
}
