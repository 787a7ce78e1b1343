// Package rtc forwards voices and shared screens. It knows packets and peers,
// and nothing of parties: a room is a name, a peer is a name in it.
//
// Only clients offer, the server answers (docs/adr/0005). A client brings one
// line for its microphone and some that receive, the voice slots; a room puts
// its loudest speakers into the slots, the same one into the same slot for
// everybody, so that nothing is negotiated when people come, go or begin to
// speak.
//
// Payloads of voices are never read or copied. Of pictures the first bytes are
// read, to know where one begins that needs no other and how large it is, and
// each packet is kept once, however many see it, for who comes later and for
// what is lost on the way.
//
// A packet goes to all its listeners in the goroutine that read it, and leaves in
// one system call (packetConn). Slots are independent, so up to as many packets
// are forwarded at once as there are voices; more workers were not worth their
// handing over.
package rtc
