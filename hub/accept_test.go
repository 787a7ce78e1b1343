package hub_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"watchparty/hub"
	"watchparty/hub/hubtest"
	"watchparty/hub/wire"
	"watchparty/internal/account"
	"watchparty/internal/id"
)

func TestWhoGetsThroughTheHandshake(t *testing.T) {
	t.Parallel()
	const here = "http://{host}"
	tests := map[string]struct {
		path      string
		header    map[string]string
		protocols []string
		status    int // of a refused upgrade
		code      int // of the close; 0 is a greeting
		echo      string
	}{
		"bearer without an origin":               {header: map[string]string{"Authorization": "Bearer {token}"}, protocols: []string{"watchparty.v1"}, echo: "watchparty.v1"},
		"bearer, nothing offered":                {header: map[string]string{"Authorization": "Bearer {token}"}},
		"cookie of the own page":                 {header: map[string]string{"Cookie": "access_token={token}", "Origin": here}, protocols: []string{"watchparty.v1"}, echo: "watchparty.v1"},
		"cookie of a listed page":                {header: map[string]string{"Cookie": "access_token={token}", "Origin": "https://app.example.org"}},
		"cookie without an origin":               {header: map[string]string{"Cookie": "access_token={token}"}, status: 403},
		"cookie of an evil page":                 {header: map[string]string{"Cookie": "access_token={token}", "Origin": "https://evil.example"}, status: 403},
		"origin null":                            {header: map[string]string{"Cookie": "access_token={token}", "Origin": "null"}, status: 403},
		"a listed name as prefix":                {header: map[string]string{"Cookie": "access_token={token}", "Origin": "https://app.example.org.evil.example"}, status: 403},
		"a listed name as suffix":                {header: map[string]string{"Cookie": "access_token={token}", "Origin": "https://evil-app.example.org"}, status: 403},
		"a listed name with another port":        {header: map[string]string{"Cookie": "access_token={token}", "Origin": "https://app.example.org:8443"}, status: 403},
		"a listed name with another scheme":      {header: map[string]string{"Cookie": "access_token={token}", "Origin": "http://app.example.org"}, status: 403},
		"a listed name in capitals":              {header: map[string]string{"Cookie": "access_token={token}", "Origin": "https://APP.example.org"}, status: 403},
		"a listed name with a dot":               {header: map[string]string{"Cookie": "access_token={token}", "Origin": "https://app.example.org."}, status: 403},
		"the own host with a path":               {header: map[string]string{"Cookie": "access_token={token}", "Origin": here + "/x"}, status: 403},
		"the own host with a user":               {header: map[string]string{"Cookie": "access_token={token}", "Origin": "http://a@{host}"}, status: 403},
		"a file":                                 {header: map[string]string{"Cookie": "access_token={token}", "Origin": "file://{host}"}, status: 403},
		"an evil page with a token of its own":   {header: map[string]string{"Authorization": "Bearer {token}", "Origin": "https://evil.example"}, status: 403},
		"token in the query":                     {path: "?token={token}"},
		"ticket":                                 {path: "?ticket={ticket}", header: map[string]string{"Origin": here}},
		"an access token as ticket":              {path: "?ticket={token}", code: 4001},
		"a ticket as token":                      {path: "?token={ticket}", code: 4001},
		"token as subprotocol is echoed":         {protocols: []string{"auth.token.{token}"}, echo: "auth.token.{token}"},
		"our protocol goes before the token's":   {protocols: []string{"auth.token.{token}", "watchparty.v1"}, echo: "watchparty.v1"},
		"a bad token as subprotocol is echoed":   {protocols: []string{"auth.token.bad"}, echo: "auth.token.bad", code: 4001},
		"nobody":                                 {header: map[string]string{"Origin": here}, code: 4001},
		"a bad bearer":                           {header: map[string]string{"Authorization": "Bearer bad"}, code: 4001},
		"another scheme":                         {header: map[string]string{"Authorization": "Basic {token}", "Origin": here}, code: 4001},
		"a bad token is not saved by the cookie": {path: "?token=bad", header: map[string]string{"Cookie": "access_token={token}", "Origin": here}, code: 4001},
	}
	w := hubtest.New(t, hubtest.Options{Config: func(c *hub.Config) { c.Origins = []string{"https://app.example.org"} }})
	ada := w.People.Account("ada")
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			fill := strings.NewReplacer("{token}", hubtest.Token(ada), "{ticket}", w.People.Ticket(ada), "{host}", w.Addr).Replace
			header := http.Header{}
			for k, v := range tt.header {
				header.Set(k, fill(v))
			}
			for i := range tt.protocols {
				tt.protocols[i] = fill(tt.protocols[i])
			}
			ws, res, err := w.Raw(t, "/ws"+fill(tt.path), header, tt.protocols...)
			if tt.status != 0 {
				if err == nil || res == nil || res.StatusCode != tt.status {
					t.Fatalf("response %v, err %v", res, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := ws.Subprotocol(); got != fill(tt.echo) {
				t.Errorf("echoed %q", got)
			}
			_, b, err := ws.Read(t.Context())
			switch {
			case tt.code != 0 && closeCode(err) != tt.code:
				t.Errorf("read %s, %v; want close %d", b, err, tt.code)
			case tt.code == 0 && !strings.Contains(string(b), `"hello"`):
				t.Errorf("read %s, %v", b, err)
			}
		})
	}
	t.Run("a ticket is good once", func(t *testing.T) {
		ticket := w.People.Ticket(ada)
		for i, want := range []int{-1, 4001} {
			ws, _, err := w.Raw(t, "/ws?ticket="+ticket, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := ws.Read(t.Context()); closeCode(err) != want {
				t.Errorf("use %d: %v", i+1, err)
			}
		}
	})
}

func TestMalformedFramesAreAnsweredAndTheConnectionLives(t *testing.T) {
	t.Parallel()
	room := func(p id.Party, kind, data string) string {
		return fmt.Sprintf(`{"type":%q,"id":"x","room":"party:%s","data":%s}`, kind, p, data)
	}
	tests := map[string]struct {
		frame func(p id.Party) string
		code  string
	}{
		"not JSON":                  {func(id.Party) string { return `hello` }, "input.invalid"},
		"empty":                     {func(id.Party) string { return `` }, "input.invalid"},
		"a list":                    {func(id.Party) string { return `[1]` }, "input.invalid"},
		"null":                      {func(id.Party) string { return `null` }, "input.invalid"},
		"no type":                   {func(id.Party) string { return `{"id":"x"}` }, "input.invalid"},
		"a number as type":          {func(id.Party) string { return `{"type":5,"id":"x"}` }, "input.invalid"},
		"an unknown key":            {func(id.Party) string { return `{"type":"ping","id":"x","admin":true}` }, "input.invalid"},
		"a key twice":               {func(id.Party) string { return `{"type":"ping","type":"chat.send","id":"x"}` }, "input.invalid"},
		"a key in another case":     {func(id.Party) string { return `{"Type":"ping","id":"x"}` }, "input.invalid"},
		"two values":                {func(id.Party) string { return `{"type":"ping","id":"x"}{}` }, "input.invalid"},
		"deep":                      {func(id.Party) string { return `{"type":"ping","data":` + strings.Repeat("[", 5000) }, "input.invalid"},
		"an unknown frame":          {func(id.Party) string { return `{"type":"party.sell","id":"x"}` }, "frame.unknown"},
		"a frame of the server":     {func(id.Party) string { return `{"type":"party.welcome","id":"x"}` }, "frame.unknown"},
		"a long id":                 {func(id.Party) string { return `{"type":"ping","id":"` + strings.Repeat("i", 65) + `"}` }, "input.invalid"},
		"a room that is not joined": {func(id.Party) string { return room(id.New[id.Party](), "chat.send", `{"text":"x"}`) }, "room.not_joined"},
		"a room of another kind":    {func(p id.Party) string { return `{"type":"chat.send","id":"x","room":"group:1","data":{"text":"x"}}` }, "room.not_joined"},
		"a party that is no id":     {func(id.Party) string { return `{"type":"party.join","id":"x","data":{"party":"../x"}}` }, "input.invalid"},
		"a party that is not there": {func(id.Party) string {
			return `{"type":"party.join","id":"x","data":{"party":"` + string(id.New[id.Party]()) + `"}}`
		}, "not_found"},
		"text of the wrong type":   {func(p id.Party) string { return room(p, "chat.send", `{"text":7}`) }, "input.invalid"},
		"text that is missing":     {func(p id.Party) string { return room(p, "chat.send", `{}`) }, "input.invalid"},
		"text of spaces":           {func(p id.Party) string { return room(p, "chat.send", `{"text":"   "}`) }, "chat.text"},
		"text with a control sign": {func(p id.Party) string { return room(p, "chat.send", `{"text":"a\u0007b"}`) }, "chat.text"},
		"text too long":            {func(p id.Party) string { return room(p, "chat.send", `{"text":"`+strings.Repeat("ä", 2001)+`"}`) }, "input.invalid"},
		"a reply to nothing": {func(p id.Party) string {
			return room(p, "chat.send", `{"text":"x","reply_to":"`+string(id.New[id.Message]())+`"}`)
		}, "not_found"},
		"a seek to a string":            {func(p id.Party) string { return room(p, "playback.seek", `{"base":1,"position":"x"}`) }, "input.invalid"},
		"a seek before the film":        {func(p id.Party) string { return room(p, "playback.seek", `{"base":1,"position":-1}`) }, "input.invalid"},
		"a seek to infinity":            {func(p id.Party) string { return room(p, "playback.seek", `{"base":1,"position":1e999}`) }, "input.invalid"},
		"a rate that is too high":       {func(p id.Party) string { return room(p, "playback.rate", `{"base":1,"rate":16}`) }, "input.invalid"},
		"a base that is negative":       {func(p id.Party) string { return room(p, "playback.play", `{"base":-1}`) }, "input.invalid"},
		"an item that is not there":     {func(p id.Party) string { return room(p, "playback.item", `{"item":"`+string(id.New[id.Item]())+`"}`) }, "queue.no_item"},
		"a state that there is not":     {func(p id.Party) string { return room(p, "presence.set", `{"state":"dead"}`) }, "input.invalid"},
		"an offline that one claims":    {func(p id.Party) string { return room(p, "presence.set", `{"state":"offline"}`) }, "input.invalid"},
		"a reaction beside the picture": {func(p id.Party) string { return room(p, "react.send", `{"emoji":"😂","x":1.5,"y":0,"film_at":0}`) }, "input.invalid"},
		"two emoji": {func(p id.Party) string {
			return room(p, "react.send", `{"emoji":"😂😂","x":0.5,"y":0,"film_at":0}`)
		}, "react.emoji"},
		"data that is a list":    {func(p id.Party) string { return room(p, "chat.typing", `[]`) }, "input.invalid"},
		"a request for nonsense": {func(p id.Party) string { return room(p, "playback.ask", `{"op":"explode"}`) }, "input.invalid"},
	}
	w := hubtest.New(t, hubtest.Options{})
	ada := w.People.Account("ada")
	p := w.Parties.Create(ada)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := w.Dial(t, ada)
			c.Join(p)
			if err := c.Write([]byte(tt.frame(p))); err != nil {
				t.Fatal(err)
			}
			if got := hubtest.Expect(c, wire.ErrorDown); got.Problem.Code != tt.code || got.Problem.Status < 400 || got.Problem.Detail == "" {
				t.Errorf("answered %+v", got.Problem)
			}
			c.Send("ping", wire.Ping{N: 1, C1: 5})
			if pong := hubtest.Expect(c, wire.PongDown); pong.N != 1 || pong.C1 != 5 || pong.S2 == 0 || pong.S3 < pong.S2 || pong.U == nil {
				t.Errorf("pong %+v", pong)
			}
			c.Cut()
			c.Closed()
		})
	}
}

