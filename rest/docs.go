package rest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

const docsStyle = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
code{font:14px ui-monospace,monospace}dt{margin-top:1rem}dd{margin:0}h2{margin-top:2.5rem;text-transform:capitalize}`

// docsPolicy allows the page its own style and nothing else.
var docsPolicy = func() string {
	sum := sha256.Sum256([]byte(docsStyle))
	return "default-src 'none'; frame-ancestors 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

var docsTemplate = template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Watchparty API</title><style>` + docsStyle + `</style>
<h1>Watchparty API</h1>
<p>Machine readable: <a href="/api/openapi.json">OpenAPI 3.1</a> for these calls,
<a href="/api/asyncapi.json">AsyncAPI 3</a> for the socket.</p>
{{range .}}<h2>{{.Tag}}</h2><dl>{{range .Ops}}
<dt><code><b>{{.Method}}</b> {{.Path}}</code></dt><dd>{{.Summary}} {{.Description}}</dd>{{end}}</dl>
{{end}}</html>
`))

type docsGroup struct {
	Tag string
	Ops []*huma.Operation
}

// docsPage lists the operations for people, without a script.
func (a *API) docsPage() []byte {
	groups := map[string][]*huma.Operation{}
	for _, item := range a.huma.OpenAPI().Paths {
		for _, o := range operationsOf(item) {
			groups[o.Tags[0]] = append(groups[o.Tags[0]], o)
		}
	}
	var page []docsGroup
	for tag, ops := range groups {
		slices.SortFunc(ops, func(x, y *huma.Operation) int {
			return cmp.Or(cmp.Compare(x.Path, y.Path), cmp.Compare(x.Method, y.Method))
		})
		page = append(page, docsGroup{tag, ops})
	}
	slices.SortFunc(page, func(x, y docsGroup) int { return cmp.Compare(x.Tag, y.Tag) })
	var b bytes.Buffer
	if err := docsTemplate.Execute(&b, page); err != nil {
		a.log.Error("docs page", "err", err)
	}
	return b.Bytes()
}

// operationsOf lists what an address takes.
func operationsOf(item *huma.PathItem) []*huma.Operation {
	var ops []*huma.Operation
	for _, o := range []*huma.Operation{item.Get, item.Head, item.Post, item.Put, item.Patch, item.Delete} {
		if o != nil {
			ops = append(ops, o)
		}
	}
	return ops
}
