package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"watchparty/internal/account"
	"watchparty/internal/fault"
	"watchparty/internal/id"
)

const (
	pending  = "pending"
	accepted = "accepted"
)

type friendRow struct {
	ID          id.Friend `gorm:"primaryKey"`
	LowID       id.User
	HighID      id.User
	RequesterID id.User
	Status      string
	Message     string
	CreatedAt   millis `gorm:"autoCreateTime:false"`
	AcceptedAt  *millis
}

func (friendRow) TableName() string { return "friendships" }

type blockRow struct {
	BlockerID id.User `gorm:"primaryKey"`
	BlockedID id.User `gorm:"primaryKey"`
	CreatedAt millis  `gorm:"autoCreateTime:false"`
}

func (blockRow) TableName() string { return "blocks" }

// hidden is the condition that u and @me have blocked each other, either way.
const hidden = `EXISTS (SELECT 1 FROM blocks b WHERE (b.blocker_id = u.id AND b.blocked_id = @me)
	OR (b.blocker_id = @me AND b.blocked_id = u.id))`

// tied joins what there is between u and @me.
const tied = `LEFT JOIN friendships f ON (f.low_id = u.id AND f.high_id = @me) OR (f.low_id = @me AND f.high_id = u.id)`

// mutual counts the friends that u and @me have in common.
const mutual = `(SELECT COUNT(*) FROM friendships x JOIN friendships y ON y.status = 'accepted' AND (
		(y.low_id = @me AND y.high_id = CASE WHEN x.low_id = u.id THEN x.high_id ELSE x.low_id END) OR
		(y.high_id = @me AND y.low_id = CASE WHEN x.low_id = u.id THEN x.high_id ELSE x.low_id END))
	WHERE x.status = 'accepted' AND (x.low_id = u.id OR x.high_id = u.id))`

type foundRow struct {
	User   userRow `gorm:"embedded"`
	Tie    *string
	Asker  *id.User
	Mutual int
}

func (r foundRow) found(me id.User) account.Found {
	return account.Found{User: r.User.user(), Tie: tie(r.Tie, r.Asker, me), Mutual: r.Mutual}
}

func tie(status *string, asker *id.User, me id.User) account.Tie {
	switch {
	case status == nil:
		return account.NoTie
	case *status == accepted:
		return account.Friends
	case asker != nil && *asker == me:
		return account.Sent
	}
	return account.Received
}

// Search finds accounts whose words start with all the given ones.
func (a Accounts) Search(ctx context.Context, me id.User, words []string, at account.Span) ([]account.Found, int, error) {
	where := `u.disabled_at IS NULL AND u.id <> @me AND NOT ` + hidden
	args := map[string]any{"me": me, "limit": at.Limit, "offset": at.Offset}
	for i, w := range words {
		from, to := "from"+string(rune('a'+i)), "to"+string(rune('a'+i))
		where += ` AND u.id IN (SELECT user_id FROM user_words WHERE word >= @` + from + ` AND word < @` + to + `)`
		args[from], args[to] = w, w+"\U0010FFFF"
	}
	var count int
	if err := a.s.read(ctx).Raw(`SELECT COUNT(*) FROM users u WHERE `+where, args).Scan(&count).Error; err != nil {
		return nil, 0, known(err)
	}
	var rows []foundRow
	err := a.s.read(ctx).Raw(`SELECT u.*, f.status AS tie, f.requester_id AS asker, `+mutual+` AS mutual
		FROM users u `+tied+` WHERE `+where+` ORDER BY u.username LIMIT @limit OFFSET @offset`, args).Scan(&rows).Error
	all := make([]account.Found, len(rows))
	for i, r := range rows {
		all[i] = r.found(me)
	}
	return all, count, known(err)
}

// Find shows one person to another.
func (a Accounts) Find(ctx context.Context, me, other id.User) (account.Found, error) {
	var rows []foundRow
	err := a.s.read(ctx).Raw(`SELECT u.*, f.status AS tie, f.requester_id AS asker, `+mutual+` AS mutual
		FROM users u `+tied+` WHERE u.id = @other AND u.disabled_at IS NULL AND NOT `+hidden,
		map[string]any{"me": me, "other": other}).Scan(&rows).Error
	if err == nil && len(rows) == 0 {
		err = fault.ErrNotFound
	}
	if err != nil {
		return account.Found{}, known(err)
	}
	return rows[0].found(me), nil
}

