package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

// Parties keeps parties, their members, links and queues. It is party.Store.
type Parties struct{ s *Store }

// Parties is the part of the store that knows parties.
func (s *Store) Parties() Parties { return Parties{s} }

// Write runs fn in one transaction.
func (ps Parties) Write(ctx context.Context, fn func(party.Tx) error) error {
	return ps.s.Write(ctx, func(t *Tx) error { return fn(partyTx{t}) })
}

// partyTx is a transaction about parties. It is party.Tx.
type partyTx struct{ *Tx }

type partyRow struct {
	ID              id.Party `gorm:"primaryKey"`
	RoomCode        string
	Title           string
	Description     string
	Search          string
	Visibility      party.Visibility
	Status          party.Status
	HostID          id.User
	FounderID       id.User
	MaxParticipants int
	Seats           int
	RequireApproval bool
	AllowChat       bool
	AllowReactions  bool
	AllowJoinByCode bool
	Locked          bool
	WaitForSlow     bool
	Control         party.Control
	SlowModeMs      int64
	CurrentItem     *id.Item
	ScheduledStart  *millis
	StartedAt       *millis
	EndedAt         *millis
	CreatedAt       millis `gorm:"autoCreateTime:false"`
	UpdatedAt       millis `gorm:"autoUpdateTime:false"`
	Version         int
}

func (partyRow) TableName() string { return "parties" }

func partyRowOf(p party.Party) partyRow {
	return partyRow{
		ID: p.ID, RoomCode: p.RoomCode, Title: p.Title, Description: p.Description,
		Search: strings.ToLower(p.Title + "\n" + p.Description), Visibility: p.Visibility, Status: p.Status,
		HostID: p.Host, FounderID: p.Founder, MaxParticipants: p.MaxParticipants, Seats: p.Seats,
		RequireApproval: p.RequireApproval, AllowChat: p.AllowChat, AllowReactions: p.AllowReactions,
		AllowJoinByCode: p.AllowJoinByCode, Locked: p.Locked, WaitForSlow: p.WaitForSlow, Control: p.Control,
		SlowModeMs: p.SlowMode.Milliseconds(), CurrentItem: orNull(p.Current), ScheduledStart: msPtr(p.ScheduledStart),
		StartedAt: msPtr(p.StartedAt), EndedAt: msPtr(p.EndedAt), CreatedAt: ms(p.CreatedAt), UpdatedAt: ms(p.UpdatedAt),
		Version: p.Version,
	}
}

func (r partyRow) party() party.Party {
	return party.Party{
		ID: r.ID, RoomCode: r.RoomCode, Title: r.Title, Description: r.Description, Visibility: r.Visibility,
		Status: r.Status, Host: r.HostID, Founder: r.FounderID, MaxParticipants: r.MaxParticipants, Seats: r.Seats,
		RequireApproval: r.RequireApproval, AllowChat: r.AllowChat, AllowReactions: r.AllowReactions,
		AllowJoinByCode: r.AllowJoinByCode, Locked: r.Locked, WaitForSlow: r.WaitForSlow, Control: r.Control,
		SlowMode: time.Duration(r.SlowModeMs) * time.Millisecond, Current: orEmpty(r.CurrentItem),
		ScheduledStart: r.ScheduledStart.timePtr(), StartedAt: r.StartedAt.timePtr(), EndedAt: r.EndedAt.timePtr(),
		CreatedAt: r.CreatedAt.time(), UpdatedAt: r.UpdatedAt.time(), Version: r.Version,
	}
}

// personRow is the part of a user that others see.
type personRow struct {
	ID        id.User
	Site      string
	Username  string
	Name      string
	FirstName string
	LastName  string
	Avatar    string
}

var personColumns = []string{"id", "site", "username", "name", "first_name", "last_name", "avatar"}

func (r personRow) person() party.Person {
	return party.Person{
		ID: r.ID, Username: r.Username, Name: r.Name, FirstName: r.FirstName, LastName: r.LastName,
		Avatar: r.Avatar, Guest: r.Site == access.Guest.String(),
	}
}

