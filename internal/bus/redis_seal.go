package bus

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// sealVersion is the first byte of every message between nodes.
const sealVersion = 1

// sealer signs this node's messages and numbers them. A sealed message is: the
// version, the length of the node's name, the name, the run of the node, the
// number, a MAC over all that and the topic and the data, the data.
type sealer struct {
	node string
	key  []byte
	boot boot
	n    uint64 // only the sending goroutine numbers
}

func newSealer(node string, key []byte) sealer {
	if len(node) > 255 {
		node = node[:255]
	}
	return sealer{node: node, key: key, boot: newBoot()}
}

func (s *sealer) wrap(topic string, data []byte) []byte {
	s.n++
	out := make([]byte, 0, 2+len(s.node)+len(s.boot)+8+sha256.Size+len(data))
	out = append(out, sealVersion, byte(len(s.node)))
	out = append(out, s.node...)
	out = append(out, s.boot[:]...)
	out = binary.BigEndian.AppendUint64(out, s.n)
	out = append(out, mac(s.key, topic, out, data)...)
	return append(out, data...)
}

// sealed is a message that was opened.
type sealed struct {
	node string
	boot boot
	n    uint64
	data []byte
}

// unwrap opens a message. Whatever stranger wrote it, it answers.
func unwrap(key []byte, topic string, raw []byte) (sealed, bool) {
	if len(raw) < 2 || raw[0] != sealVersion {
		return sealed{}, false
	}
	head := 2 + int(raw[1]) + len(boot{}) + 8
	if len(raw) < head+sha256.Size {
		return sealed{}, false
	}
	data := raw[head+sha256.Size:]
	if !hmac.Equal(raw[head:head+sha256.Size], mac(key, topic, raw[:head], data)) {
		return sealed{}, false
	}
	name := 2 + int(raw[1])
	s := sealed{node: string(raw[2:name]), n: binary.BigEndian.Uint64(raw[head-8:]), data: data}
	copy(s.boot[:], raw[name:])
	return s, true
}

func mac(key []byte, topic string, head, data []byte) []byte {
	h := hmac.New(sha256.New, key)
	var n [16]byte
	binary.BigEndian.PutUint64(n[:8], uint64(len(topic)))
	binary.BigEndian.PutUint64(n[8:], uint64(len(head)))
	h.Write(n[:])
	h.Write([]byte(topic))
	h.Write(head)
	h.Write(data)
	return h.Sum(nil)
}
