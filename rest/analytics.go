package rest

import (
	"context"
	"math"
	"net/http"
	"slices"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/id"
	"watchparty/internal/party"
	"watchparty/internal/react"
	"watchparty/internal/session"
)

// Deeds is what people did at parties; store.Rooms has it.
type Deeds interface {
	Tallies(ctx context.Context, p id.Party) ([]react.Tally, error)
	Stats(ctx context.Context, p id.Party) (session.Stats, error)
	Sittings(ctx context.Context, p id.Party) ([]session.Session, error)
	Viewers(ctx context.Context, p id.Party) ([]session.Viewers, error)
	Lines(ctx context.Context, p id.Party) (byMinute []session.Viewers, all int, err error)
	Faces(ctx context.Context, users []id.User) (map[id.User]party.Person, error)
}

// analytics is the operations of the report while they are put on the API.
type analytics struct {
	*API
	parties PartyFinder
	deeds   Deeds
}

// Analytics serves the hosts' report of a party, and the recap for all.
func Analytics(parties PartyFinder, deeds Deeds) Feature {
	return func(a *API) {
		x := analytics{a, parties, deeds}
		op(a, Op{
			Method: http.MethodGet, Path: "/api/interactive/parties/{party}/analytics/", ID: "party-analytics", Tag: "reports",
			Doc: "Who did what at a party, and how its films were felt.", Needs: access.ReportRead,
		}, x.report)
		op(a, Op{
			Method: http.MethodGet, Path: "/api/interactive/parties/{party}/recap/", ID: "party-recap", Tag: "reports",
			Doc: "A party in a few numbers, for all who were there.", Needs: access.ReactRead,
		}, x.recap)
		x.export()
	}
}

type actParty struct {
	Party string `path:"party" maxLength:"64" doc:"Id or room code."`
}

// EmojiN is how often an emoji was thrown.
type EmojiN struct {
	Reaction string `json:"reaction" doc:"Its word; empty where it has none."`
	Emoji    string `json:"emoji"`
	Count    int    `json:"count"`
}

// LiveReactions, VoiceChat, ScreenSharing, PollNumbers and SessionNumbers are
// the parts of the report that an existing client reads.
type (
	LiveReactions struct {
		Total   int      `json:"total_reactions"`
		People  int      `json:"unique_reactors"`
		Popular []EmojiN `json:"most_popular_reactions"`
	}
	VoiceChat struct {
		People  int     `json:"total_participants"`
		Active  int     `json:"active_participants" doc:"Not counted here: 0."`
		Average float64 `json:"average_session_duration" doc:"Seconds."`
	}
	ScreenSharing struct {
		People  int     `json:"total_sessions" doc:"People who shared."`
		Active  int     `json:"active_sessions" doc:"Not counted here: 0."`
		Viewers int     `json:"total_viewers" doc:"Not counted here: 0."`
		Seconds float64 `json:"total_duration"`
	}
	PollNumbers struct {
		Answers int `json:"total_responses"`
		People  int `json:"unique_participants"`
	}
	SessionNumbers struct {
		Total   int     `json:"total_sessions"`
		Active  int     `json:"active_sessions"`
		Average float64 `json:"average_watch_time" doc:"Seconds."`
		Watched float64 `json:"total_watch_time" doc:"Seconds of all together."`
	}
)

// Sitting is what one person did.
type Sitting struct {
	User        wire.User  `json:"user"`
	Reactions   int        `json:"reactions_sent"`
	Polls       int        `json:"polls_participated"`
	Annotations int        `json:"annotations_created"`
	Watched     float64    `json:"watch_seconds"`
	Talked      float64    `json:"voice_chat_duration" doc:"Seconds."`
	Shared      float64    `json:"screen_share_duration" doc:"Seconds."`
	StartedAt   wire.Time  `json:"started_at"`
	EndedAt     *wire.Time `json:"ended_at" doc:"Null while the person is here."`
}

// FilmReport is how one film went, by its minutes.
type FilmReport struct {
	ItemID    id.Item  `json:"item_id"`
	Title     string   `json:"title" doc:"Empty when the film is not in the queue any more."`
	Duration  float64  `json:"duration" doc:"Seconds; 0 when not known."`
	Retention [][2]int `json:"retention" doc:"Pairs of minute and how many people saw it."`
	Reactions [][2]int `json:"reactions" doc:"Pairs of minute and how many were thrown."`
	Chat      [][2]int `json:"chat" doc:"Pairs of minute and how many lines were written."`
}

// Peak is the most people who were in the room at once.
type Peak struct {
	Count int        `json:"count"`
	At    *wire.Time `json:"at"`
}

