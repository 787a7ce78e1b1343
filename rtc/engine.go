package rtc

import (
	"strconv"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/webrtc/v4"
)

// Header extensions that we know.
const (
	levelURI  = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	midURI    = "urn:ietf:params:rtp-hdrext:sdes:mid"
	ridURI    = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
	repairURI = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
	wideURI   = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
)

// newAPI says how connections are made: what is spoken, what is done to
// packets on their way, and by which ports.
func newAPI(c Config, s *sockets) (*webrtc.API, error) {
	media, err := codecs()
	if err != nil {
		return nil, err
	}
	way, err := interceptors()
	if err != nil {
		return nil, err
	}
	var e webrtc.SettingEngine
	e.SetLite(true)
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	if err := e.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return nil, err
	}
	// GCM costs a seventh of the older suite for a full packet.
	e.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	down := min(noPathFor, c.LostAfter/2)
	e.SetICETimeouts(down, c.LostAfter-down, keepPathAlive)
	e.SetReceiveMTU(mtu)
	e.DisableActiveTCP(true)
	s.use(&e)
	return webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(way), webrtc.WithSettingEngine(e)), nil
}

// codecs lists what may be sent. Voices are Opus; screens are what the sharer
// encodes.
func codecs() (*webrtc.MediaEngine, error) {
	m := &webrtc.MediaEngine{}
	opus := webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeOpus, ClockRate: opusRate, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1",
	}}
	if err := m.RegisterCodec(opus, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	feedback := []webrtc.RTCPFeedback{{Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "transport-cc"}}
	number := webrtc.PayloadType(96)
	for _, v := range []struct{ mime, fmtp string }{
		{webrtc.MimeTypeVP9, "profile-id=0"},
		{webrtc.MimeTypeVP8, ""},
		{webrtc.MimeTypeAV1, ""},
		{webrtc.MimeTypeH264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"},
		{webrtc.MimeTypeH264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"},
	} {
		codec := webrtc.RTPCodecParameters{PayloadType: number, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: v.mime, ClockRate: 90000, SDPFmtpLine: v.fmtp, RTCPFeedback: feedback,
		}}
		again := webrtc.RTPCodecParameters{PayloadType: number + 1, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: "apt=" + strconv.Itoa(int(number)),
		}}
		for _, x := range []webrtc.RTPCodecParameters{codec, again} {
			if err := m.RegisterCodec(x, webrtc.RTPCodecTypeVideo); err != nil {
				return nil, err
			}
		}
		number += 2
	}
	for _, x := range []struct {
		uri  string
		kind webrtc.RTPCodecType
	}{
		{levelURI, webrtc.RTPCodecTypeAudio}, {midURI, webrtc.RTPCodecTypeAudio},
		{midURI, webrtc.RTPCodecTypeVideo}, {ridURI, webrtc.RTPCodecTypeVideo},
		{repairURI, webrtc.RTPCodecTypeVideo}, {wideURI, webrtc.RTPCodecTypeVideo},
	} {
		if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: x.uri}, x.kind); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// interceptors look at what comes: they ask for lost packets of pictures, and
// tell the sender what arrived. Nothing of them touches what we send.
func interceptors() (*interceptor.Registry, error) {
	ask, err := nack.NewGeneratorInterceptor(nack.WithGeneratorLoggerFactory(silent{}))
	if err != nil {
		return nil, err
	}
	arrivals, err := twcc.NewSenderInterceptor(twcc.WithLoggerFactory(silent{}))
	if err != nil {
		return nil, err
	}
	receipts, err := report.NewReceiverInterceptor(report.ReceiverInterval(reportEvery), report.WithReceiverLoggerFactory(silent{}))
	if err != nil {
		return nil, err
	}
	way := &interceptor.Registry{}
	for _, f := range []interceptor.Factory{lazy{ask}, lazy{arrivals}, receipts} {
		way.Add(f)
	}
	return way, nil
}
