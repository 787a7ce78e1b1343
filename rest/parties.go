package rest

import (
	"context"
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

// PartyService is what people can do with parties; *party.Service has it.
type PartyService interface {
	Create(ctx context.Context, who account.Identity, patch party.Patch, film *party.Choice) (party.Card, error)
	List(ctx context.Context, who account.Identity, f party.Filter) ([]party.Card, int, error)
	Get(ctx context.Context, who account.Identity, ref party.Ref) (party.Card, error)
	PublicCard(ctx context.Context, who account.Identity, code string) (party.Card, error)
	Edit(ctx context.Context, who account.Identity, ref party.Ref, patch party.Patch, version int) (party.Card, error)
	Delete(ctx context.Context, who account.Identity, ref party.Ref, version int) error
	Start(ctx context.Context, who account.Identity, ref party.Ref) (party.Card, error)
	End(ctx context.Context, who account.Identity, ref party.Ref) (party.Card, error)

	doorService
	memberService
	inviteService
	queueService
}

// Live is what calls need of the live rooms; *hub.Hub has it.
type Live interface {
	// Do runs a command in the party's room, as the same frame would.
	Do(ctx context.Context, p id.Party, actor account.Identity, cmd wire.Command) (wire.Result, error)
	// Playback tells where the film is.
	Playback(ctx context.Context, p id.Party) (wire.Playback, error)
	// Online counts the people in the room, as far as this node knows.
	Online(p id.Party) int
	// OnlineUser says whether somebody has a socket open.
	OnlineUser(u id.User) bool
	// MS is the time in which a playback's vector is given.
	MS() float64
}

// parties is the operations of parties while they are put on the API.
type parties struct {
	*API
	svc  PartyService
	live Live
}

// Parties serves parties, their doors, members, links, queues and playback.
func Parties(svc PartyService, live Live) Feature {
	return func(a *API) {
		p := parties{a, svc, live}
		p.main()
		p.turns()
		p.door()
		p.members()
		p.roles()
		p.invites()
		p.queue()
		p.control()
	}
}

// PartyName names the party of a call: by its id or by its room code.
type PartyName struct {
	ID string `path:"id" maxLength:"64" doc:"Id or room code of the party."`
}

func (in PartyName) ref() (party.Ref, error) { return party.ParseRef(in.ID) }

// moment is a time that may also be taken away, with null.
type moment struct {
	set bool
	at  *time.Time
}

// PartySettings are the settings of a party. What is left out stays as it is, or
// at its default when creating.
type PartySettings struct {
	Description     *string `json:"description,omitempty" maxLength:"2000"`
	Visibility      *string `json:"visibility,omitempty" enum:"public,friends,private" doc:"Default private."`
	MaxParticipants *int    `json:"max_participants,omitempty" minimum:"2" maximum:"100" doc:"Default 50."`
	RequireApproval *bool   `json:"require_approval,omitempty"`
	AllowChat       *bool   `json:"allow_chat,omitempty"`
	AllowReactions  *bool   `json:"allow_reactions,omitempty"`
	AllowJoinByCode *bool   `json:"allow_join_by_code,omitempty"`
	Locked          *bool   `json:"locked,omitempty"`
	WaitForSlow     *bool   `json:"wait_for_slow,omitempty"`
	Control         *string `json:"control,omitempty" enum:"everyone,hosts,ask"`
	SlowModeSeconds *int    `json:"slow_mode_seconds,omitempty" minimum:"0" maximum:"600"`
	ScheduledStart  moment  `json:"scheduled_start,omitempty" doc:"Null takes it away."`
}

func (b PartySettings) patch(title *string) party.Patch {
	p := party.Patch{
		Title: title, Description: b.Description, MaxParticipants: b.MaxParticipants, RequireApproval: b.RequireApproval,
		AllowChat: b.AllowChat, AllowReactions: b.AllowReactions, AllowJoinByCode: b.AllowJoinByCode, Locked: b.Locked,
		WaitForSlow: b.WaitForSlow, Visibility: (*party.Visibility)(b.Visibility), Control: (*party.Control)(b.Control),
	}
	if b.SlowModeSeconds != nil {
		d := time.Duration(*b.SlowModeSeconds) * time.Second
		p.SlowMode = &d
	}
	if b.ScheduledStart.set {
		p.Schedule = &b.ScheduledStart.at
	}
	return p
}

type partyCreateIn struct {
	Body struct {
		Title string `json:"title" minLength:"1" maxLength:"200"`
		PartySettings
		Film *filmBody `json:"film,omitempty" doc:"First of the queue."`
	}
}

type partyEditIn struct {
	PartyName
	IfMatch
	Body struct {
		Title *string `json:"title,omitempty" minLength:"1" maxLength:"200"`
		PartySettings
	}
}

type partyListIn struct {
	Page
	Scope    string `query:"scope" enum:"mine,joined,hosted,public" doc:"All that one may see when not given."`
	Status   string `query:"status" maxLength:"100" doc:"Some of scheduled, live, paused, ended, cancelled, with commas."`
	Search   string `query:"search" maxLength:"100" doc:"Words of the title or the description."`
	Ordering string `query:"ordering" maxLength:"30" doc:"created_at, title or scheduled_start; with - in front descending."`
}

type partyDeleteIn struct {
	PartyName
	IfMatch
}

// partyDone is what an action on a party answers.
type partyDone struct {
	Done
	Party wire.Party `json:"party"`
}

func (p parties) main() {
	op(p.API, Op{
		Method: http.MethodGet, Path: "/api/parties/", ID: "party-list", Tag: "parties",
		Doc: "List parties that one may see.", Needs: access.PartyList,
	}, p.list)
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/", ID: "party-create", Tag: "parties", Status: http.StatusCreated,
		Doc: "Create a party and sit down in it as its host.", Needs: access.PartyCreate, PerIP: Rate{60, time.Hour},
	}, func(ctx context.Context, in *partyCreateIn) (*Answer[wire.Party], error) {
		c, err := p.svc.Create(ctx, account.Maybe(ctx), in.Body.patch(&in.Body.Title), in.Body.Film.choice())
		return p.answer(c, err)
	})
	op(p.API, Op{
		Method: http.MethodGet, Path: "/api/parties/{id}/", ID: "party-get", Tag: "parties",
		Doc: "Read a party.", Needs: access.PartyRead,
	}, func(ctx context.Context, in *PartyName) (*Answer[wire.Party], error) {
		return p.answer(on(ctx, *in, p.svc.Get))
	})
	op(p.API, Op{
		Method: http.MethodPatch, Path: "/api/parties/{id}/", ID: "party-edit", Tag: "parties",
		Also: []string{"PUT /api/parties/{id}/"}, Doc: "Change some of a party's settings.", Needs: access.PartyEdit,
	}, func(ctx context.Context, in *partyEditIn) (*Answer[wire.Party], error) {
		version, err := in.Version()
		if err != nil {
			return nil, err
		}
		ref, err := in.ref()
		if err != nil {
			return nil, err
		}
		return p.answer(p.svc.Edit(ctx, account.Maybe(ctx), ref, in.Body.patch(in.Body.Title), version))
	})
	op(p.API, Op{
		Method: http.MethodDelete, Path: "/api/parties/{id}/", ID: "party-delete", Tag: "parties",
		Doc: "Delete a party with all that belongs to it.", Needs: access.PartyDelete,
	}, func(ctx context.Context, in *partyDeleteIn) (*None, error) {
		version, err := in.Version()
		if err != nil {
			return nil, err
		}
		ref, err := in.ref()
		if err != nil {
			return nil, err
		}
		return nil, p.svc.Delete(ctx, account.Maybe(ctx), ref, version)
	})
}

