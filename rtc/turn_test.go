package rtc_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"
	"github.com/pion/webrtc/v4"

	"watchparty/rtc"
)

func servers(s *rtc.SFU, peer, transport string) (out []webrtc.ICEServer) {
	for _, x := range s.ICEServers(peer, "room") {
		for _, u := range x.URLs {
			if strings.HasSuffix(u, transport) {
				out = append(out, webrtc.ICEServer{URLs: []string{u}, Username: x.Username, Credential: x.Credential})
			}
		}
	}
	return out
}

func TestThroughTheRelay(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{TURN: rtc.TURN{On: true, Listen: "127.0.0.1", Realm: "watchparty"}}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	through := func(name, transport string) *person {
		return join(t, r, name, shape{slots: 2, ice: webrtc.Configuration{
			ICEServers: servers(s, name, transport), ICETransportPolicy: webrtc.ICETransportPolicyRelay,
		}})
	}
	ada, bob := through("ada", "udp"), through("bob", "tcp")
	ada.talk(20)
	bob.talk(20)
	eventually(t, "they hear each other", func() bool { return bob.hears("ada") && ada.hears("bob") })
	e.until(t, "they come through the relay", func() bool { return e.paths["ada"] == "relay" && e.paths["bob"] == "relay" })
}

// A client that knows the server by its address outside only gets there through
// the relay, too, though that address leads nowhere from inside.
func TestTheRelayKnowsTheAddressOutside(t *testing.T) {
	t.Parallel()
	s, e := newSFU(t, rtc.Config{
		Hosts: []string{"192.0.2.7:4000"}, TURN: rtc.TURN{On: true, Listen: "127.0.0.1", Realm: "watchparty"},
	}), newEars()
	r := s.Open("room", rtc.Settings{}, e)
	for _, name := range []string{"ada", "whip:film"} {
		join(t, r, name, shape{slots: 2, ice: webrtc.Configuration{
			ICEServers: servers(s, name, "udp"), ICETransportPolicy: webrtc.ICETransportPolicyRelay,
		}})
		e.until(t, name+" comes through the relay", func() bool { return e.paths[name] == "relay" })
	}
}

func TestOnePersonHasOnlySoManyRelays(t *testing.T) {
	t.Parallel()
	s := newSFU(t, rtc.Config{TURN: rtc.TURN{On: true, Listen: "127.0.0.1", Realm: "watchparty"}})
	for range 4 {
		if _, _, err := relayed(t, s.ICEServers("whip:eve", "room")[0]); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := relayed(t, s.ICEServers("whip:eve", "room")[0]); err == nil {
		t.Error("a fifth was given")
	}
	if _, _, err := relayed(t, s.ICEServers("whip:ada", "room")[0]); err != nil {
		t.Errorf("another one is refused for it: %v", err)
	}
}

// relayed asks the relay for a way out.
func relayed(t *testing.T, s rtc.ICEServer) (*turn.Client, net.PacketConn, error) {
	t.Helper()
	at := strings.TrimSuffix(strings.TrimPrefix(s.URLs[0], "turn:"), "?transport=udp")
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c, err := turn.NewClient(&turn.ClientConfig{
		TURNServerAddr: at, Conn: conn, Username: s.Username, Password: s.Credential, Realm: "watchparty",
		LoggerFactory: &logging.DefaultLoggerFactory{Writer: t.Output(), DefaultLogLevel: logging.LogLevelDisabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	out, err := c.Allocate()
	if err == nil {
		t.Cleanup(func() { _ = out.Close() })
	}
	return c, out, err
}

func TestTheRelayReachesNothingElse(t *testing.T) {
	t.Parallel()
	s := newSFU(t, rtc.Config{TURN: rtc.TURN{On: true, Listen: "127.0.0.1", Realm: "watchparty"}})
	_, out, err := relayed(t, s.ICEServers("eve", "room")[0])
	if err != nil {
		t.Fatal(err)
	}
	// Another service of the same machine, such as a database.
	inside, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	if _, err := out.WriteTo([]byte("hello"), inside.LocalAddr()); err != nil {
		t.Logf("refused: %v", err)
	}
	_ = inside.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	if n, from, err := inside.ReadFrom(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes came from %v", n, from)
	}
	for _, foreign := range []string{
		"10.0.0.1:53", "169.254.169.254:80", "192.0.2.1:9", "100.64.0.1:53", "0.0.0.0:53", "192.168.0.1:53", "172.16.0.1:53",
		"198.18.0.1:53", "240.0.0.1:53", "255.255.255.255:53", "224.0.0.1:53", "127.0.0.2:53", "8.8.8.8:53", "192.0.0.8:53",
		"[::ffff:10.0.0.1]:53",
	} {
		to, err := net.ResolveUDPAddr("udp", foreign)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.WriteTo([]byte("hello"), to); err == nil {
			t.Errorf("%s may be reached", foreign)
		}
	}
}

func TestTheRelayWantsCredentialsOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newSFU(t, rtc.Config{TURN: rtc.TURN{On: true, Listen: "127.0.0.1", Realm: "watchparty"}})
	good := s.ICEServers("eve", "room")[0]
	for what, bad := range map[string]rtc.ICEServer{
		"another's password": {URLs: good.URLs, Username: good.Username, Credential: s.ICEServers("ada", "room")[0].Credential},
		"an old name":        {URLs: good.URLs, Username: "1000000000:eve/room", Credential: good.Credential},
	} {
		if _, _, err := relayed(t, bad); err == nil {
			t.Errorf("%s opens the relay", what)
		}
	}
}