// Report is a party for its hosts.
type Report struct {
	PartyID       id.Party       `json:"party_id" format:"uuid"`
	PartyName     string         `json:"party_name"`
	Status        string         `json:"status"`
	StartedAt     *wire.Time     `json:"started_at"`
	EndedAt       *wire.Time     `json:"ended_at"`
	GeneratedAt   wire.Time      `json:"generated_at"`
	Reactions     LiveReactions  `json:"live_reactions"`
	Voice         VoiceChat      `json:"voice_chat"`
	Screens       ScreenSharing  `json:"screen_sharing"`
	Polls         PollNumbers    `json:"polls"`
	Sessions      SessionNumbers `json:"sessions"`
	ReactionsN    int            `json:"reactions_count"`
	PollsN        int            `json:"polls_count" doc:"Answers to polls."`
	VoiceSeconds  float64        `json:"voice_chat_duration"`
	ShareSeconds  float64        `json:"screen_share_duration"`
	Participation float64        `json:"participation_rate" doc:"Percent of the people who did more than watch."`
	ChatN         int            `json:"chat_count"`
	Together      float64        `json:"together_seconds" doc:"The film moved for two or more."`
	Peak          Peak           `json:"peak"`
	Films         []FilmReport   `json:"films"`
	Hotspots      []Moment       `json:"reaction_hotspots" doc:"Three or more within two seconds, the fullest first."`
	People        []Sitting      `json:"people" doc:"Who watched longest first."`
}

// hotspots bounds the moments of a report.
const hotspots = 10

// reported gives a party of which the caller may see the report: the hosts', and
// for admins of the site any.
func (x analytics) reported(ctx context.Context, name string) (party.Party, []party.Item, error) {
	ref, err := party.ParseRef(name)
	if err != nil {
		return party.Party{}, nil, err
	}
	p := ref.ID
	if account.Maybe(ctx).Site < access.Admin || p == "" {
		c, err := seatIn(ctx, x.parties, name, access.ReportRead)
		if err != nil {
			return party.Party{}, nil, err
		}
		p = c.ID
	}
	whole, _, items, err := x.parties.Load(ctx, p)
	return whole, items, err
}

func (x analytics) report(ctx context.Context, in *actParty) (*Answer[Report], error) {
	p, items, err := x.reported(ctx, in.Party)
	if err != nil {
		return nil, err
	}
	tallies, err1 := x.deeds.Tallies(ctx, p.ID)
	stats, err2 := x.deeds.Stats(ctx, p.ID)
	list, err3 := x.deeds.Sittings(ctx, p.ID)
	viewers, err4 := x.deeds.Viewers(ctx, p.ID)
	lines, chatN, err5 := x.deeds.Lines(ctx, p.ID)
	people, err6 := x.people(ctx, list)
	for _, err := range []error{err1, err2, err3, err4, err5, err6} {
		if err != nil {
			return nil, err
		}
	}
	t := session.Sum(list)
	counts := react.Counts(tallies)
	thrown := 0
	for _, c := range counts {
		thrown += c.N
	}
	r := Report{
		PartyID: p.ID, PartyName: p.Title, Status: string(p.Status), StartedAt: wire.When(p.StartedAt), EndedAt: wire.When(p.EndedAt),
		GeneratedAt: wire.Time(x.cfg.Now()),
		Reactions:   LiveReactions{Total: thrown, People: t.Reacted, Popular: emojiOf(counts, 10)},
		Voice:       VoiceChat{People: t.Talkers, Average: mean(t.Talked.Seconds(), t.Talkers)},
		Screens:     ScreenSharing{People: t.Sharers, Seconds: t.Shared.Seconds()},
		Polls:       PollNumbers{Answers: t.Polls, People: t.Answered},
		Sessions:    SessionNumbers{Total: t.People, Active: t.Here, Average: mean(t.Watched.Seconds(), t.People), Watched: t.Watched.Seconds()},
		ReactionsN:  thrown, PollsN: t.Polls, VoiceSeconds: t.Talked.Seconds(), ShareSeconds: t.Shared.Seconds(),
		Participation: math.Round(mean(float64(t.Active*1000), t.People)) / 10, ChatN: chatN, Together: stats.Together.Seconds(),
		Peak: Peak{Count: stats.Peak}, Films: filmsOf(items, viewers, tallies, lines),
		Hotspots: momentsOf(tallies, titlesOf(items), hotspots), People: people,
	}
	if !stats.PeakAt.IsZero() {
		r.Peak.At = wire.When(&stats.PeakAt)
	}
	return answer(r), nil
}

