package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"watchparty/internal/access"
	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// Accounts keeps people, their sessions and their ties. It is account.Store.
type Accounts struct{ s *Store }

// Accounts is the part of the store that knows people.
func (s *Store) Accounts() Accounts { return Accounts{s} }

type userRow struct {
	ID           id.User `gorm:"primaryKey"`
	Site         string
	Email        *string
	Username     string
	Name         string
	FirstName    string
	LastName     string
	Avatar       string
	PasswordHash string
	VerifiedAt   *millis
	DisabledAt   *millis
	CreatedAt    millis `gorm:"autoCreateTime:false"`
	UpdatedAt    millis `gorm:"autoUpdateTime:false"`
	Version      int
}

func (userRow) TableName() string { return "users" }

func userRowOf(u account.User) userRow {
	r := userRow{
		ID: u.ID, Site: u.Site.String(), Username: u.Username, Name: u.Name,
		FirstName: u.FirstName, LastName: u.LastName, Avatar: u.Avatar, PasswordHash: string(u.Password),
		VerifiedAt: msPtr(u.VerifiedAt), CreatedAt: ms(u.CreatedAt), UpdatedAt: ms(u.CreatedAt), Version: u.Version,
	}
	if u.Email != "" {
		r.Email = &u.Email
	}
	return r
}

func (r userRow) user() account.User {
	site, _ := access.ParseSite(r.Site) // the column allows no other
	u := account.User{
		ID: r.ID, Site: site, Username: r.Username, Name: r.Name, FirstName: r.FirstName, LastName: r.LastName,
		Avatar: r.Avatar, Password: account.Secret(r.PasswordHash), VerifiedAt: r.VerifiedAt.timePtr(),
		Disabled: r.DisabledAt != nil, CreatedAt: r.CreatedAt.time(), Version: r.Version,
	}
	if r.Email != nil {
		u.Email = *r.Email
	}
	return u
}

type wordRow struct {
	Word   string
	UserID id.User
}

func (wordRow) TableName() string { return "user_words" }

// saveWords replaces what a person is found by. Guests are not found.
func saveWords(db *gorm.DB, u account.User) error {
	if err := db.Where("user_id = ?", u.ID).Delete(&wordRow{}).Error; err != nil {
		return err
	}
	var rows []wordRow
	for _, w := range u.Words() {
		rows = append(rows, wordRow{w, u.ID})
	}
	if len(rows) == 0 {
		return nil
	}
	return db.Create(&rows).Error
}

// Create adds a person, with a first session if there is one.
func (a Accounts) Create(ctx context.Context, u account.User, first *account.Opening) error {
	return a.s.Write(ctx, func(t *Tx) error {
		row := userRowOf(u)
		done := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			return taken(t.db, u)
		}
		if err := saveWords(t.db, u); err != nil || first == nil {
			return err
		}
		return openSession(t.db, *first)
	})
}

// taken says which of a person's two names somebody else has.
func taken(db *gorm.DB, u account.User) error {
	var n int64
	if u.Email != "" {
		if err := db.Model(&userRow{}).Where("email = ? AND id <> ?", u.Email, u.ID).Count(&n).Error; err != nil {
			return err
		}
	}
	if n > 0 {
		return account.ErrEmailTaken.At("email", account.ErrEmailTaken.Detail)
	}
	return account.ErrUsernameTaken.At("username", account.ErrUsernameTaken.Detail)
}

// User finds a person.
func (a Accounts) User(ctx context.Context, u id.User) (account.User, error) {
	return oneUser(a.s.read(ctx).Where("id = ?", u))
}

// ByEmail finds the account of an address, which is in its kept form.
func (a Accounts) ByEmail(ctx context.Context, email string) (account.User, error) {
	return oneUser(a.s.read(ctx).Where("email = ?", email))
}

func oneUser(db *gorm.DB) (account.User, error) {
	var row userRow
	if err := db.Take(&row).Error; err != nil {
		return account.User{}, known(err)
	}
	return row.user(), nil
}

