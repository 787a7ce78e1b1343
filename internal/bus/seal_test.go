package bus

import (
	"bytes"
	"testing"
)

// FuzzUnwrap: whatever comes from Redis is answered, and only what was sealed
// under the key, for the topic, is taken.
func FuzzUnwrap(f *testing.F) {
	s := newSealer("a", []byte("k"))
	f.Add([]byte(nil))
	f.Add([]byte{1, 255})
	f.Add(s.wrap("t", []byte("data")))
	f.Add(s.wrap("other", nil))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, ok := unwrap([]byte("k"), "t", raw)
		if !ok {
			return
		}
		again := sealer{node: got.node, key: []byte("k"), boot: got.boot, n: got.n - 1}
		if !bytes.Equal(again.wrap("t", got.data), raw) {
			t.Errorf("%x was taken", raw)
		}
	})
}
