package rtc

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"pgregory.net/rapid"
)

var someday = time.Unix(1000, 0)

func TestAViewerClimbsAndFalls(t *testing.T) {
	t.Parallel()
	rungs := []rung{{360, 300e3}, {720, 900e3}, {1080, 2500e3}}
	var l ladder
	now := someday
	step := func(d time.Duration, trouble bool, carries int) int {
		now = now.Add(d)
		return l.choose(rungs, 0, trouble, carries, now)
	}
	for i, tc := range []struct {
		what    string
		wait    time.Duration
		trouble bool
		carries int
		want    int
	}{
		{"it begins with the largest", 0, false, 0, 2},
		{"trouble at once is waited out for a second", 0, true, 500e3, 2},
		{"then it falls to what the path carries", time.Second, true, 500e3, 0},
		{"and stays for a while", 3 * time.Second, false, 0, 0},
		{"and tries the next", time.Second, false, 0, 1},
		{"which does not work", time.Second, true, 800e3, 0},
		{"so it waits longer", upFirst, false, 0, 0},
		{"and tries again", upFirst, false, 0, 1},
		{"and the next after as long", 2 * upFirst, false, 0, 2},
	} {
		if got := step(tc.wait, tc.trouble, tc.carries); got != tc.want {
			t.Fatalf("%d: %s: %d", i, tc.what, got)
		}
	}
	if got := l.choose(rungs, 800, false, 0, now); got != 1 {
		t.Errorf("a bound of 800 lines gives %d", got)
	}
	if got := l.choose(rungs[:1], 0, false, 0, now); got != 0 {
		t.Errorf("with one left it is %d", got)
	}
}

// path is a way with a bottleneck: bits a second, and a queue before it.
type path struct {
	congestion
	rate float64
	loss float64
	free time.Time // when the bottleneck is
	rnd  *rand.Rand
}

// run sends packets of 1000 bytes for a while at a rate and reports each 100 ms.
func (p *path) run(now time.Time, d time.Duration, rate float64) time.Time {
	const size = 1000
	const skew = 77 * time.Hour // the receiver's clock is another
	type arrival struct {
		seq uint16
		at  time.Time
		ok  bool
	}
	var open []arrival
	end, told := now.Add(d), now
	for now.Before(end) {
		seq := p.sent(size, now)
		if p.free.Before(now) {
			p.free = now
		}
		p.free = p.free.Add(time.Duration(size * 8 / p.rate * float64(time.Second)))
		open = append(open, arrival{seq, p.free, p.rnd.Float64() >= p.loss})
		now = now.Add(time.Duration(size * 8 / rate * float64(time.Second)))
		if now.Sub(told) < 100*time.Millisecond {
			continue
		}
		told = now
		n := 0
		for n < len(open) && open[n].at.Before(now) {
			n++
		}
		if n == 0 {
			continue
		}
		base := open[0].at.Add(skew).Sub(someday) / (64 * time.Millisecond)
		r := &rtcp.TransportLayerCC{BaseSequenceNumber: open[0].seq, PacketStatusCount: uint16(n), ReferenceTime: uint32(base) & 0xffffff}
		last := base * 64 * time.Millisecond
		for _, a := range open[:n] {
			symbol := rtcp.TypeTCCPacketNotReceived
			if a.ok {
				at := a.at.Add(skew).Sub(someday)
				symbol = rtcp.TypeTCCPacketReceivedLargeDelta
				r.RecvDeltas = append(r.RecvDeltas, &rtcp.RecvDelta{Type: symbol, Delta: (at - last).Microseconds()})
				last = at
			}
			r.PacketChunks = append(r.PacketChunks, &rtcp.RunLengthChunk{PacketStatusSymbol: symbol, RunLength: 1})
		}
		open = open[n:]
		p.receipt(r, now)
	}
	return now
}