// SaveProfile keeps names and picture if nobody changed them meanwhile.
func (a Accounts) SaveProfile(ctx context.Context, u account.User) (int, error) {
	err := a.s.Write(ctx, func(t *Tx) error {
		done := t.db.Model(&userRow{}).Where("id = ? AND version = ?", u.ID, u.Version).Updates(map[string]any{
			"username": u.Username, "name": u.Name, "first_name": u.FirstName, "last_name": u.LastName,
			"avatar": u.Avatar, "updated_at": ms(t.Now()), "version": u.Version + 1,
		})
		switch {
		case errors.Is(done.Error, gorm.ErrDuplicatedKey):
			return account.ErrUsernameTaken.At("username", account.ErrUsernameTaken.Detail)
		case done.Error != nil:
			return done.Error
		case done.RowsAffected == 0:
			return fault.ErrStale
		}
		return saveWords(t.db, u)
	})
	return u.Version + 1, err
}

// Upgrade turns a guest into an account.
func (a Accounts) Upgrade(ctx context.Context, u account.User, old id.Session, first account.Opening) error {
	return a.s.Write(ctx, func(t *Tx) error {
		row := userRowOf(u)
		done := t.db.Model(&userRow{}).Where("id = ? AND site = ?", u.ID, access.Guest.String()).Where(
			"NOT EXISTS (SELECT 1 FROM users o WHERE o.id <> ? AND (o.email = ? OR o.username = ?))", u.ID, u.Email, u.Username,
		).Updates(map[string]any{
			"site": row.Site, "email": row.Email, "username": row.Username, "name": row.Name,
			"first_name": row.FirstName, "last_name": row.LastName, "password_hash": row.PasswordHash,
			"updated_at": ms(t.Now()), "version": gorm.Expr("version + 1"),
		})
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			return whyNoUpgrade(t.db, u)
		}
		if err := saveWords(t.db, u); err != nil {
			return err
		}
		if err := endSession(t, u.ID, old, true); err != nil && !errors.Is(err, fault.ErrNotFound) {
			return err
		}
		return openSession(t.db, first)
	})
}

func whyNoUpgrade(db *gorm.DB, u account.User) error {
	now, err := oneUser(db.Where("id = ?", u.ID))
	if err != nil {
		return err
	}
	if now.Site != access.Guest {
		return account.ErrNotGuest
	}
	return taken(db, u)
}

// SetPassword replaces the hash and ends all sessions but one.
func (a Accounts) SetPassword(ctx context.Context, u id.User, hash account.Secret, keep id.Session) error {
	return a.s.Write(ctx, func(t *Tx) error {
		if err := setPassword(t, u, hash, nil); err != nil {
			return err
		}
		_, err := endOthers(t, u, keep)
		return err
	})
}

// setPassword also takes back the reset links that are still on their way.
func setPassword(t *Tx, u id.User, hash account.Secret, verified *time.Time) error {
	set := map[string]any{"password_hash": string(hash), "updated_at": ms(t.Now()), "version": gorm.Expr("version + 1")}
	if verified != nil {
		set["verified_at"] = gorm.Expr("COALESCE(verified_at, ?)", ms(*verified))
	}
	done := t.db.Model(&userRow{}).Where("id = ?", u).Updates(set)
	if done.Error != nil {
		return done.Error
	}
	if done.RowsAffected == 0 {
		return fault.ErrNotFound
	}
	return t.db.Where("user_id = ? AND purpose = ?", u, account.ForReset).Delete(&onceRow{}).Error
}

// Rehash replaces a hash unless the password was changed meanwhile.
func (a Accounts) Rehash(ctx context.Context, u id.User, old, hash account.Secret) error {
	return a.s.Write(ctx, func(t *Tx) error {
		return t.db.Model(&userRow{}).Where("id = ? AND password_hash = ?", u, string(old)).
			Update("password_hash", string(hash)).Error
	})
}
