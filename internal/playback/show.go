package playback

import (
	"cmp"
	"math"
	"slices"

	"watchparty/internal/fault"
	"watchparty/internal/id"
)

// What the rules promise, in milliseconds unless said otherwise.
const (
	minLead, maxLead = 80.0, 700.0
	leadMargin       = 40.0
	healthyRTT       = 600.0 // worse members are not waited for
	barrierCeiling   = 4000.0
	barrierMost      = 1500.0 // from then on 80 % ready are enough
	seekWindow       = 400.0
	stallPatience    = 750.0 // reported after 250: a stall longer than a second counts
	stallCeiling     = 6000.0
	stallPause       = 60000.0 // between two waits for the same person
	stallRoom        = 8       // people; larger rooms never wait
	undoWindow       = 8000.0
	startLead        = 3000.0
	pauseTrust       = 0.25 // seconds
	MinRate, MaxRate = 0.25, 2.0
)

var (
	// ErrStale tells somebody who wanted the contrary of what another person
	// has just done without having seen it.
	ErrStale  = fault.New(fault.Conflict, "playback.stale", "Somebody else has just changed the playback.")
	ErrNoFilm = fault.New(fault.Conflict, "playback.no_film", "Choose a film first.")
	ErrNoUndo = fault.New(fault.Conflict, "playback.no_undo", "There is nothing to take back any more.")
	errRange  = fault.New(fault.Invalid, "playback.range", "That is outside of what can be played.")
)

// Peer is one member in the room, as far as the film cares.
type Peer struct {
	RTT     float64 // milliseconds; 0 is not known
	OneWay  float64 // milliseconds, p95; 0 is not known
	Watches bool    // visible, not away, not stepped out
}

type peer struct {
	Peer
	slow      bool // missed a barrier; not waited for until ready again
	stalledAt float64
	stalled   bool
	waitedAt  float64 // when the room last waited for this one
	waited    bool
}

// barrier is a wait of all until the players stand at a place.
type barrier struct {
	since   float64
	seq     uint64 // of the arming vector
	checked bool   // the look at 80 % was taken; from then on each Ready looks
	ready   map[id.User]bool
}

// hold is a pause of a small room for players that ran dry.
type hold struct {
	since float64
	seq   uint64
	users map[id.User]float64
}

// change is what undo takes back.
type change struct {
	at       float64
	by       id.User
	item     id.Item
	p        float64
	rate     float64
	duration float64
	plays    bool
}

// seek is one that waits for the window of the one before.
type seek struct {
	at float64
	by id.User
	to float64
}

// Show is the film of one room. It is not safe for concurrent use.
type Show struct {
	vec      Vector
	duration float64
	peers    map[id.User]*peer
	barrier  *barrier
	hold     *hold
	pending  *seek
	seekAt   float64 // when the last seek took effect
	seekBy   id.User
	undo     *change
	flipSeq  uint64 // seq of the last play or pause
	flipBy   id.User
	waitSlow bool
	rev      uint64
}

// New makes a show without a film.
func New() *Show {
	return &Show{vec: Vector{Rate: 1, Why: WhyRestore}, peers: map[id.User]*peer{}, seekAt: math.Inf(-1), waitSlow: true}
}

// Vector is the present vector.
func (s *Show) Vector() Vector { return s.vec }

// Duration is the film's length in seconds, 0 when not known.
func (s *Show) Duration() float64 { return s.duration }

// Position is the second of film at now.
func (s *Show) Position(now float64) float64 { return s.vec.At(now, s.duration) }

// Rev grows with every change that people can see: of the vector, and of whom
// it waits for.
func (s *Show) Rev() uint64 { return s.rev }

// WaitForSlow says whether a small room pauses for a member that stalls.
func (s *Show) WaitForSlow(on bool) { s.waitSlow = on }

// Waiting lists for whom the film waits, and until when at most; 0 is nobody.
func (s *Show) Waiting() (list []Waiting, deadline float64) {
	switch {
	case s.barrier != nil:
		for u, ready := range s.barrier.ready {
			if !ready {
				list = append(list, Waiting{u, s.barrier.since})
			}
		}
		deadline = s.barrier.since + barrierCeiling
	case s.hold != nil:
		for u, since := range s.hold.users {
			list = append(list, Waiting{u, since})
		}
		deadline = s.hold.since + stallCeiling
	}
	slices.SortFunc(list, func(a, b Waiting) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(a.User, b.User))
	})
	return list, deadline
}