// cardRow is a party with what its card shows: the host, the film, and the
// viewer's place.
type cardRow struct {
	Party partyRow  `gorm:"embedded"`
	Host  personRow `gorm:"embedded;embeddedPrefix:h_"`
	Film  itemRow   `gorm:"embedded;embeddedPrefix:i_"`
	Mine  placeRow  `gorm:"embedded;embeddedPrefix:m_"`
	Me    personRow `gorm:"embedded;embeddedPrefix:v_"`
}

// cardColumns read what may be missing as empty: it is joined from the left.
var cardColumns = strings.Join([]string{
	"p.*", columns("u", "h", "''", personColumns...), columns("v", "v", "''", personColumns...),
	columns("i", "i", "''", "id", "party_id", "title", "kind", "url", "thumbnail", "media_id", "added_by"),
	columns("i", "i", "0", "duration_ms", "position"),
	columns("m", "m", "''", "id", "party_id", "user_id", "role", "standing", "note", "device", "invite_id"),
	columns("m", "m", "0", "color", "joined_at"), "m.until AS m_until",
}, ", ")

// columns lists columns of a table under a prefix, with what stands for those
// that are missing.
func columns(table, prefix, missing string, names ...string) string {
	out := make([]string, len(names))
	for i, n := range names {
		value := table + "." + n
		if missing == "''" {
			value = "CAST(" + value + " AS TEXT)" // ids are of a type of their own on Postgres
		}
		out[i] = "COALESCE(" + value + ", " + missing + ") AS " + prefix + "_" + n
	}
	return strings.Join(out, ", ")
}

func (r cardRow) card() party.Card {
	c := party.Card{Party: r.Party.party(), HostPerson: r.Host.person()}
	if r.Film.ID != "" {
		film := r.Film.item()
		c.Film = &film
	}
	if r.Mine.ID != "" {
		c.Mine = r.Mine.member(r.Me)
	}
	return c
}

// orNull keeps a missing id as NULL.
func orNull[T id.UUID](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}

func orEmpty[T id.UUID](v *T) T {
	if v == nil {
		return ""
	}
	return *v
}

// blocked is the condition that @me and the host have blocked each other.
const blocked = `EXISTS (SELECT 1 FROM blocks b WHERE (b.blocker_id = @me AND b.blocked_id = p.host_id)
	OR (b.blocker_id = p.host_id AND b.blocked_id = @me))`

// visible is the one condition under which @me may see party p: it is public,
// or he has or had a place in it, or the host's friends may see it and he is
// one. Of people who have blocked each other, only those see more than the
// public parties who sit in one room.
const visible = `(p.visibility = 'public'
	OR EXISTS (SELECT 1 FROM party_members x WHERE x.party_id = p.id AND x.user_id = @me AND x.standing = 'approved')
	OR (NOT ` + blocked + ` AND (
		EXISTS (SELECT 1 FROM party_members x WHERE x.party_id = p.id AND x.user_id = @me)
		OR (p.visibility = 'friends' AND EXISTS (SELECT 1 FROM friendships f WHERE f.status = 'accepted'
			AND ((f.low_id = @me AND f.high_id = p.host_id) OR (f.low_id = p.host_id AND f.high_id = @me)))))))`

// called is the condition under which @me may come to party p by a code or a
// link.
const called = `(` + visible + ` OR NOT ` + blocked + `)`

// visibleTo keeps the parties p that viewer may see. Lists, counts and single
// parties all pass here.
func visibleTo(viewer id.User) func(*gorm.DB) *gorm.DB { return where(visible, viewer) }

func where(condition string, viewer id.User) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB { return db.Where(condition, map[string]any{"me": orNull(viewer)}) }
}

// cards selects cards for viewer.
func cards(db *gorm.DB, viewer id.User) *gorm.DB {
	return db.Table("parties AS p").Select(cardColumns).
		Joins("JOIN users u ON u.id = p.host_id").
		Joins("LEFT JOIN party_items i ON i.id = p.current_item").
		Joins("LEFT JOIN party_members m ON m.party_id = p.id AND m.user_id = ?", orNull(viewer)).
		Joins("LEFT JOIN users v ON v.id = m.user_id")
}

func oneCard(db *gorm.DB) (party.Card, error) {
	var rows []cardRow
	if err := db.Limit(1).Scan(&rows).Error; err != nil {
		return party.Card{}, known(err)
	}
	if len(rows) == 0 {
		return party.Card{}, fault.ErrNotFound
	}
	return rows[0].card(), nil
}

