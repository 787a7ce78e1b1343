package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/party"
)

type inviteRow struct {
	ID        id.Invite `gorm:"primaryKey"`
	PartyID   id.Party
	CodeHash  string
	CreatedBy id.User
	CreatedAt millis `gorm:"autoCreateTime:false"`
	ExpiresAt millis
	MaxUses   int
	Uses      int
	RevokedAt *millis
}

func (inviteRow) TableName() string { return "party_invites" }

func (r inviteRow) invite() party.Invite {
	return party.Invite{
		ID: r.ID, Party: r.PartyID, CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt.time(),
		ExpiresAt: r.ExpiresAt.time(), MaxUses: r.MaxUses, Uses: r.Uses, Revoked: r.RevokedAt != nil,
	}
}

// opens is the condition that a link still opens something at a moment.
const opens = "revoked_at IS NULL AND expires_at > ? AND (max_uses = 0 OR uses < max_uses)"

func inviteByCode(db *gorm.DB, codeHash string) (party.Invite, error) {
	var row inviteRow
	if err := db.Where("code_hash = ?", codeHash).Take(&row).Error; err != nil {
		return party.Invite{}, known(err)
	}
	return row.invite(), nil
}

// InviteCard gives what a link leads to.
func (ps Parties) InviteCard(ctx context.Context, codeHash string, viewer id.User) (party.Invite, party.Card, error) {
	link, err := inviteByCode(ps.s.read(ctx), codeHash)
	if err != nil {
		return link, party.Card{}, err
	}
	c, err := oneCard(cards(ps.s.read(ctx), viewer).Where("p.id = ?", link.Party).Scopes(where(called, viewer)))
	return link, c, err
}

// Invites lists a party's links that open something at now, newest first.
func (ps Parties) Invites(ctx context.Context, p id.Party, now time.Time) ([]party.Invite, error) {
	var rows []inviteRow
	err := ps.s.read(ctx).Where("party_id = ?", p).Where(opens, ms(now)).Order("created_at DESC, id DESC").Find(&rows).Error
	if err != nil {
		return nil, known(err)
	}
	out := make([]party.Invite, len(rows))
	for i, r := range rows {
		out[i] = r.invite()
	}
	return out, nil
}

// CountInvites counts a party's links that open something at now.
func (t partyTx) CountInvites(p id.Party, now time.Time) (int, error) {
	var n int64
	err := t.db.Model(&inviteRow{}).Where("party_id = ?", p).Where(opens, ms(now)).Count(&n).Error
	return int(n), err
}

// AddInvite keeps a link by the hash of its code.
func (t partyTx) AddInvite(i party.Invite, codeHash string) error {
	return t.db.Create(&inviteRow{
		ID: i.ID, PartyID: i.Party, CodeHash: codeHash, CreatedBy: i.CreatedBy, CreatedAt: ms(i.CreatedAt),
		ExpiresAt: ms(i.ExpiresAt), MaxUses: i.MaxUses,
	}).Error
}

// InviteByCode finds a link.
func (t partyTx) InviteByCode(codeHash string) (party.Invite, error) {
	return inviteByCode(t.db, codeHash)
}

// SpendInvite counts one use, if there is one left in this very moment.
func (t partyTx) SpendInvite(i id.Invite, now time.Time) (bool, error) {
	done := t.db.Model(&inviteRow{}).Where("id = ?", i).Where(opens, ms(now)).UpdateColumn("uses", gorm.Expr("uses + 1"))
	return done.RowsAffected == 1, done.Error
}

// RevokeInvite takes a link of this party back. Again changes nothing.
func (t partyTx) RevokeInvite(p id.Party, i id.Invite, now time.Time) error {
	done := t.db.Model(&inviteRow{}).Where("id = ? AND party_id = ?", i, p).
		UpdateColumn("revoked_at", gorm.Expr("COALESCE(revoked_at, ?)", ms(now)))
	if done.Error == nil && done.RowsAffected == 0 {
		return fault.ErrNotFound
	}
	return done.Error
}
