package wire

import (
	"time"

	"watchparty/internal/chat"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

// UserOf shows a person.
func UserOf(p party.Person) User {
	return User{
		ID: p.ID, Username: p.Username, Name: p.Name, FirstName: p.FirstName,
		LastName: p.LastName, Avatar: p.Avatar, IsGuest: p.Guest,
	}
}

// ItemOf shows a film of the queue.
func ItemOf(i party.Item) Item {
	return Item{
		ID: i.ID, Title: i.Title, Kind: string(i.Kind), URL: i.URL, Thumbnail: i.Thumbnail,
		Duration: i.Duration.Seconds(), MediaID: i.Media, AddedBy: i.AddedBy, Position: i.Position,
	}
}

// ItemsOf shows a queue.
func ItemsOf(items []party.Item) []Item {
	out := make([]Item, len(items))
	for i, x := range items {
		out[i] = ItemOf(x)
	}
	return out
}

// PartyOf shows a party to its members, without what depends on the viewer.
// Of items it takes the one that plays or comes first.
func PartyOf(p party.Party, host party.Person, items []party.Item) Party {
	w := Party{
		ID: p.ID, RoomCode: p.RoomCode, Title: p.Title, Description: p.Description,
		Visibility: string(p.Visibility), Status: string(p.Status), Host: UserOf(host),
		MaxParticipants: p.MaxParticipants, ParticipantCount: p.Seats, IsFull: p.Seats >= p.MaxParticipants,
		RequireApproval: p.RequireApproval, AllowChat: p.AllowChat, AllowReactions: p.AllowReactions,
		AllowJoinByCode: p.AllowJoinByCode, Locked: p.Locked, WaitForSlow: p.WaitForSlow,
		Control: string(p.Control), SlowModeSeconds: int(p.SlowMode / time.Second),
		ScheduledStart: When(p.ScheduledStart), StartedAt: When(p.StartedAt), EndedAt: When(p.EndedAt),
		CreatedAt: Time(p.CreatedAt), UpdatedAt: Time(p.UpdatedAt), Version: p.Version,
		MyRole: "none", MyStatus: "none",
	}
	for _, i := range items {
		if i.ID == p.Current {
			v := ItemOf(i)
			w.Video = &v
		}
	}
	return w
}

// MemberOf shows a person's place in a party.
func MemberOf(m party.Member, online bool) Member {
	return Member{
		ID: m.ID, User: UserOf(m.Person), Role: m.Role.String(), Status: string(m.Standing),
		Color: m.Color, JoinedAt: Time(m.JoinedAt), IsOnline: online,
	}
}

// KnockOf shows somebody at the door.
func KnockOf(m party.Member) Knock {
	return Knock{Member: m.ID, User: UserOf(m.Person), Message: m.Note, At: Time(m.JoinedAt)}
}

// MessageOf shows a line.
func MessageOf(m chat.Message) Message {
	w := Message{
		ID: m.ID, Seq: m.Seq, User: UserOf(party.Person(m.Author)), Role: m.Role, Color: m.Color, Type: m.Type,
		Text: m.Text, Image: m.Image, Mentions: m.Mentions, FilmAt: m.FilmAt, ItemID: m.Item,
		CreatedAt: Time(m.CreatedAt), EditedAt: When(m.EditedAt), Deleted: m.Deleted, Op: m.Op,
	}
	if w.Mentions == nil {
		w.Mentions = []id.User{}
	}
	if q := m.ReplyTo; q != nil {
		w.ReplyTo = &Quote{ID: q.ID, User: UserOf(party.Person(q.Author)), Text: q.Text}
	}
	return w
}