// set makes v the present vector.
func (s *Show) set(v Vector) {
	v.Seq = s.vec.Seq + 1
	v.P = clamp(v.P, s.duration)
	s.vec = v
	s.rev++
}

// lead is how far ahead a common start is set, so that the word of it reaches
// every healthy member in time.
func (s *Show) lead() float64 {
	worst := 0.0
	for _, p := range s.peers {
		if p.Watches && p.RTT <= healthyRTT {
			worst = max(worst, p.OneWay)
		}
	}
	return min(max(1.2*worst+leadMargin, minLead), maxLead)
}

// remember keeps what is now, for undo.
func (s *Show) remember(now float64, by id.User) {
	s.undo = &change{
		at: now, by: by, item: s.vec.Item, p: s.Position(now), rate: s.vec.Rate,
		duration: s.duration, plays: s.vec.Plays,
	}
}

// contradicts says whether a command for plays would turn around what another
// person did after the vector that the sender saw.
func (s *Show) contradicts(by id.User, base uint64, plays bool) bool {
	return s.vec.Plays != plays && base < s.flipSeq && s.flipBy != by && s.flipBy != ""
}

func (s *Show) flip(by id.User) { s.flipSeq, s.flipBy = s.vec.Seq, by }

// Play starts the film for all a moment ahead. At the end of the film it
// starts again from the beginning. Playing already, it changes nothing.
func (s *Show) Play(now float64, by id.User, base uint64) error {
	switch {
	case s.vec.Item == "":
		return ErrNoFilm
	case s.contradicts(by, base, true):
		return ErrStale
	case s.vec.Plays:
		return nil
	}
	s.remember(now, by)
	pos := s.Position(now)
	if s.pending != nil {
		pos = s.pending.to
	}
	s.pending = nil
	if s.duration > 0 && pos >= s.duration {
		s.arm(now, Vector{P: 0, By: by, Why: WhyPlay, From: pos})
	} else {
		s.run(now, now+s.lead(), Vector{P: pos, By: by, Why: WhyPlay, From: pos})
	}
	s.flip(by)
	return nil
}

// Pause stops the film for all on one frame: the one that the sender saw, if
// that is close to where the film is.
func (s *Show) Pause(now float64, by id.User, base uint64, saw float64) error {
	switch {
	case s.vec.Item == "":
		return ErrNoFilm
	case s.contradicts(by, base, false):
		return ErrStale
	case !s.vec.Plays:
		return nil
	}
	s.remember(now, by)
	pos := s.Position(now)
	if s.barrier == nil && math.Abs(saw-pos) <= pauseTrust {
		pos = saw
	}
	if s.pending != nil {
		pos = s.pending.to
	}
	s.stand(now, Vector{P: pos, By: by, Why: WhyPause, From: s.undo.p})
	s.flip(by)
	return nil
}

// run sets the film going at t.
func (s *Show) run(now, t float64, v Vector) {
	s.barrier, s.hold = nil, nil
	s.set(Vector{Item: s.vec.Item, P: v.P, V: s.vec.Rate, T: max(now, t), Rate: s.vec.Rate, Plays: true, By: v.By, Why: v.Why, From: v.From})
}

// stand stops the film at v.P.
func (s *Show) stand(now float64, v Vector) {
	s.barrier, s.hold, s.pending = nil, nil, nil
	s.forgetStalls()
	s.set(Vector{Item: s.vec.Item, P: v.P, T: now, Rate: s.vec.Rate, By: v.By, Why: v.Why, From: v.From})
}

// Seek moves the film. Playing, the room waits at the new place until the
// players are ready. Seeks that follow within 400 ms are taken together, and
// the last wins.
func (s *Show) Seek(now float64, by id.User, to float64) error {
	if s.vec.Item == "" {
		return ErrNoFilm
	}
	if math.IsNaN(to) || math.IsInf(to, 0) || to < 0 {
		return errRange.At("position", "must be a second of the film")
	}
	if now < s.seekAt+seekWindow {
		s.pending = &seek{at: s.seekAt + seekWindow, by: by, to: clamp(to, s.duration)}
		return nil
	}
	s.jump(now, by, to)
	return nil
}