func TestOnlyAnOfferMayBeLong(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, hubtest.Options{})
	c := w.Dial(t, w.People.Account("ada"))
	long := strings.Repeat("x", 62<<10)
	if got := c.Refused(c.Send("chat.send", wire.Send{Text: long})); got.Code != "frame.too_long" {
		t.Errorf("a line: %+v", got)
	}
	if got := c.Refused(c.Send("voice.join", wire.VoiceJoin{VoiceLines: wire.VoiceLines{SDP: long}})); got.Code != "room.not_joined" {
		t.Errorf("an offer: %+v", got)
	}
}

func TestWhatIsNotTheProtocolEndsTheConnection(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind websocket.MessageType
		body string
		code int
	}{
		"binary":         {websocket.MessageBinary, `{"type":"ping"}`, 4002},
		"broken UTF-8":   {websocket.MessageText, "{\"type\":\"\xff\"}", 4002},
		"more than 96 K": {websocket.MessageText, `{"type":"` + strings.Repeat("x", 100<<10) + `"}`, 1009},
	}
	w := hubtest.New(t, hubtest.Options{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ws, _, err := w.Raw(t, "/ws", bearer(w.People.Account("ada")))
			if err != nil {
				t.Fatal(err)
			}
			// What is too long is not read to its end: the cut may overtake the reason.
			early := ws.Write(t.Context(), tt.kind, []byte(tt.body)) != nil
			long := len(tt.body) > 64<<10
			for {
				if _, _, err := ws.Read(t.Context()); err != nil {
					if code := closeCode(err); code != tt.code && !(long && (early || code == -1)) {
						t.Errorf("closed with %d: %v", code, err)
					}
					return
				}
			}
		})
	}
}

