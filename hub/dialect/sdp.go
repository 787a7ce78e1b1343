package dialect

import (
	"strings"

	"watchparty/hub/wire"
)

// silence is an offer of one line without media. It keeps a place in the voice
// room for a client whose own offer comes later.
const silence = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=inactive\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n" +
	"a=ice-ufrag:wait\r\na=ice-pwd:aplacewithoutmediayet00\r\na=setup:actpass\r\na=fingerprint:sha-256 " +
	"00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00\r\n"

// mediaLine is one line of an offer, with where its direction stands.
type mediaLine struct {
	kind, mid, direction string
}

// lines names the lines of an offer as our clients do: the first that sends
// sound is the microphone, those that receive sound are slots for voices, those
// that receive pictures show the shares that run, in their order, and what
// sends pictures is the client's own share. Older clients offer both directions
// on one line; the server takes what they send.
func (s *Speaker) lines(sdp string) (wire.VoiceLines, *wire.SharePublish) {
	sdp, all := readLines(sdp)
	out := wire.VoiceLines{SDP: sdp}
	var publish *wire.SharePublish
	own := s.ownShare()
	others := []wire.Share{}
	for _, x := range sorted(s.talks.shares) {
		if x.User.ID != s.me.ID {
			others = append(others, x)
		}
	}
	var sounds []string
	for _, l := range all {
		switch {
		case l.kind == "audio" && l.direction == "recvonly":
			out.Voice = append(out.Voice, l.mid)
		case l.kind == "audio" && l.direction == "sendonly":
			sounds = append(sounds, l.mid)
		case l.kind == "video" && l.direction == "recvonly" && len(others) > 0:
			out.Views = append(out.Views, wire.VoiceView{Mid: l.mid, Share: others[0].ID})
			others = others[1:]
		case l.kind == "video" && l.direction == "sendonly" && own != nil && publish == nil:
			publish = &wire.SharePublish{Share: own.ID, Video: l.mid}
		}
	}
	if len(sounds) > 0 {
		out.Mic = sounds[0]
	}
	if publish != nil && len(sounds) > 1 {
		publish.Audio = sounds[1]
	}
	return out, publish
}

// readLines reads the media of an offer, and gives it with what goes both ways,
// which is what a line does that does not say, made one way: from the client.
func readLines(sdp string) (string, []mediaLine) {
	var out strings.Builder
	var all []mediaLine
	said := true
	oneWay := func() {
		if !said {
			out.WriteString("a=sendonly\r\n")
		}
	}
	for l := range strings.Lines(sdp) {
		text := strings.TrimRight(l, "\r\n")
		switch {
		case strings.HasPrefix(text, "m="):
			oneWay()
			said = false
			kind, _, _ := strings.Cut(text[2:], " ")
			all = append(all, mediaLine{kind: kind, direction: "sendonly"})
		case len(all) == 0:
		case strings.HasPrefix(text, "a=mid:"):
			all[len(all)-1].mid = text[6:]
		case text == "a=sendrecv":
			said, l = true, "a=sendonly"+l[len(text):]
		case text == "a=recvonly" || text == "a=sendonly" || text == "a=inactive":
			said = true
			all[len(all)-1].direction = text[2:]
		}
		out.WriteString(l)
	}
	oneWay()
	return out.String(), all
}