func (p parties) turns() {
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/start/", ID: "party-start", Tag: "parties",
		Doc: "Start a party.", Needs: access.PartyStart,
	}, func(ctx context.Context, in *PartyName) (*Answer[partyDone], error) {
		c, err := on(ctx, *in, p.svc.Start)
		return p.done("The party is live.", c, err)
	})
	op(p.API, Op{
		Method: http.MethodPost, Path: "/api/parties/{id}/end/", ID: "party-end", Tag: "parties",
		Doc: "End a party, or call it off when it has not started.", Needs: access.PartyEnd,
	}, func(ctx context.Context, in *PartyName) (*Answer[partyDone], error) {
		c, err := on(ctx, *in, p.svc.End)
		return p.done("The party is over.", c, err)
	})
	op(p.API, Op{
		Method: http.MethodGet, Path: "/api/parties/public/{code}/", ID: "party-public", Tag: "parties",
		Doc: "Read a public party by its room code.", Needs: access.PartyPreview, PerIP: Rate{60, time.Minute},
	}, func(ctx context.Context, in *struct {
		Code string `path:"code" maxLength:"64"`
	},
	) (*Answer[wire.Party], error) {
		return p.answer(p.svc.PublicCard(ctx, account.Maybe(ctx), in.Code))
	})
}