func TestAPathThatCarriesTooLittleIsNoticed(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		carries, loss, sends float64
		trouble              bool
	}{
		"with room to spare":      {10e6, 0, 2e6, false},
		"just enough":             {2.2e6, 0, 2e6, false},
		"too little":              {1.5e6, 0, 2e6, true},
		"much too little":         {0.3e6, 0, 2e6, true},
		"a few are lost":          {10e6, 0.02, 2e6, false},
		"many are lost":           {10e6, 0.20, 2e6, true},
		"a thin one, hardly used": {0.3e6, 0, 0.1e6, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			p := &path{rate: tc.carries, loss: tc.loss, rnd: rand.New(rand.NewPCG(1, 2))}
			now := p.run(someday, 5*time.Second, tc.sends)
			trouble, carries := p.overloaded(now)
			if trouble != tc.trouble {
				t.Errorf("trouble: %v, it carries %d", trouble, carries)
			}
			if trouble && tc.loss == 0 && float64(carries) > tc.carries {
				t.Errorf("it is taken to carry %d of %v", carries, tc.carries)
			}
			if trouble, _ := p.overloaded(now.Add(time.Minute)); trouble {
				t.Error("what is long ago still counts")
			}
		})
	}
}

func TestAPathThatRecoversIsNoticed(t *testing.T) {
	t.Parallel()
	p := &path{rate: 1e6, rnd: rand.New(rand.NewPCG(1, 2))}
	now := p.run(someday, 3*time.Second, 2e6)
	if trouble, _ := p.overloaded(now); !trouble {
		t.Fatal("there is trouble")
	}
	now = p.run(now.Add(5*time.Second), 3*time.Second, 0.5e6)
	if trouble, _ := p.overloaded(now); trouble {
		t.Error("there is none any more")
	}
}

func TestReferencesWrap(t *testing.T) {
	t.Parallel()
	var c congestion
	for i, ref := range []uint32{0xfffffe, 0xffffff, 0, 1} {
		c.receipt(&rtcp.TransportLayerCC{ReferenceTime: ref}, someday)
		if c.reference != 0xfffffe+int64(i) {
			t.Errorf("%x is taken for %x", ref, c.reference)
		}
	}
}

// Whatever comes in whatever order, a replay begins with the whole picture, is
// in order, ends with the newest packet, and gives what was kept.
func TestReplays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var h history
		seq := rapid.Uint16().Draw(t, "first")
		ts := rapid.Uint32().Draw(t, "time")
		var pictured uint32
		began, newest := false, seq
		for range rapid.IntRange(1, 60).Draw(t, "pictures") {
			ts += 3000
			whole := rapid.IntRange(0, 9).Draw(t, "whole") == 0
			n := rapid.IntRange(1, 12).Draw(t, "packets")
			if whole {
				pictured, began = ts, true
			}
			for i := range n {
				if rapid.IntRange(0, 19).Draw(t, "lost") > 0 || i == n-1 || i == 0 {
					h.add(&rtp.Header{SequenceNumber: seq, Timestamp: ts, Marker: i == n-1}, []byte{byte(seq), byte(i)}, whole && i == 0)
					newest = seq
				}
				seq++
			}
		}
		var got []*kept
		ok := h.replay(newest, func(k *kept) { got = append(got, k) })
		if !began && ok {
			t.Fatal("there is no whole picture")
		}
		if !ok {
			return
		}
		if got[0].ts != pictured || got[len(got)-1].seq != newest {
			t.Fatalf("it goes from %d to %d, not from %d to %d", got[0].ts, got[len(got)-1].seq, pictured, newest)
		}
		if !slices.IsSortedFunc(got, func(a, b *kept) int { return int(int16(a.seq - b.seq)) }) {
			t.Fatal("it is not in order")
		}
		for _, k := range got {
			if k.data[0] != byte(k.seq) {
				t.Fatalf("%d has the content of another", k.seq)
			}
		}
	})
}

func TestWhatIsTooLongAgoIsNotReplayed(t *testing.T) {
	t.Parallel()
	var h history
	for i := range uint16(replayMost + 1) {
		h.add(&rtp.Header{SequenceNumber: i, Timestamp: uint32(i)}, []byte{1}, i == 0)
		if got := h.replay(i, func(*kept) {}); got != (i < replayMost) {
			t.Fatalf("after %d packets: %v", i+1, got)
		}
	}
	if h.get(0) == nil || h.get(replayMost+1) != nil {
		t.Error("what was kept, and what was not")
	}
}

