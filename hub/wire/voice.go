package wire

import (
	"watchparty/internal/access"
	"watchparty/internal/id"
	"watchparty/internal/voice"
)

// The voice room and shared screens.
type (
	// VoiceLines is an offer of the browser, with its lines by their mid.
	VoiceLines struct {
		SDP   string      `json:"sdp" minLength:"1" maxLength:"65536" doc:"Only clients offer; the server answers."`
		Mic   string      `json:"mic,omitempty" maxLength:"16" doc:"The line that sends the microphone, sendonly."`
		Voice []string    `json:"voice,omitempty" maxItems:"16" doc:"Lines that receive voices, recvonly: the slots, in order."`
		Views []VoiceView `json:"views,omitempty" maxItems:"16" doc:"Lines that receive a share."`
	}
	// VoiceView binds a line that receives to a share.
	VoiceView struct {
		Mid   string   `json:"mid" minLength:"1" maxLength:"16"`
		Share id.Share `json:"share,omitempty" maxLength:"36" doc:"Empty frees the line."`
		// MaxHeight is a wish.
		MaxHeight int `json:"max_height,omitempty" minimum:"0" maximum:"8640" doc:"How high the picture is shown at most, in pixels; 0 is not known."`
	}
	// VoiceJoin asks for a place in the voice room.
	VoiceJoin struct {
		VoiceLines
		Muted    bool `json:"muted,omitempty"`
		Deafened bool `json:"deafened,omitempty"`
	}
	// VoiceOffer changes a connection: lines that come or go, or an ICE restart.
	VoiceOffer struct {
		VoiceLines
		Share *SharePublish `json:"share,omitempty"`
		Epoch uint64        `json:"epoch,omitempty" doc:"Of the connection that it changes, as the last answer gave it."`
	}
	// SharePublish names the lines of a share that the browser sends.
	SharePublish struct {
		Share id.Share `json:"share" format:"uuid"`
		Video string   `json:"video" minLength:"1" maxLength:"16"`
		Audio string   `json:"audio,omitempty" maxLength:"16"`
	}
	// VoiceViews binds lines without an offer.
	VoiceViews struct {
		Views []VoiceView `json:"views" minItems:"1" maxItems:"16"`
	}
	// VoiceSet is one's own state; what is missing stays.
	VoiceSet struct {
		Muted    *bool `json:"muted,omitempty"`
		Deafened *bool `json:"deafened,omitempty"`
		Hand     *bool `json:"hand,omitempty" doc:"Raised or not, to be let speak."`
	}
	// VoiceModerate is what a host says about somebody; what is missing stays.
	VoiceModerate struct {
		User     id.User `json:"user" format:"uuid"`
		Muted    *bool   `json:"muted,omitempty" doc:"The server's mute. It never touches the person's own."`
		Speak    *bool   `json:"speak,omitempty" doc:"Lets somebody speak where that needs leave."`
		Hand     *bool   `json:"hand,omitempty" doc:"Only false: the hand is answered."`
		Priority *bool   `json:"priority,omitempty" doc:"Is heard before others."`
		Out      bool    `json:"out,omitempty" doc:"Sends him out of the voice room."`
	}
	// VoiceSettings changes how the voice room works; what is missing stays.
	VoiceSettings struct {
		Active            *bool   `json:"active,omitempty"`
		MaxParticipants   *int    `json:"max_participants,omitempty" minimum:"1" maximum:"100"`
		RequirePermission *bool   `json:"require_permission,omitempty"`
		AudioQuality      *string `json:"audio_quality,omitempty" enum:"low,medium,high,ultra"`
		NoiseCancellation *bool   `json:"noise_cancellation,omitempty"`
		EchoCancellation  *bool   `json:"echo_cancellation,omitempty"`
		Stage             *bool   `json:"stage,omitempty" doc:"Hosts speak; others raise a hand."`
		LastN             *int    `json:"last_n,omitempty" minimum:"0" maximum:"16" doc:"So many of the loudest are forwarded; 0: all."`
		Shares            *string `json:"shares,omitempty" enum:"one,several" doc:"How many may share a screen at once."`
	}

	// VoiceAnswer answers an offer.
	VoiceAnswer struct {
		SDP        string      `json:"sdp"`
		Epoch      uint64      `json:"epoch" doc:"Of this connection; a later join replaces it."`
		ICEServers []ICEServer `json:"ice_servers"`
	}
	// VoicePrepared is what a browser wants before it offers.
	VoicePrepared struct {
		ICEServers []ICEServer `json:"ice_servers" doc:"Good for five minutes."`
		Settings   VoiceRules  `json:"settings"`
		LastN      int         `json:"last_n" doc:"How many lines for voices make sense."`
	}
	// ICEServer is a relay.
	ICEServer struct {
		URLs       []string `json:"urls"`
		Username   string   `json:"username"`
		Credential string   `json:"credential"`
	}
	// VoiceRoom is the voice room as a whole.
	VoiceRoom struct {
		Epoch    int64         `json:"epoch" doc:"Of the room. Who joined under another one joins again, at once."`
		Settings VoiceRules    `json:"settings"`
		Members  []VoiceMember `json:"members" doc:"Who came first is first."`
	}
	// VoiceRules are the settings.
	VoiceRules struct {
		Active            bool   `json:"active"`
		MaxParticipants   int    `json:"max_participants"`
		RequirePermission bool   `json:"require_permission"`
		AudioQuality      string `json:"audio_quality" enum:"low,medium,high,ultra"`
		NoiseCancellation bool   `json:"noise_cancellation"`
		EchoCancellation  bool   `json:"echo_cancellation"`
		Stage             bool   `json:"stage"`
		LastN             int    `json:"last_n"`
		Shares            string `json:"shares" enum:"one,several"`
	}
	// VoiceMember is somebody in it.
	VoiceMember struct {
		User        id.User `json:"user" format:"uuid"`
		Epoch       uint64  `json:"epoch"`
		Connected   bool    `json:"connected" doc:"Media flows."`
		Path        string  `json:"path" doc:"udp, tcp or relay; empty before."`
		Muted       bool    `json:"muted" doc:"By himself."`
		ServerMuted bool    `json:"server_muted" doc:"By a host."`
		MaySpeak    bool    `json:"may_speak"`
		Deafened    bool    `json:"deafened"`
		Hand        int64   `json:"hand" doc:"Server milliseconds when it was raised; 0: it is down."`
		Priority    bool    `json:"priority"`
		JoinedAt    Time    `json:"joined_at"`
	}
	// VoiceSpeaking lists who speaks.
	VoiceSpeaking struct {
		Users []id.User `json:"users"`
	}
	// VoiceSlots says whose voice is in which slot.
	VoiceSlots struct {
		Slots []id.User `json:"slots" doc:"Empty where a slot is."`
	}
	// VoiceGone says why one is not in the voice room any more.
	VoiceGone struct {
		Reason string `json:"reason" enum:"replaced,removed,lost,closed" doc:"After lost a client joins again by itself."`
	}

	// ShareStart begins a share; its media follows with voice.offer.
	ShareStart struct {
		Title         *string `json:"title,omitempty" maxLength:"200"`
		Type          *string `json:"share_type,omitempty" enum:"screen,window,tab"`
		Resolution    *string `json:"resolution,omitempty" maxLength:"12"`
		FrameRate     *int    `json:"frame_rate,omitempty" minimum:"1" maximum:"60"`
		Audio         *bool   `json:"has_audio,omitempty"`
		Annotate      *bool   `json:"viewers_can_annotate,omitempty"`
		RemoteControl *bool   `json:"allow_remote_control,omitempty"`
		Quality       *string `json:"quality,omitempty" enum:"low,medium,high"`
	}
	// ShareUpdate changes one's own share; what is missing stays.
	ShareUpdate struct {
		Share id.Share `json:"share" format:"uuid"`
		ShareStart
		Recording *bool `json:"is_recording,omitempty"`
	}
	// ShareRef points at a share.
	ShareRef struct {
		Share id.Share `json:"share" format:"uuid"`
	}
	// Share is a shared screen.
	Share struct {
		ShareID       id.Share `json:"share_id" format:"uuid"`
		ID            id.Share `json:"id" format:"uuid" doc:"The same."`
		User          User     `json:"user"`
		Party         id.Party `json:"party" format:"uuid"`
		Title         string   `json:"title"`
		Type          string   `json:"share_type" enum:"screen,window,tab"`
		Resolution    string   `json:"resolution"`
		FrameRate     int      `json:"frame_rate"`
		FPS           int      `json:"fps" doc:"The same."`
		ViewerCount   int      `json:"viewer_count"`
		Annotate      bool     `json:"viewers_can_annotate"`
		RemoteControl bool     `json:"allow_remote_control"`
		Recording     bool     `json:"is_recording"`
		Active        bool     `json:"is_active"`
		Live          bool     `json:"live" doc:"Pictures flow."`
		Quality       string   `json:"quality" enum:"low,medium,high"`
		Audio         bool     `json:"audio_enabled"`
		StartedAt     Time     `json:"started_at"`
		EndedAt       *Time    `json:"ended_at"`
		Duration      float64  `json:"share_duration" doc:"Seconds; 0 while it runs."`
	}
	// ShareList is every share that runs.
	ShareList struct {
		Shares []Share `json:"shares"`
	}
)

