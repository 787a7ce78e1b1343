package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"watchparty/internal/fault"
	"watchparty/internal/id"
	"watchparty/internal/media"
	"watchparty/store"
)

func upload(d *dial, owner id.User, size int64) media.Film {
	return media.Film{
		ID: id.New[id.Media](), Owner: owner, Token: id.Token(), Name: "film.mp4", Title: "Film \u2014 “é”", Size: size,
		Status: media.Uploading, CreatedAt: d.now(), TouchedAt: d.now(),
	}
}

func TestAFilmComesBackAsItWasKept(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, d *dial) {
		f := upload(d, id.New[id.User](), 7<<32)
		must(t, s.AddMedia(t.Context(), f, media.Quota{Film: 1 << 40, Bytes: 1 << 40, Films: 1, Open: 1}))
		got, err := s.Media(t.Context(), f.ID)
		must(t, err)
		if diff := cmp.Diff(f, got); diff != "" {
			t.Error(diff)
		}
		d.turn(time.Minute)
		f.Status, f.Type, f.Name, f.Duration = media.Ready, media.WebM, "film.webm", 90*time.Minute+123*time.Millisecond
		f.Width, f.Height, f.TouchedAt = 1920, 800, d.now()
		must(t, s.SettleMedia(t.Context(), f))
		got, err = s.Media(t.Context(), f.ID)
		must(t, err)
		if diff := cmp.Diff(f, got); diff != "" {
			t.Error(diff)
		}
		f.Status, f.Reason = media.Refused, "film.not_a_film"
		if err := s.SettleMedia(t.Context(), f); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a ready film was refused: %v", err)
		}
		must(t, s.DropMedia(t.Context(), f.ID))
		must(t, s.DropMedia(t.Context(), f.ID))
		if _, err := s.Media(t.Context(), f.ID); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a dropped film: %v", err)
		}
	})
}

func TestTheQuotaHoldsAgainstManyAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, d *dial) {
		q := media.Quota{Film: 100, Bytes: 1000, Films: 100, Open: 100}
		owner := id.New[id.User]()
		var kept, refused atomic.Int64
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() {
				switch err := s.AddMedia(t.Context(), upload(d, owner, 100), q); {
				case err == nil:
					kept.Add(1)
				case errors.Is(err, media.ErrQuota):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if kept.Load() != 10 || refused.Load() != 20 {
			t.Errorf("kept %d, refused %d", kept.Load(), refused.Load())
		}
		must(t, s.AddMedia(t.Context(), upload(d, id.New[id.User](), 100), q))
	})
}

func TestWhatWasRefusedTakesNoRoom(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, d *dial) {
		q := media.Quota{Film: 100, Bytes: 100, Films: 1, Open: 1}
		owner := id.New[id.User]()
		f := upload(d, owner, 100)
		must(t, s.AddMedia(t.Context(), f, q))
		f.Status, f.Reason = media.Refused, "film.not_a_film"
		must(t, s.SettleMedia(t.Context(), f))
		must(t, s.AddMedia(t.Context(), upload(d, owner, 100), q))
	})
}

func TestIdleFilmsAreThoseThatNobodyTouched(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store, d *dial) {
		q := media.Quota{Film: 100, Bytes: 1000, Films: 10, Open: 10}
		owner := id.New[id.User]()
		old, touched, ready := upload(d, owner, 1), upload(d, owner, 1), upload(d, owner, 1)
		for _, f := range []media.Film{old, touched, ready} {
			must(t, s.AddMedia(t.Context(), f, q))
		}
		ready.Status = media.Ready
		must(t, s.SettleMedia(t.Context(), ready))
		d.turn(time.Hour)
		must(t, s.TouchMedia(t.Context(), touched.ID, d.now()))
		got, err := s.IdleMedia(t.Context(), d.now(), 10)
		must(t, err)
		if len(got) != 1 || got[0].ID != old.ID {
			t.Errorf("idle: %+v", got)
		}
	})
}