func TestSizesOfPictures(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		mime string
		b    []byte
		w, h int
	}{
		"vp8":                   {"video/vp8", []byte{0x10, 0, 0, 0, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02}, 1280, 720},
		"vp8 with a number":     {"video/vp8", []byte{0x90, 0x80, 0x81, 0x02, 0, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x07, 0x38, 0x04}, 1920, 1080},
		"vp8, cut":              {"video/vp8", []byte{0x10, 0, 0, 0, 0x9d, 0x01, 0x2a, 0x00}, 0, 0},
		"vp9, two layers":       {"video/vp9", []byte{0x8a, 0x80, 0x01, 0x30, 0x02, 0x80, 0x01, 0x68, 0x05, 0x00, 0x02, 0xd0}, 1280, 720},
		"vp9 without sizes":     {"video/vp9", []byte{0x8a, 0x01, 0x00}, 0, 0},
		"h264":                  {"video/h264", []byte{0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0x50, 0x05, 0xbb, 0x01, 0x10}, 1280, 720},
		"h264 in an aggregate":  {"video/h264", []byte{0x78, 0x00, 0x0b, 0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0x50, 0x05, 0xbb, 0x01, 0x10, 0, 1, 0x68}, 1280, 720},
		"h264, a slice":         {"video/h264", []byte{0x65, 1, 2, 3, 4}, 0, 0},
		"av1, which says it so": {"video/av1", []byte{0x18, 1, 2, 3}, 0, 0},
	} {
		if w, h := pictureSize(tc.mime, tc.b); w != tc.w || h != tc.h {
			t.Errorf("%s: %d x %d", what, w, h)
		}
	}
}

func TestWhereWholePicturesBegin(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		mime  string
		b     []byte
		whole bool
	}{
		"vp8, a key frame":              {"video/vp8", []byte{0x10, 0}, true},
		"vp8, another":                  {"video/vp8", []byte{0x10, 1}, false},
		"vp8, not its begin":            {"video/vp8", []byte{0x00, 0}, false},
		"vp9, a key frame":              {"video/vp9", []byte{0x08}, true},
		"vp9, an upper layer of it":     {"video/vp9", []byte{0x28, 0x02}, false},
		"vp9, another":                  {"video/vp9", []byte{0x48}, false},
		"h264, parameters":              {"video/h264", []byte{0x67}, true},
		"h264, parameters in aggregate": {"video/h264", []byte{0x78, 0, 5, 0x67}, true},
		"h264, an IDR in pieces, first": {"video/h264", []byte{0x7c, 0x85}, true},
		"h264, an IDR in pieces, next":  {"video/h264", []byte{0x7c, 0x05}, false},
		"h264, another":                 {"video/h264", []byte{0x41}, false},
		"av1, a new sequence":           {"video/av1", []byte{0x18}, true},
		"av1, another":                  {"video/av1", []byte{0x10}, false},
		"nothing":                       {"video/vp8", nil, false},
		"unknown":                       {"video/x", []byte{0}, false},
	} {
		if got := beginsWhole(tc.mime, tc.b); got != tc.whole {
			t.Errorf("%s: %v", what, got)
		}
	}
}

func TestLossAndJitterAreCounted(t *testing.T) {
	t.Parallel()
	var a arrivals
	now := someday
	for i := range uint16(1000) {
		now = now.Add(packetTime)
		if i%10 != 5 {
			late := time.Duration(i%2) * 10 * time.Millisecond
			a.add(i-500, uint32(i)*960, opusRate, now.Add(late))
		}
	}
	loss, jitter, n := a.take(opusRate)
	if loss < 0.09 || loss > 0.11 || n != 900 || jitter < 5*time.Millisecond || jitter > 15*time.Millisecond {
		t.Errorf("%v %v %v", loss, jitter, n)
	}
	if loss, _, _ := a.take(opusRate); loss != 0 {
		t.Errorf("nothing came since, and %v is lost", loss)
	}
}

func TestNTP(t *testing.T) {
	t.Parallel()
	at := time.Unix(0, 500_000_000)
	if got := ntpTime(at); got != 2208988800<<32|1<<31 {
		t.Errorf("%x", got)
	}
	if got := ntpTime(at) + ntpSpan(2250*time.Millisecond); got>>30 != ntpTime(at.Add(2250*time.Millisecond))>>30 {
		t.Errorf("%x", got)
	}
}
