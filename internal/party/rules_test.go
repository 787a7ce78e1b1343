package party

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

var (
	noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	soon = noon.Add(5 * time.Minute)
	past = noon.Add(-time.Second)
)

func someone(name string, role access.Role, st Standing) Member {
	return Member{ID: id.Member("m-" + name), Person: Person{ID: id.User(name)}, Role: role, Standing: st, JoinedAt: noon}
}

func TestWhoComesToTheDoor(t *testing.T) {
	t.Parallel()
	party := Party{Status: Live, Seats: 3, MaxParticipants: 5, AllowJoinByCode: true, Founder: "mara"}
	with := func(change func(*Party)) Party {
		p := party
		change(&p)
		return p
	}
	asking := with(func(p *Party) { p.RequireApproval = true })
	locked := with(func(p *Party) { p.Locked = true })
	full := with(func(p *Party) { p.Seats = 5 })
	codeless := with(func(p *Party) { p.AllowJoinByCode = false })
	over := with(func(p *Party) { p.Status = Ended })
	jun := someone("jun", access.None, "")
	in := someone("jun", access.Member, Approved)
	knocking := someone("jun", access.Member, Pending)
	gone := someone("jun", access.Member, Left)
	kicked, rejected, banned := gone, someone("jun", access.Member, Rejected), someone("jun", access.Member, Banned)
	kicked.BackAt, rejected.BackAt, banned.BannedUntil = &soon, &soon, &soon
	coolKicked, coolRejected, freed, forever := kicked, rejected, banned, someone("jun", access.Member, Banned)
	coolKicked.BackAt, coolRejected.BackAt, freed.BannedUntil = &past, &past, &past

	tests := map[string]struct {
		party Party
		who   Member
		via   Via
		want  Standing
		err   error
	}{
		"somebody new takes a seat":                          {party, jun, BySight, Approved, nil},
		"where the party asks, he knocks":                    {asking, jun, BySight, Pending, nil},
		"a link does not spare knocking":                     {asking, jun, ByInvite, Pending, nil},
		"who is in stays in, also where the party asks":      {asking, in, BySight, Approved, nil},
		"who is in stays in when it is full":                 {full, in, BySight, Approved, nil},
		"who is in stays in when it is locked":               {locked, in, BySight, Approved, nil},
		"who has knocked goes on waiting":                    {asking, knocking, BySight, Pending, nil},
		"who has knocked gets in when it asks no more":       {party, knocking, BySight, Approved, nil},
		"a code opens a party that allows it":                {party, jun, ByCode, Approved, nil},
		"a code opens nothing where it is off":               {codeless, jun, ByCode, "", fault.ErrNotFound},
		"a link opens where codes are off":                   {codeless, jun, ByInvite, Approved, nil},
		"a locked party lets nobody in":                      {locked, jun, ByInvite, "", ErrLocked},
		"a locked party lets its founder in":                 {locked, someone("mara", access.Member, Left), BySight, Approved, nil},
		"a full party lets nobody in":                        {full, jun, BySight, "", ErrFull},
		"a full party does not let its founder in either":    {full, someone("mara", access.Member, Left), BySight, Left, ErrFull},
		"nobody knocks at a full party":                      {with(func(p *Party) { p.Seats, p.RequireApproval = 5, true }), jun, BySight, "", ErrFull},
		"nobody joins what is over":                          {over, jun, BySight, "", ErrOver},
		"who has left comes again":                           {party, gone, BySight, Approved, nil},
		"who has left knocks again where the party asks":     {asking, gone, BySight, Pending, nil},
		"who was sent out does not come back at once":        {party, kicked, ByInvite, Left, ErrKicked},
		"who was sent out comes back later":                  {party, coolKicked, BySight, Approved, nil},
		"who was turned away does not knock again at once":   {asking, rejected, BySight, Rejected, ErrRejected},
		"who was turned away knocks again later":             {asking, coolRejected, BySight, Pending, nil},
		"who is banned does not come in by a link":           {party, banned, ByInvite, Banned, ErrBanned},
		"who is banned for good does not come in":            {party, forever, ByCode, Banned, ErrBanned},
		"who is banned is told so even when the party ended": {over, banned, BySight, Banned, ErrBanned},
		"a ban that has run out is none":                     {party, freed, BySight, Approved, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.party.Join(tt.who, tt.via, noon)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) || got.Standing != tt.want {
				t.Errorf("got %q, %v; want %q, %v", got.Standing, err, tt.want, tt.err)
			}
			if tt.party.CanJoin(tt.who, noon) != (tt.via == BySight && err == nil && got.Standing != tt.who.Standing) && tt.via == BySight {
				t.Error("CanJoin says otherwise")
			}
		})
	}
}

