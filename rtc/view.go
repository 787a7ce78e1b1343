package rtc

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/pion/webrtc/v4"
)

// What a viewer may have sent again.
const (
	noteSize    = 512 // packets that are remembered; a power of two
	repeatsMost = 200 // at once; as many more each second
	repeatPause = 30 * time.Millisecond
)

// view is what a line shows of a share. It is guarded by the stream.
type view struct {
	maxHeight int
	layer     *layer // what it gets; nil: nothing yet
	want      *layer // what it is to get with the next whole picture
	ladder    ladder
	nudge     nudge
	notes     []note // by number; pictures only
	budget    float64
	spent     time.Time
	again     uint16 // number of what was sent again last
}

// note remembers what a number that was sent stands for.
type note struct {
	seq, orig uint16
	by        uint32 // of the nudge
	run       uint64
	at        time.Time // when it was sent last
}

// nudge is added to the timestamp of one picture: where a viewer changes
// between encodings in the middle of a moment that it has seen already.
type nudge struct {
	ts, by uint32
}

// send sends a packet to a viewer, if it gets this encoding. whole says that
// the packet begins a whole picture.
func (st *stream) send(g *leg, l *layer, p *packet, whole bool) bool {
	o, v := g.out.Load(), g.view
	if o == nil || g.peer.gone.Load() {
		g.run, v.layer = 0, nil
		return false
	}
	n, ok := o.names[l.key]
	if !ok {
		if n, ok = o.names[l.mime]; !ok {
			return false
		}
	}
	if v.layer != l {
		switch {
		case v.layer == nil && (v.want == nil || v.want == l || !v.want.alive(p.at)):
			return st.begin(g, o, l, p, n.pt)
		case v.want == l && whole && v.layer != nil:
			if behind := int32(p.ts - g.sent.ts); behind <= 0 {
				v.nudge = nudge{p.ts, uint32(1 - behind)}
			}
			v.layer = l
		default:
			return false
		}
	}
	return st.pack(g, o, l, p, n.pt)
}

// begin gives a viewer its first packets: of a picture all since the last whole
// one, up to this.
func (st *stream) begin(g *leg, o *outlet, l *layer, p *packet, pt uint8) bool {
	if st.kind != webrtc.RTPCodecTypeVideo {
		g.view.layer = l
		return st.pack(g, o, l, p, pt)
	}
	sent := false
	if !l.past.replay(p.seq, func(k *kept) {
		q := packet{seq: k.seq, ts: k.ts + l.shift, marker: k.marker, at: p.at, payload: k.data}
		sent = st.pack(g, o, l, &q, pt)
	}) {
		l.keyframe()
		return false
	}
	g.view.layer = l
	return sent
}

// pack sends a packet under the viewer's names, and remembers it.
func (st *stream) pack(g *leg, o *outlet, l *layer, p *packet, pt uint8) bool {
	v, ts := g.view, p.ts
	p.pt = pt
	if v.nudge.by != 0 && v.nudge.ts == ts {
		p.ts += v.nudge.by
	}
	err := g.write(o, l.run, p)
	if st.kind == webrtc.RTPCodecTypeVideo {
		if v.notes == nil {
			v.notes = make([]note, noteSize)
		}
		seq := p.seq + g.shift
		v.notes[seq%noteSize] = note{seq, p.seq, p.ts - ts, l.run, p.at}
	}
	p.ts = ts
	return err == nil
}

// repeat sends a packet again on the line for that.
func (st *stream) repeat(g *leg, o *outlet, seq uint16, now time.Time) {
	v := g.view
	if v.notes == nil {
		return
	}
	k := &v.notes[seq%noteSize]
	if k.seq != seq || k.run == 0 || now.Sub(k.at) < repeatPause {
		return
	}
	i := slices.IndexFunc(st.layers, func(l *layer) bool { return l.run == k.run })
	if i < 0 {
		return
	}
	l := st.layers[i]
	n, ok := o.names[l.key]
	if !ok {
		n = o.names[l.mime]
	}
	past := l.past.get(k.orig)
	if past == nil || n.again == 0 {
		return
	}
	v.budget = min(repeatsMost, v.budget+now.Sub(v.spent).Seconds()*repeatsMost)
	v.spent = now
	if v.budget < 1 {
		return
	}
	v.budget--
	k.at = now
	binary.BigEndian.PutUint16(st.twice[:], seq)
	size := 2 + copy(st.twice[2:], past.data)
	v.again++
	q := packet{ts: past.ts + l.shift + k.by, marker: past.marker, at: now, payload: st.twice[:size]}
	_ = g.put(o, o.again, n.again, v.again, &q)
}

// consider looks whether a viewer should get another encoding.
func (st *stream) consider(g *leg, now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if slices.Contains(st.legs, g) {
		st.choose(g, now)
	}
}

// choose does the same with the lock held.
func (st *stream) choose(g *leg, now time.Time) {
	v := g.view
	var some []*layer
	var rungs []rung
	for _, l := range st.layers {
		if l.timed && l.alive(now) {
			some = append(some, l)
			rungs = append(rungs, rung{l.info.Height, l.meter.rate})
		}
	}
	if len(some) == 0 {
		return
	}
	if len(some) == 1 {
		v.want = some[0]
	} else {
		trouble, carries := g.peer.overloaded(now)
		v.want = some[v.ladder.choose(rungs, v.maxHeight, trouble, carries, now)]
	}
	if v.layer != nil && v.layer != v.want {
		v.want.keyframe()
	}
}

// alive says whether an encoding sends.
func (l *layer) alive(now time.Time) bool { return !l.heard.IsZero() && now.Sub(l.heard) < layerSilent }
