package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

// placeRow is a person's place in a party. Until is the end of a ban, or of
// the wait of who was sent out or turned away.
type placeRow struct {
	ID       id.Member `gorm:"primaryKey"`
	PartyID  id.Party
	UserID   id.User
	Role     string
	Standing party.Standing
	Color    int
	Note     string
	Until    *millis
	Device   string
	InviteID *id.Invite
	JoinedAt millis
}

func (placeRow) TableName() string { return "party_members" }

func placeRowOf(m party.Member) placeRow {
	r := placeRow{
		ID: m.ID, PartyID: m.Party, UserID: m.Person.ID, Role: m.Role.String(), Standing: m.Standing, Color: m.Color,
		Note: m.Note, Until: msPtr(m.BackAt), Device: m.Device, InviteID: orNull(m.Invite), JoinedAt: ms(m.JoinedAt),
	}
	if m.Standing == party.Banned {
		r.Until = msPtr(m.BannedUntil)
	}
	if m.Role < access.Member {
		r.Role = access.Member.String()
	}
	return r
}

func (r placeRow) member(who personRow) party.Member {
	role, _ := access.ParseRole(r.Role) // the column allows no other
	m := party.Member{
		ID: r.ID, Party: r.PartyID, Person: who.person(), Role: role, Standing: r.Standing, Color: r.Color,
		Note: r.Note, JoinedAt: r.JoinedAt.time(), Device: r.Device, Invite: orEmpty(r.InviteID),
	}
	if r.Standing == party.Banned {
		m.BannedUntil = r.Until.timePtr()
	} else {
		m.BackAt = r.Until.timePtr()
	}
	// A guest who makes an account is a member from then on.
	if m.Person.Guest && role == access.Member {
		m.Role = access.Viewer
	}
	return m
}

type memberRow struct {
	Place placeRow  `gorm:"embedded"`
	Who   personRow `gorm:"embedded;embeddedPrefix:u_"`
}

func members(db *gorm.DB) ([]party.Member, error) {
	var rows []memberRow
	err := db.Table("party_members AS m").Select("m.*, " + columns("u", "u", "''", personColumns...)).
		Joins("JOIN users u ON u.id = m.user_id").Order("m.joined_at, m.id").Scan(&rows).Error
	if err != nil {
		return nil, known(err)
	}
	out := make([]party.Member, len(rows))
	for i, r := range rows {
		out[i] = r.Place.member(r.Who)
	}
	return out, nil
}

func membersOf(db *gorm.DB, p id.Party, standings []party.Standing) ([]party.Member, error) {
	db = db.Where("m.party_id = ?", p)
	if len(standings) > 0 {
		db = db.Where("m.standing IN ?", standings)
	}
	return members(db)
}

func oneMember(db *gorm.DB) (party.Member, error) {
	all, err := members(db.Limit(1))
	if err != nil {
		return party.Member{}, err
	}
	if len(all) == 0 {
		return party.Member{}, fault.ErrNotFound
	}
	return all[0], nil
}

// Members lists those of the given standings, or all, the first first.
func (ps Parties) Members(ctx context.Context, p id.Party, standings ...party.Standing) ([]party.Member, error) {
	return membersOf(ps.s.read(ctx), p, standings)
}

// MembersOf is Members within the transaction.
func (t partyTx) MembersOf(p id.Party, standings ...party.Standing) ([]party.Member, error) {
	return membersOf(t.db, p, standings)
}

// MemberByUser finds a person's place in a party.
func (t partyTx) MemberByUser(p id.Party, u id.User) (party.Member, error) {
	return oneMember(t.db.Where("m.party_id = ? AND m.user_id = ?", p, u))
}

// MemberByID finds a place by its own id, in this party only.
func (t partyTx) MemberByID(p id.Party, m id.Member) (party.Member, error) {
	return oneMember(t.db.Where("m.party_id = ? AND m.id = ?", p, m))
}

// FromDevice lists who may not come to p, of those who were there on device.
func (t partyTx) FromDevice(p id.Party, device string) ([]party.Member, error) {
	return members(t.db.Where(
		"m.party_id = ? AND m.device = ? AND (m.standing = 'banned' OR m.until IS NOT NULL)", p, device))
}

// Put keeps a place.
func (t partyTx) Put(m party.Member) error {
	row := placeRowOf(m)
	return t.db.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "party_id"}, {Name: "user_id"}},
		DoUpdates: clause.AssignmentColumns([]string{
			"role", "standing", "color", "note", "until", "device", "invite_id", "joined_at",
		}),
	}).Create(&row).Error
}

// TakeSeat counts one seat more if there is one: the condition is in the
// statement, so that it holds whoever else asks at the same time.
func (t partyTx) TakeSeat(p id.Party) error {
	done := t.db.Model(&partyRow{}).Where("id = ? AND seats < max_participants", p).
		UpdateColumn("seats", gorm.Expr("seats + 1"))
	if done.Error == nil && done.RowsAffected == 0 {
		return party.ErrFull
	}
	return done.Error
}

// FreeSeat counts one seat less.
func (t partyTx) FreeSeat(p id.Party) error {
	return t.db.Model(&partyRow{}).Where("id = ?", p).UpdateColumn("seats", gorm.Expr("seats - 1")).Error
}
