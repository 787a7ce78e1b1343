package store

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

type sessionRow struct {
	ID        id.Session `gorm:"primaryKey"`
	UserID    id.User
	UserAgent string
	IP        string
	CreatedAt millis `gorm:"autoCreateTime:false"`
	LastSeen  millis
	ExpiresAt millis
	RevokedAt *millis
}

func (sessionRow) TableName() string { return "sessions" }

func (r sessionRow) session() account.Session {
	return account.Session{
		ID: r.ID, User: r.UserID, UserAgent: r.UserAgent, IP: r.IP, CreatedAt: r.CreatedAt.time(),
		LastSeen: r.LastSeen.time(), ExpiresAt: r.ExpiresAt.time(), Revoked: r.RevokedAt != nil,
	}
}

type refreshRow struct {
	Hash      string `gorm:"primaryKey"`
	SessionID id.Session
	CreatedAt millis `gorm:"autoCreateTime:false"`
	UsedAt    *millis
}

func (refreshRow) TableName() string { return "refresh_tokens" }

// openSession adds a session and its first refresh token.
func openSession(db *gorm.DB, o account.Opening) error {
	s := o.Session
	row := sessionRow{
		ID: s.ID, UserID: s.User, UserAgent: s.UserAgent, IP: s.IP,
		CreatedAt: ms(s.CreatedAt), LastSeen: ms(s.LastSeen), ExpiresAt: ms(s.ExpiresAt),
	}
	if err := db.Create(&row).Error; err != nil {
		return err
	}
	return db.Create(&refreshRow{Hash: o.Refresh, SessionID: s.ID, CreatedAt: ms(s.CreatedAt)}).Error
}

// Open adds a session and ends another one, whoever's, in its favour.
func (a Accounts) Open(ctx context.Context, o account.Opening, end id.Session) error {
	return a.s.Write(ctx, func(t *Tx) error {
		if end != "" {
			var old sessionRow
			err := t.db.Where("id = ?", end).Take(&old).Error
			if err == nil {
				err = endSession(t, old.UserID, end, true)
			}
			if err != nil && !errors.Is(known(err), fault.ErrNotFound) {
				return err
			}
		}
		return openSession(t.db, o)
	})
}

type sessionUser struct {
	Session sessionRow `gorm:"embedded;embeddedPrefix:s_"`
	User    userRow    `gorm:"embedded;embeddedPrefix:u_"`
}

const sessionUserColumns = `s.id AS s_id, s.user_id AS s_user_id, s.user_agent AS s_user_agent, s.ip AS s_ip,
	s.created_at AS s_created_at, s.last_seen AS s_last_seen, s.expires_at AS s_expires_at, s.revoked_at AS s_revoked_at,
	u.id AS u_id, u.site AS u_site, u.email AS u_email, u.username AS u_username, u.name AS u_name,
	u.first_name AS u_first_name, u.last_name AS u_last_name, u.avatar AS u_avatar, u.password_hash AS u_password_hash,
	u.verified_at AS u_verified_at, u.disabled_at AS u_disabled_at, u.created_at AS u_created_at,
	u.updated_at AS u_updated_at, u.version AS u_version`

func loadSession(db *gorm.DB, s id.Session) (account.Session, account.User, error) {
	var row sessionUser
	err := db.Table("sessions AS s").Select(sessionUserColumns).Joins("JOIN users u ON u.id = s.user_id").
		Where("s.id = ?", s).Take(&row).Error
	return row.Session.session(), row.User.user(), known(err)
}

// Session finds a session with its person, in one statement: it is asked for on
// every call.
func (a Accounts) Session(ctx context.Context, s id.Session) (account.Session, account.User, error) {
	return loadSession(a.s.read(ctx), s)
}

// Refresh exchanges a refresh token as judge says. Of parallel callers one makes
// the exchange; the others find it made and are judged again.
func (a Accounts) Refresh(ctx context.Context, turn account.Turn, judge func(account.Presented) account.Verdict) (
	p account.Presented, v account.Verdict, err error,
) {
	err = a.s.Write(ctx, func(t *Tx) error {
		if p, err = presented(t.db, turn); err != nil {
			return err
		}
		v = judge(p)
		if v == account.Rotate {
			won, err := rotate(t.db, p, turn)
			if err != nil {
				return err
			}
			if !won {
				if p, err = presented(t.db, turn); err != nil {
					return err
				}
				v = judge(p)
			}
		}
		switch v {
		case account.Refuse:
			return nil
		case account.Theft, account.Finish:
			return ignoreMissing(endSession(t, p.User.ID, p.Session.ID, false))
		default:
			return prolong(t.db, p.Session, turn)
		}
	})
	return p, v, err
}