func named(db *gorm.DB, ref party.Ref) *gorm.DB {
	if ref.ID != "" {
		return db.Where("p.id = ?", ref.ID)
	}
	return db.Where("p.room_code = ?", ref.Code)
}

// Card gives a party that viewer may see.
func (ps Parties) Card(ctx context.Context, ref party.Ref, viewer id.User) (party.Card, error) {
	return oneCard(named(cards(ps.s.read(ctx), viewer), ref).Scopes(visibleTo(viewer)))
}

// PublicCard gives a public party that can be joined by its code.
func (ps Parties) PublicCard(ctx context.Context, code string, viewer id.User) (party.Card, error) {
	return oneCard(cards(ps.s.read(ctx), viewer).
		Where("p.room_code = ? AND p.visibility = 'public' AND p.allow_join_by_code", code))
}

// Whole gives a party with all that its room needs.
func (ps Parties) Whole(ctx context.Context, p id.Party) (party.Party, []party.Member, []party.Item, error) {
	var row partyRow
	if err := ps.s.read(ctx).Where("id = ?", p).Take(&row).Error; err != nil {
		return party.Party{}, nil, nil, known(err)
	}
	members, err := ps.Members(ctx, p)
	if err != nil {
		return party.Party{}, nil, nil, err
	}
	items, err := ps.Items(ctx, p)
	return row.party(), members, items, err
}

// Add adds a party with its host.
func (t partyTx) Add(p party.Party, host party.Member) error {
	row := partyRowOf(p)
	done := t.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "room_code"}}, DoNothing: true}).Create(&row)
	if done.Error != nil {
		return done.Error
	}
	if done.RowsAffected == 0 {
		return party.ErrCodes
	}
	return t.Put(host)
}

// Open opens a party that viewer may see.
func (t partyTx) Open(ref party.Ref, viewer id.User) (party.Card, error) {
	return t.open(ref, viewer, visible)
}

// OpenCalled opens a party that viewer has a code or a link of.
func (t partyTx) OpenCalled(ref party.Ref, viewer id.User) (party.Card, error) {
	return t.open(ref, viewer, called)
}

// open locks the party first and reads it afterwards: what is read is then as
// the last one to hold the lock left it. SQLite has one writer anyway.
func (t partyTx) open(ref party.Ref, viewer id.User, condition string) (party.Card, error) {
	var found []id.Party
	lock := named(t.db.Table("parties AS p").Select("p.id"), ref).Clauses(clause.Locking{Strength: "NO KEY UPDATE"})
	if err := lock.Limit(1).Scan(&found).Error; err != nil {
		return party.Card{}, err
	}
	if len(found) == 0 {
		return party.Card{}, fault.ErrNotFound
	}
	return oneCard(cards(t.db, viewer).Where("p.id = ?", found[0]).Scopes(where(condition, viewer)))
}

// Save keeps what hosts set, with the next version.
func (t partyTx) Save(p party.Party) (party.Party, error) {
	p.Version, p.UpdatedAt = p.Version+1, t.Now()
	row := partyRowOf(p)
	done := t.db.Model(&partyRow{}).Where("id = ? AND version = ?", p.ID, p.Version-1).Select(
		"Title", "Description", "Search", "Visibility", "Status", "HostID", "FounderID", "MaxParticipants",
		"RequireApproval", "AllowChat", "AllowReactions", "AllowJoinByCode", "Locked", "WaitForSlow", "Control",
		"SlowModeMs", "ScheduledStart", "StartedAt", "EndedAt", "UpdatedAt", "Version",
	).Updates(&row)
	if done.Error == nil && done.RowsAffected == 0 {
		return p, fault.ErrStale
	}
	return p, done.Error
}

// Pass keeps who hosts.
func (t partyTx) Pass(p party.Party) error {
	return t.db.Model(&partyRow{}).Where("id = ?", p.ID).
		Updates(map[string]any{"host_id": p.Host, "founder_id": p.Founder}).Error
}

// Remove deletes a party with all that belongs to it.
func (t partyTx) Remove(p id.Party) error {
	return t.db.Where("id = ?", p).Delete(&partyRow{}).Error
}
