package voice_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"watchparty/internal/access"
	"watchparty/internal/fault"
	"watchparty/internal/voice"
)

func ptr[T any](v T) *T { return &v }

func TestSettingsAreHeldToTheirBounds(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]voice.Patch{
		"nobody":            {MaxParticipants: ptr(0)},
		"less than nobody":  {MaxParticipants: ptr(-5)},
		"too many":          {MaxParticipants: ptr(101)},
		"a bogus quality":   {Quality: ptr(voice.Quality("bogus"))},
		"too many slots":    {LastN: ptr(17)},
		"fewer than no one": {LastN: ptr(-1)},
	} {
		if s, err := voice.Default().With(p); !errors.Is(err, fault.ErrInvalid) || s != voice.Default() {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	s, err := voice.Default().With(voice.Patch{MaxParticipants: ptr(1), LastN: ptr(0), Quality: ptr(voice.Ultra), Stage: ptr(true)})
	if err != nil || s.MaxParticipants != 1 || s.LastN != 0 || s.Quality != voice.Ultra || !s.Stage || !s.Active {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestWhoMayComeIn(t *testing.T) {
	t.Parallel()
	full := voice.Default()
	full.MaxParticipants = 2
	shut := voice.Default()
	shut.Active = false
	for name, tt := range map[string]struct {
		set   voice.Settings
		now   int
		again bool
		role  access.Role
		want  error
	}{
		"there is room":              {voice.Default(), 3, false, access.Viewer, nil},
		"it is full":                 {full, 2, false, access.Viewer, voice.ErrFull},
		"full, but he is in already": {full, 2, true, access.Viewer, nil},
		"full, but he is a host":     {full, 2, false, access.CoHost, nil},
		"it is closed":               {shut, 0, false, access.Host, voice.ErrClosed},
		"more than there can be":     {full, voice.MostPeople, false, access.Host, voice.ErrFull},
	} {
		if err := tt.set.Join(tt.now, tt.again, tt.role); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWhoIsHeard is the matrix of roles and rules.
func TestWhoIsHeard(t *testing.T) {
	t.Parallel()
	roles := []access.Role{access.Viewer, access.Member, access.CoHost, access.Host}
	for _, role := range roles {
		for _, rule := range []string{"open", "leave", "stage"} {
			for _, granted := range []bool{false, true} {
				s := voice.Default()
				s.RequirePermission, s.Stage = rule == "leave", rule == "stage"
				want := rule == "open" || granted || role >= access.CoHost
				if got := (voice.Member{Granted: granted}).MaySpeak(s, role); got != want {
					t.Errorf("%v in an %s room, let speak %v: %v", role, rule, granted, got)
				}
			}
		}
	}
}

func TestWhoMayModerateWhom(t *testing.T) {
	t.Parallel()
	mute := voice.Order{Muted: ptr(true)}
	for _, by := range []access.Role{access.Viewer, access.Member, access.CoHost, access.Host} {
		for _, of := range []access.Role{access.Viewer, access.Member, access.CoHost, access.Host} {
			m, err := (voice.Member{}).Moderated(mute, by, of)
			may := by >= access.CoHost && of <= by
			if may != (err == nil) || m.ServerMuted != may {
				t.Errorf("%v mutes %v: %+v, %v", by, of, m, err)
			}
		}
	}
	if _, err := (voice.Member{}).Moderated(voice.Order{Hand: ptr(true)}, access.Host, access.Viewer); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("a hand raised for somebody: %v", err)
	}
}

// TestNobodyLiftsAMuteOfOnesOwn runs any order of wishes and commands.
func TestNobodyLiftsAMuteOfOnesOwn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var m voice.Member
		own, server := false, false
		s := voice.Default()
		t.Repeat(map[string]func(*rapid.T){
			"himself": func(t *rapid.T) {
				own = rapid.Bool().Draw(t, "muted")
				m = m.Set(voice.Own{Muted: &own}, 1)
			},
			"a moderator": func(t *rapid.T) {
				on := rapid.Bool().Draw(t, "muted")
				next, err := m.Moderated(voice.Order{Muted: &on}, access.CoHost, access.Viewer)
				if err == nil {
					m, server = next, on
				} else if !errors.Is(err, voice.ErrSelfMuted) || on || server {
					t.Fatalf("refused: %v", err)
				}
			},
			"": func(t *rapid.T) {
				if m.Muted != own || m.ServerMuted != server || m.Silent(s, access.Viewer) != (own || server) {
					t.Fatalf("%+v, want %v and %v", m, own, server)
				}
			},
		})
	})
}

func TestAHandIsRaisedOnceAndAnswered(t *testing.T) {
	t.Parallel()
	m := (voice.Member{}).Set(voice.Own{Hand: ptr(true)}, 5).Set(voice.Own{Hand: ptr(true)}, 9)
	if m.Hand != 5 {
		t.Errorf("raised at %d", m.Hand)
	}
	if m, err := m.Moderated(voice.Order{Speak: ptr(true)}, access.Host, access.Viewer); err != nil || m.Hand != 0 || !m.Granted {
		t.Errorf("%+v, %v", m, err)
	}
	if m := m.Set(voice.Own{Hand: ptr(false)}, 10); m.Hand != 0 {
		t.Error("the hand stays up")
	}
}

func TestSharesAreHeldToTheirBounds(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	for name, p := range map[string]voice.SharePatch{
		"a type that there is not": {Type: ptr("full_screen")}, "a word for a size": {Resolution: ptr("1080p")},
		"too small": {Resolution: ptr("320x200")}, "too large": {Resolution: ptr("9999x9999")},
		"no pictures": {FrameRate: ptr(0)}, "too many pictures": {FrameRate: ptr(61)}, "a bogus quality": {Quality: ptr("best")},
	} {
		if _, err := voice.NewShare("p", "u", p, now); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, err := voice.NewShare("p", "ada", voice.SharePatch{Title: ptr("  Slides "), Resolution: ptr("640x480"), FrameRate: ptr(60)}, now)
	if err != nil || s.Title != "Slides" || s.ID == "" || s.Type != "screen" {
		t.Fatalf("%+v, %v", s, err)
	}
	if s.MayDraw("bob", access.Viewer) || !s.MayDraw("ada", access.Viewer) || !s.MayDraw("bob", access.CoHost) {
		t.Error("who may draw on it")
	}
	if s.MayStop("bob", access.Member) || !s.MayStop("ada", access.Viewer) || !s.MayStop("bob", access.CoHost) {
		t.Error("who may stop it")
	}
	one, many := voice.Default(), voice.Default()
	many.ManyShares = true
	if one.Begin(0) != nil || one.Begin(1) == nil || many.Begin(7) != nil || many.Begin(8) == nil {
		t.Error("how many at once")
	}
}
