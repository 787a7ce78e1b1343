package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/internal/voice"
)

// VoiceArchive is what is kept of voice rooms and shared screens; store.Rooms
// has it.
type VoiceArchive interface {
	Voice(ctx context.Context, p id.Party) (voice.Kept, error)
	Shares(ctx context.Context, p id.Party, active bool, limit int) ([]voice.Share, error)
	Share(ctx context.Context, s id.Share) (voice.Share, error)
	Faces(ctx context.Context, users []id.User) (map[id.User]party.Person, error)
}

// voices is the face of the voice room and of shared screens.
type voices struct {
	*API
	parties PartyFinder
	archive VoiceArchive
	room    ChatRoom
}

// Voice serves the voice room and shared screens of parties. Media goes by the
// socket's offers, not by these calls.
func Voice(parties PartyFinder, archive VoiceArchive, room ChatRoom) Feature {
	return func(a *API) {
		v := voices{a, parties, archive, room}
		v.rooms()
		v.shares()
	}
}

// VoiceParty names the party of a voice room.
type VoiceParty struct {
	Party string `path:"party" maxLength:"64" doc:"Id or room code."`
}

type voiceRoomShape struct {
	ID                id.Party         `json:"id" format:"uuid" doc:"Of the party: it has one voice room."`
	Party             id.Party         `json:"party" format:"uuid"`
	MaxParticipants   int              `json:"max_participants"`
	ParticipantCount  int              `json:"participant_count"`
	RequirePermission bool             `json:"require_permission"`
	AudioQuality      string           `json:"audio_quality" enum:"low,medium,high,ultra"`
	NoiseCancellation bool             `json:"noise_cancellation"`
	EchoCancellation  bool             `json:"echo_cancellation"`
	Stage             bool             `json:"stage"`
	LastN             int              `json:"last_n"`
	ICEServers        []wire.ICEServer `json:"ice_servers"`
	IsActive          bool             `json:"is_active"`
}

type voicePerson struct {
	ID          id.User    `json:"id" format:"uuid"`
	User        wire.User  `json:"user"`
	Room        id.Party   `json:"room" format:"uuid"`
	PeerID      string     `json:"peer_id"`
	IsConnected bool       `json:"is_connected"`
	IsMuted     bool       `json:"is_muted" doc:"By himself or by a host."`
	JoinedAt    wire.Time  `json:"joined_at"`
	LeftAt      *wire.Time `json:"left_at"`
	Duration    float64    `json:"session_duration" doc:"Seconds."`
}

type voiceState struct {
	Room             voiceRoomShape  `json:"room"`
	Participants     []voicePerson   `json:"participants"`
	ParticipantCount int             `json:"participant_count"`
	ID               id.Party        `json:"id" format:"uuid"`
	IsActive         bool            `json:"is_active"`
	Settings         wire.VoiceRules `json:"settings"`
}

type voiceManage struct {
	VoiceParty
	Key  string `header:"Idempotency-Key" maxLength:"64"`
	Body struct {
		Action            string  `json:"action,omitempty" enum:"start,stop,mute,unmute"`
		User              id.User `json:"user_id,omitempty" maxLength:"36" doc:"Whom to mute."`
		MaxParticipants   *int    `json:"max_participants,omitempty" minimum:"1" maximum:"100"`
		RequirePermission *bool   `json:"require_permission,omitempty"`
		AudioQuality      *string `json:"audio_quality,omitempty" enum:"low,medium,high,ultra"`
		NoiseCancellation *bool   `json:"noise_cancellation,omitempty"`
		EchoCancellation  *bool   `json:"echo_cancellation,omitempty"`
		Stage             *bool   `json:"stage,omitempty"`
		LastN             *int    `json:"last_n,omitempty" minimum:"0" maximum:"16"`
	}
}

