// Package rtc forwards voices and shared screens. It knows packets and peers,
// and nothing of parties: a room is a name, a peer is a name in it.
//
// Only clients offer, the server answers (docs/adr/0005). A client brings one
// line for its microphone and some that receive, the voice slots; a room puts
// its loudest speakers into the slots, the same one into the same slot for
// everybody, so that nothing is negotiated when people come, go or begin to
// speak.
//
// Payloads of audio are never read or copied. Of video only the first bytes
// are read, to know where a picture begins that needs no other.
package rtc
