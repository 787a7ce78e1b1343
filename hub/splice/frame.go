package splice

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"sync"
)

// Opcodes and bits of RFC 6455, section 5.2, and RFC 7692, section 6.
const (
	opText  = 0x1
	opClose = 0x8
	fin     = 0x80
	rsv1    = 0x40
)

// maxHeader is the length of the longest header of a server's frame: it is
// never masked.
const maxHeader = 10

// Text makes one whole text message of a server out of body.
func Text(body []byte) []byte { return message(fin|opText, body) }

// Deflated makes the same message compressed, for connections that agreed on
// permessage-deflate with server_no_context_takeover. It is decompressed by
// itself, so it is the same for all members.
func Deflated(body []byte) []byte {
	d, _ := deflaters.Get().(*deflater)
	defer deflaters.Put(d)
	d.buf.Reset()
	d.w.Reset(&d.buf)
	// Writing to a buffer does not fail.
	_, _ = d.w.Write(body)
	_ = d.w.Flush()
	return message(fin|rsv1|opText, bytes.TrimSuffix(d.buf.Bytes(), tail))
}

// tail ends every flushed block and is left out (RFC 7692, section 7.2.1).
var tail = []byte{0, 0, 0xff, 0xff}

type deflater struct {
	buf bytes.Buffer
	w   *flate.Writer
}

var deflaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(io.Discard, flate.BestSpeed) // the level is a valid one
	return &deflater{w: w}
}}

func message(first byte, body []byte) []byte {
	out := make([]byte, 0, maxHeader+len(body))
	out = append(out, first)
	switch n := len(body); {
	case n < 126:
		out = append(out, byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 127), uint64(n))
	}
	return append(out, body...)
}
