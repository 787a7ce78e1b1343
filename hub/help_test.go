package hub_test

import (
	"net/http"

	"github.com/coder/websocket"

	"watchparty/hub/hubtest"
	"watchparty/internal/account"
	"watchparty/internal/party"
)

func changed(what string) party.Changed { return party.Changed{What: []string{what}} }

func setControl(c party.Control) func(*party.Party, *[]party.Member, *[]party.Item) {
	return func(p *party.Party, _ *[]party.Member, _ *[]party.Item) { p.Control = c }
}

func bearer(who account.Identity) http.Header {
	return http.Header{"Authorization": {"Bearer " + hubtest.Token(who)}}
}

func closeCode(err error) int { return int(websocket.CloseStatus(err)) }
