package rest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

type memberService interface {
	Members(ctx context.Context, who account.Identity, ref party.Ref, standings ...party.Standing) (party.Card, []party.Member, error)
	Bans(ctx context.Context, who account.Identity, ref party.Ref) ([]party.Member, error)
	Admit(ctx context.Context, who account.Identity, ref party.Ref, member id.Member) (party.Member, error)
	TurnAway(ctx context.Context, who account.Identity, ref party.Ref, member id.Member) (party.Member, error)
	Kick(ctx context.Context, who account.Identity, ref party.Ref, user id.User) error
	Ban(ctx context.Context, who account.Identity, ref party.Ref, user id.User, span time.Duration, reason string) error
	Unban(ctx context.Context, who account.Identity, ref party.Ref, user id.User) error
	SetRole(ctx context.Context, who account.Identity, ref party.Ref, user id.User, role access.Role) (party.Member, error)
	HandOver(ctx context.Context, who account.Identity, ref party.Ref, user id.User) (party.Card, error)
}

// participants is the members of a party, under both of the names that clients
// know.
type participants struct {
	Success      bool          `json:"success"`
	Participants []wire.Member `json:"participants"`
	Results      []wire.Member `json:"results" doc:"The same."`
	Count        int           `json:"count"`
	TotalCount   int           `json:"total_count" doc:"The same."`
	OnlineCount  int           `json:"online_count" doc:"People in the room now."`
}

// ban is somebody who may not come back.
type ban struct {
	Member id.Member  `json:"member" format:"uuid"`
	User   wire.User  `json:"user"`
	Reason string     `json:"reason"`
	Until  *wire.Time `json:"until" doc:"Null is for good."`
}

type memberDone struct {
	Done
	Member      wire.Member `json:"member"`
	Participant wire.Member `json:"participant" doc:"The same."`
}

type knockIn struct {
	PartyName
	Member string `path:"member" maxLength:"64"`
}

type userIn struct {
	PartyName
	Body struct {
		UserID string `json:"user_id" maxLength:"64"`
		Reason string `json:"reason,omitempty" maxLength:"300"`
	}
}

type banIn struct {
	PartyName
	Body struct {
		UserID string `json:"user_id" maxLength:"64"`
		Reason string `json:"reason,omitempty" maxLength:"300"`
		Hours  int    `json:"hours,omitempty" minimum:"1" maximum:"8760" doc:"For good when left out."`
	}
}

type roleIn struct {
	PartyName
	Body struct {
		UserID string `json:"user_id" maxLength:"64"`
		Role   string `json:"role" enum:"member,co-host,moderator,participant" doc:"moderator and participant are other names."`
	}
}

func (p parties) members() {
	op(p.API, Op{
		Method: http.MethodGet, Path: "/api/parties/{id}/participants/", ID: "party-members", Tag: "members",
		Doc: "Who is in the party.", Needs: access.MemberRead,
	}, p.participants)
	op(p.API, Op{
		Method: http.MethodGet, Path: "/api/parties/{id}/bans/", ID: "party-bans", Tag: "members",
		Doc: "Who is banned.", Needs: access.MemberBan,
	}, func(ctx context.Context, in *struct {
		PartyName
		Page
	},
	) (*Answer[List[ban]], error) {
		all, err := on(ctx, in.PartyName, p.svc.Bans)
		if err != nil {
			return nil, err
		}
		return paged(ctx, in.Page, all, func(m party.Member) ban {
			return ban{m.ID, wire.UserOf(m.Person), m.Note, wire.When(m.BannedUntil)}
		})
	})
	op(p.API, Op{
		Method: http.MethodGet, Path: "/api/parties/{id}/join-requests/", ID: "party-knocks", Tag: "members",
		Doc: "Who waits at the door.", Needs: access.MemberAdmit,
	}, func(ctx context.Context, in *struct {
		PartyName
		Page
	},
	) (*Answer[List[wire.Knock]], error) {
		all, err := on(ctx, in.PartyName, func(ctx context.Context, who account.Identity, ref party.Ref) ([]party.Member, error) {
			_, all, err := p.svc.Members(ctx, who, ref, party.Pending)
			return all, err
		})
		if err != nil {
			return nil, err
		}
		return paged(ctx, in.Page, all, wire.KnockOf)
	})
	decide := func(verb, name, doc, message string, call func(context.Context, account.Identity, party.Ref, id.Member) (party.Member, error)) {
		op(p.API, Op{
			Method: http.MethodPost, Path: "/api/parties/{id}/join-requests/{member}/" + verb + "/", ID: name, Tag: "members",
			Doc: doc, Needs: access.MemberAdmit,
		}, func(ctx context.Context, in *knockIn) (*Answer[memberDone], error) {
			ref, err := in.ref()
			if err != nil {
				return nil, err
			}
			member, err := id.Parse[id.Member](in.Member)
			if err != nil {
				return nil, err
			}
			m, err := call(ctx, account.Maybe(ctx), ref, member)
			return p.member(message, m, err)
		})
	}
	decide("approve", "party-approve", "Let somebody in who knocked.", "Let in.", p.admit)
	decide("reject", "party-reject", "Turn somebody away who knocked.", "Turned away.", p.turnAway)
}

