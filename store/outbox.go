package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"watchparty/internal/bus"
	"watchparty/internal/id"
)

type outboxRow struct {
	ID    id.Fact `gorm:"primaryKey"`
	Topic string
	Kind  string
	Data  string
	At    millis
}

func (outboxRow) TableName() string { return "outbox" }

func saveFacts(db *gorm.DB, facts []bus.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	rows := make([]outboxRow, len(facts))
	for i, f := range facts {
		rows[i] = outboxRow{ID: f.ID, Topic: f.Topic, Kind: f.Kind, Data: string(f.Data), At: ms(f.At)}
	}
	return db.Create(&rows).Error
}

// publish sends committed facts and forgets them. The commit stands whatever
// happens here: what could not be sent stays for the sweeper.
func (s *Store) publish(ctx context.Context, facts []bus.Fact) {
	if len(facts) == 0 || s.bus == nil {
		return
	}
	// The caller may be gone; what is committed is to be told all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	msgs := make([]bus.Message, 0, len(facts))
	ids := make([]id.Fact, 0, len(facts))
	for _, f := range facts {
		m, err := f.Message()
		if err != nil {
			s.log.ErrorContext(ctx, "fact cannot be encoded", "kind", f.Kind, "err", err)
			continue
		}
		msgs = append(msgs, m)
		ids = append(ids, f.ID)
	}
	if err := s.bus.Publish(ctx, msgs...); err != nil {
		s.log.WarnContext(ctx, "facts delayed", "n", len(msgs), "err", err)
		return
	}
	if err := s.w.WithContext(ctx).Where("id IN ?", ids).Delete(&outboxRow{}).Error; err != nil {
		s.log.WarnContext(ctx, "sent facts stay in the outbox", "n", len(ids), "err", err)
	}
}

// sweepAfter leaves the happy path time to send a fact itself.
const sweepAfter = time.Second

// SweepOutbox sends the facts that a crash or a cut bus left behind, oldest
// first, and says how many it found. Receivers may see one twice.
func (s *Store) SweepOutbox(ctx context.Context) (int, error) {
	var rows []outboxRow
	err := s.read(ctx).Where("at < ?", ms(s.now().Add(-sweepAfter))).Order("id").Limit(500).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return 0, known(err)
	}
	facts := make([]bus.Fact, len(rows))
	for i, r := range rows {
		facts[i] = bus.Fact{ID: r.ID, Topic: r.Topic, Kind: r.Kind, At: r.At.time(), Data: json.RawMessage(r.Data)}
	}
	s.publish(ctx, facts)
	return len(rows), nil
}

// RunOutbox sweeps every interval until ctx ends.
func (s *Store) RunOutbox(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := s.SweepOutbox(ctx); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "outbox", "err", err)
			}
		}
	}
}
