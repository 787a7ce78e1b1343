package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"

	"watchparty/hub/wire"
	"watchparty/internal/access"
	"watchparty/internal/id"
	"watchparty/internal/picture"
)

// ShowsPicture knows the pictures of the lines that were written.
func (r *room) ShowsPicture(_ context.Context, p id.Party, path string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, cmd := range r.asked {
		var v wire.Send
		if json.Unmarshal(cmd.Data, &v) == nil && v.Image == path && strings.Contains(path, string(p)) {
			return true, nil
		}
	}
	return false, nil
}

func TestAPictureIsALineThatMembersSee(t *testing.T) {
	t.Parallel()
	f := newFace(t, nil)
	f.person("ada", access.User)
	f.person("eve", access.User)
	made := f.want(201, "ada", "POST", "/api/parties/", `{"title":"Film night"}`)
	p := made.text("id")
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 9)))
	at := f.url + "/api/chat/" + p + "/pictures/"
	send := func(who, query, kind string, body []byte) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "POST", at+query, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		if who != "" {
			r.Header.Set("Authorization", "Bearer "+who)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		raw, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(raw)
	}
	for name, c := range map[string]struct {
		who, query, kind string
		body             []byte
		want             int
	}{
		"nobody":           {"", "", "image/png", b.Bytes(), 401},
		"a stranger":       {"eve", "", "image/png", b.Bytes(), 404},
		"a page":           {"ada", "", "image/png", []byte("<script>"), 415},
		"said to be JSON":  {"ada", "", "application/json", b.Bytes(), 415},
		"more than 2 MB":   {"ada", "", "image/png", append(b.Bytes(), make([]byte, picture.MaxBytes)...), 413},
		"at no film time":  {"ada", "?film_at=NaN", "image/png", b.Bytes(), 400},
		"before the start": {"ada", "?film_at=-1", "image/png", b.Bytes(), 400},
	} {
		if got, raw := send(c.who, c.query, c.kind, c.body); got != c.want {
			t.Errorf("%s is answered %d, want %d: %s", name, got, c.want, raw)
		}
	}

	status, raw := send("ada", "?text=look&film_at=42", "image/png", b.Bytes())
	if status != 201 {
		t.Fatalf("sent: %d %s", status, raw)
	}
	var line wire.Send
	f.room.mu.Lock()
	err := json.Unmarshal(f.room.asked[len(f.room.asked)-1].Data, &line)
	f.room.mu.Unlock()
	if err != nil || line.Text != "look" || line.FilmAt == nil || *line.FilmAt != 42 {
		t.Fatalf("the line is %+v, %v", line, err)
	}
	get := func(who, path string) (*http.Response, []byte) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "GET", f.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+who)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		raw, _ := io.ReadAll(res.Body)
		return res, raw
	}
	res, body := get("ada", line.Image)
	if res.StatusCode != 200 || !bytes.Equal(body, b.Bytes()) || res.Header.Get("Content-Type") != "image/png" ||
		res.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("the picture: %d, %v", res.StatusCode, res.Header)
	}
	if res, _ := get("eve", line.Image); res.StatusCode != 404 {
		t.Errorf("a stranger gets %d", res.StatusCode)
	}
	for _, path := range []string{at[len(f.url):] + "..%2f..%2fsecret/", at[len(f.url):] + strings.Repeat("a", 26) + ".png/"} {
		if res, _ := get("ada", path); res.StatusCode != 404 {
			t.Errorf("%s gives %d", path, res.StatusCode)
		}
	}
}
