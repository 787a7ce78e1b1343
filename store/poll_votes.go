package store

import (
	"context"
	"maps"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"watchparty/internal/id"
	"watchparty/internal/poll"
)

// CastVotes puts answers into the box, all in one transaction, with the counts
// changed by the difference. Of several by one person to one poll the last
// holds. An answer to a poll that is not open in the database is refused with
// poll.ErrNotOpen in its place; the others count.
func (rs Rooms) CastVotes(ctx context.Context, ballots []poll.Ballot) ([]error, error) {
	var refused []error
	err := rs.s.Write(ctx, func(t *Tx) error {
		refused = make([]error, len(ballots))
		byPoll := map[id.Poll]map[id.User]*poll.Vote{}
		for _, b := range ballots {
			if byPoll[b.Poll] == nil {
				byPoll[b.Poll] = map[id.User]*poll.Vote{}
			}
			byPoll[b.Poll][b.User] = b.Vote
		}
		// Always in the same order, so that two transactions never wait in a ring.
		for _, p := range slices.Sorted(maps.Keys(byPoll)) {
			open, err := t.castInto(p, byPoll[p])
			if err != nil {
				return err
			}
			for i, b := range ballots {
				if b.Poll == p && !open {
					refused[i] = poll.ErrNotOpen
				}
			}
		}
		return nil
	})
	return refused, err
}

// castInto takes the answers to one poll and says whether it was open.
func (t *Tx) castInto(p id.Poll, votes map[id.User]*poll.Vote) (open bool, err error) {
	// The update holds the row until the end: nobody closes the poll meanwhile.
	var rows []pollRow
	err = t.db.Raw(`UPDATE polls SET voters = voters + 0
		WHERE id = ? AND state = 'open' AND (closes_at IS NULL OR closes_at > ?) RETURNING *`, p, ms(t.Now())).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return false, err
	}
	rules, err := rows[0].poll()
	if err != nil {
		return false, err
	}
	users := slices.Sorted(maps.Keys(votes))
	was, err := t.votesOf(p, users)
	if err != nil {
		return false, err
	}
	counts, voters := map[string]int64{}, int64(0)
	put, drop, void := []pollVoteRow{}, []id.User{}, []id.Vote{}
	for _, u := range users {
		old, had := was[u]
		v := votes[u]
		var before *poll.Vote
		if had {
			before = &old
		}
		for s, n := range rules.Difference(before, v) {
			counts[s] += n
		}
		if had && (v == nil || v.ID != old.ID) {
			void = append(void, old.ID)
		}
		switch {
		case v != nil:
			put = append(put, voteRowOf(poll.Ballot{Poll: p, User: u, Vote: v}))
			if !had {
				voters++
			}
		case had:
			drop = append(drop, u)
			voters--
		}
	}
	return true, t.settleVotes(p, put, drop, void, counts, voters)
}

func (t *Tx) votesOf(p id.Poll, users []id.User) (map[id.User]poll.Vote, error) {
	var rows []pollVoteRow
	if err := t.db.Where("poll_id = ? AND user_id IN ?", p, users).Find(&rows).Error; err != nil {
		return nil, err
	}
	out := map[id.User]poll.Vote{}
	for _, r := range rows {
		v, err := r.vote()
		if err != nil {
			return nil, err
		}
		out[r.UserID] = v
	}
	return out, nil
}

func (t *Tx) settleVotes(p id.Poll, put []pollVoteRow, drop []id.User, void []id.Vote, counts map[string]int64, voters int64) error {
	if len(void) > 0 {
		if err := t.db.Where("vote_id IN ?", void).Delete(&pollLikeRow{}).Error; err != nil {
			return err
		}
	}
	if len(put) > 0 {
		err := t.db.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "poll_id"}, {Name: "user_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"id", "choices", "rating", "text", "words", "hidden", "at"}),
		}).Create(&put).Error
		if err != nil {
			return err
		}
	}
	if len(drop) > 0 {
		if err := t.db.Where("poll_id = ? AND user_id IN ?", p, drop).Delete(&pollVoteRow{}).Error; err != nil {
			return err
		}
	}
	if err := t.addCounts(p, counts); err != nil {
		return err
	}
	if voters == 0 {
		return nil
	}
	return t.db.Model(&pollRow{}).Where("id = ?", p).UpdateColumn("voters", gorm.Expr("voters + ?", voters)).Error
}

// addCounts changes the counts by a difference. What grows is inserted or
// added; what shrinks is there, for it was counted once.
func (t *Tx) addCounts(p id.Poll, counts map[string]int64) error {
	var more []pollCountRow
	for _, s := range slices.Sorted(maps.Keys(counts)) {
		if n := counts[s]; n > 0 {
			more = append(more, pollCountRow{PollID: p, Slot: s, N: n})
		}
	}
	if len(more) > 0 {
		err := t.db.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "poll_id"}, {Name: "slot"}},
			DoUpdates: clause.Assignments(map[string]any{"n": gorm.Expr("poll_counts.n + excluded.n")}),
		}).Create(&more).Error
		if err != nil {
			return err
		}
	}
	for s, n := range counts {
		if n >= 0 {
			continue
		}
		err := t.db.Model(&pollCountRow{}).Where("poll_id = ? AND slot = ?", p, s).UpdateColumn("n", gorm.Expr("n + ?", n)).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// LikeAnswer turns somebody's like of a written answer on or off.
func (rs Rooms) LikeAnswer(ctx context.Context, answer id.Vote, u id.User, on bool) error {
	return rs.s.Write(ctx, func(t *Tx) error {
		row := pollLikeRow{VoteID: answer, UserID: u}
		if on {
			return t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
		}
		return t.db.Delete(&row).Error
	})
}

// HideAnswer hides a written answer, or shows it.
func (rs Rooms) HideAnswer(ctx context.Context, answer id.Vote, hidden bool) error {
	return rs.s.Write(ctx, func(t *Tx) error {
		return t.db.Model(&pollVoteRow{}).Where("id = ?", answer).Update("hidden", hidden).Error
	})
}