func TestWhoMayBeInTheRoom(t *testing.T) {
	t.Parallel()
	kicked, banned := someone("jun", access.Member, Left), someone("jun", access.Member, Banned)
	kicked.BackAt = &soon
	tests := map[string]struct {
		status Status
		who    Member
		want   error
	}{
		"who has a seat":                        {Live, someone("jun", access.Member, Approved), nil},
		"who has a seat, before the start":      {Scheduled, someone("jun", access.Member, Approved), nil},
		"who has a seat, after the end":         {Ended, someone("jun", access.Member, Approved), nil},
		"nobody in what was called off":         {Cancelled, someone("jun", access.Member, Approved), ErrOver},
		"not who knocks":                        {Live, someone("jun", access.Member, Pending), ErrPending},
		"not who was turned away":               {Live, someone("jun", access.Member, Rejected), ErrNotMember},
		"not who left":                          {Live, someone("jun", access.Member, Left), ErrNotMember},
		"not who never came":                    {Live, Member{}, ErrNotMember},
		"not who was sent out":                  {Live, kicked, ErrKicked},
		"not who is banned":                     {Live, banned, ErrBanned},
		"not who is banned, after the end":      {Ended, banned, ErrBanned},
		"not who is banned, when called off":    {Cancelled, banned, ErrBanned},
		"not a stranger in what was called off": {Cancelled, Member{}, ErrOver},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := (Party{Status: tt.status}).Enters(tt.who, noon); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestNobodyActsOnHisLikeOrHisBetters(t *testing.T) {
	t.Parallel()
	p := Party{Status: Live, Founder: "founder"}
	roles := []access.Role{access.Viewer, access.Member, access.CoHost, access.Host}
	for _, by := range roles {
		for _, of := range roles {
			actor, target := someone("by", by, Approved), someone("of", of, Approved)
			_, kick := p.Kick(actor, target, noon)
			_, ban := p.Ban(actor, target, time.Hour, "", noon)
			_, role := p.SetRole(actor, target, access.CoHost)
			for what, err := range map[string]error{"kick": kick, "ban": ban, "role": role} {
				if (err == nil) != (by > of) {
					t.Errorf("%s: %s of %s: %v", what, by, of, err)
				}
			}
		}
	}
	host := someone("host", access.Host, Approved)
	founder := someone("founder", access.CoHost, Approved)
	if _, err := p.Kick(host, founder, noon); !errors.Is(err, ErrRank) {
		t.Errorf("the founder was sent out of his own party: %v", err)
	}
	if _, err := p.SetRole(host, someone("of", access.Member, Left), access.CoHost); !errors.Is(err, ErrNotSeated) {
		t.Errorf("somebody without a seat became a co-host: %v", err)
	}
	for _, role := range []access.Role{access.None, access.Viewer, access.Host, access.Host + 1} {
		if _, err := p.SetRole(host, someone("of", access.Member, Approved), role); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("role %d was given: %v", role, err)
		}
	}
}

func TestTheHostGoesOver(t *testing.T) {
	t.Parallel()
	p := Party{Status: Live, Host: "mara", Founder: "mara"}
	mara, jun, ines := someone("mara", access.Host, Approved), someone("jun", access.Member, Approved), someone("ines", access.CoHost, Approved)

	given, was, is, err := p.HandOver(mara, mara, jun)
	if err != nil || given.Host != "jun" || given.Founder != "jun" || was.Role != access.CoHost || is.Role != access.Host {
		t.Errorf("given away: %+v %v %v %v", given, was.Role, is.Role, err)
	}
	fallen, was, is := p.succeed(mara, ines)
	if fallen.Host != "ines" || fallen.Founder != "mara" || was.Role != access.CoHost {
		t.Errorf("fallen to another: %+v", fallen)
	}
	if _, _, _, err := fallen.HandOver(jun, is, jun); !errors.Is(err, fault.ErrForbidden) {
		t.Errorf("a member took the party: %v", err)
	}
	back, _, _, err := fallen.HandOver(was, is, was)
	if err != nil || back.Host != "mara" || back.Founder != "mara" {
		t.Errorf("taken back: %+v %v", back, err)
	}
	if _, _, _, err := given.HandOver(was, jun, was); !errors.Is(err, fault.ErrForbidden) {
		t.Errorf("who gave the party away took it back: %v", err)
	}
	if _, _, _, err := p.HandOver(mara, mara, someone("sam", access.Member, Left)); !errors.Is(err, ErrNotSeated) {
		t.Errorf("handed to somebody without a seat: %v", err)
	}
}

func TestLeavingHandsThePartyToTheNextInLine(t *testing.T) {
	t.Parallel()
	p := Party{Status: Live, Host: "mara", Founder: "mara"}
	mara := someone("mara", access.Host, Approved)
	late, early, guest := someone("late", access.Member, Approved), someone("early", access.Member, Approved), someone("guest", access.Viewer, Approved)
	co, gone := someone("co", access.CoHost, Approved), someone("gone", access.CoHost, Left)
	late.JoinedAt, guest.JoinedAt, co.JoinedAt = noon.Add(time.Hour), noon.Add(-time.Hour), noon.Add(2*time.Hour)
	tests := map[string]struct {
		members []Member
		want    id.User
	}{
		"a co-host before older members": {[]Member{mara, early, co, late}, "co"},
		"the member who came first":      {[]Member{mara, guest, late, early}, "early"},
		"a guest when nobody else is":    {[]Member{mara, guest, gone}, "guest"},
		"nobody when nobody remains":     {[]Member{mara, gone}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after, left, host := p.Leave(mara, Heir(tt.members, "mara"), noon)
			if tt.want == "" {
				if after.Status != Ended || !left.Seated() || host != nil {
					t.Errorf("%+v %+v %+v", after, left, host)
				}
				return
			}
			if after.Host != tt.want || host.Person.ID != tt.want || host.Role != access.Host || left.Standing != Left || after.Status != Live {
				t.Errorf("%+v %+v %+v", after, left, host)
			}
		})
	}
	if after, _, _ := (Party{Status: Scheduled}).Leave(mara, nil, noon); after.Status != Cancelled {
		t.Errorf("left before the start: %s", after.Status)
	}
}