func (s *Show) jump(now float64, by id.User, to float64) {
	// A flurry of one person's seeks is one change to take back.
	if s.undo == nil || s.seekBy != by || now >= s.seekAt+2*seekWindow {
		s.remember(now, by)
	}
	s.seekAt, s.seekBy, s.pending = now, by, nil
	v := Vector{P: to, By: by, Why: WhySeek, From: s.undo.p}
	if s.vec.Plays {
		s.arm(now, v)
	} else {
		s.stand(now, v)
	}
}

// SetRate changes the speed, where the film is.
func (s *Show) SetRate(now float64, by id.User, rate float64) error {
	if s.vec.Item == "" {
		return ErrNoFilm
	}
	if !(rate >= MinRate && rate <= MaxRate) {
		return errRange.At("rate", "must be between 0.25 and 2")
	}
	if rate == s.vec.Rate {
		return nil
	}
	s.remember(now, by)
	s.speed(now, by, rate, WhyRate)
	return nil
}

func (s *Show) speed(now float64, by id.User, rate float64, why string) {
	v := s.vec
	v.P, v.From, v.T = s.Position(now), s.Position(now), max(now, s.vec.T)
	v.Rate, v.By, v.Why = rate, by, why
	if v.V > 0 {
		v.V = rate
	}
	s.set(v)
}

// PutOn puts another film on, from its beginning. With plays, the room waits
// for the players and starts.
func (s *Show) PutOn(now float64, by id.User, item id.Item, duration float64, plays bool) {
	if s.vec.Item != "" {
		s.remember(now, by)
	}
	s.change(now, Vector{Item: item, By: by, Why: WhyItem, Plays: plays, From: s.Position(now)}, duration)
}

// change sets another film to v.P.
func (s *Show) change(now float64, v Vector, duration float64) {
	s.vec.Item, s.duration, s.pending = v.Item, duration, nil
	if v.Plays && v.Item != "" {
		s.arm(now, v)
	} else {
		s.stand(now, v)
	}
	s.flip(v.By)
}

// SetDuration tells the length of the film.
func (s *Show) SetDuration(now, seconds float64) {
	if !(seconds >= 0) || math.IsInf(seconds, 0) || seconds == s.duration {
		return
	}
	s.duration = seconds
	s.Tick(now)
}

// Undo takes the last person's change back, within 8 s of it.
func (s *Show) Undo(now float64, by id.User) error {
	u := s.undo
	if u == nil || now > u.at+undoWindow {
		return ErrNoUndo
	}
	from := s.Position(now)
	s.undo = nil
	v := Vector{Item: u.item, P: u.p, By: by, Why: WhyUndo, Plays: u.plays, From: from}
	switch {
	case u.item != s.vec.Item:
		s.vec.Rate = u.rate
		s.change(now, v, u.duration)
		return nil
	case u.rate != s.vec.Rate:
		s.speed(now, by, u.rate, WhyUndo)
		return nil
	case s.vec.Why == WhyPause && u.plays && s.barrier == nil:
		s.run(now, now+s.lead(), v)
	case u.plays:
		s.arm(now, v)
	default:
		s.stand(now, v)
	}
	s.flip(by)
	return nil
}

// Start sets the film going after a countdown of three seconds.
func (s *Show) Start(now float64, by id.User) {
	if s.vec.Item == "" || s.vec.Plays {
		return
	}
	pos := s.Position(now)
	s.undo, s.pending = nil, nil
	s.run(now, now+startLead, Vector{P: pos, By: by, Why: WhyStart, From: pos})
	s.flip(by)
}

// Halt pauses the film at a second in the name of the room: the party ended, or
// nobody is there to see it.
func (s *Show) Halt(now, at float64) {
	if !s.vec.Plays {
		return
	}
	from := s.Position(now)
	s.undo = nil
	s.stand(now, Vector{P: at, Why: WhyPause, From: from})
	s.flip("")
}
