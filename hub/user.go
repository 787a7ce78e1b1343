package hub

import (
	"encoding/json"

	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/bus"
	"watchparty/internal/party"
)

// userFact tells the connection what concerns its person.
func (c *conn) userFact(m bus.Message) {
	if m.Gap {
		return
	}
	f, err := bus.ParseFact(m)
	if err != nil {
		c.hub.Log.Warn("a fact cannot be read", "topic", m.Topic, "err", err)
		return
	}
	switch f.Kind {
	case party.FactAdmitted, party.FactRefused:
		var d party.Decided
		if json.Unmarshal(f.Data, &d) != nil {
			return
		}
		kind := wire.PartyAdmitted
		if f.Kind == party.FactRefused {
			kind = wire.PartyRefused
		}
		c.deliver(encode(kind, wire.Down{ST: c.hub.time.ms()}, wire.PartyRef{Party: d.Party, Reason: d.Reason}))
	case account.FactSessionRevoked:
		var d account.Revoked
		if json.Unmarshal(f.Data, &d) != nil {
			return
		}
		switch {
		case !d.All && d.Session != c.who.Session:
		case d.Renewed:
			c.shut(wire.CloseRenewed)
		default:
			c.shut(wire.CloseSignedOut)
		}
	}
}
