package main

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"watchparty/hub/wire"
)

type object = map[string]any

// asyncAPI writes the AsyncAPI 3.0 document of the socket. The schemas come
// from the same tags and the same registry as those of REST.
func asyncAPI(entries []wire.Entry) ([]byte, error) {
	reg := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	reg.RegisterTypeAlias(reflect.TypeFor[wire.Time](), reflect.TypeFor[time.Time]())
	messages, in, out := object{}, []object{}, []object{}
	for _, e := range entries {
		direction := "down"
		if e.Up {
			direction = "up"
		}
		key := direction + "." + e.Name
		messages[key] = message(reg, e)
		ref := object{"$ref": "#/channels/socket/messages/" + key}
		if e.Up {
			in = append(in, ref)
		} else {
			out = append(out, ref)
		}
	}
	refs := object{}
	for key := range messages {
		refs[key] = object{"$ref": "#/components/messages/" + key}
	}
	doc := object{
		"asyncapi": "3.0.0",
		"info": object{
			"title": "Watchparty socket", "version": "1",
			"description": "One JSON message per WebSocket frame. docs/protocol.md explains it.",
			"license":     object{"name": "MIT"},
		},
		"channels": object{"socket": object{
			"address": "/ws", "description": "One connection of one person; any number of rooms. Subprotocol " + wire.Subprotocol + ".", "messages": refs,
		}},
		"operations": object{
			"receive": object{"action": "receive", "channel": object{"$ref": "#/channels/socket"}, "summary": "What clients send.", "messages": in},
			"send":    object{"action": "send", "channel": object{"$ref": "#/channels/socket"}, "summary": "What the server sends.", "messages": out},
		},
		"components": object{"messages": messages, "schemas": reg.Map()},
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	return append(b, '\n'), err
}

func message(reg huma.Registry, e wire.Entry) object {
	envelope := reflect.TypeFor[wire.Down]()
	m := object{"name": e.Name, "summary": e.Doc}
	if e.Up {
		envelope = reflect.TypeFor[wire.Up]()
		m["x-needs"] = e.Needs
	} else {
		m["x-class"] = e.Class.String()
	}
	m["payload"] = object{
		"allOf": []any{
			reg.Schema(envelope, true, envelope.Name()),
			object{"type": "object", "properties": object{
				"type": object{"const": e.Name},
				"data": reg.Schema(e.Type, true, e.Type.Name()),
			}},
		},
	}
	return m
}
