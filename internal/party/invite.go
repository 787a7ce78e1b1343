package party

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"

	"watchparty/internal/clock"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Bounds of invite links.
const (
	MaxInvites    = 50 // usable ones of one party
	MaxUses       = 10000
	MaxInviteLife = 720 * time.Hour
	InviteLife    = 24 * time.Hour
)

// Invite is a link that leads into a party. Its code is not kept: it is made
// from the id and the server's key, so that hosts can copy it again and a copy
// of the database opens no door.
type Invite struct {
	ID        id.Invite
	Party     id.Party
	Code      string // filled for those who may see it
	CreatedBy id.User
	CreatedAt time.Time
	ExpiresAt time.Time
	MaxUses   int // 0 is no limit
	Uses      int
	Revoked   bool
}

// Usable says why the link opens nothing at now, if so.
func (i Invite) Usable(now time.Time) error {
	switch {
	case i.Revoked:
		return ErrInviteRevoked
	case !now.Before(i.ExpiresAt):
		return ErrInviteExpired
	case i.MaxUses > 0 && i.Uses >= i.MaxUses:
		return ErrInviteUsedUp
	}
	return nil
}

// For says why the link opens nothing for m, if so. Who came by it before comes
// again for free, as long as it is neither late nor taken back.
func (i Invite) For(m Member, now time.Time) error {
	if m.Invite == i.ID {
		i.MaxUses = 0
	}
	return i.Usable(now)
}

// invite makes a link.
func (p Party) invite(by id.User, life time.Duration, uses int, now time.Time) (Invite, error) {
	switch {
	case p.Over():
		return Invite{}, ErrOver
	case life == 0:
		life = InviteLife
	case life < time.Hour || life > MaxInviteLife:
		return Invite{}, fault.ErrInvalid.At("expiry_hours", "Between 1 and 720.")
	}
	if uses < 0 || uses > MaxUses {
		return Invite{}, fault.ErrInvalid.At("max_uses", "Between 0 and 10000; 0 is no limit.")
	}
	now = clock.Millis(now)
	return Invite{
		ID: id.New[id.Invite](), Party: p.ID, CreatedBy: by, CreatedAt: now, ExpiresAt: now.Add(life), MaxUses: uses,
	}, nil
}

// inviteCode is the code of a link: 128 bits that only the key's holder can
// make.
func inviteCode(key []byte, i id.Invite) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("invite " + i))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:16])
}

// hash is what is kept of a secret that somebody shows again.
func hash(kind, secret string) string {
	sum := sha256.Sum256([]byte(kind + " " + secret))
	return hex.EncodeToString(sum[:])
}
