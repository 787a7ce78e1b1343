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
	"watchparty/internal/party"
)

type doorService interface {
	Join(ctx context.Context, who account.Identity, ref party.Ref, a party.Asking) (party.Joined, error)
	JoinByCode(ctx context.Context, who account.Identity, code string, a party.Asking) (party.Joined, error)
	Leave(ctx context.Context, who account.Identity, ref party.Ref) error
	Enter(ctx context.Context, p id.Party, who account.Identity) (party.Party, party.Member, error)
}

const (
	deviceCookie = "device"
	deviceLife   = 365 * 24 * time.Hour
	deviceLen    = 43 // of id.Token
)

// DeviceCookie is what the browser is known by at the doors of parties: a ban holds
// for whoever comes from it.
type DeviceCookie struct {
	Device string `cookie:"device" maxLength:"128" doc:"Set by the first join."`
}

type joinIn struct {
	PartyName
	DeviceCookie
	Body *struct {
		Message string `json:"message,omitempty" maxLength:"300" doc:"For the host, where the party asks."`
		Invite  string `json:"invite,omitempty" maxLength:"64" doc:"Code of an invite link."`
	}
}

type joinByCodeIn struct {
	DeviceCookie
	Body struct {
		RoomCode string `json:"room_code,omitempty" maxLength:"16"`
		Code     string `json:"code,omitempty" maxLength:"16" doc:"Another name of room_code."`
		Message  string `json:"message,omitempty" maxLength:"300"`
	}
}

type joinOut struct {
	SetCookie string `header:"Set-Cookie"`
	Body      joined
}

type joined struct {
	Done
	Status        string      `json:"status" enum:"approved,pending"`
	AlreadyMember bool        `json:"already_member" doc:"Nothing changed."`
	Member        wire.Member `json:"member"`
	Party         wire.Party  `json:"party"`
	PartyID       id.Party    `json:"party_id" format:"uuid"`
	RedirectURL   string      `json:"redirect_url" doc:"The page of the party."`
}

// Guessing of room codes is bounded three ways: by address and by person, and
// for the whole space of codes, so that many of either find nothing sooner.
var (
	codesPerUser = Rate{30, 10 * time.Minute}
	codesInAll   = Rate{300, time.Minute}
)

func (p parties) door() {
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/join/", ID: "party-join", Tag: "parties",
		Doc: "Take a seat, or knock where the party asks. Again changes nothing.", Needs: access.PartyJoin,
		PerIP: Rate{120, time.Minute},
	}, func(ctx context.Context, in *joinIn) (*joinOut, error) {
		ref, err := in.ref()
		if err != nil {
			return nil, err
		}
		cookie := p.know(&in.DeviceCookie)
		ask := party.Asking{Device: in.Device}
		if in.Body != nil {
			ask.Note, ask.Invite = in.Body.Message, in.Body.Invite
		}
		j, err := p.svc.Join(ctx, account.Maybe(ctx), ref, ask)
		return p.joined(j, cookie, err)
	})
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/join-by-code/", ID: "party-join-by-code", Tag: "parties",
		Doc: "Join by the room code that somebody read out.", Needs: access.PartyJoin, PerIP: Rate{30, time.Minute},
	}, p.joinByCode)
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/leave/", ID: "party-leave", Tag: "parties",
		Doc: "Give the seat up, or take a knock back. A host leaves the party to the next in line.", Needs: access.PartyJoin,
	}, func(ctx context.Context, in *PartyName) (*Answer[Done], error) {
		ref, err := in.ref()
		if err != nil {
			return nil, err
		}
		if err := p.svc.Leave(ctx, account.Maybe(ctx), ref); err != nil {
			return nil, err
		}
		return done("You have left the party."), nil
	})
}

func (p parties) joinByCode(ctx context.Context, in *joinByCodeIn) (*joinOut, error) {
	who := account.Maybe(ctx)
	if err := p.limited(ctx, "codes:"+string(who.User), codesPerUser); err != nil {
		return nil, err
	}
	if err := p.limited(ctx, "codes", codesInAll); err != nil {
		return nil, err
	}
	code := in.Body.RoomCode
	if code == "" {
		code = in.Body.Code
	}
	if code == "" {
		return nil, fault.ErrInvalid.At("room_code", "Type the six characters.")
	}
	cookie := p.know(&in.DeviceCookie)
	j, err := p.svc.JoinByCode(ctx, who, code, party.Asking{Note: in.Body.Message, Device: in.Device})
	return p.joined(j, cookie, err)
}

// know gives a browser that has none what it is known by from now on.
func (p parties) know(d *DeviceCookie) (cookie string) {
	if len(d.Device) == deviceLen {
		return ""
	}
	d.Device = id.Token()
	return p.cookie(deviceCookie, d.Device, "/api/parties/", deviceLife).String()
}

func (p parties) joined(j party.Joined, cookie string, err error) (*joinOut, error) {
	if err != nil {
		return nil, err
	}
	m := j.Card.Mine
	out := joined{
		Done: Done{true, "You are in."}, Status: string(m.Standing), AlreadyMember: j.Already,
		Member: wire.MemberOf(m, p.live.OnlineUser(m.Person.ID)), Party: p.shape(j.Card),
		PartyID: j.Card.ID, RedirectURL: "/watch/" + string(j.Card.ID),
	}
	if !m.Seated() {
		out.Message = "The host has been asked; you will be let in from here."
	}
	return &joinOut{SetCookie: cookie, Body: out}, nil
}
