package rest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"watchparty/hub/wire"
)

// documented lists every feature, for the document. Services may be nil there.
func documented() []Feature {
	return []Feature{
		Site(SiteConfig{}),
		Accounts(nil),
		People(nil, nil),
		Parties(nil, nil),
		Chat(nil, nil, nil),
		Polls(nil, nil, nil),
		Annotations(nil, nil, nil),
		Reactions(nil, nil, nil),
		Analytics(nil, nil),
		Media(nil),
		Sample(nil, nil),
	}
}

// OpenAPI writes the OpenAPI 3.1 document of the whole face.
func OpenAPI() ([]byte, error) {
	a, err := build(Config{Features: documented()})
	if err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(a.huma.OpenAPI(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return append(b, '\n'), nil
}

// humaConfig is huma's default without what fetches from elsewhere or adds to
// our bodies, and with our decoder.
func humaConfig() huma.Config {
	adopt()
	cfg := huma.DefaultConfig("Watchparty", "1")
	cfg.Info.Description = "Watch films together. Frames of the socket are in /api/asyncapi.json."
	cfg.CreateHooks = nil
	cfg.DocsPath, cfg.OpenAPIPath, cfg.SchemasPath = "", "", ""
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: json.Unmarshal}
	cfg.Formats = map[string]huma.Format{"application/json": format, "json": format}
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
		"cookie": {Type: "apiKey", In: "cookie", Name: accessCookie},
	}
	cfg.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[wire.Time](), reflect.TypeFor[time.Time]())
	return cfg
}

// nullable says in the schemas that a pointer which is always written may be
// null: huma cannot say it of references and of our times.
func nullable(reg huma.Registry) {
	for name, s := range reg.Map() {
		t := reg.TypeFromRef("#/components/schemas/" + name)
		if t == nil || t.Kind() != reflect.Struct || s.Properties == nil {
			continue
		}
		for i := range t.NumField() {
			f := t.Field(i)
			tag := f.Tag.Get("json")
			prop := s.Properties[strings.Split(tag, ",")[0]]
			if prop == nil || f.Type.Kind() != reflect.Pointer || strings.Contains(tag, "omitempty") {
				continue
			}
			if prop.Ref != "" {
				s.Properties[strings.Split(tag, ",")[0]] = &huma.Schema{AnyOf: []*huma.Schema{{Ref: prop.Ref}, {Type: "null"}}}
				continue
			}
			prop.Nullable = true
		}
	}
}