func presented(db *gorm.DB, turn account.Turn) (p account.Presented, err error) {
	var rows []refreshRow
	if err := db.Where("hash IN ?", []string{turn.Hash, turn.Next}).Find(&rows).Error; err != nil {
		return p, err
	}
	found := false
	var of id.Session
	for _, r := range rows {
		if r.Hash == turn.Hash {
			found, of, p.UsedAt = true, r.SessionID, r.UsedAt.timePtr()
		} else {
			p.NextUsed = r.UsedAt != nil
		}
	}
	if !found {
		return p, fault.ErrNotFound
	}
	p.Session, p.User, err = loadSession(db, of)
	return p, err
}

// rotate exchanges the token for its successor, unless somebody just did.
func rotate(db *gorm.DB, p account.Presented, turn account.Turn) (won bool, err error) {
	done := db.Model(&refreshRow{}).Where("hash = ? AND used_at IS NULL", turn.Hash).Update("used_at", ms(turn.Now))
	if done.Error != nil || done.RowsAffected == 0 {
		return false, done.Error
	}
	next := refreshRow{Hash: turn.Next, SessionID: p.Session.ID, CreatedAt: ms(turn.Now)}
	return true, db.Clauses(clause.OnConflict{DoNothing: true}).Create(&next).Error
}

func prolong(db *gorm.DB, s account.Session, turn account.Turn) error {
	until := turn.ExpiresAt
	if last := s.CreatedAt.Add(turn.Latest); last.Before(until) {
		until = last
	}
	return db.Model(&sessionRow{}).Where("id = ? AND revoked_at IS NULL", s.ID).
		Updates(map[string]any{"last_seen": ms(turn.Now), "expires_at": ms(until)}).Error
}

func ignoreMissing(err error) error {
	if errors.Is(err, fault.ErrNotFound) {
		return nil
	}
	return err
}

// endSession revokes a session that is alive and tells so.
func endSession(t *Tx, u id.User, s id.Session, renewed bool) error {
	done := t.db.Model(&sessionRow{}).Where("id = ? AND user_id = ? AND revoked_at IS NULL", s, u).Update("revoked_at", ms(t.Now()))
	if done.Error != nil {
		return done.Error
	}
	if done.RowsAffected == 0 {
		return fault.ErrNotFound
	}
	return t.Record(account.Topic(u), account.FactSessionRevoked, account.Revoked{Session: s, Renewed: renewed})
}

func endAll(t *Tx, u id.User) error {
	err := t.db.Model(&sessionRow{}).Where("user_id = ? AND revoked_at IS NULL", u).Update("revoked_at", ms(t.Now())).Error
	if err != nil {
		return err
	}
	return t.Record(account.Topic(u), account.FactSessionRevoked, account.Revoked{All: true})
}

func endOthers(t *Tx, u id.User, keep id.Session) (int, error) {
	var ended []sessionRow
	others := t.db.Model(&ended).Clauses(clause.Returning{Columns: []clause.Column{{Name: "id"}}}).
		Where("user_id = ? AND revoked_at IS NULL AND expires_at > ?", u, ms(t.Now()))
	if keep != "" {
		others = others.Where("id <> ?", keep)
	}
	if err := others.Update("revoked_at", ms(t.Now())).Error; err != nil {
		return 0, err
	}
	for _, s := range ended {
		if err := t.Record(account.Topic(u), account.FactSessionRevoked, account.Revoked{Session: s.ID}); err != nil {
			return 0, err
		}
	}
	return len(ended), nil
}

// SessionsOf lists where a person is signed in.
func (a Accounts) SessionsOf(ctx context.Context, u id.User) ([]account.Session, error) {
	var rows []sessionRow
	err := a.s.read(ctx).Where("user_id = ? AND revoked_at IS NULL AND expires_at > ?", u, ms(a.s.now())).
		Order("last_seen DESC, id DESC").Limit(100).Find(&rows).Error
	all := make([]account.Session, len(rows))
	for i, r := range rows {
		all[i] = r.session()
	}
	return all, known(err)
}

// Revoke ends one session of a person.
func (a Accounts) Revoke(ctx context.Context, u id.User, s id.Session) error {
	return a.s.Write(ctx, func(t *Tx) error { return endSession(t, u, s, false) })
}

// RevokeOthers ends all sessions of a person but one.
func (a Accounts) RevokeOthers(ctx context.Context, u id.User, keep id.Session) (n int, err error) {
	err = a.s.Write(ctx, func(t *Tx) error {
		n, err = endOthers(t, u, keep)
		return err
	})
	return n, err
}
