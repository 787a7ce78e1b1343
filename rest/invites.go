package rest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

type inviteService interface {
	Invite(ctx context.Context, who account.Identity, ref party.Ref, life time.Duration, uses int) (party.Invite, error)
	Invites(ctx context.Context, who account.Identity, ref party.Ref) ([]party.Invite, error)
	Revoke(ctx context.Context, who account.Identity, ref party.Ref, invite id.Invite) error
	Preview(ctx context.Context, who account.Identity, code string) (party.Preview, error)
}

// invite is a link into a party, as its hosts see it.
type invite struct {
	ID        id.Invite `json:"id" format:"uuid"`
	Code      string    `json:"code"`
	URL       string    `json:"url" doc:"What to send to a friend."`
	CreatedBy id.User   `json:"created_by" format:"uuid"`
	CreatedAt wire.Time `json:"created_at"`
	ExpiresAt wire.Time `json:"expires_at"`
	MaxUses   int       `json:"max_uses" doc:"0 is no limit."`
	Uses      int       `json:"uses"`
	Revoked   bool      `json:"revoked"`
}

type inviteIn struct {
	PartyName
	Body *struct {
		ExpiryHours int `json:"expiry_hours,omitempty" minimum:"1" maximum:"720" doc:"Default 24."`
		MaxUses     int `json:"max_uses,omitempty" minimum:"0" maximum:"10000" doc:"0 is no limit."`
	}
}

// preview is what a link shows to whoever holds it.
type preview struct {
	Party         wire.Party `json:"party"`
	Code          string     `json:"code"`
	Usable        bool       `json:"usable"`
	Reason        string     `json:"reason" doc:"Why it opens nothing: expired, revoked, used_up, ended, full, locked, banned, kicked, rejected; else empty."`
	NeedsApproval bool       `json:"needs_approval"`
	MeStatus      string     `json:"me_status" enum:"none,approved,pending,rejected,left,banned"`
}

func (p parties) invites() {
	op(p.API, Op{
		Method: http.MethodGet, Path: "/api/parties/{id}/invites/", ID: "invite-list", Tag: "invites",
		Doc: "The links that open the party now.", Needs: access.InviteRead,
	}, func(ctx context.Context, in *struct {
		PartyName
		Page
	},
	) (*Answer[List[invite]], error) {
		all, err := on(ctx, in.PartyName, p.svc.Invites)
		if err != nil {
			return nil, err
		}
		return paged(ctx, in.Page, all, p.inviteOf)
	})
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/invites/", ID: "invite-create", Tag: "invites",
		Also: []string{"POST /api/parties/{id}/generate-invite/"}, Status: http.StatusCreated,
		Doc: "Make a link to send to friends.", Needs: access.InviteWrite,
	}, func(ctx context.Context, in *inviteIn) (*Answer[invite], error) {
		ref, err := in.ref()
		if err != nil {
			return nil, err
		}
		var hours, uses int
		if in.Body != nil {
			hours, uses = in.Body.ExpiryHours, in.Body.MaxUses
		}
		link, err := p.svc.Invite(ctx, account.Maybe(ctx), ref, time.Duration(hours)*time.Hour, uses)
		if err != nil {
			return nil, err
		}
		return answer(p.inviteOf(link)), nil
	})
	op(p.API, Op{
		Method: http.MethodDelete, Path: "/api/parties/{id}/invites/{invite}/", ID: "invite-revoke", Tag: "invites",
		Doc: "Take a link back.", Needs: access.InviteWrite,
	}, func(ctx context.Context, in *struct {
		PartyName
		Invite string `path:"invite" maxLength:"64"`
	},
	) (*None, error) {
		ref, err := in.ref()
		if err != nil {
			return nil, err
		}
		link, err := id.Parse[id.Invite](in.Invite)
		if err != nil {
			return nil, err
		}
		return nil, p.svc.Revoke(ctx, account.Maybe(ctx), ref, link)
	})
	op(p.API, Op{
		Method: http.MethodGet, Path: "/api/parties/invite/{code}/", ID: "invite-preview", Tag: "invites",
		Doc: "What a link leads to.", Needs: access.PartyPreview, PerIP: Rate{120, time.Minute},
	}, p.preview)
}

func (p parties) preview(ctx context.Context, in *struct {
	Code string `path:"code" maxLength:"64"`
},
) (*Answer[preview], error) {
	v, err := p.svc.Preview(ctx, account.Maybe(ctx), in.Code)
	if err != nil {
		return nil, err
	}
	out := preview{
		Party: p.shape(v.Card), Code: v.Code, Usable: v.Why == nil, NeedsApproval: v.Card.RequireApproval,
		MeStatus: "none", Reason: reasonOf(v.Why),
	}
	if v.Card.Mine.ID != "" {
		out.MeStatus = string(v.Card.Mine.Standing)
	}
	return answer(out), nil
}

// reasonOf is the short word for why a link opens nothing.
func reasonOf(why error) string {
	switch {
	case why == nil:
		return ""
	case errors.Is(why, party.ErrOver):
		return "ended"
	}
	_, word, _ := strings.Cut(fault.Of(why).Code, ".")
	return word
}

func (p parties) inviteOf(i party.Invite) invite {
	return invite{
		ID: i.ID, Code: i.Code, URL: p.cfg.PublicURL + "/i/" + i.Code, CreatedBy: i.CreatedBy,
		CreatedAt: wire.Time(i.CreatedAt), ExpiresAt: wire.Time(i.ExpiresAt), MaxUses: i.MaxUses, Uses: i.Uses,
		Revoked: i.Revoked,
	}
}
