package rest

import (
	"context"
	"net/http"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/voice"
)

// sharesShown bounds the list of a party's shares.
const sharesShown = 100

type shareList struct {
	Shares     []wire.Share `json:"screen_shares"`
	Results    []wire.Share `json:"results" doc:"The same."`
	TotalCount int          `json:"total_count"`
}

type shareStart struct {
	VoiceParty
	Key  string `header:"Idempotency-Key" maxLength:"64"`
	Body wire.ShareStart
}

// ShareName names a share.
type ShareName struct {
	Share string `path:"share" maxLength:"64"`
	Key   string `header:"Idempotency-Key" maxLength:"64"`
}

type shareUpdate struct {
	ShareName
	Body struct {
		Title         *string `json:"title,omitempty" maxLength:"200"`
		Annotate      *bool   `json:"viewers_can_annotate,omitempty"`
		RemoteControl *bool   `json:"allow_remote_control,omitempty"`
		Recording     *bool   `json:"is_recording,omitempty"`
		Quality       *string `json:"quality,omitempty" enum:"low,medium,high"`
		FPS           *int    `json:"fps,omitempty" minimum:"1" maximum:"60"`
		FrameRate     *int    `json:"frame_rate,omitempty" minimum:"1" maximum:"60" doc:"The same."`
		Resolution    *string `json:"resolution,omitempty" maxLength:"12"`
		Audio         *bool   `json:"audio_enabled,omitempty"`
	}
}

func (v voices) shares() {
	op(v.API, Op{
		Method: http.MethodGet, Path: "/api/interactive/parties/{party}/screen-shares/", ID: "shares-list", Tag: "voice",
		Doc: "The shared screens of a party, the newest first.", Needs: access.VoiceRead,
	}, func(ctx context.Context, in *struct {
		VoiceParty
		Active bool `query:"active" doc:"Only those that run."`
	},
	) (*Answer[shareList], error) {
		return v.list(ctx, in.Party, in.Active)
	})
	op(v.API, Op{
		Method: http.MethodGet, Path: "/api/interactive/screen-share/", ID: "shares-list-short", Tag: "voice",
		Doc: "The same, the party as a parameter.", Needs: access.VoiceRead,
	}, func(ctx context.Context, in *struct {
		Party  string `query:"party" maxLength:"64" required:"true"`
		Active bool   `query:"active"`
	},
	) (*Answer[shareList], error) {
		return v.list(ctx, in.Party, in.Active)
	})
	op(v.API, Op{
		Method: http.MethodPost, Path: "/api/interactive/parties/{party}/screen-shares/start/", ID: "shares-start", Tag: "voice",
		Status: http.StatusCreated, Doc: "Begin a share; its pictures follow by the socket's offer.", Needs: access.VoiceUse, PerIP: Rate{60, time.Minute},
	}, func(ctx context.Context, in *shareStart) (*Answer[wire.Share], error) {
		p, _, err := seat(ctx, v.parties, in.Party)
		if err != nil {
			return nil, err
		}
		return v.command(ctx, p, wire.ShareStartUp.Name, in.Key, in.Body)
	})
	op(v.API, Op{
		Method: http.MethodPost, Path: "/api/interactive/screen-shares/{share}/stop/", ID: "shares-stop", Tag: "voice",
		Doc: "End a share.", Needs: access.VoiceUse,
	}, func(ctx context.Context, in *ShareName) (*Answer[Done], error) {
		s, err := v.find(ctx, in.Share)
		if err != nil {
			return nil, err
		}
		if s.Ended != nil {
			return nil, voice.ErrShareOver
		}
		if _, err := v.run(ctx, s.Party, wire.ShareStopUp.Name, in.Key, wire.ShareRef{Share: s.ID}); err != nil {
			return nil, err
		}
		return done("The share has ended."), nil
	})
	op(v.API, Op{
		Method: http.MethodPut, Path: "/api/interactive/screen-shares/{share}/update/", ID: "shares-update", Tag: "voice",
		Also: []string{"PATCH /api/interactive/screen-shares/{share}/update/"}, Doc: "Change one's own share.", Needs: access.VoiceUse,
	}, v.update)
}

// find gives a share of a party that the caller is in.
func (v voices) find(ctx context.Context, name string) (voice.Share, error) {
	ref, err := id.Parse[id.Share](name)
	if err != nil {
		return voice.Share{}, err
	}
	s, err := v.archive.Share(ctx, ref)
	if err != nil {
		return s, err
	}
	if _, _, err := seat(ctx, v.parties, string(s.Party)); err != nil {
		return voice.Share{}, fault.ErrNotFound
	}
	return s, nil
}

func (v voices) command(ctx context.Context, p id.Party, kind, key string, data any) (*Answer[wire.Share], error) {
	res, err := v.run(ctx, p, kind, key, data)
	if err != nil {
		return nil, err
	}
	if res.Share == nil {
		return nil, fault.ErrUnavailable.After(time.Second)
	}
	return answer(*res.Share), nil
}

func (v voices) update(ctx context.Context, in *shareUpdate) (*Answer[wire.Share], error) {
	s, err := v.find(ctx, in.Share)
	switch {
	case err != nil:
		return nil, err
	case s.Ended != nil:
		return nil, voice.ErrShareOver
	case s.User != account.Maybe(ctx).User:
		return nil, voice.ErrNotYours
	}
	b := in.Body
	u := wire.ShareUpdate{Share: s.ID, Recording: b.Recording, ShareStart: wire.ShareStart{
		Title: b.Title, Resolution: b.Resolution, FrameRate: b.FrameRate, Audio: b.Audio, Annotate: b.Annotate,
		RemoteControl: b.RemoteControl, Quality: b.Quality,
	}}
	if b.FPS != nil {
		u.FrameRate = b.FPS
	}
	return v.command(ctx, s.Party, wire.ShareUpdateUp.Name, in.Key, u)
}

func (v voices) list(ctx context.Context, name string, active bool) (*Answer[shareList], error) {
	p, _, err := seat(ctx, v.parties, name)
	if err != nil {
		return nil, err
	}
	all, err := v.archive.Shares(ctx, p, active, sharesShown)
	if err != nil {
		return nil, err
	}
	users := make([]id.User, len(all))
	for i, s := range all {
		users[i] = s.User
	}
	faces, err := v.archive.Faces(ctx, users)
	if err != nil {
		return nil, err
	}
	out := make([]wire.Share, len(all))
	for i, s := range all {
		out[i] = wire.ShareOf(s, wire.UserOf(faces[s.User]), false, s.Viewers)
	}
	return answer(shareList{out, out, len(out)}), nil
}