func TestSettingsAreBounded(t *testing.T) {
	t.Parallel()
	ptr := func(s string) *string { return &s }
	num := func(n int) *int { return &n }
	at := func(t time.Time) **time.Time { p := &t; return &p }
	dur := func(d time.Duration) *time.Duration { return &d }
	vis, ctl := Visibility("open"), Control("me")
	var never *time.Time
	p := Party{Status: Scheduled, Title: "A", Seats: 4, MaxParticipants: 10}
	started := p
	started.Status = Live
	tests := map[string]struct {
		party Party
		patch Patch
		want  error
	}{
		"nothing changes nothing":        {p, Patch{}, nil},
		"a title of spaces":              {p, Patch{Title: ptr(" \t ")}, fault.ErrInvalid},
		"a title of 200 letters":         {p, Patch{Title: ptr(strings.Repeat("é", 200))}, nil},
		"a title of 201 letters":         {p, Patch{Title: ptr(strings.Repeat("é", 201))}, fault.ErrInvalid},
		"a title that turns the line":    {p, Patch{Title: ptr("a\u202eb")}, fault.ErrInvalid},
		"a description with a zero byte": {p, Patch{Description: ptr("a\x00b")}, fault.ErrInvalid},
		"a description that is no text":  {p, Patch{Description: ptr("a\xff")}, fault.ErrInvalid},
		"as many seats as are taken":     {p, Patch{MaxParticipants: num(4)}, nil},
		"fewer seats than are taken":     {p, Patch{MaxParticipants: num(3)}, ErrBelowCount},
		"one seat":                       {p, Patch{MaxParticipants: num(1)}, fault.ErrInvalid},
		"101 seats":                      {p, Patch{MaxParticipants: num(101)}, fault.ErrInvalid},
		"an unknown visibility":          {p, Patch{Visibility: &vis}, fault.ErrInvalid},
		"an unknown control mode":        {p, Patch{Control: &ctl}, fault.ErrInvalid},
		"a slow mode of 11 minutes":      {p, Patch{SlowMode: dur(11 * time.Minute)}, fault.ErrInvalid},
		"a start in an hour":             {p, Patch{Schedule: at(noon.Add(time.Hour))}, nil},
		"a start an hour ago":            {p, Patch{Schedule: at(noon.Add(-time.Hour))}, fault.ErrInvalid},
		"a start in two years":           {p, Patch{Schedule: at(noon.AddDate(2, 0, 0))}, fault.ErrInvalid},
		"no start":                       {p, Patch{Schedule: &never}, nil},
		"a start of what has started":    {started, Patch{Schedule: at(noon.Add(time.Hour))}, ErrStarted},
		"anything of what is over":       {Party{Status: Ended}, Patch{Title: ptr("B")}, ErrOver},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after, err := tt.party.Edit(tt.patch, noon)
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if diff := cmp.Diff(tt.party, after); err != nil && diff != "" {
				t.Errorf("refused, and changed all the same: %s", diff)
			}
		})
	}
}