// lockPair makes those wait who change what is between two people, in one order
// so that nobody waits for each other. SQLite has one writer and needs none.
func lockPair(t *Tx, x, y id.User) (low, high id.User, err error) {
	low, high = min(x, y), max(x, y)
	var found []id.User
	err = t.db.Model(&userRow{}).Clauses(clause.Locking{Strength: "UPDATE"}).Where("id IN ?", []id.User{low, high}).
		Order("id").Pluck("id", &found).Error
	if err == nil && len(found) != 2 {
		err = fault.ErrNotFound
	}
	return low, high, err
}

// told records what one sees now of the other, for both.
func told(t *Tx, x, y id.User, xSees, ySees account.Tie) error {
	err := t.Record(account.Topic(x), account.FactFriendChanged, account.FriendChanged{User: y, Friendship: xSees})
	if err != nil {
		return err
	}
	return t.Record(account.Topic(y), account.FactFriendChanged, account.FriendChanged{User: x, Friendship: ySees})
}

// Ask asks for a friendship; a request of the other side is accepted instead.
func (a Accounts) Ask(ctx context.Context, ask account.Ask) (now account.Tie, fresh bool, err error) {
	err = a.s.Write(ctx, func(t *Tx) error {
		low, high, err := lockPair(t, ask.From, ask.To)
		if err != nil {
			return err
		}
		var blocks int64
		if err := t.db.Model(&blockRow{}).Where("(blocker_id = ? AND blocked_id = ?) OR (blocker_id = ? AND blocked_id = ?)",
			low, high, high, low).Count(&blocks).Error; err != nil {
			return err
		}
		if blocks > 0 {
			return fault.ErrNotFound
		}
		row := friendRow{
			ID: ask.ID, LowID: low, HighID: high, RequesterID: ask.From, Status: pending,
			Message: ask.Message, CreatedAt: ms(t.Now()),
		}
		done := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if done.Error != nil {
			return done.Error
		}
		if fresh = done.RowsAffected == 1; fresh {
			now = account.Sent
			return told(t, ask.From, ask.To, account.Sent, account.Received)
		}
		var old friendRow
		if err := t.db.Where("low_id = ? AND high_id = ?", low, high).Take(&old).Error; err != nil {
			return err
		}
		now = tie(&old.Status, &old.RequesterID, ask.From)
		if now != account.Received {
			return nil
		}
		now = account.Friends
		return accept(t, old)
	})
	return now, fresh, err
}

func accept(t *Tx, f friendRow) error {
	done := t.db.Model(&friendRow{}).Where("id = ? AND status = ?", f.ID, pending).
		Updates(map[string]any{"status": accepted, "accepted_at": ms(t.Now())})
	if done.Error != nil || done.RowsAffected == 0 {
		return done.Error
	}
	return told(t, f.LowID, f.HighID, account.Friends, account.Friends)
}

// Accept accepts a request to me.
func (a Accounts) Accept(ctx context.Context, me id.User, request id.Friend) error {
	return a.s.Write(ctx, func(t *Tx) error {
		var f friendRow
		err := t.db.Where("id = ? AND (low_id = ? OR high_id = ?) AND requester_id <> ?", request, me, me, me).Take(&f).Error
		if err != nil || f.Status == accepted {
			return err
		}
		return accept(t, f)
	})
}

// Decline drops a request to me.
func (a Accounts) Decline(ctx context.Context, me id.User, request id.Friend) error {
	return a.drop(ctx, "id = ? AND status = ? AND (low_id = ? OR high_id = ?) AND requester_id <> ?", request, pending, me, me, me)
}

// Withdraw drops a request of mine.
func (a Accounts) Withdraw(ctx context.Context, me id.User, request id.Friend) error {
	return a.drop(ctx, "id = ? AND status = ? AND requester_id = ?", request, pending, me)
}

func (a Accounts) drop(ctx context.Context, where string, args ...any) error {
	return a.s.Write(ctx, func(t *Tx) error {
		gone, err := dropped(t, where, args...)
		if err == nil && gone == 0 {
			return fault.ErrNotFound
		}
		return err
	})
}