func (p parties) list(ctx context.Context, in *partyListIn) (*Answer[List[wire.Party]], error) {
	f := party.Filter{
		Scope: party.Scope(in.Scope), Search: in.Search, Order: in.Ordering, Limit: in.Limit(), Offset: in.Offset(),
	}
	for s := range strings.SplitSeq(in.Status, ",") {
		if s = strings.TrimSpace(s); s != "" {
			f.Statuses = append(f.Statuses, party.Status(s))
		}
	}
	cards, n, err := p.svc.List(ctx, account.Maybe(ctx), f)
	if err != nil {
		return nil, err
	}
	out := make([]wire.Party, len(cards))
	for i, c := range cards {
		out[i] = p.shape(c)
	}
	return listOf(ctx, in.Page, n, out)
}

// on runs a call about one party.
func on[T any](ctx context.Context, in PartyName, call func(context.Context, account.Identity, party.Ref) (T, error)) (T, error) {
	ref, err := in.ref()
	if err != nil {
		var none T
		return none, err
	}
	return call(ctx, account.Maybe(ctx), ref)
}

// shape shows a party to the viewer of c. Who has no seat sees the card: what
// opens the door and what the film is played from are for the room.
func (p parties) shape(c party.Card) wire.Party {
	var items []party.Item
	if c.Film != nil {
		items = append(items, *c.Film)
	}
	w := wire.PartyOf(c.Party, c.HostPerson, items)
	if c.Mine.ID != "" {
		w.MyRole, w.MyStatus = c.Mine.Acting().String(), string(c.Mine.Standing)
	}
	w.CanJoin, w.CanEdit = c.CanJoin(c.Mine, p.cfg.Now()), c.CanEdit()
	if !c.Seated() {
		w.RoomCode = ""
		if w.Video != nil {
			w.Video.URL, w.Video.MediaID = "", ""
		}
	}
	return w
}

func (p parties) answer(c party.Card, err error) (*Answer[wire.Party], error) {
	if err != nil {
		return nil, err
	}
	return answerAt(c.Version, p.shape(c)), nil
}

func (p parties) done(message string, c party.Card, err error) (*Answer[partyDone], error) {
	if err != nil {
		return nil, err
	}
	return answerAt(c.Version, partyDone{Done{true, message}, p.shape(c)}), nil
}

// userOf reads the person that a body names.
func userOf(s string) (id.User, error) {
	u, err := id.Parse[id.User](s)
	if err != nil {
		return "", fault.ErrInvalid.At("user_id", "Name a person by his id.")
	}
	return u, nil
}