func (v voices) rooms() {
	op(v.API, Op{
		Method: http.MethodGet, Path: "/api/interactive/parties/{party}/voice-chat/", ID: "voice-get", Tag: "voice",
		Doc: "The voice room of a party, and who is in it.", Needs: access.VoiceRead,
	}, func(ctx context.Context, in *VoiceParty) (*Answer[voiceState], error) { return v.state(ctx, in.Party) })
	op(v.API, Op{
		Method: http.MethodGet, Path: "/api/interactive/voice-chat/", ID: "voice-get-short", Tag: "voice",
		Doc: "The same, the party as a parameter.", Needs: access.VoiceRead,
	}, func(ctx context.Context, in *struct {
		Party string `query:"party" maxLength:"64" required:"true"`
	},
	) (*Answer[voiceState], error) {
		return v.state(ctx, in.Party)
	})
	for _, path := range []struct{ method, path, id string }{
		{http.MethodPost, "/api/interactive/parties/{party}/voice-chat/manage/", "voice-manage"},
		{http.MethodPut, "/api/interactive/parties/{party}/voice-chat/manage/", "voice-manage-put"},
		{http.MethodPost, "/api/interactive/parties/{party}/voice-chat/", "voice-set"},
		{http.MethodPut, "/api/interactive/parties/{party}/voice-chat/", "voice-set-put"},
	} {
		op(v.API, Op{
			Method: path.method, Path: path.path, ID: path.id, Tag: "voice",
			Doc: "Set the voice room, open or close it, mute somebody. Answers 201 when nobody had set it before.", Needs: access.VoiceModerate,
		}, v.manage)
	}
	op(v.API, Op{
		Method: http.MethodPost, Path: "/api/interactive/parties/{party}/voice-chat/join/", ID: "voice-join", Tag: "voice",
		Doc: "What a client needs to join; the offer itself goes by the socket.", Needs: access.VoiceUse, PerIP: Rate{60, time.Minute},
	}, v.join)
	op(v.API, Op{
		Method: http.MethodPost, Path: "/api/interactive/parties/{party}/voice-chat/leave/", ID: "voice-leave", Tag: "voice",
		Doc: "Leave the voice room.", Needs: access.VoiceUse,
	}, func(ctx context.Context, in *VoiceParty) (*Answer[Done], error) {
		p, _, err := seat(ctx, v.parties, in.Party)
		if err != nil {
			return nil, err
		}
		if _, err := v.run(ctx, p, wire.VoiceLeaveUp.Name, "", wire.Empty{}); err != nil {
			return nil, err
		}
		return done("You have left the voice room."), nil
	})
}

func (v voices) run(ctx context.Context, p id.Party, kind, key string, data any) (wire.Result, error) {
	b, err := json.Marshal(data)
	if err != nil {
		return wire.Result{}, err
	}
	return v.room.Do(ctx, p, account.Maybe(ctx), wire.Command{Type: kind, Op: key, Data: b})
}

// look asks the room who is in it.
func (v voices) look(ctx context.Context, p id.Party) (voiceState, error) {
	res, err := v.run(ctx, p, wire.VoicePrepareUp.Name, "", wire.Empty{})
	if err != nil {
		return voiceState{}, err
	}
	if res.Voices == nil || res.Prepared == nil {
		return voiceState{}, fault.ErrUnavailable.After(time.Second)
	}
	s := res.Prepared.Settings
	out := voiceState{
		ID: p, IsActive: s.Active, Settings: s, ParticipantCount: len(res.Voices.Members), Participants: []voicePerson{},
		Room: voiceRoomShape{
			ID: p, Party: p, MaxParticipants: s.MaxParticipants, ParticipantCount: len(res.Voices.Members), RequirePermission: s.RequirePermission,
			AudioQuality: s.AudioQuality, NoiseCancellation: s.NoiseCancellation, EchoCancellation: s.EchoCancellation, Stage: s.Stage,
			LastN: s.LastN, ICEServers: res.Prepared.ICEServers, IsActive: s.Active,
		},
	}
	users := make([]id.User, len(res.Voices.Members))
	for i, m := range res.Voices.Members {
		users[i] = m.User
	}
	faces, err := v.archive.Faces(ctx, users)
	if err != nil {
		return out, err
	}
	now := v.cfg.Now()
	for _, m := range res.Voices.Members {
		out.Participants = append(out.Participants, voicePerson{
			ID: m.User, User: wire.UserOf(faces[m.User]), Room: p, PeerID: string(m.User), IsConnected: m.Connected,
			IsMuted: m.Muted || m.ServerMuted, JoinedAt: m.JoinedAt, Duration: now.Sub(time.Time(m.JoinedAt)).Seconds(),
		})
	}
	return out, nil
}

