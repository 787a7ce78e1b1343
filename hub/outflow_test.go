package hub_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"watchparty/hub"
	"watchparty/hub/hubtest"
	"watchparty/hub/wire"
	"watchparty/internal/account"
)

var (
	names  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	tokens = regexp.MustCompile(`"(session|boot|epoch)":"[^"]*"`)
	times  = regexp.MustCompile(`"(u|s2|s3|rtt|drift)":[-0-9.e]+`)
)

// TestBothWaysOutSayTheSame plays one evening with the rooms writing to the
// members, and one with the library writing, and compares what each member
// got, byte by byte but for names that are random.
func TestBothWaysOutSayTheSame(t *testing.T) {
	t.Parallel()
	got := map[bool][]map[string][]string{}
	for _, plain := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			got[plain] = evening(t, plain)
		})
	}
	if diff := cmp.Diff(got[true], got[false]); diff != "" {
		t.Errorf("the library (-) and the rooms (+) differ:\n%s", diff)
	}
}

// evening gives what each member got: of class state the last word by kind,
// else every message, each kind in its order.
func evening(t *testing.T, plain bool) []map[string][]string {
	w := hubtest.New(t, hubtest.Options{Pipes: true, Config: func(c *hub.Config) { c.Plain = plain }})
	var people []account.Identity
	for i := range 3 {
		people = append(people, w.People.Account(fmt.Sprint("person", i)))
	}
	p := w.Parties.Create(people...)
	all := make([]*hubtest.Client, len(people))
	for i, who := range people {
		all[i] = w.Dial(t, who)
		all[i].Join(p)
		time.Sleep(time.Second)
	}
	for n := range 20 {
		c := all[n%3]
		c.Ack(c.Send("chat.send", wire.Send{Text: fmt.Sprintf("line %d ü€😀", n)}))
		c.Send("react.send", wire.React{Emoji: "🔥", X: 0.5, Y: 0.25})
		if n%5 == 0 {
			all[0].Ack(all[0].Send("playback.seek", wire.Seek{Position: float64(10 * n)}))
		}
		if n%7 == 0 {
			all[1].Refused(all[1].Send("chat.send", wire.Send{Text: ""}))
		}
		time.Sleep(700 * time.Millisecond)
	}
	time.Sleep(5 * time.Second)
	states := map[string]bool{}
	for _, e := range wire.Catalogue() {
		states[e.Name] = !e.Up && e.Class == wire.State
	}
	var out []map[string][]string
	for _, c := range all {
		seen := map[string][]string{}
		for {
			f, ok := c.Within(0, func(hubtest.Frame) bool { return true })
			if !ok {
				break
			}
			if states[f.Type] {
				seen[f.Type] = nil
			}
			seen[f.Type] = append(seen[f.Type], masked(f))
		}
		if n := len(seen[wire.ChatMessage.Name]); n < 10 {
			t.Fatalf("only %d lines came", n)
		}
		out = append(out, seen)
	}
	return out
}

func masked(f hubtest.Frame) string {
	b, _ := json.Marshal(f)
	b = names.ReplaceAll(b, []byte("id"))
	b = tokens.ReplaceAll(b, []byte(`"$1":"x"`))
	return string(times.ReplaceAll(b, []byte(`"$1":0`)))
}