func TestLinksOpenForAsLongAsTheyMay(t *testing.T) {
	t.Parallel()
	link := Invite{ID: "a", ExpiresAt: soon, MaxUses: 2, Uses: 1}
	used, revoked := link, link
	used.Uses, revoked.Revoked = 2, true
	came := Member{Invite: "a"}
	tests := map[string]struct {
		link Invite
		who  Member
		at   time.Time
		want error
	}{
		"in time":                         {link, Member{}, noon, nil},
		"at its end":                      {link, Member{}, soon, ErrInviteExpired},
		"used up":                         {used, Member{}, noon, ErrInviteUsedUp},
		"used up, by one who came by it":  {used, came, noon, nil},
		"revoked":                         {revoked, Member{}, noon, ErrInviteRevoked},
		"revoked, for one who came by it": {revoked, came, noon, ErrInviteRevoked},
		"late, for one who came by it":    {used, came, soon, ErrInviteExpired},
	}
	for name, tt := range tests {
		if err := tt.link.For(tt.who, tt.at); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
	a, b := inviteCode([]byte("key one"), "i"), inviteCode([]byte("key two"), "i")
	if len(a) != 22 || a == b || a == inviteCode([]byte("key one"), "j") || a != inviteCode([]byte("key one"), "i") {
		t.Errorf("codes %q %q", a, b)
	}
}

func TestTheQueueKeepsItsOrder(t *testing.T) {
	t.Parallel()
	abc := []id.Item{"a", "b", "c"}
	for name, tt := range map[string]struct{ got, want []id.Item }{
		"to the front":             {moved(abc, "c", 0), []id.Item{"c", "a", "b"}},
		"to the back":              {moved(abc, "a", 2), []id.Item{"b", "c", "a"}},
		"beyond the back":          {moved(abc, "a", 99), []id.Item{"b", "c", "a"}},
		"to where it is":           {moved(abc, "b", 1), abc},
		"next":                     {behind(abc, "c", "a"), []id.Item{"a", "c", "b"}},
		"next, from before":        {behind(abc, "a", "c"), []id.Item{"b", "c", "a"}},
		"next to itself":           {behind(abc, "b", "b"), abc},
		"next where nothing plays": {behind(abc, "b", ""), []id.Item{"b", "a", "c"}},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for name, tt := range map[string]struct{ got, want id.Item }{
		"another goes":            {currentWithout(abc, "c", "a"), "a"},
		"the next one is current": {currentWithout(abc, "b", "b"), "c"},
		"the last one goes":       {currentWithout(abc, "c", "c"), "b"},
		"the only one goes":       {currentWithout([]id.Item{"a"}, "a", "a"), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", name, tt.got, tt.want)
		}
	}
}

func FuzzParseRef(f *testing.F) {
	for _, s := range []string{"K7N-2FQ", "k7n 2fq", "", "0190b5c4-0000-7000-8000-000000000000", "\xff\xfe\xfd\xfc\xfb\xfa", "AAAAA\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := ParseRef(s)
		if err != nil {
			if !errors.Is(err, fault.ErrNotFound) || ref != (Ref{}) {
				t.Fatalf("%q: %v %v", s, ref, err)
			}
			return
		}
		if again, err := ParseRef(string(ref.ID) + ref.Code); err != nil || again != ref || (ref.ID == "") == (ref.Code == "") {
			t.Fatalf("%q: %+v, again %+v, %v", s, ref, again, err)
		}
	})
}