func (v voices) state(ctx context.Context, name string) (*Answer[voiceState], error) {
	p, _, err := seat(ctx, v.parties, name)
	if err != nil {
		return nil, err
	}
	s, err := v.look(ctx, p)
	if err != nil {
		return nil, err
	}
	return answer(s), nil
}

// voiceSet is the voice room after a change.
type voiceSet struct {
	Status int // 201 when nobody had set it before
	Body   voiceState
}

func (v voices) manage(ctx context.Context, in *voiceManage) (*voiceSet, error) {
	p, _, err := seat(ctx, v.parties, in.Party)
	if err != nil {
		return nil, err
	}
	b := in.Body
	var made bool
	switch b.Action {
	case "mute", "unmute":
		if b.User == "" {
			return nil, fault.ErrInvalid.At("user_id", "Say whom.")
		}
		on := b.Action == "mute"
		_, err = v.run(ctx, p, wire.VoiceModerateUp.Name, in.Key, wire.VoiceModerate{User: b.User, Muted: &on})
	default:
		set := wire.VoiceSettings{
			MaxParticipants: b.MaxParticipants, RequirePermission: b.RequirePermission, AudioQuality: b.AudioQuality,
			NoiseCancellation: b.NoiseCancellation, EchoCancellation: b.EchoCancellation, Stage: b.Stage, LastN: b.LastN,
		}
		if b.Action != "" {
			on := b.Action == "start"
			set.Active = &on
		}
		var res wire.Result
		res, err = v.run(ctx, p, wire.VoiceSettingsUp.Name, in.Key, set)
		made = res.Made
	}
	if err != nil {
		return nil, err
	}
	s, err := v.look(ctx, p)
	if err != nil {
		return nil, err
	}
	if made {
		return &voiceSet{http.StatusCreated, s}, nil
	}
	return &voiceSet{http.StatusOK, s}, nil
}

type voiceJoined struct {
	Session struct {
		Room id.Party `json:"room" format:"uuid"`
		User id.User  `json:"user" format:"uuid"`
	} `json:"session"`
	ICEServers []wire.ICEServer `json:"ice_servers"`
	SFU        struct {
		Frame string `json:"frame" doc:"The frame on the socket that takes the offer."`
		Slots int    `json:"slots" doc:"How many lines for voices make sense."`
	} `json:"sfu"`
}

func (v voices) join(ctx context.Context, in *struct {
	VoiceParty
	Body struct {
		PeerID string `json:"peer_id,omitempty" maxLength:"128"`
	}
},
) (*Answer[voiceJoined], error) {
	p, _, err := seat(ctx, v.parties, in.Party)
	if err != nil {
		return nil, err
	}
	res, err := v.run(ctx, p, wire.VoicePrepareUp.Name, "", wire.Empty{})
	if err != nil {
		return nil, err
	}
	if res.Prepared == nil || !res.Prepared.Settings.Active {
		return nil, voice.ErrClosed
	}
	var out voiceJoined
	out.Session.Room, out.Session.User = p, account.Maybe(ctx).User
	out.ICEServers = res.Prepared.ICEServers
	out.SFU.Frame, out.SFU.Slots = wire.VoiceJoinUp.Name, res.Prepared.LastN
	return answer(out), nil
}