// dropped deletes friendships and requests and tells both sides of each.
func dropped(t *Tx, where string, args ...any) (int, error) {
	var rows []friendRow
	if err := t.db.Clauses(clause.Returning{}).Where(where, args...).Delete(&rows).Error; err != nil {
		return 0, err
	}
	for _, f := range rows {
		if err := told(t, f.LowID, f.HighID, account.NoTie, account.NoTie); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// Unfriend ends a friendship, if there is one.
func (a Accounts) Unfriend(ctx context.Context, me, other id.User) error {
	return a.s.Write(ctx, func(t *Tx) error {
		_, err := dropped(t, "low_id = ? AND high_id = ? AND status = ?", min(me, other), max(me, other), accepted)
		return err
	})
}

type friendUser struct {
	F friendRow `gorm:"embedded;embeddedPrefix:f_"`
	U userRow   `gorm:"embedded;embeddedPrefix:u_"`
}

const friendUserFrom = ` FROM friendships f JOIN users u ON u.id = CASE WHEN f.low_id = @me THEN f.high_id ELSE f.low_id END
	WHERE (f.low_id = @me OR f.high_id = @me) AND u.disabled_at IS NULL AND NOT ` + hidden

const friendUserColumns = `SELECT f.id AS f_id, f.low_id AS f_low_id, f.high_id AS f_high_id, f.requester_id AS f_requester_id,
	f.status AS f_status, f.message AS f_message, f.created_at AS f_created_at, f.accepted_at AS f_accepted_at,
	u.id AS u_id, u.site AS u_site, u.username AS u_username, u.name AS u_name, u.first_name AS u_first_name,
	u.last_name AS u_last_name, u.avatar AS u_avatar, u.created_at AS u_created_at, u.version AS u_version`

func friendships(rows []friendUser, me id.User) []account.Friendship {
	all := make([]account.Friendship, len(rows))
	for i, r := range rows {
		since := r.F.CreatedAt
		if r.F.AcceptedAt != nil {
			since = *r.F.AcceptedAt
		}
		all[i] = account.Friendship{
			ID: r.F.ID, Other: r.U.user(), Tie: tie(&r.F.Status, &r.F.RequesterID, me),
			Message: r.F.Message, Since: since.time(),
		}
	}
	return all
}

// FriendsOf lists a person's friends.
func (a Accounts) FriendsOf(ctx context.Context, me id.User, at account.Span) ([]account.Friendship, int, error) {
	args := map[string]any{"me": me, "limit": at.Limit, "offset": at.Offset}
	const where = friendUserFrom + ` AND f.status = 'accepted'`
	var count int
	if err := a.s.read(ctx).Raw(`SELECT COUNT(*)`+where, args).Scan(&count).Error; err != nil {
		return nil, 0, known(err)
	}
	var rows []friendUser
	err := a.s.read(ctx).Raw(friendUserColumns+where+` ORDER BY LOWER(u.name), u.id LIMIT @limit OFFSET @offset`, args).Scan(&rows).Error
	return friendships(rows, me), count, known(err)
}

// maxRequests bounds a list that is shown whole.
const maxRequests = 200

// Requests lists what waits for an answer.
func (a Accounts) Requests(ctx context.Context, me id.User) ([]account.Friendship, error) {
	var rows []friendUser
	err := a.s.read(ctx).Raw(friendUserColumns+friendUserFrom+` AND f.status = 'pending' ORDER BY f.id DESC LIMIT @limit`,
		map[string]any{"me": me, "limit": maxRequests}).Scan(&rows).Error
	return friendships(rows, me), known(err)
}

// Block ends what there was and makes both invisible to each other.
func (a Accounts) Block(ctx context.Context, me, other id.User) error {
	return a.s.Write(ctx, func(t *Tx) error {
		low, high, err := lockPair(t, me, other)
		if err != nil {
			return err
		}
		row := blockRow{BlockerID: me, BlockedID: other, CreatedAt: ms(t.Now())}
		if err := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
			return err
		}
		_, err = dropped(t, "low_id = ? AND high_id = ?", low, high)
		return err
	})
}

// Unblock lifts a block, if there is one.
func (a Accounts) Unblock(ctx context.Context, me, other id.User) error {
	return a.s.Write(ctx, func(t *Tx) error {
		return t.db.Where("blocker_id = ? AND blocked_id = ?", me, other).Delete(&blockRow{}).Error
	})
}

// BlockedBy lists whom a person blocked.
func (a Accounts) BlockedBy(ctx context.Context, me id.User, at account.Span) ([]account.User, int, error) {
	list := func() *gorm.DB {
		return a.s.read(ctx).Model(&userRow{}).Joins("JOIN blocks b ON b.blocked_id = users.id AND b.blocker_id = ?", me)
	}
	var count int64
	if err := list().Count(&count).Error; err != nil {
		return nil, 0, known(err)
	}
	var rows []userRow
	err := list().Order("LOWER(users.name), users.id").Limit(at.Limit).Offset(at.Offset).Find(&rows).Error
	all := make([]account.User, len(rows))
	for i, r := range rows {
		all[i] = r.user()
	}
	return all, int(count), known(err)
}