// mean shares a sum out among n.
func mean(sum float64, n int) float64 {
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

func emojiOf(counts []react.Count, most int) []EmojiN {
	out := []EmojiN{}
	for _, c := range counts[:min(most, len(counts))] {
		out = append(out, EmojiN{react.NameOf(c.Emoji), c.Emoji, c.N})
	}
	return out
}

func (x analytics) people(ctx context.Context, list []session.Session) ([]Sitting, error) {
	users := make([]id.User, len(list))
	for i, s := range list {
		users[i] = s.User
	}
	faces, err := x.deeds.Faces(ctx, users)
	if err != nil {
		return nil, err
	}
	out := make([]Sitting, len(list))
	for i, s := range list {
		out[i] = Sitting{
			User: wire.UserOf(faces[s.User]), Reactions: s.Reactions(), Polls: s.Polls(), Annotations: s.Marks(),
			Watched: s.Watched().Seconds(), Talked: s.Talked().Seconds(), Shared: s.Shared().Seconds(),
			StartedAt: wire.Time(s.Started), EndedAt: wire.When(s.Ended),
		}
	}
	return out, nil
}

// filmsOf shows the films in the order of the queue, then those that are gone
// from it, as far as anything is known of them.
func filmsOf(items []party.Item, viewers []session.Viewers, tallies []react.Tally, lines []session.Viewers) []FilmReport {
	out := []FilmReport{}
	at := map[id.Item]int{}
	film := func(item id.Item) *FilmReport {
		i, ok := at[item]
		if !ok {
			i = len(out)
			at[item] = i
			out = append(out, FilmReport{ItemID: item, Retention: [][2]int{}, Reactions: [][2]int{}, Chat: [][2]int{}})
		}
		return &out[i]
	}
	for _, i := range items {
		f := film(i.ID)
		f.Title, f.Duration = i.Title, i.Duration.Seconds()
	}
	for _, v := range viewers {
		f := film(v.Item)
		f.Retention = append(f.Retention, [2]int{v.Minute, v.N})
	}
	for _, l := range lines {
		f := film(l.Item)
		f.Chat = append(f.Chat, [2]int{l.Minute, l.N})
	}
	for _, h := range react.HeatOf(tallies) {
		f := film(h.Item)
		for _, s := range h.Seconds {
			last := len(f.Reactions) - 1
			if last >= 0 && f.Reactions[last][0] == s.At/60 {
				f.Reactions[last][1] += s.N
				continue
			}
			f.Reactions = append(f.Reactions, [2]int{s.At / 60, s.N})
		}
	}
	return slices.DeleteFunc(out, func(f FilmReport) bool { return len(f.Retention)+len(f.Reactions)+len(f.Chat) == 0 })
}

// Recap is a party in a few numbers.
type Recap struct {
	PartyID    id.Party `json:"party_id" format:"uuid"`
	Together   float64  `json:"together_seconds" doc:"The film moved for two or more."`
	Watched    float64  `json:"my_watch_seconds"`
	Reactions  int      `json:"reactions_count"`
	Mine       int      `json:"my_reactions"`
	Chat       int      `json:"chat_count"`
	People     int      `json:"people"`
	Peak       int      `json:"peak"`
	Moments    []Moment `json:"moments" doc:"The five fullest."`
	TopEmoji   []EmojiN `json:"top_reactions" doc:"The five thrown most."`
	SeesReport bool     `json:"can_see_report"`
}

// topOf bounds the lists of a recap.
const topOf = 5

func (x analytics) recap(ctx context.Context, in *actParty) (*Answer[Recap], error) {
	c, err := seatIn(ctx, x.parties, in.Party, access.ReactRead)
	if err != nil {
		return nil, err
	}
	_, _, items, err := x.parties.Load(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	tallies, err1 := x.deeds.Tallies(ctx, c.ID)
	stats, err2 := x.deeds.Stats(ctx, c.ID)
	list, err3 := x.deeds.Sittings(ctx, c.ID)
	_, chatN, err4 := x.deeds.Lines(ctx, c.ID)
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			return nil, err
		}
	}
	who := account.Maybe(ctx)
	out := Recap{
		PartyID: c.ID, Together: stats.Together.Seconds(), Chat: chatN, People: len(list), Peak: stats.Peak,
		Moments: momentsOf(tallies, titlesOf(items), topOf), TopEmoji: emojiOf(react.Counts(tallies), topOf),
		SeesReport: access.Check(who.Site, c.Mine.Acting(), access.ReportRead, nil) == nil,
	}
	for _, t := range tallies {
		out.Reactions += t.N
	}
	for _, s := range list {
		if s.User == who.User {
			out.Watched, out.Mine = s.Watched().Seconds(), s.Reactions()
		}
	}
	return answer(out), nil
}