// What clients send.
var (
	VoicePrepareUp  = up[Empty]("voice.prepare", access.VoiceUse, "Asks for what is needed before an offer; answered with voice.prepared.")
	VoiceJoinUp     = up[VoiceJoin]("voice.join", access.VoiceUse, "Joins the voice room with an offer; answered with voice.answer.")
	VoiceOfferUp    = up[VoiceOffer]("voice.offer", access.VoiceUse, "Offers again on the same connection; answered with voice.answer.")
	VoiceViewUp     = up[VoiceViews]("voice.view", access.VoiceUse, "Says which share a line shows.")
	VoiceLeaveUp    = up[Empty]("voice.leave", access.VoiceUse, "Leaves the voice room.")
	VoiceSetUp      = up[VoiceSet]("voice.set", access.VoiceUse, "Mutes, deafens, raises a hand.")
	VoiceModerateUp = up[VoiceModerate]("voice.moderate", access.VoiceModerate, "Mutes somebody, lets him speak, sends him out.")
	VoiceSettingsUp = up[VoiceSettings]("voice.settings", access.VoiceModerate, "Changes how the voice room works; acknowledged when committed.")
	ShareStartUp    = up[ShareStart]("share.start", access.VoiceUse, "Begins a share; acknowledged with its id when committed.")
	ShareUpdateUp   = up[ShareUpdate]("share.update", access.VoiceUse, "Changes one's own share; acknowledged when committed.")
	ShareStopUp     = up[ShareRef]("share.stop", access.VoiceUse, "Ends a share: one's own, or as a host anybody's.")
)

