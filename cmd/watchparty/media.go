package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"watchparty/hub"
	"watchparty/internal/config"
	"watchparty/internal/id"
	"watchparty/internal/voice"
	"watchparty/rtc"
)

// openMedia opens the ports of voice and screens; nil where they are switched
// off.
func (n *node) openMedia(context.Context) error {
	if !n.cfg.RTC {
		return nil
	}
	listen := n.cfg.RTCListen
	if host, _, err := net.SplitHostPort(n.cfg.Listen); err == nil && listen == "" {
		// Who serves pages to this machine only, does the same with voices.
		if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
			listen = host
		}
	}
	c := rtc.Config{
		Listen: listen, Port: n.cfg.RTCPort, Hosts: n.cfg.RTCHosts, Log: n.log, Metrics: n.metrics.Media(),
		TURN: rtc.TURN{
			On: n.cfg.TURNPort > 0, Listen: listen, Port: n.cfg.TURNPort, Host: n.cfg.TURNHost, Realm: "watchparty",
		},
	}
	s, err := rtc.New(c)
	if err != nil && c.Port == config.DefaultRTCPort && errors.Is(err, syscall.EADDRINUSE) {
		// Nobody asked for this very port: a second server on the machine gets
		// another one.
		c.Port = 0
		if s, err = rtc.New(c); err == nil {
			n.log.Warn("the port of voice and screen share is taken; another one is used", "rtc-port", s.Port())
		}
	}
	if err != nil {
		return fmt.Errorf("rtc-port: %w", err)
	}
	n.closers = append(n.closers, s.Close)
	n.voices = mediaRooms{s}
	return nil
}

// mediaRooms lets the hub use the SFU. It is hub.Media.
type mediaRooms struct{ sfu *rtc.SFU }

// ICEServers gives a person's way to the relay.
func (m mediaRooms) ICEServers(u id.User, p id.Party) []voice.ICEServer {
	var out []voice.ICEServer
	for _, s := range m.sfu.ICEServers(string(u), string(p)) {
		out = append(out, voice.ICEServer(s))
	}
	return out
}

// Open begins the media of a room.
func (m mediaRooms) Open(p id.Party, f voice.Forwarding, e hub.Ears) hub.Speakers {
	return mediaRoom{m.sfu.Open(string(p), rtc.Settings(f), heard{e})}
}

// mediaRoom is hub.Speakers.
type mediaRoom struct{ room *rtc.Room }

func (m mediaRoom) Join(ctx context.Context, u id.User, f voice.Flags, o voice.Offer) (voice.Answer, error) {
	a, err := m.room.Join(ctx, string(u), flagsOf(f), offerOf(o))
	return voice.Answer(a), err
}

func (m mediaRoom) Renegotiate(ctx context.Context, u id.User, o voice.Offer) (voice.Answer, error) {
	a, err := m.room.Renegotiate(ctx, string(u), offerOf(o))
	return voice.Answer(a), err
}

func (m mediaRoom) Leave(u id.User)                      { m.room.Leave(string(u)) }
func (m mediaRoom) Set(u id.User, f voice.Flags)         { m.room.Set(string(u), flagsOf(f)) }
func (m mediaRoom) Unshare(s id.Share)                   { m.room.Unshare(string(s)) }
func (m mediaRoom) Update(f voice.Forwarding)            { m.room.Update(rtc.Settings(f)) }
func (m mediaRoom) Close()                               { m.room.Close() }
func (m mediaRoom) Bind(u id.User, v []voice.View) error { return m.room.Bind(string(u), viewsOf(v)) }

func flagsOf(f voice.Flags) rtc.Flags {
	// Who may share was asked before the offer came here.
	return rtc.Flags{Muted: f.Silent, Deaf: f.Deaf, Priority: f.Priority, Share: true}
}

func offerOf(o voice.Offer) rtc.Offer {
	out := rtc.Offer{SDP: o.SDP, Mic: o.Mic, Voice: o.Voice, Views: viewsOf(o.Views)}
	if o.Share != nil {
		out.Share = &rtc.Publish{Share: string(o.Share.Share), Video: o.Share.Video, Audio: o.Share.Audio}
	}
	return out
}

func viewsOf(list []voice.View) []rtc.View {
	out := make([]rtc.View, len(list))
	for i, v := range list {
		out[i] = rtc.View{Mid: v.Mid, Share: string(v.Share), MaxHeight: v.MaxHeight}
	}
	return out
}

// heard tells the hub what a media room tells. It is rtc.Handler.
type heard struct{ ears hub.Ears }

func (h heard) Connected(peer string, epoch uint64, path string) {
	h.ears.Connected(id.User(peer), epoch, path)
}
func (h heard) Lost(peer string, epoch uint64, _ string) { h.ears.Lost(id.User(peer), epoch) }
func (h heard) Speaking(peers []string)                  { h.ears.Speaking(users(peers)) }
func (h heard) Slots(peers []string)                     { h.ears.Slots(users(peers)) }
func (h heard) ShareLive(share string, on bool, _ rtc.ShareInfo) {
	h.ears.ShareLive(id.Share(share), on)
}

func users(names []string) []id.User {
	out := make([]id.User, len(names))
	for i, n := range names {
		out[i] = id.User(n)
	}
	return out
}
