// Package docs holds the documents that the server itself shows.
package docs

import _ "embed"

// AsyncAPI describes the socket.
//
//go:embed asyncapi.json
var AsyncAPI []byte
