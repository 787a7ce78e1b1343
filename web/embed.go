// Package web holds what the server hands to browsers: the built client, a
// stub page where it was not built, and the sample film.
package web

import (
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed all:dist stub
var files embed.FS

// Built says whether the client is in this binary.
func Built() bool {
	_, err := fs.Stat(files, "dist/index.html")
	return err == nil
}

// Client is the built client, or the stub page where there is none.
func Client() fs.FS {
	name := "dist"
	if !Built() {
		name = "stub"
	}
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // both names are constant and valid
	}
	return sub
}

// policy lets the page run its own scripts and styles only. Films, stills and
// HLS segments may come from anywhere: people watch links.
const policy = "default-src 'self'; script-src 'self'; style-src 'self'; font-src 'self'; " +
	"img-src 'self' data: blob: https: http:; media-src 'self' blob: https: http:; connect-src 'self' https: http: ws: wss:; " +
	"worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// pages are the paths that the client shows something for, besides the root.
// Whatever else is asked for gets the page that says so, with status 404.
var pages = []string{
	"login", "register", "forgot", "reset", "verify", "home", "new", "join", "profile", "settings", "i/*", "watch/*",
}

// Handler serves the client: hashed assets for ever, the page itself never
// from a cache, each as a compressed twin where the browser takes one.
func Handler(client fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		if info, err := fs.Stat(client, name); err == nil && !info.IsDir() && name != "index.html" && !hidden(name) {
			if strings.HasPrefix(name, "assets/") {
				h.Set("Cache-Control", "public, max-age=31536000, immutable")
			} else {
				h.Set("Cache-Control", "public, max-age=3600")
			}
			serve(w, r, client, name, http.StatusOK)
			return
		}
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), payment=(), usb=(), microphone=(self), display-capture=(self)")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		status := http.StatusOK
		if !page(name) {
			status = http.StatusNotFound
		}
		serve(w, r, client, "index.html", status)
	})
}

// hidden says whether a file of the build is not to be asked for by its name.
func hidden(name string) bool {
	ext := path.Ext(name)
	return strings.HasPrefix(path.Base(name), ".") || ext == ".br" || ext == ".gz"
}

func page(name string) bool {
	if name == "" || name == "." || name == "index.html" {
		return true
	}
	for _, p := range pages {
		if ok, _ := path.Match(p, name); ok {
			return true
		}
	}
	return false
}

// serve writes one file, as its compressed twin if there is one that the
// browser takes.
func serve(w http.ResponseWriter, r *http.Request, client fs.FS, name string, status int) {
	h := w.Header()
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		h.Set("Content-Type", t)
	}
	h.Add("Vary", "Accept-Encoding")
	body, err := fs.ReadFile(client, name)
	for _, twin := range []struct{ coding, ext string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if !accepts(r.Header.Get("Accept-Encoding"), twin.coding) {
			continue
		}
		if b, twinErr := fs.ReadFile(client, name+twin.ext); twinErr == nil {
			h.Set("Content-Encoding", twin.coding)
			body, err = b, nil
			break
		}
	}
	if err != nil {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a browser that went away is no fault
	}
}

// accepts reads an Accept-Encoding header as far as it matters here: a coding
// is taken when it is named and not given the weight 0.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, coding) {
			return strings.ReplaceAll(weight, " ", "") != "q=0"
		}
	}
	return false
}