// What the server sends.
var (
	VoicePreparedDown = down[VoicePrepared]("voice.prepared", Direct, "Answers voice.prepare.")
	VoiceAnswerDown   = down[VoiceAnswer]("voice.answer", Direct, "Answers voice.join and voice.offer.")
	VoiceRoomDown     = down[VoiceRoom]("voice.room", State, "The voice room.")
	VoiceSlotsDown    = down[VoiceSlots]("voice.slots", State, "Whose voice is in which slot.")
	VoiceSpeakingDown = down[VoiceSpeaking]("voice.speaking", Burst, "Who speaks, as a whole, whenever that changes.")
	VoiceGoneDown     = down[VoiceGone]("voice.gone", Direct, "One is not in the voice room any more.")
	ShareListDown     = down[ShareList]("share.list", State, "The shares that run.")
)

// Lines reads the lines of an offer.
func (v VoiceLines) Offer() voice.Offer {
	return voice.Offer{SDP: v.SDP, Mic: v.Mic, Voice: v.Voice, Views: ViewsOf(v.Views)}
}

// ViewsOf reads bindings.
func ViewsOf(list []VoiceView) []voice.View {
	out := make([]voice.View, len(list))
	for i, v := range list {
		out[i] = voice.View{Mid: v.Mid, Share: v.Share, MaxHeight: v.MaxHeight}
	}
	return out
}

// ICEServersOf shows relays.
func ICEServersOf(list []voice.ICEServer) []ICEServer {
	out := make([]ICEServer, len(list))
	for i, s := range list {
		out[i] = ICEServer{s.URLs, s.Username, s.Credential}
	}
	return out
}

// Patch reads a change of settings.
func (v VoiceSettings) Patch() voice.Patch {
	var many *bool
	if v.Shares != nil {
		several := *v.Shares == "several"
		many = &several
	}
	return voice.Patch{
		Active: v.Active, MaxParticipants: v.MaxParticipants, RequirePermission: v.RequirePermission, Quality: (*voice.Quality)(v.AudioQuality),
		NoiseCancellation: v.NoiseCancellation, EchoCancellation: v.EchoCancellation, Stage: v.Stage, LastN: v.LastN, ManyShares: many,
	}
}

// VoiceRulesOf shows settings.
func VoiceRulesOf(s voice.Settings) VoiceRules {
	shares := "one"
	if s.ManyShares {
		shares = "several"
	}
	return VoiceRules{
		s.Active, s.MaxParticipants, s.RequirePermission, string(s.Quality), s.NoiseCancellation, s.EchoCancellation, s.Stage, s.LastN, shares,
	}
}

// Patch reads a change of a share.
func (v ShareStart) Patch() voice.SharePatch {
	return voice.SharePatch{
		Title: v.Title, Type: v.Type, Resolution: v.Resolution, FrameRate: v.FrameRate, Annotate: v.Annotate,
		RemoteControl: v.RemoteControl, Quality: v.Quality, Audio: v.Audio,
	}
}

// ShareOf shows a share. live and viewers are of this moment.
func ShareOf(s voice.Share, by User, live bool, viewers int) Share {
	w := Share{
		ShareID: s.ID, ID: s.ID, User: by, Party: s.Party, Title: s.Title, Type: s.Type, Resolution: s.Resolution, FrameRate: s.FrameRate,
		FPS: s.FrameRate, ViewerCount: viewers, Annotate: s.Annotate, RemoteControl: s.RemoteControl, Recording: s.Recording,
		Active: s.Ended == nil, Live: live, Quality: s.Quality, Audio: s.Audio, StartedAt: Time(s.Started), EndedAt: When(s.Ended),
	}
	if s.Ended != nil {
		w.Duration = s.Ended.Sub(s.Started).Seconds()
	}
	return w
}