func TestAFloodIsRefusedThenCutOff(t *testing.T) {
	t.Parallel()
	bubble(t, 2, func(t *testing.T, w *hubtest.World, p id.Party, people []account.Identity) {
		a, b := w.Dial(t, people[0]), w.Dial(t, people[1])
		a.Join(p)
		b.Join(p)
		var refused int
		for range 20 {
			re := a.Send("chat.send", wire.Send{Text: "flood"})
			f := a.Until("an answer", func(f hubtest.Frame) bool { return f.Re == re })
			if f.Type == "error" {
				var x wire.Failed
				if err := json.Unmarshal(f.Data, &x); err != nil || x.Problem.Code != "rate_limited" || x.Problem.Retry < 1 {
					t.Fatalf("refused with %s", f.Data)
				}
				refused++
			}
		}
		if refused != 10 {
			t.Errorf("%d of 20 lines at once were refused", refused)
		}
		for range 400 {
			if a.Write([]byte(`{"type":"chat.typing","data":{"on":true}}`)) != nil {
				break
			}
		}
		if code := a.Closed(); code != wire.CloseRate.Code {
			t.Errorf("closed with %d", code)
		}
		b.Ack(b.Send("chat.send", wire.Send{Text: "calm"}))
	})
}

func TestASilentConnectionIsCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := hubtest.New(t, hubtest.Options{Pipes: true})
		ada := w.People.Account("ada")
		// Nobody reads on this one, so no ping is ever answered.
		if _, _, err := w.Raw(t, "/ws", bearer(ada)); err != nil {
			t.Fatal(err)
		}
		alive := w.Dial(t, ada)
		time.Sleep(time.Minute)
		synctest.Wait()
		if !w.Hub.OnlineUser(ada.User) {
			t.Error("who answers pings was cut as well")
		}
		alive.Cut()
		time.Sleep(time.Second)
		if w.Hub.OnlineUser(ada.User) {
			t.Error("the silent connection is kept")
		}
	})
}