// The service is nil while documents are written: it is not touched before a
// call comes.

func (p parties) admit(ctx context.Context, who account.Identity, ref party.Ref, m id.Member) (party.Member, error) {
	return p.svc.Admit(ctx, who, ref, m)
}

func (p parties) turnAway(ctx context.Context, who account.Identity, ref party.Ref, m id.Member) (party.Member, error) {
	return p.svc.TurnAway(ctx, who, ref, m)
}

func (p parties) participants(ctx context.Context, in *struct {
	PartyName
	Status string `query:"status" maxLength:"100" doc:"Some of approved, pending, rejected, left, banned, with commas. Others than approved are for hosts."`
},
) (*Answer[participants], error) {
	ref, err := in.ref()
	if err != nil {
		return nil, err
	}
	var standings []party.Standing
	for s := range strings.SplitSeq(in.Status, ",") {
		if s = strings.TrimSpace(s); s != "" {
			standings = append(standings, party.Standing(s))
		}
	}
	c, all, err := p.svc.Members(ctx, account.Maybe(ctx), ref, standings...)
	if err != nil {
		return nil, err
	}
	out := make([]wire.Member, len(all))
	for i, m := range all {
		out[i] = wire.MemberOf(m, m.Seated() && p.live.OnlineUser(m.Person.ID))
	}
	return answer(participants{true, out, out, len(out), len(out), p.live.Online(c.ID)}), nil
}

func (p parties) roles() {
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/kick/", ID: "party-kick", Tag: "members",
		Doc: "Send somebody out; he may come back after ten minutes.", Needs: access.MemberKick,
	}, func(ctx context.Context, in *userIn) (*Answer[Done], error) {
		return p.person(ctx, in.PartyName, in.Body.UserID, "Sent out.", p.svc.Kick)
	})
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/ban/", ID: "party-ban", Tag: "members",
		Doc: "Shut somebody out, by account and by device.", Needs: access.MemberBan,
	}, func(ctx context.Context, in *banIn) (*Answer[Done], error) {
		return p.person(ctx, in.PartyName, in.Body.UserID, "Banned.",
			func(ctx context.Context, who account.Identity, ref party.Ref, u id.User) error {
				return p.svc.Ban(ctx, who, ref, u, time.Duration(in.Body.Hours)*time.Hour, in.Body.Reason)
			})
	})
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/unban/", ID: "party-unban", Tag: "members",
		Doc: "Lift a ban.", Needs: access.MemberBan,
	}, func(ctx context.Context, in *userIn) (*Answer[Done], error) {
		return p.person(ctx, in.PartyName, in.Body.UserID, "The ban is lifted.", p.svc.Unban)
	})
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/promote/", ID: "party-promote", Tag: "members",
		Doc: "Make somebody a co-host, or no more one.", Needs: access.MemberRole,
	}, p.promote)
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/hand-over/", ID: "party-hand-over", Tag: "members",
		Doc: "Make somebody else the host. The founder may name himself to take back a party that fell to another while he was gone.",
		// The founder who takes it back is not the host: the service asks.
		Needs: access.MemberRead,
	}, func(ctx context.Context, in *userIn) (*Answer[partyDone], error) {
		ref, err := in.ref()
		if err != nil {
			return nil, err
		}
		u, err := userOf(in.Body.UserID)
		if err != nil {
			return nil, err
		}
		c, err := p.svc.HandOver(ctx, account.Maybe(ctx), ref, u)
		return p.done("The party has a new host.", c, err)
	})
}

func (p parties) promote(ctx context.Context, in *roleIn) (*Answer[memberDone], error) {
	ref, err := in.ref()
	if err != nil {
		return nil, err
	}
	u, err := userOf(in.Body.UserID)
	if err != nil {
		return nil, err
	}
	role := access.Member
	if in.Body.Role == "co-host" || in.Body.Role == "moderator" {
		role = access.CoHost
	}
	m, err := p.svc.SetRole(ctx, account.Maybe(ctx), ref, u, role)
	return p.member("The role is set.", m, err)
}

// person runs a call about a party and one person in it.
func (p parties) person(ctx context.Context, in PartyName, user, message string,
	call func(context.Context, account.Identity, party.Ref, id.User) error,
) (*Answer[Done], error) {
	ref, err := in.ref()
	if err != nil {
		return nil, err
	}
	u, err := userOf(user)
	if err != nil {
		return nil, err
	}
	if err := call(ctx, account.Maybe(ctx), ref, u); err != nil {
		return nil, err
	}
	return done(message), nil
}

func (p parties) member(message string, m party.Member, err error) (*Answer[memberDone], error) {
	if err != nil {
		return nil, err
	}
	w := wire.MemberOf(m, p.live.OnlineUser(m.Person.ID))
	return answer(memberDone{Done{true, message}, w, w}), nil
}

// paged shapes one page of a list that is at hand as a whole.
func paged[T, W any](ctx context.Context, page Page, all []T, shape func(T) W) (*Answer[List[W]], error) {
	from := min(page.Offset(), len(all))
	part := all[from:min(from+page.Limit(), len(all))]
	out := make([]W, len(part))
	for i, x := range part {
		out[i] = shape(x)
	}
	return listOf(ctx, page, len(all), out)
}
