package store

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"watchparty/internal/id"
	"watchparty/internal/party"
)

// List gives a page of what viewer may see and the number of all pages', in
// two statements however long it is.
func (ps Parties) List(ctx context.Context, viewer id.User, f party.Filter) ([]party.Card, int, error) {
	scope := func(db *gorm.DB) *gorm.DB { return filtered(db, viewer, f) }
	var count int64
	if err := ps.s.read(ctx).Table("parties AS p").Scopes(scope).Count(&count).Error; err != nil {
		return nil, 0, known(err)
	}
	var rows []cardRow
	err := cards(ps.s.read(ctx), viewer).Scopes(scope).
		Order(orderBy(f.Order)).Limit(f.Limit).Offset(f.Offset).Scan(&rows).Error
	if err != nil {
		return nil, 0, known(err)
	}
	out := make([]party.Card, len(rows))
	for i, r := range rows {
		out[i] = r.card()
	}
	return out, int(count), nil
}

func filtered(db *gorm.DB, viewer id.User, f party.Filter) *gorm.DB {
	db = visibleTo(viewer)(db)
	me := orNull(viewer)
	const seat = `EXISTS (SELECT 1 FROM party_members y WHERE y.party_id = p.id AND y.user_id = ? AND y.standing IN ?)`
	switch f.Scope {
	case party.Hosted:
		db = db.Where("p.host_id = ?", me)
	case party.JoinedScope:
		db = db.Where("p.host_id <> ? AND "+seat, me, me, []party.Standing{party.Approved})
	case party.Mine:
		db = db.Where("(p.host_id = ? OR "+seat+")", me, me, []party.Standing{party.Approved, party.Pending})
	case party.PublicScope:
		db = db.Where("p.visibility = ?", party.Public)
		if len(f.Statuses) == 0 {
			f.Statuses = []party.Status{party.Scheduled, party.Live, party.Paused}
		}
	}
	if len(f.Statuses) > 0 {
		db = db.Where("p.status IN ?", f.Statuses)
	}
	for _, word := range strings.Fields(strings.ToLower(f.Search)) {
		db = db.Where(`p.search LIKE ? ESCAPE '\'`, "%"+likeEscape.Replace(word)+"%")
	}
	return db
}

// likeEscape takes the meaning from what LIKE reads as a pattern.
var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// orderBy gives one order on both engines: empty moments come last, and the id
// decides between equals.
func orderBy(order string) string {
	name, down := strings.CutPrefix(order, "-")
	dir := " ASC"
	if down {
		dir = " DESC"
	}
	switch name {
	case "title":
		return "p.search" + dir + ", p.id" + dir
	case "scheduled_start":
		return "p.scheduled_start IS NULL, p.scheduled_start" + dir + ", p.id" + dir
	case "created_at":
		return "p.created_at" + dir + ", p.id" + dir
	}
	return "p.created_at DESC, p.id DESC"
}
